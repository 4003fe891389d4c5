package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// Sending returns one message to the outside.
func (s *Store) Sending(ctx context.Context, id int64) (cases.Sending, error) {
	var x cases.Sending
	err := found(s.read(ctx).Raw("SELECT * FROM sendings WHERE id = ?", id).Scan(&x), fmt.Sprintf("sending %d", id))
	return x, translate(err)
}

// Sendings lists what is said to the outside, newest first; state "" is any.
func (s *Store) Sendings(ctx context.Context, state cases.SendingState, cursor string, limit int) (cases.Page[cases.Sending], error) {
	var w where
	if state != "" {
		w.and("state = ?", text(string(state)))
	}
	return newestFirst(cursor, limit, "id", w, func(cond string, args []any) ([]cases.Sending, error) {
		var xs []cases.Sending
		err := s.read(ctx).Raw("SELECT * FROM sendings WHERE "+cond, args...).Scan(&xs).Error
		return xs, translate(err)
	}, func(x cases.Sending) int64 { return x.ID })
}

// lockSending reads a sending for a change.
func (s *Store) lockSending(tx *gorm.DB, id int64) (cases.Sending, error) {
	var x cases.Sending
	err := found(tx.Raw("SELECT * FROM sendings WHERE id = ?"+s.lock(), id).Scan(&x), fmt.Sprintf("sending %d", id))
	return x, err
}

func saveSending(tx *gorm.DB, x cases.Sending) error {
	return tx.Exec("UPDATE sendings SET state = ?, note = ?, attempted_at = ?, settled_at = ? WHERE id = ?",
		x.State, text(x.Note), storedPtr(x.AttemptedAt), storedPtr(x.SettledAt), x.ID).Error
}

// sendingEvent is the audit entry of what became of a sending. It names no
// address.
func sendingEvent(now time.Time, a cases.Actor, command string, x cases.Sending, reason string) cases.Event {
	e := cases.NewEvent(now, a, command, "sending", fmt.Sprint(x.ID), reason)
	e.CaseID, e.Data = x.CaseID, map[string]string{"kind": string(x.Kind), "state": string(x.State), "report": fmt.Sprint(x.ReportID)}
	return e
}

// BeginSending records an attempt before its first byte goes out, fenced by
// the job. False: there is nothing to attempt, because the sending is settled
// or an earlier attempt began, whose outcome is unknown from now on; then the
// job is completed too.
func (s *Store) BeginSending(ctx context.Context, at cases.Attempt, now time.Time, id int64) (bool, error) {
	now = stored(now)
	var began bool
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := s.fenceAttempt(tx, at); err != nil {
			return err
		}
		x, err := s.lockSending(tx, id)
		if err != nil {
			return err
		}
		before := x.State
		if withheld, err := s.withhold(tx, now, &x); err != nil {
			return err
		} else if withheld {
			return complete(tx, now, at)
		}
		if began = x.Begin(now); began {
			return saveSending(tx, x)
		}
		if x.State != before {
			if err := saveSending(tx, x); err != nil {
				return err
			}
			if err := insertEvents(tx, []cases.Event{sendingEvent(now, cases.System("tell"), "sending.unknown", x, x.Note)}); err != nil {
				return err
			}
		}
		return complete(tx, now, at)
	})
	return began && err == nil, err
}

// SettleSending records the outcome of an attempt and completes its job; back
// to planned completes nothing, since the job is to be tried again.
func (s *Store) SettleSending(ctx context.Context, at cases.Attempt, now time.Time, id int64, state cases.SendingState, note string) error {
	now = stored(now)
	return s.write(ctx, func(tx *gorm.DB) error {
		fence := func() error { return complete(tx, now, at) }
		if state == cases.SendingPlanned {
			fence = func() error { return s.fenceAttempt(tx, at) }
		}
		if err := fence(); err != nil {
			return err
		}
		x, err := s.lockSending(tx, id)
		if err != nil {
			return err
		}
		before := x.State
		if err := x.Settle(now, state, note); err != nil {
			return err
		}
		if err := saveSending(tx, x); err != nil || state == cases.SendingPlanned {
			return err
		}
		if err := insertEvents(tx, []cases.Event{sendingEvent(now, cases.System("tell"), "sending."+string(state), x, "")}); err != nil {
			return err
		}
		return undelivered(tx, now, before, x)
	})
}

