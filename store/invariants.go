package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/migrations"
)

// Violation is something that must never be so, and is.
type Violation struct {
	Rule   string // which rule
	Object string // what breaks it
	Detail string // how
}

// invariant is a rule and the query for what breaks it, as object and detail.
type invariant struct {
	rule  string
	query string
	args  func(now time.Time) []any
}

// Allowances of the rules that look at the clock: the sweeper and the
// schedules take a moment.
const (
	stuckAfter     = 2 * time.Minute // past a job's lease, or since it was enqueued
	expiredAllowed = time.Minute     // past a restriction's end
)

// maxViolations of one rule are listed; the last one says when there are more.
const maxViolations = 50

// Invariants reads the whole database and says what must never be so: the
// promises of the outbox, of linking, of the audit log and of restrictions,
// checked against the rows. It may run beside a working service: it reads one
// snapshot, in which every promise holds. now is for what may not be late.
func (s *Store) Invariants(ctx context.Context, now time.Time) ([]Violation, error) {
	var all []Violation
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		var err error
		all, err = s.violations(tx, stored(now))
		return err
	})
	return all, err
}

func invariants() []invariant {
	return slices.Concat(filingRules, linkRules, workRules, outwardRules, tracebackRules, auditRules, restrictionRules, campaignRules)
}

func (s *Store) violations(tx *gorm.DB, now time.Time) ([]Violation, error) {
	within := "b.created_at < a.created_at + interval '1 hour'" // cases.AcknowledgeEvery
	if s.dialect == migrations.SQLite {
		within = "julianday(b.created_at) < julianday(a.created_at) + 1.0 / 24"
	}
	var all []Violation
	for _, r := range invariants() {
		var args []any
		if r.args != nil {
			args = r.args(now)
		}
		var vs []Violation
		query := strings.ReplaceAll(r.query, "{within the hour}", within)
		if err := tx.Raw(fmt.Sprintf("SELECT * FROM (%s) AS broken LIMIT %d", query, maxViolations+1), args...).Scan(&vs).Error; err != nil {
			return nil, fmt.Errorf("rule %q: %w", r.rule, err)
		}
		if len(vs) > maxViolations {
			vs[maxViolations] = Violation{Object: "others", Detail: "there are more"}
		}
		for _, v := range vs {
			v.Rule = r.rule
			all = append(all, v)
		}
	}
	return all, nil
}

// openJob is a condition on jobs j that will still do their work, or are shown
// as dead.
const openJob = "j.state IN ('pending', 'enqueued', 'running', 'dead')"

// filingRules: nothing acknowledged is lost, and nothing is there twice.
var filingRules = []invariant{
	{rule: "a filed message is part of a report, and only a filed one", query: `SELECT 'message ' || CAST(m.id AS text) AS object, m.state || ', report ' || CAST(m.report_id AS text) AS detail
		FROM messages m LEFT JOIN reports r ON r.id = m.report_id WHERE (m.state = 'filed' AND r.id IS NULL) OR (m.state <> 'filed' AND m.report_id <> 0)`},
	{rule: "an accepted message has a job that files it", query: `SELECT 'message ' || CAST(m.id AS text) AS object, 'nobody will file it' AS detail
		FROM messages m WHERE m.state = 'accepted' AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = 'file' AND j.object_id = m.id AND ` + openJob + `)`},
	{rule: "a message was filed if its job is done", query: `SELECT 'message ' || CAST(m.id AS text) AS object, 'job ' || CAST(j.id AS text) || ' is done' AS detail
		FROM jobs j JOIN messages m ON m.id = j.object_id WHERE j.kind = 'file' AND j.state = 'done' AND m.state <> 'filed'`},
	{rule: "a message has one filing job", query: `SELECT 'message ' || CAST(object_id AS text) AS object, CAST(count(*) AS text) || ' jobs' AS detail
		FROM jobs WHERE kind = 'file' GROUP BY object_id HAVING count(*) > 1`},
	{rule: "a report has a message", query: `SELECT 'report ' || CAST(r.id AS text) AS object, 'none' AS detail
		FROM reports r WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.report_id <> 0 AND m.report_id = r.id)`},
	{rule: "a mail receipt is of a message", query: `SELECT 'mail receipt ' || CAST(x.id AS text) AS object, 'message ' || CAST(x.message_id AS text) || ' is not there' AS detail
		FROM mail_receipts x LEFT JOIN messages m ON m.id = x.message_id WHERE m.id IS NULL`},
	{rule: "a received mail is acted on, or will be", query: `SELECT 'mail receipt ' || CAST(x.id AS text) AS object, 'nobody will act' AS detail
		FROM mail_receipts x WHERE x.acted_at IS NULL AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = 'mailbox' AND j.object_id = x.id AND ` + openJob + `)`},
	{rule: "a mailbox was read up to its last receipt", query: `SELECT 'mailbox ' || p.name AS object, 'read to ' || CAST(p.last_uid AS text) || ', received ' || CAST(max(x.uid) AS text) AS detail
		FROM mailbox_progresses p JOIN mail_receipts x ON x.mailbox = p.name AND x.uid_validity = p.uid_validity GROUP BY p.name, p.last_uid HAVING max(x.uid) > p.last_uid`},
}

