-- +goose Up
-- People and keys.
create table people (
  id text primary key, email text not null unique, name text not null, role text not null, password_hash text not null,
  time_zone text not null default '', created_at datetime not null, disabled_at datetime
);
create table setup_links (
  digest text primary key, expires_at datetime not null, used_at datetime
);
create table sessions (
  token text primary key, person_id text not null default '', data blob not null, expiry datetime not null
);
create index sessions_expiry on sessions (expiry);
create table api_keys (
  id text primary key, name text not null, prefix text not null, digest text not null unique, scopes text not null, owner_id text not null default '',
  created_at datetime not null, expires_at datetime, revoked_at datetime, last_used_at datetime
);

-- What this installation once chose for itself, such as the salt of its digests.
create table settings (
  name text primary key, value text not null
);

-- Intake.
create table messages (
  id integer primary key autoincrement, channel text not null, source text not null default '', dedup_key text not null, token text not null unique,
  sha256 text not null, size integer not null, evidence blob, blob_key text not null default '', meta text not null,
  state text not null, report_id integer not null default 0, note text not null default '', reference text not null default '',
  automatic boolean not null default false, text_at integer not null default -1,
  received_at datetime not null, filed_at datetime,
  unique (channel, dedup_key)
);
create index messages_report on messages (report_id) where report_id <> 0;
create index messages_sha256 on messages (sha256);
create index messages_reference on messages (reference) where reference <> '';
create index messages_blob on messages (blob_key) where blob_key <> '';
create index messages_quarantined on messages (id) where state = 'quarantined';
create table mailbox_progresses (
  name text primary key, uid_validity integer not null default 0, last_uid integer not null default 0, received integer not null default 0,
  last_success datetime, last_error text not null default '', error_at datetime
);
create table mail_receipts (
  id integer primary key autoincrement, mailbox text not null, uid_validity integer not null, uid integer not null, message_id integer not null, received_at datetime not null,
  acted_at datetime, unique (mailbox, uid_validity, uid)
);

-- Reports.
create table reporters (
  id integer primary key autoincrement, kind text not null, name text not null default '', email text not null default '', phone text not null default '',
  credibility real not null default 0.5, bounced_at datetime, created_at datetime not null
);
create unique index reporters_email on reporters (email) where email <> '';
create table reports (
  id integer primary key autoincrement, token text not null unique, channel text not null, thread text not null default '', reporter_id integer not null default 0,
  reporter_kind text not null default '', lane text not null default '', category text not null, pretext text not null default '', language text not null default '',
  subject text not null default '', text text not null default '', account text not null default '', earliest datetime, latest datetime,
  occurrences integer not null default 0, identity text not null default '', details text not null, unreadable boolean not null default false,
  received_at datetime not null, replied_at datetime, created_at datetime not null
);
create table threads (
  key text primary key, report_id integer not null references reports (id)
);
create table subjects (
  id integer primary key autoincrement, report_id integer not null references reports (id), message_id integer not null, e164 text not null, role text not null,
  confidence real not null, text text not null default '', start_at integer not null default -1, end_at integer not null default -1
);
create index subjects_report on subjects (report_id);
create index subjects_e164 on subjects (e164, role);

