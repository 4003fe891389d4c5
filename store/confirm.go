package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// insertConfirmations records the letters that ask for a confirmation of what is
// new, before any is attempted.
func (as arrivals) insertConfirmations(tx *gorm.DB, now time.Time) error {
	var letters []cases.Sending
	for _, a := range as {
		if a.fresh && a.Confirm != nil {
			l := *a.Confirm
			l.DeliveryID = a.first.ID
			letters = append(letters, l)
		}
	}
	if len(letters) == 0 {
		return nil
	}
	jobs, err := insertSendings(tx, now, letters)
	if err != nil {
		return err
	}
	return insertJobs(tx, now, jobs)
}

// ConfirmMessage makes an unconfirmed message an accepted one, with the attempt
// to file it in the hands of the caller. However often it is called, the message
// has one filing job.
func (s *Store) ConfirmMessage(ctx context.Context, now time.Time, id int64) (cases.Receipt, error) {
	now = stored(now)
	var receipt cases.Receipt
	err := s.write(ctx, func(tx *gorm.DB) error {
		var m cases.Message
		if err := found(tx.Raw("SELECT id, token, sha256, state FROM messages WHERE id = ?"+s.lock(), id).Scan(&m), fmt.Sprintf("message %d", id)); err != nil {
			return err
		}
		receipt = cases.Receipt{MessageID: m.ID, Token: m.Token, SHA256: m.SHA256, Duplicate: m.State != cases.MessageUnconfirmed}
		switch {
		case m.State == cases.MessageDropped:
			return cases.NotFound("this report: it was not confirmed in time")
		case receipt.Duplicate:
			return nil
		}
		if err := tx.Exec("UPDATE messages SET state = ? WHERE id = ?", cases.MessageAccepted, id).Error; err != nil {
			return err
		}
		until := now.Add(cases.AttemptLease)
		job := cases.Job{Kind: cases.JobFile, ObjectID: id, State: cases.JobRunning, Epoch: 1, LeaseUntil: &until}
		var made []struct{ ID, Epoch int64 }
		if err := insertReturning(tx, jobColumns, jobRows(now, []cases.Job{job}), "RETURNING id, epoch", &made); err != nil {
			return err
		}
		receipt.Attempt = cases.Attempt{JobID: made[0].ID, Epoch: made[0].Epoch}
		return nil
	})
	return receipt, err
}

// DropUnconfirmed forgets what was not confirmed within cases.ConfirmWithin, at
// most limit messages, and says how many. What is left of each is its digest, its
// size and an entry in the audit log; a blob goes with the next sweep.
func (s *Store) DropUnconfirmed(ctx context.Context, now time.Time, limit int) (int, error) {
	now = stored(now)
	var dropped []cases.Message
	err := s.write(ctx, func(tx *gorm.DB) error {
		dropped = nil
		err := tx.Raw("SELECT id, sha256 FROM messages WHERE state = ? AND received_at <= ? ORDER BY received_at LIMIT ?"+s.lock(),
			cases.MessageUnconfirmed, now.Add(-cases.ConfirmWithin), limit).Scan(&dropped).Error
		if err != nil || len(dropped) == 0 {
			return err
		}
		ids := make([]int64, len(dropped))
		events := make([]cases.Event, len(dropped))
		for i, m := range dropped {
			ids[i] = m.ID
			events[i] = cases.NewEvent(now, cases.System("unconfirmed"), "message.dropped", "message", fmt.Sprint(m.ID), "it was not confirmed in time")
			events[i].Data = map[string]string{"sha256": m.SHA256}
		}
		err = tx.Exec("UPDATE messages SET state = ?, evidence = NULL, blob_key = '', meta = '{}', note = 'not confirmed in time' WHERE id IN ?", cases.MessageDropped, ids).Error
		if err != nil {
			return err
		}
		if err := tx.Exec("UPDATE sendings SET recipient = '' WHERE kind = ? AND delivery_id IN ?", cases.SendingConfirmation, ids).Error; err != nil {
			return err
		}
		return insertEvents(tx, events)
	})
	return len(dropped), err
}
