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
			"lane": {"threat_to_life"}, "occurred_at": {"2026-11-23T09:00:00Z"}, "occurrences": {"3"}}
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

// What somebody corrected stays so when the reporter writes again, and says the
// same as before.
func TestCorrectionsSurviveAReply(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		const words = "A robocall about my car warranty from 202-555-0143, and I lost $40. Somebody will kill me tonight."
		f := w.submit(`{"description":"` + words + `"}`)
		w.work()
		v, err := w.desk.Report(ctx, ann, f.ReportID)
		w.must(err)
		if v.Lane != cases.LaneLife || v.Pretext == "" || v.Details.Lost.Hundredths == 0 {
			t.Fatalf("read as %+v", v.Report)
		}
		for _, x := range []cases.Correction{{Kind: cases.ExtractNumber, Number: "+12025550143"}, {Kind: cases.ExtractLane}, {Kind: cases.ExtractPretext}, {Kind: cases.ExtractLost}} {
			_, err := w.desk.Correct(ctx, ann, f.CaseRef, f.ReportID, x)
			w.must(err)
		}
		w.accept(addition(v.Token, words+" I wrote that before, from 303-555-0171."))
		w.work()
		v, err = w.desk.Report(ctx, ann, f.ReportID)
		w.must(err)
		if got := roles(v); got != "caller +13035550171" || v.Lane != "" || v.Pretext != "" || v.Details.Lost.Hundredths != 0 || len(v.Messages) != 2 {
			t.Errorf("%s, lane %q, pretext %q, lost %v", got, v.Lane, v.Pretext, v.Details.Lost)
		}
		if again := w.tell("+12025550143", "x"); again.CaseRef == f.CaseRef {
			t.Error("the number that is none leads to the case again")
		}
		if d := w.dossier(f.CaseRef); d.Case.Lane != "" {
			t.Errorf("the case is in the lane %q", d.Case.Lane)
		}
	})
}

// A traceback request holds none of the numbers that it asks about, also when
// one is corrected; who asks decides its clock, and its reference where reminders go.
func TestCorrectTracebackRequest(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tracing(t, w)
		ctx := t.Context()
		abuse := w.tell("+13125550188", "They rang.")
		f, _ := w.request(authentic, "Message-ID: <t1@itg.example>")
		correct := func(x cases.Correction) error {
			_, err := w.desk.Correct(ctx, ann, f.CaseRef, f.ReportID, x)
			return err
		}
		w.must(correct(cases.Correction{Kind: cases.ExtractNumber, Number: "+13125550188", Value: "caller"}))
		if again := w.tell("+17244428039", "They rang me too."); again.CaseRef == f.CaseRef {
			t.Errorf("a complaint went to the traceback case")
		}
		if d := w.dossier(f.CaseRef); !slices.ContainsFunc(d.Related, func(r cases.Related) bool { return r.Ref == abuse.CaseRef }) {
			t.Errorf("not related to the case about its number: %+v", d.Related)
		}
		w.must(correct(cases.Correction{Kind: cases.ExtractReporter, Value: "carrier"}))
		w.work()
		if d := w.dossier(f.CaseRef); d.Case.Facts.Traceback.Clock.Running() || d.Requests[0].DueAt != nil {
			t.Errorf("a carrier's request has the clock %+v", d.Case.Facts.Traceback.Clock)
		}
		w.must(correct(cases.Correction{Kind: cases.ExtractReporter, Value: "regulator"}))
		w.work()
		if d := w.dossier(f.CaseRef); !d.Case.Facts.Traceback.Clock.Running() || d.Case.DueAt == nil || !d.Case.DueAt.Equal(d.Case.Facts.Traceback.Clock.Due) {
			t.Errorf("a regulator's request has the clock %+v, due %v", d.Case.Facts.Traceback.Clock, d.Case.DueAt)
		}
		w.must(correct(cases.Correction{Kind: "traceback.reference", Value: "TB-99999"}))
		reminder, _ := w.fileMail("From: Trace Desk <trace@itg.example>", authentic, "Message-ID: <t2@itg.example>", "To: abuse@desk.example", "Subject: Traceback request TB-99999", "",
			"Industry traceback request, traceback ID: TB-99999, calling number +17244428039", "")
		if reminder.CaseRef != f.CaseRef {
			t.Errorf("the reminder with the right reference went to %s", reminder.CaseRef)
		}
		other, _ := w.fileMail("From: Trace Desk <trace@itg.example>", authentic, "Message-ID: <t3@itg.example>", "To: abuse@desk.example", "Subject: Traceback request TB-20455", "",
			"Industry traceback request, traceback ID: TB-20455, calling number +17244428039", "")
		if other.CaseRef == f.CaseRef {
			t.Error("the reference that was read wrong leads to the case still")
		}
		w.refused(correct(cases.Correction{Kind: cases.ExtractCategory, Value: "robocall"}), cases.ErrConflict, "a case of its own kind")
		_, err := w.desk.Correct(ctx, ann, abuse.CaseRef, abuse.ReportID, cases.Correction{Kind: cases.ExtractCategory, Value: "traceback"})
		w.refused(err, cases.ErrConflict, "a case of its own kind")
		_, err = w.desk.Correct(ctx, ann, abuse.CaseRef, abuse.ReportID, cases.Correction{Kind: "traceback.reference", Value: "x"})
		w.refused(err, cases.ErrConflict, "no traceback request")
	})
}

