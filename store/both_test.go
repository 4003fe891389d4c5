package store

import (
	"context"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/internal/testenv"
)

// each runs a test on a fresh, migrated database of both dialects.
func each(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Helper()
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, Config{URL: testenv.Postgres(t, migrate)}))
	})
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, Config{DataDir: testenv.SQLite(t, migrateFolder)}))
	})
}

func open(t *testing.T, c Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func migrate(ctx context.Context, url string) error {
	return migrated(ctx, Config{URL: url})
}

func migrateFolder(ctx context.Context, dir string) error {
	return migrated(ctx, Config{DataDir: dir})
}

func migrated(ctx context.Context, c Config) error {
	s, err := Open(ctx, c)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Migrate(ctx)
}

// noon is when tests happen.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
