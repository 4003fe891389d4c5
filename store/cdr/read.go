package cdr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// MatchingCalls returns records as store.MatchingCalls does: those that have
// every number and account that q names and started in [q.Earliest, q.Latest],
// newest first, at most q.Limit (0: DefaultCalls, at most MaxCalls).
//
// A record that cannot be read is an error: it may be the one that is asked for.
// Times in an hour that the clocks repeat are read as the database reads them
// where its column has no zone; a query about that hour is an error, because a
// record could be an hour away from where it seems to be.
func (s *Source) MatchingCalls(ctx context.Context, q cases.CallQuery) ([]cases.Call, error) {
	if q.From == "" && q.To == "" && q.Account == "" {
		return nil, cases.Invalid(cases.Problem{Field: "number", Message: "calls are looked up by caller, called number or account: name one"})
	}
	types, err := s.columnTypes(ctx)
	if err != nil {
		return nil, err
	}
	if q.Account != "" && s.Mapping.Fields["account"].Column == "" && s.Mapping.Fields["account"].Value != q.Account {
		return nil, nil
	}
	text, args, err := s.query(types, q)
	if err != nil || text == "" {
		return nil, err
	}
	var out []cases.Call
	err = s.read(ctx, func(ctx context.Context, tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, text, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			c, ok, err := s.scan(rows, types)
			if err != nil {
				return err
			}
			if ok && matches(c, q) {
				out = append(out, c)
			}
		}
		return rows.Err()
	})
	return out, err
}

// matches holds again what the query asked for: a national number can be that of
// another country.
func matches(c cases.Call, q cases.CallQuery) bool {
	return (q.From == "" || c.From == q.From) && (q.To == "" || c.To == q.To) && (q.Account == "" || c.AccountID == q.Account) &&
		(q.Earliest.IsZero() || !c.StartedAt.Before(q.Earliest)) && (q.Latest.IsZero() || !c.StartedAt.After(q.Latest))
}

// query writes the SELECT; "" where the table cannot hold such a number.
// Conditions are on the bare columns, so that their indexes serve.
func (s *Source) query(types map[string]string, q cases.CallQuery) (string, []any, error) {
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	var columns []string
	for _, c := range s.Mapping.columns {
		switch types[c] {
		case "TIMESTAMPTZ":
			columns = append(columns, quote(c))
		case "TIMESTAMP":
			columns = append(columns, quote(c)+" at time zone "+arg(s.Mapping.Zone)+"::text")
		default:
			columns = append(columns, quote(c)+"::text")
		}
	}
	where := []string{"true"}
	for _, n := range []struct{ field, e164 string }{{"from", q.From}, {"to", q.To}} {
		if n.e164 == "" {
			continue
		}
		var in []string
		for _, form := range s.Mapping.forms(n.e164) {
			in = append(in, arg(form)+"::text")
		}
		if len(in) == 0 {
			return "", nil, nil
		}
		where = append(where, quote(s.Mapping.Fields[n.field].Column)+" in ("+strings.Join(in, ", ")+")")
	}
	if c := s.Mapping.Fields["account"].Column; q.Account != "" && c != "" {
		where = append(where, quote(c)+" = "+arg(q.Account)+"::text")
	}
	start := s.Mapping.Fields["started_at"].Column
	for _, bound := range []struct {
		op string
		t  time.Time
	}{{" >= ", q.Earliest}, {" <= ", q.Latest}} {
		if bound.t.IsZero() {
			continue
		}
		v := arg(bound.t.UTC()) + "::timestamptz"
		if types[start] == "TIMESTAMP" {
			v = "(" + v + " at time zone " + arg(s.Mapping.Zone) + "::text)"
		}
		where = append(where, quote(start)+bound.op+v)
	}
	if types[start] == "TIMESTAMP" && repeats(s.Mapping.zone, q.Earliest, q.Latest) {
		return "", nil, s.unavailable(errors.New("its times have no zone, and the clocks were set back within the time that is asked for"))
	}
	limit := q.Limit
	if limit <= 0 {
		limit = DefaultCalls
	}
	return "select " + strings.Join(columns, ", ") + " from " + s.table() + " where " + strings.Join(where, " and ") +
		" order by " + quote(start) + " desc limit " + arg(min(limit, MaxCalls)), args, nil
}

// repeats says whether clocks are set back so near to [from, to] that a time
// could be read wrongly into it or out of it. A long stretch with such an hour
// within is looked at all the same: only its edges are in doubt.
func repeats(zone *time.Location, from, to time.Time) bool {
	for _, edge := range []time.Time{from, to} {
		if edge.IsZero() {
			continue
		}
		_, before := edge.Add(-time.Hour).In(zone).Zone()
		_, after := edge.Add(time.Hour).In(zone).Zone()
		if after < before {
			return true
		}
	}
	return false
}

func (s *Source) scan(rows *sql.Rows, types map[string]string) (cases.Call, bool, error) {
	texts := make([]sql.NullString, len(s.Mapping.columns))
	times := make([]sql.NullTime, len(s.Mapping.columns))
	into := make([]any, len(s.Mapping.columns))
	place := make(map[string]int, len(s.Mapping.columns))
	for i, c := range s.Mapping.columns {
		place[c] = i
		if into[i] = &texts[i]; strings.HasPrefix(types[c], "TIMESTAMP") {
			into[i] = &times[i]
		}
	}
	if err := rows.Scan(into...); err != nil {
		return cases.Call{}, false, err
	}
	c, ok, err := s.Mapping.call(func(column string) (string, *time.Time) {
		i := place[column]
		if times[i].Valid {
			return times[i].Time.UTC().Format(time.RFC3339), &times[i].Time
		}
		return strings.TrimSpace(texts[i].String), nil
	})
	if err == nil && ok {
		c, err = s.Check(c)
	}
	if err != nil {
		// Whoever asks must not take it for "no such call"; nor is the mistake, which
		// Check calls invalid, one of the question.
		return c, false, errors.New("a record cannot be read: " + err.Error())
	}
	return c, ok, nil
}
