package formats

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
)

// readOwnCSV reads our own records as CSV: columns are the fields of the API's
// (testdata/calls.csv). Times are RFC 3339.
func readOwnCSV(in *bufio.Reader, o Options, emit func(Record) error) error {
	t, err := newTable(in, 0, nil)
	if err != nil {
		return err
	}
	var ps []cases.Problem
	fields := map[string]Field{}
	for _, name := range t.header {
		kind, ok := targets[name]
		if !ok || kind.kind == isMicros {
			ps = append(ps, cases.Problem{Field: "header", Message: fmt.Sprintf("has an unknown column %q; known are %s", name, strings.Join(ownColumns(), ", "))})
			continue
		}
		fields[name] = Field{Column: name, layout: "rfc3339"}
	}
	for _, name := range []string{"source_id", "started_at", "direction", "to"} {
		if !t.has(name) && (name != "direction" || o.Direction == "") {
			ps = append(ps, cases.Problem{Field: "header", Message: fmt.Sprintf("lacks the column %q", name)})
		}
	}
	if err := cases.Invalid(ps...); err != nil {
		return err
	}
	if err := o.missingColumns(func(c string) bool { return t.has(c) }); err != nil {
		return err
	}
	return t.mapped(o, fields, emit)
}

func ownColumns() []string {
	var out []string
	for _, n := range targetNames() {
		if targets[n].kind != isMicros {
			out = append(out, n)
		}
	}
	return out
}

// readNDJSON reads our own records, one JSON object on each line, as the API
// takes them (testdata/calls.ndjson).
func readNDJSON(in *bufio.Reader, o Options, emit func(Record) error) error {
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		end := errors.Is(err, io.EOF)
		long := errors.Is(err, bufio.ErrBufferFull) || len(line) > calls.MaxLine+1
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = in.ReadSlice('\n')
			end = errors.Is(err, io.EOF)
		}
		if err != nil && !end {
			return err
		}
		rec := Record{Line: n, checked: true}
		line = bytes.TrimSpace(line)
		switch {
		case long:
			rec.Problems = []cases.Problem{{Field: "line", Message: fmt.Sprintf("is longer than %d bytes", calls.MaxLine)}}
		case len(line) > 0:
			c, err := calls.ParseNDJSON(line, o.Options)
			if rec.Call = c; err != nil {
				rec.Problems = problemsOf(err)
			}
		}
		if long || len(line) > 0 {
			if err := emit(rec); err != nil {
				return err
			}
		}
		if end {
			return nil
		}
	}
}
