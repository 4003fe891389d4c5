package workers

import (
	"context"
	"fmt"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

// file turns a message into a report: cases.JobFile, object = message id.
func (p *Pool) file(ctx context.Context, j cases.Job) error {
	return p.fileTogether(ctx, []cases.Job{j})
}

// fileTogether does it for several messages in one transaction: when reports
// come in floods, it is the transactions that take the time.
func (p *Pool) fileTogether(ctx context.Context, jobs []cases.Job) error {
	in := make([]desk.Unfiled, len(jobs))
	for i, j := range jobs {
		in[i] = desk.Unfiled{Attempt: j.AttemptAt(), MessageID: j.ObjectID, Lost: j.Lost()}
	}
	_, err := p.Desk.File(ctx, in...)
	if len(in) > 1 && cases.KindOf(err) == cases.KindUnavailable {
		// Of one of them only, perhaps: what it adds to is not filed yet.
		return fmt.Errorf("file %d messages: %v", len(in), err)
	}
	return err
}
