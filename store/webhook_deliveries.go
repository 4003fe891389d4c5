package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// insertDeliveries records deliveries, due at once, and asks for their sending.
func insertDeliveries(tx *gorm.DB, ds []cases.WebhookDelivery) error {
	if len(ds) == 0 {
		return nil
	}
	rows := make([][]any, len(ds))
	var jobs []cases.Job
	asked := map[int64]bool{}
	for i, d := range ds {
		at := stored(d.At)
		rows[i] = []any{d.WebhookID, "msg_" + strings.ToLower(rand.Text()), d.Event, at, d.CaseID, d.RestrictionID, d.Disposition, cases.WebhookPending, at, at}
		if !asked[d.WebhookID] {
			asked[d.WebhookID] = true
			jobs = append(jobs, cases.WebhookJob(d.WebhookID, at))
		}
	}
	if _, err := insert(tx, "webhook_deliveries (webhook_id, message_id, event, at, case_id, restriction_id, disposition, state, next_at, created_at)", rows, ""); err != nil {
		return err
	}
	return insertJobs(tx, ds[0].At, jobs)
}

// TestWebhook records the delivery of a test event.
func (s *Store) TestWebhook(ctx context.Context, a cases.Actor, now time.Time, id int64) error {
	now = stored(now)
	return s.write(ctx, func(tx *gorm.DB) error {
		if _, err := s.sendingWebhook(tx, id); err != nil {
			return err
		}
		if err := insertDeliveries(tx, []cases.WebhookDelivery{{WebhookID: id, Event: cases.WebhookTest, At: now}}); err != nil {
			return err
		}
		return insertEvents(tx, []cases.Event{cases.NewEvent(now, a, string(cases.CmdManageWebhooks), "webhook", fmt.Sprint(id), "test event")})
	})
}

// sendingWebhook locks one that is enabled, and has it tried without a pause.
func (s *Store) sendingWebhook(tx *gorm.DB, id int64) (cases.Webhook, error) {
	w, err := oneWebhook(tx, id, s.lock())
	switch {
	case err != nil:
		return w, err
	case w.State != cases.WebhookEnabled:
		return w, cases.Conflict("the webhook is disabled; enable it first")
	}
	return w, tx.Exec("UPDATE webhooks SET paused_until = NULL WHERE id = ?", id).Error
}

// WebhookDeliveries lists newest first.
func (s *Store) WebhookDeliveries(ctx context.Context, q cases.WebhookDeliveryQuery) (cases.Page[cases.WebhookDelivery], error) {
	var w where
	w.and("webhook_id = ?", q.WebhookID)
	if q.State != "" {
		w.and("state = ?", text(string(q.State)))
	}
	return newestFirst(q.Cursor, q.Limit, "id", w, func(cond string, args []any) ([]cases.WebhookDelivery, error) {
		var ds []cases.WebhookDelivery
		err := s.read(ctx).Raw("SELECT * FROM webhook_deliveries WHERE "+cond, args...).Scan(&ds).Error
		for i, d := range ds {
			ds[i].At, ds[i].NextAt, ds[i].CreatedAt = d.At.UTC(), d.NextAt.UTC(), d.CreatedAt.UTC()
			ds[i].ClaimedUntil, ds[i].AttemptedAt, ds[i].SettledAt = storedPtr(d.ClaimedUntil), storedPtr(d.AttemptedAt), storedPtr(d.SettledAt)
		}
		return ds, translate(err)
	}, func(d cases.WebhookDelivery) int64 { return d.ID })
}

// DeadDeliveries counts, by webhook, those that were given up.
func (s *Store) DeadDeliveries(ctx context.Context) (map[int64]int, error) {
	var rows []struct {
		WebhookID int64
		N         int
	}
	err := s.read(ctx).Raw("SELECT webhook_id, count(*) AS n FROM webhook_deliveries WHERE state = 'dead' GROUP BY webhook_id").Scan(&rows).Error
	out := map[int64]int{}
	for _, r := range rows {
		out[r.WebhookID] = r.N
	}
	return out, translate(err)
}

// Redeliver sends one delivery of a webhook again, or with id 0 all that were
// given up, under their old message ids, and says how many.
func (s *Store) Redeliver(ctx context.Context, a cases.Actor, now time.Time, webhookID, id int64) (int, error) {
	now = stored(now)
	var n int64
	err := s.write(ctx, func(tx *gorm.DB) error {
		if _, err := s.sendingWebhook(tx, webhookID); err != nil {
			return err
		}
		which, args := "state = 'dead'", []any{now, webhookID}
		if id != 0 {
			var d cases.WebhookDelivery
			if err := found(tx.Raw("SELECT state FROM webhook_deliveries WHERE id = ? AND webhook_id = ?", id, webhookID).Scan(&d), fmt.Sprintf("delivery %d", id)); err != nil {
				return err
			}
			if d.State == cases.WebhookPending {
				return cases.Conflict("this delivery is still being tried")
			}
			which, args = "id = ?", append(args, id)
		}
		r := tx.Exec("UPDATE webhook_deliveries SET state = 'pending', attempts = 0, next_at = ?, claimed_until = NULL, settled_at = NULL WHERE webhook_id = ? AND "+which, args...)
		if r.Error != nil {
			return r.Error
		}
		n = r.RowsAffected
		e := cases.NewEvent(now, a, string(cases.CmdRedeliver), "webhook", fmt.Sprint(webhookID), "")
		e.Data = map[string]string{"deliveries": fmt.Sprint(n)}
		if err := insertEvents(tx, []cases.Event{e}); err != nil {
			return err
		}
		return insertJobs(tx, now, []cases.Job{cases.WebhookJob(webhookID, now)})
	})
	return int(n), err
}

// PruneDeliveries removes at most limit deliveries that are older than before
// and wait for nothing.
func (s *Store) PruneDeliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	var n int64
	err := s.write(ctx, func(tx *gorm.DB) error {
		r := tx.Exec("DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM webhook_deliveries WHERE created_at < ? AND state <> 'pending' ORDER BY created_at LIMIT ?"+s.skipLocked()+")", stored(before), limit)
		n = r.RowsAffected
		return r.Error
	})
	return int(n), err
}
