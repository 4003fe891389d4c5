package workers

import (
	"context"

	"github.com/abusedesk/abusedesk/cases"
)

// assess orders a case anew: cases.JobAssess, object = case id, coalesced.
func (p *Pool) assess(ctx context.Context, j cases.Job) error {
	return p.Desk.Assess(ctx, j.AttemptAt(), j.ObjectID)
}
