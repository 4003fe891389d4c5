package calls

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

const (
	shownNumber  = "+12025550143"
	calledNumber = "+13125550199"
	otherNumber  = "+13125550198"
)

// at is a time of 10 November 2026; the reports come at noon.
func at(clock string) time.Time {
	t, err := time.Parse("15:04:05", clock)
	if err != nil {
		panic(err)
	}
	return t.AddDate(2026, 10, 9)
}

func reportAt(stated ...time.Time) cases.Report {
	r := cases.Report{ID: 7, ReceivedAt: at("12:00:00"), Category: cases.CategoryRobocall}
	if len(stated) > 0 {
		r.Earliest, r.Latest = &stated[0], &stated[len(stated)-1]
	}
	return r
}

func about(numbers ...string) []cases.Subject {
	out := []cases.Subject{{E164: numbers[0], Role: cases.RoleCaller, Confidence: 1}}
	for _, n := range numbers[1:] {
		out = append(out, cases.Subject{E164: n, Role: cases.RoleCalled, Confidence: 1})
	}
	return out
}

func out(id, from, to, clock string) cases.Call {
	return cases.Call{Source: "sbc1", SourceID: id, AccountID: "acme", Connection: "acme-1", Direction: "outbound", From: from, To: to,
		StartedAt: at(clock), BilledSeconds: 20, SIPCode: 200, Attest: "A"}
}

func in(id, from, to, clock string) cases.Call {
	return cases.Call{Source: "sbc1", SourceID: id, AccountID: "victim", Direction: "inbound", From: from, To: to, Peer: "carrier-x",
		StartedAt: at(clock), BilledSeconds: 20, SIPCode: 200}
}

// complete covers everything up to the reports.
var complete = []cases.Coverage{{Source: "sbc1", From: at("00:00:00").AddDate(0, -2, 0), Through: at("12:30:00")},
	{Source: "sbc2", From: at("00:00:00").AddDate(0, -2, 0), Through: at("12:30:00")}}