// linkRules: every report is in one case, and every key leads to one.
var linkRules = []invariant{
	{rule: "a report is in a case that is not merged away", query: `SELECT 'report ' || CAST(r.id AS text) AS object,
		CASE WHEN l.report_id IS NULL THEN 'no link' WHEN c.id IS NULL THEN 'no case' ELSE c.ref || ' is merged' END AS detail
		FROM reports r LEFT JOIN links l ON l.report_id = r.id LEFT JOIN cases c ON c.id = l.case_id WHERE c.id IS NULL OR c.merged_into <> 0`},
	{rule: "a case has a report, or is merged", query: `SELECT c.ref AS object, 'empty' AS detail
		FROM cases c WHERE c.merged_into = 0 AND NOT EXISTS (SELECT 1 FROM links l WHERE l.case_id = c.id)`},
	{rule: "a case counts its reports, or is about to", query: `SELECT c.ref AS object, CAST(c.reports AS text) || ' counted, ' || CAST((SELECT count(*) FROM links l WHERE l.case_id = c.id) AS text) || ' there' AS detail
		FROM cases c WHERE c.merged_into = 0 AND c.reports <> (SELECT count(*) FROM links l WHERE l.case_id = c.id)
		AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = 'assess' AND j.object_id = c.id AND ` + openJob + `)`},
	{rule: "a live key is held once", query: `SELECT kind || ':' || value AS object, CAST(count(*) AS text) || ' cases' AS detail
		FROM case_keys WHERE live GROUP BY kind, value HAVING count(*) > 1`},
	{rule: "a live key is held by a live case", query: `SELECT k.kind || ':' || k.value AS object, c.ref || ' is ' || c.state AS detail
		FROM case_keys k JOIN cases c ON c.id = k.case_id WHERE k.live AND (c.merged_into <> 0 OR (c.state = 'resolved' AND c.live_until IS NULL
		AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = 'assess' AND j.object_id = c.id AND ` + openJob + `)))`},
	{rule: "the keys of an open case are held", query: `SELECT k.kind || ':' || k.value AS object, c.ref || ' is open, and nobody holds its key' AS detail
		FROM case_keys k JOIN cases c ON c.id = k.case_id WHERE NOT k.live AND c.merged_into = 0 AND c.state <> 'resolved'
		AND NOT EXISTS (SELECT 1 FROM case_keys o WHERE o.live AND o.kind = k.kind AND o.value = k.value)`},
	{rule: "a resolved case has a disposition, an open one has none", query: `SELECT ref AS object, state || ', disposition ' || disposition AS detail
		FROM cases WHERE (state = 'resolved') <> (disposition <> '') OR (state = 'resolved') <> (resolved_at IS NOT NULL)`},
	{rule: "a merged case leads to one that is not", query: `SELECT c.ref AS object, 'case ' || CAST(c.merged_into AS text) || ' is not there' AS detail
		FROM cases c LEFT JOIN cases i ON i.id = c.merged_into WHERE c.merged_into <> 0 AND i.id IS NULL`},
	{rule: "a case carries its own reference", query: `SELECT ref AS object, 'case ' || CAST(id AS text) AS detail FROM cases WHERE ref NOT LIKE 'AB-%'`},
}

