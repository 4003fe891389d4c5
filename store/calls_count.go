package store

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/axiomhq/hyperloglog"
	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

// keyColumns says which records a kind of key counts.
var keyColumns = map[string]struct{ column, direction string }{
	keyFrom:    {column: "from_number"},
	keyTo:      {column: "to_number", direction: inbound},
	keyAccount: {column: "account_id", direction: outbound},
	keyPeer:    {column: "peer"},
}

// keyIs is the condition that a record of c is one of the kind whose key is the
// expression.
func keyIs(kind, expression string) string {
	k := keyColumns[kind]
	where := "c." + k.column + " = " + expression
	if k.direction != "" {
		where += " and c.direction = '" + k.direction + "'"
	}
	return where
}

// hourCounts are counts in the making.
type hourCounts map[callHour]*hourCount

type hourCount struct {
	cases.HourStats
	callees, callers *hyperloglog.Sketch
}

// add counts a call in an hour of a key. Calls in to one number have one called
// number, and those that show one have one caller: there the sketch says nothing.
func (hs hourCounts) add(k callHour, c cases.Call) {
	h := hs[k]
	if h == nil {
		h = &hourCount{HourStats: cases.HourStats{KeyKind: k.Kind, Key: k.Key, Hour: k.Hour}}
		if k.Kind != keyTo {
			h.callees = newSketch()
		}
		if k.Kind != keyFrom {
			h.callers = newSketch()
		}
		hs[k] = h
	}
	h.Add(c)
	if h.callees != nil {
		h.callees.Insert([]byte(c.To))
	}
	if h.callers != nil && c.From != "" {
		h.callers.Insert([]byte(c.From))
	}
}

func newSketch() *hyperloglog.Sketch {
	s, err := hyperloglog.NewSketch(cases.SketchPrecision, true)
	if err != nil {
		panic(err) // of the precision alone
	}
	return s
}

// denseAbove is from how many distinct numbers on a sketch is kept as its registers
// and not as a list: it is hardly larger, and a month of lists takes three times as
// long to join as a month of registers (measured).
const denseAbove = 400

// kept is the form in which a sketch is stored; nil for none.
func kept(s *hyperloglog.Sketch) ([]byte, error) {
	if s == nil {
		return nil, nil
	}
	if s.Estimate() > denseAbove {
		dense, err := hyperloglog.NewSketch(cases.SketchPrecision, false)
		if err != nil {
			return nil, err
		}
		if err := dense.Merge(s); err != nil {
			return nil, err
		}
		s = dense
	}
	return s.MarshalBinary()
}

// stats are the finished counts in the order of their hours.
func (hs hourCounts) stats() ([]cases.HourStats, error) {
	out := make([]cases.HourStats, 0, len(hs))
	var err error
	for _, h := range hs {
		if h.Callees, err = kept(h.callees); err != nil {
			return nil, err
		}
		if h.Callers, err = kept(h.callers); err != nil {
			return nil, err
		}
		out = append(out, h.HourStats)
	}
	slices.SortFunc(out, func(a, b cases.HourStats) int {
		return cmp.Or(a.Hour.Compare(b.Hour), strings.Compare(a.KeyKind, b.KeyKind), strings.Compare(a.Key, b.Key))
	})
	return out, nil
}

// countedColumns are what a count looks at.
const countedColumns = "c.started_at, c.from_number, c.to_number, c.to_country, c.progress_at, c.answered_at, c.ended_at, c.billed_seconds, c.pdd_millis, c.sip_code, " +
	"c.q850, c.hung_up_by, c.cost_micros, c.attest"

func countedFields(c *cases.Call) []any {
	return []any{&c.StartedAt, &c.From, &c.To, &c.ToCountry, &c.ProgressAt, &c.AnsweredAt, &c.EndedAt, &c.BilledSeconds, &c.PDDMillis, &c.SIPCode,
		&c.Q850, &c.HungUpBy, &c.CostMicros, &c.Attest}
}

// countCalls counts hours anew from the records. There is no result for an hour
// in which there is no call (any more).
func (s *Store) countCalls(tx *gorm.DB, hours callHours) ([]cases.HourStats, error) {
	byKind := map[string][]callHour{}
	for h := range hours {
		byKind[h.Kind] = append(byKind[h.Kind], h)
	}
	counts := hourCounts{}
	for _, kind := range []string{keyFrom, keyTo, keyAccount, keyPeer} {
		keys := byKind[kind]
		slices.SortFunc(keys, func(a, b callHour) int {
			return cmp.Or(a.Hour.Compare(b.Hour), strings.Compare(a.Key, b.Key))
		})
		// A query is about one day, so that PostgreSQL plans it for one partition.
		for len(keys) > 0 {
			n := 1
			for n < min(len(keys), smallBatch) && dayOf(keys[n].Hour).Equal(dayOf(keys[0].Hour)) {
				n++
			}
			if err := s.countChunk(tx, kind, keys[:n], counts); err != nil {
				return nil, err
			}
			keys = keys[n:]
		}
	}
	return counts.stats()
}

