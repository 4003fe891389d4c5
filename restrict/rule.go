package restrict

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// rule is a restriction made ready to be asked.
type rule struct {
	id       int64
	kind     cases.RestrictionKind
	order    int   // of strictness
	all      bool  // leaves no calls at all
	expires  int64 // Unix microseconds; math.MaxInt64 for never
	channels int
	rate     int64
	list     []string // countries, sorted
	prefixes *numbers.Trie[struct{}]
}

// The order of strictness: what leaves the least comes first, and is what an
// answer names when several restrictions refuse the same call.
const (
	orderAll = iota
	orderCallerID
	orderAllowed
	orderDenied
	orderPrefix
	orderRate
	orderChannels
)

var orders = map[cases.RestrictionKind]int{
	cases.KindAccountSuspended: orderAll,
	cases.KindCallerIDDenied:   orderCallerID,
	cases.KindCountriesAllowed: orderAllowed,
	cases.KindCountriesDenied:  orderDenied,
	cases.KindPrefixDenied:     orderPrefix,
	cases.KindRateMax:          orderRate,
	cases.KindChannelLimit:     orderChannels,
}

// newRule fails on a kind that it does not know and on prefixes that are none:
// a restriction that cannot be enforced must not look as if it were.
func newRule(r cases.Restriction) (*rule, error) {
	order, ok := orders[r.Kind]
	if !ok {
		return nil, fmt.Errorf("restriction %d: kind %q is not known", r.ID, r.Kind)
	}
	u := &rule{id: r.ID, kind: r.Kind, order: order, all: r.Suspends(), expires: math.MaxInt64, channels: r.Value.Channels, rate: r.Value.RateMicros}
	if r.ExpiresAt != nil {
		u.expires = r.ExpiresAt.UnixMicro()
	}
	if u.all && r.Kind != cases.KindCallerIDDenied {
		u.order = orderAll
	}
	switch r.Kind {
	case cases.KindCountriesAllowed, cases.KindCountriesDenied:
		u.list = slices.Sorted(slices.Values(r.Value.Countries))
	case cases.KindPrefixDenied:
		var err error
		if u.prefixes, err = numbers.NewTrie(eachPrefix(r.Value.Prefixes)); err != nil {
			return nil, fmt.Errorf("restriction %d: %w", r.ID, err)
		}
	}
	return u, nil
}

func eachPrefix(list []string) iter.Seq2[string, struct{}] {
	return func(yield func(string, struct{}) bool) {
		for _, p := range list {
			if !yield(p, struct{}{}) {
				return
			}
		}
	}
}

// compare orders by strictness; of two alike the one that lasts longer is named.
func compare(a, b *rule) int {
	tight := func(u *rule) int64 {
		switch u.kind {
		case cases.KindChannelLimit:
			return int64(u.channels)
		case cases.KindRateMax:
			return u.rate
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(tight(a), tight(b)), cmp.Compare(b.expires, a.expires), cmp.Compare(a.id, b.id))
}

func (u *rule) expired(now int64) bool { return now >= u.expires }

// refuses says why the rule stops the call; ReasonNone if it does not.
func (u *rule) refuses(c *call) ReasonCode {
	switch u.kind {
	case cases.KindAccountSuspended:
		return ReasonSuspended
	case cases.KindCallerIDDenied:
		return ReasonCallerID
	case cases.KindChannelLimit:
		if u.all || c.active >= u.channels {
			return ReasonChannels
		}
	case cases.KindRateMax:
		return u.refusesRate(c)
	case cases.KindPrefixDenied:
		return u.refusesDestination(c, ReasonPrefix, func(d destination) bool {
			_, _, found := u.prefixes.LongestPrefix(d.number)
			return found
		})
	case cases.KindCountriesDenied:
		return u.refusesDestination(c, ReasonCountry, func(d destination) bool { return u.lists(d.country) })
	case cases.KindCountriesAllowed:
		return u.refusesDestination(c, ReasonNotAllowed, func(d destination) bool { return !u.lists(d.country) })
	}
	return ReasonNone
}

func (u *rule) lists(country string) bool {
	_, found := slices.BinarySearch(u.list, country)
	return found
}

// refusesDestination refuses when any way of reading the dialled number is hit,
// and when there is none: what cannot be read cannot be shown to be harmless.
func (u *rule) refusesDestination(c *call, why ReasonCode, hit func(destination) bool) ReasonCode {
	if u.all {
		return why
	}
	ds := c.destinations()
	if len(ds) == 0 {
		return ReasonUnreadable
	}
	if slices.ContainsFunc(ds, hit) {
		return why
	}
	return ReasonNone
}

// refusesRate goes by the fail mode where the price is not known. A maximum of
// nothing needs no price.
func (u *rule) refusesRate(c *call) ReasonCode {
	rate, known := c.price()
	switch {
	case u.all || known && rate > u.rate:
		return ReasonRate
	case known:
		return ReasonNone
	case c.failMode == FailClosed:
		return ReasonRateUnknown
	}
	c.rateUnknown = true
	return ReasonNone
}
