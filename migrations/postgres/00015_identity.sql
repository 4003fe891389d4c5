-- +goose Up
-- Who signed calls: what certificates, trust lists and revocation lists were
-- served where and when (kept for ever under their digest), tokens that were
-- seen, who signed the calls of reports, and our own calls that were signed A
-- without a recorded right.
create table identity_materials (
  sha256 text primary key, kind text not null, content bytea not null, first_seen timestamptz not null
);
create table identity_sightings (
  id bigint generated always as identity primary key, kind text not null, address text not null, sha256 text not null references identity_materials (sha256), first_seen timestamptz not null, last_seen timestamptz not null
);
create index identity_sightings_address on identity_sightings (kind, address, id);
create table identity_fetches (
  kind text not null, address text not null, failures integer not null default 0, error text not null default '', tried_at timestamptz not null, next_at timestamptz not null,
  primary key (kind, address)
);
create table identity_tokens (
  digest text primary key, call text not null, from_number text not null, to_number text not null, at timestamptz not null
);
create table identity_marks (
  id bigint generated always as identity primary key, report_id bigint not null, spc text not null, origid text not null, attest text not null default '', verdict text not null, proven boolean not null, signed_at timestamptz not null
);
create index identity_marks_report on identity_marks (report_id);
create index identity_marks_signer on identity_marks (spc, origid) where proven;
create table identity_waits (
  report_id bigint not null, kind text not null, address text not null, primary key (report_id, kind, address)
);
create index identity_waits_address on identity_waits (kind, address);
create table attestation_audits (
  account_id text not null, hour timestamptz not null, signed_a integer not null, without_right integer not null, forwarded integer not null, numbers jsonb not null, audited_at timestamptz not null,
  primary key (account_id, hour)
);
create index attestation_audits_hour on attestation_audits (hour);
create table attestation_cursors (
  name text primary key, hour timestamptz not null, account_id text not null
);
create index hour_stats_signed on hour_stats (hour, key) where key_kind = 'account' and attest_a > 0;
create trigger identity_materials_append_only before update or delete or truncate on identity_materials for each statement execute function refuse_rewrite();