func dayOf(hour time.Time) time.Time { return hour.UTC().Truncate(24 * time.Hour) }

// countChunk reads the records of n keys of a kind on one day. Each key is
// looked up by the index, whatever the statistics say of a table that has just
// been filled: PostgreSQL does not look into a LATERAL with an OFFSET, and
// SQLite does not turn round a CROSS JOIN.
func (s *Store) countChunk(tx *gorm.DB, kind string, keys []callHour, counts hourCounts) error {
	row, join, end := "(?, ?, ?, ?)", "cross join calls c", ""
	if s.dialect == migrations.Postgres {
		// Parameters of a VALUES list have no type of their own.
		row, join, end = "(?::int, ?::text, ?::timestamptz, ?::timestamptz)", "cross join lateral (select * from calls c", " offset 0) c"
	}
	args := make([]any, 0, 4*len(keys)+1)
	for i, k := range keys {
		args = append(args, i, k.Key, k.Hour, k.Hour.Add(time.Hour))
	}
	args = append(args, dayOf(keys[0].Hour).Format(time.DateOnly))
	rows, err := tx.Raw("with k (i, key, hour, until) as (values "+strings.Repeat(row+", ", len(keys)-1)+row+") select k.i, "+countedColumns+" from k "+join+
		" where "+keyIs(kind, "k.key")+" and c.started_at >= k.hour and c.started_at < k.until and c.day = ?"+end, args...).Rows()
	if err != nil {
		return err
	}
	return eachCounted(rows, func(i int, c cases.Call) { counts.add(keys[i], c) })
}

// span is a stretch of whole hours, until exclusive.
type span struct{ from, until time.Time }

// countSpans counts the hours of one key in some stretches, each read by the index.
func (s *Store) countSpans(tx *gorm.DB, kind, key string, spans []span) ([]cases.HourStats, error) {
	counts := hourCounts{}
	row, join, end := "(?, ?, ?, ?, ?)", "cross join calls c", ""
	if s.dialect == migrations.Postgres {
		row, join, end = "(?::int, ?::timestamptz, ?::timestamptz, ?::date, ?::date)", "cross join lateral (select * from calls c", " offset 0) c"
	}
	for chunk := range slices.Chunk(spans, smallBatch) {
		args := make([]any, 0, 5*len(chunk)+1)
		for i, x := range chunk {
			args = append(args, i, x.from, x.until, x.from.Format(time.DateOnly), x.until.Add(-time.Hour).Format(time.DateOnly))
		}
		rows, err := tx.Raw("with k (i, hour, until, first, last) as (values "+strings.Repeat(row+", ", len(chunk)-1)+row+") select k.i, "+countedColumns+" from k "+join+
			" where "+keyIs(kind, "?")+" and c.started_at >= k.hour and c.started_at < k.until and c.day >= k.first and c.day <= k.last"+end, append(args, key)...).Rows()
		if err != nil {
			return nil, err
		}
		err = eachCounted(rows, func(_ int, c cases.Call) { counts.add(callHour{kind, key, c.StartedAt.UTC().Truncate(time.Hour)}, c) })
		if err != nil {
			return nil, err
		}
	}
	return counts.stats()
}

// eachCounted reads rows of a place and countedColumns, and closes them.
func eachCounted(rows *sql.Rows, do func(i int, c cases.Call)) error {
	defer rows.Close()
	for rows.Next() {
		var i int
		var c cases.Call
		if err := rows.Scan(append([]any{&i}, countedFields(&c)...)...); err != nil {
			return err
		}
		do(i, c)
	}
	return rows.Err()
}

// busyNumbers finds the numbers that had busyHour calls or more in one of some
// hours of a day.
func (s *Store) busyNumbers(tx *gorm.DB, hours []time.Time) (callHours, error) {
	hour := "strftime('%Y-%m-%d %H:00:00+00:00', c.started_at)"
	if s.dialect == migrations.Postgres {
		// The numbers of an hour are to be counted in memory.
		if err := tx.Exec("set local work_mem = '64MB'").Error; err != nil {
			return nil, err
		}
		hour = "date_trunc('hour', c.started_at, 'UTC')"
	}
	first, last := slices.MinFunc(hours, time.Time.Compare), slices.MaxFunc(hours, time.Time.Compare)
	busy := callHours{}
	for _, kind := range []string{keyFrom, keyTo} {
		column := keyColumns[kind].column
		var found []struct {
			Key  string
			Hour moment
		}
		err := tx.Raw(fmt.Sprintf("select c.%[1]s as key, %[2]s as hour from calls c where c.day = ? and c.started_at >= ? and c.started_at < ? and %[3]s and c.%[1]s <> '' "+
			"group by 1, 2 having count(*) >= %[4]d", column, hour, keyIs(kind, "c."+column), busyHour), dayOf(first).Format(time.DateOnly), first, last.Add(time.Hour)).Scan(&found).Error
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if slices.ContainsFunc(hours, f.Hour.Equal) {
				busy[callHour{kind, f.Key, f.Hour.Time}] = struct{}{}
			}
		}
	}
	return busy, nil
}
