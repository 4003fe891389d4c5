package calls

import (
	"math"
	"strings"
	"testing"

	"github.com/abusedesk/abusedesk/cases"
)

func partial(r cases.Report, role cases.NumberRole, pattern string) cases.Report {
	r.Details.Partials = append(r.Details.Partials, cases.PartialNumber{Pattern: pattern, Role: role})
	return r
}

func TestCorroborateByLessThanTheWholeNumbers(t *testing.T) {
	ten := reportAt(at("10:00:00"))
	toVictim := about("", calledNumber)[1:]
	for name, tt := range map[string]struct {
		e          Evidence
		want       cases.Corroboration
		matched    int
		confidence float64
		missing    string
		says       string
	}{
		"the shown number in part": {
			Evidence{Report: partial(ten, cases.RoleCaller, "+120255501??"), Subjects: toVictim, Coverage: complete, Matches: []cases.Call{out("a", shownNumber, calledNumber, "10:00:00"), out("b", "+12125550143", calledNumber, "10:00:00")}},
			cases.CorroborationProbable, 1, 0.99 * partWorth, "the whole number that was shown", "+1 202 555 0143 to +1 312 555 0199 on 10 Nov 2026 10:00 UTC, at the stated time, from account acme; of a number the report tells some digits only."},
		"its end": {
			Evidence{Report: partial(ten, cases.RoleCaller, "*0143"), Subjects: toVictim, Coverage: complete, Matches: []cases.Call{out("a", shownNumber, calledNumber, "10:00:00"), out("b", "+12125550144", calledNumber, "10:00:00")}},
			cases.CorroborationProbable, 1, 0.99 * partWorth, "the whole number that was shown", ""},
		"nothing fits the digits": {
			Evidence{Report: partial(ten, cases.RoleCaller, "*0143"), Subjects: toVictim, Coverage: complete, Matches: []cases.Call{out("b", "+12125550144", calledNumber, "10:00:00")}},
			cases.CorroborationNotSeen, 0, 0, "", "have no call from a number ending in 0143 to +1 312 555 0199"},
		"the called number in part": {
			Evidence{Report: partial(ten, cases.RoleCalled, "*0199"), Subjects: about(shownNumber), Coverage: complete, Matches: []cases.Call{out("a", shownNumber, calledNumber, "10:00:00"), out("b", shownNumber, otherNumber, "10:00:00")}},
			cases.CorroborationProbable, 1, 0.99 * partWorth, "the whole number that was called", "1 call that showed the number went to other numbers."},
		"both in part: nothing to look it up by": {
			Evidence{Report: partial(partial(ten, cases.RoleCaller, "*0143"), cases.RoleCalled, "*0199"), Coverage: complete},
			cases.CorroborationUnknown, 0, 0, "the whole number that was shown, the whole number that was called", "some digits of a number only"},
		"a number of another complaint": {
			Evidence{Report: ten, Subjects: about(shownNumber), OtherCalled: []string{calledNumber}, Coverage: complete, Matches: []cases.Call{out("a", shownNumber, otherNumber, "10:00:00"), out("b", shownNumber, calledNumber, "10:00:00")}},
			cases.CorroborationProbable, 2, 0.99 * otherWorth, "the number that was called", "on 10 Nov 2026 10:00 UTC, at the stated time, from account acme; the called number is of another complaint of the same reporter."},
		"a number of another complaint, without a time": {
			Evidence{Report: reportAt(), Subjects: about(shownNumber), OtherCalled: []string{calledNumber}, Coverage: complete, Matches: []cases.Call{out("b", shownNumber, calledNumber, "03:00:00")}},
			cases.CorroborationProbable, 1, 0.6 * otherWorth, "the number that was called, the time of the call", ""},
		"another complaint's number, where this one says which": {
			Evidence{Report: ten, Subjects: about(shownNumber, otherNumber), OtherCalled: []string{calledNumber}, Coverage: complete, Matches: []cases.Call{out("b", shownNumber, calledNumber, "10:00:00")}},
			cases.CorroborationNotSeen, 0, 0, "", "1 call that showed the number went to other numbers."},
		"honeypots were called as well": {
			Evidence{Report: ten, Subjects: about(shownNumber, calledNumber), Coverage: complete, Honeypots: map[string]bool{otherNumber: true},
				Matches: []cases.Call{out("a", shownNumber, calledNumber, "10:00:00"), out("b", shownNumber, otherNumber, "10:01:00"), out("c", "+12125550100", otherNumber, "10:01:00")}},
			cases.CorroborationConfirmed, 1, 0.99, "", "1 call that showed the number went to honeypots of ours"},
		"a switch that has sent nothing": {
			Evidence{Report: ten, Subjects: about(shownNumber, calledNumber), Coverage: complete, Sources: []string{"sbc1", "sbc9"}},
			cases.CorroborationUnknown, 0, 0, "the records of sbc9: it has not said yet from when to when they are complete", "not complete"},
		"all switches that are configured": {
			Evidence{Report: ten, Subjects: about(shownNumber, calledNumber), Coverage: complete, Sources: []string{"sbc1", "sbc2"}},
			cases.CorroborationNotSeen, 0, 0, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := Corroborate(tt.e)
			if c.Verdict != tt.want || c.Matched != tt.matched || strings.Join(c.Missing, ", ") != tt.missing || !strings.Contains(c.Summary, tt.says) {
				t.Errorf("%s, %d matched, missing %q: %s", c.Verdict, c.Matched, c.Missing, c.Summary)
			}
			if tt.matched > 0 && math.Abs(c.Calls[0].Confidence-tt.confidence) > 1e-9 {
				t.Errorf("confidence %v, want %v", c.Calls[0].Confidence, tt.confidence)
			}
			if reached := c.reached(tt.e); (c.Verdict == cases.CorroborationConfirmed || c.Verdict == cases.CorroborationProbable) != (len(reached) > 0) || len(reached) > 0 && reached[0] != calledNumber {
				t.Errorf("reached %v", reached)
			}
		})
	}
}

