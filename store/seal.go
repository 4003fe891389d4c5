package store

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

// SealEvents chains committed events that are not chained yet, at most limit,
// and says how many. It is fenced by the sealer's lease.
//
// On PostgreSQL ids do not become visible in their order, so it takes the
// events of transactions below the horizon (the oldest one still running):
// of those nothing can appear later. A transaction that stays open holds the
// horizon, and the tail grows until it ends. Each seal records up to which
// horizon everything is sealed, which spares the next round a look at the whole
// table. On SQLite writers follow each other and ids are enough.
func (s *Store) SealEvents(ctx context.Context, now time.Time, lease cases.Lease, limit int) (int, error) {
	now = stored(now)
	var n int
	err := s.write(ctx, func(tx *gorm.DB) error {
		n = 0
		if err := s.holdLease(tx, lease); err != nil {
			return err
		}
		events, horizon, err := s.sealable(tx, limit)
		if err != nil || len(events) == 0 {
			return err
		}
		seq, prev, err := sealHead(tx)
		if err != nil {
			return err
		}
		rows := make([][]any, len(events))
		for i, e := range events {
			hash, err := sealHash(prev, e)
			if err != nil {
				return err
			}
			seq++
			rows[i] = []any{seq, e.ID, prev, hash, now, horizon}
			prev = hash
		}
		n = len(rows)
		_, err = insert(tx, "seals (seq, event_id, prev, hash, at, horizon)", rows, "")
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("seal events: %w", err)
	}
	return n, nil
}

// sealHead is the length of the chain and its last hash.
func sealHead(tx *gorm.DB) (int64, string, error) {
	var last []cases.Seal
	err := tx.Raw("SELECT seq, hash FROM seals ORDER BY seq DESC LIMIT 1").Scan(&last).Error
	if err != nil || len(last) == 0 {
		return 0, sealOrigin, err
	}
	return last[0].Seq, last[0].Hash, nil
}

// sealable returns the next events to chain, and the horizon below which
// everything is sealed once they are.
func (s *Store) sealable(tx *gorm.DB, limit int) ([]cases.Event, int64, error) {
	var events []cases.Event
	if s.dialect == migrations.SQLite {
		err := tx.Raw("SELECT "+eventFields+" FROM "+s.unsealed()+" ORDER BY e.id LIMIT ?", limit).Scan(&events).Error
		return events, 0, err
	}
	var h struct{ Low, High, Future int64 }
	err := tx.Raw(`SELECT sealed_below()::text::bigint AS low, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS high,
		pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS future`).Scan(&h).Error
	if err != nil {
		return nil, 0, err
	}
	// An id from the future comes from another cluster: a restored dump.
	err = tx.Raw("SELECT "+eventFields+" FROM "+s.unsealed()+" AND (e.xid < ?::text::xid8 OR e.xid >= ?::text::xid8) ORDER BY e.id LIMIT ?",
		fmt.Sprint(h.High), fmt.Sprint(h.Future), limit).Scan(&events).Error
	if len(events) < limit {
		return events, h.High, err
	}
	return events, h.Low, err
}

// unsealed is the FROM clause of committed events that are not chained yet.
func (s *Store) unsealed() string {
	if s.dialect == migrations.SQLite {
		return "events e WHERE e.id > (SELECT coalesce(max(event_id), 0) FROM seals)"
	}
	return "events e WHERE e.xid >= sealed_below() AND NOT EXISTS (SELECT 1 FROM seals s WHERE s.event_id = e.id)"
}

// SignCheckpoint signs the chain as far as it goes, so that nobody without the
// key can rewrite it up to there unseen. It says whether there was anything
// new to sign, and is fenced by the sealer's lease.
func (s *Store) SignCheckpoint(ctx context.Context, now time.Time, lease cases.Lease, key ed25519.PrivateKey) (bool, error) {
	var signed bool
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := s.holdLease(tx, lease); err != nil {
			return err
		}
		seq, hash, err := sealHead(tx)
		if err != nil || seq == 0 {
			return err
		}
		c := cases.Checkpoint{Seq: seq, Hash: hash, At: stored(now), KeyID: keyID(key.Public().(ed25519.PublicKey))}
		c.Signature = base64.StdEncoding.EncodeToString(ed25519.Sign(key, checkpointText(c)))
		n, err := insert(tx, "checkpoints (seq, hash, at, signature, key_id)", [][]any{{c.Seq, c.Hash, c.At, c.Signature, c.KeyID}}, "ON CONFLICT (seq) DO NOTHING")
		signed = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("sign checkpoint: %w", err)
	}
	return signed, nil
}
