package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// settleBatch is how many restrictions one transaction moves on at most.
const settleBatch = 500

// forgetReplica is how long the row of a replica that ended is kept to be shown.
const forgetReplica = 24 * time.Hour

// Heartbeat records that the replica lives at now and which revision its
// snapshot holds, then moves on the restrictions that this completes.
func (s *Store) Heartbeat(ctx context.Context, now time.Time, r cases.Replica) error {
	now = stored(now)
	return s.retry(ctx, func(tx *gorm.DB) error {
		err := tx.Exec(`INSERT INTO replicas (id, host, roles, started_at, heartbeat, revision, checksum) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET host = excluded.host, roles = excluded.roles, started_at = excluded.started_at, heartbeat = excluded.heartbeat,
			revision = excluded.revision, checksum = excluded.checksum`, r.ID, text(r.Host), r.Roles, stored(r.StartedAt), now, r.Revision, r.Checksum).Error
		if err != nil {
			return err
		}
		_, err = s.settle(tx, now, "AND revision <= ?", r.Revision)
		return err
	})
}

// SettleRestrictions moves on what is applying or lifting, at most settleBatch at
// a time, and says how many. It is what settles when a replica that had not
// acknowledged stops counting. It also forgets replicas that ended long ago.
func (s *Store) SettleRestrictions(ctx context.Context, now time.Time) (int, error) {
	now = stored(now)
	var n int
	err := s.retry(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec("DELETE FROM replicas WHERE heartbeat < ?", now.Add(-forgetReplica)).Error; err != nil {
			return err
		}
		var err error
		n, err = s.settle(tx, now, "")
		return err
	})
	return n, err
}

// settle applies Restriction.Settle under the locks. The replicas are read
// after the locks are held: of two that acknowledge at once, the second to get
// the locks sees the first's heartbeat, so that one of them settles. The case is
// not touched, since nothing that it looks at changes.
func (s *Store) settle(tx *gorm.DB, now time.Time, where string, args ...any) (int, error) {
	args = append([]any{[]cases.RestrictionState{cases.RestrictionApplying, cases.RestrictionLifting}}, args...)
	var rs []cases.Restriction
	if err := tx.Raw("SELECT * FROM restrictions WHERE state IN ? "+where+" ORDER BY id LIMIT ?"+s.lock(), append(args, settleBatch)...).Scan(&rs).Error; err != nil || len(rs) == 0 {
		return 0, err
	}
	replicas, err := replicas(tx)
	if err != nil {
		return 0, err
	}
	n := 0
	for i := range rs {
		if !rs[i].Settle(replicas, now) {
			continue
		}
		n++
		if err := updateRestriction(tx, &rs[i]); err != nil {
			return n, err
		}
	}
	return n, nil
}

// ExpireRestrictions begins to lift what has run out, settleBatch at a time
// under one revision, and says how many. When it runs does not matter to
// calls: replicas look at the time themselves.
func (s *Store) ExpireRestrictions(ctx context.Context, now time.Time) (int, error) {
	now = stored(now)
	var n int
	err := s.retry(ctx, func(tx *gorm.DB) error {
		n = 0
		const due = "state IN ? AND expires_at <= ?"
		inForce := []cases.RestrictionState{cases.RestrictionApplying, cases.RestrictionActive, cases.RestrictionDrifted}
		var roots []int64
		err := tx.Raw("SELECT DISTINCT case_id FROM (SELECT case_id FROM restrictions WHERE "+due+" ORDER BY id LIMIT ?) AS d WHERE case_id <> 0 ORDER BY case_id",
			inForce, now, settleBatch).Scan(&roots).Error
		if err != nil {
			return err
		}
		of, locked, err := s.casesOfRestrictions(tx, roots)
		if err != nil {
			return err
		}
		var rs []cases.Restriction
		if err := tx.Raw("SELECT * FROM restrictions WHERE "+due+" ORDER BY id LIMIT ?"+s.lock(), inForce, now, settleBatch).Scan(&rs).Error; err != nil || len(rs) == 0 {
			return err
		}
		revision, err := nextRevision(tx)
		if err != nil {
			return err
		}
		expiry := cases.System("expiry")
		for i := range rs {
			if rs[i].CaseID != 0 && of[rs[i].CaseID] == nil {
				continue // came up since the cases were locked: next time
			}
			if err := rs[i].Lift(expiry, now, cases.LiftExpired, revision); err != nil {
				return err
			}
			if err := updateRestriction(tx, &rs[i]); err != nil {
				return err
			}
			n++
		}
		for _, c := range locked {
			if err := keepInStep(tx, now, expiry, c); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// Replicas lists those that answer or did within the last day.
func (s *Store) Replicas(ctx context.Context) ([]cases.Replica, error) {
	rs, err := replicas(s.read(ctx))
	return rs, translate(err)
}

func replicas(tx *gorm.DB) ([]cases.Replica, error) {
	var rs []cases.Replica
	err := tx.Raw("SELECT * FROM replicas ORDER BY id").Scan(&rs).Error
	for i := range rs {
		rs[i].StartedAt, rs[i].Heartbeat = rs[i].StartedAt.UTC(), rs[i].Heartbeat.UTC()
	}
	return rs, err
}

// RetireReplica says that the replica has ended and answers nobody any more, so
// that what waits for it need not wait until it counts as dead.
func (s *Store) RetireReplica(ctx context.Context, now time.Time, id string) error {
	return s.retry(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec("DELETE FROM replicas WHERE id = ?", id).Error; err != nil {
			return err
		}
		_, err := s.settle(tx, stored(now), "")
		return err
	})
}
