// Package formats reads call records as switches and carriers write them: bytes
// in, cases.Call out, or why a record is no call or cannot be taken. One file
// for each format says where its layout is published.
//
// It is pure and streams: memory does not grow with the file, and a record that
// is wrong stops nothing. What makes a record right is package calls' to say.
package formats

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
)

// Limits of reading.
const (
	MaxRecord = 64 << 10 // bytes of a row, with all of its lines
	MaxJSON   = 1 << 20  // bytes of one of FreeSWITCH's records
	BatchRows = 5_000    // records that are handed on at once
	MaxErrors = 100      // refused records that are kept with their reasons; all are counted
	maxHeader = 1_000    // columns
)

// Options say how a file is read.
type Options struct {
	Format string
	// Mapping is required for "mapped"; the other formats take rules from it.
	Mapping *Mapping
	// Zone is that of times without one; nil where nobody said.
	Zone *time.Location
	// What a record has where neither it nor a rule says so.
	Direction, Account, Connection string
	calls.Options
}

// Record is what became of one record: a call, Ignored or Problems.
type Record struct {
	Line     int // of the file, from 1, where it begins
	Call     cases.Call
	Ignored  string // why it is no call record at all
	Problems []cases.Problem
	checked  bool // by package calls already
}

// LineError is a record that was refused.
type LineError = calls.LineError

// Batch is what some records, one after the other, said.
type Batch struct {
	Calls   []cases.Call
	Rows    int            // records read: taken, ignored or refused
	Refused map[string]int // by reason, each once
	Ignored map[string]int // by reason: what a switch writes down besides calls
	Errors  []LineError    // of the first MaxErrors that were refused in this run
}

// reader hands on the records of a file in order. What it returns ends the
// reading: an error of emit or of in, or a cases.Error for a file that as a
// whole cannot be read so.
type reader func(in *bufio.Reader, o Options, emit func(Record) error) error

var readers = map[string]struct {
	read  reader
	zoned bool // its times have no zone
}{
	"csv": {read: readOwnCSV}, "ndjson": {read: readNDJSON}, "mapped": {read: readMapped}, "telnyx-csv": {read: readTelnyxCSV},
	"asterisk": {read: readAsterisk, zoned: true}, "freeswitch": {read: readFreeSWITCH}, "kamailio": {read: readKamailio, zoned: true},
}

// Names are the formats, in order.
func Names() []string {
	var names []string
	for n := range readers {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Check says what is missing to read with these options.
func (o Options) Check() error {
	f, ok := readers[o.Format]
	var ps []cases.Problem
	wrong := func(field, message string) { ps = append(ps, cases.Problem{Field: field, Message: message}) }
	switch {
	case !ok:
		wrong("format", "must be one of "+strings.Join(Names(), ", "))
	case o.Format == "mapped" && (o.Mapping == nil || len(o.Mapping.Fields) == 0):
		wrong("mapping", "is required: which column is which field")
	case o.Format != "mapped" && o.Mapping != nil && (len(o.Mapping.Fields) > 0 || len(o.Mapping.Columns) > 0 || o.Mapping.Separator != ""):
		wrong("mapping", "fields, columns and separator are for the format mapped; this one takes zone and rules")
	case f.zoned && o.zone() == nil:
		wrong("zone", "is required: this format writes times without their zone (a name such as America/New_York, or UTC)")
	}
	if o.Direction != "" && o.Direction != "outbound" && o.Direction != "inbound" {
		wrong("direction", "must be outbound (from a customer) or inbound (to one of our numbers)")
	}
	return cases.Invalid(ps...)
}

func (o Options) zone() *time.Location {
	if o.Zone == nil && o.Mapping != nil {
		return o.Mapping.zone
	}
	return o.Zone
}

// Read hands on one record after the other, those that are wrong included. An
// error of emit ends it. Calls are as the file has them: see Load.
func Read(r io.Reader, o Options, emit func(Record) error) error {
	if err := o.Check(); err != nil {
		return err
	}
	size := 2 * MaxRecord
	if o.Format == "freeswitch" {
		size = 2 * MaxJSON
	}
	in := bufio.NewReaderSize(r, size)
	if mark, _ := in.Peek(3); string(mark) == "\xef\xbb\xbf" {
		_, _ = in.Discard(3)
	}
	return readers[o.Format].read(in, o, emit)
}

// Load reads records, brings calls into the form in which they are kept, and
// calls take with every BatchRows of them. The first from records are passed
// over: an earlier run took them. An error of take ends it.
func Load(r io.Reader, o Options, from int, take func(Batch) error) error {
	n := 0
	c := collector{o: o}
	flush := func() error {
		if c.Rows == 0 {
			return nil
		}
		full := c.Batch
		c.Batch = Batch{}
		return take(full)
	}
	err := Read(r, o, func(x Record) error {
		if n++; n <= from {
			return nil
		}
		c.add(x)
		if c.Rows < BatchRows {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// Collect makes a batch of records that come from no file; they are numbered on
// from that many.
func Collect(o Options, records []Record, from int) Batch {
	c := collector{o: o}
	for i, x := range records {
		x.Line = from + i + 1
		c.add(x)
	}
	return c.Batch
}

// collector gathers a batch.
type collector struct {
	Batch
	o    Options
	errs int
}

func (c *collector) add(x Record) {
	c.Rows++
	if x.Ignored == "" && len(x.Problems) == 0 && !x.checked {
		var err error
		if x.Call, err = calls.Check(x.Call, c.o.Options); err != nil {
			x.Problems = problemsOf(err)
		}
	}
	switch {
	case x.Ignored != "":
		count(&c.Ignored, x.Ignored)
	case len(x.Problems) > 0:
		count(&c.Refused, x.Problems[0].Field+" "+x.Problems[0].Message)
		if c.errs++; c.errs <= MaxErrors {
			c.Errors = append(c.Errors, LineError{Line: x.Line, Problems: x.Problems})
		}
	default:
		c.Calls = append(c.Calls, x.Call)
	}
}

func count(m *map[string]int, why string) {
	if *m == nil {
		*m = map[string]int{}
	}
	(*m)[why]++
}

func problemsOf(err error) []cases.Problem {
	if e, ok := errors.AsType[*cases.Error](err); ok && len(e.Problems) > 0 {
		return e.Problems
	}
	return []cases.Problem{{Field: "record", Message: err.Error()}}
}

// tooLong is what is wrong with a record above a limit.
func tooLong(max int) []cases.Problem {
	return []cases.Problem{{Field: "record", Message: fmt.Sprintf("is longer than %d bytes", max)}}
}

// finish adds to a call what the options and the rules say: the last step of
// every format but our own.
func (o Options) finish(rec Record, get func(column string) string) Record {
	if len(rec.Problems) > 0 || rec.Ignored != "" {
		return rec
	}
	if o.Mapping != nil {
		if rec.Ignored = o.Mapping.apply(get, &rec.Call); rec.Ignored != "" {
			return rec
		}
	}
	for _, x := range []struct {
		to    *string
		value string
	}{{&rec.Call.Direction, o.Direction}, {&rec.Call.AccountID, o.Account}, {&rec.Call.Connection, o.Connection}} {
		if *x.to == "" {
			*x.to = x.value
		}
	}
	return rec
}
