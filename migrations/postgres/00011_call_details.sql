-- +goose Up
-- What a record says besides: how far a call came, why it ended, where it went.
alter table calls add column progress_at timestamptz;
alter table calls add column reasons text not null default '';
alter table calls add column rate_micros bigint not null default 0;
alter table calls add column to_country text not null default '';
alter table calls add column egress_peer text not null default '';
-- peer was "the other side" and is now who handed the call to us.
update calls set egress_peer = peer, peer = '' where direction = 'outbound' and peer <> '';
create index calls_peer on calls (peer, started_at) where peer <> '';
alter table hour_stats add column busy integer not null default 0;
alter table hour_stats add column no_answer integer not null default 0;
alter table hour_stats add column rejected integer not null default 0;
alter table hour_stats add column cancelled integer not null default 0;
alter table hour_stats add column invalid integer not null default 0;
alter table hour_stats add column effective integer not null default 0;
alter table hour_stats add column neighbour integer not null default 0;
alter table hour_stats add column countries jsonb not null default '{}';
alter table hour_stats add column callers bytea;
-- Every hour is counted anew, with what is counted now.
delete from hour_stats;
insert into call_dirties (key_kind, key, hour) select distinct 'from', from_number, date_trunc('hour', started_at, 'UTC') from calls where from_number <> '';
insert into call_dirties (key_kind, key, hour) select distinct 'to', to_number, date_trunc('hour', started_at, 'UTC') from calls where to_number <> '' and direction = 'inbound';
insert into call_dirties (key_kind, key, hour) select distinct 'account', account_id, date_trunc('hour', started_at, 'UTC') from calls where account_id <> '' and direction = 'outbound';
insert into call_dirties (key_kind, key, hour) select distinct 'provider', peer, date_trunc('hour', started_at, 'UTC') from calls where peer <> '';