func TestCorroborate(t *testing.T) {
	lagging := []cases.Coverage{complete[0], {Source: "sbc2", From: complete[0].From, Through: at("10:00:00")}}
	owner := reportAt(at("10:00:00"))
	owner.ReporterKind, owner.Category = cases.ReporterNumberOwner, cases.CategorySpoofedMyNumber
	held := []cases.Entitlement{{E164: shownNumber, AccountID: "acme", Kind: cases.EntitlementAssigned, From: at("00:00:00").AddDate(-1, 0, 0)}}
	many := make([]cases.Call, MatchLimit)
	for i := range many {
		many[i] = out(fmt.Sprint(i), shownNumber, otherNumber, "10:00:00")
	}
	unsure := about(shownNumber, calledNumber)
	unsure[1].Confidence = 0.3

	tests := map[string]struct {
		e       Evidence
		want    cases.Corroboration
		matched int
		missing string
		says    string
	}{
		"both numbers at the stated time": {
			Evidence{Report: reportAt(at("10:00:00")), Subjects: about(shownNumber, calledNumber), Coverage: lagging, Matches: []cases.Call{out("a", shownNumber, calledNumber, "10:03:00")}},
			cases.CorroborationConfirmed, 1, "", "We carried this call: +1 202 555 0143 to +1 312 555 0199 on 10 Nov 2026 10:03 UTC, 3 minutes after the stated time, from account acme."},
		"it came in to us": {
			Evidence{Report: reportAt(at("10:00:00")), Subjects: about(shownNumber, calledNumber), Coverage: complete, Matches: []cases.Call{in("a", shownNumber, calledNumber, "09:46:00")}},
			cases.CorroborationConfirmed, 1, "", "14 minutes before the stated time, which came in from carrier-x."},
		"outside the tolerance": {
			Evidence{Report: reportAt(at("10:00:00")), Subjects: about(shownNumber, calledNumber), Coverage: complete, Matches: []cases.Call{out("a", shownNumber, calledNumber, "10:15:01")}},
			cases.CorroborationNotSeen, 0, "", "Not carried by us: our records are complete from 10 Nov 2026 09:45 UTC to 10 Nov 2026 10:15 UTC and have no call from +1 202 555 0143 to +1 312 555 0199."},
		"at its edge": {
			Evidence{Report: reportAt(at("10:00:00")), Subjects: about(shownNumber, calledNumber), Matches: []cases.Call{out("a", shownNumber, calledNumber, "10:15:00")}},
			cases.CorroborationConfirmed, 1, "", ""},
		"a range for the zone": {
			Evidence{Report: reportAt(at("05:00:00"), at("11:00:00")), Subjects: about(shownNumber, calledNumber), Matches: []cases.Call{out("a", shownNumber, calledNumber, "06:00:00")}},
			cases.CorroborationConfirmed, 1, "", "at the stated time"},
		"the hour is not known": {
			Evidence{Report: reportAt(at("00:00:00").AddDate(0, 0, -1), at("00:00:00")), Subjects: about(shownNumber, calledNumber), Coverage: complete, Matches: []cases.Call{out("a", shownNumber, calledNumber, "00:10:00")}},
			cases.CorroborationProbable, 1, "the hour of the call", "We probably carried this call"},
		"the called number is not known": {
			Evidence{Report: reportAt(at("10:00:00")), Subjects: about(shownNumber), Coverage: complete, Matches: []cases.Call{out("a", shownNumber, otherNumber, "10:01:00"), out("b", shownNumber, calledNumber, "10:02:00")}},
			cases.CorroborationProbable, 2, "the number that was called", "We probably carried this call: 2 calls showed"},
		"the called number is a guess": {
			Evidence{Report: reportAt(at("10:00:00")), Subjects: unsure, Coverage: complete, Matches: []cases.Call{out("a", shownNumber, otherNumber, "10:01:00")}},
			cases.CorroborationProbable, 1, "the number that was called", ""},
		"no time, both numbers": {
			Evidence{Report: reportAt(), Subjects: about(shownNumber, calledNumber), Coverage: complete, Matches: []cases.Call{out("a", shownNumber, calledNumber, "03:00:00")}},
			cases.CorroborationProbable, 1, "the time of the call", "though the report does not say when it was"},
		"no time, no called number: anybody's calls": {
			Evidence{Report: reportAt(), Subjects: about(shownNumber), Coverage: complete, Matches: []cases.Call{out("a", shownNumber, calledNumber, "03:00:00")}},
			cases.CorroborationUnknown, 1, "the number that was called, the time of the call", "gives neither the time nor the called number"},
		"no time and no call": {
			Evidence{Report: reportAt(), Subjects: about(shownNumber), Coverage: complete},
			cases.CorroborationNotSeen, 0, "", "from 11 Oct 2026 12:01 UTC to 10 Nov 2026 12:01 UTC"},
		"calls to others are not this call": {
			Evidence{Report: reportAt(at("10:00:00")), Subjects: about(shownNumber, calledNumber), Coverage: complete, Matches: []cases.Call{out("a", shownNumber, otherNumber, "10:00:00")}},
			cases.CorroborationNotSeen, 0, "", "1 call that showed the number went to other numbers."},
		"records not complete yet": {
			Evidence{Report: reportAt(at("10:00:00")), Subjects: about(shownNumber, calledNumber), Coverage: lagging},
			cases.CorroborationUnknown, 0, "the records of sbc2 after 10 Nov 2026 10:00 UTC: not complete yet", "we cannot say we did not carry it"},
		"records that begin too late": {
			Evidence{Report: reportAt(), Subjects: about(shownNumber, calledNumber), Coverage: []cases.Coverage{{Source: "sbc1", From: at("09:00:00"), Through: at("12:30:00")}}},
			cases.CorroborationUnknown, 0, "the time of the call, the records of sbc1 before 10 Nov 2026 09:00 UTC", ""},
		"no source promises anything": {
			Evidence{Report: reportAt(at("10:00:00")), Subjects: about(shownNumber, calledNumber)},
			cases.CorroborationUnknown, 0, "call records: no source has said from when to when its records are complete", ""},
		"a source that covers nothing yet": {
			Evidence{Report: reportAt(at("10:00:00")), Subjects: about(shownNumber, calledNumber), Coverage: []cases.Coverage{complete[0], {Source: "new", From: at("09:59:00"), Through: at("09:59:00")}}},
			cases.CorroborationUnknown, 0, "the records of new: complete only from 10 Nov 2026 09:59 UTC until 10 Nov 2026 09:59 UTC", ""},
		"no number": {
			Evidence{Report: reportAt(at("10:00:00")), Coverage: complete},
			cases.CorroborationUnknown, 0, "the number that was shown, the number that was called", "names no number"},
		"only the called number, and calls to it": {
			Evidence{Report: reportAt(at("10:00:00")), Subjects: about(shownNumber, calledNumber)[1:], Coverage: complete, Matches: []cases.Call{out("a", "", calledNumber, "10:00:00")}},
			cases.CorroborationUnknown, 1, "the number that was shown", "We carried 1 call to"},
		"only the called number, and no call to it": {
			Evidence{Report: reportAt(at("10:00:00")), Subjects: about(shownNumber, calledNumber)[1:], Coverage: complete},
			cases.CorroborationNotSeen, 0, "", "have no call to +1 312 555 0199"},
		"a time after the report is none": {
			Evidence{Report: reportAt(at("23:00:00")), Subjects: about(shownNumber, calledNumber), Coverage: complete, Matches: []cases.Call{out("a", shownNumber, calledNumber, "11:00:00")}},
			cases.CorroborationProbable, 1, "the time of the call: the stated time is after the report", ""},
		"an owner's own calls are not the spoofer's": {
			Evidence{Report: owner, Subjects: about(shownNumber), Coverage: complete, Entitlements: held, Matches: []cases.Call{out("a", shownNumber, otherNumber, "10:00:00"), in("b", shownNumber, otherNumber, "10:00:02")}},
			cases.CorroborationNotSeen, 0, "", "by anybody but its holder. 1 call by accounts with the right to show the number were left out."},
		"a reseller's right counts for those below": {
			Evidence{Report: owner, Subjects: about(shownNumber), Coverage: complete, Entitlements: []cases.Entitlement{{E164: shownNumber, AccountID: "top", From: held[0].From}},
				Paths: map[string][]cases.Account{"acme": {{ID: "top"}}}, Matches: []cases.Call{out("a", shownNumber, otherNumber, "10:00:00")}},
			cases.CorroborationNotSeen, 0, "", ""},
		"an owner, and somebody else's calls": {
			Evidence{Report: owner, Subjects: about(shownNumber), Coverage: complete, Entitlements: held, Matches: []cases.Call{in("b", shownNumber, otherNumber, "10:00:02")}},
			cases.CorroborationProbable, 1, "the number that was called", ""},
		"an owner with more calls than we look at": {
			Evidence{Report: owner, Subjects: about(shownNumber), Coverage: complete, Entitlements: held, Matches: many},
			cases.CorroborationUnknown, 0, "the number that was called, a narrower time: the number has too many calls to look at them all", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := Corroborate(tt.e)
			if c.Verdict != tt.want || c.Matched != tt.matched {
				t.Errorf("%s with %d calls, want %s with %d (%s)", c.Verdict, c.Matched, tt.want, tt.matched, c.Summary)
			}
			if got := strings.Join(c.Missing, ", "); got != tt.missing {
				t.Errorf("missing %q, want %q", got, tt.missing)
			}
			if !strings.Contains(c.Summary, tt.says) {
				t.Errorf("summary %q does not say %q", c.Summary, tt.says)
			}
		})
	}
}

