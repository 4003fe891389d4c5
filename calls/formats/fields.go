package formats

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/abusedesk/abusedesk/cases"
)

// values reads the fields of one record and remembers what was wrong. They are
// cloned: readers use their buffers again.
type values struct {
	get      func(column string) string
	zone     *time.Location
	problems []cases.Problem
}

func (v *values) wrong(field, format string, args ...any) {
	v.problems = append(v.problems, cases.Problem{Field: field, Message: fmt.Sprintf(format, args...)})
}

// text is the first of the columns that says something.
func (v *values) text(columns ...string) string {
	for _, c := range columns {
		s := v.get(c)
		if s == "" {
			continue
		}
		if !utf8.ValidString(s) {
			v.wrong(c, "is not text in UTF-8")
			return ""
		}
		return strings.Clone(s)
	}
	return ""
}

func (v *values) whole(columns ...string) int {
	s := v.text(columns...)
	if s == "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		v.wrong(columns[0], "must be a whole number")
	}
	return int(n)
}

// seconds reads a duration, whole or with a fraction, and rounds it up as bills
// do.
func (v *values) seconds(columns ...string) int {
	s := v.text(columns...)
	if s == "" {
		return 0
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > math.MaxInt32 {
		v.wrong(columns[0], "must be a number of seconds")
		return 0
	}
	return int(math.Ceil(f))
}

// micros reads a decimal amount as millionths, exactly.
func (v *values) micros(columns ...string) int64 {
	s := v.text(columns...)
	if s == "" {
		return 0
	}
	n, ok := micros(s)
	if !ok {
		v.wrong(columns[0], "must be an amount such as 0.0125")
	}
	return n
}

func micros(s string) (int64, bool) {
	whole, part, _ := strings.Cut(s, ".")
	if len(part) > 6 {
		if strings.Trim(part[6:], "0123456789") != "" {
			return 0, false
		}
		part = part[:6]
	}
	if strings.Trim(whole, "0123456789") != "" || strings.Trim(part, "0123456789") != "" || whole+part == "" {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+part+"000000"[len(part):], 10, 64)
	return n, err == nil
}

// time reads the first of the columns that says something; nil for none.
func (v *values) time(columns ...string) *time.Time {
	for _, c := range columns {
		s := v.text(c)
		if s == "" {
			continue
		}
		t, ok := parseTime(s, v.zone)
		if !ok {
			v.wrong(c, "%s", wantTime(v.zone))
			return nil
		}
		return &t
	}
	return nil
}

func wantTime(zone *time.Location) string {
	if zone == nil {
		return "must be a time with zone as in 2026-11-10T14:03:00Z (or say with --zone in which zone it is)"
	}
	return "must be a time as in 2026-11-10 14:03:00 or 2026-11-10T14:03:00Z"
}

// localLayouts are how times without a zone are written; a fraction of a second
// may follow any of them.
var localLayouts = []string{time.DateTime, "2006-01-02T15:04:05"}

// parseTime reads RFC 3339, or the same without zone where one is known.
func parseTime(s string, zone *time.Location) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST"} {
		t, err := time.Parse(layout, s)
		// Go makes up an offset of 0 for abbreviations that it does not know.
		if err == nil && (!strings.HasSuffix(layout, "MST") || strings.HasSuffix(s, " UTC") || strings.HasSuffix(s, " GMT")) {
			return t.UTC(), true
		}
	}
	if zone == nil {
		return time.Time{}, false
	}
	for _, layout := range localLayouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// extension says whether what was dialled or shown is one of the switch's own:
// six digits or fewer.
func extension(s string) bool {
	return s != "" && len(s) <= 6 && strings.Trim(s, "0123456789") == ""
}
