package store

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// SpendSolution uses up a proof of work until it expires. It says whether by may
// count on it: nobody used it before, or by did.
func (s *Store) SpendSolution(ctx context.Context, digest, by string, expires time.Time) (bool, error) {
	var spentBy string
	err := s.write(ctx, func(tx *gorm.DB) error {
		// The update changes nothing; it is there to return, and to wait for, a row
		// that another transaction is writing.
		return tx.Raw(`INSERT INTO spent_solutions (digest, spent_by, expires_at) VALUES (?, ?, ?)
			ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest RETURNING spent_by`, text(digest), text(by), stored(expires)).Scan(&spentBy).Error
	})
	return err == nil && spentBy == text(by), err
}

// PruneSolutions forgets proofs that have expired and says how many.
func (s *Store) PruneSolutions(ctx context.Context, now time.Time) (int, error) {
	var n int64
	err := s.write(ctx, func(tx *gorm.DB) error {
		r := tx.Exec("DELETE FROM spent_solutions WHERE expires_at <= ?", stored(now))
		n = r.RowsAffected
		return r.Error
	})
	return int(n), err
}
