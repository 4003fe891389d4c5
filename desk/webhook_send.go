package desk

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/abusedesk/abusedesk/cases"
)

// webhookRun is how long one job goes on with a webhook. With the attempt that
// is under way then it stays within the job's lease.
const webhookRun = cases.AttemptLease - 2*cases.WebhookTimeout

// CallWebhook sends what is due to a webhook: at least once, since an answer can
// get lost. It asks for its own successor when something will be due later.
func (d *Desk) CallWebhook(ctx context.Context, at cases.Attempt, id int64) error {
	for until := d.now().Add(webhookRun); ctx.Err() == nil && d.now().Before(until); {
		w, due, err := d.Store.ClaimWebhook(ctx, at, d.now(), id)
		if err != nil {
			return fmt.Errorf("webhook %d: %w", id, err)
		}
		if len(due) == 0 {
			break
		}
		messages, err := d.webhookMessages(ctx, w, due)
		if err != nil { // ours, and no attempt at the peer
			if rerr := d.Store.UnclaimWebhook(context.WithoutCancel(ctx), due); rerr != nil {
				d.Log.Warn("give back what is due to a webhook", "webhook", id, "err", rerr)
			}
			return fmt.Errorf("webhook %d: %w", id, err)
		}
		made := d.callAll(ctx, messages)
		if ctx.Err() != nil { // we were told to stop, and say nothing of those we hung up on
			made = slices.DeleteFunc(made, func(m cases.WebhookSettled) bool { return m.Answer.Status == 0 })
		}
		// What was answered must be kept even if our own time has run out.
		if err := d.Store.SettleWebhook(context.WithoutCancel(ctx), d.now(), id, made); err != nil {
			return fmt.Errorf("settle webhook %d: %w", id, err)
		}
	}
	return d.Store.FinishWebhook(context.WithoutCancel(ctx), at, d.now(), id)
}

// webhookMessages are those of what is due, ready to be signed and sent.
func (d *Desk) webhookMessages(ctx context.Context, w cases.Webhook, due []cases.WebhookDelivery) ([]cases.WebhookMessage, error) {
	var secrets []string
	for _, s := range w.Signing(d.now()) {
		secret, err := d.unseal(ctx, s.Sealed, s.SHA256)
		if err != nil {
			return nil, fmt.Errorf("open its secret: %w", err)
		}
		secrets = append(secrets, string(secret))
	}
	var ids []int64
	for _, x := range due {
		ids = append(ids, x.CaseID)
	}
	refs, err := d.Store.CaseRefs(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]cases.WebhookMessage, len(due))
	for i, x := range due {
		m := cases.WebhookMessage{URL: w.URL, Secrets: secrets, Delivery: x, CaseRef: refs[x.CaseID]}
		if x.RestrictionID != 0 {
			r, err := d.Store.Restriction(ctx, x.RestrictionID)
			if err != nil {
				return nil, err
			}
			m.Restriction = &r
		}
		out[i] = m
	}
	return out, nil
}

// callAll makes the attempts that were claimed, all at once.
func (d *Desk) callAll(ctx context.Context, messages []cases.WebhookMessage) []cases.WebhookSettled {
	made := make([]cases.WebhookSettled, len(messages))
	var wg sync.WaitGroup
	for i, m := range messages {
		wg.Go(func() { made[i] = cases.WebhookSettled{Delivery: m.Delivery, Answer: d.callOne(ctx, m)} })
	}
	wg.Wait()
	return made
}

func (d *Desk) callOne(ctx context.Context, m cases.WebhookMessage) cases.WebhookAnswer {
	ctx, cancel := context.WithTimeout(ctx, cases.WebhookTimeout)
	defer cancel()
	return d.Caller.Call(ctx, m)
}