-- Cases.
-- account and search repeat what the facts and the title say, because what is filtered is a column.
create table cases (
  id integer primary key autoincrement, ref text not null unique, title text not null default '', state text not null, disposition text not null default '',
  category text not null default '', priority integer not null default 0, factors text not null, facts text not null,
  assignee text not null default '', assignee_name text not null default '', claimed_at datetime, first_report datetime not null, last_report datetime not null,
  reports integer not null default 0, due_at datetime, first_act_at datetime, resolved_at datetime, live_until datetime, merged_into integer not null default 0,
  version integer not null default 0, account text not null default '', search text not null default '', created_at datetime not null, updated_at datetime not null
);
create index cases_queue on cases (priority desc, id desc) where state <> 'resolved' and merged_into = 0;
create index cases_state on cases (state, id desc);
create index cases_assignee on cases (assignee, id desc) where assignee <> '';
create index cases_account on cases (account, priority desc, id desc) where account <> '';
create index cases_merged_into on cases (merged_into) where merged_into <> 0;
create index cases_live_until on cases (live_until) where live_until is not null;
create table links (
  report_id integer primary key references reports (id), case_id integer not null references cases (id), reason text not null,
  linked_at datetime not null, moved_from integer not null default 0
);
create index links_case on links (case_id, report_id);
-- Unique among live cases; released keys stay as history under their own id.
create table case_keys (
  id integer primary key autoincrement, kind text not null, value text not null, case_id integer not null references cases (id), live boolean not null default true, moved_from integer not null default 0, claimed_at datetime not null
);
create unique index case_keys_live on case_keys (kind, value) where live;
create index case_keys_case on case_keys (case_id);
create table related_cases (
  case_id integer not null references cases (id), other_id integer not null references cases (id), reason text not null, at datetime not null,
  primary key (case_id, other_id)
);
create table findings (
  id integer primary key autoincrement, case_id integer not null, report_id integer not null default 0, kind text not null, subject text not null default '',
  verdict text not null, summary text not null, data text not null, window_from datetime, window_to datetime, incomplete boolean not null default false, producer text not null,
  job_id integer not null default 0, created_at datetime not null
);
create index findings_case on findings (case_id, id);
create index findings_report on findings (report_id, kind, id);
create index findings_incomplete on findings (id) where incomplete;

-- Carrier.
create table accounts (
  id text primary key, parent_id text not null default '', name text not null, kind text not null default '', country text not null default '',
  status text not null default 'active', protected boolean not null default false, email text not null default '', opened_at datetime, updated_at datetime not null
);
create index accounts_parent on accounts (parent_id) where parent_id <> '';
create table connections (
  id text primary key, account_id text not null, name text not null default '', country text not null default '',
  source_ips text not null, tech_prefix text not null default '', updated_at datetime not null
);
create index connections_account on connections (account_id);
create table entitlements (
  id integer primary key autoincrement, e164 text not null, account_id text not null, kind text not null, valid_from datetime not null, valid_until datetime,
  unique (e164, account_id, kind, valid_from)
);
create index entitlements_account on entitlements (account_id);

-- Calls.
create table calls (
  source text not null, source_id text not null, day date not null, call_id text not null default '', correlation_id text not null default '',
  account_id text not null default '', connection text not null default '', direction text not null, from_number text not null default '',
  pai text not null default '', to_number text not null default '', dialled_raw text not null default '', peer text not null default '',
  source_ip text not null default '', started_at datetime not null, answered_at datetime, ended_at datetime, billed_seconds integer not null default 0,
  pdd_millis integer not null default 0, sip_code integer not null default 0, q850 integer not null default 0, hung_up_by text not null default '',
  cost_micros integer not null default 0, attest text not null default '', verstat text not null default '', identity text not null default '',
  primary key (source, source_id, day)
);
create index calls_from on calls (from_number, started_at);
create index calls_to on calls (to_number, started_at);
create index calls_account on calls (account_id, started_at);
create table coverages (
  source text primary key, complete_from datetime not null, complete_through datetime not null
);
-- Insert only: a row here is visible exactly when the records that made it necessary are.
create table call_dirties (
  id integer primary key autoincrement, key_kind text not null, key text not null, hour datetime not null
);
create index call_dirties_key on call_dirties (key_kind, key);
create table hour_stats (
  key_kind text not null, key text not null, hour datetime not null, attempts integer not null, answered integer not null, short integer not null,
  billed_secs integer not null, cost_micros integer not null, attest_a integer not null, attest_b integer not null, attest_c integer not null,
  unsigned integer not null, callees blob, primary key (key_kind, key, hour)
);

