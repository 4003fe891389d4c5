package store

import (
	"context"
	"fmt"
	"slices"
	"time"

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
	tx := s.read(ctx).Select(selectCall).Table("calls")
	for column, value := range map[string]string{"from_number": q.From, "to_number": q.To, "account_id": q.Account} {
		if value != "" {
			tx = tx.Where(column+" = ?", value)
		}
	}
	// The day says nothing new, but lets PostgreSQL leave out whole partitions.
	if !q.Earliest.IsZero() {
		tx = tx.Where("started_at >= ? and day >= ?", q.Earliest.UTC(), q.Earliest.UTC().Format(time.DateOnly))
	}
	if !q.Latest.IsZero() {
		tx = tx.Where("started_at <= ? and day <= ?", q.Latest.UTC(), q.Latest.UTC().Format(time.DateOnly))
	}
	var out []cases.Call
	err := tx.Order("started_at desc, source, source_id").Limit(min(limit, MaxCalls)).Scan(&out).Error
	for i := range out {
		out[i].StartedAt = out[i].StartedAt.UTC()
		out[i].ProgressAt, out[i].AnsweredAt, out[i].EndedAt = storedPtr(out[i].ProgressAt), storedPtr(out[i].AnsweredAt), storedPtr(out[i].EndedAt)
	}
	return out, translate(err)
}

// HourStats returns the counts of one key for the hours in [from, to), in their
// order, hours without calls left out. Hours that the folder has not caught up
// with are counted from the records as they are now. Kinds: "from" (every leg
// that showed the number), "to" (calls that came in to it), "account" (calls
// that went out from it).
func (s *Store) HourStats(ctx context.Context, keyKind, key string, from, to time.Time) ([]cases.HourStats, error) {
	if _, ok := keyColumns[keyKind]; !ok {
		return nil, cases.Invalid(cases.Problem{Field: "key_kind", Message: fmt.Sprintf("there are no counts by %q", keyKind)})
	}
	from, to = from.UTC().Truncate(time.Hour), to.UTC()
	db := s.read(ctx)
	// Dirty hours first: if the folder comes in between, an hour is counted from
	// the records although its stored count was right already. The other way
	// round it could be missed.
	var dirty []dirtyRow
	err := db.Select("distinct hour").Where("key_kind = ? and key = ? and hour >= ? and hour < ?", keyKind, key, from, to).Find(&dirty).Error
	if err != nil {
		return nil, translate(err)
	}
	var out []cases.HourStats
	err = db.Where("key_kind = ? and key = ? and hour >= ? and hour < ?", keyKind, key, from, to).Order("hour").Find(&out).Error
	if err != nil {
		return nil, translate(err)
	}
	for i := range out {
		out[i].Hour = out[i].Hour.UTC()
	}
	if len(dirty) > 0 {
		hours := callHours{}
		for _, d := range dirty {
			hours[callHour{keyKind, key, d.Hour.UTC()}] = struct{}{}
		}
		out = slices.DeleteFunc(out, func(h cases.HourStats) bool {
			_, stale := hours[callHour{keyKind, key, h.Hour}]
			return stale
		})
		fresh, err := s.countCalls(db, hours)
		if err != nil {
			return nil, translate(err)
		}
		for _, h := range fresh {
			if h.Attempts > 0 {
				out = append(out, h)
			}
		}
		slices.SortFunc(out, func(a, b cases.HourStats) int { return a.Hour.Compare(b.Hour) })
	}
	return out, nil
}

// keyColumns says which records a kind of key counts.
var keyColumns = map[string]struct{ column, direction string }{
	keyFrom:    {column: "from_number"},
	keyTo:      {column: "to_number", direction: inbound},
	keyAccount: {column: "account_id", direction: outbound},
	keyPeer:    {column: "peer"},
}
