package desk

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

// roles is what the numbers of a report are taken for.
func roles(v cases.ReportView) string {
	var out []string
	for _, s := range v.Subjects {
		out = append(out, fmt.Sprintf("%s %s", s.Role, s.E164))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// What was read wrong is corrected: the report, the keys of its case, what the
// case is known for, and the labelled set.
func TestCorrect(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		other := w.tell("+13035550171", "They rang again.")
		f := w.submit(`{"description":"A robocall about my car warranty from 202-555-0143. I lost $40. They said to call 303-555-0171 back."}`)
		w.work()
		report := func() cases.ReportView {
			v, err := w.desk.Report(ctx, ann, f.ReportID)
			w.must(err)
			return v
		}
		if got := roles(report()); got != "callback +13035550171, caller +12025550143" {
			t.Fatalf("read as %s", got)
		}
		correct := func(kind cases.ExtractKind, number, value string) {
			t.Helper()
			_, err := w.desk.Correct(ctx, ann, f.CaseRef, f.ReportID, cases.Correction{Kind: kind, Number: number, Value: value})
			w.must(err)
		}
		correct(cases.ExtractNumber, "(202) 555-0143", "called")
		correct(cases.ExtractNumber, "+13035550171", "caller")
		correct(cases.ExtractNumber, "833-631-7911", "callback") // was not found
		correct(cases.ExtractPretext, "", "utility")
		correct(cases.ExtractLost, "", "1200.50 usd")
		correct(cases.ExtractLane, "", "threat_to_life")
		correct(cases.ExtractTime, "", "2026-11-23T09:00:00Z")
		correct(cases.ExtractOccurrences, "", "3")
		w.work()
		v := report()
		if got := roles(v); got != "callback +18336317911, called +12025550143, caller +13035550171" {
			t.Errorf("corrected to %s", got)
		}
		if v.Pretext != "utility" || v.Details.Lost != (cases.Money{Hundredths: 120_050, Currency: "USD"}) || v.Lane != cases.LaneLife || v.Occurrences != 3 || v.Earliest == nil || !strings.HasPrefix(v.Earliest.String(), "2026-11-23 08:55:00") {
			t.Errorf("corrected to %+v, lost %v", v.Report, v.Details.Lost)
		}
		for _, s := range v.Subjects {
			if placed := s.StartAt >= 0; placed != (s.E164 != "+18336317911") || s.Confidence != 1 {
				t.Errorf("%+v", s)
			}
		}
		// The case is about other numbers now, and says so.
		d := w.dossier(f.CaseRef)
		if d.Case.Lane != cases.LaneLife || d.Case.Facts.Caller != "+13035550171" || d.Case.Facts.Callback != "+18336317911" || d.Case.Facts.Pretext != "utility" {
			t.Errorf("the case: %+v", d.Case.Facts)
		}
		if len(d.Related) != 1 || d.Related[0].Ref != other.CaseRef {
			t.Errorf("related: %+v", d.Related)
		}
		if again := w.tell("+18005551234", "x", "callback_number", "+18336317911"); again.CaseRef != f.CaseRef {
			t.Errorf("a report about the new number went to %s", again.CaseRef)
		}
		if again := w.tell("+12025550143", "x"); again.NewCase == false {
			t.Errorf("a report about the number that was not the caller's went to %s", again.CaseRef)
		}
		events := 0
		for _, e := range w.dossier(f.CaseRef).Events {
			if e.Command == string(cases.CmdCorrectReport) {
				events++
				if e.Data["report"] == "" || strings.Contains(fmt.Sprint(e.Data), "555") {
					t.Errorf("event %+v", e)
				}
			}
		}
		rows, err := w.store.Corrections(ctx, f.ReportID)
		w.must(err)
		if events != 8 || len(rows) != 8 || rows[0].Was != "caller" || rows[0].Value != "called" || rows[0].By != ann.Name || rows[2].Was != "" || rows[4].Was != "40.00 USD" {
			t.Errorf("%d events, corrections %+v", events, rows)
		}
		var set []intake.Labelled
		w.must(w.desk.Labelled(ctx, func(l intake.Labelled) error { set = append(set, l); return nil }))
		if len(set) != 1 {
			t.Fatalf("%d labelled texts", len(set))
		}
		want := map[string][]string{"caller": {"+13035550171"}, "callback": {"+18336317911"}, "called": {"+12025550143"}, "pretext": {"utility"}, "money_lost": {"1200.50 USD"},
			"lane": {"threat_to_life"}, "occurred_at": {"2026-11-23T08:55:00Z"}, "occurrences": {"3"}}
		if diff := cmp.Diff(want, set[0].Labels); diff != "" || set[0].Text != v.Text || set[0].Region == "" {
			t.Errorf("%s\n%+v", diff, set[0])
		}
		for _, s := range intake.Score(set) {
			if s.Field == "caller" && s.Right != 0 { // it was wrong, which is why it is in the set
				t.Errorf("scored as %+v", s)
			}
		}
	})
}

