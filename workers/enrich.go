package workers

import (
	"context"

	"github.com/abusedesk/abusedesk/cases"
)

// enrich checks a report against the carrier's records: cases.JobEnrich,
// object = report id.
func (p *Pool) enrich(ctx context.Context, j cases.Job) error {
	return p.Desk.Enrich(ctx, j.AttemptAt(), j.ObjectID)
}
