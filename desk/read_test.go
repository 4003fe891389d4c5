package desk

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

const complaint = `{"category": "scam", "caller_number": "+12025550143", "called_number": "+13125550199", "occurred_at": "2026-11-24T10:00:00Z",
	"description": "My account number is 5551234.", "reporter": {"name": "Mara Lindqvist", "email": "mara.l@example.org", "phone": "+13035550171"}}`

// personal are words of the complaint and of the delivery that name somebody.
var personal = []string{"Mara", "Lindqvist", "mara.l", "3035550171", "192.0.2.77"}

func names(t *testing.T, what string, v any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range personal {
		if strings.Contains(string(b), word) {
			t.Errorf("%s says %q", what, word)
		}
	}
}

func TestReportersAreMasked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.carrier()
		f := w.submit(complaint)
		w.accept(mail("Return-Path: <mara.l@example.org>", "From: Mara Lindqvist <mara.l@example.org>"))
		w.work()
		d := w.dossier(f.CaseRef)
		if len(d.Reports) != 2 || len(d.Sendings) != 2 {
			t.Fatalf("%d reports, %d sendings", len(d.Reports), len(d.Sendings))
		}
		one, err := w.desk.Report(ctx, dave, f.ReportID)
		w.must(err)
		want := cases.Reporter{ID: one.Reporter.ID, Kind: cases.ReporterCalled, Credibility: 0.5, Name: "M…", Email: "m…@example.org", Phone: "+1…71", CreatedAt: one.Reporter.CreatedAt}
		if d := cmp.Diff(&want, one.Reporter); d != "" {
			t.Errorf("reporter (-want +got):\n%s", d)
		}
		many, err := w.desk.Reports(ctx, dave, cases.ReportQuery{})
		w.must(err)
		number, err := w.desk.NumberView(ctx, dave, "202-555-0143")
		w.must(err)
		if len(number.Reports) == 0 || number.Facts.Account != "clinic" {
			t.Errorf("number %+v", number)
		}
		said, err := w.desk.Sendings(ctx, dave, "", "", 10)
		w.must(err)
		events, err := w.desk.Events(ctx, dave, cases.EventQuery{Limit: cases.MaxPage})
		w.must(err)
		for what, v := range map[string]any{"the dossier": d, "a report": one, "the list of reports": many, "a number": number, "the list of sendings": said, "the audit log": events} {
			names(t, what, v)
		}
		if len(said.Items) == 0 || said.Items[0].To != "m…@example.org" {
			t.Errorf("sendings %+v", said.Items)
		}
		if !strings.Contains(one.Text, "5551234") {
			t.Errorf("what was written is gone: %q", one.Text)
		}
	})
}

