package workers

import (
	"context"

	"github.com/abusedesk/abusedesk/cases"
)

// pack builds the traceback pack of a case: cases.JobPack, object = case id,
// coalesced.
func (p *Pool) pack(ctx context.Context, j cases.Job) error {
	return p.Desk.BuildPack(ctx, j.AttemptAt(), j.ObjectID)
}
