// Package storetest gives tests of the packages around the store a database of
// their own, of either dialect. It knows nothing of what they do with it.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/internal/testenv"
	"github.com/abusedesk/abusedesk/store"
)

// Each runs a test on a fresh, migrated database of each dialect, in parallel.
func Each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, Postgres(t))
	})
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, SQLite(t))
	})
}

// Postgres opens a fresh, migrated database of the server that the tests share.
// It is closed when the test ends.
func Postgres(t testing.TB) *store.Store {
	t.Helper()
	return open(t, store.Config{URL: testenv.Postgres(t, migrate)})
}

// SQLite opens a fresh, migrated database in a folder of the test's own.
func SQLite(t testing.TB) *store.Store {
	t.Helper()
	return open(t, store.Config{DataDir: testenv.SQLite(t, migrateFolder)})
}

// Sound checks at the end of the test that nothing is in the database that must
// never be so.
func Sound(t testing.TB, s *store.Store, now func() time.Time) {
	t.Cleanup(func() {
		broken, err := s.Invariants(context.Background(), now())
		if err != nil || len(broken) > 0 {
			t.Errorf("invariants: %v, %v", broken, err)
		}
	})
}

func open(t testing.TB, c store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func migrate(ctx context.Context, url string) error {
	return migrated(ctx, store.Config{URL: url})
}

func migrateFolder(ctx context.Context, dir string) error {
	return migrated(ctx, store.Config{DataDir: dir})
}

func migrated(ctx context.Context, c store.Config) error {
	s, err := store.Open(ctx, c)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Migrate(ctx)
}
