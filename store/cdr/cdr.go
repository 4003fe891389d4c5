// Package cdr reads call records in a carrier's own PostgreSQL database, in
// place and only reading: a table or a view of any layout, by a mapping of its
// columns. It must not know what the records are for, and writes nothing.
//
// Every query runs in a read-only transaction with a statement timeout, so that
// it cannot hold up the carrier's database. Whoever asks must take an error for
// what it is: nobody knows whether there is such a call.
package cdr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/abusedesk/abusedesk/cases"
)

// Limits, as those of our own records.
const (
	DefaultCalls = 100
	MaxCalls     = 2000
	maxConns     = 4
)

// Config says where the records are.
type Config struct {
	URL     string // postgres://…, of a role that may SELECT
	Mapping Mapping
	// Check brings a record into the form in which the desk keeps its own, or says
	// what is wrong with it.
	Check func(cases.Call) (cases.Call, error)
	Now   func() time.Time
}

// Source is a database of call records. Safe for concurrent use.
type Source struct {
	Config
	db *sql.DB

	mu    sync.Mutex
	types map[string]string // of columns; nil until they were looked at
}

// Open prepares a source without asking it yet; see Verify.
func Open(c Config) (*Source, error) {
	cfg, err := pgx.ParseConfig(c.URL)
	if err != nil {
		return nil, errors.New("the URL of the call database must be postgres://user:password@host/database") // err has the password in it
	}
	// Statements are not kept in the server: a pooler may stand in front of it.
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = c.Mapping.timeout
	}
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	db.SetConnMaxIdleTime(time.Minute)
	return &Source{Config: c, db: db}, nil
}

// Close closes the connections.
func (s *Source) Close() error { return s.db.Close() }

// Name is what the records are called.
func (s *Source) Name() string { return s.Mapping.Source }

// Verify looks whether the mapping fits the database. cases.KindInvalid: it does
// not, and the error names each column; cases.KindUnavailable: it did not answer.
func (s *Source) Verify(ctx context.Context) error {
	_, err := s.columnTypes(ctx)
	if err == nil {
		_, err = s.Coverage(ctx)
	}
	return err
}

// read runs fn in a read-only transaction that ends in time.
func (s *Source) read(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	// The server ends a statement itself; this is for one that is gone.
	ctx, cancel := context.WithTimeout(ctx, 2*s.Mapping.timeout+time.Second)
	defer cancel()
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return s.unavailable(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("set local statement_timeout = %d", s.Mapping.timeout.Milliseconds())); err != nil {
		return s.unavailable(err)
	}
	return s.unavailable(fn(ctx, tx))
}

// unavailable translates errors of the database: what the mapping is to blame for
// stays as it is.
func (s *Source) unavailable(err error) error {
	if err == nil || cases.KindOf(err) == cases.KindInvalid {
		return err
	}
	return &cases.Error{Kind: cases.KindUnavailable, Message: "the call records of " + s.Mapping.Source + " cannot be asked", Err: err}
}

