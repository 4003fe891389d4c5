package store

import (
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// The keys that calls are counted by. A key of the called number counts only
// the calls that came in to it, because what was called from here says nothing
// of whom. A key of an account counts only the calls that went out, because what others
// do to an account's numbers says nothing about the account. A key of the
// caller counts every leg on which it was shown, one of a provider every leg
// that it handed to us.
//
// Accounts and providers are few: each of their hours is counted, and marked dirty
// by itself. Numbers are as many as calls, and most have a handful in an hour: a
// count for each would be as large as the records. So an hour is marked dirty
// for all numbers at once, only those that were busy in it are counted, and of
// the others the records are read, which are few.
const (
	keyFrom    = "from"
	keyTo      = "to"
	keyAccount = "account"
	keyPeer    = "provider"

	keyNumbers = "numbers" // in marks alone: from and to, of every number

	// busyHour is how many calls of one number in an hour are worth a count.
	busyHour = 12

	inbound  = "inbound"
	outbound = "outbound"
)

// callHour is one count: what of, and when.
type callHour struct {
	Kind string
	Key  string
	Hour time.Time // UTC, on the hour
}

// callHours collects each once.
type callHours map[callHour]struct{}

// addCall marks what the call is part of.
func (h callHours) addCall(c cases.Call) {
	hour := c.StartedAt.UTC().Truncate(time.Hour)
	if c.From != "" || c.To != "" && c.Direction == inbound {
		h[callHour{Kind: keyNumbers, Hour: hour}] = struct{}{}
	}
	if c.AccountID != "" && c.Direction == outbound {
		h[callHour{keyAccount, c.AccountID, hour}] = struct{}{}
	}
	if c.Peer != "" {
		h[callHour{keyPeer, c.Peer, hour}] = struct{}{}
	}
}

// dirtyRow is a count that is no longer what the records say. Rows are only
// inserted and deleted, never updated, so that no two batches wait for each
// other over a busy account; the same pair may be there many times.
type dirtyRow struct {
	ID      int64 `gorm:"primaryKey"`
	KeyKind string
	Key     string
	Hour    time.Time
	// MarkedAt is the database's clock, so that nobody's lag is hidden by another's.
	MarkedAt time.Time `gorm:"->"`
}

func (dirtyRow) TableName() string { return "call_dirties" }

// insertDirty marks them dirty, on either dialect.
func insertDirty(tx *gorm.DB, hours callHours) error {
	rows := make([]dirtyRow, 0, len(hours))
	for h := range hours {
		rows = append(rows, dirtyRow{KeyKind: h.Kind, Key: h.Key, Hour: h.Hour})
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.CreateInBatches(rows, smallBatch).Error
}

// smallBatch is how many rows go into one statement: SQLite is slower with more.
const smallBatch = 50
