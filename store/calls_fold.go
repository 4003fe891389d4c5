package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
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
		days := map[time.Time][]time.Time{} // hours of all numbers, by day
		for _, d := range dirty {
			k := callHour{d.KeyKind, d.Key, d.Hour.UTC()}
			if _, twice := hours[k]; d.KeyKind == keyNumbers && !twice {
				days[dayOf(k.Hour)] = append(days[dayOf(k.Hour)], k.Hour)
			}
			hours[k] = struct{}{}
		}
		counted, err := s.countCalls(tx, hours)
		if err != nil {
			return err
		}
		if err := keepCounts(tx, hours, counted); err != nil {
			return err
		}
		for _, of := range days {
			if err := s.foldNumbers(tx, of); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("fold calls: %w", err)
	}
	return taken, nil
}

// foldNumbers counts the numbers that were busy in some hours of a day.
func (s *Store) foldNumbers(tx *gorm.DB, hours []time.Time) error {
	busy, err := s.busyNumbers(tx, hours)
	if err != nil {
		return err
	}
	counted, err := s.countCalls(tx, busy)
	if err != nil {
		return err
	}
	err = tx.Exec("delete from hour_stats where key_kind in ('"+keyFrom+"', '"+keyTo+"') and hour in ?", hours).Error
	if err != nil {
		return err
	}
	return keepCounts(tx, busy, counted)
}

// FoldLag is how long the oldest mark has been waiting for the folder, by the
// database's clock; 0 when none does.
func (s *Store) FoldLag(ctx context.Context) (time.Duration, error) {
	lag := "strftime('%s', 'now') - strftime('%s', min(marked_at))"
	if s.dialect == migrations.Postgres {
		lag = "extract(epoch from clock_timestamp() - min(marked_at))"
	}
	var seconds []float64
	err := s.read(ctx).Raw("select coalesce(" + lag + ", 0) from call_dirties").Scan(&seconds).Error
	if err != nil || len(seconds) == 0 {
		return 0, translate(err)
	}
	return max(0, time.Duration(seconds[0]*float64(time.Second))), nil
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

// keepCounts replaces the stored counts of some hours; one without calls has
// none.
func keepCounts(tx *gorm.DB, hours callHours, counted []cases.HourStats) error {
	gone := maps.Clone(hours)
	for _, h := range counted {
		delete(gone, callHour{h.KeyKind, h.Key, h.Hour})
	}
	for k := range gone {
		if err := tx.Exec("delete from hour_stats where key_kind = ? and key = ? and hour = ?", k.Kind, k.Key, k.Hour).Error; err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(counted, smallBatch) {
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
