-- +goose Up
-- Proofs of work that were used, until they would have expired anyway.
create table spent_solutions (
  digest text primary key, spent_by text not null, expires_at datetime not null
);
create index spent_solutions_expiry on spent_solutions (expires_at);

-- A form without a proof of work waits until its sender confirms it by mail.
alter table sendings add column delivery_id integer not null default 0;
create unique index sendings_confirmation on sendings (delivery_id) where kind = 'confirmation';
create index messages_unconfirmed on messages (received_at) where state = 'unconfirmed';
