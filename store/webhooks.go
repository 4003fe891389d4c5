package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

// Webhooks lists all of them, oldest first: there are at most cases.MaxWebhooks.
func (s *Store) Webhooks(ctx context.Context) ([]cases.Webhook, error) {
	var ws []cases.Webhook
	err := s.read(ctx).Raw("SELECT * FROM webhooks ORDER BY id").Scan(&ws).Error
	for i := range ws {
		ws[i] = webhook(ws[i])
	}
	return ws, translate(err)
}

// Webhook finds by id.
func (s *Store) Webhook(ctx context.Context, id int64) (cases.Webhook, error) {
	w, err := oneWebhook(s.read(ctx), id, "")
	return w, translate(err)
}

func oneWebhook(tx *gorm.DB, id int64, lock string) (cases.Webhook, error) {
	var w cases.Webhook
	err := found(tx.Raw("SELECT * FROM webhooks WHERE id = ?"+lock, id).Scan(&w), fmt.Sprintf("webhook %d", id))
	return webhook(w), err
}

// webhook gives its times the form in which they went in.
func webhook(w cases.Webhook) cases.Webhook {
	w.CreatedAt, w.UpdatedAt = w.CreatedAt.UTC(), w.UpdatedAt.UTC()
	w.FailingSince, w.PausedUntil = storedPtr(w.FailingSince), storedPtr(w.PausedUntil)
	return w
}

// CreateWebhook adds one. ErrConflict when there are cases.MaxWebhooks already.
func (s *Store) CreateWebhook(ctx context.Context, w cases.Webhook) (cases.Webhook, error) {
	events, secrets, err := webhookDocuments(w)
	if err != nil {
		return w, err
	}
	audit := w.TakeEvents()
	err = s.write(ctx, func(tx *gorm.DB) error {
		if s.dialect == migrations.Postgres { // two at once would both be the last
			if err := tx.Exec("LOCK TABLE webhooks IN SHARE ROW EXCLUSIVE MODE").Error; err != nil {
				return err
			}
		}
		var n int
		if err := tx.Raw("SELECT count(*) FROM webhooks").Scan(&n).Error; err != nil {
			return err
		}
		if n >= cases.MaxWebhooks {
			return cases.Conflict(fmt.Sprintf("there are %d webhooks already, which is as many as there can be", n))
		}
		var ids []int64
		err := insertReturning(tx, "webhooks (url, description, events, secrets, state, created_by, created_at, updated_at)",
			[][]any{{text(w.URL), text(w.Description), events, secrets, w.State, text(w.CreatedBy), stored(w.CreatedAt), stored(w.UpdatedAt)}}, "RETURNING id", &ids)
		if err != nil {
			return err
		}
		w.ID = ids[0]
		for i := range audit {
			audit[i].ObjectID = fmt.Sprint(w.ID)
		}
		return insertEvents(tx, audit)
	})
	return w, err
}

func webhookDocuments(w cases.Webhook) (events, secrets string, err error) {
	if events, err = document(w.Events); err == nil {
		secrets, err = document(w.Secrets)
	}
	return events, secrets, err
}

// UpdateWebhook applies change under the webhook's lock. One that is disabled
// by it ends what waits; one that is enabled is looked after again.
func (s *Store) UpdateWebhook(ctx context.Context, now time.Time, id int64, change func(*cases.Webhook) error) (cases.Webhook, error) {
	now = stored(now)
	var w cases.Webhook
	err := s.write(ctx, func(tx *gorm.DB) error {
		var err error
		if w, err = oneWebhook(tx, id, s.lock()); err != nil {
			return err
		}
		before := w.State
		if err := change(&w); err != nil {
			return err
		}
		if err := saveWebhook(tx, now, before, &w); err != nil || before == w.State || w.State != cases.WebhookEnabled {
			return err
		}
		return insertJobs(tx, now, []cases.Job{cases.WebhookJob(id, now)})
	})
	return w, err
}

// saveWebhook writes what may change of a locked one. What waits for one that
// has been disabled will not come: it is shown, to be sent again by hand.
func saveWebhook(tx *gorm.DB, now time.Time, before cases.WebhookState, w *cases.Webhook) error {
	audit := w.TakeEvents()
	events, secrets, err := webhookDocuments(*w)
	if err != nil {
		return err
	}
	err = tx.Exec("UPDATE webhooks SET url = ?, description = ?, events = ?, secrets = ?, state = ?, reason = ?, failing_since = ?, failures = ?, paused_until = ?, updated_at = ? WHERE id = ?",
		text(w.URL), text(w.Description), events, secrets, w.State, text(w.Reason), storedPtr(w.FailingSince), w.Failures, storedPtr(w.PausedUntil), stored(w.UpdatedAt), w.ID).Error
	if err != nil {
		return err
	}
	if before == cases.WebhookEnabled && w.State == cases.WebhookDisabled {
		if err := endPending(tx, now, w.ID); err != nil {
			return err
		}
		// Whoever is just recording a delivery for it does not know yet.
		if err := insertJobs(tx, now, []cases.Job{cases.WebhookJob(w.ID, now.Add(cases.WebhookLease))}); err != nil {
			return err
		}
	}
	return insertEvents(tx, audit)
}

// endPending ends what waits for a webhook that is disabled. Attempts that are
// under way end by themselves and say how.
func endPending(tx *gorm.DB, now time.Time, id int64) error {
	return tx.Exec(`UPDATE webhook_deliveries SET state = 'dead', claimed_until = NULL, settled_at = ?, answer = CASE WHEN answer = '' THEN ? ELSE answer END
		WHERE webhook_id = ? AND state = 'pending' AND (claimed_until IS NULL OR claimed_until <= ?)`, now, "not sent: the webhook was disabled", id, now).Error
}

// DeleteWebhook removes one with its deliveries. Whoever is just recording a
// delivery for it is waited for, and whoever comes later does not find it.
func (s *Store) DeleteWebhook(ctx context.Context, a cases.Actor, now time.Time, id int64) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		if _, err := oneWebhook(tx, id, s.casePin()); err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM webhook_deliveries WHERE webhook_id = ?", id).Error; err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM webhooks WHERE id = ?", id).Error; err != nil {
			return err
		}
		return insertEvents(tx, []cases.Event{cases.NewEvent(now, a, string(cases.CmdManageWebhooks), "webhook", fmt.Sprint(id), "deleted")})
	})
}

// tellWebhooks records, in the transaction of the audit entries, a delivery for
// each enabled webhook that wants one of them. Where no entry is told of it asks
// nothing, and without webhooks it costs one look at an empty table.
func tellWebhooks(tx *gorm.DB, events []cases.Event) error {
	var told []cases.WebhookDelivery
	for _, e := range events {
		if d, ok := e.Webhook(); ok {
			told = append(told, d)
		}
	}
	if len(told) == 0 {
		return nil
	}
	// Not deleted before the commit, and free to be changed.
	query := "SELECT id, events FROM webhooks WHERE state = 'enabled' ORDER BY id"
	if tx.Name() == string(migrations.Postgres) {
		query += " FOR KEY SHARE"
	}
	var ws []cases.Webhook
	if err := tx.Raw(query).Scan(&ws).Error; err != nil || len(ws) == 0 {
		return err
	}
	var ds []cases.WebhookDelivery
	for _, w := range ws {
		for _, d := range told {
			if w.Wants(d.Event) {
				d.WebhookID = w.ID
				ds = append(ds, d)
			}
		}
	}
	return insertDeliveries(tx, ds)
}
