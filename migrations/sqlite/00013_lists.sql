-- +goose Up
-- Lists of numbers with source and expiry, and rate decks. An entry that a newer
-- version of its source lacks is ended and stays, so that what held at the time of
-- a call can be said later.
create table list_entries (
  id integer primary key autoincrement, kind text not null, category text not null default '', digits text not null, exact boolean not null, source text not null,
  note text not null default '', added_at datetime not null, expires_at datetime, ended_at datetime, seen_at datetime not null
);
create unique index list_entries_live on list_entries (kind, source, digits, exact) where ended_at is null;
create index list_entries_digits on list_entries (digits);
create table rate_decks (
  id integer primary key autoincrement, name text not null, valid_from datetime not null, rates integer not null, imported_at datetime not null
);
create index rate_decks_name on rate_decks (name, valid_from);
create table rates (
  deck_id integer not null references rate_decks (id), prefix text not null, tag text not null default '', micros bigint not null, primary key (deck_id, prefix)
);
