package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// requestsOf are the traceback requests of a case, oldest first.
const requestsOf = `SELECT q.*, r.reporter_id FROM links l JOIN traceback_requests q ON q.report_id = l.report_id JOIN reports r ON r.id = l.report_id
	WHERE l.case_id = ? ORDER BY q.received_at, q.report_id`

const requestColumns = "traceback_requests (report_id, state, evidence, counts_from, due_at, why, received_at, how, note, decided_by, decided_at, verified_at)"

// insertRequests records who asks, of those reports that ask for a traceback.
func (x *filings) insertRequests(ones []*filing) error {
	var rows [][]any
	for _, one := range ones {
		if one.Request == nil {
			continue
		}
		q := *one.Request
		evidence, err := document(q.Evidence)
		if err != nil {
			return err
		}
		rows = append(rows, []any{one.filed.ReportID, q.State, evidence, storedPtr(q.CountsFrom), storedPtr(q.DueAt), q.Why, stored(q.ReceivedAt),
			q.How, text(q.Note), text(q.DecidedBy), storedPtr(q.DecidedAt), storedPtr(q.VerifiedAt)})
	}
	_, err := insert(x.tx, requestColumns, rows, "")
	return err
}

// relateTraced relates the abuse cases that are opened here to the traceback
// cases about the same numbers. The other way round Decide does it: an abuse case
// holds its numbers, a traceback case does not.
func (x *filings) relateTraced(ones []*filing) error {
	for _, one := range ones {
		if one.Request != nil || !one.filed.NewCase {
			continue
		}
		var numbers []string
		for _, k := range one.keys {
			if k.Kind == cases.KeyCaller || k.Kind == cases.KeyCallback {
				numbers = append(numbers, k.Value)
			}
		}
		if len(numbers) == 0 {
			continue
		}
		var others []int64
		err := x.tx.Raw(`SELECT DISTINCT l.case_id FROM subjects s JOIN traceback_requests q ON q.report_id = s.report_id
			JOIN links l ON l.report_id = s.report_id JOIN cases c ON c.id = l.case_id
			WHERE s.e164 IN ? AND s.role IN ? AND c.state <> 'resolved' ORDER BY l.case_id LIMIT ?`,
			numbers, []cases.NumberRole{cases.RoleCaller, cases.RoleCallback}, cases.DefaultPage).Scan(&others).Error
		if err != nil {
			return err
		}
		for _, other := range others {
			if err := relateBoth(x.tx, x.now, one.filed.CaseID, other, "a traceback request asks about its number"); err != nil {
				return err
			}
		}
	}
	return nil
}

// tracebackFacts are those of a case that is its first request.
func tracebackFacts(t *cases.Traceback, q cases.TracebackRequest) *cases.TracebackFacts {
	f := &cases.TracebackFacts{Calls: 1}
	if t != nil {
		f.Reference, f.Campaign, f.Calls = t.Reference, t.Campaign, len(t.Calls)
	}
	f.Settle([]cases.TracebackRequest{q}, nil)
	return f
}

// gatherTraceback asks for what is known of the requests of a case; nil of a
// case that is about abuse.
func gatherTraceback(tx *gorm.DB, caseID int64) (*cases.TracebackFacts, error) {
	var kind cases.CaseKind
	if err := tx.Raw("SELECT kind FROM cases WHERE id = ?", caseID).Scan(&kind).Error; err != nil || kind != cases.CaseTraceback {
		return nil, err
	}
	var rs []cases.TracebackRequest
	if err := tx.Raw(requestsOf, caseID).Scan(&rs).Error; err != nil {
		return nil, err
	}
	var answers []cases.Sending
	err := tx.Raw("SELECT s.* FROM links l JOIN sendings s ON s.report_id = l.report_id WHERE l.case_id = ? AND s.kind = ? ORDER BY s.id", caseID, cases.SendingTraceback).Scan(&answers).Error
	if err != nil {
		return nil, err
	}
	var reports []struct {
		Details cases.Details `gorm:"serializer:json"`
	}
	err = tx.Raw("SELECT r.details FROM links l JOIN reports r ON r.id = l.report_id WHERE l.case_id = ? ORDER BY r.id LIMIT ?", caseID, cases.MaxDossier).Scan(&reports).Error
	if err != nil {
		return nil, err
	}
	f, all := &cases.TracebackFacts{}, cases.Traceback{}
	for _, r := range reports {
		if t := r.Details.Traceback; t != nil {
			all.Join(*t)
		}
	}
	f.Reference, f.Campaign, f.Calls = all.Reference, all.Campaign, len(all.Calls)
	f.Settle(rs, answers)
	return f, nil
}

// DecideRequester locks a traceback case and the requests of its reports, and
// commits what change makes of both. Acknowledgements that were held go out once
// their requester is verified; those of one who is not any more, and have not
// gone out, are held again.
func (s *Store) DecideRequester(ctx context.Context, now time.Time, id, version int64, change func(*cases.Case, []cases.TracebackRequest) error) (cases.Case, error) {
	now = stored(now)
	var c cases.Case
	err := s.retry(ctx, func(tx *gorm.DB) error {
		var err error
		c, err = s.updateCase(tx, id, version, func(c *cases.Case) error {
			var rs []cases.TracebackRequest
			if err := tx.Raw(requestsOf, id).Scan(&rs).Error; err != nil {
				return err
			}
			before := slices.Clone(rs)
			if err := change(c, rs); err != nil {
				return err
			}
			for i, q := range rs {
				if q.State == before[i].State {
					continue
				}
				err := tx.Exec("UPDATE traceback_requests SET state = ?, how = ?, note = ?, decided_by = ?, decided_at = ?, verified_at = ? WHERE report_id = ?",
					q.State, q.How, text(q.Note), text(q.DecidedBy), storedPtr(q.DecidedAt), storedPtr(q.VerifiedAt), q.ReportID).Error
				if err != nil {
					return err
				}
				if err := s.releaseHeld(tx, now, q); err != nil {
					return err
				}
			}
			return insertJobs(tx, now, []cases.Job{assessment(now, id)})
		})
		return err
	})
	return c, err
}

