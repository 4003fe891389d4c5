package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// sqliteBatch is how many records go into one statement: with more, SQLite
// takes longer for each (measured).
const sqliteBatch = 25

// ingestSQLite reads what is there, and writes what is new or differs. The
// transaction is the only writer, so nothing changes in between.
func (s *Store) ingestSQLite(ctx context.Context, source string, batch []cases.Call, promised *cases.Coverage, moved *importMove) (cases.Ingested, error) {
	var done cases.Ingested
	err := s.write(ctx, func(tx *gorm.DB) error {
		done = cases.Ingested{}
		hours := callHours{}
		for chunk := range slices.Chunk(batch, sqliteBatch) {
			if err := ingestChunk(tx, source, chunk, hours, &done); err != nil {
				return err
			}
		}
		if err := insertDirty(tx, hours); err != nil {
			return err
		}
		if err := moved.sqlite(tx); err != nil {
			return err
		}
		return coverSQLite(tx, promised)
	})
	return done, err
}

type callKey struct {
	id  string
	day time.Time
}

func ingestChunk(tx *gorm.DB, source string, chunk []cases.Call, hours callHours, done *cases.Ingested) error {
	args := []any{source}
	for _, c := range chunk {
		args = append(args, c.SourceID, c.Day().Format(time.DateOnly))
	}
	var found []cases.Call
	err := tx.Raw("select "+selectCall+" from calls where source = ? and (source_id, day) in (values "+
		strings.Repeat("(?, ?), ", len(chunk)-1)+"(?, ?))", args...).Scan(&found).Error
	if err != nil {
		return err
	}
	old := make(map[callKey]cases.Call, len(found))
	for _, c := range found {
		old[callKey{c.SourceID, c.Day()}] = c
	}
	args = args[:0]
	n := 0
	for i := range chunk {
		c := &chunk[i]
		before, there := old[callKey{c.SourceID, c.Day()}]
		switch {
		case !there:
			done.New++
		case sameCall(before, *c):
			done.Unchanged++
			continue
		default:
			done.Corrected++
			hours.addCall(before)
		}
		hours.addCall(*c)
		args = append(args, source, c.Day().Format(time.DateOnly))
		for _, col := range callColumns {
			args = append(args, col.get(c))
		}
		n++
	}
	if n == 0 {
		return nil
	}
	return tx.Exec(upsertCalls(n), args...).Error
}

// upsertCalls is the statement that writes n records.
func upsertCalls(n int) string {
	row := "(?, ?" + strings.Repeat(", ?", len(callColumns)) + ")"
	var b strings.Builder
	b.WriteString("insert into calls (source, day, " + columnNames("", 0) + ") values " + strings.Repeat(row+", ", n-1) + row +
		" on conflict (source, source_id, day) do update set ")
	for i, c := range callColumns[1:] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.name + " = excluded." + c.name)
	}
	return b.String()
}

func coverSQLite(tx *gorm.DB, p *cases.Coverage) error {
	if p == nil {
		return nil
	}
	var old *cases.Coverage
	var row cases.Coverage
	switch err := tx.Where("source = ?", p.Source).Take(&row).Error; {
	case err == nil:
		old = &row
	case !errors.Is(err, gorm.ErrRecordNotFound):
		return err
	}
	c := extendCoverage(old, *p)
	return tx.Exec("insert into coverages (source, complete_from, complete_through) values (?, ?, ?) "+
		"on conflict (source) do update set complete_from = excluded.complete_from, complete_through = excluded.complete_through",
		c.Source, c.From.UTC(), c.Through.UTC()).Error
}
