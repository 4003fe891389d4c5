package desk

import (
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

const authentic = "Authentication-Results: mx.desk.example; dkim=pass header.d=itg.example; dmarc=pass header.from=itg.example"

var twoCalls = []string{"", "Industry traceback request, traceback ID: TB-20455", "", "| Calling number | Called number | Date/Time |",
	"| +17244428039 | +13035550101 | 2026-11-24 10:00 UTC |", "| +17244428039 | +13035550102 | 2026-11-24 10:30 UTC |", ""}

// tracing is a world that knows a requester, works in New York hours (noon UTC is
// 07:00 there) and carried one of the two calls.
func tracing(t *testing.T, w *world) {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	w.must(err)
	w.desk.Office = cases.Office{Zone: zone}
	w.desk.AuthServers = []string{"mx.desk.example"}
	w.desk.Requesters, err = cases.ParseRequesters("@itg.example")
	w.must(err)
	ctx, sys := t.Context(), cases.System("import")
	w.must(w.desk.ImportAccounts(ctx, sys, []cases.Account{{ID: "acct-7", Name: "Acme Dialers", Status: "active", Email: "noc@acme.example"}}))
	at := noon.Add(-2 * time.Hour)
	_, err = w.desk.LoadCalls(ctx, sys, cases.Ingest{Source: "sbc", Calls: []cases.Call{{Source: "sbc", SourceID: "c1", AccountID: "acct-7", Direction: "outbound", From: "+17244428039",
		To: "+13035550101", StartedAt: at, AnsweredAt: &at, BilledSeconds: 31, SIPCode: 200, Attest: "B"}}, CompleteFrom: noon.AddDate(0, 0, -40), CompleteThrough: noon})
	w.must(err)
}

// request files one, with header lines of its own.
func (w *world) request(headers ...string) (cases.Filed, []cases.Letter) {
	w.t.Helper()
	if len(headers) == 0 || !strings.HasPrefix(headers[0], "From:") {
		headers = append([]string{"From: Trace Desk <trace@itg.example>"}, headers...)
	}
	return w.fileMail(append(append(headers, "To: abuse@desk.example", "Subject: Traceback request TB-20455"), twoCalls...)...)
}

// A known requester whose mail is authentic is acknowledged at once, gets the
// drafted answer for each call, and ends the clock.
func TestTracebackOfAKnownRequester(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tracing(t, w)
		ctx := t.Context()
		f, letters := w.request(authentic, "Message-ID: <t1@itg.example>")
		if len(letters) != 1 || letters[0].Sending.Kind != cases.SendingAcknowledgement || letters[0].Sending.To != "trace@itg.example" {
			t.Fatalf("sent %+v", letters)
		}
		d := w.dossier(f.CaseRef)
		tb := d.Case.Facts.Traceback
		if d.Case.Kind != cases.CaseTraceback || tb == nil || tb.Reference != "TB-20455" || tb.Calls != 2 || tb.Requester != cases.RequesterVerified || len(d.Requests) != 1 || d.Requests[0].How != cases.VerifiedByMail {
			t.Fatalf("%+v, %+v, %+v", d.Case, tb, d.Requests)
		}
		due := time.Date(2026, 11, 25, 13, 0, 0, 0, time.UTC) // received 07:00, counts from 08:00 in New York
		if d.Case.DueAt == nil || !d.Case.DueAt.Equal(due) || !strings.Contains(tb.Clock.Why, "counts from Tuesday, 24 November, 08:00 EST") {
			t.Errorf("due %v, %q", d.Case.DueAt, tb.Clock.Why)
		}
		draft := DraftAnswer(d)
		for _, want := range []string{"request TB-20455", "Call 1: +17244428039 to +13035550101", "We carried this call.", "our customer with the account acct-7.", "Attestation: B", "2026-11-24 10:00:00 UTC",
			"Call 2: +17244428039 to +13035550102", "Not in our records. They are complete from"} {
			if !strings.Contains(draft, want) {
				t.Errorf("the draft does not say %q:\n%s", want, draft)
			}
		}
		if strings.Contains(draft, "Acme") || strings.Contains(draft, "noc@") {
			t.Errorf("the draft says who the customer is, without a legal review:\n%s", draft)
		}
		_, err := w.desk.AnswerTraceback(ctx, dave, f.CaseRef, TracebackAnswer{Text: draft})
		w.refused(err, cases.ErrForbidden, "")
		_, err = w.desk.AnswerTraceback(ctx, ann, f.CaseRef, TracebackAnswer{Text: " "})
		w.refused(err, cases.ErrInvalid, "write the answer")
		_, err = w.desk.AnswerTraceback(ctx, ann, f.CaseRef, TracebackAnswer{Text: draft, Disposition: cases.DispositionReferred})
		w.refused(err, cases.ErrInvalid, "say why")
		w.pass(time.Hour)
		c, err := w.desk.AnswerTraceback(ctx, ann, f.CaseRef, TracebackAnswer{Text: draft, Disposition: cases.DispositionUpheld, Reason: "Acme made it."})
		w.must(err)
		letters = w.tellAll()
		if len(letters) != 1 || letters[0].Sending.Kind != cases.SendingTraceback || !strings.Contains(letters[0].Sending.Text, "acct-7") || c.State != cases.StateResolved {
			t.Fatalf("sent %+v, case %s", letters, c.State)
		}
		if x := w.dossier(f.CaseRef).Case; !x.Facts.Traceback.OnTime() || x.DueAt != nil || x.State != cases.StateResolved {
			t.Errorf("%+v, due %v, %s", x.Facts.Traceback, x.DueAt, x.State)
		}
		for _, e := range w.dossier(f.CaseRef).Events {
			if strings.Contains(e.Reason, "acme.example") {
				t.Errorf("the audit log keeps the answer: %+v", e)
			}
		}
	})
}