func TestMaskPhoneAndAddress(t *testing.T) {
	for in, want := range map[string]string{"+13035550171": "+1…71", "": "", "911": "…", "5550171": "…", "zwölfünf": "zw…nf"} {
		if got := maskPhone(in); got != want {
			t.Errorf("phone %q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"mara@example.org": "m…@example.org", "": "", "mara": "m", "@example.org": "…@example.org", "émile@x.fr": "é…@x.fr"} {
		if got := maskAddress(in); got != want {
			t.Errorf("address %q: %q, want %q", in, got, want)
		}
	}
}

func TestLooksAtPersonalDataAreLogged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		f := w.submit(complaint)
		v, err := w.store.Report(ctx, f.ReportID)
		w.must(err)
		logged := func(cmd cases.Command) []cases.Event {
			t.Helper()
			p, err := w.desk.Events(ctx, dave, cases.EventQuery{CaseID: f.CaseID, Limit: cases.MaxPage})
			w.must(err)
			var out []cases.Event
			for _, e := range p.Items {
				if e.Command == string(cmd) {
					out = append(out, e)
				}
			}
			return out
		}
		_, err = w.desk.RevealReporter(ctx, dave, f.ReportID)
		w.refused(err, cases.ErrForbidden, "auditor")
		if n := logged(cases.CmdRevealReporter); len(n) != 0 {
			t.Errorf("a look that was refused is logged: %+v", n)
		}
		r, err := w.desk.RevealReporter(ctx, ann, f.ReportID)
		w.must(err)
		if r.Name != "Mara Lindqvist" || r.Email != "mara.l@example.org" || r.Phone != "+13035550171" {
			t.Errorf("revealed %+v", r)
		}
		if e := logged(cases.CmdRevealReporter); len(e) != 1 || e[0].ActorID != ann.ID || e[0].ObjectKind != "report" || !e[0].At.Equal(w.clock()) {
			t.Errorf("events %+v", e)
		}
		if got := w.raw(v.Messages[0].ID); got != complaint {
			t.Errorf("raw %q", got)
		}
		if e := logged(cases.CmdReadRaw); len(e) != 1 || e[0].Data["message"] == "" {
			t.Errorf("events %+v", e)
		}
		nobody := w.submit(`{"category": "scam"}`)
		_, err = w.desk.RevealReporter(ctx, ann, nobody.ReportID)
		w.refused(err, cases.ErrNotFound, "reporter")
		_, _, err = w.desk.RawMessage(ctx, ann, 4711)
		w.refused(err, cases.ErrNotFound, "")
		// What cannot be logged is not shown.
		w.desk.Store = mute{w.store}
		if _, err := w.desk.RevealReporter(ctx, ann, f.ReportID); err == nil {
			t.Error("revealed without a trace")
		}
		if _, _, err := w.desk.RawMessage(ctx, ann, v.Messages[0].ID); err == nil {
			t.Error("read without a trace")
		}
	})
}

func TestStatusNamesNobody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.accused()
		f := w.submit(complaint)
		w.work()
		_, err := w.desk.Claim(ctx, ann, f.CaseRef)
		w.must(err)
		c, err := w.desk.Resolve(ctx, ann, f.CaseRef, Judgement{Disposition: cases.DispositionUpheld, Reason: "acme did it"})
		w.must(err)
		st, err := w.desk.Status(ctx, f.Token)
		w.must(err)
		names(t, "the status", st)
		b, err := json.Marshal(st)
		w.must(err)
		for _, word := range []string{"acme", "clinic", "5551234", "5550143", "5550199", "p_ann", "mara"} {
			if strings.Contains(strings.ToLower(string(b)), word) {
				t.Errorf("the status says %q: %s", word, b)
			}
		}
		if st.Case.Ref != f.CaseRef || st.Case.Disposition != cases.DispositionUpheld || st.Case.Facts.Checked == 0 || !st.Case.ResolvedAt.Equal(*c.ResolvedAt) ||
			!st.Case.FirstActAt.Equal(*c.FirstActAt) || st.Report.Category != cases.CategoryScam || st.Received.Channel != cases.ChannelAPI {
			t.Errorf("the status says too little: %s", b)
		}
		_, err = w.desk.Status(ctx, "0123456789abcdef0123456789abcdef")
		w.refused(err, cases.ErrNotFound, "")
		_, err = w.desk.Status(ctx, "")
		w.refused(err, cases.ErrNotFound, "")
	})
}

func TestCasesAreFoundByTheirWholeReference(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, f := t.Context(), w.submit(complaint)
		other := strings.Replace(f.CaseRef, "2026", "2025", 1)
		_, err := w.desk.Dossier(ctx, ann, other)
		w.refused(err, cases.ErrNotFound, other)
		_, err = w.desk.Note(ctx, ann, other, "a remark")
		w.refused(err, cases.ErrNotFound, other)
		_, err = w.desk.Note(ctx, ann, strings.ToLower(f.CaseRef), "a remark")
		w.must(err)
		w.refused(w.desk.Merge(ctx, ann, f.CaseRef, f.CaseRef, "same"), cases.ErrInvalid, "itself")
		w.refused(w.desk.Merge(ctx, ann, f.CaseRef, other, "same"), cases.ErrNotFound, other)
		_, err = w.desk.Resolve(ctx, ann, f.CaseRef, Judgement{Version: 999, Disposition: cases.DispositionInsufficient, Reason: "nothing"})
		w.refused(err, cases.ErrConflict, "")
	})
}

