-- +goose Up
-- Traceback packs, built before anybody asks: what one says is sealed, because it
-- names customers. Legal reviews say what beyond the traceback fields may be handed
-- out. An answer is exactly what was sent; its receipt is its sending's.
create table traceback_packs (
  case_id bigint not null, version bigint not null, digest text not null, built_at timestamptz not null, checked_at timestamptz not null, received_at timestamptz not null,
  calls bigint not null, complete boolean not null, sha256 text not null, size bigint not null, evidence bytea, blob_key text not null default '',
  primary key (case_id, version)
);
create index traceback_packs_blob on traceback_packs (blob_key) where blob_key <> '';
create table legal_reviews (
  id bigint generated always as identity primary key, case_id bigint not null, report_id bigint not null default 0, reviewer text not null, reviewed_at timestamptz not null, basis text not null,
  covers jsonb not null, recorded_by text not null, recorded_at timestamptz not null
);
create index legal_reviews_case on legal_reviews (case_id);
create table traceback_answers (
  message_id text primary key, case_id bigint not null, report_id bigint not null, pack_version bigint not null, pack_digest text not null, digest text not null, covers jsonb not null,
  reviews jsonb not null, created_by text not null, created_at timestamptz not null, size bigint not null, evidence bytea, blob_key text not null default ''
);
create index traceback_answers_report on traceback_answers (report_id);
create index traceback_answers_blob on traceback_answers (blob_key) where blob_key <> '';
