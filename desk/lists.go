package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// ImportList adds entries of one source. seen is the time of the whole import.
func (d *Desk) ImportList(ctx context.Context, a cases.Actor, seen time.Time, in []cases.ListEntry) (cases.ListChange, error) {
	if err := cases.Permit(a, cases.CmdImport); err != nil {
		return cases.ListChange{}, err
	}
	for _, e := range in {
		if err := e.Check(d.now()); err != nil {
			return cases.ListChange{}, err
		}
		if e.Kind != in[0].Kind || e.Source != in[0].Source {
			return cases.ListChange{}, cases.Invalid(cases.Problem{Field: "source", Message: "one import is of one list of one source"})
		}
	}
	return d.Store.ImportList(ctx, a, d.now(), seen, in)
}

// EndList ends what the import at seen did not have, which added and kept c.
func (d *Desk) EndList(ctx context.Context, a cases.Actor, kind cases.ListKind, source string, seen time.Time, c cases.ListChange) (int, error) {
	if err := cases.Permit(a, cases.CmdImport); err != nil {
		return 0, err
	}
	return d.Store.EndList(ctx, a, d.now(), kind, source, seen, c)
}

// ListEntries lists entries; Number may be written in any way.
func (d *Desk) ListEntries(ctx context.Context, a cases.Actor, q cases.ListQuery) (cases.Page[cases.ListEntry], error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.Page[cases.ListEntry]{}, err
	}
	if q.Kind != "" && !slices.Contains(cases.ListKinds(), q.Kind) {
		return cases.Page[cases.ListEntry]{}, cases.Invalid(cases.Problem{Field: "list", Message: "must be one of do_not_originate, honeypot, protected"})
	}
	if q.Number != "" {
		n, err := numbers.Parse(q.Number, d.Region)
		if err != nil {
			return cases.Page[cases.ListEntry]{}, cases.Invalid(cases.Problem{Field: "number", Message: err.Error()})
		}
		q.Number = n.E164
	}
	return d.Store.ListEntries(ctx, d.now(), q)
}

// ListSources says which lists there are.
func (d *Desk) ListSources(ctx context.Context, a cases.Actor) ([]cases.ListSource, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return nil, err
	}
	return d.Store.ListSources(ctx, d.now())
}

// ListsOf says on which lists a number was at a time.
func (d *Desk) ListsOf(ctx context.Context, a cases.Actor, e164 string, at time.Time) ([]cases.ListEntry, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return nil, err
	}
	return d.Store.ListsOf(ctx, e164, at)
}

// ImportRates keeps a version of a rate deck; of two rates for one prefix the
// dearer counts.
func (d *Desk) ImportRates(ctx context.Context, a cases.Actor, deck cases.RateDeck, rates []cases.RateLine) (cases.RateDeck, error) {
	if err := cases.Permit(a, cases.CmdImport); err != nil {
		return deck, err
	}
	var ps []cases.Problem
	if deck.Name == "" || len(deck.Name) > cases.MaxListSource {
		ps = append(ps, cases.Problem{Field: "deck", Message: fmt.Sprintf("needs a name of at most %d characters", cases.MaxListSource)})
	}
	if len(rates) == 0 {
		ps = append(ps, cases.Problem{Field: "rates", Message: "the deck has no rates, so that every destination would be unknown"})
	}
	if err := cases.Invalid(ps...); err != nil {
		return deck, err
	}
	if deck.ValidFrom.IsZero() {
		deck.ValidFrom = d.now()
	}
	dearest := map[string]cases.RateLine{}
	for _, r := range rates {
		if was, ok := dearest[r.Prefix]; !ok || was.Micros < r.Micros {
			dearest[r.Prefix] = r
		}
	}
	rates = rates[:0:0]
	for _, r := range dearest {
		rates = append(rates, r)
	}
	slices.SortFunc(rates, func(a, b cases.RateLine) int { return strings.Compare(a.Prefix, b.Prefix) })
	deck, err := d.Store.ImportRates(ctx, a, d.now(), deck, rates)
	if err == nil {
		d.decks.mu.Lock()
		d.decks.lookedAt = time.Time{} // here it counts at once, elsewhere within deckEvery
		d.decks.mu.Unlock()
	}
	return deck, err
}

