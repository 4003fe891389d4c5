package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// ImportList adds entries of one source, or says of those that hold already that
// the source still has them: what it says of their category, note and expiry is
// taken over, and the earlier beginning stays. seen is the time of the whole
// import, of which this can be a part; see EndList. ErrTooLarge above MaxImport.
func (s *Store) ImportList(ctx context.Context, a cases.Actor, now, seen time.Time, in []cases.ListEntry) (cases.ListChange, error) {
	rows := lastOf(in, func(e cases.ListEntry) string { return listKey(e) })
	var c cases.ListChange
	if len(rows) == 0 {
		return c, nil
	}
	err := s.importRows(ctx, a, now, "list", ids(rows, func(e cases.ListEntry) string { return string(e.Kind) + " of " + e.Source }), func(tx *gorm.DB, _ []string) (bool, error) {
		before, err := liveEntries(tx, rows[0])
		if err != nil {
			return false, err
		}
		var values [][]any
		for _, e := range rows {
			values = append(values, []any{e.Kind, text(e.Category), e.Digits, e.Exact, short(e.Source), text(e.Note), stored(e.AddedAt), storedPtr(e.ExpiresAt), stored(seen)})
		}
		_, err = insert(tx, "list_entries (kind, category, digits, exact, source, note, added_at, expires_at, seen_at)", values,
			`ON CONFLICT (kind, source, digits, exact) WHERE ended_at IS NULL DO UPDATE SET category = excluded.category, note = excluded.note, expires_at = excluded.expires_at,
			added_at = CASE WHEN excluded.added_at < list_entries.added_at THEN excluded.added_at ELSE list_entries.added_at END, seen_at = excluded.seen_at`)
		if err != nil {
			return false, err
		}
		after, err := liveEntries(tx, rows[0])
		c.Added, c.Kept = after-before, len(rows)-(after-before)
		return false, err
	})
	return c, err
}

func listKey(e cases.ListEntry) string {
	return string(e.Kind) + "\x00" + e.Source + "\x00" + e.Digits + "\x00" + strconv.FormatBool(e.Exact)
}

// liveEntries counts what has not been ended of the source of an entry.
func liveEntries(tx *gorm.DB, of cases.ListEntry) (n int, err error) {
	err = tx.Raw("SELECT count(*) FROM list_entries WHERE kind = ? AND source = ? AND ended_at IS NULL", of.Kind, short(of.Source)).Scan(&n).Error
	return n, err
}

// EndList ends the entries of a source that the import at seen did not have, with
// one event that has the counts, and says how many there were.
func (s *Store) EndList(ctx context.Context, a cases.Actor, now time.Time, kind cases.ListKind, source string, seen time.Time, c cases.ListChange) (int, error) {
	now = stored(now)
	var n int
	err := s.write(ctx, func(tx *gorm.DB) error {
		r := tx.Exec("UPDATE list_entries SET ended_at = ? WHERE kind = ? AND source = ? AND ended_at IS NULL AND seen_at < ?", now, kind, short(source), stored(seen))
		if r.Error != nil {
			return r.Error
		}
		n = int(r.RowsAffected)
		e := cases.NewEvent(now, a, "list.replace", "list", string(kind)+" of "+source, "")
		e.Data = map[string]string{"added": strconv.Itoa(c.Added), "kept": strconv.Itoa(c.Kept), "ended": strconv.Itoa(n)}
		return insertEvents(tx, []cases.Event{e})
	})
	if err != nil {
		return 0, fmt.Errorf("replace the %s of %s: %w", kind, source, err)
	}
	return n, nil
}

// ListsOf returns the entries that covered a number at a time, the most precise
// first.
func (s *Store) ListsOf(ctx context.Context, e164 string, at time.Time) ([]cases.ListEntry, error) {
	m, err := s.ListedAmong(ctx, []string{e164}, at)
	return m[e164], err
}

// HoneypotsAmong says which of some numbers, at most MaxCalls, were honeypots of
// ours at a time. Nearly all of these are single numbers, so that it is one
// look-up for each and not one for each of its beginnings.
func (s *Store) HoneypotsAmong(ctx context.Context, e164s []string, at time.Time) (map[string]bool, error) {
	if len(e164s) > MaxCalls {
		return nil, &cases.Error{Kind: cases.KindTooLarge, Message: fmt.Sprintf("at most %d numbers can be looked up at once", MaxCalls)}
	}
	at = stored(at)
	const held = "kind = ? AND added_at <= ? AND (expires_at IS NULL OR expires_at > ?) AND (ended_at IS NULL OR ended_at > ?)"
	var ranges []cases.ListEntry
	if err := s.read(ctx).Raw("SELECT * FROM list_entries WHERE "+held+" AND NOT exact", cases.ListHoneypot, at, at, at).Scan(&ranges).Error; err != nil {
		return nil, translate(err)
	}
	out := map[string]bool{}
	for chunk := range slices.Chunk(e164s, 1000) {
		digits := make([]string, len(chunk))
		for i, n := range chunk {
			digits[i] = strings.TrimPrefix(n, "+")
			if slices.ContainsFunc(ranges, func(e cases.ListEntry) bool { return e.Covers(n) }) {
				out[n] = true
			}
		}
		var found []string
		if err := s.read(ctx).Raw("SELECT digits FROM list_entries WHERE "+held+" AND exact AND digits IN ?", cases.ListHoneypot, at, at, at, digits).Scan(&found).Error; err != nil {
			return nil, translate(err)
		}
		for _, d := range found {
			out["+"+d] = true
		}
	}
	return out, nil
}

