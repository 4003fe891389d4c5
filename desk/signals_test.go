package desk

import (
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

func signal(id, number string, ago time.Duration) cases.Signal {
	at := noon.Add(-ago)
	return cases.Signal{Source: "ftc", SourceID: id, E164: number, Role: cases.RoleCaller, HappenedAt: &at, Subject: "Reducing debt", Robocall: id != "c3", Area: "Ohio"}
}

// Complaints are kept about numbers that we host or carried, once each; they are
// evidence on the case of the number, and open none.
func TestSignals(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		const hosted, carried, foreign = "+12025550143", "+12025550144", "+12025550199"
		w.must(w.desk.ImportAccounts(ctx, admin, []cases.Account{{ID: "acme", Name: "Acme", Kind: "business", Status: "active"}}))
		w.must(w.desk.ImportEntitlements(ctx, admin, []cases.Entitlement{{E164: hosted, AccountID: "acme", Kind: cases.EntitlementAssigned, From: noon.AddDate(-1, 0, 0)}}))
		_, err := w.desk.LoadCalls(ctx, admin, cases.Ingest{Source: "sbc", Calls: []cases.Call{{Source: "sbc", SourceID: "1", Direction: "outbound", From: carried, To: "+16175550100", StartedAt: noon.Add(-time.Hour)}}})
		w.must(err)
		about := w.submit(`{"caller_number":"` + hosted + `","description":"They called."}`)
		w.work()
		before := w.reports()

		f, err := w.desk.SignalFile(ctx, admin, "f1")
		w.must(err)
		day := 24 * time.Hour
		in := []cases.Signal{signal("c1", hosted, day), signal("c2", hosted, 200*day), signal("c3", carried, day), signal("c4", foreign, day), signal("c1", hosted, day)}
		f.Format = "ftc"
		next, err := w.desk.ImportSignals(ctx, admin, f, in, 6, map[string]int{cases.SkipNoNumber: 1}, false)
		w.must(err)
		if next.Rows != 6 || next.Kept != 3 || next.Skipped[cases.SkipNotOurs] != 1 || next.Skipped[cases.SkipAgain] != 1 || next.Skipped[cases.SkipNoNumber] != 1 || next.DoneAt != nil {
			t.Errorf("%+v", next)
		}
		if w.reports() != before {
			t.Error("a complaint of a data set became a report")
		}
		// From the same place nobody goes on twice.
		_, err = w.desk.ImportSignals(ctx, admin, f, in, 6, nil, false)
		w.refused(err, cases.ErrConflict, "importing this file")
		if got, err := w.desk.SignalFile(ctx, admin, "f1"); err != nil || got.Rows != 6 || got.Kept != 3 || got.Skipped[cases.SkipNotOurs] != 1 || got.Format != "ftc" {
			t.Errorf("the place is %+v, %v", got, err)
		}
		done, err := w.desk.ImportSignals(ctx, admin, next, []cases.Signal{signal("c5", hosted, 2*day)}, 1, nil, true)
		w.must(err)
		if done.DoneAt == nil || done.Kept != 4 || done.Rows != 7 {
			t.Errorf("%+v", done)
		}
		// Once more from the beginning, for numbers that are ours since.
		w.must(w.desk.ImportEntitlements(ctx, admin, []cases.Entitlement{{E164: foreign, AccountID: "acme", Kind: cases.EntitlementAssigned, From: noon}}))
		again, err := w.desk.ImportSignals(ctx, admin, cases.ImportFile{Kind: cases.ImportSignals, SHA256: "f1", Format: "ftc"}, in, 6, nil, true)
		w.must(err)
		if again.Kept != 1 || again.Skipped[cases.SkipAgain] != 4 {
			t.Errorf("read again: %+v", again)
		}

		w.work() // the case of the number is looked at again
		d := w.dossier(about.CaseRef)
		if d.Case.Facts.Signals != 2 || !strings.Contains(reasons(d.Case), "2 complaints in public complaint data") {
			t.Errorf("facts %d, %s", d.Case.Facts.Signals, reasons(d.Case))
		}
		var found *cases.Finding
		for _, x := range d.Findings {
			if x.Kind == cases.FindingSignals && found == nil {
				found = &x
			}
		}
		if found == nil || found.Subject != hosted || found.Data.Signals.Total != 3 || found.Data.Signals.Recent != 2 || !strings.Contains(found.Summary, "3 times (3 of the FTC), 2 within 90 days; 3 say that it was a recording") {
			t.Fatalf("%+v", found)
		}
		v, err := w.desk.NumberView(ctx, ann, carried)
		w.must(err)
		if v.Signals.Total != 1 || v.Signals.Subjects[0] != (cases.SubjectCount{Subject: "Reducing debt", N: 1}) || v.Signals.Robocall != 0 {
			t.Errorf("%+v", v.Signals)
		}
		_, err = w.desk.ImportSignals(ctx, ann, again, nil, 0, nil, false)
		w.refused(err, cases.ErrForbidden, "")
		_, err = w.desk.SignalFile(ctx, dave, "f1")
		w.refused(err, cases.ErrForbidden, "")
	})
}

// reasons are those of a case's priority.
func reasons(c cases.Case) string {
	var s []string
	for _, f := range c.Factors {
		s = append(s, f.Reason)
	}
	return strings.Join(s, "; ")
}
