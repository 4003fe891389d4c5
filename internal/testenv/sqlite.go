package testenv

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// MigrateFolder brings the empty database in a data folder to the current
// schema. Like [Migrate] it is called once for each test process, and must
// close what it opens.
type MigrateFolder func(ctx context.Context, dir string) error

// SQLite returns a data folder of the test's own with a copy of the migrated
// database. Safe for parallel tests.
func SQLite(t testing.TB, migrate MigrateFolder) string {
	t.Helper()
	tpl, err := folders.of(migrate, func() (string, error) { return makeFolder(migrate) })
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(tpl)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func makeFolder(migrate MigrateFolder) (string, error) {
	base, err := root()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(base, "sqlite-")
	if err != nil {
		return "", err
	}
	if err := migrate(context.Background(), dir); err != nil {
		return "", fmt.Errorf("migrate the tests' database: %w", err)
	}
	return dir, nil
}
