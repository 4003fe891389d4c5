package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

// DropCalls removes the records and counts of all days before the UTC day of
// before. Coverage begins at that day afterwards, in the same transaction: what
// was dropped is no longer "not seen". A source whose records were all dropped
// covers nothing, and begins anew with its next promise.
//
// On PostgreSQL whole partitions are dropped, which needs the table for itself
// for a moment; when it cannot have it within three seconds, it gives up
// (ErrUnavailable) rather than make ingest queue up behind it. Call it again.
func (s *Store) DropCalls(ctx context.Context, before time.Time) error {
	y, m, d := before.UTC().Date()
	day := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	err := s.write(ctx, func(tx *gorm.DB) error {
		for _, st := range []string{
			"delete from coverages where complete_through < ?",
			"delete from call_dirties where hour < ?",
			"delete from hour_stats where hour < ?",
		} {
			if err := tx.Exec(st, day).Error; err != nil {
				return err
			}
		}
		if err := tx.Exec("update coverages set complete_from = ? where complete_from < ?", day, day).Error; err != nil {
			return err
		}
		// Last, because of its lock.
		if s.dialect == migrations.Postgres {
			return tx.Exec("select drop_call_partitions(?)", day.Format(time.DateOnly)).Error
		}
		return tx.Exec("delete from calls where day < ?", day.Format(time.DateOnly)).Error
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "55P03" {
		err = &cases.Error{Kind: cases.KindUnavailable, Message: "the call records are busy", Err: err}
	}
	if err != nil {
		return fmt.Errorf("drop calls before %s: %w", day.Format(time.DateOnly), err)
	}
	return nil
}
