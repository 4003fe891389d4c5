-- +goose Up
-- People and keys.
create table people (
  id text primary key, email text not null unique, name text not null, role text not null, password_hash text not null,
  time_zone text not null default '', created_at timestamptz not null, disabled_at timestamptz
);
create table setup_links (
  digest text primary key, expires_at timestamptz not null, used_at timestamptz
);
create table sessions (
  token text primary key, person_id text not null default '', data bytea not null, expiry timestamptz not null
);
create index sessions_expiry on sessions (expiry);
create table api_keys (
  id text primary key, name text not null, prefix text not null, digest text not null unique, scopes jsonb not null, owner_id text not null default '',
  created_at timestamptz not null, expires_at timestamptz, revoked_at timestamptz, last_used_at timestamptz
);

-- What this installation once chose for itself, such as the salt of its digests.
create table settings (
  name text primary key, value text not null
);

-- Intake.
create table messages (
  id bigint generated always as identity primary key, channel text not null, source text not null default '', dedup_key text not null, token text not null unique,
  sha256 text not null, size bigint not null, evidence bytea, blob_key text not null default '', meta jsonb not null,
  state text not null, report_id bigint not null default 0, note text not null default '', reference text not null default '',
  automatic boolean not null default false, text_at integer not null default -1,
  received_at timestamptz not null, filed_at timestamptz,
  unique (channel, dedup_key)
);
create index messages_report on messages (report_id) where report_id <> 0;
create index messages_sha256 on messages (sha256);
create index messages_reference on messages (reference) where reference <> '';
create index messages_blob on messages (blob_key) where blob_key <> '';
create index messages_quarantined on messages (id) where state = 'quarantined';
create table mailbox_progresses (
  name text primary key, uid_validity bigint not null default 0, last_uid bigint not null default 0, received bigint not null default 0,
  last_success timestamptz, last_error text not null default '', error_at timestamptz
);
create table mail_receipts (
  id bigint generated always as identity primary key, mailbox text not null, uid_validity bigint not null, uid bigint not null, message_id bigint not null, received_at timestamptz not null,
  acted_at timestamptz, unique (mailbox, uid_validity, uid)
);

-- Reports.
create table reporters (
  id bigint generated always as identity primary key, kind text not null, name text not null default '', email text not null default '', phone text not null default '',
  credibility double precision not null default 0.5, bounced_at timestamptz, created_at timestamptz not null
);
create unique index reporters_email on reporters (email) where email <> '';
create table reports (
  id bigint generated always as identity primary key, token text not null unique, channel text not null, thread text not null default '', reporter_id bigint not null default 0,
  reporter_kind text not null default '', lane text not null default '', category text not null, pretext text not null default '', language text not null default '',
  subject text not null default '', text text not null default '', account text not null default '', earliest timestamptz, latest timestamptz,
  occurrences integer not null default 0, identity text not null default '', details jsonb not null, unreadable boolean not null default false,
  received_at timestamptz not null, replied_at timestamptz, created_at timestamptz not null
);
create table threads (
  key text primary key, report_id bigint not null references reports (id)
);
create table subjects (
  id bigint generated always as identity primary key, report_id bigint not null references reports (id), message_id bigint not null, e164 text not null, role text not null,
  confidence double precision not null, text text not null default '', start_at integer not null default -1, end_at integer not null default -1
);
create index subjects_report on subjects (report_id);
create index subjects_e164 on subjects (e164, role);

-- Cases.
-- account and search repeat what the facts and the title say, because what is filtered is a column.
create table cases (
  id bigint generated always as identity primary key, ref text not null unique, title text not null default '', state text not null, disposition text not null default '',
  category text not null default '', priority integer not null default 0, factors jsonb not null, facts jsonb not null,
  assignee text not null default '', assignee_name text not null default '', claimed_at timestamptz, first_report timestamptz not null, last_report timestamptz not null,
  reports integer not null default 0, due_at timestamptz, first_act_at timestamptz, resolved_at timestamptz, live_until timestamptz, merged_into bigint not null default 0,
  version bigint not null default 0, account text not null default '', search text not null default '', created_at timestamptz not null, updated_at timestamptz not null
);
create index cases_queue on cases (priority desc, id desc) where state <> 'resolved' and merged_into = 0;
create index cases_state on cases (state, id desc);
create index cases_assignee on cases (assignee, id desc) where assignee <> '';
create index cases_account on cases (account, priority desc, id desc) where account <> '';
create index cases_merged_into on cases (merged_into) where merged_into <> 0;
create index cases_live_until on cases (live_until) where live_until is not null;
create table links (
  report_id bigint primary key references reports (id), case_id bigint not null references cases (id), reason text not null,
  linked_at timestamptz not null, moved_from bigint not null default 0
);
create index links_case on links (case_id, report_id);
-- Unique among live cases; released keys stay as history under their own id.
create table case_keys (
  id bigint generated always as identity primary key, kind text not null, value text not null, case_id bigint not null references cases (id), live boolean not null default true, moved_from bigint not null default 0, claimed_at timestamptz not null
);
create unique index case_keys_live on case_keys (kind, value) where live;
create index case_keys_case on case_keys (case_id);
create table related_cases (
  case_id bigint not null references cases (id), other_id bigint not null references cases (id), reason text not null, at timestamptz not null,
  primary key (case_id, other_id)
);
create table findings (
  id bigint generated always as identity primary key, case_id bigint not null, report_id bigint not null default 0, kind text not null, subject text not null default '',
  verdict text not null, summary text not null, data jsonb not null, window_from timestamptz, window_to timestamptz, incomplete boolean not null default false, producer text not null,
  job_id bigint not null default 0, created_at timestamptz not null
);
create index findings_case on findings (case_id, id);
create index findings_report on findings (report_id, kind, id);
create index findings_incomplete on findings (id) where incomplete;

