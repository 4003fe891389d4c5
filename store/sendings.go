package store

import (
	"context"
	"fmt"
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
		return complete(tx, at, now)
	})
	return began && err == nil, err
}

// SettleSending records the outcome of an attempt and completes its job; back
// to planned completes nothing, since the job is to be tried again.
func (s *Store) SettleSending(ctx context.Context, at cases.Attempt, now time.Time, id int64, state cases.SendingState, note string) error {
	now = stored(now)
	return s.write(ctx, func(tx *gorm.DB) error {
		fence := func() error { return complete(tx, at, now) }
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
		if err := x.Settle(now, state, note); err != nil {
			return err
		}
		if err := saveSending(tx, x); err != nil || state == cases.SendingPlanned {
			return err
		}
		return insertEvents(tx, []cases.Event{sendingEvent(now, cases.System("tell"), "sending."+string(state), x, "")})
	})
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
			return nil
		}
		return insertJobs(tx, now, []cases.Job{{Kind: cases.JobTell, ObjectID: id}})
	})
}
