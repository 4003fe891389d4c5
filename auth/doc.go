// Package auth says who somebody is: passwords, sessions, API keys and the
// one-time link that makes the first admin. What they may do is decided by
// cases.Permit, and how they are asked belongs to web.
package auth

import (
	"context"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Store keeps people and keys.
type Store interface {
	Person(ctx context.Context, id string) (cases.Person, error)
	PersonByEmail(ctx context.Context, email string) (cases.Person, error)
	People(ctx context.Context) ([]cases.Person, error)
	CreatePerson(ctx context.Context, a cases.Actor, p cases.Person) error
	SetPassword(ctx context.Context, a cases.Actor, now time.Time, personID, hash string) error
	HasAdmin(ctx context.Context) (bool, error)

	CreateAPIKey(ctx context.Context, a cases.Actor, k cases.APIKey) error
	APIKeyByDigest(ctx context.Context, digest string) (cases.APIKey, error)
	APIKeys(ctx context.Context) ([]cases.APIKey, error)
	RevokeAPIKey(ctx context.Context, a cases.Actor, now time.Time, id string) error
	TouchAPIKey(ctx context.Context, id string, now time.Time) error

	CreateSetupLink(ctx context.Context, digest string, expires time.Time) error
	// UseSetupLink makes the first admin, once: cases.ErrNotFound for a link
	// that is unknown, used or expired, cases.ErrConflict when there is an admin.
	UseSetupLink(ctx context.Context, digest string, now time.Time, p cases.Person) error
}
