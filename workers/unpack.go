package workers

import (
	"context"

	"github.com/abusedesk/abusedesk/cases"
)

// unpack keeps the attachments of a message by their digests: cases.JobUnpack,
// object = message id.
func (p *Pool) unpack(ctx context.Context, j cases.Job) error {
	return p.Desk.Unpack(ctx, j.AttemptAt(), j.ObjectID, j.Failures)
}
