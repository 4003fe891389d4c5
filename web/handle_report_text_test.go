package web

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

func TestWhatWasFoundIsHighlighted(t *testing.T) {
	const text = "Yesterday +1 202 555 0143 took $40 of mine. ¡Basta!"
	at := func(s string) (int, int) { i := strings.Index(text, s); return i, i + len(s) }
	v := cases.ReportView{Report: cases.Report{Text: text}}
	from, to := at("+1 202 555 0143")
	v.Subjects = []cases.Subject{{StartAt: from, EndAt: to, Role: cases.RoleCaller, Confidence: 0.9}, {StartAt: -1, EndAt: -1, Role: cases.RoleCalled}}
	extract := func(k cases.ExtractKind, s string) {
		from, to := at(s)
		v.Details.Extracts = append(v.Details.Extracts, cases.Extract{Kind: k, Start: from, End: to, Confidence: 0.5})
	}
	extract(cases.ExtractTime, "Yesterday")
	extract(cases.ExtractLost, "$40")
	extract(cases.ExtractOccurrences, "202") // inside a number
	extract(cases.ExtractLanguage, "Basta")  // is no place
	extract(cases.ExtractTraceback+".campaign", "of mine")
	v.Details.Extracts = append(v.Details.Extracts, cases.Extract{Kind: cases.ExtractLane, Start: 3, End: 999}, cases.Extract{Kind: cases.ExtractLane, Start: strings.Index(text, "¡") + 1, End: len(text)})
	marked := func(text, what string, confidence float64) Segment {
		return Segment{Text: text, Mark: what, Confidence: confidence}
	}
	want := []Segment{marked("Yesterday", "time of the call", 0.5), {Text: " "}, marked("+1 202 555 0143", "number shown", 0.9), {Text: " took "}, marked("$40", "money lost", 0.5), {Text: " "},
		marked("of mine", "traceback request", 0.5), {Text: ". ¡Basta!"}}
	r := CaseReport{Text: highlighted(v)}
	for _, g := range r.Text {
		if (g.Mark != "") != (g.Fix != nil) {
			t.Errorf("%q: can be corrected: %v", g.Text, g.Fix != nil)
		}
	}
	r.plain()
	if diff := cmp.Diff(want, r.Text); diff != "" {
		t.Error(diff)
	}
}

func TestMoneyWord(t *testing.T) {
	for m, want := range map[cases.Money]string{{}: "", {Hundredths: 4000, Currency: "USD"}: "40 USD", {Hundredths: 120_050, Currency: "EUR"}: "1,200.50 EUR", {Hundredths: 5}: "0.05"} {
		if got := moneyWord(m); got != want {
			t.Errorf("%+v: %q, want %q", m, got, want)
		}
	}
}
