-- +goose Up
-- What was attached to messages: the bytes once by their digest, and each place
-- that they were attached to.
create table files (
  sha256 text primary key, size integer not null, type text not null, evidence blob, blob_key text not null default '', scan text not null default '', created_at datetime not null
);
create index files_blob on files (blob_key) where blob_key <> '';
create table attachments (
  id integer primary key autoincrement, message_id integer not null references messages (id), position integer not null, name text not null, declared text not null,
  sha256 text not null default '', state text not null check (state in ('stored', 'infected', 'refused')), note text not null default '', created_at datetime not null,
  unique (message_id, position)
);
create index attachments_sha256 on attachments (sha256) where sha256 <> '';
