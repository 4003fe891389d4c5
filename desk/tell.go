package desk

import (
	"context"
	"fmt"
	"slices"

	"github.com/abusedesk/abusedesk/cases"
)

// Tell attempts a sending: recorded first, at most once. It returns an error
// only when the sending certainly did not go out and may be tried again.
func (d *Desk) Tell(ctx context.Context, at cases.Attempt, sendingID int64) error {
	s, err := d.Store.Sending(ctx, sendingID)
	if err != nil {
		return fmt.Errorf("sending %d: %w", sendingID, err)
	}
	if _, missing := d.way(s); missing != "" && s.State == cases.SendingPlanned {
		return d.Store.SettleSending(ctx, at, d.now(), s.ID, cases.SendingSuppressed, missing)
	}
	if s.Kind == cases.SendingConfirmation {
		return d.tellConfirmation(ctx, at, s)
	}
	c, err := d.Store.Case(ctx, s.CaseID)
	if err != nil {
		return fmt.Errorf("case of sending %d: %w", sendingID, err)
	}
	r, err := d.Store.Report(ctx, s.ReportID)
	if err != nil {
		return fmt.Errorf("report of sending %d: %w", sendingID, err)
	}
	l := cases.Letter{Sending: s, Case: c, Report: r.Report, Region: d.regionOf(r)}
	if s.Kind == cases.SendingDetails && s.State == cases.SendingPlanned {
		// It may have waited for days, and been told meanwhile.
		wants := r.Wants(r.Subjects)
		l.Sending.Wants = slices.DeleteFunc(slices.Clone(s.Wants), func(w cases.Want) bool { return !slices.Contains(wants, w) })
		if len(l.Sending.Wants) == 0 || c.Closed() {
			return d.Store.SettleSending(ctx, at, d.now(), s.ID, cases.SendingSuppressed, "it was told meanwhile, or the case is over")
		}
	}
	if s.Kind == cases.SendingReferral {
		if l.Responsible, err = d.responsible(ctx, numberOf(r)); err != nil {
			return fmt.Errorf("carrier for sending %d: %w", sendingID, err)
		}
	}
	if s.Kind == cases.SendingTraceback {
		if l.Files, err = d.packFiles(ctx, s); err != nil {
			return fmt.Errorf("files of sending %d: %w", sendingID, err)
		}
	}
	return d.attempt(ctx, at, l)
}

// attempt sends a letter whose attempt is recorded first.
func (d *Desk) attempt(ctx context.Context, at cases.Attempt, l cases.Letter) error {
	s := l.Sending
	began, err := d.Store.BeginSending(ctx, at, d.now(), s.ID)
	if err != nil || !began {
		return err
	}
	out, err := d.send(ctx, l)
	// From here on the answer must be kept even if our own time has run out.
	ctx = context.WithoutCancel(ctx)
	settle := func(state cases.SendingState, note string) error {
		return d.Store.SettleSending(ctx, at, d.now(), s.ID, state, note)
	}
	switch {
	case err != nil:
		return settle(cases.SendingUnknown, err.Error())
	case out.Taken:
		return settle(cases.SendingSent, out.Note)
	case out.Refused:
		return settle(cases.SendingRefused, out.Note)
	case !out.Retry:
		return settle(cases.SendingUnknown, out.Note)
	}
	// Certainly not taken: put it back before the job is tried again. Whoever has
	// taken the job over meanwhile may be sending it, and must not be disturbed.
	if err := settle(cases.SendingPlanned, out.Note); err != nil {
		return err
	}
	return &cases.Error{Kind: cases.KindUnavailable, Message: "it was not taken: " + out.Note, After: out.After}
}

func (d *Desk) send(ctx context.Context, l cases.Letter) (cases.Outcome, error) {
	way, missing := d.way(l.Sending)
	if way == nil {
		return cases.Outcome{Retry: true, Note: missing}, nil
	}
	return way.Send(ctx, l)
}

// way is what takes a sending where it is to go; missing says why there is none.
func (d *Desk) way(s cases.Sending) (way Chat, missing string) {
	if s.Channel == cases.ChannelChat {
		to, _ := cases.ParseConversation(s.To)
		if c := d.Chats[to.Product]; c != nil {
			return c, ""
		}
		return nil, "nothing is configured to answer in chats of " + to.Product
	}
	if d.Mailer == nil {
		return nil, "no mail server is configured"
	}
	return d.Mailer, ""
}