// mute is a store that cannot log.
type mute struct{ Store }

func (mute) Record(context.Context, cases.Event) error { return errors.New("the log is full") }

// Every command that a person or a key can give asks whether they may, before
// it looks at anything: this desk has nothing to look at.
func TestEveryCommandAsksForPermission(t *testing.T) {
	d := New(Config{Now: func() time.Time { return noon }})
	ctx, a := t.Context(), cases.Actor{Kind: cases.ActorKey, ID: "k", Role: cases.RoleIntegration}
	one := func(_ any, err error) error { return err }
	two := func(_, _ any, err error) error { return err }
	const ref = "AB-2026-000001"
	for name, err := range map[string]error{
		"Cases":              one(d.Cases(ctx, a, cases.CaseQuery{})),
		"CaseRefs":           one(d.CaseRefs(ctx, a, nil)),
		"Dossier":            one(d.Dossier(ctx, a, ref)),
		"Report":             one(d.Report(ctx, a, 1)),
		"Reports":            one(d.Reports(ctx, a, cases.ReportQuery{})),
		"RevealReporter":     one(d.RevealReporter(ctx, a, 1)),
		"RawMessage":         two(d.RawMessage(ctx, a, 1)),
		"Restrictions":       one(d.Restrictions(ctx, a, cases.RestrictionQuery{})),
		"Restriction":        two(d.Restriction(ctx, a, 1)),
		"AccountView":        one(d.AccountView(ctx, a, "acme")),
		"Accounts":           one(d.Accounts(ctx, a, "", "", 0)),
		"NumberView":         one(d.NumberView(ctx, a, shown)),
		"Sendings":           one(d.Sendings(ctx, a, "", "", 0)),
		"Events":             one(d.Events(ctx, a, cases.EventQuery{})),
		"Operations":         one(d.Operations(ctx, a)),
		"Claim":              one(d.Claim(ctx, a, ref)),
		"Release":            one(d.Release(ctx, a, ref)),
		"Note":               one(d.Note(ctx, a, ref, "x")),
		"Resolve":            one(d.Resolve(ctx, a, ref, Judgement{Disposition: cases.DispositionUpheld, Reason: "x"})),
		"Reopen":             one(d.Reopen(ctx, a, ref, "x")),
		"Merge":              d.Merge(ctx, a, ref, ref, "x"),
		"Unmerge":            d.Unmerge(ctx, a, ref, "x"),
		"DecideSending":      d.DecideSending(ctx, a, 1, cases.SendingSent, "x"),
		"RetryJob":           d.RetryJob(ctx, a, 1),
		"Propose":            one(d.Propose(ctx, a, suspend("acme", ref))),
		"Approve":            one(d.Approve(ctx, a, 1)),
		"Reject":             one(d.Reject(ctx, a, 1, "x")),
		"Lift":               one(d.Lift(ctx, a, 1, "x")),
		"BlastRadius":        two(d.BlastRadius(ctx, a, suspend("acme", ref))),
		"IngestCalls":        one(d.IngestCalls(ctx, a, CallBatch{})),
		"LoadCalls":          one(d.LoadCalls(ctx, a, cases.Ingest{})),
		"ImportAccounts":     d.ImportAccounts(ctx, a, nil),
		"ImportConnections":  d.ImportConnections(ctx, a, nil),
		"ImportEntitlements": d.ImportEntitlements(ctx, a, nil),
	} {
		if !errors.Is(err, cases.ErrForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