// workRules: a job's effect is there when it is done, and somebody is on it
// when it is not.
var workRules = []invariant{
	{rule: "an enriched report has a corroboration", query: `SELECT 'report ' || CAST(j.object_id AS text) AS object, 'job ' || CAST(j.id AS text) || ' is done' AS detail
		FROM jobs j WHERE j.kind = 'enrich' AND j.state = 'done' AND NOT EXISTS (SELECT 1 FROM findings f WHERE f.report_id = j.object_id AND f.kind = 'corroboration')`},
	{rule: "a report is enriched, or will be", query: `SELECT 'report ' || CAST(r.id AS text) AS object, 'nobody will check it' AS detail
		FROM reports r WHERE NOT EXISTS (SELECT 1 FROM findings f WHERE f.report_id = r.id AND f.kind = 'corroboration')
		AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = 'enrich' AND j.object_id = r.id AND ` + openJob + `)`},
	{rule: "a mail was acted on if its job is done", query: `SELECT 'mail receipt ' || CAST(x.id AS text) AS object, 'job ' || CAST(j.id AS text) || ' is done' AS detail
		FROM jobs j JOIN mail_receipts x ON x.id = j.object_id WHERE j.kind = 'mailbox' AND j.state = 'done' AND x.acted_at IS NULL`},
	{rule: "an attempt is leased", query: `SELECT 'job ' || CAST(id AS text) AS object, state AS detail
		FROM jobs WHERE (state = 'running') <> (lease_until IS NOT NULL) OR (state = 'running' AND epoch = 0)`},
	{rule: "no job is stuck", query: `SELECT 'job ' || CAST(id AS text) AS object, state || ', ' || kind || ' ' || CAST(object_id AS text) AS detail
		FROM jobs WHERE (state = 'running' AND lease_until < ?) OR (state = 'enqueued' AND enqueued_at < ?)`,
		args: func(now time.Time) []any { return []any{now.Add(-stuckAfter), now.Add(-stuckAfter)} }},
	{rule: "a finding is of a report", query: `SELECT 'finding ' || CAST(f.id AS text) AS object, 'report ' || CAST(f.report_id AS text) || ' is not there' AS detail
		FROM findings f LEFT JOIN reports r ON r.id = f.report_id WHERE r.id IS NULL`},
}

