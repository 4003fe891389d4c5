-- +goose Up
-- When a chat message was written, and which of those of one moment: messages can arrive in another order. Null: when it was received.
alter table messages add column written_at datetime;
alter table messages add column written_seq integer not null default 0;

-- What is said goes out by mail or into a chat; wants and turn are of the questions that the desk itself asks in a chat, each once.
alter table sendings add column channel text not null default 'email';
alter table sendings add column wants text not null default 'null';
alter table sendings add column turn integer not null default 0;
create unique index sendings_details on sendings (report_id, turn) where kind = 'details';