func TestAwaitsRecordsThatAreNotCompleteYet(t *testing.T) {
	e := Evidence{Report: reportAt(at("10:00:00")), Subjects: about(shownNumber, calledNumber)}
	if got := Corroborate(e).Awaiting; !got.Equal(at("10:15:00")) {
		t.Errorf("awaits %v, want the end of the window", got)
	}
	if f := Findings(e)[0]; !f.Incomplete || !f.WindowTo.Equal(at("10:15:00")) {
		t.Errorf("finding incomplete: %v, until %v", f.Incomplete, f.WindowTo)
	}
	e.Coverage = complete
	if Findings(e)[0].Incomplete {
		t.Error("complete, and yet incomplete")
	}
	if got := Corroborate(e).Awaiting; !got.IsZero() {
		t.Errorf("nothing to wait for, but awaits %v", got)
	}
}

func TestCallsAreOrderedByFit(t *testing.T) {
	e := Evidence{Report: reportAt(at("10:00:00")), Subjects: about(shownNumber, calledNumber), Matches: []cases.Call{
		out("late", shownNumber, calledNumber, "10:14:00"), out("best", shownNumber, calledNumber, "10:00:00"), out("best", shownNumber, calledNumber, "10:00:00"),
		out("near", shownNumber, calledNumber, "09:58:00")}}
	c := Corroborate(e)
	var got []string
	for _, r := range c.Calls {
		got = append(got, fmt.Sprintf("%s %.2f %s", r.SourceID, r.Confidence, r.Reason))
	}
	want := []string{"best 0.99 both numbers match, at the stated time", "near 0.96 both numbers match, 2 minutes before the stated time",
		"late 0.80 both numbers match, 14 minutes after the stated time"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestLegsOfOneCallCountOnce(t *testing.T) {
	a, b := out("a", shownNumber, calledNumber, "10:00:00"), in("b", shownNumber, calledNumber, "10:00:02")
	c, d := out("c", shownNumber, calledNumber, "10:05:00"), in("d", shownNumber, calledNumber, "10:09:00")
	c.CorrelationID, d.CorrelationID = "x", "x"
	e := in("e", shownNumber, calledNumber, "10:00:01")
	got := legs([]cases.Call{b, e, d, a, c, a})
	var s []string
	for _, l := range got {
		s = append(s, l.SourceID+" of "+l.account()+" via "+l.provider())
	}
	// e came in a second after a, as did b: one of them is another call.
	if want := "a of acme via carrier-x, c of acme via carrier-x, b of  via carrier-x"; strings.Join(s, ", ") != want {
		t.Errorf("legs %q, want %q", strings.Join(s, ", "), want)
	}
}

func TestQueries(t *testing.T) {
	sub := append(about(shownNumber, calledNumber), cases.Subject{E164: "+12025550155", Role: cases.RoleCaller, Confidence: 0.5},
		cases.Subject{E164: "+18005550100", Role: cases.RoleCallback, Confidence: 1}, cases.Subject{E164: otherNumber, Role: cases.RoleCalled, Confidence: 0.2})
	short := func(qs []cases.CallQuery) string {
		var s []string
		for _, q := range qs {
			s = append(s, q.From+">"+q.To)
		}
		return strings.Join(s, " ")
	}
	r := reportAt(at("10:00:00"))
	got := Queries(Evidence{Report: r, Subjects: sub})
	if want := "+12025550143>+13125550199 +12025550155>+13125550199"; short(got) != want {
		t.Errorf("queries %s, want %s", short(got), want)
	}
	if got, want := short(WiderQueries(Evidence{Report: r, Subjects: sub})), "+12025550143> +12025550155>"; got != want {
		t.Errorf("wider queries %s, want %s", got, want)
	}
	if got := WiderQueries(Evidence{Report: r, Subjects: sub, Matches: []cases.Call{out("a", shownNumber, calledNumber, "10:00:00")}}); got != nil {
		t.Errorf("a call was found, and more is looked for: %s", short(got))
	}
	if got, want := short(Queries(Evidence{Report: r, Subjects: about(shownNumber), OtherCalled: []string{otherNumber}})), "+12025550143>+13125550198"; got != want {
		t.Errorf("with another complaint's number %s, want %s", got, want)
	}
	if q := got[0]; !q.Earliest.Equal(at("09:45:00")) || !q.Latest.Equal(at("10:15:00")) || q.Limit != MatchLimit {
		t.Errorf("window of %+v", q)
	}
	if got := short(WiderQueries(Evidence{Report: r, Subjects: sub[1:2]})); got != ">+13125550199" {
		t.Errorf("called number alone: %s", got)
	}
	if got := append(Queries(Evidence{Report: r}), WiderQueries(Evidence{Report: r})...); got != nil {
		t.Errorf("no number: %v", got)
	}
	// A call that is reported was over: the window ends with the report.
	if w := WindowOf(reportAt(at("11:55:00"))); !w.To.Equal(at("12:01:00")) {
		t.Errorf("window to %v, want the report's receipt", w.To)
	}
	// The sample is around the call that fits, or around the window.
	e := Evidence{Report: r, Subjects: about(shownNumber, calledNumber), Matches: []cases.Call{out("a", shownNumber, calledNumber, "10:10:00")}}
	if q := SampleQueries(e)[0]; !q.Earliest.Equal(at("10:10:00").Add(-SampleAround)) || !q.Latest.Equal(at("10:10:00").Add(SampleAround)) || q.To != "" {
		t.Errorf("sample %+v", q)
	}
	e.Matches = nil
	if q := SampleQueries(e)[0]; !q.Earliest.Equal(at("10:00:00").Add(-SampleAround)) {
		t.Errorf("sample without a call %+v", q)
	}
}
