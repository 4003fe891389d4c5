-- +goose Up
-- Campaigns: which reports tell of the same script. A campaign is named by the report that it began with, so that of two
-- the lower is the older one. root_id is the campaign that it is part of now: itself, or the older one that it was united
-- with; scripts keep the one that they came to first, and nothing is rewritten. A root counts for all that are part of it.
create table campaigns (
  id integer primary key references reports (id), root_id integer not null references campaigns (id), united_at datetime,
  scripts integer not null, first_at datetime not null, last_at datetime not null, created_at datetime not null
);
create index campaigns_root on campaigns (root_id);
create index campaigns_recent on campaigns (last_at desc, id desc) where root_id = id and scripts > 1;
-- like_report is the report that the script was most like when it was read, and likeness how much (0 to 1).
create table scripts (
  report_id integer primary key references reports (id), campaign_id integer not null references campaigns (id), signature blob not null,
  like_report integer not null default 0, likeness real not null default 0, read_at datetime not null
);
create index scripts_campaign on scripts (campaign_id, report_id);
create index scripts_like on scripts (like_report) where like_report <> 0;
create table script_keys (
  key integer not null, report_id integer not null, primary key (key, report_id)
) without rowid;
create index script_keys_report on script_keys (report_id);
-- Insert only: reports whose wording is to be read. A row here is visible exactly when the text that made it necessary is.
create table script_dues (
  id integer primary key autoincrement, report_id integer not null
);
-- Whoever places scripts holds this row: one at a time.
create table script_turns (
  one integer primary key check (one = 1)
);
insert into script_turns (one) values (1);
-- What was reported before.
insert into script_dues (report_id) select id from reports where length(text) >= 13 and reporter_kind not in ('carrier', 'regulator', 'traceback', 'law_enforcement') order by id;
insert into jobs (kind, object_id, coalesce_key, state, run_at, created_at, updated_at) select 'campaigns', 0, 'campaigns', 'pending', strftime('%Y-%m-%d %H:%M:%S+00:00', 'now'), strftime('%Y-%m-%d %H:%M:%S+00:00', 'now'), strftime('%Y-%m-%d %H:%M:%S+00:00', 'now') from script_dues limit 1;
