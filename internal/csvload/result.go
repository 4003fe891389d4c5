package csvload

import (
	"errors"
	"fmt"

	"github.com/abusedesk/abusedesk/cases"
)

// MaxErrors is how many wrong rows are kept with their reasons; all are counted.
const MaxErrors = 100

// Result says what became of a file.
type Result struct {
	Rows    int // rows or lines with something on them, without the header
	Taken   int // handed to the callback, which took them
	Skipped int
	// Why counts the wrong rows by reason; one row can have several.
	Why    map[string]int
	Errors []LineError // the first MaxErrors
}

// LineError is a row that was passed over.
type LineError struct {
	Line     int // of the file, from 1
	Problems []cases.Problem
}

func (e LineError) String() string {
	s := fmt.Sprintf("line %d", e.Line)
	for i, p := range e.Problems {
		sep := "; "
		if i == 0 {
			sep = ": "
		}
		s += sep + p.Field + " " + p.Message
	}
	return s
}

// maxReasons bounds Why: a message can quote what was written.
const maxReasons = 200

func (r *Result) skip(line int, problems []cases.Problem) {
	r.Skipped++
	if r.Why == nil {
		r.Why = map[string]int{}
	}
	for _, p := range problems {
		why := p.Field + " " + p.Message
		if _, ok := r.Why[why]; !ok && len(r.Why) >= maxReasons {
			why = "other reasons"
		}
		r.Why[why]++
	}
	if len(r.Errors) < MaxErrors {
		r.Errors = append(r.Errors, LineError{Line: line, Problems: problems})
	}
}

// problemsOf returns what is wrong with a row, or false for an error that is
// not the row's.
func problemsOf(err error) ([]cases.Problem, bool) {
	e, ok := errors.AsType[*cases.Error](err)
	if !ok || e.Kind != cases.KindInvalid {
		return nil, false
	}
	if len(e.Problems) == 0 {
		return []cases.Problem{{Field: "row", Message: e.Message}}, true
	}
	return e.Problems, true
}

// batcher collects rows and hands them on.
type batcher[T any] struct {
	result *Result
	size   int
	take   func([]T) error
	rows   []T
}

func (b *batcher[T]) add(row T) error {
	b.rows = append(b.rows, row)
	if len(b.rows) < b.size {
		return nil
	}
	return b.flush()
}

func (b *batcher[T]) flush() error {
	if len(b.rows) == 0 {
		return nil
	}
	if err := b.take(b.rows); err != nil {
		return err
	}
	b.result.Taken += len(b.rows)
	b.rows = nil // the callback may keep what it was given
	return nil
}
