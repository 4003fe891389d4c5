-- +goose Up
-- An urgent case stands above all others: rank is what the queue is ordered by, urgent_since since when its urgency waits for a person.
alter table cases add column lane text not null default '';
alter table cases add column rank integer not null default 0;
alter table cases add column urgent_since timestamptz;
alter table cases add column referred_at timestamptz;
update cases set lane = coalesce((select r.lane from links l join reports r on r.id = l.report_id where l.case_id = cases.id and r.lane <> ''
  order by case r.lane when 'threat_to_life' then 1 when 'emergency_centre' then 2 when 'live_toll_fraud' then 3 else 4 end limit 1), '');
update cases set rank = priority + case lane when 'threat_to_life' then 4000 when 'emergency_centre' then 3000 when 'live_toll_fraud' then 2000 when 'regulator_notice' then 1000 else 0 end,
  urgent_since = case when lane <> '' and state <> 'resolved' and first_act_at is null then created_at end;
drop index cases_queue;
create index cases_queue on cases (rank desc, id desc) where state <> 'resolved' and merged_into = 0;
drop index cases_account;
create index cases_account on cases (account, rank desc, id desc) where account <> '';
drop index cases_kind;
create index cases_kind on cases (kind, rank desc, id desc) where kind <> 'abuse';
create index cases_urgent on cases (urgent_since) where urgent_since is not null;

-- Which called numbers of a report a carried call is known to have gone to: repeats the latest findings, because what is counted is a column.
create table corroborated (
  report_id bigint not null references reports (id), e164 text not null, primary key (report_id, e164)
);
insert into corroborated (report_id, e164)
  select distinct f.report_id, s.e164 from findings f, jsonb_array_elements(case jsonb_typeof(f.data -> 'calls') when 'array' then f.data -> 'calls' else '[]' end) c, subjects s
  where f.kind = 'corroboration' and f.verdict in ('confirmed', 'probable') and s.report_id = f.report_id and s.role = 'called' and s.e164 = c ->> 'to'
  and f.id = (select max(g.id) from findings g where g.report_id = f.report_id and g.kind = 'corroboration');

-- Alerts and forwarded text messages go out once for each case, lane and address; referrals once for each report.
alter table sendings add column lane text not null default '';
create unique index sendings_noticed on sendings (case_id, kind, lane, recipient) where kind in ('alert', 'forward');
create unique index sendings_referred on sendings (report_id) where kind = 'referral';
create index jobs_urgent on jobs (run_at, id) where state = 'pending' and kind in ('alert', 'urgent');

-- The operator's table of who answers for which numbers.
create table carriers (
  prefix text primary key, carrier text not null, abuse_contact text not null default '', updated_at timestamptz not null
);

-- How the other reports of a reporter turned out is counted when a case ends.
create index reports_reporter on reports (reporter_id) where reporter_id <> 0;
