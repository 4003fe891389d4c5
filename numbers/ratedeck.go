package numbers

import (
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
)

// RateDeck prices destinations by longest prefix. It is immutable and safe for
// concurrent use.
type RateDeck struct {
	trie *Trie[Rate]
}

// NewRateDeck builds a deck from rates. Of two rates for one prefix the dearer
// counts. The error names a prefix that is not digits.
func NewRateDeck(rates iter.Seq[Rate]) (*RateDeck, error) {
	byPrefix := map[string]Rate{}
	for rate := range rates {
		prefix := withoutPlus(rate.Prefix)
		if !onlyDigits(prefix, 15) {
			return nil, fmt.Errorf("rate deck: prefix %q is not one to fifteen digits", rate.Prefix)
		}
		if known, ok := byPrefix[prefix]; !ok || known.PerMinute < rate.PerMinute {
			byPrefix[prefix] = rate
		}
	}
	trie, err := NewTrie(maps.All(byPrefix))
	if err != nil {
		return nil, err
	}
	return &RateDeck{trie}, nil
}

// maxLineErrors is how many bad lines LoadRateDeck reports one by one.
const maxLineErrors = 100

// LoadReport tells how the reading of a deck went.
type LoadReport struct {
	Good, Bad int
	Errors    []LineError // the first hundred
}

func (r *LoadReport) note(e LineError) error {
	if r.Bad++; len(r.Errors) < maxLineErrors {
		r.Errors = append(r.Errors, e)
	}
	return nil
}

// LoadRateDeck reads a whole deck (see ReadRates) from its good lines and reports
// the bad ones. A prefix that comes again is a bad line too, though the dearer
// of its rates counts. err is set when there is no deck to use.
func LoadRateDeck(r io.Reader) (*RateDeck, LoadReport, error) {
	var report LoadReport
	var rates []Rate
	first := map[string]int{}
	err := ReadRates(r, func(line int, rate Rate) error {
		rates = append(rates, rate)
		if before, again := first[rate.Prefix]; again {
			return report.note(LineError{line, fmt.Errorf("prefix %s is on line %d already; the dearer rate counts", rate.Prefix, before)})
		}
		report.Good++
		first[rate.Prefix] = line
		return nil
	}, report.note)
	if err != nil {
		return nil, report, err
	}
	deck, err := NewRateDeck(slices.Values(rates))
	return deck, report, err
}

// Len is the number of prefixes.
func (d *RateDeck) Len() int { return d.trie.Len() }

// Rate returns the destination's tag and the price of a minute; false if no
// prefix of the deck fits, which means that the deck does not know, not that
// the call is free.
func (d *RateDeck) Rate(e164 string) (tag string, perMinute MicroUSD, ok bool) {
	rate, _, ok := d.trie.LongestPrefix(e164)
	return rate.Tag, rate.PerMinute, ok
}

// HighCost reports that a minute costs threshold or more by this deck.
func (d *RateDeck) HighCost(e164 string, threshold MicroUSD) bool {
	_, perMinute, ok := d.Rate(e164)
	return ok && perMinute >= threshold
}

// Prefix returns the whole line of the deck that prices e164, whose prefix is
// what a restriction on that destination would deny.
func (d *RateDeck) Prefix(e164 string) (Rate, bool) {
	rate, _, ok := d.trie.LongestPrefix(e164)
	return rate, ok
}
