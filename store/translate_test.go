package store

import (
	"errors"
	"testing"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

func TestADuplicateIsAConflict(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		for _, sql := range []string{"INSERT INTO leases (name, holder, epoch, expires_at) VALUES ('a', '', 1, ?)", "INSERT INTO leases (name, holder, epoch, expires_at) VALUES ('b', '', 1, ?) RETURNING epoch"} {
			var last error
			for range 2 {
				last = s.write(t.Context(), func(tx *gorm.DB) error {
					var epoch []int64
					return tx.Raw(sql, noon).Scan(&epoch).Error
				})
			}
			if !errors.Is(last, cases.ErrConflict) {
				t.Errorf("%s: %v", sql, last)
			}
		}
	})
}