// Who is not known, or whose mail is forged, hears nothing, whatever is tried,
// until somebody has verified him by hand.
func TestTracebackOfAnUnknownRequester(t *testing.T) {
	for name, headers := range map[string][]string{
		"forged":       {"Authentication-Results: mx.desk.example; dkim=none; dmarc=fail header.from=itg.example"},
		"claims it":    {"Authentication-Results: mx.evil.example; dkim=pass header.d=itg.example; dmarc=pass header.from=itg.example"},
		"not listed":   {"From: x@else.example", "Authentication-Results: mx.desk.example; dkim=pass header.d=else.example; dmarc=pass header.from=else.example"},
		"says nothing": nil,
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				tracing(t, w)
				ctx := t.Context()
				f, letters := w.request(headers...)
				silent := func(when string) {
					t.Helper()
					if more := w.tellAll(); len(more) > 0 {
						t.Fatalf("%s: sent %+v", when, more)
					}
				}
				if len(letters) > 0 {
					t.Fatalf("sent %+v", letters)
				}
				d := w.dossier(f.CaseRef)
				if len(d.Sendings) != 1 || d.Sendings[0].State != cases.SendingHeld || d.Sendings[0].Note != cases.NoteWithheld || len(d.Requests[0].Evidence.Missing) == 0 {
					t.Errorf("%+v, %+v", d.Sendings, d.Requests)
				}
				_, err := w.desk.Ask(ctx, ann, f.CaseRef, f.ReportID, "Who are you?")
				w.refused(err, cases.ErrConflict, cases.NoteWithheld)
				_, err = w.desk.AnswerTraceback(ctx, keyOf(ann), f.CaseRef, TracebackAnswer{Text: "Acme"})
				w.refused(err, cases.ErrConflict, cases.NoteWithheld)
				_, err = w.desk.AnswerTraceback(ctx, ann, f.CaseRef, TracebackAnswer{Report: f.ReportID, Text: "Acme", Disposition: cases.DispositionReferred, Reason: "x"})
				w.refused(err, cases.ErrConflict, cases.NoteWithheld)
				silent("before")
				_, err = w.desk.VerifyRequester(ctx, dave, f.CaseRef, 0, "I believe him")
				w.refused(err, cases.ErrForbidden, "")
				_, err = w.desk.VerifyRequester(ctx, ann, f.CaseRef, 0, " ")
				w.refused(err, cases.ErrInvalid, "say how you checked")

				_, err = w.desk.VerifyRequester(ctx, keyOf(ann), f.CaseRef, 0, "called back on the number of their site")
				w.must(err)
				if sent := w.tellAll(); len(sent) != 1 || sent[0].Sending.Kind != cases.SendingAcknowledgement {
					t.Fatalf("verified: sent %+v", sent)
				}
				_, err = w.desk.UndoRequester(ctx, ann, f.CaseRef, 0, "it was another number")
				w.must(err)
				_, err = w.desk.AnswerTraceback(ctx, ann, f.CaseRef, TracebackAnswer{Text: "Acme"})
				w.refused(err, cases.ErrConflict, cases.NoteWithheld)
				_, err = w.desk.VerifyRequester(ctx, ann, f.CaseRef, 0, "the right number now")
				w.must(err)
				silent("verified again")
				// Taken back between the planning and the sending.
				_, err = w.desk.AnswerTraceback(ctx, ann, f.CaseRef, TracebackAnswer{Text: "Acme"})
				w.must(err)
				_, err = w.desk.UndoRequester(ctx, ann, f.CaseRef, 0, "no, it was wrong")
				w.must(err)
				silent("taken back")
				_, err = w.desk.RefuseRequester(ctx, ann, f.CaseRef, 0, cases.DispositionMalicious, "nobody there knows of it")
				w.must(err)
				silent("refused")
				if c := w.dossier(f.CaseRef).Case; c.State != cases.StateResolved || c.Disposition != cases.DispositionMalicious || c.Facts.Traceback.Requester != cases.RequesterRefused {
					t.Errorf("%+v", c)
				}
			})
		})
	}
}