// A traceback request that is asked in the conversation about abuse is a case of
// its own all the same.
func TestTracebackRequestAsAReply(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tracing(t, w)
		first, letters := w.fileMail("From: Trace Desk <trace@itg.example>", authentic, "Message-ID: <a1@itg.example>", "To: abuse@desk.example", "Subject: robocalls", "", "We see robocalls from +12025550143.", "")
		if len(letters) != 1 {
			t.Fatalf("sent %+v", letters)
		}
		f, _ := w.request("From: Trace Desk <trace@itg.example>", authentic, "Message-ID: <t1@itg.example>", "In-Reply-To: <"+letters[0].Sending.MessageID+">")
		d := w.dossier(f.CaseRef)
		if f.CaseRef == first.CaseRef || d.Case.Kind != cases.CaseTraceback || len(d.Requests) != 1 {
			t.Fatalf("filed in %s, a case of kind %s", f.CaseRef, d.Case.Kind)
		}
		if !slices.ContainsFunc(d.Related, func(r cases.Related) bool {
			return r.Ref == first.CaseRef && strings.Contains(r.Reason, "was asked in")
		}) {
			t.Errorf("related: %+v", d.Related)
		}
	})
}

// A lane that an analyst sees alerts like one that the program sees.
func TestCorrectedLaneAlerts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.desk.AlertMail = []string{"duty@desk.example"}
		f := w.submit(`{"description":"He said that he will come tonight. From 202-555-0143."}`)
		w.work()
		w.tellAll()
		for range 2 { // taken back, and said again: one alert
			for _, lane := range []string{"threat_to_life", ""} {
				_, err := w.desk.Correct(ctx, ann, f.CaseRef, f.ReportID, cases.Correction{Kind: cases.ExtractLane, Value: lane})
				w.must(err)
				w.work()
			}
		}
		var alerts int
		for _, x := range w.dossier(f.CaseRef).Sendings {
			if x.Kind == cases.SendingAlert {
				alerts++
			}
		}
		if alerts != 1 {
			t.Errorf("%d alerts", alerts)
		}
	})
}

// A call that fits a number which was no caller is no call of the case.
func TestCorrectedCallerIsNotCorroborated(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tracing(t, w)
		ctx := t.Context()
		f := w.submit(`{"description":"They rang.","caller_number":"+17244428039","called_number":"+13035550101","occurred_at":"2026-11-24T10:00:00Z"}`)
		w.work()
		if d := w.dossier(f.CaseRef); d.Case.Facts.Corroboration != cases.CorroborationConfirmed {
			t.Fatalf("%s", d.Case.Facts.Corroboration)
		}
		for _, x := range []cases.Correction{{Kind: cases.ExtractNumber, Number: "+17244428039"}, {Kind: cases.ExtractNumber, Number: "+13125550188", Value: "caller"}} {
			_, err := w.desk.Correct(ctx, ann, f.CaseRef, f.ReportID, x)
			w.must(err)
		}
		w.work()
		if d := w.dossier(f.CaseRef); d.Case.Facts.Confirmed != 0 || d.Case.Facts.Corroborated != 0 || d.Case.Facts.Attestation["B"] != 0 {
			t.Errorf("%+v", d.Case.Facts)
		}
	})
}
