package store

import (
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/internal/testenv"
)

// A program that only looks, as doctor does, must not wait for the desk's writers.
func TestReadingASettingWaitsForNoWriter(t *testing.T) {
	dir := testenv.SQLite(t, migrateFolder)
	serving, looking := open(t, Config{DataDir: dir}), open(t, Config{DataDir: dir})
	chosen, err := serving.Setting(t.Context(), "digest_salt", func() string { return "first" })
	if err != nil {
		t.Fatal(err)
	}
	tx, err := serving.sql.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec("UPDATE settings SET value = value"); err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	got, err := looking.Setting(t.Context(), "digest_salt", func() string { return "second" })
	if err != nil || got != chosen {
		t.Errorf("Setting = %q, %v after %v, want %q", got, err, time.Since(before), chosen)
	}
}
