package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// Limits of reading call records.
const (
	DefaultCalls = 100
	MaxCalls     = 2000
)

// MatchingCalls returns raw records, newest first: those that have every number
// and account that q names and started in [q.Earliest, q.Latest] (zero: without
// bound). It needs one of them, because each has an index together with the
// time, and nothing else has. q.Limit 0 is DefaultCalls, at most MaxCalls.
func (s *Store) MatchingCalls(ctx context.Context, q cases.CallQuery) ([]cases.Call, error) {
	if q.From == "" && q.To == "" && q.Account == "" {
		return nil, cases.Invalid(cases.Problem{Field: "number", Message: "calls are looked up by caller, called number or account: name one"})
	}
	limit := q.Limit
	if limit <= 0 {
		limit = DefaultCalls
	}
	var w where
	for _, x := range []struct{ column, value string }{{"from_number", q.From}, {"to_number", q.To}, {"account_id", q.Account}} {
		if x.value != "" {
			w.and(x.column+" = ?", x.value)
		}
	}
	// The day says nothing new, but lets PostgreSQL leave out whole partitions.
	if !q.Earliest.IsZero() {
		w.and("started_at >= ? and day >= ?", q.Earliest.UTC(), q.Earliest.UTC().Format(time.DateOnly))
	}
	if !q.Latest.IsZero() {
		w.and("started_at <= ? and day <= ?", q.Latest.UTC(), q.Latest.UTC().Format(time.DateOnly))
	}
	// Hundreds of rows, which gorm would take longer for than the database.
	rows, err := s.read(ctx).Raw("select "+selectCall+" from calls where "+w.String()+" order by started_at desc, source, source_id limit ?", append(w.args, min(limit, MaxCalls))...).Rows()
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []cases.Call
	for rows.Next() {
		var c cases.Call
		fields := []any{&c.Source}
		for _, col := range callColumns {
			fields = append(fields, col.field(&c))
		}
		if err := rows.Scan(fields...); err != nil {
			return nil, translate(err)
		}
		c.StartedAt = c.StartedAt.UTC()
		c.ProgressAt, c.AnsweredAt, c.EndedAt = storedPtr(c.ProgressAt), storedPtr(c.AnsweredAt), storedPtr(c.EndedAt)
		out = append(out, c)
	}
	return out, translate(rows.Err())
}

// HourStats returns the counts of one key for the hours in [from, to), in their
// order, hours without calls left out. Kinds: "from" (every leg that showed the
// number), "to" (calls that came in to it), "account" (calls that went out from
// it), "provider" (calls that it handed to us).
//
// Hours that the folder has not caught up with, and those in which a number was
// not busy, are counted from the records as they are now.
func (s *Store) HourStats(ctx context.Context, keyKind, key string, from, to time.Time) ([]cases.HourStats, error) {
	if _, ok := keyColumns[keyKind]; !ok {
		return nil, cases.Invalid(cases.Problem{Field: "key_kind", Message: fmt.Sprintf("there are no counts by %q", keyKind)})
	}
	from, to = from.UTC().Truncate(time.Hour), to.UTC()
	numbers := keyKind == keyFrom || keyKind == keyTo
	marked, markedKey := keyKind, key
	if numbers {
		marked, markedKey = keyNumbers, ""
	}
	db := s.read(ctx)
	// Dirty hours first: if the folder comes in between, an hour is counted from
	// the records although its stored count was right already. The other way
	// round it could be missed.
	var dirty []dirtyRow
	err := db.Select("distinct hour").Where("key_kind = ? and key = ? and hour >= ? and hour < ?", marked, markedKey, from, to).Find(&dirty).Error
	if err != nil {
		return nil, translate(err)
	}
	out, err := keptCounts(db, keyKind, key, from, to)
	if err != nil {
		return nil, translate(err)
	}
	stale := map[time.Time]bool{}
	for _, d := range dirty {
		stale[d.Hour.UTC()] = true
	}
	out = slices.DeleteFunc(out, func(h cases.HourStats) bool { return stale[h.Hour] })
	var spans []span
	if numbers {
		spans = between(out, from, to)
	} else {
		for hour := range stale {
			spans = append(spans, span{hour, hour.Add(time.Hour)})
		}
	}
	if len(spans) == 0 {
		return out, nil
	}
	fresh, err := s.countSpans(db, keyKind, key, spans)
	if err != nil {
		return nil, translate(err)
	}
	out = append(out, fresh...)
	slices.SortFunc(out, func(a, b cases.HourStats) int { return a.Hour.Compare(b.Hour) })
	return out, nil
}

// keptCounts reads what the folder has counted. A month of hours is read by hand:
// gorm would take as long for it as the database.
func keptCounts(tx *gorm.DB, keyKind, key string, from, to time.Time) ([]cases.HourStats, error) {
	rows, err := tx.Raw("select hour, attempts, answered, short, billed_secs, cost_micros, attest_a, attest_b, attest_c, unsigned, busy, no_answer, rejected, cancelled, "+
		"invalid, effective, neighbour, countries, callees, callers from hour_stats where key_kind = ? and key = ? and hour >= ? and hour < ? order by hour", keyKind, key, from, to).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []cases.HourStats
	for rows.Next() {
		h := cases.HourStats{KeyKind: keyKind, Key: key}
		var countries []byte
		if err := rows.Scan(&h.Hour, &h.Attempts, &h.Answered, &h.Short, &h.BilledSecs, &h.CostMicros, &h.AttestA, &h.AttestB, &h.AttestC, &h.Unsigned, &h.Busy, &h.NoAnswer,
			&h.Rejected, &h.Cancelled, &h.Invalid, &h.Effective, &h.Neighbour, &countries, &h.Callees, &h.Callers); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(countries, &h.Countries); err != nil {
			return nil, fmt.Errorf("countries of %s %s at %s: %w", keyKind, key, h.Hour, err)
		}
		h.Hour = h.Hour.UTC()
		out = append(out, h)
	}
	return out, rows.Err()
}

// between is what of [from, to) no count is about. counted is in order.
func between(counted []cases.HourStats, from, to time.Time) []span {
	var out []span
	for _, h := range counted {
		if from.Before(h.Hour) {
			out = append(out, span{from, h.Hour})
		}
		from = h.Hour.Add(time.Hour)
	}
	if last := to.Add(time.Hour - 1).Truncate(time.Hour); from.Before(last) {
		out = append(out, span{from, last})
	}
	return out
}
