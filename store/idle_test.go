package store

import (
	"testing"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// A replica that stops in the middle of a transaction must not keep its row
// locks for as long as it is paused.
func TestPausedTransactionIsEnded(t *testing.T) {
	s := open(t, Config{URL: testenv.Postgres(t, migrate)})
	var got string
	if err := s.read(t.Context()).Raw("SHOW idle_in_transaction_session_timeout").Scan(&got).Error; err != nil {
		t.Fatal(err)
	}
	if want := "20s"; got != want {
		t.Errorf("idle_in_transaction_session_timeout = %s, want %s", got, want)
	}
	if idleInTransaction >= cases.AttemptLease/2 {
		t.Errorf("%v leaves no time to take a job over within its lease of %v", idleInTransaction, cases.AttemptLease)
	}
}