// By form nobody is authenticated, and the status page tells nothing of the case.
func TestTracebackByForm(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tracing(t, w)
		f := w.submit(`{"category":"traceback","caller_number":"+17244428039","called_number":"+13035550101","occurred_at":"2026-11-24T10:00:00Z","reporter":{"email":"trace@itg.example","kind":"traceback"}}`)
		if held := w.dossier(f.CaseRef).Sendings; len(held) != 1 || held[0].State != cases.SendingHeld {
			t.Errorf("filed with %+v", held) // and not only kept back as it would have gone out
		}
		if sent := w.tellAll(); len(sent) > 0 {
			t.Fatalf("sent %+v", sent)
		}
		d := w.dossier(f.CaseRef)
		if d.Case.Kind != cases.CaseTraceback || d.Requests[0].State != cases.RequesterUnverified || !strings.Contains(strings.Join(d.Requests[0].Evidence.Missing, ""), "did not come by mail") || len(TracedCalls(d)) != 1 {
			t.Errorf("%+v", d.Requests)
		}
		_, err := w.desk.RefuseRequester(t.Context(), ann, f.CaseRef, 0, cases.DispositionInsufficient, "no answer to our call")
		w.must(err)
		s, err := w.desk.Status(t.Context(), f.Token)
		w.must(err)
		if s.Case.Disposition != "" || s.Case.State != cases.StateNew || s.Case.ResolvedAt != nil {
			t.Errorf("the status page tells %+v", s.Case)
		}
	})
}

// A carrier's request has no limit, and its first act is due as ever.
func TestTracebackOfACarrier(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tracing(t, w)
		f := w.submit(`{"category":"traceback","caller_number":"+17244428039","reporter":{"email":"noc@carrier.example","kind":"carrier"}}`)
		w.work()
		c := w.dossier(f.CaseRef).Case
		if c.Kind != cases.CaseTraceback || c.Facts.Traceback.Clock.Running() || c.DueAt == nil || !c.DueAt.Equal(c.CreatedAt.Add(cases.FirstActWithin)) || c.LookAt != nil {
			t.Errorf("%+v, due %v", c.Facts.Traceback, c.DueAt)
		}
	})
}
