package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/abusedesk/abusedesk/cases"
)

// FoldCalls counts dirty hours anew, from the records and not from what was
// counted before, so that late and corrected records cost nothing special and
// a folder that dies in the middle has done nothing. It takes at most limit
// dirty rows (0: 1,000), the oldest first, and returns how many it took: call
// it again until that is 0.
//
// It deletes exactly the rows that it saw. Records that are committed while it
// counts have dirty rows of their own, and are counted again. Only the holder
// of the lease may fold: the lease's row is locked until the commit, and
// ErrFenced is returned, nothing changed, once the epoch is another's.
func (s *Store) FoldCalls(ctx context.Context, lease cases.Lease, now time.Time, limit int) (int, error) {
	if limit <= 0 {
		limit = 1000
	}
	taken := 0
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := s.holdLease(tx, lease); err != nil {
			return err
		}
		var dirty []dirtyRow
		err := tx.Raw("delete from call_dirties where id in (select id from call_dirties order by id limit ?) returning id, key_kind, key, hour", limit).
			Scan(&dirty).Error
		if err != nil {
			return err
		}
		taken = len(dirty)
		hours := callHours{}
		for _, d := range dirty {
			hours[callHour{d.KeyKind, d.Key, d.Hour.UTC()}] = struct{}{}
		}
		counted, err := s.countCalls(tx, hours)
		if err != nil {
			return err
		}
		return keepCounts(tx, counted)
	})
	if err != nil {
		return 0, fmt.Errorf("fold calls: %w", err)
	}
	return taken, nil
}

// holdLease locks the lease against a change of holder until the commit.
func (s *Store) holdLease(tx *gorm.DB, l cases.Lease) error {
	var n []int64
	err := tx.Raw("select epoch from leases where name = ? and holder = ? and epoch = ?"+s.lock(), l.Name, l.Holder, l.Epoch).Scan(&n).Error
	if err != nil {
		return err
	}
	if len(n) == 0 {
		return &cases.Error{Kind: cases.KindFenced, Message: "the lease " + l.Name + " was taken over"}
	}
	return nil
}

// keepCounts replaces the stored counts; an hour without calls has none.
func keepCounts(tx *gorm.DB, counted []cases.HourStats) error {
	var keep []cases.HourStats
	for _, h := range counted {
		if h.Attempts > 0 {
			keep = append(keep, h)
			continue
		}
		if err := tx.Exec("delete from hour_stats where key_kind = ? and key = ? and hour = ?", h.KeyKind, h.Key, h.Hour).Error; err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(keep, smallBatch) {
		err := tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "key_kind"}, {Name: "key"}, {Name: "hour"}},
			DoUpdates: clause.AssignmentColumns([]string{"attempts", "answered", "short", "billed_secs", "cost_micros",
				"attest_a", "attest_b", "attest_c", "unsigned",
				"busy", "no_answer", "rejected", "cancelled", "invalid", "effective", "neighbour", "countries", "callees", "callers"}),
		}).Create(chunk).Error
		if err != nil {
			return err
		}
	}
	return nil
}
