-- +goose Up
-- What analysts say that a report tells, where it was read wrong. Insert only.
create table corrections (
  id integer primary key autoincrement, report_id integer not null references reports (id), kind text not null, number text not null default '',
  was text not null, value text not null, by_id text not null, by_name text not null, at datetime not null
);
create index corrections_report on corrections (report_id, id);