// undelivered asks for an assessment when a question has failed to arrive: its
// case waits for an answer that cannot come; and whatever became of the answer to
// a traceback request: that is what ends its clock, or not.
func undelivered(tx *gorm.DB, now time.Time, before cases.SendingState, x cases.Sending) error {
	failed := x.Kind == cases.SendingQuestion && !x.State.Delivered()
	if !failed && x.Kind != cases.SendingTraceback || x.State == before {
		return nil
	}
	var ids []int64
	if err := tx.Raw("SELECT case_id FROM links WHERE report_id = ?", x.ReportID).Scan(&ids).Error; err != nil || len(ids) == 0 {
		return err
	}
	return insertJobs(tx, now, []cases.Job{assessment(now, ids[0])})
}

// insertSendings records letters before anything is attempted, makes answers to
// them find their report, and returns the jobs that send them. A notice that its
// case has had is left out, and an answer to one finds nothing: it is no
// reporter's. Nor does an answer to a confirmation: there is no report yet.
func insertSendings(tx *gorm.DB, now time.Time, letters []cases.Sending) ([]cases.Job, error) {
	rows := make([][]any, len(letters))
	var keys [][]any
	for i, a := range letters {
		if a.Channel == "" {
			a.Channel = cases.ChannelEmail
		}
		wants, err := document(a.Wants)
		if err != nil {
			return nil, err
		}
		rows[i] = []any{a.Kind, a.CaseID, a.ReportID, text(a.To), a.ToDigest, a.MessageID, short(a.Language), text(a.Text), a.Disposition, a.Lane, a.State, text(a.Note), a.DeliveryID, now, a.Channel, wants, a.Turn}
		if a.Channel == cases.ChannelChat {
			if err := leadChat(tx, a); err != nil {
				return nil, err
			}
			continue
		}
		if (a.State == cases.SendingPlanned || a.State == cases.SendingHeld) && !a.Kind.Notice() && a.Kind != cases.SendingConfirmation {
			keys = append(keys, []any{mailKey(a.MessageID), a.ReportID})
		}
	}
	var added []cases.Sending
	err := insertReturning(tx, "sendings (kind, case_id, report_id, recipient, to_digest, message_id, language, text, disposition, lane, state, note, delivery_id, created_at, channel, wants, turn)", rows,
		"ON CONFLICT (case_id, kind, lane, recipient) WHERE kind IN ('alert', 'forward') DO NOTHING RETURNING id, kind, state", &added)
	if err != nil {
		return nil, err
	}
	if _, err := insert(tx, "threads (key, report_id)", keys, ""); err != nil {
		return nil, err
	}
	var jobs []cases.Job
	for _, a := range added {
		if a.State == cases.SendingPlanned {
			jobs = append(jobs, cases.Job{Kind: tellJob(a.Kind), ObjectID: a.ID})
		}
	}
	return jobs, nil
}

// tellJob is the job that sends a letter: an alert does not wait.
func tellJob(k cases.SendingKind) cases.JobKind {
	if k == cases.SendingAlert {
		return cases.JobAlert
	}
	return cases.JobTell
}

// TellCase applies change to a case under its lock, like UpdateCase, and gives
// it the reporters of the case with their reports, newest first. The letters
// that it returns are recorded in the same transaction.
func (s *Store) TellCase(ctx context.Context, now time.Time, id, version int64, change func(*cases.Case, []cases.Addressee) ([]cases.Sending, error)) (cases.Case, error) {
	now = stored(now)
	var c cases.Case
	err := s.retry(ctx, func(tx *gorm.DB) error {
		var err error
		c, err = s.updateCase(tx, id, version, func(c *cases.Case) error {
			to, err := addressees(tx, id)
			if err != nil {
				return err
			}
			letters, err := change(c, to)
			if err != nil {
				return err
			}
			return recordLetters(tx, now, id, letters)
		})
		return err
	})
	return c, err
}

