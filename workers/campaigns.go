package workers

import (
	"context"

	"github.com/abusedesk/abusedesk/cases"
)

// campaigns reads the wordings that wait and links those that are alike:
// cases.JobCampaigns, no object, coalesced.
func (p *Pool) campaigns(ctx context.Context, j cases.Job) error {
	return p.Desk.PlaceScripts(ctx, j.AttemptAt())
}
