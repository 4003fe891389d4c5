package store

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// livedIn is a database in which everything has happened once: mails, a chat,
// sendings, webhooks, enrichment, a merge, a resolution, a restriction, seals.
func livedIn(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	l, _, err := s.AcquireLease(ctx, noon, MailboxLease("abuse"), "a", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateWebhook(ctx, cases.Webhook{URL: "https://peer.example/", Events: cases.WebhookEvents(), State: cases.WebhookEnabled, CreatedAt: noon, UpdatedAt: noon}); err != nil {
		t.Fatal(err)
	}
	mail := delivery(cases.ChannelEmail, "mail", "x")
	mail.Cursor = &cases.MailCursor{Mailbox: "abuse", UIDValidity: 1, UID: 5, Epoch: l.Epoch}
	m, _ := accept(t, s, mail)
	filing := run(t, s, cases.JobFile, m.ID)
	one, err := fileOne(ctx, s, filing, noon, cases.Filing{Message: m, Parsed: about("+12025550101", "", "+12125550100"), Acknowledgement: acknowledgement("ann", cases.LetterID(token("1"), "desk"))})
	if err != nil {
		t.Fatal(err)
	}
	var receipt, sending int64
	s.db.Raw("SELECT id FROM mail_receipts").Scan(&receipt)
	s.db.Raw("SELECT id FROM sendings").Scan(&sending)
	if err := s.MailActed(ctx, noon, []cases.MailAct{{Attempt: run(t, s, cases.JobMailbox, receipt), ReceiptID: receipt}}); err != nil {
		t.Fatal(err)
	}
	tell := run(t, s, cases.JobTell, sending)
	if _, err := s.BeginSending(ctx, tell, noon, sending); err != nil {
		t.Fatal(err)
	}
	if err := s.SettleSending(ctx, tell, noon, sending, cases.SendingSent, "ok"); err != nil {
		t.Fatal(err)
	}
	err = s.AddFindings(ctx, run(t, s, cases.JobEnrich, one.ReportID), noon, one.ReportID, []cases.Finding{{Kind: cases.FindingCorroboration, Verdict: "confirmed", Producer: "t"}})
	if err != nil {
		t.Fatal(err)
	}
	two := file(t, s, about("+12025550102", "", ""))
	merge(t, s, two.CaseID, one.CaseID)
	say(t, s, "c", about("", "", ""))
	three := file(t, s, about("+12025550103", "", ""))
	update(t, s, three.CaseID, resolve(noon))
	file(t, s, worded("+12025550104", legalScript))
	file(t, s, worded("+12025550105", legalScript))
	placeAll(t, s)
	accept(t, s, delivery(cases.ChannelChat, "waits", "x"))
	for i, at := range []time.Time{noon, noon.Add(-cases.ConfirmWithin)} {
		held := delivery(cases.ChannelWeb, fmt.Sprint("held ", i), "x")
		held.Message.State, held.Message.ReceivedAt = cases.MessageUnconfirmed, at
		held.Confirm = &cases.Sending{Kind: cases.SendingConfirmation, To: "jo@example.org", MessageID: cases.NoticeID(token(fmt.Sprint(i)), "desk"), State: cases.SendingPlanned}
		accept(t, s, held)
	}
	if n, err := s.DropUnconfirmed(ctx, noon, 10); n != 1 || err != nil {
		t.Fatalf("%d dropped, %v", n, err)
	}
	if _, err := s.AssessCase(ctx, cases.Attempt{}, noon, one.CaseID); err != nil {
		t.Fatal(err)
	}
	exec(t, s, "UPDATE restriction_revision SET revision = 3")
	exec(t, s, `INSERT INTO restrictions (kind, target_kind, target_id, value, state, case_id, reason, revision, expires_at, proposed_by, proposed_by_name, proposed_at,
		decided_by, decided_at, active_at, updated_at) VALUES ('account_suspended', 'account', 'acme', '{}', 'active', ?, 'x', 2, ?, 'ann', 'Ann', ?, 'bob', ?, ?, ?)`,
		one.CaseID, noon.Add(time.Hour), noon, noon, noon, noon)
	traced := fileRequest(t, s, noon, "20455", cases.RequesterUnverified, cases.ReporterTraceback)
	fileRequest(t, s, noon, "20456", cases.RequesterUnverified, cases.ReporterCarrier)
	verify(t, s, noon, traced)
	sendOf(t, s, noon, traced.ReportID, cases.SendingSent)
	sealAll(t, s, sealer(t, s), 100)
	_, key, _ := ed25519.GenerateKey(nil)
	if _, err := s.SignCheckpoint(ctx, noon, sealer(t, s), key); err != nil {
		t.Fatal(err)
	}
}

// Each rule holds in a database that is well, and finds what breaks it.
func TestInvariants(t *testing.T) {
	const double = `INSERT INTO sendings (kind, case_id, report_id, recipient, to_digest, message_id, state, created_at, attempted_at)
		SELECT kind, case_id, report_id, recipient, to_digest, 'ab.2@desk', state, created_at, attempted_at FROM sendings WHERE id = (SELECT min(id) FROM sendings)`
	breaks := map[string][]string{
		"a filed message is part of a report, and only a filed one": {"UPDATE messages SET report_id = 999 WHERE report_id = (SELECT max(report_id) FROM messages)"},
		"an accepted message has a job that files it":               {"DELETE FROM jobs WHERE kind = 'file' AND state = 'pending'"},
		"a message was filed if its job is done":                    {"UPDATE jobs SET state = 'done' WHERE kind = 'file' AND state = 'pending'"},
		"a message has one filing job":                              {"UPDATE jobs SET kind = 'file', object_id = (SELECT min(id) FROM messages) WHERE kind = 'mailbox'"},
		"a report has a message":                                    {"UPDATE messages SET report_id = (SELECT min(id) FROM reports) WHERE report_id <> 0"},
		"a mail receipt is of a message":                            {"UPDATE mail_receipts SET message_id = 999"},
		"a received mail is acted on, or will be":                   {"UPDATE mail_receipts SET acted_at = NULL"},
		"a mailbox was read up to its last receipt":                 {"UPDATE mailbox_progresses SET last_uid = 4"},
		"a report is in a case that is not merged away":             {"DELETE FROM links WHERE report_id = (SELECT max(report_id) FROM links)"},
		"a case has a report, or is merged":                         {"UPDATE cases SET merged_into = 0"},
		"a case counts its reports, or is about to":                 {"DELETE FROM jobs WHERE kind = 'assess'", "UPDATE cases SET reports = 7"},
		"a live key is held once":                                   {"DROP INDEX case_keys_live", "UPDATE case_keys SET value = 'same'"},
		"a live key is held by a live case":                         {"DELETE FROM jobs WHERE kind = 'assess'", "UPDATE cases SET live_until = NULL"},
		"the keys of an open case are held":                         {"UPDATE case_keys SET live = (1 = 0)"},
		"a resolved case has a disposition, an open one has none":   {"UPDATE cases SET disposition = ''"},
		"a merged case leads to one that is not":                    {"UPDATE cases SET merged_into = 999 WHERE merged_into <> 0"},
		"a case carries its own reference":                          {"UPDATE cases SET ref = 'new:x' WHERE id = (SELECT max(id) FROM cases)"},
		"an enriched report has a corroboration":                    {"DELETE FROM findings"},
		"a report is enriched, or will be":                          {"DELETE FROM jobs WHERE kind = 'enrich'"},
		"a mail was acted on if its job is done":                    {"UPDATE mail_receipts SET acted_at = NULL"},
		"an attempt is leased":                                      {"UPDATE jobs SET state = 'running' WHERE kind = 'enrich'"},
		"no job is stuck":                                           {"UPDATE jobs SET state = 'enqueued', enqueued_at = '2026-11-24 11:00:00+00:00' WHERE kind = 'enrich'"},
		"a finding is of a report":                                  {"UPDATE findings SET report_id = 999"},
		"nothing is sent twice": {`INSERT INTO events (at, actor_kind, actor_id, actor_name, command, object_kind, object_id, data)
			SELECT at, actor_kind, actor_id, actor_name, command, object_kind, object_id, data FROM events WHERE command = 'sending.sent'`},
		"a report is acknowledged once":                                          {"DROP INDEX sendings_acknowledged", double},
		"a sender is answered once an hour":                                      {"DROP INDEX sendings_acknowledged", double},
		"an answer to a letter finds its report":                                 {"DELETE FROM threads"},
		"colleagues are told once of a case and lane":                            {"DROP INDEX sendings_acknowledged", "DROP INDEX sendings_noticed", double, "UPDATE sendings SET kind = 'alert' WHERE kind <> 'confirmation'"},
		"a referred case says so":                                                {"UPDATE sendings SET kind = 'referral' WHERE kind <> 'confirmation'"},
		"the reports of traceback cases are requests, and no others":             {"UPDATE cases SET kind = 'abuse'"},
		"no kind of case holds the keys of the other":                            {"UPDATE case_keys SET kind = 'caller' WHERE kind = 'traceback'"},
		"nothing was sent before the requester was verified":                     {"UPDATE traceback_requests SET verified_at = '2026-11-24 13:00:00+00:00'"},
		"what is held back waits for a requester to be verified":                 {"UPDATE traceback_requests SET state = 'verified'"},
		"what was sent was attempted":                                            {"UPDATE sendings SET attempted_at = NULL"},
		"a planned or begun sending has a job":                                   {"UPDATE sendings SET state = 'planned' WHERE state = 'sent'"},
		"an unconfirmed message was answered with its link, and only such a one": {"UPDATE sendings SET delivery_id = delivery_id + 999 WHERE kind = 'confirmation'"},
		"of a dropped message nothing is left":                                   {"UPDATE messages SET evidence = 'x' WHERE state = 'dropped'"},
		"a sending is of a report":                                               {"UPDATE sendings SET report_id = 999 WHERE id = (SELECT min(id) FROM sendings)"},
		"seals are dense":                                                        {"DELETE FROM seals WHERE seq = 2"},
		"a seal is of an event":                                                  {"DELETE FROM events WHERE id = (SELECT event_id FROM seals WHERE seq = 2)"},
		"the opening of a case is in the log":                                    {"DELETE FROM events WHERE command = 'case.open'"},
		"the filing of a report is in the log":                                   {"DELETE FROM events WHERE command = 'report.file'"},
		"what is or was in force has a revision, a proposal has none":            {"UPDATE restrictions SET revision = 0"},
		"no revision was taken out of turn":                                      {"UPDATE restriction_revision SET revision = 1"},
		"an active restriction was read back, a lifted one lifted":               {"UPDATE restrictions SET active_at = NULL"},
		"a suspension took two people":                                           {"UPDATE restrictions SET decided_by = proposed_by"},
		"a wording that waits has a job":                                         {"INSERT INTO script_dues (report_id) SELECT min(id) FROM reports", "UPDATE jobs SET state = 'done' WHERE kind = 'campaigns'"},
		"a campaign is part of one that is its own":                              {"UPDATE campaigns SET united_at = '2026-11-24 11:00:00+00:00'"},
		"a campaign counts its scripts":                                          {"UPDATE campaigns SET scripts = 7"},
		"a script is in the campaign of what it is like":                         {"UPDATE scripts SET like_report = 999 WHERE like_report <> 0"},
		"a key is of a script":                                                   {"INSERT INTO script_keys (key, report_id) VALUES (1, 999)"},
		"a restriction ends on time":                                             {"UPDATE restrictions SET expires_at = '2026-11-24 11:00:00+00:00'"},
		"a webhook's delivery that waits will be looked at":                      {"DELETE FROM jobs WHERE kind = 'webhook'"},
	}
	each(t, func(t *testing.T, s *Store) {
		livedIn(t, s)
		if vs, err := s.Invariants(t.Context(), noon); err != nil || len(vs) > 0 {
			t.Fatalf("of a database that is well: %+v, %v", vs, err)
		}
		for _, r := range invariants() {
			do, ok := breaks[r.rule]
			if !ok {
				t.Errorf("nothing breaks the rule %q", r.rule)
			}
			tx := s.db.Begin()
			for _, sql := range slices.Concat(disarmed(s), do) {
				if err := tx.Exec(sql).Error; err != nil {
					t.Fatalf("%s: %v", sql, err)
				}
			}
			vs, err := s.violations(tx, noon)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(vs, func(v Violation) bool { return v.Rule == r.rule && v.Object != "" && v.Detail != "" }) {
				t.Errorf("nobody noticed that %q is broken by %v: %+v", r.rule, do, vs)
			}
			if err := tx.Rollback().Error; err != nil {
				t.Fatal(err)
			}
		}
		if n := len(invariants()); n != len(breaks) {
			t.Errorf("%d rules, %d ways to break them", n, len(breaks))
		}
	})
}
