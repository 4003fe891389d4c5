package store

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// insertChunk is how many rows one INSERT holds: SQLite is slower with more,
// and PostgreSQL hardly faster.
const insertChunk = 80

// values writes the rows of an INSERT: "(?, ?), (?, ?)" and their arguments.
func values(rows [][]any) (string, []any) {
	var b strings.Builder
	args := make([]any, 0, len(rows)*len(rows[0]))
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(rows[0])), ", ") + ")"
	for i, r := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(row)
		args = append(args, r...)
	}
	return b.String(), args
}

// insert adds rows to "table (columns)" and says how many the database took,
// which is fewer than given when suffix is an ON CONFLICT clause.
func insert(tx *gorm.DB, into string, rows [][]any, suffix string) (int64, error) {
	var n int64
	for len(rows) > 0 {
		chunk := rows[:min(insertChunk, len(rows))]
		rows = rows[len(chunk):]
		v, args := values(chunk)
		r := tx.Exec("INSERT INTO "+into+" VALUES "+v+" "+suffix, args...)
		if r.Error != nil {
			return n, r.Error
		}
		n += r.RowsAffected
	}
	return n, nil
}

// insertReturning is insert for a statement that ends in RETURNING; dst is a
// pointer to a slice, which the rows are appended to in no particular order.
// more are the arguments of suffix.
func insertReturning[T any](tx *gorm.DB, into string, rows [][]any, suffix string, dst *[]T, more ...any) error {
	for len(rows) > 0 {
		chunk := rows[:min(insertChunk, len(rows))]
		rows = rows[len(chunk):]
		v, args := values(chunk)
		var got []T
		if err := tx.Raw("INSERT INTO "+into+" VALUES "+v+" "+suffix, append(args, more...)...).Scan(&got).Error; err != nil {
			return err
		}
		*dst = append(*dst, got...)
	}
	return nil
}

// changes is an UPDATE of many rows, each with values of its own.
type changes struct {
	table string
	v     string // the columns of rows, the id first: "v(id, ref)"
	row   string // a place for each, with casts where PostgreSQL cannot tell the type
	set   string // "ref = v.ref, updated_at = ?"
	and   string // a further condition, "AND …"
	args  []any  // of set and and
}

// apply updates the rows and says how many there were.
func (c changes) apply(tx *gorm.DB, rows [][]any) (int64, error) {
	var n int64
	for chunk := range slices.Chunk(rows, insertChunk) {
		var args []any
		for _, r := range chunk {
			args = append(args, r...)
		}
		r := tx.Exec("WITH "+c.v+" AS (VALUES "+strings.TrimSuffix(strings.Repeat(c.row+", ", len(chunk)), ", ")+") UPDATE "+c.table+" SET "+c.set+
			" FROM v WHERE "+c.table+".id = v.id "+c.and, append(args, c.args...)...)
		if r.Error != nil {
			return n, r.Error
		}
		n += r.RowsAffected
	}
	return n, nil
}

// found turns the emptiness of a lookup into an error in the user's words.
func found(r *gorm.DB, what string) error {
	switch {
	case r.Error != nil:
		return r.Error
	case r.RowsAffected == 0:
		return cases.NotFound(what)
	}
	return nil
}

// contended says whether a transaction lost against another and may be run
// again: a claim that somebody else made, a deadlock, a serialisation failure.
func contended(err error) bool {
	if errors.Is(err, errLostClaim) {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01")
}

// text makes a string fit for a text column of either dialect: no NUL and no
// broken UTF-8, which PostgreSQL refuses. It keeps the length, so that offsets
// into the string stay right.
func text(s string) string {
	if utf8.ValidString(s) && !strings.ContainsRune(s, 0) {
		return s
	}
	b := []byte(s)
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == 0 || (r == utf8.RuneError && n == 1) {
			b[i] = '?'
		}
		i += n
	}
	return string(b)
}

// short is text for a column under an index, whose rows PostgreSQL limits to
// about 2,700 bytes.
func short(s string) string {
	s = text(s)
	if len(s) <= maxIndexed {
		return s
	}
	n := maxIndexed
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

const maxIndexed = 320 // bytes; RFC 3696: the longest address

// document marshals v for an opaque JSON column. Nil maps and slices become
// null, which is a value there. PostgreSQL's jsonb refuses an escaped NUL.
func document(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("marshal %T: %w", v, err)
	}
	if !strings.Contains(string(b), `\u0000`) {
		return string(b), nil
	}
	for i := 0; i < len(b)-1; i++ {
		if b[i] != '\\' {
			continue
		}
		if strings.HasPrefix(string(b[i:min(len(b), i+6)]), `\u0000`) {
			copy(b[i:], `\ufffd`)
		}
		i++ // the escaped character, which may be another backslash
	}
	return string(b), nil
}

// moment scans the result of an SQL expression over times: SQLite keeps the
// type of a column, but not of an expression, and returns text.
type moment struct{ time.Time }

// Value implements driver.Valuer, without which gorm takes it for a relation.
func (m moment) Value() (driver.Value, error) { return m.Time, nil }

// Scan implements sql.Scanner.
func (m *moment) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		m.Time = time.Time{}
	case time.Time:
		m.Time = v.UTC()
	case string:
		t, err := time.Parse("2006-01-02 15:04:05.999999999-07:00", v)
		if err != nil {
			return fmt.Errorf("read a time of the database: %w", err)
		}
		m.Time = t.UTC()
	default:
		return fmt.Errorf("read a time of the database: %T", v)
	}
	return nil
}
