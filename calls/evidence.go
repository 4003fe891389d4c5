package calls

import (
	"cmp"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Evidence is a report and everything that was looked up for it. What has not
// been looked up yet is empty: Corroborate needs Matches, Coverage and
// Entitlements (and Paths, so that a reseller's right counts for those below).
type Evidence struct {
	Report   cases.Report
	Subjects []cases.Subject
	// OtherCalled are the called numbers of the reporter's other complaints. People
	// have one telephone or two, and do not always say which one rang.
	OtherCalled []string
	// Sources are the switches that are configured to send their records; one of
	// which nothing has come covers nothing.
	Sources      []string
	Coverage     []cases.Coverage           // of every source
	Matches      []cases.Call               // the answers to Queries and WiderQueries, in any order, also more than once
	Nearby       []cases.Call               // the answers to SampleQueries
	Honeypots    map[string]bool            // of the numbers that Matches and Nearby went to, those that are honeypots of ours
	Inbound      []cases.Call               // the answers to CallbackQueries
	Entitlements []cases.Entitlement        // of every number of Callers and Callbacks, at any time
	Accounts     map[string]cases.Account   // those of AccountsNamed, by id
	Paths        map[string][]cases.Account // their resellers, nearest first
}

// AccountsNamed lists the accounts that calls and rights name, whose records
// and resellers are to be loaded.
func (e Evidence) AccountsNamed() []string {
	var ids []string
	for _, c := range e.Matches {
		if c.Direction == outbound && c.AccountID != "" {
			ids = append(ids, c.AccountID)
		}
	}
	for _, x := range e.Entitlements {
		ids = append(ids, x.AccountID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (e Evidence) accountName(id string) string {
	if n := e.Accounts[id].Name; n != "" && n != id {
		return n + " (" + id + ")"
	}
	return id
}

// entitled says whether an account, or a reseller above it, had the right to
// show a number at a time.
func (e Evidence) entitled(number, account string, at time.Time) bool {
	for _, x := range e.Entitlements {
		if x.E164 != number || !x.At(at) {
			continue
		}
		if x.AccountID == account || slices.ContainsFunc(e.Paths[account], func(a cases.Account) bool { return a.ID == x.AccountID }) {
			return true
		}
	}
	return false
}

// ownerReport says that the owner of the shown number complains that others
// show it: then the owner's own calls are not what is complained of.
func (e Evidence) ownerReport() bool {
	return e.Report.ReporterKind == cases.ReporterNumberOwner || e.Report.Category == cases.CategorySpoofedMyNumber
}

const (
	inbound  = "inbound"
	outbound = "outbound"
)

// leg is one call, seen from its first leg over us: a call between two of our
// customers, and one in transit, leave two records.
type leg struct {
	cases.Call
	in *cases.Call // the record of how it came in, when the call itself is an outbound one
}

// sameCallWithin is how far apart the legs of one call may start.
const sameCallWithin = 30 * time.Second

// legs makes one of the records of one call, the outbound one where there is
// one, because it names the account. Records that came twice count once.
func legs(records []cases.Call) []leg {
	type key struct {
		source, id string
		day        time.Time
	}
	seen := map[key]bool{}
	var all []cases.Call
	for _, c := range records {
		if k := (key{c.Source, c.SourceID, c.Day()}); !seen[k] {
			seen[k] = true
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b cases.Call) int {
		return cmp.Or(cmp.Compare(b.Direction, a.Direction), a.StartedAt.Compare(b.StartedAt)) // outbound first
	})
	type pair struct{ from, to string }
	var out []leg
	outs := map[pair][]int{}
	for _, c := range all {
		p := pair{c.From, c.To}
		if c.Direction == outbound {
			outs[p] = append(outs[p], len(out))
			out = append(out, leg{Call: c})
			continue
		}
		i := slices.IndexFunc(outs[p], func(i int) bool { return out[i].in == nil && sameCall(out[i].Call, c) })
		if i < 0 {
			out = append(out, leg{Call: c})
			continue
		}
		out[outs[p][i]].in = &c
	}
	return out
}

func sameCall(a, b cases.Call) bool {
	if a.CorrelationID != "" && b.CorrelationID != "" {
		return a.CorrelationID == b.CorrelationID
	}
	return a.StartedAt.Sub(b.StartedAt).Abs() <= sameCallWithin
}

// provider is whom the call came in from; "" for a call of a customer.
func (l leg) provider() string {
	if l.in != nil {
		return l.in.Peer
	}
	return l.Peer
}

// account is who called over us; the account of an inbound record is the one
// that was called.
func (l leg) account() string {
	if l.Direction == outbound {
		return l.AccountID
	}
	return ""
}
