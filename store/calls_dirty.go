package store

import (
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// The keys that calls are counted by. A key of the called number counts only
// the calls that came in to it: numbers called from here are mostly called
// once, and a count for each would be as large as the records themselves.
// A key of an account counts only the calls that went out, because what others
// do to an account's numbers says nothing about the account. A key of the
// caller counts every leg on which it was shown, one of a provider every leg
// that it handed to us.
const (
	keyFrom    = "from"
	keyTo      = "to"
	keyAccount = "account"
	keyPeer    = "provider"

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

// addCall marks every count that the call is part of.
func (h callHours) addCall(c cases.Call) {
	hour := c.StartedAt.UTC().Truncate(time.Hour)
	if c.From != "" {
		h[callHour{keyFrom, c.From, hour}] = struct{}{}
	}
	if c.To != "" && c.Direction == inbound {
		h[callHour{keyTo, c.To, hour}] = struct{}{}
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
