-- +goose Up
-- Who customers and providers are: traits as salted digests, what they have in
-- common, the file that was kept on knowing the customer, how well an account is
-- secured, and upstream providers with their standing.
alter table accounts add column closed_reason text not null default '';
alter table accounts add column closed_at datetime;
create table account_traits (
  id integer primary key autoincrement, account_id text not null, kind text not null, digest text not null, shown text not null default '',
  first_seen datetime not null, updated_at datetime not null, unique (account_id, kind, digest)
);
create index account_traits_digest on account_traits (digest, kind);
create table account_matches (
  id integer primary key autoincrement, account_id text not null, other_id text not null, score real not null, reasons text not null, cut_off text not null,
  cut_off_at datetime, calls bigint not null, state text not null, found_at datetime not null, decided_by text not null default '', decided_at datetime, note text not null default '',
  updated_at datetime not null, unique (account_id, other_id)
);
create index account_matches_other on account_matches (other_id);
create index account_matches_open on account_matches (found_at) where state = 'open';
create table kyc_files (
  account_id text primary key, legal_name text not null default '', registration text not null default '', address text not null default '', verified_at datetime, verified_by text not null default '',
  verified_how text not null default '', documents text not null default '', use_case text not null default '', monthly_calls bigint not null default 0, destinations text not null default '',
  note text not null default '', updated_by text not null default '', updated_at datetime not null, version bigint not null default 1
);
create table posture_checks (
  account_id text not null, name text not null, state text not null, detail text not null default '', as_of datetime not null, source text not null default '', updated_at datetime not null,
  primary key (account_id, name)
);
create table providers (
  id text primary key, name text not null, aliases text not null default '', country text not null default '', frn text not null default '', ocn text not null default '', spc text not null default '',
  abuse_contact text not null default '', traceback_contact text not null default '', note text not null default '', rmd_number text not null default '', rmd_status text not null default '',
  rmd_since datetime, rmd_implementation text not null default '', rmd_roles text not null default '', rmd_recertified datetime, rmd_checked_at datetime, rmd_source text not null default '',
  updated_at datetime not null
);
