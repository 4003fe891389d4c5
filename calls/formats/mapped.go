package formats

import (
	"bufio"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

type targetKind int

const (
	isText targetKind = iota
	isTime
	isWhole
	isMicros // a decimal amount that is kept in millionths
)

// target is a field of a record that a mapping can fill.
type target struct {
	kind targetKind
	text func(c *cases.Call) *string
	set  func(c *cases.Call, t *time.Time)
	num  func(c *cases.Call, n int64)
}

func textTarget(at func(c *cases.Call) *string) target { return target{kind: isText, text: at} }
func timeTarget(set func(c *cases.Call, t *time.Time)) target {
	return target{kind: isTime, set: set}
}
func wholeTarget(set func(c *cases.Call, n int64)) target { return target{kind: isWhole, num: set} }

// targets are the fields by the names that the API gives them.
var targets = map[string]target{
	"source":         textTarget(func(c *cases.Call) *string { return &c.Source }),
	"source_id":      textTarget(func(c *cases.Call) *string { return &c.SourceID }),
	"call_id":        textTarget(func(c *cases.Call) *string { return &c.CallID }),
	"correlation_id": textTarget(func(c *cases.Call) *string { return &c.CorrelationID }),
	"account":        textTarget(func(c *cases.Call) *string { return &c.AccountID }),
	"connection":     textTarget(func(c *cases.Call) *string { return &c.Connection }),
	"direction":      textTarget(func(c *cases.Call) *string { return &c.Direction }),
	"from":           textTarget(func(c *cases.Call) *string { return &c.From }),
	"pai":            textTarget(func(c *cases.Call) *string { return &c.PAI }),
	"to":             textTarget(func(c *cases.Call) *string { return &c.To }),
	"to_country":     textTarget(func(c *cases.Call) *string { return &c.ToCountry }),
	"dialled":        textTarget(func(c *cases.Call) *string { return &c.DialledRaw }),
	"peer":           textTarget(func(c *cases.Call) *string { return &c.Peer }),
	"egress_peer":    textTarget(func(c *cases.Call) *string { return &c.EgressPeer }),
	"source_ip":      textTarget(func(c *cases.Call) *string { return &c.SourceIP }),
	"reasons":        textTarget(func(c *cases.Call) *string { return &c.Reasons }),
	"hung_up_by":     textTarget(func(c *cases.Call) *string { return &c.HungUpBy }),
	"attest":         textTarget(func(c *cases.Call) *string { return &c.Attest }),
	"verstat":        textTarget(func(c *cases.Call) *string { return &c.Verstat }),
	"identity":       textTarget(func(c *cases.Call) *string { return &c.Identity }),
	"started_at":     timeTarget(func(c *cases.Call, t *time.Time) { c.StartedAt = *t }),
	"progress_at":    timeTarget(func(c *cases.Call, t *time.Time) { c.ProgressAt = t }),
	"answered_at":    timeTarget(func(c *cases.Call, t *time.Time) { c.AnsweredAt = t }),
	"ended_at":       timeTarget(func(c *cases.Call, t *time.Time) { c.EndedAt = t }),
	"billed_seconds": wholeTarget(func(c *cases.Call, n int64) { c.BilledSeconds = int(n) }),
	"pdd_ms":         wholeTarget(func(c *cases.Call, n int64) { c.PDDMillis = int(n) }),
	"sip_code":       wholeTarget(func(c *cases.Call, n int64) { c.SIPCode = int(n) }),
	"q850":           wholeTarget(func(c *cases.Call, n int64) { c.Q850 = int(n) }),
	"rate_micros":    wholeTarget(func(c *cases.Call, n int64) { c.RateMicros = n }),
	"cost_micros":    wholeTarget(func(c *cases.Call, n int64) { c.CostMicros = n }),
	"rate":           {kind: isMicros, num: func(c *cases.Call, n int64) { c.RateMicros = n }},
	"cost":           {kind: isMicros, num: func(c *cases.Call, n int64) { c.CostMicros = n }},
}

func targetNames() []string { return slices.Sorted(maps.Keys(targets)) }

// fill reads one field of a record.
func (f Field) fill(v *values, name string, c *cases.Call) {
	t := targets[name]
	s := f.Value
	if f.Column != "" {
		s = v.text(f.Column)
	}
	if f.Values != nil {
		mapped, ok := f.Values[s]
		if !ok {
			mapped, ok = f.Values["*"]
		}
		if !ok && s != "" {
			v.wrong(name, "has a value in the column %s that the mapping does not list", f.Column)
			return
		}
		s = mapped
	}
	if t.kind == isText {
		*t.text(c) = s
		return
	}
	if s == "" {
		return
	}
	switch t.kind {
	case isTime:
		at, ok := f.time(s, v.zone)
		if !ok {
			v.wrong(name, "%s", f.wantTime(v.zone))
			at = time.Now() // not missing, and already complained about
		}
		t.set(c, &at)
	case isWhole:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n != int64(int(n)) {
			v.wrong(name, "must be a whole number")
		}
		t.num(c, n)
	case isMicros:
		n, ok := micros(s)
		if !ok {
			v.wrong(name, "must be an amount such as 0.0125")
		}
		t.num(c, n)
	}
}

func (f Field) time(s string, zone *time.Location) (time.Time, bool) {
	switch f.layout {
	case "":
		return parseTime(s, zone)
	case "rfc3339":
		t, err := time.Parse(time.RFC3339, s)
		return t.UTC(), err == nil
	case "epoch", "epoch_ms", "epoch_us":
		return epoch(s, map[string]int64{"epoch": 1e6, "epoch_ms": 1e3, "epoch_us": 1}[f.layout])
	}
	if zone == nil && !strings.Contains(f.layout, "-0700") {
		return time.Time{}, false
	}
	t, err := time.ParseInLocation(f.layout, s, cmpZone(zone))
	return t.UTC(), err == nil
}

func cmpZone(z *time.Location) *time.Location {
	if z == nil {
		return time.UTC
	}
	return z
}

// epoch reads a count since 1970, of so many microseconds each, with or without a
// fraction.
func epoch(s string, unit int64) (time.Time, bool) {
	whole, part, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < 0 || n > maxEpoch/unit {
		return time.Time{}, false
	}
	fraction, ok := micros("0." + part)
	return time.UnixMicro(n*unit + fraction*unit/1e6).UTC(), ok || part == ""
}

// maxEpoch is the year 5138, in microseconds.
const maxEpoch = 1e17

func (f Field) wantTime(zone *time.Location) string {
	switch {
	case f.layout == "rfc3339":
		return "must be a time with zone as in 2026-11-10T14:03:00Z"
	case f.layout == "":
		return wantTime(zone)
	case strings.HasPrefix(f.layout, "epoch"):
		return "must be a number, as the mapping says (" + f.layout + ")"
	case zone == nil && !strings.Contains(f.layout, "-0700"):
		return "has no zone: name it in the mapping or with --zone"
	}
	return fmt.Sprintf("must be a time as in %s, as the mapping says", time.Date(2026, 11, 30, 14, 3, 0, 0, cmpZone(zone)).Format(f.layout))
}

// readMapped reads any file of separated values by a mapping.
func readMapped(in *bufio.Reader, o Options, emit func(Record) error) error {
	m := o.Mapping
	comma := byte(0)
	if m.Separator != "" {
		comma = m.Separator[0]
	}
	t, err := newTable(in, comma, m.Columns)
	if err != nil {
		return err
	}
	var ps []cases.Problem
	for _, name := range slices.Sorted(maps.Keys(m.Fields)) {
		if f := m.Fields[name]; f.Column != "" && !t.has(f.Column) {
			ps = append(ps, cases.Problem{Field: "mapping fields." + name, Message: fmt.Sprintf("names the column %q, which the file does not have", f.Column)})
		}
	}
	if err := cases.Invalid(ps...); err != nil {
		return err
	}
	if err := o.missingColumns(func(c string) bool { return t.has(c) }); err != nil {
		return err
	}
	return t.mapped(o, m.Fields, emit)
}

// mapped reads all rows by fields.
func (t *table) mapped(o Options, fields map[string]Field, emit func(Record) error) error {
	names := slices.Sorted(maps.Keys(fields))
	return t.each(emit, func(line int) error {
		v := &values{get: t.get, zone: o.zone()}
		rec := Record{Line: line}
		for _, name := range names {
			fields[name].fill(v, name, &rec.Call)
		}
		rec.Problems = v.problems
		// A record that is to be ignored need not be right.
		if o.Mapping != nil && len(rec.Problems) > 0 {
			if why := o.Mapping.apply(t.get, &cases.Call{}); why != "" {
				rec.Problems, rec.Ignored = nil, why
			}
		}
		return emit(o.finish(rec, t.get))
	})
}