// recordLetters records letters about a case and asks for their sending.
func recordLetters(tx *gorm.DB, now time.Time, caseID int64, letters []cases.Sending) error {
	for i := range letters {
		letters[i].CaseID = caseID
	}
	jobs, err := insertSendings(tx, now, letters)
	if err != nil {
		return err
	}
	if err := insertAnswers(tx, now, letters); err != nil {
		return err
	}
	return insertJobs(tx, now, jobs)
}

// addressees are the reporters of a case that left an address or chat, once for each of
// their reports, newest first.
func addressees(tx *gorm.DB, caseID int64) ([]cases.Addressee, error) {
	var rows []struct {
		ReportID   int64
		ReporterID int64
		Channel    cases.Channel
		Thread     string
		ReceivedAt time.Time
		Language   string
		Email      string
		Details    cases.Details `gorm:"serializer:json"`
		BouncedAt  *time.Time
		Requester  cases.RequesterState
	}
	err := tx.Raw(`SELECT r.id AS report_id, r.reporter_id, r.channel, r.thread, r.received_at, r.language, coalesce(p.email, '') AS email, r.details, p.bounced_at, coalesce(q.state, '') AS requester
		FROM links l JOIN reports r ON r.id = l.report_id LEFT JOIN reporters p ON p.id = r.reporter_id LEFT JOIN traceback_requests q ON q.report_id = r.id
		WHERE l.case_id = ? AND (p.email <> '' OR (r.channel = 'chat' AND r.thread <> '')) ORDER BY r.id DESC`, caseID).Scan(&rows).Error
	to := make([]cases.Addressee, len(rows))
	for i, r := range rows {
		to[i] = cases.Addressee{ReportID: r.ReportID, ReporterID: r.ReporterID, Channel: r.Channel, ReceivedAt: r.ReceivedAt.UTC(), Language: r.Language,
			Email: r.Email, Chat: cases.ConversationOf(r.Channel, r.Thread), Mail: r.Details.Mail, BouncedAt: r.BouncedAt, Requester: r.Requester}
	}
	if err != nil || len(to) == 0 {
		return to, err
	}
	var referred []struct{ ReportID, ReporterID int64 }
	err = tx.Raw(`SELECT r.id AS report_id, r.reporter_id FROM links l JOIN sendings x ON x.report_id = l.report_id AND x.kind = 'referral' JOIN reports r ON r.id = l.report_id
		WHERE l.case_id = ?`, caseID).Scan(&referred).Error
	for i := range to {
		to[i].Referred = slices.ContainsFunc(referred, func(r struct{ ReportID, ReporterID int64 }) bool {
			return r.ReportID == to[i].ReportID || r.ReporterID != 0 && r.ReporterID == to[i].ReporterID
		})
	}
	return to, err
}

// DecideSending applies a person's word on a sending whose outcome is unknown.
// One that is to be tried again gets a new job.
func (s *Store) DecideSending(ctx context.Context, a cases.Actor, now time.Time, id int64, state cases.SendingState, note string) error {
	now = stored(now)
	return s.write(ctx, func(tx *gorm.DB) error {
		x, err := s.lockSending(tx, id)
		if err != nil {
			return err
		}
		if err := x.Decide(a, now, state, note); err != nil {
			return err
		}
		if err := saveSending(tx, x); err != nil {
			return err
		}
		if err := insertEvents(tx, []cases.Event{sendingEvent(now, a, string(cases.CmdResolveSending), x, note)}); err != nil {
			return err
		}
		if x.State != cases.SendingPlanned {
			return undelivered(tx, now, cases.SendingUnknown, x)
		}
		return insertJobs(tx, now, []cases.Job{{Kind: tellJob(x.Kind), ObjectID: id}})
	})
}
