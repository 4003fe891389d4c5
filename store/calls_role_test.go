package store

import (
	"net/url"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// The service may run as a role that owns no table: it makes and drops
// partitions all the same.
func TestCallsAsARoleThatOwnsNothing(t *testing.T) {
	t.Parallel()
	owner := testenv.Postgres(t, migrate)
	service := testenv.PostgresRole(t, owner)
	u, err := url.Parse(service)
	if err != nil {
		t.Fatal(err)
	}
	asOwner := open(t, Config{URL: owner})
	exec(t, asOwner, "grant select, insert, update, delete on calls, call_dirties, hour_stats, coverages, leases to "+u.User.Username())
	lease := foldLease(t, asOwner)

	s := open(t, Config{URL: service})
	old := testCall("old", "+12025550143", "+13125550199", "10:00:00")
	old.StartedAt = old.StartedAt.AddDate(0, 0, -3)
	day := time.Date(2026, 11, 7, 0, 0, 0, 0, time.UTC)
	_, err = s.IngestCalls(t.Context(), callsNow, cases.Ingest{Source: "sbc1", Calls: []cases.Call{old, testCall("new", "+12025550143", "+13125550199", "10:00:00")},
		CompleteFrom: day, CompleteThrough: callsNow})
	if err != nil {
		t.Fatal(err)
	}
	foldAll(t, s, lease)
	if err := s.DropCalls(t.Context(), day.AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	left, err := s.MatchingCalls(t.Context(), cases.CallQuery{From: "+12025550143"})
	if err != nil || len(left) != 1 || left[0].SourceID != "new" {
		t.Errorf("left %+v, %v", left, err)
	}
	if err := s.db.Exec("drop table calls_20261110").Error; err == nil {
		t.Error("the role could drop a table by itself")
	}
}
