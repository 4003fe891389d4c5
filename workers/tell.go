package workers

import (
	"context"

	"github.com/abusedesk/abusedesk/cases"
)

// tell attempts a sending: cases.JobTell, object = sending id.
func (p *Pool) tell(ctx context.Context, j cases.Job) error {
	return p.Desk.Tell(ctx, j.AttemptAt(), j.ObjectID)
}
