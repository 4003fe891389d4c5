package calls

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// Verdicts of a parties finding.
const (
	PartiesIdentified = "identified"    // the account that called is known
	PartiesProvider   = "provider"      // the call came in from a provider
	PartiesAmbiguous  = "ambiguous"     // calls of several accounts fit
	PartiesUnknown    = "no_call_found" // no call, so nobody called over us as far as is known
)

// IdentifyParties names the three parties of the reported call, and keeps them
// apart. The originating account comes from a matched outbound call alone, and
// only if all calls that fit are of one account; the holder comes from the
// rights as of the call's time; the provider from how the call came in. A
// reseller's right counts for the accounts below it.
func IdentifyParties(e Evidence, c Corroboration) cases.Parties {
	var p cases.Parties
	number := ""
	if callers := Callers(e.Subjects); len(callers) > 0 {
		number = callers[0]
	}
	at := c.timeOf(number)
	if h, ok := c.best(); ok {
		number, at = h.From, h.StartedAt
		if !ambiguous(c) {
			p.Originating, p.Provider = h.account(), h.provider()
		}
	}
	if p.Originating != "" {
		p.OriginatingName = e.Accounts[p.Originating].Name
		for _, a := range e.Paths[p.Originating] {
			p.Path = append(p.Path, a.ID)
		}
		p.Entitled = e.entitled(number, p.Originating, at)
	}
	p.Holder = holder(e, number, p, at)
	p.HolderName = e.Accounts[p.Holder].Name
	return p
}

// ambiguous says that calls of more than one account or provider fit.
func ambiguous(c Corroboration) bool {
	return slices.ContainsFunc(c.hits, func(h hit) bool {
		return h.account() != c.hits[0].account() || h.provider() != c.hits[0].provider()
	})
}

// holder is who had the right to show a number: the account that called if it
// is one of them, else the one that the number was assigned to, else the one
// that has the right for the longest.
func holder(e Evidence, number string, p cases.Parties, at time.Time) string {
	var held []cases.Entitlement
	for _, x := range e.Entitlements {
		if x.E164 == number && x.At(at) {
			held = append(held, x)
		}
	}
	if len(held) == 0 {
		return ""
	}
	rank := func(x cases.Entitlement) int {
		switch {
		case x.AccountID == p.Originating:
			return 0
		case slices.Contains(p.Path, x.AccountID):
			return 1
		case x.Kind == cases.EntitlementAssigned:
			return 2
		}
		return 3
	}
	slices.SortStableFunc(held, func(a, b cases.Entitlement) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.From.Compare(b.From), cmp.Compare(a.AccountID, b.AccountID))
	})
	return held[0].AccountID
}

func partiesVerdict(c Corroboration, p cases.Parties) string {
	_, carried := c.best()
	switch {
	case p.Originating != "":
		return PartiesIdentified
	case p.Provider != "":
		return PartiesProvider
	case carried && ambiguous(c):
		return PartiesAmbiguous
	}
	return PartiesUnknown
}

func partiesSummary(e Evidence, c Corroboration, p cases.Parties, number string) string {
	var s []string
	came := "came"
	if c.Verdict == cases.CorroborationProbable {
		came = "probably came"
	}
	switch partiesVerdict(c, p) {
	case PartiesIdentified:
		from := "The call " + came + " from account " + e.accountName(p.Originating)
		if len(p.Path) > 0 {
			from += ", a customer of " + e.accountName(p.Path[0])
		}
		if p.Provider != "" {
			from += ", and had come in from " + p.Provider
		}
		s = append(s, from+".")
	case PartiesProvider:
		s = append(s, "The call "+came+" in from "+p.Provider+"; no customer of ours made it.")
	case PartiesAmbiguous:
		s = append(s, "Calls of several accounts or providers fit the report, so that none can be named as the one that called.")
	default:
		s = append(s, "No call of ours fits the report, so that nobody can be named as the one that called.")
	}
	if number == "" {
		return strings.Join(s, " ")
	}
	shown := numbers.Format(number)
	switch {
	case p.Entitled:
		s = append(s, fmt.Sprintf("It had the right to show %s.", shown))
	case p.Holder != "":
		s = append(s, fmt.Sprintf("The right to show %s was with %s; that the number was shown is no evidence against its holder.", shown, e.accountName(p.Holder)))
	case p.Originating != "":
		s = append(s, fmt.Sprintf("We have no record of its right to show %s.", shown))
	}
	return strings.Join(s, " ")
}
