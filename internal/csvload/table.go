package csvload

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// table is a CSV file whose header was understood.
type table struct {
	csv    *csv.Reader
	header []string       // names of the columns
	place  map[string]int // of a column in a row
	// between, when there is one, is called before each row.
	between func()
}

// openAny reads a header of any columns, whose names are lower case with
// underscores for spaces and hyphens.
func openAny(r *bufio.Reader) (*table, error) {
	if mark, _ := r.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = r.Discard(3)
	}
	// A header is shorter than the reader's buffer, or no header of ours.
	first, _ := r.Peek(r.Size())
	first, _, _ = bytes.Cut(first, []byte("\n"))
	t := &table{csv: csv.NewReader(r), place: map[string]int{}}
	t.csv.FieldsPerRecord = -1
	t.csv.ReuseRecord = true
	for _, sep := range []rune{';', '\t'} {
		if bytes.ContainsRune(first, sep) && !bytes.ContainsRune(first, ',') {
			t.csv.Comma = sep
		}
	}
	header, err := t.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, cases.Invalid(cases.Problem{Field: "header", Message: "the file is empty"})
	}
	if err != nil {
		return nil, cases.Invalid(cases.Problem{Field: "header", Message: "cannot be read as CSV: " + err.Error()})
	}
	var ps []cases.Problem
	for i, name := range header {
		name = strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(name)))
		if _, twice := t.place[name]; twice {
			ps = append(ps, cases.Problem{Field: "header", Message: fmt.Sprintf("has the column %q twice", name)})
		}
		t.place[name] = i
		t.header = append(t.header, name)
	}
	return t, cases.Invalid(ps...)
}

// openTable reads the header. required are columns that must be there, optional
// ones that may.
func openTable(r *bufio.Reader, required, optional []string) (*table, error) {
	t, err := openAny(r)
	ps, ok := problemsOf(err)
	if err != nil && !ok || t == nil {
		return nil, err
	}
	known := slices.Concat(required, optional)
	for _, name := range t.header {
		if !slices.Contains(known, name) {
			ps = append(ps, cases.Problem{Field: "header", Message: fmt.Sprintf("has an unknown column %q; known are %s", name, strings.Join(known, ", "))})
		}
	}
	for _, name := range required {
		if _, ok := t.place[name]; !ok {
			ps = append(ps, cases.Problem{Field: "header", Message: fmt.Sprintf("lacks the column %q", name)})
		}
	}
	return t, cases.Invalid(ps...)
}

// each calls fn with every row that is CSV, and counts the others.
func (t *table) each(result *Result, fn func(r *row) error) error {
	for {
		if t.between != nil {
			t.between()
		}
		fields, err := t.csv.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if bad, ok := errors.AsType[*csv.ParseError](err); ok {
			result.Rows++
			result.skip(bad.StartLine, []cases.Problem{{Field: "row", Message: "cannot be read as CSV: " + bad.Err.Error()}})
			continue
		}
		if err != nil {
			return err
		}
		result.Rows++
		line, _ := t.csv.FieldPos(0)
		r := &row{table: t, fields: fields}
		switch {
		case len(fields) != len(t.header):
			r.wrong("row", "has %d fields, the header has %d", len(fields), len(t.header))
		case slices.ContainsFunc(fields, func(f string) bool { return !utf8.ValidString(f) || strings.ContainsRune(f, 0) }):
			r.wrong("row", "is not text in UTF-8")
		default:
			err = fn(r)
		}
		if ps, ok := problemsOf(err); ok {
			r.problems, err = append(r.problems, ps...), nil
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		if len(r.problems) > 0 {
			result.skip(line, r.problems)
		}
	}
}

// row reads one row field by field and remembers what was wrong.
type row struct {
	*table
	fields   []string
	problems []cases.Problem
}

func (r *row) ok() bool { return len(r.problems) == 0 }

func (r *row) wrong(field, format string, args ...any) {
	r.problems = append(r.problems, cases.Problem{Field: field, Message: fmt.Sprintf(format, args...)})
}

// maxField is the longest text that the database keeps under an index.
const maxField = 320

func (r *row) text(name string) string {
	i, ok := r.place[name]
	if !ok {
		return ""
	}
	s := strings.TrimSpace(r.fields[i])
	if len(s) > maxField {
		r.wrong(name, "is longer than %d bytes", maxField)
		return ""
	}
	return strings.Clone(s) // the reader reuses its record
}

func (r *row) required(name string) string {
	s := r.text(name)
	if s == "" {
		r.wrong(name, "is required")
	}
	return s
}

func (r *row) oneOf(name, otherwise string, allowed ...string) string {
	s := r.text(name)
	if s == "" {
		return otherwise
	}
	if !slices.Contains(allowed, s) {
		r.wrong(name, "must be one of %s", strings.Join(allowed, ", "))
	}
	return s
}

func (r *row) country(name string) string {
	s := strings.ToUpper(r.text(name))
	if s != "" && (len(s) != 2 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		r.wrong(name, "must be two letters, as in US")
	}
	return s
}

func (r *row) yes(name string) bool {
	switch strings.ToLower(r.text(name)) {
	case "", "no", "false", "0", "n":
		return false
	case "yes", "true", "1", "y":
		return true
	}
	r.wrong(name, "must be yes or no")
	return false
}

// time reads a time, or a date where one is enough; zero for an empty field.
func (r *row) time(name string, orDate bool) time.Time {
	s := r.text(name)
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil && orDate {
		t, err = time.Parse(time.DateOnly, s)
	}
	if err != nil {
		want := "a time with zone as in 2026-11-10T14:03:00Z"
		if orDate {
			want += " or a date as in 2026-11-10"
		}
		r.wrong(name, "must be %s", want)
	}
	return t.UTC()
}

func (r *row) timePtr(name string, orDate bool) *time.Time {
	t := r.time(name, orDate)
	if t.IsZero() {
		return nil
	}
	return &t
}

func (r *row) integer(name string, bits int) int64 {
	s := r.text(name)
	if s == "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, bits)
	if err != nil {
		r.wrong(name, "must be a whole number")
	}
	return n
}

// long is text without the limit of an indexed column.
func (r *row) long(name string) string {
	i, ok := r.place[name]
	if !ok {
		return ""
	}
	return string(bytes.TrimSpace([]byte(r.fields[i])))
}

func (r *row) number(name, region string) string {
	s := r.required(name)
	if s == "" {
		return ""
	}
	n, err := numbers.Parse(s, region)
	if err != nil {
		r.wrong(name, "%s", err)
	}
	return n.E164
}
