package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// Accept commits a batch of deliveries in one transaction: the messages, the
// job that files each (none for a quarantined one), the receipt and the job of
// each mail, and the progress of its mailbox. Receipts come back in the order
// of in. ErrFenced when the lease of a mail's mailbox is not held any more in
// the epoch of its cursor; then nothing is committed.
func (s *Store) Accept(ctx context.Context, now time.Time, in []cases.Acceptance) ([]cases.Receipt, error) {
	if len(in) == 0 {
		return nil, nil
	}
	now = stored(now)
	var receipts []cases.Receipt
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := s.fenceMailboxes(tx, in); err != nil {
			return err
		}
		as := newArrivals(in)
		if err := as.insert(tx); err != nil {
			return err
		}
		if err := as.insertFileJobs(tx, now); err != nil {
			return err
		}
		if err := as.insertConfirmations(tx, now); err != nil {
			return err
		}
		receipts = as.receipts()
		return recordMail(tx, now, in, receipts)
	})
	if err != nil {
		return nil, fmt.Errorf("accept %d messages: %w", len(in), err)
	}
	return receipts, nil
}

// arrival is one acceptance on its way into the database.
type arrival struct {
	cases.Acceptance
	index   int // in the batch
	first   *acceptedRow
	fresh   bool // this one made the row
	attempt cases.Attempt
}

// acceptedRow is what decides on a duplicate.
type acceptedRow struct {
	ID       int64
	Channel  cases.Channel
	DedupKey string
	Token    string
	SHA256   string
	Meta     cases.Meta `gorm:"serializer:json"`
}

type messageKey struct {
	channel cases.Channel
	dedup   string
}

// arrivals are sorted by what makes them unique, so that two batches with the
// same messages wait for each other instead of deadlocking.
type arrivals []*arrival

func newArrivals(in []cases.Acceptance) arrivals {
	as := make(arrivals, len(in))
	for i, a := range in {
		a.Message.DedupKey, a.Message.Source = bounded(a.Message.DedupKey), text(a.Message.Source)
		as[i] = &arrival{Acceptance: a, index: i}
	}
	slices.SortStableFunc(as, func(a, b *arrival) int {
		return cmp.Or(cmp.Compare(a.Message.Channel, b.Message.Channel), cmp.Compare(a.Message.DedupKey, b.Message.DedupKey))
	})
	return as
}

const acceptedColumns = "id, channel, dedup_key, token, sha256, meta"

// insert writes the messages that are new and finds the first one of each that
// is not.
func (as arrivals) insert(tx *gorm.DB) error {
	rows := make([][]any, len(as))
	for i, a := range as {
		m := a.Message
		meta, err := document(m.Meta)
		if err != nil {
			return err
		}
		state := m.State
		if state == "" {
			state = cases.MessageAccepted
		}
		rows[i] = []any{m.Channel, m.Source, m.DedupKey, m.Token, m.SHA256, m.Size, m.Evidence, m.BlobKey, meta, state, text(m.Note), stored(m.ReceivedAt)}
	}
	var made []acceptedRow
	err := insertReturning(tx, "messages (channel, source, dedup_key, token, sha256, size, evidence, blob_key, meta, state, note, received_at)", rows,
		"ON CONFLICT (channel, dedup_key) DO NOTHING RETURNING "+acceptedColumns, &made)
	if err != nil {
		return err
	}
	byKey := make(map[messageKey]*acceptedRow, len(as))
	for i, m := range made {
		byKey[messageKey{m.Channel, m.DedupKey}] = &made[i]
	}
	for _, a := range as {
		k := messageKey{a.Message.Channel, a.Message.DedupKey}
		if row := byKey[k]; row != nil {
			a.first, a.fresh = row, row.Token == a.Message.Token
			continue
		}
		// Its first delivery was committed before; the index guards it.
		var old []acceptedRow
		if err := tx.Raw("SELECT "+acceptedColumns+" FROM messages WHERE channel = ? AND dedup_key = ?", k.channel, k.dedup).Scan(&old).Error; err != nil {
			return err
		}
		if len(old) == 0 {
			return fmt.Errorf("message %s %q was neither inserted nor found", k.channel, k.dedup)
		}
		byKey[k], a.first = &old[0], &old[0]
	}
	return nil
}

// insertFileJobs asks for the filing of each new message; where it is filed at
// once, the job begins in the hands of the caller.
func (as arrivals) insertFileJobs(tx *gorm.DB, now time.Time) error {
	byMessage := make(map[int64]*arrival, len(as))
	var jobs []cases.Job
	for _, a := range as {
		if !a.fresh || a.Message.State == cases.MessageQuarantined || a.Message.State == cases.MessageUnconfirmed {
			continue
		}
		j := cases.Job{Kind: cases.JobFile, ObjectID: a.first.ID}
		if a.FileNow {
			until := now.Add(cases.AttemptLease)
			j.State, j.Epoch, j.LeaseUntil = cases.JobRunning, 1, &until
		}
		byMessage[a.first.ID] = a
		jobs = append(jobs, j)
	}
	if len(jobs) == 0 {
		return nil
	}
	var made []struct{ ID, ObjectID, Epoch int64 }
	if err := insertReturning(tx, jobColumns, jobRows(now, jobs), "RETURNING id, object_id, epoch", &made); err != nil {
		return err
	}
	for _, j := range made {
		if a := byMessage[j.ObjectID]; a.FileNow {
			a.attempt = cases.Attempt{JobID: j.ID, Epoch: j.Epoch}
		}
	}
	return nil
}

func (as arrivals) receipts() []cases.Receipt {
	rs := make([]cases.Receipt, len(as))
	for _, a := range as {
		r := cases.Receipt{MessageID: a.first.ID, Token: a.first.Token, SHA256: a.first.SHA256, Duplicate: !a.fresh, Attempt: a.attempt}
		if r.Duplicate {
			r.Other = a.differs()
		}
		rs[a.index] = r
	}
	return rs
}

// differs says whether the same key came with other contents. Where the door
// digested the request as the sender meant it (without the boundaries of a
// form, say), that decides, else the raw bytes do.
func (a *arrival) differs() bool {
	if was, is := a.first.Meta.RequestSHA, a.Message.Meta.RequestSHA; was != "" && is != "" {
		return was != is
	}
	return a.first.SHA256 != a.Message.SHA256
}
