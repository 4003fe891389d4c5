package cdr

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// MaxMapping is how many bytes a mapping may have.
const MaxMapping = 256 << 10

// Mapping says where call records are in a database that is not ours. It is
// written as JSON:
//
//	{
//	  "source": "asterisk-db",          what the desk calls these records
//	  "table": "public.cdr",            a table or a view
//	  "zone": "America/New_York",       of columns without time zone
//	  "numbers": ["e164", "national"],  how numbers are written: +e164, e164, national
//	  "country_code": "1",              for national
//	  "fields": {
//	    "source_id": "uniqueid", "started_at": "calldate", "from": "src", "to": "dst",
//	    "direction": {"column": "dcontext", "values": {"from-pstn": "inbound", "from-internal": "", "*": "outbound"}},
//	    "account": "accountcode", "duration": "duration", "billed_seconds": "billsec",
//	    "answered": {"column": "disposition", "values": {"ANSWERED": "yes", "*": ""}},
//	    "peer": {"value": "carrier-a"}
//	  },
//	  "coverage": {"days": 365, "lag": "5m"},
//	  "timeout": "3s"
//	}
//
// A field is a column or the same value for all. values translates what a column
// has; "*" is any other. Records whose direction is "" are no calls and passed
// over. duration (seconds from the start to the end) and answered (yes or
// nothing) stand for the times of tables that have none: the answer was
// billed_seconds before the end. Names of columns are as the database has them,
// capitals included.
//
// coverage says from when to when the table is complete: for the last days, or
// since from (RFC 3339); until lag ago, on a standby no later than what it has
// replayed. Or query, which returns both as two times.
type Mapping struct {
	Source      string           `json:"source"`
	Table       string           `json:"table"`
	Zone        string           `json:"zone"`
	Numbers     []string         `json:"numbers"`
	CountryCode string           `json:"country_code"`
	Fields      map[string]Field `json:"fields"`
	Coverage    struct {
		From  string `json:"from"`
		Days  int    `json:"days"`
		Lag   string `json:"lag"`
		Query string `json:"query"`
	} `json:"coverage"`
	Timeout string `json:"timeout"`

	zone    *time.Location
	from    time.Time
	lag     time.Duration
	timeout time.Duration
	columns []string // of the SELECT, each once
}

// Field is where a field of the record comes from.
type Field struct {
	Column string            `json:"column"`
	Value  string            `json:"value"`
	Values map[string]string `json:"values"`
}

// UnmarshalJSON reads a column's name, or an object.
func (f *Field) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &f.Column)
	}
	type plain Field
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	return dec.Decode((*plain)(f))
}

// Limits of a query's time.
const (
	DefaultTimeout = 3 * time.Second
	MaxTimeout     = 30 * time.Second
)

// ParseMapping reads a mapping and says all that is wrong with it, a cases.Error
// that names the places.
func ParseMapping(b []byte) (Mapping, error) {
	var m Mapping
	if len(b) > MaxMapping {
		return m, cases.Invalid(cases.Problem{Field: "mapping", Message: fmt.Sprintf("is longer than %d bytes", MaxMapping)})
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	err := dec.Decode(&m)
	if err == nil && !errors.Is(dec.Decode(&struct{}{}), io.EOF) {
		err = errors.New("there is more than one JSON object")
	}
	if err != nil {
		at := int(dec.InputOffset())
		if x, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = int(x.Offset)
		}
		if _, name, ok := strings.Cut(err.Error(), "unknown field "); ok {
			at = max(bytes.Index(b, []byte(name)), 0) // the decoder has read on
		}
		line := 1 + bytes.Count(b[:min(at, len(b))], []byte("\n"))
		return m, cases.Invalid(cases.Problem{Field: fmt.Sprintf("mapping line %d", line), Message: strings.TrimPrefix(err.Error(), "json: ")})
	}
	return m, m.check()
}

