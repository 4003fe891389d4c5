package workers

import (
	"context"

	"github.com/abusedesk/abusedesk/cases"
)

// chat says what there is to say in the conversation of a report: cases.JobChat,
// object = report id, coalesced.
func (p *Pool) chat(ctx context.Context, j cases.Job) error {
	return p.Desk.TurnChat(ctx, j.AttemptAt(), j.ObjectID)
}
