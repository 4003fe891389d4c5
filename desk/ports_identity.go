package desk

import (
	"context"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// IdentityArchive keeps what calls are verified against, as it was when it was
// first seen, and never takes anything away from it: a call of last March is
// checked with last March's certificates, trust list and revocations.
type IdentityArchive interface {
	// ArchiveMaterial keeps a file under its digest, and that it was served at an
	// address: what was served there last is seen again, another one begins anew.
	ArchiveMaterial(ctx context.Context, now time.Time, m cases.IdentityMaterial) (cases.IdentityMaterial, error)
	// Materials lists what was served at an address, without contents, the latest
	// first, at most cases.DefaultPage.
	Materials(ctx context.Context, kind cases.MaterialKind, address string) ([]cases.IdentityMaterial, error)
	MaterialContent(ctx context.Context, sha256 string) ([]byte, error)
	// MaterialFetch says how the last attempts went; zero: there was none.
	MaterialFetch(ctx context.Context, kind cases.MaterialKind, address string) (cases.MaterialFetch, error)
	// FetchFailed puts the next attempt off, see cases.NextFetch.
	FetchFailed(ctx context.Context, now time.Time, kind cases.MaterialKind, address, cause string) error
	// FirstToken keeps the sighting unless the token was seen before, and returns the
	// first one.
	FirstToken(ctx context.Context, t cases.TokenSighting) (cases.TokenSighting, error)

	// SignerClusters lists what several cases share a signer and an originating
	// identifier of, most cases first; of one case all that its reports prove.
	SignerClusters(ctx context.Context, caseID int64, limit int) ([]cases.SignerCluster, error)

	// UnentitledHours reads on from the place of a cursor, hours that began before
	// upTo, at most limit; KeepAudits keeps what became of them and moves it.
	UnentitledHours(ctx context.Context, now time.Time, cursor string, upTo time.Time, limit int) ([]cases.UnentitledHour, cases.AuditCursor, error)
	KeepAudits(ctx context.Context, now time.Time, to cases.AuditCursor, in []cases.AttestationAudit) error
	// AuditsOf lists an account's hours that have calls without a right, latest first.
	AuditsOf(ctx context.Context, account string, from time.Time) ([]cases.AttestationAudit, error)
	// AuditTotals sums by account what hours in [from, to) have, most calls first.
	AuditTotals(ctx context.Context, from, to time.Time, limit int) ([]cases.AttestationDay, error)
}
