package formats

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

// rows reads a file of separated values, row by row. A row ends with the line on
// which its quotes are closed; one that is longer than MaxRecord, or never
// closed, is refused, and reading goes on with the line after its first.
type rows struct {
	in    *bufio.Reader
	line  int // of the file, that comes next
	comma byte
	one   bytes.Reader // the bytes of one row, which csv reads without looking further
	csv   *csv.Reader
}

func newRows(in *bufio.Reader, comma byte) *rows {
	r := &rows{in: in, line: 1, comma: comma}
	r.csv = csv.NewReader(&r.one)
	r.csv.Comma = rune(comma)
	r.csv.FieldsPerRecord = -1
	r.csv.ReuseRecord = true
	return r
}

// separator tells what separates the columns of a first line.
func separator(in *bufio.Reader) byte {
	first, _ := in.Peek(MaxRecord)
	first, _, _ = bytes.Cut(first, []byte("\n"))
	for _, sep := range []byte{';', '\t'} {
		if bytes.IndexByte(first, sep) >= 0 && bytes.IndexByte(first, ',') < 0 {
			return sep
		}
	}
	return ','
}

var errTooLong = errors.New("too long")

// next returns the fields of the next row that has something on it, valid until
// the call after, and the line where it begins. io.EOF at the end; errTooLong
// and csv.ParseError are errors of this row alone.
func (r *rows) next() ([]string, int, error) {
	for {
		size, lines, err := r.frame()
		begin := r.line
		r.line += lines
		if errors.Is(err, errTooLong) {
			return nil, begin, r.skipLine()
		}
		if err != nil {
			return nil, begin, err
		}
		raw, _ := r.in.Peek(size)
		if len(bytes.TrimSpace(raw)) == 0 && r.comma != '\t' || len(bytes.Trim(raw, "\r\n")) == 0 {
			_, _ = r.in.Discard(size)
			continue
		}
		if r.comma == '\t' { // as mysql --batch writes: quotes are text
			line := strings.TrimRight(string(raw), "\r\n")
			_, _ = r.in.Discard(size)
			return strings.Split(line, "\t"), begin, nil
		}
		r.one.Reset(raw)
		fields, err := r.csv.Read()
		_, _ = r.in.Discard(size)
		if errors.Is(err, io.EOF) {
			continue
		}
		return fields, begin, err
	}
}

// frame says how many bytes and lines the next row has.
func (r *rows) frame() (size, lines int, err error) {
	have := r.in.Buffered()
	for {
		window, err := r.in.Peek(min(max(have, 1), MaxRecord))
		if len(window) == 0 {
			return 0, 0, err
		}
		quotes, at := 0, 0
		for {
			i := bytes.IndexByte(window[at:], '\n')
			if i < 0 {
				break
			}
			lines++
			if r.comma != '\t' {
				quotes += bytes.Count(window[at:at+i], []byte{'"'})
			}
			if at += i + 1; quotes%2 == 0 {
				return at, lines, nil
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			// The last row, whose quotes may be open: csv says so. What was cut off in
			// the middle of a file begins with its first line, as any other.
			if lines == 0 || r.comma != '\t' && bytes.Count(window, []byte{'"'})%2 == 0 {
				return len(window), lines + 1, nil
			}
			return bytes.IndexByte(window, '\n') + 1, 1, nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return 0, 0, err
		case len(window) >= MaxRecord:
			return 0, 1, errTooLong
		}
		have, lines = MaxRecord, 0
	}
}

// skipLine passes over a line of any length and returns errTooLong.
func (r *rows) skipLine() error {
	for {
		_, err := r.in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		return errTooLong
	}
}

// table is a file of separated values whose first row names its columns.
type table struct {
	*rows
	header []string
	place  map[string]int
	fields []string // of the row that was read last
}

// columnName is a column's name in lower case, with underscores.
func columnName(s string) string {
	return strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(s)))
}

// newTable reads the header, unless columns has it.
func newTable(in *bufio.Reader, comma byte, columns []string) (*table, error) {
	if comma == 0 {
		comma = separator(in)
	}
	t := &table{rows: newRows(in, comma), place: map[string]int{}}
	header := columns
	if header == nil {
		got, _, err := t.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, cases.Invalid(cases.Problem{Field: "header", Message: "the file is empty"})
		case rowError(err) != nil:
			return nil, cases.Invalid(cases.Problem{Field: "header", Message: "cannot be read as CSV: " + err.Error()})
		case err != nil:
			return nil, err
		}
		header = got
	}
	var ps []cases.Problem
	if len(header) > maxHeader {
		return nil, cases.Invalid(cases.Problem{Field: "header", Message: fmt.Sprintf("has more than %d columns", maxHeader)})
	}
	for i, name := range header {
		name = columnName(name)
		if _, twice := t.place[name]; twice && name != "" {
			ps = append(ps, cases.Problem{Field: "header", Message: fmt.Sprintf("has the column %q twice", name)})
		}
		t.place[name] = i
		t.header = append(t.header, name)
	}
	return t, cases.Invalid(ps...)
}

// has says whether there is one of these columns.
func (t *table) has(names ...string) bool {
	for _, n := range names {
		if _, ok := t.place[n]; ok {
			return true
		}
	}
	return false
}

// get is the field under a column's name, trimmed; "" where there is none.
func (t *table) get(name string) string {
	i, ok := t.place[name]
	if !ok || i >= len(t.fields) {
		return ""
	}
	s := strings.TrimSpace(t.fields[i])
	if s == `\N` || s == "NULL" { // what databases export for nothing
		return ""
	}
	return s
}

// each calls fn with each row that has as many fields as there are columns, and
// emits the others as refused.
func (t *table) each(emit func(Record) error, fn func(line int) error) error {
	for {
		fields, line, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if ps := rowError(err); ps != nil {
			if err := emit(Record{Line: line, Problems: ps}); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if len(fields) != len(t.header) {
			ps := []cases.Problem{{Field: "row", Message: fmt.Sprintf("has %d fields, not %d", len(fields), len(t.header))}}
			if err := emit(Record{Line: line, Problems: ps}); err != nil {
				return err
			}
			continue
		}
		t.fields = fields
		if err := fn(line); err != nil {
			return err
		}
	}
}

// rowError is what is wrong with one row alone; nil for another error.
func rowError(err error) []cases.Problem {
	if errors.Is(err, errTooLong) {
		return tooLong(MaxRecord)
	}
	if bad, ok := errors.AsType[*csv.ParseError](err); ok {
		return []cases.Problem{{Field: "row", Message: "cannot be read as CSV: " + bad.Err.Error()}}
	}
	return nil
}
