package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// ImportSignals keeps those signals that are about numbers which we host or
// carried and that are not there yet, and moves the import of their file on by
// rows, all in one transaction: f is how far it was before, and another place is
// a conflict. skipped are rows that brought no signal. The reports of live cases
// about the numbers are looked at again.
func (s *Store) ImportSignals(ctx context.Context, a cases.Actor, now time.Time, f cases.ImportFile, in []cases.Signal, rows int, skipped map[string]int, done bool) (cases.ImportFile, error) {
	now = stored(now)
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := s.lockImport(tx, f); err != nil {
			return err
		}
		next := f.Next(cases.ImportStep{Rows: rows, Skipped: skipped})
		kept, err := keepSignals(tx, now, in, next.Skipped)
		if err != nil {
			return err
		}
		next.Kept += len(kept)
		if done {
			next.DoneAt = &now
			e := cases.NewEvent(now, a, "signals.import", "signals", f.SHA256, "")
			e.Data = map[string]string{"format": f.Format, "rows": fmt.Sprint(next.Rows), "kept": fmt.Sprint(next.Kept)}
			if err := insertEvents(tx, []cases.Event{e}); err != nil {
				return err
			}
		}
		if err := lookAgainAt(tx, now, kept); err != nil {
			return err
		}
		next.Kind = cases.ImportSignals
		err = saveImport(tx, now, &next)
		f = next
		return err
	})
	if err != nil {
		return f, fmt.Errorf("import complaints: %w", err)
	}
	return f, nil
}

// keepSignals inserts those that are ours and new, counts the others in
// skipped, and returns the numbers of what it kept, one for each.
func keepSignals(tx *gorm.DB, now time.Time, in []cases.Signal, skipped map[string]int) ([]string, error) {
	ours := map[string]bool{}
	for chunk := range slices.Chunk(in, insertChunk) {
		var asked, got, shown []string
		var each []any
		for _, s := range chunk {
			asked, each = append(asked, s.E164), append(each, s.E164)
		}
		err := tx.Raw("SELECT e164 FROM entitlements WHERE e164 IN ?", asked).Scan(&got).Error
		if err != nil {
			return nil, err
		}
		// Each is looked up by the index of each day, until one is found.
		err = tx.Raw("WITH a (e164) AS (VALUES "+strings.Repeat("(?), ", len(asked)-1)+"(?)) SELECT a.e164 FROM a WHERE EXISTS (SELECT 1 FROM calls c WHERE c.from_number = a.e164)",
			each...).Scan(&shown).Error
		got = append(got, shown...)
		if err != nil {
			return nil, err
		}
		for _, e := range got {
			ours[e] = true
		}
	}
	// Sorted, so that two imports with the same complaints wait for each other.
	var rows [][]any
	for _, s := range in {
		if !ours[s.E164] {
			skipped[cases.SkipNotOurs]++
			continue
		}
		rows = append(rows, []any{short(s.Source), short(s.SourceID), s.E164, s.Role, storedPtr(s.HappenedAt), text(s.Subject), s.Robocall, text(s.Area), now})
	}
	slices.SortFunc(rows, func(a, b []any) int {
		return slices.Compare([]string{a[0].(string), a[1].(string)}, []string{b[0].(string), b[1].(string)})
	})
	var kept []string
	err := insertReturning(tx, "signals (source, source_id, e164, role, happened_at, subject, robocall, area, created_at)", rows,
		"ON CONFLICT (source, source_id, role) DO NOTHING RETURNING e164", &kept)
	if n := len(rows) - len(kept); n > 0 {
		skipped[cases.SkipAgain] += n
	}
	return kept, err
}

// lookAgainAt asks for the enrichment of the newest report of each live case
// about one of the numbers.
func lookAgainAt(tx *gorm.DB, now time.Time, numbers []string) error {
	slices.Sort(numbers)
	var jobs []cases.Job
	for chunk := range slices.Chunk(slices.Compact(numbers), insertChunk) {
		var reports []int64
		err := tx.Raw(`SELECT max(l.report_id) FROM case_keys k JOIN cases c ON c.id = k.case_id JOIN links l ON l.case_id = c.id
			WHERE k.live AND k.kind IN ? AND k.value IN ? AND c.state <> 'resolved' GROUP BY c.id`, []cases.KeyKind{cases.KeyCaller, cases.KeyCallback}, chunk).Scan(&reports).Error
		if err != nil {
			return err
		}
		for _, id := range reports {
			jobs = append(jobs, cases.Job{Kind: cases.JobEnrich, ObjectID: id})
		}
	}
	return insertJobs(tx, now, jobs)
}

// SignalStats says what data sets hold about numbers; those about which they
// hold nothing are left out.
func (s *Store) SignalStats(ctx context.Context, now time.Time, e164s []string) (map[string]cases.SignalStats, error) {
	if len(e164s) == 0 {
		return nil, nil
	}
	var rows []struct {
		E164     string
		Source   string
		Subject  string
		Total    int
		Recent   int
		Robocall int
		Latest   moment
	}
	err := s.read(ctx).Raw(`SELECT e164, source, subject, count(*) AS total, coalesce(sum(CASE WHEN happened_at > ? THEN 1 ELSE 0 END), 0) AS recent,
		coalesce(sum(CASE WHEN robocall THEN 1 ELSE 0 END), 0) AS robocall, max(happened_at) AS latest FROM signals WHERE e164 IN ? GROUP BY e164, source, subject
		ORDER BY e164, total DESC, subject`, stored(now.Add(-cases.SignalWindow)), e164s).Scan(&rows).Error
	if err != nil {
		return nil, translate(err)
	}
	out := map[string]cases.SignalStats{}
	for _, r := range rows {
		x := out[r.E164]
		if x.Sources == nil {
			x.Sources = map[string]int{}
		}
		x.Sources[r.Source] += r.Total
		x.Total, x.Recent, x.Robocall = x.Total+r.Total, x.Recent+r.Recent, x.Robocall+r.Robocall
		if r.Latest.After(x.Latest) {
			x.Latest = r.Latest.Time
		}
		if r.Subject != "" && len(x.Subjects) < 3 {
			x.Subjects = append(x.Subjects, cases.SubjectCount{Subject: r.Subject, N: r.Total})
		}
		out[r.E164] = x
	}
	return out, nil
}
