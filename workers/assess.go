package workers

import (
	"context"

	"github.com/abusedesk/abusedesk/cases"
)

// assess orders a case anew: cases.JobAssess, object = case id, coalesced.
func (p *Pool) assess(ctx context.Context, j cases.Job, at cases.Attempt) error {
	return p.Desk.Assess(ctx, at, j.ObjectID)
}