// outwardRules: nothing outward is repeated.
var outwardRules = []invariant{
	{rule: "nothing is sent twice", query: `SELECT 'sending ' || object_id AS object, CAST(count(*) AS text) || ' times' AS detail
		FROM events WHERE object_kind = 'sending' AND command = 'sending.sent' GROUP BY object_id HAVING count(*) > 1`},
	{rule: "a report is acknowledged once", query: `SELECT 'report ' || CAST(report_id AS text) AS object, CAST(count(*) AS text) || ' ' || kind AS detail
		FROM sendings WHERE kind IN ('acknowledgement', 'referral') GROUP BY report_id, kind HAVING count(*) > 1`},
	{rule: "a sender is answered once an hour", query: `SELECT 'sending ' || CAST(b.id AS text) AS object, 'so soon after sending ' || CAST(a.id AS text) AS detail
		FROM sendings a JOIN sendings b ON b.to_digest = a.to_digest AND b.to_digest <> '' AND b.id > a.id AND b.kind = a.kind
		WHERE a.kind = 'acknowledgement' AND a.state NOT IN ('suppressed', 'held') AND b.state NOT IN ('suppressed', 'held') AND {within the hour}
		AND NOT EXISTS (SELECT 1 FROM traceback_requests q WHERE q.report_id IN (a.report_id, b.report_id) AND q.how = 'hand')`}, // a person let it go
	{rule: "what was sent was attempted", query: `SELECT 'sending ' || CAST(id AS text) AS object, state AS detail
		FROM sendings WHERE state IN ('attempting', 'sent', 'refused', 'bounced', 'unknown') AND attempted_at IS NULL`},
	{rule: "a planned or begun sending has a job", query: `SELECT 'sending ' || CAST(s.id AS text) AS object, s.state || ', and nobody will go on' AS detail
		FROM sendings s WHERE s.state IN ('planned', 'attempting') AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind IN ('tell', 'alert') AND j.object_id = s.id AND ` + openJob + `)`},
	{rule: "a webhook's delivery that waits will be looked at", query: `SELECT 'delivery ' || CAST(d.id AS text) AS object, 'webhook ' || CAST(d.webhook_id AS text) || ' is ' || w.state AS detail
		FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id WHERE d.state = 'pending' AND (w.state <> 'enabled' OR NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = 'webhook' AND j.object_id = w.id AND ` + openJob + `))`},
	{rule: "an answer to a letter finds its report", query: `SELECT 'sending ' || CAST(s.id AS text) AS object, 'its token leads nowhere' AS detail
		FROM sendings s WHERE s.state <> 'suppressed' AND s.message_id LIKE 'ab.________________________________@%'
		AND NOT EXISTS (SELECT 1 FROM threads t WHERE t.key = 'mail:' || substr(s.message_id, 4, 32))`},
	{rule: "colleagues are told once of a case and lane", query: `SELECT 'case ' || CAST(case_id AS text) AS object, CAST(count(*) AS text) || ' ' || kind || ' ' || lane AS detail
		FROM sendings WHERE kind IN ('alert', 'forward') GROUP BY case_id, kind, lane, recipient HAVING count(*) > 1`},
	{rule: "a referred case says so", query: `SELECT c.ref AS object, c.state || ' ' || c.disposition AS detail
		FROM cases c WHERE c.referred_at IS NULL AND EXISTS (SELECT 1 FROM sendings s WHERE s.case_id = c.id AND s.kind = 'referral')`},
	{rule: "a sending is of a report", query: `SELECT 'sending ' || CAST(s.id AS text) AS object, 'report ' || CAST(s.report_id AS text) || ' is not there' AS detail
		FROM sendings s LEFT JOIN reports r ON r.id = s.report_id WHERE r.id IS NULL AND s.kind <> 'confirmation'`},
	{rule: "an unconfirmed message was answered with its link, and only such a one", query: `SELECT 'message ' || CAST(m.id AS text) AS object, 'nobody is asked to confirm it' AS detail
		FROM messages m WHERE m.state IN ('unconfirmed', 'dropped') AND NOT EXISTS (SELECT 1 FROM sendings s WHERE s.kind = 'confirmation' AND s.delivery_id = m.id)
		UNION ALL SELECT 'sending ' || CAST(s.id AS text), 'message ' || CAST(s.delivery_id AS text) || ' is not there'
		FROM sendings s LEFT JOIN messages m ON m.id = s.delivery_id WHERE s.kind = 'confirmation' AND m.id IS NULL`},
	{rule: "of a dropped message nothing is left", query: `SELECT 'message ' || CAST(id AS text) AS object, 'its bytes' AS detail
		FROM messages WHERE state = 'dropped' AND (evidence IS NOT NULL OR blob_key <> '' OR meta <> '{}')`},
}