-- Carrier.
create table accounts (
  id text primary key, parent_id text not null default '', name text not null, kind text not null default '', country text not null default '',
  status text not null default 'active', protected boolean not null default false, email text not null default '', opened_at timestamptz, updated_at timestamptz not null
);
create index accounts_parent on accounts (parent_id) where parent_id <> '';
create table connections (
  id text primary key, account_id text not null, name text not null default '', country text not null default '',
  source_ips jsonb not null, tech_prefix text not null default '', updated_at timestamptz not null
);
create index connections_account on connections (account_id);
create table entitlements (
  id bigint generated always as identity primary key, e164 text not null, account_id text not null, kind text not null, valid_from timestamptz not null, valid_until timestamptz,
  unique (e164, account_id, kind, valid_from)
);
create index entitlements_account on entitlements (account_id);

-- Calls.
create table calls (
  source text not null, source_id text not null, day date not null, call_id text not null default '', correlation_id text not null default '',
  account_id text not null default '', connection text not null default '', direction text not null, from_number text not null default '',
  pai text not null default '', to_number text not null default '', dialled_raw text not null default '', peer text not null default '',
  source_ip text not null default '', started_at timestamptz not null, answered_at timestamptz, ended_at timestamptz, billed_seconds integer not null default 0,
  pdd_millis integer not null default 0, sip_code integer not null default 0, q850 integer not null default 0, hung_up_by text not null default '',
  cost_micros bigint not null default 0, attest text not null default '', verstat text not null default '', identity text not null default '',
  primary key (source, source_id, day)
) partition by range (day);
create index calls_from on calls (from_number, started_at);
create index calls_to on calls (to_number, started_at);
create index calls_account on calls (account_id, started_at);
create table coverages (
  source text primary key, complete_from timestamptz not null, complete_through timestamptz not null
);
-- Insert only: a row here is visible exactly when the records that made it necessary are.
create table call_dirties (
  id bigint generated always as identity primary key, key_kind text not null, key text not null, hour timestamptz not null
);
create index call_dirties_key on call_dirties (key_kind, key);
create table hour_stats (
  key_kind text not null, key text not null, hour timestamptz not null, attempts integer not null, answered integer not null, short integer not null,
  billed_secs bigint not null, cost_micros bigint not null, attest_a integer not null, attest_b integer not null, attest_c integer not null,
  unsigned integer not null, callees bytea, primary key (key_kind, key, hour)
);

-- Restrictions.
create table restrictions (
  id bigint generated always as identity primary key, kind text not null, target_kind text not null, target_id text not null, value jsonb not null, state text not null,
  case_id bigint not null default 0, reason text not null, revision bigint not null default 0, expires_at timestamptz, proposed_by text not null,
  proposed_by_name text not null, proposed_person text not null default '', proposed_at timestamptz not null, decided_by text not null default '',
  decided_by_name text not null default '', decided_at timestamptz, active_at timestamptz, lift_reason text not null default '', lifted_by_name text not null default '',
  lifted_at timestamptz, updated_at timestamptz not null
);
create index restrictions_case on restrictions (case_id) where case_id <> 0;
create index restrictions_target on restrictions (target_kind, target_id);
create index restrictions_unsettled on restrictions (state) where state in ('applying', 'lifting');
create index restrictions_in_force on restrictions (expires_at) where state in ('applying', 'active', 'drifted');
create table restriction_revision (
  one integer primary key check (one = 1), revision bigint not null
);
insert into restriction_revision (one, revision) values (1, 0);
create table replicas (
  id text primary key, host text not null, roles text not null, started_at timestamptz not null, heartbeat timestamptz not null,
  revision bigint not null default 0, checksum text not null default ''
);

