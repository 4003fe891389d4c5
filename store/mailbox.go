package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// MailboxLease is the name of the lease on a mailbox.
func MailboxLease(mailbox string) string { return "mailbox:" + mailbox }

// fenceMailbox refuses a reader whose lease was taken over, and keeps the
// lease from changing hands until the commit.
func (s *Store) fenceMailbox(tx *gorm.DB, mailbox string, epoch int64) error {
	var n []int64
	err := tx.Raw("SELECT epoch FROM leases WHERE name = ? AND epoch = ?"+s.lock(), MailboxLease(mailbox), epoch).Scan(&n).Error
	if err != nil {
		return err
	}
	if len(n) == 0 {
		return &cases.Error{Kind: cases.KindFenced, Message: "the mailbox " + mailbox + " is read by another replica now"}
	}
	return nil
}

func (s *Store) fenceMailboxes(tx *gorm.DB, in []cases.Acceptance) error {
	type hold struct {
		mailbox string
		epoch   int64
	}
	var holds []hold
	for _, a := range in {
		if a.Cursor != nil {
			holds = append(holds, hold{a.Cursor.Mailbox, a.Cursor.Epoch})
		}
	}
	slices.SortFunc(holds, func(a, b hold) int { return cmp.Or(cmp.Compare(a.mailbox, b.mailbox), cmp.Compare(a.epoch, b.epoch)) })
	for _, h := range slices.Compact(holds) {
		if err := s.fenceMailbox(tx, h.mailbox, h.epoch); err != nil {
			return err
		}
	}
	return nil
}

// recordMail writes the receipt of each mail, the job that acts on it in the
// mailbox, and how far the mailbox was read. Several receipts may point to one
// message: an alias delivered it twice.
func recordMail(tx *gorm.DB, now time.Time, in []cases.Acceptance, receipts []cases.Receipt) error {
	var rows [][]any
	progress := map[string]*cases.MailboxProgress{}
	for i, a := range in {
		c := a.Cursor
		if c == nil {
			continue
		}
		rows = append(rows, []any{c.Mailbox, int64(c.UIDValidity), int64(c.UID), receipts[i].MessageID, now})
		p := progress[c.Mailbox]
		if p == nil || p.UIDValidity != c.UIDValidity {
			p = &cases.MailboxProgress{Name: c.Mailbox, UIDValidity: c.UIDValidity}
			progress[c.Mailbox] = p
		}
		p.LastUID = max(p.LastUID, c.UID)
	}
	if len(rows) == 0 {
		return nil
	}
	var made []cases.MailReceipt
	err := insertReturning(tx, "mail_receipts (mailbox, uid_validity, uid, message_id, received_at)", rows,
		"ON CONFLICT (mailbox, uid_validity, uid) DO NOTHING RETURNING id, mailbox", &made)
	if err != nil {
		return err
	}
	jobs := make([]cases.Job, len(made))
	for i, r := range made {
		jobs[i] = cases.Job{Kind: cases.JobMailbox, ObjectID: r.ID}
		progress[r.Mailbox].Received++
	}
	if err := insertJobs(tx, now, jobs); err != nil {
		return err
	}
	for _, p := range progress {
		// Where the server began to count anew, so do we.
		err := tx.Exec(`INSERT INTO mailbox_progresses (name, uid_validity, last_uid, received, last_success) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET uid_validity = excluded.uid_validity,
			last_uid = CASE WHEN mailbox_progresses.uid_validity = excluded.uid_validity AND mailbox_progresses.last_uid > excluded.last_uid
				THEN mailbox_progresses.last_uid ELSE excluded.last_uid END,
			received = mailbox_progresses.received + excluded.received, last_success = excluded.last_success, last_error = ''`,
			p.Name, int64(p.UIDValidity), int64(p.LastUID), p.Received, now).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// MailReceipts says where mails were read, those that there are, in no
// particular order.
func (s *Store) MailReceipts(ctx context.Context, ids []int64) ([]cases.MailReceipt, error) {
	var rs []cases.MailReceipt
	return rs, translate(s.read(ctx).Raw("SELECT * FROM mail_receipts WHERE id IN ?", ids).Scan(&rs).Error)
}

// MailActed records that mails were marked or moved, and completes the jobs: all
// of them, or none when one was taken over.
func (s *Store) MailActed(ctx context.Context, now time.Time, acts []cases.MailAct) error {
	now = stored(now)
	attempts, ids := make([]cases.Attempt, len(acts)), make([]int64, len(acts))
	for i, a := range acts {
		attempts[i], ids[i] = a.Attempt, a.ReceiptID
	}
	return s.write(ctx, func(tx *gorm.DB) error {
		if err := complete(tx, now, attempts...); err != nil {
			return err
		}
		return tx.Exec("UPDATE mail_receipts SET acted_at = coalesce(acted_at, ?) WHERE id IN ?", now, ids).Error
	})
}

// MailboxProgress says how far a mailbox has been read; for one that was never
// read everything but the name is zero.
func (s *Store) MailboxProgress(ctx context.Context, name string) (cases.MailboxProgress, error) {
	p := cases.MailboxProgress{Name: name}
	err := s.read(ctx).Raw("SELECT * FROM mailbox_progresses WHERE name = ?", name).Scan(&p).Error
	return p, translate(err)
}

// MailboxRead records that the mailbox was reached and holds nothing new.
func (s *Store) MailboxRead(ctx context.Context, now time.Time, name string, epoch int64) error {
	now = stored(now)
	return s.write(ctx, func(tx *gorm.DB) error {
		if err := s.fenceMailbox(tx, name, epoch); err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO mailbox_progresses (name, last_success) VALUES (?, ?)
			ON CONFLICT (name) DO UPDATE SET last_success = excluded.last_success, last_error = ''`, name, now).Error
	})
}

// ResetMailbox begins a mailbox anew because its server counts anew
// (RFC 3501 section 2.3.1.1). Mails that were received before are recognised
// by their contents.
func (s *Store) ResetMailbox(ctx context.Context, name string, uidValidity uint32, epoch int64) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		if err := s.fenceMailbox(tx, name, epoch); err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO mailbox_progresses (name, uid_validity, last_uid) VALUES (?, ?, 0)
			ON CONFLICT (name) DO UPDATE SET uid_validity = excluded.uid_validity, last_uid = 0`, name, int64(uidValidity)).Error
	})
}

// MailboxFailed records why a mailbox could not be read, for operators. It is
// not fenced: who fails has changed nothing.
func (s *Store) MailboxFailed(ctx context.Context, now time.Time, name, cause string) error {
	now = stored(now)
	return s.write(ctx, func(tx *gorm.DB) error {
		return tx.Exec(`INSERT INTO mailbox_progresses (name, last_error, error_at) VALUES (?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET last_error = excluded.last_error, error_at = excluded.error_at`, name, text(cause), now).Error
	})
}