// tracebackRules: a request is a case of its own kind, and nothing is answered
// before it is known who asks.
var tracebackRules = []invariant{
	{rule: "the reports of traceback cases are requests, and no others", query: `SELECT 'report ' || CAST(l.report_id AS text) AS object, c.ref || ' is ' || c.kind AS detail
		FROM links l JOIN cases c ON c.id = l.case_id LEFT JOIN traceback_requests q ON q.report_id = l.report_id WHERE (c.kind = 'traceback') <> (q.report_id IS NOT NULL)`},
	{rule: "no kind of case holds the keys of the other", query: `SELECT k.kind || ':' || k.value AS object, c.ref || ' is ' || c.kind AS detail
		FROM case_keys k JOIN cases c ON c.id = k.case_id WHERE k.live AND (k.kind = 'traceback') <> (c.kind = 'traceback')`},
	{rule: "nothing was sent before the requester was verified", query: `SELECT 'sending ' || CAST(s.id AS text) AS object, s.kind || ', requester ' || q.state AS detail
		FROM sendings s JOIN traceback_requests q ON q.report_id = s.report_id WHERE s.attempted_at IS NOT NULL AND (q.verified_at IS NULL OR s.attempted_at < q.verified_at)`},
	{rule: "what is held back waits for a requester to be verified", query: `SELECT 'sending ' || CAST(s.id AS text) AS object, s.kind AS detail
		FROM sendings s LEFT JOIN traceback_requests q ON q.report_id = s.report_id WHERE s.state = 'held' AND (q.report_id IS NULL OR q.state <> 'unverified' OR s.kind <> 'acknowledgement')`},
}

// auditRules: the chain is dense, and what matters is in the log. Whether it
// is genuine is for VerifyAudit.
var auditRules = []invariant{
	{rule: "seals are dense", query: `SELECT 'seals' AS object, CAST(count(*) AS text) || ' seals from ' || CAST(min(seq) AS text) || ' to ' || CAST(max(seq) AS text) AS detail
		FROM seals HAVING count(*) > 0 AND (min(seq) <> 1 OR max(seq) <> count(*))`},
	{rule: "a seal is of an event", query: `SELECT 'seal ' || CAST(s.seq AS text) AS object, 'event ' || CAST(s.event_id AS text) || ' is not there' AS detail
		FROM seals s LEFT JOIN events e ON e.id = s.event_id WHERE e.id IS NULL`},
	{rule: "the opening of a case is in the log", query: `SELECT c.ref AS object, 'no event' AS detail
		FROM cases c WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.case_id <> 0 AND e.case_id = c.id AND e.command = 'case.open')`},
	{rule: "the filing of a report is in the log", query: `SELECT 'report ' || CAST(r.id AS text) AS object, CAST(count(e.id) AS text) || ' events' AS detail
		FROM reports r LEFT JOIN events e ON e.object_kind = 'report' AND e.object_id = CAST(r.id AS text) AND e.command = 'report.file'
		GROUP BY r.id HAVING count(e.id) <> 1`},
}

// restrictionRules: states agree with the revision, and time is kept.
var restrictionRules = []invariant{
	{rule: "what is or was in force has a revision, a proposal has none", query: `SELECT 'restriction ' || CAST(r.id AS text) AS object, r.state || ', revision ' || CAST(r.revision AS text) AS detail
		FROM restrictions r WHERE r.state NOT IN ('failed') AND (r.state IN ('proposed', 'approved', 'rejected')) <> (r.revision = 0)`},
	{rule: "no revision was taken out of turn", query: `SELECT 'restriction ' || CAST(r.id AS text) AS object, CAST(r.revision AS text) || ' of ' || CAST(v.revision AS text) AS detail
		FROM restrictions r JOIN restriction_revision v ON v.one = 1 WHERE r.revision > v.revision`},
	{rule: "an active restriction was read back, a lifted one lifted", query: `SELECT 'restriction ' || CAST(id AS text) AS object, state AS detail
		FROM restrictions WHERE (state = 'active' AND active_at IS NULL) OR (state = 'lifted' AND lifted_at IS NULL)`},
	{rule: "a suspension took two people", query: `SELECT 'restriction ' || CAST(id AS text) AS object, 'proposed and decided by ' || proposed_by_name AS detail
		FROM restrictions WHERE kind = 'account_suspended' AND state NOT IN ('proposed', 'rejected') AND (decided_at IS NULL OR decided_by = proposed_by)`},
	{rule: "a restriction ends on time", query: `SELECT 'restriction ' || CAST(id AS text) AS object, state AS detail
		FROM restrictions WHERE state IN ('applying', 'active', 'drifted') AND expires_at < ?`,
		args: func(now time.Time) []any { return []any{now.Add(-expiredAllowed)} }},
}
