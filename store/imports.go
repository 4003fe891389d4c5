package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// ImportFile returns how far an import has come that is known by its kind,
// source, digest and reading; cases.ErrNotFound when nobody has begun.
func (s *Store) ImportFile(ctx context.Context, key cases.ImportFile) (cases.ImportFile, error) {
	var f cases.ImportFile
	err := found(s.read(ctx).Raw("SELECT * FROM import_files WHERE kind = ? AND source = ? AND sha256 = ? AND reading = ?", importKey(key)...).Scan(&f), "an import of this file")
	return f, translate(err)
}

func importKey(f cases.ImportFile) []any { return []any{f.Kind, f.Source, f.SHA256, f.Reading} }

const selectImport = "SELECT rows, done_at FROM import_files WHERE kind = $1 AND source = $2 AND sha256 = $3 AND reading = $4"

// lockImport refuses to go on where somebody else has. f is the place before.
func (s *Store) lockImport(tx *gorm.DB, f cases.ImportFile) error {
	var was cases.ImportFile
	if err := tx.Raw("SELECT rows, done_at FROM import_files WHERE kind = ? AND source = ? AND sha256 = ? AND reading = ?"+s.lock(), importKey(f)...).Scan(&was).Error; err != nil {
		return err
	}
	return goesOn(f, was.Rows, was.DoneAt)
}

// goesOn says whether an import is where f says that it is. A file that was done
// can be read once more from its beginning.
func goesOn(f cases.ImportFile, rows int, done *time.Time) error {
	if rows != f.Rows && (f.Rows > 0 || done == nil) {
		return cases.Conflict("somebody else is importing this file")
	}
	return nil
}

const importColumns = "import_files (kind, source, sha256, reading, format, rows, kept, skipped, ignored, place, started_at, done_at)"

const moveImport = `ON CONFLICT (kind, source, sha256, reading) DO UPDATE SET format = excluded.format, rows = excluded.rows, kept = excluded.kept,
	skipped = excluded.skipped, ignored = excluded.ignored, place = excluded.place, done_at = excluded.done_at`

// importRow is a place as it is stored; it sets when the import began.
func importRow(now time.Time, f *cases.ImportFile) ([]any, error) {
	skipped, err := document(f.Skipped)
	if err != nil {
		return nil, err
	}
	ignored, err := document(f.Ignored)
	if err != nil {
		return nil, err
	}
	if f.StartedAt.IsZero() {
		f.StartedAt = stored(now)
	}
	return append(importKey(*f), f.Format, f.Rows, f.Kept, skipped, ignored, f.Place, f.StartedAt, storedPtr(f.DoneAt)), nil
}

func saveImport(tx *gorm.DB, now time.Time, f *cases.ImportFile) error {
	row, err := importRow(now, f)
	if err != nil {
		return err
	}
	_, err = insert(tx, importColumns, [][]any{row}, moveImport)
	return err
}

// importMove moves an import of calls on, in the transaction of its batch.
type importMove struct {
	s    *Store
	now  time.Time
	f    cases.ImportFile // the place before
	next cases.ImportFile
}

func (m *importMove) sqlite(tx *gorm.DB) error {
	if m == nil {
		return nil
	}
	if err := m.s.lockImport(tx, m.f); err != nil {
		return err
	}
	return saveImport(tx, m.now, &m.next)
}

func (m *importMove) postgres(ctx context.Context, tx pgx.Tx) error {
	if m == nil {
		return nil
	}
	row, err := importRow(m.now, &m.next)
	if err != nil {
		return err
	}
	// The row is there before it is locked, so that two that begin together do
	// not both.
	tag, err := tx.Exec(ctx, "INSERT INTO "+importColumns+" VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9::jsonb, $10, $11, $12) ON CONFLICT (kind, source, sha256, reading) DO NOTHING", row...)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 1 {
		return goesOn(m.f, 0, nil)
	}
	var rows int
	var done *time.Time
	if err := tx.QueryRow(ctx, selectImport+m.s.lock(), importKey(m.f)...).Scan(&rows, &done); err != nil {
		return err
	}
	if err := goesOn(m.f, rows, done); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE import_files SET format = $5, rows = $6, kept = $7, skipped = $8::jsonb, ignored = $9::jsonb, place = $10, started_at = $11, done_at = $12
		WHERE kind = $1 AND source = $2 AND sha256 = $3 AND reading = $4`, row...)
	return err
}

// ImportCalls keeps a batch of an import of call records as IngestCalls does, and
// moves the import on by step in the same transaction: f is where it was before,
// and another place is a conflict. It returns the place behind.
func (s *Store) ImportCalls(ctx context.Context, now time.Time, f cases.ImportFile, in cases.Ingest, step cases.ImportStep) (cases.ImportFile, cases.Ingested, error) {
	if f.Kind != cases.ImportCalls || f.Source != in.Source {
		return f, cases.Ingested{}, errors.New("an import of calls has the source of its batch")
	}
	step.Kept = len(in.Calls)
	m := &importMove{s: s, now: stored(now), f: f, next: f.Next(step)}
	m.next.DoneAt = nil
	done, err := s.ingestCalls(ctx, now, in, m)
	if err != nil {
		return f, done, err
	}
	return m.next, done, nil
}

// FinishImport says that an import has come to its end, with an entry in the
// audit log.
func (s *Store) FinishImport(ctx context.Context, a cases.Actor, now time.Time, f cases.ImportFile) (cases.ImportFile, error) {
	now = stored(now)
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := s.lockImport(tx, f); err != nil {
			return err
		}
		f.DoneAt = &now
		e := cases.NewEvent(now, a, f.Kind+".import", f.Kind, f.SHA256, "")
		e.Data = map[string]string{"format": f.Format, "rows": fmt.Sprint(f.Rows), "kept": fmt.Sprint(f.Kept), "refused": fmt.Sprint(f.Refused())}
		if f.Source != "" {
			e.Data["source"] = f.Source
		}
		if err := insertEvents(tx, []cases.Event{e}); err != nil {
			return err
		}
		return saveImport(tx, now, &f)
	})
	if err != nil {
		return f, fmt.Errorf("finish import: %w", err)
	}
	return f, nil
}