func (m *Mapping) check() error {
	var ps []cases.Problem
	wrong := func(field, format string, args ...any) {
		ps = append(ps, cases.Problem{Field: "mapping " + field, Message: fmt.Sprintf(format, args...)})
	}
	if m.Source == "" || len(m.Source) > 100 {
		wrong("source", "say what these records are called, in at most 100 characters")
	}
	if m.Table == "" || strings.Count(m.Table, ".") > 1 {
		wrong("table", "must be a table or view, as in public.cdr")
	}
	var err error
	if m.zone, err = time.LoadLocation(m.Zone); err != nil || m.Zone == "Local" {
		wrong("zone", "use a name such as America/New_York or UTC, not %q", m.Zone)
	}
	if m.Zone == "" {
		m.zone = nil
	}
	if len(m.Numbers) == 0 {
		m.Numbers = []string{"+e164", "e164"}
	}
	for _, form := range m.Numbers {
		if form == "national" && strings.Trim(m.CountryCode, "0123456789")+m.CountryCode == "" {
			wrong("country_code", "is required for national numbers, as in 1")
		} else if !slices.Contains([]string{"+e164", "e164", "national"}, form) {
			wrong("numbers", "must be some of +e164, e164, national, not %q", form)
		}
	}
	for _, name := range []string{"source_id", "started_at", "from", "to", "direction"} {
		if f, ok := m.Fields[name]; !ok || f.Column == "" && name != "direction" {
			wrong("fields."+name, "is required: which column it is")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Fields)) {
		f := m.Fields[name]
		switch {
		case !known(name):
			wrong("fields."+name, "is no field of a call record; they are %s", strings.Join(fieldNames(), ", "))
		case (f.Column == "") == (f.Value == ""):
			wrong("fields."+name, "needs a column, or a value that all records have")
		case f.Values != nil && (f.Value != "" || isTime(name) || slices.Contains([]string{"source_id", "from", "to", "account"}, name)):
			wrong("fields."+name+".values", "is not for this field")
		case isTime(name) && f.Value != "":
			wrong("fields."+name, "must be a column")
		}
		if f.Column != "" && !slices.Contains(m.columns, f.Column) {
			m.columns = append(m.columns, f.Column)
		}
	}
	m.checkCoverage(wrong)
	m.timeout = DefaultTimeout
	if m.Timeout != "" {
		if m.timeout, err = time.ParseDuration(m.Timeout); err != nil || m.timeout < time.Millisecond || m.timeout > MaxTimeout {
			wrong("timeout", "must be a duration up to %s, as in 3s", MaxTimeout)
		}
	}
	return cases.Invalid(ps...)
}

func (m *Mapping) checkCoverage(wrong func(field, format string, args ...any)) {
	c := m.Coverage
	if c.Query != "" {
		if c.From != "" || c.Days != 0 || c.Lag != "" {
			wrong("coverage", "is a query, or from or days with lag, not both")
		}
		return
	}
	if (c.From == "") == (c.Days == 0) || c.Days < 0 || c.Days > 36500 {
		wrong("coverage", "needs days, how many the table reaches back, or from, since when it is complete")
	}
	var err error
	if c.From != "" {
		if m.from, err = time.Parse(time.RFC3339, c.From); err != nil {
			wrong("coverage.from", "must be a time with zone as in 2026-11-10T14:03:00Z")
		}
	}
	if m.lag, err = time.ParseDuration(c.Lag); err != nil || m.lag < 0 {
		wrong("coverage.lag", "must be a duration as in 5m: how long after its start every call is in the table, long ones too where it is written at their end")
	}
}

var textFields = map[string]func(c *cases.Call) *string{
	"source_id": func(c *cases.Call) *string { return &c.SourceID }, "call_id": func(c *cases.Call) *string { return &c.CallID },
	"correlation_id": func(c *cases.Call) *string { return &c.CorrelationID }, "account": func(c *cases.Call) *string { return &c.AccountID },
	"connection": func(c *cases.Call) *string { return &c.Connection }, "direction": func(c *cases.Call) *string { return &c.Direction },
	"from": func(c *cases.Call) *string { return &c.From }, "pai": func(c *cases.Call) *string { return &c.PAI }, "to": func(c *cases.Call) *string { return &c.To },
	"to_country": func(c *cases.Call) *string { return &c.ToCountry }, "dialled": func(c *cases.Call) *string { return &c.DialledRaw },
	"peer": func(c *cases.Call) *string { return &c.Peer }, "egress_peer": func(c *cases.Call) *string { return &c.EgressPeer },
	"source_ip": func(c *cases.Call) *string { return &c.SourceIP }, "reasons": func(c *cases.Call) *string { return &c.Reasons },
	"hung_up_by": func(c *cases.Call) *string { return &c.HungUpBy }, "attest": func(c *cases.Call) *string { return &c.Attest },
	"verstat": func(c *cases.Call) *string { return &c.Verstat }, "identity": func(c *cases.Call) *string { return &c.Identity },
}

