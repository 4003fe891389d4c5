package desk

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/abusedesk/abusedesk/cases"
)

// Webhooks lists all of them, oldest first.
func (d *Desk) Webhooks(ctx context.Context, a cases.Actor) ([]cases.Webhook, error) {
	if err := cases.Permit(a, cases.CmdReadWebhooks); err != nil {
		return nil, err
	}
	return d.Store.Webhooks(ctx)
}

// Webhook finds by id.
func (d *Desk) Webhook(ctx context.Context, a cases.Actor, id int64) (cases.Webhook, error) {
	if err := cases.Permit(a, cases.CmdReadWebhooks); err != nil {
		return cases.Webhook{}, err
	}
	return d.Store.Webhook(ctx, id)
}

// CreateWebhook adds one and returns its secret, which is not shown again.
func (d *Desk) CreateWebhook(ctx context.Context, a cases.Actor, x cases.WebhookChange) (cases.Webhook, string, error) {
	var w cases.Webhook
	if err := w.Change(a, d.now(), x, d.checkWebhook); err != nil {
		return w, "", err
	}
	secret, sealed, err := d.newWebhookSecret(ctx)
	if err != nil {
		return w, "", err
	}
	w.Secrets = []cases.WebhookSecret{sealed}
	w, err = d.Store.CreateWebhook(ctx, w)
	return w, secret, err
}

func (d *Desk) checkWebhook(url string) error {
	if d.Caller == nil {
		return nil
	}
	return d.Caller.Check(url)
}

// ChangeWebhook changes what x names.
func (d *Desk) ChangeWebhook(ctx context.Context, a cases.Actor, id int64, x cases.WebhookChange) (cases.Webhook, error) {
	return d.updateWebhook(ctx, a, id, func(w *cases.Webhook) error { return w.Change(a, d.now(), x, d.checkWebhook) })
}

// EnableWebhook starts or restarts sending. What was not sent meanwhile stays so
// until somebody has it sent again.
func (d *Desk) EnableWebhook(ctx context.Context, a cases.Actor, id int64) (cases.Webhook, error) {
	return d.updateWebhook(ctx, a, id, func(w *cases.Webhook) error { return w.Enable(a, d.now()) })
}

// DisableWebhook stops sending.
func (d *Desk) DisableWebhook(ctx context.Context, a cases.Actor, id int64, reason string) (cases.Webhook, error) {
	return d.updateWebhook(ctx, a, id, func(w *cases.Webhook) error { return w.Disable(a, d.now(), reason) })
}

// RotateWebhook makes a new secret and returns it; it is not shown again.
func (d *Desk) RotateWebhook(ctx context.Context, a cases.Actor, id int64) (cases.Webhook, string, error) {
	secret, sealed, err := d.newWebhookSecret(ctx)
	if err != nil {
		return cases.Webhook{}, "", err
	}
	w, err := d.updateWebhook(ctx, a, id, func(w *cases.Webhook) error { return w.Rotate(a, d.now(), sealed) })
	return w, secret, err
}

func (d *Desk) updateWebhook(ctx context.Context, a cases.Actor, id int64, change func(*cases.Webhook) error) (cases.Webhook, error) {
	if err := cases.Permit(a, cases.CmdManageWebhooks); err != nil {
		return cases.Webhook{}, err
	}
	return d.Store.UpdateWebhook(ctx, d.now(), id, change)
}

// DeleteWebhook removes one with all that was kept about its deliveries.
func (d *Desk) DeleteWebhook(ctx context.Context, a cases.Actor, id int64) error {
	if err := cases.Permit(a, cases.CmdManageWebhooks); err != nil {
		return err
	}
	return d.Store.DeleteWebhook(ctx, a, d.now(), id)
}

// TestWebhook sends an event that means nothing.
func (d *Desk) TestWebhook(ctx context.Context, a cases.Actor, id int64) error {
	if err := cases.Permit(a, cases.CmdManageWebhooks); err != nil {
		return err
	}
	return d.Store.TestWebhook(ctx, a, d.now(), id)
}

// WebhookDeliveries lists what a webhook was or is to be told, newest first.
func (d *Desk) WebhookDeliveries(ctx context.Context, a cases.Actor, q cases.WebhookDeliveryQuery) (cases.Page[cases.WebhookDelivery], error) {
	if _, err := d.Webhook(ctx, a, q.WebhookID); err != nil {
		return cases.Page[cases.WebhookDelivery]{}, err
	}
	return d.Store.WebhookDeliveries(ctx, q)
}

// DeadDeliveries counts, by webhook, what was given up.
func (d *Desk) DeadDeliveries(ctx context.Context, a cases.Actor) (map[int64]int, error) {
	if err := cases.Permit(a, cases.CmdReadWebhooks); err != nil {
		return nil, err
	}
	return d.Store.DeadDeliveries(ctx)
}

// Redeliver sends one delivery again, or with id 0 all that were given up, and
// says how many.
func (d *Desk) Redeliver(ctx context.Context, a cases.Actor, webhookID, id int64) (int, error) {
	if err := cases.Permit(a, cases.CmdRedeliver); err != nil {
		return 0, err
	}
	return d.Store.Redeliver(ctx, a, d.now(), webhookID, id)
}

// webhookSecretBytes is how many random bytes a secret has: the specification
// asks for 24 to 64.
const webhookSecretBytes = 32

func (d *Desk) newWebhookSecret(ctx context.Context) (string, cases.WebhookSecret, error) {
	b := make([]byte, webhookSecretBytes)
	rand.Read(b)
	secret := "whsec_" + base64.StdEncoding.EncodeToString(b)
	kept, err := d.Vault.Keep(ctx, bytes.NewReader([]byte(secret)))
	if err != nil {
		return "", cases.WebhookSecret{}, fmt.Errorf("seal a secret: %w", err)
	}
	return secret, cases.WebhookSecret{Sealed: kept.Inline, SHA256: kept.SHA256}, nil
}

// unseal opens what was kept inline.
func (d *Desk) unseal(ctx context.Context, sealed []byte, sha256 string) ([]byte, error) {
	r, err := d.Vault.Open(ctx, cases.Kept{Inline: sealed, SHA256: sha256})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
