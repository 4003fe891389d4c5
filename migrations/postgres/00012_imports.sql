-- +goose Up
-- How far the import of each file has come, whatever is in it. reading says how it
-- is read: the same file read otherwise is another import. place is where an
-- import goes on that is no file. signal_files stays for the version before.
create table import_files (
  kind text not null, source text not null default '', sha256 text not null, reading text not null default '',
  format text not null, rows bigint not null default 0, kept bigint not null default 0, skipped jsonb not null, ignored jsonb not null, place text not null default '',
  started_at timestamptz not null, done_at timestamptz,
  primary key (kind, source, sha256, reading)
);
insert into import_files (kind, sha256, format, rows, kept, skipped, ignored, started_at, done_at)
  select 'signals', sha256, format, rows, kept, skipped, '{}', started_at, done_at from signal_files;
