package desk

import (
	"context"

	"github.com/abusedesk/abusedesk/cases"
)

// Status is what a reporter may see of his report. Its link can be passed on,
// so that only what is named in Desk.Status is filled in: no personal data and
// nothing about the customer.
type Status struct {
	Token    string
	Received cases.Message     // channel, state and time
	Report   *cases.ReportView // nil: not filed yet; else channel, category, time and the case's reference
	Case     *cases.Case       // reference, state, disposition, and when it was acted on, referred and resolved
	// Referred is who answers for the number of the report, when the case stands
	// resolved by a referral; Region is then the reporter's country.
	Referred *cases.Responsible
	Region   string
}

// Status finds a report by its unguessable token, that of any of its messages.
func (d *Desk) Status(ctx context.Context, token string) (Status, error) {
	m, err := d.Store.MessageByToken(ctx, token)
	if err != nil {
		return Status{}, err
	}
	s := Status{Token: token, Received: cases.Message{Channel: m.Channel, State: m.State, ReceivedAt: m.ReceivedAt}}
	if m.ReportID == 0 {
		return s, nil
	}
	r, err := d.Store.Report(ctx, m.ReportID)
	if err != nil {
		return Status{}, err
	}
	c, err := d.Store.Case(ctx, r.CaseID)
	if err != nil {
		return Status{}, err
	}
	if c.Kind == cases.CaseTraceback {
		// Who asks for a traceback is answered by mail, once he is verified; anybody
		// can have filed this.
		c = cases.Case{Ref: c.Ref, State: cases.StateNew}
	}
	s.Report = &cases.ReportView{CaseRef: r.CaseRef, Report: cases.Report{Channel: r.Channel, Category: r.Category, ReceivedAt: r.ReceivedAt}}
	s.Case = &cases.Case{Ref: c.Ref, State: c.State, Disposition: c.Disposition, FirstActAt: c.FirstActAt, ResolvedAt: c.ResolvedAt, ReferredAt: c.ReferredAt,
		Facts: cases.Facts{Checked: c.Facts.Checked}}
	if c.WasReferred() {
		to, err := d.responsible(ctx, numberOf(r))
		if err != nil {
			return Status{}, err
		}
		s.Referred, s.Region = &to, d.regionOf(r)
	}
	return s, nil
}
