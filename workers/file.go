package workers

import (
	"context"

	"github.com/abusedesk/abusedesk/cases"
)

// file turns a message into a report: cases.JobFile, object = message id.
func (p *Pool) file(ctx context.Context, j cases.Job, at cases.Attempt) error {
	_, err := p.Desk.File(ctx, at, j.ObjectID, j.Lost())
	return err
}
