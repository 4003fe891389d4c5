package calls

import (
	"cmp"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// SampleLimit is how many of the newest calls a profile looks at one by one, for
// what counts by the hour cannot tell: the order of numbers, gaps, what
// overlapped. More are cut off.
const SampleLimit = 500

// ProfileInput is what a profile is made of.
type ProfileInput struct {
	Kind string // as of cases.HourStats: from, to, account, provider
	Key  string
	From time.Time // the window, [From, To)
	To   time.Time
	// Hours are the counts of the key; those outside the window are passed over.
	// Their order does not matter.
	Hours []cases.HourStats
	// Sample are the newest calls of the window, at most SampleLimit, in any
	// order.
	Sample []cases.Call
	// Complaints are reports and signals about the key in the window.
	Complaints int
	// Country (alpha-2) and Zone are where the caller is. Where they are not
	// given they are those of the number, or of the number that an account
	// shows most; Zone "" also where that lies in several.
	Country string
	Zone    *time.Location
}

// total sums the hours of a window.
type total struct {
	cases.HourStats
	byHour     map[time.Time]int
	awayAt     map[time.Time]int // to other countries
	costOfDay  map[time.Time]int64
	distinctTo counted
	distinctBy counted
}

type counted struct {
	n     int
	exact bool
}

// ProfileOf makes the profile. It takes a few milliseconds for the busiest
// number of a month.
func ProfileOf(in ProfileInput) cases.Profile {
	in.Sample = newest(in)
	home := homeOf(in)
	t := sum(in, home)
	p := cases.Profile{Kind: in.Kind, Key: in.Key, From: in.From, To: in.To, Attempts: t.Attempts, Answered: t.Answered,
		Complaints: in.Complaints, Sampled: len(in.Sample), Zone: home.name()}
	if len(in.Sample) > 0 {
		p.SampledSince = in.Sample[0].StartedAt
	}
	for at, n := range t.byHour {
		p.ByHour[at.In(home.clock()).Hour()] += n
	}
	f := &figures{kind: in.Kind}
	outcomes(f, t)
	order(f, in.Sample, home.country)
	numbersSeen(f, t)
	hoursAndCountries(f, t, home)
	if in.Kind != kindTo {
		p.Countries = countries(t)
		p.Countries = p.Countries[:min(len(p.Countries), topCountries)]
	}
	moneyAndRights(f, t, in)
	p.Figures = f.list
	return p
}

// topCountries is how many a profile names.
const topCountries = 10

// Kinds of keys that calls are counted by.
const (
	kindFrom     = "from"
	kindTo       = "to"
	kindAccount  = "account"
	kindProvider = "provider"
)

// newest cuts the sample to its limit and puts it in the order of dialling.
func newest(in ProfileInput) []cases.Call {
	var out []cases.Call
	for _, c := range in.Sample {
		if !c.StartedAt.Before(in.From) && c.StartedAt.Before(in.To) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b cases.Call) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.Source, b.Source), cmp.Compare(a.SourceID, b.SourceID))
	})
	return out[max(0, len(out)-SampleLimit):]
}

func sum(in ProfileInput, at home) total {
	t := total{byHour: map[time.Time]int{}, awayAt: map[time.Time]int{}, costOfDay: map[time.Time]int64{}}
	t.Countries = map[string]int{}
	callees, callers := make([][]byte, 0, len(in.Hours)), make([][]byte, 0, len(in.Hours))
	first := in.From.Truncate(time.Hour)
	for i := range in.Hours {
		h := &in.Hours[i]
		if h.Hour.Before(first) || !h.Hour.Before(in.To) {
			continue
		}
		for _, x := range []struct {
			to *int
			n  int
		}{{&t.Attempts, h.Attempts}, {&t.Answered, h.Answered}, {&t.Short, h.Short}, {&t.AttestA, h.AttestA}, {&t.AttestB, h.AttestB}, {&t.AttestC, h.AttestC},
			{&t.Unsigned, h.Unsigned}, {&t.Busy, h.Busy}, {&t.NoAnswer, h.NoAnswer}, {&t.Rejected, h.Rejected}, {&t.Cancelled, h.Cancelled},
			{&t.Invalid, h.Invalid}, {&t.Effective, h.Effective}, {&t.Neighbour, h.Neighbour}} {
			*x.to += x.n
		}
		t.BilledSecs += h.BilledSecs
		t.CostMicros += h.CostMicros
		t.costOfDay[h.Hour.UTC().Truncate(24*time.Hour)] += h.CostMicros
		t.byHour[h.Hour.UTC()] += h.Attempts
		for country, n := range h.Countries {
			t.Countries[country] += n
			if foreign(country, at.country) {
				t.awayAt[h.Hour.UTC()] += n
			}
		}
		callees, callers = append(callees, h.Callees), append(callers, h.Callers)
	}
	if in.Kind != kindTo {
		t.distinctTo.n, t.distinctTo.exact = distinct(callees)
	}
	if in.Kind != kindFrom {
		t.distinctBy.n, t.distinctBy.exact = distinct(callers)
	}
	return t
}
