package calls

import (
	"fmt"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// Producer names what made a finding; the number grows when a verdict can come
// out otherwise on the same evidence.
const Producer = "calls 2"

// Verdicts of an entitlement finding.
const (
	EntitledCaller = "entitled"      // the account that called had the right to show the number
	EntitledOther  = "not_entitled"  // it had none
	EntitledHolder = "held_by_us"    // no call is matched; a customer of ours had the right
	EntitledNobody = "not_ours_then" // no call is matched; no customer of ours had it
)

// Findings judges all the evidence: one finding about corroboration and one
// about the parties, and one about attestation and one about entitlement for
// each number that was shown. Times of creation and ids are for the store.
//
// Of a text message the call history says nothing: neither that we carried it
// nor that we did not. Only whose number it shows is asked.
func Findings(e Evidence) []cases.Finding {
	if e.Report.Category == cases.CategoryTextSpam {
		return textFindings(e)
	}
	c := Corroborate(e)
	p := IdentifyParties(e, c)
	callers := Callers(e.Subjects)
	subject := ""
	if len(callers) > 0 {
		subject = callers[0]
	} else if to := called(e.Subjects); len(to) > 0 {
		subject = to[0]
	}
	// What is said of the parties is said of the number that the call showed.
	shown := subject
	if h, ok := c.best(); ok {
		shown = h.From
	} else if len(callers) == 0 {
		shown = ""
	}
	out := []cases.Finding{finding(e, cases.FindingCorroboration, subject, string(c.Verdict), c.Summary, c.Window.From, c.Window.To,
		cases.FindingData{Calls: c.Calls, Matched: c.Matched, Missing: c.Missing, Called: c.reached(e), Honeypots: c.honeypots, Sources: e.Coverage})}
	out[0].Incomplete = !c.Awaiting.IsZero()
	for _, number := range callers {
		at := c.timeOf(number)
		out = append(out, attestationFinding(e, number, at), entitlementFinding(e, p, number, shown, at))
	}
	out = append(out, callbackFindings(e)...)
	return append(out, finding(e, cases.FindingParties, shown, partiesVerdict(c, p), partiesSummary(e, c, p, shown), c.Window.From, c.Window.To,
		cases.FindingData{Parties: &p}))
}

// NoteText is the summary of a text message's corroboration.
const NoteText = "A text message: call history says nothing about it."

func textFindings(e Evidence) []cases.Finding {
	w := WindowOf(e.Report)
	callers := Callers(e.Subjects)
	subject := ""
	if len(callers) > 0 {
		subject = callers[0]
	}
	out := []cases.Finding{finding(e, cases.FindingCorroboration, subject, string(cases.CorroborationUnknown), NoteText, w.From, w.To, cases.FindingData{})}
	for _, number := range callers {
		out = append(out, entitlementFinding(e, cases.Parties{}, number, "", w.middle()))
	}
	return append(out, callbackFindings(e)...)
}

func finding(e Evidence, kind cases.FindingKind, subject, verdict, summary string, from, to time.Time, data cases.FindingData) cases.Finding {
	return cases.Finding{ReportID: e.Report.ID, Kind: kind, Subject: subject, Verdict: verdict, Summary: summary, Data: data,
		WindowFrom: &from, WindowTo: &to, Producer: Producer}
}

func attestationFinding(e Evidence, number string, at time.Time) cases.Finding {
	from, to := at.Add(-SampleAround), at.Add(SampleAround)
	var near []cases.Call
	for _, x := range e.Nearby {
		if x.From == number && !x.StartedAt.Before(from) && !x.StartedAt.After(to) {
			near = append(near, x)
		}
	}
	share, n := AttestationShare(near)
	return finding(e, cases.FindingAttestation, number, attestationVerdict(share, n), attestationSummary(numbers.Format(number), share, n), from, to,
		cases.FindingData{Attestation: share, Sample: n})
}

func entitlementFinding(e Evidence, p cases.Parties, number, shown string, at time.Time) cases.Finding {
	var of []cases.Entitlement
	for _, x := range e.Entitlements {
		if x.E164 == number {
			of = append(of, x)
		}
	}
	held := cases.EntitledAt(of, at)
	verdict := EntitledNobody
	switch {
	case p.Originating != "" && number == shown && p.Entitled:
		verdict = EntitledCaller
	case p.Originating != "" && number == shown:
		verdict = EntitledOther
	case len(held) > 0:
		verdict = EntitledHolder
	}
	return finding(e, cases.FindingEntitlement, number, verdict, entitlementSummary(e, verdict, p, number, at, held), at, at,
		cases.FindingData{Entitlements: held})
}

var kindNames = map[cases.EntitlementKind]string{cases.EntitlementAssigned: "assignment", cases.EntitlementLOA: "letter of authorisation",
	cases.EntitlementVerified: "verified caller ID", cases.EntitlementRespOrg: "RespOrg"}

func entitlementSummary(e Evidence, verdict string, p cases.Parties, number string, at time.Time, held []cases.Entitlement) string {
	shown := numbers.Format(number)
	var who []string
	for _, x := range held {
		who = append(who, e.accountName(x.AccountID)+" by "+kindNames[x.Kind])
	}
	s := fmt.Sprintf("On %s no account of ours had a recorded right to show %s.", moment(at), shown)
	if len(who) > 0 {
		s = fmt.Sprintf("On %s the right to show %s was with %s.", moment(at), shown, strings.Join(who, " and "))
	}
	switch {
	case verdict == EntitledOther:
		s += fmt.Sprintf(" Account %s, which called, had none on record.", e.accountName(p.Originating))
	case verdict == EntitledHolder:
		s += " Having a number that others show is no evidence of anything."
	}
	return s
}
