package store

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/axiomhq/hyperloglog"
	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

// countCalls counts hours anew from the records: one result for each, also for
// those in which there is no call (any more).
func (s *Store) countCalls(tx *gorm.DB, hours callHours) ([]cases.HourStats, error) {
	byKind := map[string][]callHour{}
	for h := range hours {
		byKind[h.Kind] = append(byKind[h.Kind], h)
	}
	var out []cases.HourStats
	for _, kind := range []string{keyFrom, keyTo, keyAccount, keyPeer} {
		keys := byKind[kind]
		slices.SortFunc(keys, func(a, b callHour) int {
			return cmp.Or(a.Hour.Compare(b.Hour), strings.Compare(a.Key, b.Key))
		})
		// A query is about one day, so that PostgreSQL plans it for one partition.
		for len(keys) > 0 {
			n := 1
			for n < min(len(keys), smallBatch) && sameDay(keys[n].Hour, keys[0].Hour) {
				n++
			}
			counted, err := s.countChunk(tx, kind, keys[:n])
			if err != nil {
				return nil, err
			}
			out = append(out, counted...)
			keys = keys[n:]
		}
	}
	return out, nil
}

func sameDay(a, b time.Time) bool {
	return a.Truncate(24 * time.Hour).Equal(b.Truncate(24 * time.Hour))
}

// countQuery reads the records of n keys of a kind on one day. Each key is
// looked up by the index, whatever the statistics say of a table that has just
// been filled: PostgreSQL does not look into a LATERAL with an OFFSET, and
// SQLite does not turn round a CROSS JOIN.
func (s *Store) countQuery(kind string, n int) string {
	const columns = "c.from_number, c.to_number, c.to_country, c.progress_at, c.answered_at, c.ended_at, c.billed_seconds, c.pdd_millis, c.sip_code, c.q850, " +
		"c.hung_up_by, c.cost_micros, c.attest"
	row, join, end := "(?, ?, ?, ?)", "cross join calls c", ""
	if s.dialect == migrations.Postgres {
		// Parameters of a VALUES list have no type of their own.
		row, join, end = "(?::int, ?::text, ?::timestamptz, ?::timestamptz)", "cross join lateral (select * from calls c", " offset 0) c"
	}
	k := keyColumns[kind]
	where := " where c." + k.column + " = k.key and c.started_at >= k.hour and c.started_at < k.until and c.day = ?"
	if k.direction != "" {
		where += " and c.direction = '" + k.direction + "'"
	}
	return "with k (i, key, hour, until) as (values " + strings.Repeat(row+", ", n-1) + row + ") select k.i, " + columns + " from k " + join + where + end
}

func (s *Store) countChunk(tx *gorm.DB, kind string, keys []callHour) ([]cases.HourStats, error) {
	args := make([]any, 0, 4*len(keys)+1)
	out := make([]cases.HourStats, len(keys))
	callees, callers := make([]*hyperloglog.Sketch, len(keys)), make([]*hyperloglog.Sketch, len(keys))
	for i, k := range keys {
		args = append(args, i, k.Key, k.Hour, k.Hour.Add(time.Hour))
		out[i] = cases.HourStats{KeyKind: kind, Key: k.Key, Hour: k.Hour}
		// Calls in to one number have one called number, and those that show one
		// have one caller: no need to keep it.
		if kind != keyTo {
			callees[i] = newSketch()
		}
		if kind != keyFrom {
			callers[i] = newSketch()
		}
	}
	args = append(args, keys[0].Hour.Format(time.DateOnly))
	rows, err := tx.Raw(s.countQuery(kind, len(keys)), args...).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var i int
		var c cases.Call
		if err := rows.Scan(&i, &c.From, &c.To, &c.ToCountry, &c.ProgressAt, &c.AnsweredAt, &c.EndedAt, &c.BilledSeconds, &c.PDDMillis, &c.SIPCode, &c.Q850,
			&c.HungUpBy, &c.CostMicros, &c.Attest); err != nil {
			return nil, err
		}
		out[i].Add(c)
		if callees[i] != nil {
			callees[i].Insert([]byte(c.To))
		}
		if callers[i] != nil && c.From != "" {
			callers[i].Insert([]byte(c.From))
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Attempts == 0 {
			continue
		}
		for _, x := range []struct {
			sketch *hyperloglog.Sketch
			kept   *[]byte
		}{{callees[i], &out[i].Callees}, {callers[i], &out[i].Callers}} {
			if x.sketch == nil {
				continue
			}
			if *x.kept, err = x.sketch.MarshalBinary(); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func newSketch() *hyperloglog.Sketch {
	s, err := hyperloglog.NewSketch(cases.SketchPrecision, true)
	if err != nil {
		panic(err) // of the precision alone
	}
	return s
}
