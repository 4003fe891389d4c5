package desk

import (
	"context"
	"fmt"

	"github.com/abusedesk/abusedesk/cases"
)

// Tell attempts a sending: recorded first, at most once. It returns an error
// only when the sending certainly did not go out and may be tried again.
func (d *Desk) Tell(ctx context.Context, at cases.Attempt, sendingID int64) error {
	s, err := d.Store.Sending(ctx, sendingID)
	if err != nil {
		return fmt.Errorf("sending %d: %w", sendingID, err)
	}
	if d.Mailer == nil {
		return d.Store.SettleSending(ctx, at, d.now(), s.ID, cases.SendingSuppressed, "no mail server is configured")
	}
	c, err := d.Store.Case(ctx, s.CaseID)
	if err != nil {
		return fmt.Errorf("case of sending %d: %w", sendingID, err)
	}
	r, err := d.Store.Report(ctx, s.ReportID)
	if err != nil {
		return fmt.Errorf("report of sending %d: %w", sendingID, err)
	}
	began, err := d.Store.BeginSending(ctx, at, d.now(), s.ID)
	if err != nil || !began {
		return err
	}
	out, err := d.Mailer.Send(ctx, cases.Letter{Sending: s, Case: c, Report: r.Report})
	// From here on the answer must be kept even if our own time has run out.
	ctx = context.WithoutCancel(ctx)
	switch {
	case err != nil:
		return d.Store.SettleSending(ctx, at, d.now(), s.ID, cases.SendingUnknown, err.Error())
	case out.Taken:
		return d.Store.SettleSending(ctx, at, d.now(), s.ID, cases.SendingSent, out.Note)
	case out.Refused:
		return d.Store.SettleSending(ctx, at, d.now(), s.ID, cases.SendingRefused, out.Note)
	}
	// Certainly not taken: put it back before the job is tried again.
	if err := d.Store.SettleSending(ctx, cases.Attempt{}, d.now(), s.ID, cases.SendingPlanned, out.Note); err != nil {
		return err
	}
	return &cases.Error{Kind: cases.KindUnavailable, Message: "the mail server did not take it: " + out.Note}
}
