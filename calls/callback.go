package calls

import (
	"fmt"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// CallbackAround is how long before the reported call, or the report, calls in to
// a number to call back are looked at: others were asked to call it as well.
const CallbackAround = 7 * 24 * time.Hour

// Verdicts of a callback finding.
const (
	CallbackReached = cases.CallbackReached
	CallbackOthers  = "receives_calls" // others did
	CallbackNobody  = "nobody"         // nobody did, and the records are complete
	CallbackUnknown = "unknown"
)

// Callbacks returns the numbers that the report says one was asked to call,
// surest first, at most five.
func Callbacks(subjects []cases.Subject) []string {
	return numbersOf(subjects, cases.RoleCallback, 0)
}

// callbackWindow is from a week before the call until the report came.
func callbackWindow(r cases.Report) (from, to time.Time) {
	w := WindowOf(r)
	to = r.ReceivedAt.UTC().Add(receiptSlack)
	from = w.From
	if early := to.Add(-CallbackAround); w.Known() {
		from = w.From.Add(-CallbackAround)
	} else if from.Before(early) {
		from = early
	}
	return from, to
}

// CallbackQueries says which calls tell about the numbers to call back that were
// ours: those that came in to each, and of these those from the numbers that the
// reporter was called at.
func CallbackQueries(e Evidence) []cases.CallQuery {
	from, to := callbackWindow(e.Report)
	var out []cases.CallQuery
	for _, n := range e.hostedCallbacks() {
		for _, own := range e.ownNumbers() {
			out = append(out, cases.CallQuery{From: own, To: n, Earliest: from, Latest: to, Limit: MatchLimit})
		}
		out = append(out, cases.CallQuery{To: n, Earliest: from, Latest: to, Limit: MatchLimit})
	}
	return out
}

// ownNumbers are what the reporter can have called back from.
func (e Evidence) ownNumbers() []string {
	return slices.Concat(called(e.Subjects), e.otherCalled())
}

// hostedCallbacks are those to which an account of ours had the right when the
// report came.
func (e Evidence) hostedCallbacks() []string {
	return slices.DeleteFunc(Callbacks(e.Subjects), func(n string) bool { return len(e.heldThen(n)) == 0 })
}

func (e Evidence) heldThen(number string) []cases.Entitlement {
	_, to := callbackWindow(e.Report)
	var of []cases.Entitlement
	for _, x := range e.Entitlements {
		if x.E164 == number && x.At(to) {
			of = append(of, x)
		}
	}
	return of
}

// callbackFindings say of each number to call back that is ours who holds it and
// who called it. Unlike a number that was shown, which anybody can show, a number to
// call back is only of use to whoever answers it: its holder is asked about it.
func callbackFindings(e Evidence) []cases.Finding {
	from, to := callbackWindow(e.Report)
	var out []cases.Finding
	for _, n := range e.hostedCallbacks() {
		var own, others []cases.CallRef
		callers := map[string]bool{}
		for _, l := range legs(e.Inbound) {
			if l.To != n || l.StartedAt.Before(from) || l.StartedAt.After(to) || l.From == n {
				continue
			}
			if l.From != "" {
				callers[l.From] = true
			}
			ref := cases.CallRef{Source: l.Source, SourceID: l.SourceID, StartedAt: l.StartedAt, From: l.From, To: l.To, AccountID: l.AccountID, Connection: l.Connection,
				Seconds: l.BilledSeconds, SIPCode: l.SIPCode, Attest: l.Attest, Confidence: 0.5, Reason: "it came in to the number to call back"}
			if slices.Contains(e.ownNumbers(), l.From) && !l.StartedAt.Before(WindowOf(e.Report).From) {
				ref.Confidence, ref.Reason = 0.95, "a number of the reporter's called the number back"
				own = append(own, ref)
			} else {
				others = append(others, ref)
			}
		}
		newest := func(a, b cases.CallRef) int { return b.StartedAt.Compare(a.StartedAt) }
		slices.SortFunc(own, newest)
		slices.SortFunc(others, newest)
		all := slices.Concat(own, others)
		gaps := coverageGaps(e, Window{From: from, To: to})
		verdict := CallbackUnknown
		switch {
		case len(own) > 0:
			verdict = CallbackReached
		case len(others) > 0:
			verdict = CallbackOthers
		case len(gaps) == 0:
			verdict = CallbackNobody
		}
		data := cases.FindingData{Calls: all[:min(len(all), maxShown)], Matched: len(all), Callers: len(callers), Entitlements: e.heldThen(n), Sources: e.Coverage}
		if verdict == CallbackUnknown {
			data.Missing = gaps
		}
		out = append(out, finding(e, cases.FindingCallback, n, verdict, callbackSummary(e, n, verdict, own, len(all), len(callers), from, to), from, to, data))
	}
	return out
}

func callbackSummary(e Evidence, n, verdict string, own []cases.CallRef, all, callers int, from, to time.Time) string {
	holder := e.heldThen(n)[0]
	s := fmt.Sprintf("%s, the number to call back, is ours: it was with %s by %s.", numbers.Format(n), e.accountName(holder.AccountID), kindNames[holder.Kind])
	many := count(all, "call")
	if all >= MatchLimit {
		many = fmt.Sprintf("%d calls or more", MatchLimit)
	}
	since := "from " + moment(from) + " to " + moment(to)
	switch verdict {
	case CallbackReached:
		return s + fmt.Sprintf(" The reporter’s number called it on %s; %s from %s reached it %s.", moment(own[0].StartedAt), many, count(callers, "number"), since)
	case CallbackOthers:
		return s + fmt.Sprintf(" %s from %s reached it %s, none of them from a number that the report names.", many, count(callers, "number"), since)
	case CallbackNobody:
		return s + fmt.Sprintf(" Nobody called it %s; our records are complete for that time.", since)
	}
	return s + fmt.Sprintf(" No call to it is in our records %s, but they are not complete.", since)
}
