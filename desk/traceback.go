package desk

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
)

// tracedFindings looks for each call of a traceback request, as the corroboration
// looks for that of a report: one finding a call.
func (d *Desk) tracedFindings(ctx context.Context, r cases.ReportView) ([]cases.Finding, error) {
	if r.Details.Traceback == nil {
		return nil, nil
	}
	var out []cases.Finding
	for i, c := range r.Details.Traceback.Calls[:min(len(r.Details.Traceback.Calls), cases.MaxTracedCalls)] {
		one := r
		one.Earliest, one.Latest, one.Subjects = nil, nil, nil
		if c.At.Known() {
			one.Earliest, one.Latest = &c.At.Earliest, &c.At.Latest
		}
		for _, n := range []cases.Subject{{E164: c.Caller, Role: cases.RoleCaller}, {E164: c.Called, Role: cases.RoleCalled}} {
			if n.E164 != "" {
				n.ReportID, n.Confidence, n.StartAt, n.EndAt = r.ID, 1, -1, -1
				one.Subjects = append(one.Subjects, n)
			}
		}
		e, err := d.evidence(ctx, one)
		if err != nil {
			return nil, fmt.Errorf("call %d: %w", i+1, err)
		}
		out = append(out, calls.Traced(e, i+1, c))
	}
	return out, nil
}

// VerifyRequester is an analyst's word that he knows who asks for a traceback,
// and how he checked it. Report is one of the requester's, 0 for the only one.
func (d *Desk) VerifyRequester(ctx context.Context, a cases.Actor, ref string, report int64, how string) (cases.Case, error) {
	return d.decideRequester(ctx, a, ref, func(c *cases.Case, rs []cases.TracebackRequest) error {
		return c.VerifyRequester(a, d.now(), rs, report, how)
	})
}

// RefuseRequester says that a request is not from whom it claims. A case in which
// nobody else asks is resolved by it, and nothing is sent.
func (d *Desk) RefuseRequester(ctx context.Context, a cases.Actor, ref string, report int64, as cases.Disposition, reason string) (cases.Case, error) {
	return d.decideRequester(ctx, a, ref, func(c *cases.Case, rs []cases.TracebackRequest) error {
		return c.RefuseRequester(a, d.now(), rs, report, as, reason)
	})
}

// UndoRequester takes back what was decided about a requester.
func (d *Desk) UndoRequester(ctx context.Context, a cases.Actor, ref string, report int64, reason string) (cases.Case, error) {
	return d.decideRequester(ctx, a, ref, func(c *cases.Case, rs []cases.TracebackRequest) error {
		return c.UndoRequester(a, d.now(), rs, report, reason)
	})
}

func (d *Desk) decideRequester(ctx context.Context, a cases.Actor, ref string, change func(*cases.Case, []cases.TracebackRequest) error) (cases.Case, error) {
	if err := cases.Permit(a, cases.CmdVerifyRequester); err != nil {
		return cases.Case{}, err
	}
	id, err := d.caseID(a, ref)
	if err != nil {
		return cases.Case{}, err
	}
	return d.Store.DecideRequester(ctx, d.now(), id, 0, func(c *cases.Case, rs []cases.TracebackRequest) error {
		if err := checkCaseRef(*c, ref); err != nil {
			return err
		}
		return change(c, rs)
	})
}

// TracebackAnswer is what an analyst sends to a requester.
type TracebackAnswer struct {
	Version int64 // of the case as the analyst saw it; 0: as it is
	Report  int64 // whose requester; 0 the newest who may be written to
	Text    string
	// Disposition resolves the case with the answer; "" leaves it open.
	Disposition cases.Disposition
	Reason      string // of the disposition
}

// AnswerTraceback sends the answer to a verified requester by mail, at most once.
func (d *Desk) AnswerTraceback(ctx context.Context, a cases.Actor, ref string, in TracebackAnswer) (cases.Case, error) {
	return d.write(ctx, a, cases.CmdAnswerTraceback, ref, in.Version, func(c *cases.Case, to []cases.Addressee) ([]cases.Sending, error) {
		// First whether it may be, so that nobody is sent to look for a mail server.
		s, err := c.AnswerTraceback(a, d.now(), in.Text, in.Report, to, d.from())
		if err == nil && d.Mailer == nil {
			err = cases.Conflict("no mail server is configured, so that nothing can be answered")
		}
		if err == nil && in.Disposition != "" {
			err = c.Resolve(a, d.now(), in.Disposition, in.Reason)
		}
		return []cases.Sending{s}, err
	})
}

// TracedCall is a call of a request, and what we know of it.
type TracedCall struct {
	Report  int64
	Place   int // in its request, from 1
	Asked   cases.TracedCall
	Finding *cases.Finding // nil: not looked up yet
}

// TracedCalls are the calls that the requests of a case ask about, in the order
// in which they were asked, each with what was found of it last.
func TracedCalls(dos cases.Dossier) []TracedCall {
	var out []TracedCall
	for _, r := range slices.Backward(dos.Reports) { // oldest first
		if r.Details.Traceback == nil {
			continue
		}
		for i, c := range r.Details.Traceback.Calls {
			t := TracedCall{Report: r.ID, Place: i + 1, Asked: c}
			same := slices.ContainsFunc(out, func(o TracedCall) bool {
				return o.Asked.Caller == c.Caller && o.Asked.Called == c.Called && o.Asked.At.Earliest.Equal(c.At.Earliest) && o.Asked.CallID == c.CallID
			})
			if same {
				continue // a reminder repeats it
			}
			for k, f := range dos.Findings { // newest first
				if f.Kind == cases.FindingTraced && f.ReportID == r.ID && f.Subject == strconv.Itoa(i+1) {
					t.Finding = &dos.Findings[k]
					break
				}
			}
			out = append(out, t)
		}
	}
	return out
}

// DraftAnswer is the answer that the records support, for an analyst to check
// and edit: nothing is sent by it.
func DraftAnswer(dos cases.Dossier) string {
	var fs []cases.Finding
	for _, t := range TracedCalls(dos) {
		f := cases.Finding{Kind: cases.FindingTraced, Data: cases.FindingData{Traced: &t.Asked}}
		if t.Finding != nil {
			f = *t.Finding
		}
		fs = append(fs, f)
	}
	about := ""
	if t := dos.Case.Facts.Traceback; t != nil {
		about = t.Reference
	}
	return calls.Answer(about, fs)
}
