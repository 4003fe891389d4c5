package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// ClaimWebhook begins an attempt at each delivery of a webhook that is due, at
// most cases.WebhookAtOnce. There are none for one that is disabled, paused or
// deleted, nor while attempts of another job are under way: one that hangs must
// not take more than one worker.
func (s *Store) ClaimWebhook(ctx context.Context, at cases.Attempt, now time.Time, id int64) (cases.Webhook, []cases.WebhookDelivery, error) {
	now = stored(now)
	var w cases.Webhook
	var ds []cases.WebhookDelivery
	err := s.write(ctx, func(tx *gorm.DB) error {
		ds = nil
		if err := s.fenceAttempt(tx, at); err != nil {
			return err
		}
		var err error
		if w, err = oneWebhook(tx, id, s.lock()); cases.KindOf(err) == cases.KindNotFound {
			return nil
		} else if err != nil || !w.Ready(now) {
			return err
		}
		if until, err := underWayUntil(tx, now, id); err != nil || !until.IsZero() {
			return err
		}
		return tx.Raw(`UPDATE webhook_deliveries SET attempts = attempts + 1, attempted_at = ?, claimed_until = ? WHERE id IN
			(SELECT id FROM webhook_deliveries WHERE webhook_id = ? AND state = 'pending' AND next_at <= ? AND (claimed_until IS NULL OR claimed_until <= ?) ORDER BY next_at, id LIMIT ?)
			RETURNING *`, now, now.Add(cases.WebhookLease), id, now, now, cases.WebhookAtOnce).Scan(&ds).Error
	})
	slices.SortFunc(ds, func(a, b cases.WebhookDelivery) int { return int(a.ID - b.ID) })
	return w, ds, err
}

// UnclaimWebhook gives back deliveries that were claimed and not attempted: a
// fault of ours must not use up the peer's attempts.
func (s *Store) UnclaimWebhook(ctx context.Context, ds []cases.WebhookDelivery) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		for _, d := range ds {
			err := tx.Exec("UPDATE webhook_deliveries SET attempts = attempts - 1, claimed_until = NULL WHERE id = ? AND attempts = ? AND state = 'pending'", d.ID, d.Attempts).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// underWayUntil is when attempts at a webhook that are under way, on whatever
// replica, should have ended; zero: there are none.
func underWayUntil(tx *gorm.DB, now time.Time, id int64) (time.Time, error) {
	return firstDelivery(tx, "claimed_until", "claimed_until > ?", id, now)
}

// firstDelivery is the earliest time in a column of what waits for a webhook.
func firstDelivery(tx *gorm.DB, column, cond string, id int64, now time.Time) (time.Time, error) {
	var at []time.Time
	err := tx.Raw("SELECT "+column+" FROM webhook_deliveries WHERE webhook_id = ? AND state = 'pending' AND "+cond+" ORDER BY "+column+" LIMIT 1", id, now).Scan(&at).Error
	if err != nil || len(at) == 0 {
		return time.Time{}, err
	}
	return at[0].UTC(), nil
}

// SettleWebhook records what came of attempts at a webhook, and what that says
// of the webhook. An attempt that was taken over, or ended by hand, stays as it is.
func (s *Store) SettleWebhook(ctx context.Context, now time.Time, id int64, made []cases.WebhookSettled) error {
	now = stored(now)
	return s.write(ctx, func(tx *gorm.DB) error {
		w, err := oneWebhook(tx, id, s.lock())
		if cases.KindOf(err) == cases.KindNotFound {
			return nil
		} else if err != nil {
			return err
		}
		var answers []cases.WebhookAnswer
		for _, m := range made {
			d := m.Delivery
			d.Settle(now, m.Answer)
			err := tx.Exec("UPDATE webhook_deliveries SET state = ?, next_at = ?, claimed_until = NULL, status = ?, answer = ?, settled_at = ? WHERE id = ? AND attempts = ? AND state = 'pending'",
				d.State, stored(d.NextAt), d.Status, text(d.Answer), storedPtr(d.SettledAt), d.ID, d.Attempts).Error
			if err != nil {
				return err
			}
			answers = append(answers, m.Answer)
		}
		before := w.State
		w.Heard(now, answers)
		if err := saveWebhook(tx, now, before, &w); err != nil || w.PausedUntil == nil {
			return err
		}
		return lookAfter(tx, now, w) // already here, so that nobody waits for the job's lease if its process dies now
	})
}

// lookAfter asks for the job of a webhook, for when something will be due.
func lookAfter(tx *gorm.DB, now time.Time, w cases.Webhook) error {
	if w.State != cases.WebhookEnabled {
		return endPending(tx, now, w.ID)
	}
	next, err := nextDelivery(tx, now, w)
	if err != nil || next.IsZero() {
		return err
	}
	return insertJobs(tx, now, []cases.Job{cases.WebhookJob(w.ID, next)})
}

// FinishWebhook completes the job of a webhook and asks for the next one, for
// when something will be due.
func (s *Store) FinishWebhook(ctx context.Context, at cases.Attempt, now time.Time, id int64) error {
	now = stored(now)
	return s.write(ctx, func(tx *gorm.DB) error {
		if err := complete(tx, now, at); err != nil {
			return err
		}
		w, err := oneWebhook(tx, id, s.lock())
		if cases.KindOf(err) == cases.KindNotFound {
			return nil
		} else if err != nil {
			return err
		}
		return lookAfter(tx, now, w)
	})
}

// nextDelivery is when something has to be looked at for a webhook: a delivery
// that will be due, or attempts of another job that should have ended by then.
// Zero: nothing waits.
func nextDelivery(tx *gorm.DB, now time.Time, w cases.Webhook) (time.Time, error) {
	next, err := underWayUntil(tx, now, w.ID)
	if err == nil && next.IsZero() {
		next, err = firstDelivery(tx, "next_at", "(claimed_until IS NULL OR claimed_until <= ?)", w.ID, now)
	}
	if w.PausedUntil != nil && !next.IsZero() && next.Before(*w.PausedUntil) {
		next = *w.PausedUntil
	}
	return next, err
}