func code(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// The SQLSTATEs of what is the mapping's fault.
const (
	undefinedColumn = "42703"
	undefinedTable  = "42P01"
	undefinedSchema = "3F000"
	noPermission    = "42501"
)

func (s *Source) table() string {
	return pgx.Identifier(strings.Split(s.Mapping.Table, ".")).Sanitize()
}

func quote(column string) string { return pgx.Identifier{column}.Sanitize() }

// columnTypes asks once what the columns are, and whether they are what the
// mapping takes them for.
func (s *Source) columnTypes(ctx context.Context) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.types != nil {
		return s.types, nil
	}
	types := map[string]string{}
	var ps []cases.Problem
	for _, column := range s.Mapping.columns {
		err := s.read(ctx, func(ctx context.Context, tx *sql.Tx) error {
			rows, err := tx.QueryContext(ctx, "select "+quote(column)+" from "+s.table()+" limit 0")
			if err != nil {
				return err
			}
			defer rows.Close()
			ts, err := rows.ColumnTypes()
			if err == nil {
				types[column] = ts[0].DatabaseTypeName()
			}
			return errors.Join(err, rows.Err())
		})
		switch code(err) {
		case undefinedColumn:
			ps = append(ps, cases.Problem{Field: "mapping " + s.fieldOf(column), Message: fmt.Sprintf("names the column %q, which %s does not have", column, s.Mapping.Table)})
			continue
		case undefinedTable, undefinedSchema:
			return nil, cases.Invalid(cases.Problem{Field: "mapping table", Message: fmt.Sprintf("names %q, which the database does not have", s.Mapping.Table)})
		case noPermission:
			ps = append(ps, cases.Problem{Field: "mapping " + s.fieldOf(column), Message: fmt.Sprintf("names the column %q of %s, which the role may not read: GRANT SELECT", column, s.Mapping.Table)})
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	if len(ps) == 0 {
		ps = s.unfit(types)
	}
	if err := cases.Invalid(ps...); err != nil {
		return nil, err
	}
	s.types = types
	return types, nil
}

// unfit says which columns have a type that cannot be what the mapping says.
func (s *Source) unfit(types map[string]string) []cases.Problem {
	var ps []cases.Problem
	for _, name := range fieldNames() {
		f, ok := s.Mapping.Fields[name]
		if !ok || f.Column == "" {
			continue
		}
		at, t := "mapping fields."+name, types[f.Column]
		switch {
		case isTime(name) && t == "TIMESTAMP" && s.Mapping.zone == nil:
			ps = append(ps, cases.Problem{Field: "mapping zone", Message: fmt.Sprintf("is required: the column %q has no time zone", f.Column)})
		case isTime(name) && t != "TIMESTAMP" && t != "TIMESTAMPTZ":
			ps = append(ps, cases.Problem{Field: at, Message: fmt.Sprintf("must be a timestamp; the column %q is %s (a view can make one of it)", f.Column, strings.ToLower(t))})
		case slices.Contains([]string{"from", "to", "account"}, name) && !slices.Contains([]string{"TEXT", "VARCHAR", "BPCHAR", "NAME"}, t):
			ps = append(ps, cases.Problem{Field: at, Message: fmt.Sprintf("must be text; the column %q is %s", f.Column, strings.ToLower(t))})
		}
	}
	return ps
}

// fieldOf is the field that a column is taken for, as the mapping writes it.
func (s *Source) fieldOf(column string) string {
	for _, name := range fieldNames() {
		if s.Mapping.Fields[name].Column == column {
			return "fields." + name
		}
	}
	return "fields"
}

// Coverage is from when to when the table is complete, asked of the database
// itself: one that does not answer covers nothing.
func (s *Source) Coverage(ctx context.Context) (cases.Coverage, error) {
	c := cases.Coverage{Source: s.Mapping.Source}
	now := s.Now().UTC()
	err := s.read(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var from, through sql.NullTime
		if q := s.Mapping.Coverage.Query; q != "" {
			if err := tx.QueryRowContext(ctx, q).Scan(&from, &through); err != nil {
				// Of what database/sql says itself, the query is to blame.
				if code(err) != "" && !canceled(err) || strings.HasPrefix(err.Error(), "sql: ") {
					return cases.Invalid(cases.Problem{Field: "mapping coverage.query", Message: "must return two times: " + err.Error()})
				}
				return err
			}
			if !from.Valid || !through.Valid {
				return errors.New("the coverage query says nothing")
			}
			c.From, c.Through = from.Time.UTC(), through.Time.UTC()
			return nil
		}
		c.From, c.Through = s.Mapping.from, now.Add(-s.Mapping.lag)
		if s.Mapping.Coverage.Days > 0 {
			c.From = now.AddDate(0, 0, -s.Mapping.Coverage.Days)
		}
		var standby bool
		if err := tx.QueryRowContext(ctx, "select pg_is_in_recovery(), pg_last_xact_replay_timestamp()").Scan(&standby, &through); err != nil {
			return err
		}
		if standby {
			if !through.Valid {
				return errors.New("a standby that has replayed nothing")
			}
			if t := through.Time.UTC().Add(-s.Mapping.lag); t.Before(c.Through) {
				c.Through = t
			}
		}
		return nil
	})
	if c.Through.After(now) {
		c.Through = now
	}
	return c, err
}

// canceled says whether the server ended a statement, for its time or its own end.
func canceled(err error) bool {
	switch c := code(err); {
	case c == "57014", strings.HasPrefix(c, "57P"), strings.HasPrefix(c, "08"), strings.HasPrefix(c, "53"):
		return true
	}
	return false
}
