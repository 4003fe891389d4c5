-- +goose Up
-- What a record says besides: how far a call came, why it ended, where it went.
alter table calls add column progress_at datetime;
alter table calls add column reasons text not null default '';
alter table calls add column rate_micros integer not null default 0;
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
alter table hour_stats add column countries text not null default '{}';
alter table hour_stats add column callers blob;
-- Who handed the calls of a case to us; it repeats what the facts say.
alter table cases add column provider text not null default '';
create index cases_provider on cases (provider, priority desc, id desc) where provider <> '';
create index hour_stats_hour on hour_stats (hour);
-- Every hour is counted anew, with what is counted now. Numbers are marked by
-- the hour, all at once: key_kind 'numbers', key ''.
delete from hour_stats;
drop table call_dirties;
create table call_dirties (
  id integer primary key autoincrement, key_kind text not null, key text not null, hour datetime not null, marked_at datetime not null default current_timestamp
);
create index call_dirties_key on call_dirties (key_kind, key);
insert into call_dirties (key_kind, key, hour) select distinct 'numbers', '', strftime('%Y-%m-%d %H:00:00+00:00', started_at) from calls;
insert into call_dirties (key_kind, key, hour) select distinct 'account', account_id, strftime('%Y-%m-%d %H:00:00+00:00', started_at) from calls where account_id <> '' and direction = 'outbound';
insert into call_dirties (key_kind, key, hour) select distinct 'provider', peer, strftime('%Y-%m-%d %H:00:00+00:00', started_at) from calls where peer <> '';
