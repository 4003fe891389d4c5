package store

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

// where collects the conditions of a list.
type where struct {
	conds []string
	args  []any
}

func (w *where) and(cond string, args ...any) {
	w.conds = append(w.conds, cond)
	w.args = append(w.args, args...)
}

// within keeps what lies in a span.
func (w *where) within(column string, s cases.Span) {
	if !s.After.IsZero() {
		w.and(column+" >= ?", stored(s.After))
	}
	if !s.Before.IsZero() {
		w.and(column+" < ?", stored(s.Before))
	}
}

func (w *where) String() string {
	if len(w.conds) == 0 {
		return "1 = 1"
	}
	return strings.Join(w.conds, " AND ")
}

// pageLimit brings a requested page size into its bounds.
func pageLimit(n int) int {
	if n <= 0 {
		return cases.DefaultPage
	}
	return min(n, cases.MaxPage)
}

// cursorOf makes the opaque name of a place in a list.
func cursorOf(parts ...int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Trim(fmt.Sprint(parts), "[]")))
}

// parseCursor reads one back into n numbers.
func parseCursor(cursor string, n int) ([]int64, error) {
	parts, args := make([]int64, n), make([]any, n)
	for i := range parts {
		args[i] = &parts[i]
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		_, err = fmt.Sscan(string(b), args...)
	}
	if err != nil || cursorOf(parts...) != cursor {
		return nil, cases.Invalid(cases.Problem{Field: "cursor", Message: "is not one that we gave out"})
	}
	return parts, nil
}

// newestFirst lists by descending id: one row more than asked for tells
// whether there is a next page, without counting.
func newestFirst[T any](cursor string, limit int, column string, w where, query func(cond string, args []any) ([]T, error), id func(T) int64) (cases.Page[T], error) {
	limit = pageLimit(limit)
	if cursor != "" {
		at, err := parseCursor(cursor, 1)
		if err != nil {
			return cases.Page[T]{}, err
		}
		w.and(column+" < ?", at[0])
	}
	items, err := query(fmt.Sprintf("%s ORDER BY %s DESC LIMIT %d", &w, column, limit+1), w.args)
	if err != nil {
		return cases.Page[T]{}, err
	}
	return cut(items, limit, func(t T) string { return cursorOf(id(t)) }), nil
}

// cut makes a page of limit items of a list that may have one more.
func cut[T any](items []T, limit int, cursor func(T) string) cases.Page[T] {
	p := cases.Page[T]{Items: items}
	if len(items) > limit {
		p.Items = items[:limit]
		p.Next = cursor(p.Items[limit-1])
	}
	return p
}
