package workers

import (
	"context"

	"github.com/abusedesk/abusedesk/cases"
)

// webhook sends what is due to one webhook.
func (p *Pool) webhook(ctx context.Context, j cases.Job) error {
	return p.Desk.CallWebhook(ctx, j.AttemptAt(), j.ObjectID)
}
