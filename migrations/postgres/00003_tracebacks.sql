-- +goose Up

-- Traceback requests are cases of a kind of their own. look_at: when time alone
-- changes the priority again.
alter table cases add column kind text not null default 'abuse';
alter table cases add column look_at timestamptz;
create index cases_kind on cases (kind, priority desc, id desc) where kind <> 'abuse';
create index cases_look_at on cases (look_at) where look_at is not null;

-- Who asks in a report that is a request, and by when. It belongs to the report
-- and moves with it. verified_at: when the requester was first verified.
create table traceback_requests (
  report_id bigint primary key references reports (id), state text not null, evidence jsonb not null, counts_from timestamptz, due_at timestamptz,
  why text not null default '', received_at timestamptz not null, how text not null default '', note text not null default '',
  decided_by text not null default '', decided_at timestamptz, verified_at timestamptz
);
