package desk

import (
	"context"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Lists keeps lists of numbers, with source and expiry, and rate decks.
type Lists interface {
	// ImportList adds entries of one source, or says that it still has them, as a
	// part of the import at seen. EndList ends those that this import did not have.
	ImportList(ctx context.Context, a cases.Actor, now, seen time.Time, in []cases.ListEntry) (cases.ListChange, error)
	EndList(ctx context.Context, a cases.Actor, now time.Time, kind cases.ListKind, source string, seen time.Time, c cases.ListChange) (int, error)
	// ListsOf returns the entries that covered a number at a time, the most precise
	// first; ListedAmong does so for at most cases.MaxListed.
	ListsOf(ctx context.Context, e164 string, at time.Time) ([]cases.ListEntry, error)
	ListedAmong(ctx context.Context, e164s []string, at time.Time) (map[string][]cases.ListEntry, error)
	// HoneypotsAmong says which of some numbers were honeypots of ours.
	HoneypotsAmong(ctx context.Context, e164s []string, at time.Time) (map[string]bool, error)
	ListEntries(ctx context.Context, now time.Time, q cases.ListQuery) (cases.Page[cases.ListEntry], error)
	ListSources(ctx context.Context, now time.Time) ([]cases.ListSource, error)

	// ImportRates keeps a version of a deck beside those before it.
	ImportRates(ctx context.Context, a cases.Actor, now time.Time, d cases.RateDeck, rates []cases.RateLine) (cases.RateDeck, error)
	RateDecks(ctx context.Context) ([]cases.RateDeck, error)
	Rates(ctx context.Context, decks []int64) ([]cases.RateLine, error)
}