// RateDecks lists the versions of rate decks, newest first.
func (d *Desk) RateDecks(ctx context.Context, a cases.Actor) ([]cases.RateDeck, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return nil, err
	}
	return d.Store.RateDecks(ctx)
}

// deckCache holds the decks in force as one, and which versions they are.
type deckCache struct {
	mu       sync.Mutex
	version  string
	deck     *numbers.RateDeck
	lookedAt time.Time
	last     atomic.Pointer[numbers.RateDeck] // as RateDeck returned it
}

// deckEvery is how long a deck is used before it is asked whether there is
// another: a price list changes a few times a week.
const deckEvery = 10 * time.Second

// RateDeck is what destinations cost by all decks in force, the dearest counting,
// or nil where there is none. It is read again when a version changes.
func (d *Desk) RateDeck(ctx context.Context) (*numbers.RateDeck, error) {
	c := &d.decks
	c.mu.Lock()
	defer c.mu.Unlock()
	now := d.now()
	if !c.lookedAt.IsZero() && now.Sub(c.lookedAt) < deckEvery && !now.Before(c.lookedAt) {
		return c.or(d.Rates), nil
	}
	all, err := d.Store.RateDecks(ctx)
	if err != nil {
		return nil, err
	}
	in := cases.DecksAt(all, now)
	ids, version := make([]int64, len(in)), ""
	for i, x := range in {
		ids[i] = x.ID
		version += fmt.Sprintf("%d ", x.ID)
	}
	if version != c.version {
		lines, err := d.Store.Rates(ctx, ids)
		if err != nil {
			return nil, err
		}
		if c.deck, err = dearestDeck(lines); err != nil {
			return nil, err
		}
		c.version = version
	}
	c.lookedAt = now
	c.last.Store(c.or(d.Rates))
	return c.or(d.Rates), nil
}

// DeckNow is the deck as it was last read, without waiting for anything.
func (d *Desk) DeckNow() *numbers.RateDeck { return cmp.Or(d.decks.last.Load(), d.Rates) }

// KeepDeck reads the decks again as they change, until ctx ends: for those who ask
// DeckNow.
func (d *Desk) KeepDeck(ctx context.Context) {
	tick := time.NewTicker(deckEvery)
	defer tick.Stop()
	for {
		if _, err := d.RateDeck(ctx); err != nil && ctx.Err() == nil {
			d.Log.Warn("read the rate decks", "err", err) // the one before goes on
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (c *deckCache) or(configured *numbers.RateDeck) *numbers.RateDeck {
	if c.deck == nil {
		return configured
	}
	return c.deck
}

// dearestDeck unites decks: a number costs what the dearest of them asks by its
// own longest prefix. It is enough to know that at the prefixes of all of them,
// since the longest of these holds the longest of each.
func dearestDeck(lines []cases.RateLine) (*numbers.RateDeck, error) {
	byDeck := map[string][]numbers.Rate{}
	for _, l := range lines {
		byDeck[l.Deck] = append(byDeck[l.Deck], numbers.Rate{Tag: l.Tag, Prefix: l.Prefix, PerMinute: l.Micros})
	}
	if len(byDeck) == 0 {
		return nil, nil
	}
	var decks []*numbers.RateDeck
	for _, rates := range byDeck {
		deck, err := numbers.NewRateDeck(slices.Values(rates))
		if err != nil {
			return nil, err
		}
		decks = append(decks, deck)
	}
	if len(decks) == 1 {
		return decks[0], nil
	}
	return numbers.NewRateDeck(func(yield func(numbers.Rate) bool) {
		for _, l := range lines {
			var top numbers.Rate
			for _, deck := range decks {
				if r, ok := deck.Prefix(l.Prefix); ok && (top.Prefix == "" || r.PerMinute > top.PerMinute) {
					top = r
				}
			}
			top.Prefix = l.Prefix
			if !yield(top) {
				return
			}
		}
	})
}

// Destination says what a minute to a number costs; false where no deck knows.
func (d *Desk) Destination(ctx context.Context, a cases.Actor, e164 string) (numbers.Rate, bool, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return numbers.Rate{}, false, err
	}
	deck, err := d.RateDeck(ctx)
	if err != nil || deck == nil {
		return numbers.Rate{}, false, err
	}
	r, ok := deck.Prefix(e164)
	return r, ok, nil
}
