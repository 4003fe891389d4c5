-- +goose Up
-- Complaints of public data sets about numbers that we host or carried, and how
-- far the import of each file has come.
create table signals (
  id bigint generated always as identity primary key, source text not null, source_id text not null, e164 text not null, role text not null, happened_at timestamptz,
  subject text not null default '', robocall boolean not null default false, area text not null default '', created_at timestamptz not null,
  unique (source, source_id, role)
);
create index signals_e164 on signals (e164, happened_at);
create table signal_files (
  sha256 text primary key, format text not null, rows integer not null default 0, kept integer not null default 0, skipped jsonb not null, started_at timestamptz not null, done_at timestamptz
);
