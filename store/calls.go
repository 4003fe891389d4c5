package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

// MaxIngest is the most calls that one batch may hold: about 5 MB, and well
// under a second of work, so that a batch never holds its locks for long.
const MaxIngest = 10_000

// IngestCalls commits a batch of one source: its records, the (key, hour)
// pairs whose counts they change, and the source's coverage, all or nothing.
//
// A record is identified by source, source id and UTC day of its start; the
// day is part of it because a table partitioned by day cannot hold uniqueness
// without it. Sending it again changes nothing, sending it with other contents
// corrects it. A correction that moves the start into another day is another
// record: a source that does so must keep its ids apart by itself. Within one
// batch the later record wins, and the earlier ones count as what they were.
//
// The records must have passed package calls; in.Source is the source of them
// all. ErrTooLarge above MaxIngest, ErrInvalid for a promise of coverage that
// makes no sense. Safe for concurrent use, also for the same records.
func (s *Store) IngestCalls(ctx context.Context, now time.Time, in cases.Ingest) (cases.Ingested, error) {
	return s.ingestCalls(ctx, now, in, nil)
}

// ingestCalls also moves an import on, in the same transaction; nil for none.
func (s *Store) ingestCalls(ctx context.Context, now time.Time, in cases.Ingest, moved *importMove) (cases.Ingested, error) {
	if len(in.Calls) > MaxIngest {
		return cases.Ingested{}, &cases.Error{Kind: cases.KindTooLarge,
			Message: fmt.Sprintf("a batch holds at most %d calls, this one has %d: send several", MaxIngest, len(in.Calls))}
	}
	if in.Source == "" {
		return cases.Ingested{}, cases.Invalid(cases.Problem{Field: "source", Message: "say which switch or system the records are from"})
	}
	promised, err := promise(in, now)
	if err != nil {
		return cases.Ingested{}, err
	}
	batch, done := distinctCalls(in)
	var added cases.Ingested
	if s.dialect == migrations.Postgres {
		added, err = s.ingestPostgres(ctx, in.Source, batch, promised, moved)
	} else {
		added, err = s.ingestSQLite(ctx, in.Source, batch, promised, moved)
	}
	if err != nil {
		return cases.Ingested{}, fmt.Errorf("ingest %d calls of %s: %w", len(in.Calls), in.Source, translate(err))
	}
	done.New += added.New
	done.Corrected += added.Corrected
	done.Unchanged += added.Unchanged
	return done, nil
}

// distinctCalls brings the records into the form in which they are stored
// (UTC, microseconds, the batch's source) and into the order of their key, so
// that two batches with the same records wait for each other instead of
// deadlocking. Of records with one key it keeps the last, and counts the rest.
func distinctCalls(in cases.Ingest) ([]cases.Call, cases.Ingested) {
	batch := make([]cases.Call, len(in.Calls))
	for i, c := range in.Calls {
		c.Source = in.Source
		c.StartedAt = stored(c.StartedAt)
		c.ProgressAt, c.AnsweredAt, c.EndedAt = storedPtr(c.ProgressAt), storedPtr(c.AnsweredAt), storedPtr(c.EndedAt)
		batch[i] = c
	}
	slices.SortStableFunc(batch, func(a, b cases.Call) int {
		return cmp.Or(a.Day().Compare(b.Day()), cmp.Compare(a.SourceID, b.SourceID))
	})
	var counted cases.Ingested
	kept := batch[:0]
	for _, c := range batch {
		if n := len(kept); n > 0 && kept[n-1].SourceID == c.SourceID && kept[n-1].Day().Equal(c.Day()) {
			if sameCall(kept[n-1], c) {
				counted.Unchanged++
			} else {
				counted.Corrected++
			}
			kept[n-1] = c
			continue
		}
		kept = append(kept, c)
	}
	return kept, counted
}

// stored is a time as the database gives it back.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func storedPtr(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := stored(*t)
	return &u
}

// sameCall compares records in stored form.
func sameCall(a, b cases.Call) bool {
	for _, col := range callColumns {
		if !sameValue(col.get(&a), col.get(&b)) {
			return false
		}
	}
	return true
}

func sameValue(a, b any) bool {
	switch x := a.(type) {
	case time.Time:
		y, ok := b.(time.Time)
		return ok && x.Equal(y)
	case *time.Time:
		y, ok := b.(*time.Time)
		return ok && (x == nil) == (y == nil) && (x == nil || x.Equal(*y))
	}
	return a == b
}