func TestCorrectRefuses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		f := w.submit(`{"description":"A robocall about my car warranty from 202-555-0143."}`)
		other := w.tell("+13035550171", "They rang again.")
		w.work()
		for name, tt := range map[string]struct {
			actor  cases.Actor
			report int64
			x      cases.Correction
			kind   error
			says   string
		}{
			"an auditor":            {dave, f.ReportID, cases.Correction{Kind: cases.ExtractLane, Value: "threat_to_life"}, cases.ErrForbidden, "auditor"},
			"another case's report": {ann, other.ReportID, cases.Correction{Kind: cases.ExtractLane, Value: "threat_to_life"}, cases.ErrNotFound, "report"},
			"nothing new":           {ann, f.ReportID, cases.Correction{Kind: cases.ExtractNumber, Number: "+12025550143", Value: "caller"}, cases.ErrConflict, "already"},
			"no field":              {ann, f.ReportID, cases.Correction{Kind: "colour", Value: "red"}, cases.ErrInvalid, "must be one of"},
			"no number":             {ann, f.ReportID, cases.Correction{Kind: cases.ExtractNumber, Value: "caller"}, cases.ErrInvalid, "which number"},
			"no number at all":      {ann, f.ReportID, cases.Correction{Kind: cases.ExtractNumber, Number: "banana", Value: "caller"}, cases.ErrInvalid, "not a telephone number"},
			"no role":               {ann, f.ReportID, cases.Correction{Kind: cases.ExtractNumber, Number: "+12025550143", Value: "friend"}, cases.ErrInvalid, "caller, callback, called"},
			"no pretext":            {ann, f.ReportID, cases.Correction{Kind: cases.ExtractPretext, Value: "astrology"}, cases.ErrInvalid, "warranty"},
			"no money":              {ann, f.ReportID, cases.Correction{Kind: cases.ExtractLost, Value: "a lot"}, cases.ErrInvalid, "50.00 USD"},
			"no time":               {ann, f.ReportID, cases.Correction{Kind: cases.ExtractTime, Value: "tomorrow"}, cases.ErrInvalid, "2026-03-02T15:10:00Z"},
			"a time to come":        {ann, f.ReportID, cases.Correction{Kind: cases.ExtractTime, Value: "2027-01-01T00:00:00Z"}, cases.ErrInvalid, "future"},
			"no count":              {ann, f.ReportID, cases.Correction{Kind: cases.ExtractOccurrences, Value: "0"}, cases.ErrInvalid, "1 to 1000000"},
			"too long":              {ann, f.ReportID, cases.Correction{Kind: cases.ExtractImpersonated, Value: strings.Repeat("x", 321)}, cases.ErrInvalid, "320"},
		} {
			_, err := w.desk.Correct(ctx, tt.actor, f.CaseRef, tt.report, tt.x)
			if err == nil {
				t.Errorf("%s: taken", name)
				continue
			}
			w.refused(err, tt.kind, tt.says)
		}
		rows, err := w.store.Corrections(ctx, f.ReportID)
		w.must(err)
		if len(rows) != 0 {
			t.Errorf("kept all the same: %+v", rows)
		}
	})
}
