package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// AcquireLease takes or keeps a lease for ttl. It returns the lease and whether
// it is the holder's now; if not, the lease is the other's. The epoch grows
// whenever the lease was free or expired, also when the same holder takes it
// again: whoever was paused past its end is refused by the old epoch. Give each
// process its own holder.
//
// A holder that has more than half of ttl left gets the lease as it is, without
// a write: loops ask often, and each commit is a disk's flush.
func (s *Store) AcquireLease(ctx context.Context, now time.Time, name, holder string, ttl time.Duration) (cases.Lease, bool, error) {
	now = stored(now)
	var l cases.Lease
	err := s.read(ctx).Raw("SELECT * FROM leases WHERE name = ?", name).Scan(&l).Error
	if err != nil || (l.Holder == holder && l.ExpiresAt.After(now.Add(ttl/2))) {
		return l, err == nil, translate(err)
	}
	var ok bool
	err = s.write(ctx, func(tx *gorm.DB) error {
		r := tx.Exec(`INSERT INTO leases (name, holder, epoch, expires_at) VALUES (?, ?, 1, ?)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at,
			epoch = leases.epoch + CASE WHEN leases.holder = excluded.holder AND leases.expires_at > ? THEN 0 ELSE 1 END
			WHERE leases.holder = excluded.holder OR leases.expires_at <= ?`, name, holder, now.Add(ttl), now, now)
		if r.Error != nil {
			return r.Error
		}
		ok = r.RowsAffected == 1
		return tx.Raw("SELECT * FROM leases WHERE name = ?", name).Scan(&l).Error
	})
	return l, ok, err
}

// RenewLease prolongs a lease that is still held in its epoch; false when it
// was taken over.
func (s *Store) RenewLease(ctx context.Context, now time.Time, l cases.Lease, ttl time.Duration) (bool, error) {
	var ok bool
	err := s.write(ctx, func(tx *gorm.DB) error {
		r := tx.Exec("UPDATE leases SET expires_at = ? WHERE name = ? AND holder = ? AND epoch = ?", stored(now).Add(ttl), l.Name, l.Holder, l.Epoch)
		ok = r.RowsAffected == 1
		return r.Error
	})
	return ok, err
}

// ReleaseLease lets go of a lease, so that another need not wait for its end.
// The row stays: its epoch must never be given twice.
func (s *Store) ReleaseLease(ctx context.Context, l cases.Lease) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE leases SET expires_at = ? WHERE name = ? AND holder = ? AND epoch = ?", time.Unix(0, 0).UTC(), l.Name, l.Holder, l.Epoch).Error
	})
}