func TestCallbacksAreAskedAbout(t *testing.T) {
	const hosted, foreign = "+18335550161", "+18005550100"
	sub := append(about(shownNumber, calledNumber), cases.Subject{E164: hosted, Role: cases.RoleCallback, Confidence: 1}, cases.Subject{E164: foreign, Role: cases.RoleCallback, Confidence: 1})
	year := at("00:00:00").AddDate(-1, 0, 0)
	held := []cases.Entitlement{{E164: hosted, AccountID: "acme", Kind: cases.EntitlementAssigned, From: year}}
	e := Evidence{Report: reportAt(at("10:00:00")), Subjects: sub, Coverage: complete, Entitlements: held, Accounts: map[string]cases.Account{"acme": {ID: "acme", Name: "Acme"}}}
	qs := CallbackQueries(e)
	if len(qs) != 2 || qs[0].From != calledNumber || qs[0].To != hosted || qs[1].From != "" || qs[1].To != hosted || !qs[1].Latest.Equal(at("12:01:00")) || !qs[1].Earliest.Equal(at("09:45:00").AddDate(0, 0, -7)) {
		t.Errorf("queries %+v", qs)
	}
	early := in("early", calledNumber, hosted, "09:00:00") // before the reported call: no answer to it
	for name, tt := range map[string]struct {
		inbound  []cases.Call
		coverage []cases.Coverage
		want     string
		matched  int
		says     string
	}{
		"the reporter called back": {[]cases.Call{in("a", otherNumber, hosted, "09:00:00"), in("b", calledNumber, hosted, "10:20:00"), in("b", calledNumber, hosted, "10:20:00")}, complete, CallbackReached, 2,
			"+1 833 555 0161, the number to call back, is ours: it was with Acme (acme) by assignment. The reporter’s number called it on 10 Nov 2026 10:20 UTC; 2 calls from 2 numbers reached it from 3 Nov 2026 09:45 UTC to 10 Nov 2026 12:01 UTC."},
		"others did":      {[]cases.Call{in("a", otherNumber, hosted, "09:00:00"), in("w", "", hosted, "09:10:00"), early}, complete, CallbackOthers, 3, "3 calls from 2 numbers reached it"},
		"nobody did":      {[]cases.Call{in("a", otherNumber, foreign, "10:20:00"), in("late", calledNumber, hosted, "12:02:00")}, complete, CallbackNobody, 0, "Nobody called it"},
		"records lacking": {nil, complete[:0], CallbackUnknown, 0, "not complete"},
	} {
		e.Inbound, e.Coverage = tt.inbound, tt.coverage
		var found []cases.Finding
		for _, f := range Findings(e) {
			if f.Kind == cases.FindingCallback {
				found = append(found, f)
			}
		}
		if len(found) != 1 {
			t.Fatalf("%s: %d findings", name, len(found))
		}
		f := found[0]
		if f.Subject != hosted || f.Verdict != tt.want || f.Data.Matched != tt.matched || !strings.Contains(f.Summary, tt.says) || len(f.Data.Entitlements) != 1 {
			t.Errorf("%s: %s, %d matched: %s", name, f.Verdict, f.Data.Matched, f.Summary)
		}
		if tt.want == CallbackReached && f.Data.Calls[0].SourceID != "b" {
			t.Errorf("%s: %+v is shown first", name, f.Data.Calls[0])
		}
	}
	// Given up before the report came, it was nobody's then.
	gone := at("11:00:00")
	e.Entitlements[0].Until = &gone
	if qs := CallbackQueries(e); qs != nil {
		t.Errorf("a number that is not ours is asked about: %+v", qs)
	}
}
