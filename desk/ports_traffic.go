package desk

import (
	"context"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Traffic is what profiles are made of. Kinds of keys are those of
// cases.HourStats.
type Traffic interface {
	// HourStats returns counts by hour ascending, as the records are now.
	HourStats(ctx context.Context, keyKind, key string, from, to time.Time) ([]cases.HourStats, error)
	// RecentCalls returns the newest calls of a key, newest first.
	RecentCalls(ctx context.Context, keyKind, key string, from, to time.Time, limit int) ([]cases.Call, error)
	// Complaints counts reports and signals about a key.
	Complaints(ctx context.Context, keyKind, key string, from, to time.Time) (int, error)
}
