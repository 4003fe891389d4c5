-- +goose Up
-- Who else is told of what happens. Secrets are sealed like evidence; a delivery commits with the change that it tells of.
create table webhooks (
  id bigint generated always as identity primary key, url text not null, description text not null default '', events jsonb not null, secrets jsonb not null, state text not null,
  reason text not null default '', failing_since timestamptz, failures integer not null default 0, paused_until timestamptz, created_by text not null, created_at timestamptz not null, updated_at timestamptz not null
);
create table webhook_deliveries (
  id bigint generated always as identity primary key, webhook_id bigint not null references webhooks (id), message_id text not null unique, event text not null, at timestamptz not null,
  case_id bigint not null default 0, restriction_id bigint not null default 0, disposition text not null default '', state text not null, attempts integer not null default 0, next_at timestamptz not null,
  claimed_until timestamptz, status integer not null default 0, answer text not null default '', attempted_at timestamptz, settled_at timestamptz, created_at timestamptz not null
);
create index webhook_deliveries_due on webhook_deliveries (webhook_id, next_at, id) where state = 'pending';
create index webhook_deliveries_list on webhook_deliveries (webhook_id, id desc);
create index webhook_deliveries_old on webhook_deliveries (created_at);
create index jobs_webhooks on jobs (run_at, id) where state = 'pending' and kind = 'webhook';

-- Requests that came with an Idempotency-Key, and their first answer. The key commits with the effect: object_kind and object_id are of its first audit entry.
create table idempotent_requests (
  client text not null, key text not null, operation text not null, digest text not null, epoch bigint not null default 1, lease_until timestamptz not null,
  object_kind text not null default '', object_id text not null default '', status integer not null default 0, answer bytea, created_at timestamptz not null, primary key (client, key)
);
create index idempotent_requests_old on idempotent_requests (created_at);