var numberFields = map[string]func(c *cases.Call, n float64){
	"billed_seconds": func(c *cases.Call, n float64) { c.BilledSeconds = int(n) }, "pdd_ms": func(c *cases.Call, n float64) { c.PDDMillis = int(n) },
	"sip_code": func(c *cases.Call, n float64) { c.SIPCode = int(n) }, "q850": func(c *cases.Call, n float64) { c.Q850 = int(n) },
	"rate": func(c *cases.Call, n float64) { c.RateMicros = int64(n*1e6 + 0.5) }, "cost": func(c *cases.Call, n float64) { c.CostMicros = int64(n*1e6 + 0.5) },
}

var timeFields = map[string]func(c *cases.Call, t time.Time){
	"started_at": func(c *cases.Call, t time.Time) { c.StartedAt = t }, "progress_at": func(c *cases.Call, t time.Time) { c.ProgressAt = &t },
	"answered_at": func(c *cases.Call, t time.Time) { c.AnsweredAt = &t }, "ended_at": func(c *cases.Call, t time.Time) { c.EndedAt = &t },
}

// Fields that stand for times.
const (
	fieldDuration = "duration"
	fieldAnswered = "answered"
)

func isTime(name string) bool { _, ok := timeFields[name]; return ok }

func known(name string) bool { return slices.Contains(fieldNames(), name) }

func fieldNames() []string {
	names := slices.Concat(slices.Collect(maps.Keys(textFields)), slices.Collect(maps.Keys(numberFields)), slices.Collect(maps.Keys(timeFields)), []string{fieldDuration, fieldAnswered})
	slices.Sort(names)
	return names
}

// forms are the ways in which the table may write a number.
func (m Mapping) forms(e164 string) []string {
	digits := strings.TrimPrefix(e164, "+")
	var out []string
	for _, form := range m.Numbers {
		switch form {
		case "+e164":
			out = append(out, "+"+digits)
		case "e164":
			out = append(out, digits)
		case "national":
			if rest, ok := strings.CutPrefix(digits, m.CountryCode); ok {
				out = append(out, rest)
			}
		}
	}
	return out
}

// call makes a record of a row; false for one that is no call.
func (m Mapping) call(get func(column string) (text string, at *time.Time)) (cases.Call, bool, error) {
	c := cases.Call{Source: m.Source}
	var duration float64
	answered := false
	for _, name := range slices.Sorted(maps.Keys(m.Fields)) {
		f := m.Fields[name]
		s := f.Value
		if f.Column != "" {
			var at *time.Time
			if s, at = get(f.Column); isTime(name) {
				if at != nil {
					timeFields[name](&c, at.UTC())
				}
				continue
			}
		}
		if f.Values != nil {
			v, ok := f.Values[s]
			if !ok {
				v, ok = f.Values["*"]
			}
			if !ok && s != "" {
				return c, false, fmt.Errorf("%s: the column %s has a value that the mapping does not list", name, f.Column)
			}
			s = v
		}
		if at, ok := textFields[name]; ok {
			*at(&c) = s
			continue
		}
		if name == fieldAnswered {
			answered = s != ""
			continue
		}
		if s == "" {
			continue
		}
		n, err := strconv.ParseFloat(s, 64)
		if err != nil || n < 0 || n > 1e9 {
			return c, false, fmt.Errorf("%s: the column %s has no number in it", name, f.Column)
		}
		if name == fieldDuration {
			duration = n
			continue
		}
		numberFields[name](&c, n)
	}
	if _, ok := m.Fields[fieldDuration]; ok && c.EndedAt == nil {
		end := c.StartedAt.Add(time.Duration(duration * float64(time.Second)))
		c.EndedAt = &end
	}
	if answered && c.AnsweredAt == nil {
		at := c.StartedAt
		if c.EndedAt != nil {
			if t := c.EndedAt.Add(-time.Duration(c.BilledSeconds) * time.Second); t.After(at) {
				at = t
			}
		}
		c.AnsweredAt = &at
	}
	return c, c.Direction != "", nil
}
