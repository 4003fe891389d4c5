package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/abusedesk/abusedesk/cases"
)

// The staging table is the session's own: it is made by the first batch on a
// connection and emptied by each commit. n is the place in the batch.
var (
	makeStaging = func() string {
		var b strings.Builder
		b.WriteString("create temp table if not exists call_staging (n integer not null, day date not null")
		for _, c := range callColumns {
			b.WriteString(", " + c.name + " " + c.pgType)
		}
		return b.String() + ") on commit delete rows"
	}()
	stagingColumns = append([]string{"n", "day"}, strings.Split(columnNames("", 0), ", ")...)

	// What is new goes in first. A record that another batch is inserting at
	// the same time is waited for, and then is not new.
	insertStaged = "insert into calls (source, day, " + columnNames("", 0) + ") select $1, day, " + columnNames("", 0) +
		" from call_staging on conflict (source, source_id, day) do nothing"

	joinStaged = "calls c join call_staging s on c.source = $1 and c.source_id = s.source_id and c.day = s.day"

	// Rows that this very transaction has inserted carry its id.
	selectFresh = "select s.n from " + joinStaged + " where c.xmin = pg_current_xact_id()::xid"

	// What is left and differs is a correction. The lock makes the old contents
	// the ones that are replaced, whatever other batches do meanwhile: their
	// keys are counted anew, too.
	selectCorrected = "select s.n, c.from_number, c.to_number, c.account_id, c.direction, c.peer, c.started_at from " + joinStaged +
		" where (" + columnNames("c.", 1) + ") is distinct from (" + columnNames("s.", 1) + ") order by s.n for update of c"

	updateCorrected = "update calls c set (" + columnNames("", 1) + ") = row (" + columnNames("s.", 1) + ") from call_staging s" +
		" where c.source = $1 and c.source_id = s.source_id and c.day = s.day and s.n = any ($2)"
)

// ingestPostgres copies the batch into staging and moves it from there, on one
// connection of gorm's pool that it speaks to in pgx's own tongue.
func (s *Store) ingestPostgres(ctx context.Context, source string, batch []cases.Call, promised *cases.Coverage, moved *importMove) (cases.Ingested, error) {
	var done cases.Ingested
	conn, err := s.sql.Conn(ctx)
	if err != nil {
		return done, err
	}
	defer conn.Close()
	err = conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the pool's connections are %T, not pgx's", driver)
		}
		pg := c.Conn()
		if err := ensurePartitions(ctx, pg, batch); err != nil {
			return err
		}
		return pgx.BeginFunc(ctx, pg, func(tx pgx.Tx) error {
			hours := callHours{}
			if len(batch) > 0 {
				if done, err = moveStaged(ctx, tx, source, batch, hours); err != nil {
					return err
				}
			}
			if err := copyDirty(ctx, tx, hours); err != nil {
				return err
			}
			if err := moved.postgres(ctx, tx); err != nil {
				return err
			}
			return coverPostgres(ctx, tx, promised)
		})
	})
	return done, err
}

// ensurePartitions makes the partitions of the batch's days before its
// transaction begins: making one locks the whole table until the commit, and an
// empty partition that is left behind by a failure harms nobody.
func ensurePartitions(ctx context.Context, pg *pgx.Conn, batch []cases.Call) error {
	var days []time.Time
	for _, c := range batch { // sorted by day
		if n := len(days); n == 0 || !days[n-1].Equal(c.Day()) {
			days = append(days, c.Day())
		}
	}
	for _, d := range days {
		if _, err := pg.Exec(ctx, "select ensure_call_partition($1)", d); err != nil {
			return fmt.Errorf("partition of %s: %w", d.Format(time.DateOnly), err)
		}
	}
	return nil
}

// moveStaged stages the batch, moves it into calls and adds to hours what has
// to be counted anew.
func moveStaged(ctx context.Context, tx pgx.Tx, source string, batch []cases.Call, hours callHours) (cases.Ingested, error) {
	if _, err := tx.Exec(ctx, makeStaging); err != nil {
		return cases.Ingested{}, err
	}
	row := make([]any, len(stagingColumns))
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"call_staging"}, stagingColumns, pgx.CopyFromSlice(len(batch), func(i int) ([]any, error) {
		c := &batch[i]
		row[0], row[1] = i, c.Day()
		for j, col := range callColumns {
			row[j+2] = col.get(c)
		}
		return row, nil
	}))
	if err != nil {
		return cases.Ingested{}, err
	}
	tag, err := tx.Exec(ctx, insertStaged, source)
	if err != nil {
		return cases.Ingested{}, err
	}
	done := cases.Ingested{New: int(tag.RowsAffected())}
	if done.New == len(batch) {
		for i := range batch {
			hours.addCall(batch[i])
		}
		return done, nil
	}
	// The staging table has no statistics, and a plan that reads a whole day
	// for it would be slow: look each record up.
	if _, err := tx.Exec(ctx, "set local enable_hashjoin = off; set local enable_mergejoin = off"); err != nil {
		return done, err
	}
	if done.New > 0 {
		rows, err := tx.Query(ctx, selectFresh, source)
		if err != nil {
			return done, err
		}
		fresh, err := pgx.CollectRows(rows, pgx.RowTo[int])
		if err != nil {
			return done, err
		}
		for _, i := range fresh {
			hours.addCall(batch[i])
		}
	}
	done.Corrected, err = correctStaged(ctx, tx, source, batch, hours)
	done.Unchanged = len(batch) - done.New - done.Corrected
	return done, err
}

func correctStaged(ctx context.Context, tx pgx.Tx, source string, batch []cases.Call, hours callHours) (int, error) {
	rows, err := tx.Query(ctx, selectCorrected, source)
	if err != nil {
		return 0, err
	}
	var n []int
	var old cases.Call
	var i int
	_, err = pgx.ForEachRow(rows, []any{&i, &old.From, &old.To, &old.AccountID, &old.Direction, &old.Peer, &old.StartedAt}, func() error {
		hours.addCall(old)
		hours.addCall(batch[i])
		n = append(n, i)
		return nil
	})
	if err != nil || len(n) == 0 {
		return 0, err
	}
	_, err = tx.Exec(ctx, updateCorrected, source, n)
	return len(n), err
}

func copyDirty(ctx context.Context, tx pgx.Tx, hours callHours) error {
	if len(hours) == 0 {
		return nil
	}
	rows := make([]callHour, 0, len(hours))
	for h := range hours {
		rows = append(rows, h)
	}
	// Neighbours in the index go in together.
	slices.SortFunc(rows, func(a, b callHour) int {
		if c := strings.Compare(a.Kind, b.Kind); c != 0 {
			return c
		}
		return strings.Compare(a.Key, b.Key)
	})
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"call_dirties"}, []string{"key_kind", "key", "hour"},
		pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) { return []any{rows[i].Kind, rows[i].Key, rows[i].Hour}, nil }))
	return err
}

func coverPostgres(ctx context.Context, tx pgx.Tx, p *cases.Coverage) error {
	if p == nil {
		return nil
	}
	first := extendCoverage(nil, *p)
	tag, err := tx.Exec(ctx, beginCoverage, p.Source, first.From, first.Through)
	if err != nil || tag.RowsAffected() == 1 {
		return err
	}
	old := cases.Coverage{Source: p.Source}
	if err := tx.QueryRow(ctx, lockCoverage+" for update", p.Source).Scan(&old.From, &old.Through); err != nil {
		return err
	}
	c := extendCoverage(&old, *p)
	_, err = tx.Exec(ctx, moveCoverage, p.Source, c.From, c.Through)
	return err
}
