package desk

import (
	"context"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Customers keeps who customers are, what they have in common, and how well their
// accounts are secured.
type Customers interface {
	// ImportTraits keeps traits and looks at once who may have come back.
	ImportTraits(ctx context.Context, a cases.Actor, now time.Time, in []cases.AccountTrait) error
	AccountLinks(ctx context.Context, id string, limit int) ([]cases.AccountLink, error)
	// Matches are marks that an account may be of a customer who was cut off.
	Matches(ctx context.Context, state cases.MatchState, cursor string, limit int) (cases.Page[cases.AccountMatch], error)
	MatchesOf(ctx context.Context, id string) ([]cases.AccountMatch, error)
	UpdateMatch(ctx context.Context, a cases.Actor, now time.Time, account string, id int64, change func(*cases.AccountMatch) error) (cases.AccountMatch, error)

	ImportKYC(ctx context.Context, a cases.Actor, now time.Time, in []cases.KYC, traits []cases.AccountTrait) error
	KYC(ctx context.Context, account string) (cases.KYC, error)
	WriteKYC(ctx context.Context, a cases.Actor, now time.Time, k cases.KYC, traits []cases.AccountTrait) error
	ImportPosture(ctx context.Context, a cases.Actor, now time.Time, in []cases.Posture) error
	Posture(ctx context.Context, account string) ([]cases.Posture, error)
	// AccountsBelow lists the customers of a reseller by name.
	AccountsBelow(ctx context.Context, id, cursor string, limit int) (cases.Page[cases.Account], error)
	CountAccountsBelow(ctx context.Context, id string) (direct, all int, err error)
}

// Providers keeps upstream providers.
type Providers interface {
	ImportProviders(ctx context.Context, a cases.Actor, now time.Time, in []cases.Provider) error
	UpdateProviders(ctx context.Context, a cases.Actor, now time.Time, reason string, change func([]cases.Provider) (changed []cases.Provider, counts map[string]int)) error
	Provider(ctx context.Context, id string) (cases.Provider, error)
	Providers(ctx context.Context, q cases.ProviderQuery) (cases.Page[cases.Provider], error)
	// PeersUnknown names providers that call records have and nobody imported.
	PeersUnknown(ctx context.Context, since time.Time, limit int) ([]string, error)
}