// releaseHeld lets the acknowledgement of a report go once its requester is
// verified, or suppresses it when he is refused.
func (s *Store) releaseHeld(tx *gorm.DB, now time.Time, q cases.TracebackRequest) error {
	var ids []int64
	err := tx.Raw("SELECT id FROM sendings WHERE report_id = ? AND state = ?", q.ReportID, cases.SendingHeld).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return err
	}
	why := ""
	switch q.State {
	case cases.RequesterRefused:
		why = "the requester was refused"
	case cases.RequesterVerified:
		var bounced bool
		if err := tx.Raw("SELECT bounced_at IS NOT NULL FROM reporters WHERE id = ?", q.ReporterID).Scan(&bounced).Error; err != nil {
			return err
		}
		if bounced {
			why = cases.NoteBounced
		}
	default:
		return nil
	}
	for _, id := range ids {
		x, err := s.lockSending(tx, id)
		if err != nil {
			return err
		}
		if why != "" {
			if err := x.Settle(now, cases.SendingSuppressed, why); err != nil {
				return err
			}
			if err := saveSending(tx, x); err != nil {
				return err
			}
			continue
		}
		x.State, x.Note = cases.SendingPlanned, ""
		if err := saveSending(tx, x); err != nil {
			return err
		}
		if err := insertJobs(tx, now, []cases.Job{{Kind: cases.JobTell, ObjectID: id}}); err != nil {
			return err
		}
	}
	return nil
}

// withhold keeps back a planned letter to a requester who is not verified any
// more: an acknowledgement waits, all else is not sent. It is asked as the
// attempt begins, because a verification can be taken back until then. What
// is decided meanwhile waits, and finds what was held.
func (s *Store) withhold(tx *gorm.DB, now time.Time, x *cases.Sending) (bool, error) {
	if x.State != cases.SendingPlanned {
		return false, nil
	}
	var state cases.RequesterState
	if err := tx.Raw("SELECT state FROM traceback_requests WHERE report_id = ?"+s.lock(), x.ReportID).Scan(&state).Error; err != nil || state == "" || state == cases.RequesterVerified {
		return false, err
	}
	if x.Kind == cases.SendingAcknowledgement && state == cases.RequesterUnverified {
		x.State, x.Note = cases.SendingHeld, cases.NoteWithheld
		return true, saveSending(tx, *x)
	}
	before := x.State
	if err := x.Settle(now, cases.SendingSuppressed, cases.NoteWithheld); err != nil {
		return false, err
	}
	if err := saveSending(tx, *x); err != nil {
		return false, err
	}
	if err := insertEvents(tx, []cases.Event{sendingEvent(now, cases.System("tell"), "sending.suppressed", *x, "")}); err != nil {
		return false, err
	}
	return true, undelivered(tx, now, before, *x)
}

// lookBatch bounds how many cases one LookAgain asks for.
const lookBatch = 500

// LookAgain asks for an assessment of the cases whose priority time alone
// changes, and says of how many.
func (s *Store) LookAgain(ctx context.Context, now time.Time) (int, error) {
	now = stored(now)
	var ids []int64
	err := s.write(ctx, func(tx *gorm.DB) error {
		err := tx.Raw(`SELECT c.id FROM cases c WHERE c.look_at IS NOT NULL AND c.look_at <= ? AND c.merged_into = 0
			AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = ? AND j.object_id = c.id AND j.state IN ('pending', 'enqueued', 'running', 'dead'))
			ORDER BY c.look_at LIMIT ?`, now, cases.JobAssess, lookBatch).Scan(&ids).Error
		if err != nil {
			return err
		}
		jobs := make([]cases.Job, len(ids))
		for i, id := range ids {
			jobs[i] = cases.Job{Kind: cases.JobAssess, ObjectID: id, CoalesceKey: fmt.Sprintf("assess:%d", id)}
		}
		return insertJobs(tx, now, jobs)
	})
	return len(ids), err
}

// Tracebacks counts the traceback cases to which an answer with a limit is owed,
// and those of them that are late.
func (s *Store) Tracebacks(ctx context.Context, now time.Time) (owed, late int, err error) {
	var n struct{ Owed, Late int }
	err = s.read(ctx).Raw(`SELECT count(*) AS owed, coalesce(sum(CASE WHEN c.due_at < ? THEN 1 ELSE 0 END), 0) AS late FROM cases c
		WHERE c.kind = 'traceback' AND c.kind <> 'abuse' AND c.state <> 'resolved' AND c.merged_into = 0 AND c.due_at IS NOT NULL
		AND EXISTS (SELECT 1 FROM links l JOIN traceback_requests q ON q.report_id = l.report_id WHERE l.case_id = c.id AND q.due_at IS NOT NULL AND q.state <> 'refused')`,
		stored(now)).Scan(&n).Error
	return n.Owed, n.Late, translate(err)
}