-- Restrictions.
create table restrictions (
  id integer primary key autoincrement, kind text not null, target_kind text not null, target_id text not null, value text not null, state text not null,
  case_id integer not null default 0, reason text not null, revision integer not null default 0, expires_at datetime, proposed_by text not null,
  proposed_by_name text not null, proposed_person text not null default '', proposed_at datetime not null, decided_by text not null default '',
  decided_by_name text not null default '', decided_at datetime, active_at datetime, lift_reason text not null default '', lifted_by_name text not null default '',
  lifted_at datetime, updated_at datetime not null
);
create index restrictions_case on restrictions (case_id) where case_id <> 0;
create index restrictions_target on restrictions (target_kind, target_id);
create index restrictions_unsettled on restrictions (state) where state in ('applying', 'lifting');
create index restrictions_in_force on restrictions (expires_at) where state in ('applying', 'active', 'drifted');
create table restriction_revision (
  one integer primary key check (one = 1), revision integer not null
);
insert into restriction_revision (one, revision) values (1, 0);
create table replicas (
  id text primary key, host text not null, roles text not null, started_at datetime not null, heartbeat datetime not null,
  revision integer not null default 0, checksum text not null default ''
);

-- Outward.
create table sendings (
  id integer primary key autoincrement, kind text not null, case_id integer not null, report_id integer not null, recipient text not null, to_digest text not null,
  message_id text not null unique, language text not null default '', text text not null default '', disposition text not null default '', state text not null, note text not null default '',
  created_at datetime not null, attempted_at datetime, settled_at datetime
);
create unique index sendings_acknowledged on sendings (report_id) where kind = 'acknowledgement';
create index sendings_report on sendings (report_id);
create index sendings_question on sendings (case_id, id) where kind = 'question';
create index sendings_case on sendings (case_id);
create index sendings_unsettled on sendings (state, id) where state in ('planned', 'attempting', 'unknown');
create table sender_limits (
  digest text primary key, last_at datetime not null
);

-- Work.
create table jobs (
  id integer primary key autoincrement, kind text not null, object_id integer not null, coalesce_key text not null default '', state text not null, attempt integer not null default 0,
  epoch integer not null default 0, failures integer not null default 0, run_at datetime not null, enqueued_at datetime, lease_until datetime, last_error text not null default '',
  created_at datetime not null, updated_at datetime not null
);
create index jobs_pending on jobs (run_at, id) where state = 'pending' and kind <> 'file';
create index jobs_filing on jobs (run_at, id) where state = 'pending' and kind = 'file';
create index jobs_enqueued on jobs (enqueued_at, kind) where state = 'enqueued';
create index jobs_running on jobs (lease_until) where state = 'running';
create index jobs_dead on jobs (id) where state = 'dead';
create index jobs_coalesce on jobs (coalesce_key) where state in ('pending', 'enqueued') and coalesce_key <> '';
create index jobs_object on jobs (kind, object_id);
create table leases (
  name text primary key, holder text not null, epoch integer not null, expires_at datetime not null
);

-- Audit: append-only, see the triggers.
create table events (
  id integer primary key autoincrement, at datetime not null, actor_kind text not null, actor_id text not null, actor_name text not null, command text not null,
  object_kind text not null, object_id text not null, case_id integer not null default 0, reason text not null default '', data text not null
);
create index events_case on events (case_id, id) where case_id <> 0;
create index events_object on events (object_kind, object_id, id);
-- horizon: every event of an older transaction is sealed already (see store's sealer).
create table seals (
  seq integer primary key, event_id integer not null unique, prev text not null, hash text not null, at datetime not null, horizon integer not null default 0
);
create table checkpoints (
  seq integer primary key, hash text not null, at datetime not null, signature text not null, key_id text not null
);

-- +goose StatementBegin
create trigger events_no_update before update on events begin select raise(abort, 'events is append-only'); end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger events_no_delete before delete on events begin select raise(abort, 'events is append-only'); end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger seals_no_update before update on seals begin select raise(abort, 'seals is append-only'); end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger seals_no_delete before delete on seals begin select raise(abort, 'seals is append-only'); end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger checkpoints_no_update before update on checkpoints begin select raise(abort, 'checkpoints is append-only'); end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger checkpoints_no_delete before delete on checkpoints begin select raise(abort, 'checkpoints is append-only'); end;
-- +goose StatementEnd
