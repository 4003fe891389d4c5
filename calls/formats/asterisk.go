package formats

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// asteriskColumns is the order of columns of cdr-csv/Master.csv, which has no
// header: cdr/cdr_csv.c of Asterisk, build_csv_record. uniqueid, userfield and,
// since version 1.8, the last three are written where cdr.conf says so
// (loguniqueid, loguserfield, newcdrcolumns).
var asteriskColumns = []string{"accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata",
	"start", "answer", "end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield", "peeraccount", "linkedid", "sequence"}

const (
	asteriskFixed = 16 // columns that are always there
	asteriskNew   = 3  // peeraccount, linkedid, sequence
)

// uniqueID is how Asterisk writes ids: seconds since 1970 and a count, behind the
// system's name if it has one.
var uniqueID = regexp.MustCompile(`^([\w.-]+-)?\d{9,}\.\d+$`)

// dispositions and the Q.850 cause that says the same (0: none). NO ANSWER is also what a
// caller who gave up leaves behind; FAILED can be anything.
var dispositions = map[string]int{"ANSWERED": 0, "NO ANSWER": 19, "BUSY": 17, "FAILED": 0, "CONGESTION": 34}

// readAsterisk reads Asterisk's Master.csv (testdata/asterisk.csv). Times are
// local unless usegmtime is set, so that the zone must be given; how long a call
// lasted is read from its seconds, which no change of clocks touches.
//
// Ignored: extensions of the dial plan itself (s, h, i, t and codes with a star),
// and calls between extensions. The number of a caller with an extension only is
// not known and left out.
func readAsterisk(in *bufio.Reader, o Options, emit func(Record) error) error {
	t := &table{rows: newRows(in, ','), place: map[string]int{}}
	if err := o.missingColumns(func(c string) bool { return contains(asteriskColumns, c) }); err != nil {
		return err
	}
	for {
		fields, line, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		rec := Record{Line: line, Problems: rowError(err)}
		if err != nil && rec.Problems == nil {
			return err
		}
		if err == nil {
			if n := len(fields); n < asteriskFixed || n > len(asteriskColumns) {
				rec.Problems = []cases.Problem{{Field: "row", Message: fmt.Sprintf("has %d fields; Master.csv has %d to %d", n, asteriskFixed, len(asteriskColumns))}}
			} else {
				t.fields = fields
				placeAsterisk(t.place, fields)
				rec = asteriskCall(t, o, line)
			}
		}
		if err := emit(o.finish(rec, t.get)); err != nil {
			return err
		}
	}
}

// placeAsterisk says where the columns are that a row of this length has.
func placeAsterisk(place map[string]int, fields []string) {
	clear(place)
	for i, name := range asteriskColumns[:asteriskFixed] {
		place[name] = i
	}
	n := len(fields)
	if n >= asteriskFixed+asteriskNew {
		n -= asteriskNew
		for i, name := range asteriskColumns[len(asteriskColumns)-asteriskNew:] {
			place[name] = n + i
		}
	}
	switch {
	case n == asteriskFixed+2:
		place["uniqueid"], place["userfield"] = asteriskFixed, asteriskFixed+1
	case n == asteriskFixed+1 && uniqueID.MatchString(fields[asteriskFixed]):
		place["uniqueid"] = asteriskFixed
	case n == asteriskFixed+1:
		place["userfield"] = asteriskFixed
	}
}

func asteriskCall(t *table, o Options, line int) Record {
	v := &values{get: t.get, zone: o.zone()}
	dst := v.text("dst")
	rec := Record{Line: line}
	if why := dialplan(dst, v.text("src")); why != "" {
		rec.Ignored = why
		return rec
	}
	c := cases.Call{AccountID: v.text("accountcode"), From: v.text("src"), To: dst, DialledRaw: dst, BilledSeconds: v.whole("billsec"), CorrelationID: v.text("linkedid", "uniqueid")}
	if extension(c.From) || strings.EqualFold(c.From, "unknown") {
		c.From = ""
	}
	c.SourceID = asteriskID(t, v)
	disposition := strings.ToUpper(v.text("disposition"))
	cause, ok := dispositions[disposition]
	if !ok {
		v.wrong("disposition", "must be one of ANSWERED, NO ANSWER, BUSY, FAILED, CONGESTION")
	}
	c.Q850 = cause
	duration := v.whole("duration")
	if start := v.time("start"); start != nil {
		c.StartedAt = *start
		end := start.Add(time.Duration(duration) * time.Second)
		c.EndedAt = &end
		if disposition == "ANSWERED" {
			answer := end.Add(-time.Duration(c.BilledSeconds) * time.Second)
			if answer.Before(*start) {
				answer = *start
			}
			c.AnsweredAt = &answer
		}
	} else if len(v.problems) == 0 {
		v.wrong("start", "is required")
	}
	rec.Call, rec.Problems = c, v.problems
	return rec
}

// dialplan says why a row is no call to or from the network; "" for one that is.
func dialplan(dst, src string) string {
	switch {
	case contains([]string{"s", "h", "i", "t", "T", "o", "a", "e", "fax"}, dst), strings.HasPrefix(dst, "*"), strings.HasPrefix(dst, "~"):
		return "an extension of the dial plan itself"
	case extension(dst) && extension(src) && !service(dst):
		return "a call between extensions"
	}
	return ""
}

// service says whether a short number is one of the public network, such as 911,
// 411 or 988, and no extension.
func service(dst string) bool {
	return len(dst) == 3 && (dst[1:] == "11" || contains([]string{"112", "933", "988", "999"}, dst))
}

// asteriskID makes an id: one channel can leave several records, which only its
// sequence, or else all of the row, keeps apart.
func asteriskID(t *table, v *values) string {
	id, seq := v.text("uniqueid"), v.text("sequence")
	if id != "" && seq != "" {
		return id + "/" + seq
	}
	return strings.TrimPrefix(cmp.Or(id, "row")+"/"+digest(t.fields)[:16], "/")
}

// digest is of a whole row, as its id where it has none.
func digest(fields []string) string {
	sum := sha256.New()
	for _, f := range fields {
		io.WriteString(sum, f+"\x00")
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
