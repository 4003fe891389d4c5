package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// KeyPrefix starts every API key, so that scanners of leaked secrets and
// people recognise one.
const KeyPrefix = "abk_"

// keyCache is how long a key that was looked up is believed without asking
// again, and so the longest that a revoked one still works on a replica.
const keyCache = 5 * time.Second

// SetupLinkLife is how long the link that makes the first admin works.
const SetupLinkLife = 24 * time.Hour

// Service says who somebody is. Safe for concurrent use.
type Service struct {
	store Store
	now   func() time.Time
	// decoy is checked when there is no such person, so that the time an answer
	// takes does not say whether there is.
	decoy func() string

	mu   sync.RWMutex
	keys map[string]cachedKey
}

type cachedKey struct {
	actor cases.Actor
	until time.Time
}

// New makes a Service.
func New(s Store, now func() time.Time) *Service {
	return &Service{store: s, now: now, keys: map[string]cachedKey{}, decoy: sync.OnceValue(func() string {
		h, err := HashPassword(rand.Text())
		if err != nil {
			panic(err) // rand.Text is 26 characters
		}
		return h
	})}
}

func (s *Service) utc() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

var errSignIn = cases.Forbidden("this address and password do not belong together")

// SignIn returns the person that address and password belong to. The error
// does not say which of the two was wrong.
func (s *Service) SignIn(ctx context.Context, email, password string) (cases.Person, error) {
	p, err := s.store.PersonByEmail(ctx, normal(email))
	switch {
	case cases.KindOf(err) == cases.KindNotFound:
		checkPassword(password, s.decoy())
		return cases.Person{}, errSignIn
	case err != nil:
		return cases.Person{}, err
	}
	if !checkPassword(password, p.PasswordHash) || p.DisabledAt != nil {
		return cases.Person{}, errSignIn
	}
	return p, nil
}

// Person returns the person of a session; a disabled one is not found.
func (s *Service) Person(ctx context.Context, id string) (cases.Person, error) {
	p, err := s.store.Person(ctx, id)
	if err == nil && p.DisabledAt != nil {
		return cases.Person{}, cases.NotFound("this person")
	}
	return p, err
}

// CreatePerson adds a member of staff.
func (s *Service) CreatePerson(ctx context.Context, a cases.Actor, email, name string, role cases.Role, password string) (cases.Person, error) {
	if err := cases.Permit(a, cases.CmdManageStaff); err != nil {
		return cases.Person{}, err
	}
	p, err := s.person(email, name, role, password)
	if err != nil {
		return cases.Person{}, err
	}
	if err := s.store.CreatePerson(ctx, a, p); err != nil {
		if cases.KindOf(err) == cases.KindConflict {
			return cases.Person{}, cases.Conflict("there is somebody with the address " + p.Email + " already")
		}
		return cases.Person{}, err
	}
	return p, nil
}

// SetPassword replaces a password.
func (s *Service) SetPassword(ctx context.Context, a cases.Actor, email, password string) error {
	if err := cases.Permit(a, cases.CmdManageStaff); err != nil {
		return err
	}
	p, err := s.store.PersonByEmail(ctx, normal(email))
	if err != nil {
		return err
	}
	hash, err := HashPassword(password)
	if err != nil {
		return err
	}
	return s.store.SetPassword(ctx, a, s.utc(), p.ID, hash)
}

// People lists the staff.
func (s *Service) People(ctx context.Context, a cases.Actor) ([]cases.Person, error) {
	if err := cases.Permit(a, cases.CmdManageStaff); err != nil {
		return nil, err
	}
	return s.store.People(ctx)
}

func (s *Service) person(email, name string, role cases.Role, password string) (cases.Person, error) {
	var ps []cases.Problem
	if a, err := mail.ParseAddress(email); err != nil || a.Address != strings.TrimSpace(email) {
		ps = append(ps, cases.Problem{Field: "email", Message: "write an address such as name@example.com"})
	}
	if strings.TrimSpace(name) == "" {
		ps = append(ps, cases.Problem{Field: "name", Message: "write the name that colleagues will see"})
	}
	if !slices.Contains([]cases.Role{cases.RoleAnalyst, cases.RoleApprover, cases.RoleAdmin, cases.RoleAuditor}, role) {
		ps = append(ps, cases.Problem{Field: "role", Message: "choose analyst, approver, admin or auditor"})
	}
	if err := cases.Invalid(ps...); err != nil {
		return cases.Person{}, err
	}
	hash, err := HashPassword(password)
	if err != nil {
		return cases.Person{}, err
	}
	return cases.Person{ID: "p_" + strings.ToLower(rand.Text()), Email: normal(email), Name: strings.TrimSpace(name), Role: role,
		PasswordHash: hash, CreatedAt: s.utc()}, nil
}

