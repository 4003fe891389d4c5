package desk

import (
	"context"
	"fmt"
	"time"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
)

// trafficFresh is for how long a look at an account's traffic serves all reports
// of a case: a campaign of a thousand reports is no reason for a thousand looks.
const trafficFresh = 10 * time.Minute

// trafficFindings classify the calls of the account that made the reported call, in
// the week that it was made in. Nobody else's: the holder of a number that was
// shown has not called by that.
func (d *Desk) trafficFindings(ctx context.Context, r cases.ReportView, e calls.Evidence, parties cases.Parties, at time.Time) ([]cases.Finding, error) {
	if parties.Originating == "" {
		return nil, nil
	}
	fresh, err := d.Store.HasFinding(ctx, r.CaseID, cases.FindingTraffic, parties.Originating, d.now().Add(-trafficFresh))
	if err != nil || fresh {
		return nil, err
	}
	// Half a day after the call, so that what belongs to it is seen whole.
	to := at.Add(12 * time.Hour)
	if now := d.now(); to.After(now) {
		to = now
	}
	from := to.Add(-calls.ClassifyWindow)
	// The reports of this very case are about the account, too, which nobody has
	// written down yet when this is its first look.
	c, err := d.Store.Case(ctx, r.CaseID)
	if err != nil {
		return nil, err
	}
	known := 0
	if p := c.Facts.Parties; p == nil || p.Originating != parties.Originating {
		known = max(1, c.Reports)
	}
	p, err := d.profile(ctx, ProfileAccount, parties.Originating, from, to, known)
	if err != nil {
		return nil, err
	}
	class, err := d.classify(ctx, parties.Originating, e.Accounts[parties.Originating].Country, p)
	if err != nil {
		return nil, fmt.Errorf("classify account %s: %w", parties.Originating, err)
	}
	return []cases.Finding{{ReportID: r.ID, Kind: cases.FindingTraffic, Subject: parties.Originating, Verdict: string(class.Class), Summary: class.Summary,
		Data: cases.FindingData{Traffic: &class, Sample: p.Attempts}, WindowFrom: &from, WindowTo: &to, Producer: "calls " + class.Producer}}, nil
}