// ListedAmong is ListsOf for at most cases.MaxListed numbers; those that are on no
// list are left out. Each of a number's beginnings, at most 15, is looked up in an
// index: an import counts at once everywhere, and no replica holds the lists.
func (s *Store) ListedAmong(ctx context.Context, e164s []string, at time.Time) (map[string][]cases.ListEntry, error) {
	if len(e164s) > cases.MaxListed {
		return nil, &cases.Error{Kind: cases.KindTooLarge, Message: fmt.Sprintf("at most %d numbers can be looked up at once", cases.MaxListed)}
	}
	var prefixes []string
	for _, n := range e164s {
		digits := strings.TrimPrefix(n, "+")
		for i := 1; i <= min(len(digits), maxPrefix); i++ {
			prefixes = append(prefixes, digits[:i])
		}
	}
	slices.Sort(prefixes)
	prefixes = slices.Compact(prefixes)
	if len(prefixes) == 0 {
		return nil, nil
	}
	at = stored(at)
	var rows []cases.ListEntry
	for chunk := range slices.Chunk(prefixes, 500) {
		var part []cases.ListEntry
		err := s.read(ctx).Raw(`SELECT * FROM list_entries WHERE digits IN ? AND added_at <= ? AND (expires_at IS NULL OR expires_at > ?) AND (ended_at IS NULL OR ended_at > ?)`,
			chunk, at, at, at).Scan(&part).Error
		if err != nil {
			return nil, translate(err)
		}
		rows = append(rows, part...)
	}
	slices.SortFunc(rows, func(a, b cases.ListEntry) int {
		if len(a.Digits) != len(b.Digits) {
			return len(b.Digits) - len(a.Digits)
		}
		return int(a.ID - b.ID)
	})
	out := map[string][]cases.ListEntry{}
	for _, n := range e164s {
		if _, done := out[n]; done {
			continue
		}
		for _, e := range rows {
			if e.Covers(n) {
				out[n] = append(out[n], listEntry(e))
			}
		}
	}
	return out, nil
}

func listEntry(e cases.ListEntry) cases.ListEntry {
	e.AddedAt, e.SeenAt, e.ExpiresAt, e.EndedAt = e.AddedAt.UTC(), e.SeenAt.UTC(), storedPtr(e.ExpiresAt), storedPtr(e.EndedAt)
	return e
}

// ListEntries lists entries, newest first.
func (s *Store) ListEntries(ctx context.Context, now time.Time, q cases.ListQuery) (cases.Page[cases.ListEntry], error) {
	var w where
	if q.Kind != "" {
		w.and("kind = ?", q.Kind)
	}
	if q.Source != "" {
		w.and("source = ?", q.Source)
	}
	if q.Number != "" {
		digits := strings.TrimPrefix(q.Number, "+")
		var prefixes []string
		for i := 1; i <= min(len(digits), maxPrefix); i++ {
			prefixes = append(prefixes, digits[:i])
		}
		w.and("digits IN ? AND (digits = ? OR NOT exact)", prefixes, digits)
	}
	if !q.Ended {
		w.and("ended_at IS NULL AND (expires_at IS NULL OR expires_at > ?)", stored(now))
	}
	p, err := newestFirst(q.Cursor, q.Limit, "id", w, func(cond string, args []any) ([]cases.ListEntry, error) {
		var rows []cases.ListEntry
		err := s.read(ctx).Raw("SELECT * FROM list_entries WHERE "+cond, args...).Scan(&rows).Error
		for i := range rows {
			rows[i] = listEntry(rows[i])
		}
		return rows, err
	}, func(e cases.ListEntry) int64 { return e.ID })
	return p, translate(err)
}

// ListSources says what lists there are, at most cases.MaxPage, by kind and name.
func (s *Store) ListSources(ctx context.Context, now time.Time) ([]cases.ListSource, error) {
	now = stored(now)
	var rows []struct {
		Kind    cases.ListKind
		Source  string
		Entries int
		Ended   int
		SeenAt  moment
	}
	err := s.read(ctx).Raw(`SELECT kind, source, sum(CASE WHEN ended_at IS NULL AND (expires_at IS NULL OR expires_at > ?) THEN 1 ELSE 0 END) AS entries,
		sum(CASE WHEN ended_at IS NULL AND (expires_at IS NULL OR expires_at > ?) THEN 0 ELSE 1 END) AS ended, max(seen_at) AS seen_at
		FROM list_entries GROUP BY kind, source ORDER BY kind, source LIMIT ?`, now, now, cases.MaxPage).Scan(&rows).Error
	var out []cases.ListSource
	for _, r := range rows {
		out = append(out, cases.ListSource{Kind: r.Kind, Source: r.Source, Entries: r.Entries, Ended: r.Ended, SeenAt: r.SeenAt.Time})
	}
	return out, translate(err)
}