-- Outward.
create table sendings (
  id bigint generated always as identity primary key, kind text not null, case_id bigint not null, report_id bigint not null, recipient text not null, to_digest text not null,
  message_id text not null unique, language text not null default '', text text not null default '', disposition text not null default '', state text not null, note text not null default '',
  created_at timestamptz not null, attempted_at timestamptz, settled_at timestamptz
);
create unique index sendings_acknowledged on sendings (report_id) where kind = 'acknowledgement';
create index sendings_report on sendings (report_id);
create index sendings_question on sendings (case_id, id) where kind = 'question';
create index sendings_case on sendings (case_id);
create index sendings_unsettled on sendings (state, id) where state in ('planned', 'attempting', 'unknown');
create table sender_limits (
  digest text primary key, last_at timestamptz not null
);

-- Work.
create table jobs (
  id bigint generated always as identity primary key, kind text not null, object_id bigint not null, coalesce_key text not null default '', state text not null, attempt integer not null default 0,
  epoch bigint not null default 0, failures integer not null default 0, run_at timestamptz not null, enqueued_at timestamptz, lease_until timestamptz, last_error text not null default '',
  created_at timestamptz not null, updated_at timestamptz not null
);
create index jobs_pending on jobs (run_at, id) where state = 'pending' and kind <> 'file';
create index jobs_filing on jobs (run_at, id) where state = 'pending' and kind = 'file';
create index jobs_enqueued on jobs (enqueued_at, kind) where state = 'enqueued';
create index jobs_running on jobs (lease_until) where state = 'running';
create index jobs_dead on jobs (id) where state = 'dead';
create index jobs_coalesce on jobs (coalesce_key) where state in ('pending', 'enqueued') and coalesce_key <> '';
create index jobs_object on jobs (kind, object_id);
create table leases (
  name text primary key, holder text not null, epoch bigint not null, expires_at timestamptz not null
);

-- Audit: append-only, see the triggers.
create table events (
  id bigint generated always as identity primary key, at timestamptz not null, actor_kind text not null, actor_id text not null, actor_name text not null, command text not null,
  object_kind text not null, object_id text not null, case_id bigint not null default 0, reason text not null default '', data jsonb not null,
  xid xid8 not null default pg_current_xact_id()
);
create index events_case on events (case_id, id) where case_id <> 0;
create index events_xid on events (xid);
create index events_object on events (object_kind, object_id, id);
-- horizon: every event of an older transaction is sealed already (see store's sealer).
create table seals (
  seq bigint primary key, event_id bigint not null unique, prev text not null, hash text not null, at timestamptz not null, horizon bigint not null default 0
);
create table checkpoints (
  seq bigint primary key, hash text not null, at timestamptz not null, signature text not null, key_id text not null
);

-- Every event of a transaction below this is sealed. A database that was
-- restored into another cluster has transaction ids from a future that never
-- came here: then nothing is known.
-- +goose StatementBegin
create function sealed_below() returns xid8 language sql stable as $$
  select case when h.horizon > pg_snapshot_xmax(pg_current_snapshot())::text::bigint then '0'::xid8 else h.horizon::text::xid8 end
  from (select coalesce((select horizon from seals order by seq desc limit 1), 0) as horizon) h
$$;
-- +goose StatementEnd

-- +goose StatementBegin
create function refuse_rewrite() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
-- +goose StatementEnd
create trigger events_append_only before update or delete or truncate on events for each statement execute function refuse_rewrite();
create trigger seals_append_only before update or delete or truncate on seals for each statement execute function refuse_rewrite();
create trigger checkpoints_append_only before update or delete or truncate on checkpoints for each statement execute function refuse_rewrite();

-- The service's role need not own tables to have a partition for a new day.
-- +goose StatementBegin
create function ensure_call_partition(d date) returns void language plpgsql security definer set search_path from current as $$
declare
  part text := 'calls_' || to_char(d, 'YYYYMMDD');
begin
  if to_regclass(part) is not null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('ensure_call_partition'));
  execute format('create table if not exists %I partition of calls for values from (%L) to (%L)', part, d, d + 1);
end $$;
-- +goose StatementEnd

-- Nor to drop the partitions of days before d. It gives up rather than make
-- the table's users queue behind it for long.
-- +goose StatementBegin
create function drop_call_partitions(d date) returns void language plpgsql security definer set search_path from current set lock_timeout = '3s' as $$
declare
  part text;
begin
  for part in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'calls'::regclass and c.relname < 'calls_' || to_char(d, 'YYYYMMDD') order by c.relname
  loop
    execute format('drop table %I', part);
  end loop;
end $$;
-- +goose StatementEnd
