package store

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

var _ scs.CtxStore = (*Sessions)(nil)

func person(id, email string, role cases.Role) cases.Person {
	return cases.Person{ID: id, Email: email, Name: id, Role: role, PasswordHash: "$argon2id$…", TimeZone: "America/New_York", CreatedAt: noon}
}

func TestPeople(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		root := cases.System("command line")
		p := person("p1", "ann@example.org", cases.RoleAnalyst)
		if err := s.CreatePerson(ctx, root, p); err != nil {
			t.Fatal(err)
		}
		if err := s.CreatePerson(ctx, root, person("p2", "ann@example.org", cases.RoleAdmin)); !errors.Is(err, cases.ErrConflict) {
			t.Errorf("an address twice: %v", err)
		}
		got, err := s.PersonByEmail(ctx, "ann@example.org")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, got); diff != "" {
			t.Error(diff)
		}
		if _, err := s.PersonByEmail(ctx, "\x00"); !errors.Is(err, cases.ErrNotFound) {
			t.Errorf("nobody: %v", err)
		}
		if yes, err := s.HasAdmin(ctx); yes || err != nil {
			t.Error(yes, err)
		}
		sessions := s.Sessions()
		sessions.Now, sessions.Person = func() time.Time { return noon }, func(data []byte) string { return string(data) }
		if err := sessions.CommitCtx(ctx, "t", []byte("p1"), noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := s.SetPassword(ctx, root, noon, "p1", "new"); err != nil {
			t.Fatal(err)
		}
		if got, err = s.Person(ctx, "p1"); err != nil || got.PasswordHash != "new" {
			t.Error(got, err)
		}
		if _, ok, err := sessions.FindCtx(ctx, "t"); ok || err != nil {
			t.Errorf("a session outlived the password: %v", err)
		}
		if err := s.SetPassword(ctx, root, noon, "nobody", "new"); !errors.Is(err, cases.ErrNotFound) {
			t.Errorf("nobody's password: %v", err)
		}
		if ps, err := s.People(ctx); err != nil || len(ps) != 1 {
			t.Error(ps, err)
		}
	})
}

func TestSessions(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		now := noon
		x := s.Sessions()
		x.Now = func() time.Time { return now }
		if _, ok, err := x.Find("t"); ok || err != nil {
			t.Error(ok, err)
		}
		for _, data := range []string{"one", "two"} {
			if err := x.Commit("t", []byte(data), noon.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		if b, ok, err := x.Find("t"); !ok || err != nil || string(b) != "two" {
			t.Error(string(b), ok, err)
		}
		now = noon.Add(time.Hour + time.Second)
		if _, ok, err := x.Find("t"); ok || err != nil {
			t.Error("an expired session was found", err)
		}
		if n, err := s.PruneSessions(t.Context(), now); n != 1 || err != nil {
			t.Errorf("pruned %d, %v", n, err)
		}
		if err := x.Commit("u", []byte("x"), now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := x.Delete("u"); err != nil {
			t.Fatal(err)
		}
		if _, ok, _ := x.Find("u"); ok {
			t.Error("a deleted session was found")
		}
	})
}

func TestAPIKeys(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		until := noon.Add(time.Hour)
		k := cases.APIKey{ID: "k1", Name: "switch", Prefix: "abk_x", Digest: "d", Scopes: []cases.Scope{cases.ScopePolicy}, CreatedAt: noon, ExpiresAt: &until}
		if err := s.CreateAPIKey(ctx, ann, k); err != nil {
			t.Fatal(err)
		}
		for _, now := range []time.Time{noon, noon.Add(time.Second)} { // the second is within the minute
			if err := s.TouchAPIKey(ctx, "k1", now); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.APIKeyByDigest(ctx, "d")
		if err != nil {
			t.Fatal(err)
		}
		k.LastUsedAt = &noon
		if diff := cmp.Diff(k, got); diff != "" {
			t.Error(diff)
		}
		for range 2 {
			if err := s.RevokeAPIKey(ctx, ann, noon, "k1"); err != nil {
				t.Fatal(err)
			}
		}
		if ks, err := s.APIKeys(ctx); err != nil || len(ks) != 1 || ks[0].RevokedAt == nil {
			t.Error(ks, err)
		}
		if err := s.RevokeAPIKey(ctx, ann, noon, "k2"); !errors.Is(err, cases.ErrNotFound) {
			t.Errorf("no such key: %v", err)
		}
		if n := count(t, s, "SELECT count(*) FROM events WHERE object_kind = 'api_key'"); n != 2 {
			t.Errorf("%d events", n)
		}
	})
}

func TestSetupLinksMakeOneAdmin(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		use := func(digest string, now time.Time, id string) error {
			return s.UseSetupLink(ctx, digest, now, person(id, id+"@example.org", cases.RoleAnalyst))
		}
		for i := range 8 {
			if err := s.CreateSetupLink(ctx, fmt.Sprint("d", i), noon.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		if err := use("unknown", noon, "x"); !errors.Is(err, cases.ErrNotFound) {
			t.Errorf("unknown: %v", err)
		}
		if err := use("d0", noon.Add(time.Hour), "x"); !errors.Is(err, cases.ErrNotFound) {
			t.Errorf("expired: %v", err)
		}
		var made atomic.Int32
		var wg sync.WaitGroup
		for i := range 16 { // each link twice, all at once
			wg.Go(func() {
				switch err := use(fmt.Sprint("d", i%8), noon, fmt.Sprint("p", i)); {
				case err == nil:
					made.Add(1)
				case !errors.Is(err, cases.ErrConflict) && !errors.Is(err, cases.ErrNotFound):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := made.Load(); n != 1 {
			t.Errorf("%d made an admin", n)
		}
		if n := count(t, s, "SELECT count(*) FROM people WHERE role = 'admin'"); n != 1 {
			t.Errorf("%d admins", n)
		}
		if yes, err := s.HasAdmin(ctx); !yes || err != nil {
			t.Error(yes, err)
		}
	})
}

// Two links that are used in the same instant make one admin.
func TestSetupLinksFollowEachOther(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		if s.dialect == migrations.SQLite {
			return // one writer at a time
		}
		for _, digest := range []string{"one", "two"} {
			if err := s.CreateSetupLink(t.Context(), digest, noon.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		tx := s.db.Begin()
		defer tx.Rollback()
		if err := s.useSetupLink(tx, "one", noon, person("p1", "p1@example.org", cases.RoleAdmin)); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			done <- s.UseSetupLink(t.Context(), "two", noon, person("p2", "p2@example.org", cases.RoleAdmin))
		}()
		over, err := blockedOrDone(t, s, done)
		if e := tx.Commit().Error; e != nil {
			t.Fatal(e)
		}
		if !over {
			err = <-done
		}
		if !errors.Is(err, cases.ErrConflict) {
			t.Errorf("the second link: %v", err)
		}
	})
}