// NewAPIKey makes a key and returns its secret, which is shown once and not
// kept. expires is nil for none.
func (s *Service) NewAPIKey(ctx context.Context, a cases.Actor, name string, scopes []cases.Scope, expires *time.Time) (string, cases.APIKey, error) {
	if err := cases.Permit(a, cases.CmdManageKeys); err != nil {
		return "", cases.APIKey{}, err
	}
	var ps []cases.Problem
	if strings.TrimSpace(name) == "" {
		ps = append(ps, cases.Problem{Field: "name", Message: "say what the key is for"})
	}
	if len(scopes) == 0 {
		ps = append(ps, cases.Problem{Field: "scopes", Message: "name at least one scope"})
	}
	for _, sc := range scopes {
		if !slices.Contains(cases.Scopes(), sc) {
			ps = append(ps, cases.Problem{Field: "scopes", Message: fmt.Sprintf("there is no scope %q", sc)})
		}
	}
	if err := cases.Invalid(ps...); err != nil {
		return "", cases.APIKey{}, err
	}
	b := make([]byte, 32)
	rand.Read(b)
	secret := KeyPrefix + base64.RawURLEncoding.EncodeToString(b)
	k := cases.APIKey{ID: "k_" + strings.ToLower(rand.Text()), Name: strings.TrimSpace(name), Prefix: secret[:len(KeyPrefix)+6], Digest: digest(secret),
		Scopes: scopes, OwnerID: a.Person, CreatedAt: s.utc(), ExpiresAt: expires}
	return secret, k, s.store.CreateAPIKey(ctx, a, k)
}

var errKey = cases.Forbidden("this API key is not known, was revoked or has expired")

// KeyActor returns who acts with an API key.
func (s *Service) KeyActor(ctx context.Context, secret string) (cases.Actor, error) {
	if !strings.HasPrefix(secret, KeyPrefix) || len(secret) > 128 {
		return cases.Actor{}, errKey
	}
	d, now := digest(secret), s.utc()
	s.mu.RLock()
	c, ok := s.keys[d]
	s.mu.RUnlock()
	if ok && now.Before(c.until) {
		return c.actor, nil
	}
	k, err := s.store.APIKeyByDigest(ctx, d)
	switch {
	case cases.KindOf(err) == cases.KindNotFound:
		return cases.Actor{}, errKey
	case err != nil:
		return cases.Actor{}, err
	case k.RevokedAt != nil, k.ExpiresAt != nil && !now.Before(*k.ExpiresAt):
		return cases.Actor{}, errKey
	}
	a := cases.Actor{Kind: cases.ActorKey, ID: k.ID, Name: k.Name, Role: cases.RoleIntegration, Scopes: k.Scopes}
	if k.OwnerID != "" {
		p, err := s.Person(ctx, k.OwnerID)
		if err != nil {
			if cases.KindOf(err) == cases.KindNotFound {
				return cases.Actor{}, errKey
			}
			return cases.Actor{}, err
		}
		a.Role, a.Person, a.Name = p.Role, p.ID, p.Name+" ("+k.Name+")"
	}
	if err := s.store.TouchAPIKey(ctx, k.ID, now); err != nil {
		return cases.Actor{}, err
	}
	until := now.Add(keyCache)
	if k.ExpiresAt != nil && k.ExpiresAt.Before(until) {
		until = *k.ExpiresAt
	}
	s.mu.Lock()
	for d, c := range s.keys { // few keys exist; drop the ones that have passed
		if !now.Before(c.until) {
			delete(s.keys, d)
		}
	}
	s.keys[d] = cachedKey{a, until}
	s.mu.Unlock()
	return a, nil
}

// NewSetupLink returns the secret of a link that makes the first admin, or ""
// when there is one already.
func (s *Service) NewSetupLink(ctx context.Context) (string, error) {
	has, err := s.store.HasAdmin(ctx)
	if err != nil || has {
		return "", err
	}
	secret := rand.Text() + rand.Text()
	return secret, s.store.CreateSetupLink(ctx, digest(secret), s.utc().Add(SetupLinkLife))
}

// UseSetupLink makes the first admin.
func (s *Service) UseSetupLink(ctx context.Context, secret, email, name, password string) (cases.Person, error) {
	p, err := s.person(email, name, cases.RoleAdmin, password)
	if err != nil {
		return cases.Person{}, err
	}
	return p, s.store.UseSetupLink(ctx, digest(secret), s.utc(), p)
}

func digest(secret string) string {
	d := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(d[:])
}

func normal(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
