package formats

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// MaxMapping is how many bytes a mapping file may have.
const MaxMapping = 256 << 10

// Mapping says which column of a file is which field of a record, and what the
// file does not say. It is written as JSON:
//
//	{
//	  "separator": ";",                      one character; without it the first line decides
//	  "columns": ["id", "begin", …],         the names, where the file has no header
//	  "zone": "America/New_York",            of times without one
//	  "time": "%d.%m.%Y %H:%M:%S",           how times are written: see Time
//	  "fields": {                            only for the format "mapped"
//	    "source_id": "id",                   a column, or
//	    "started_at": {"column": "begin", "time": "epoch_ms"},
//	    "direction": {"column": "dir", "values": {"O": "outbound", "*": "inbound"}},
//	    "account": {"value": "acme"}         the same for all
//	  },
//	  "rules": [                             the first that fits counts
//	    {"when": {"trunk": "pstn-*"}, "set": {"direction": "inbound", "peer": "carrier-a"}},
//	    {"when": {"called": "1???"}, "ignore": "a call between extensions"}
//	  ]
//	}
//
// Fields are those of the API's call records, and "cost" and "rate" (per minute)
// as decimal US dollars. A rule fits when each of its columns has its pattern: *
// is any text, ? one character, and "" nothing. What it sets stands above the
// record; the flags of the command line fill what is still empty.
type Mapping struct {
	Separator string           `json:"separator"`
	Columns   []string         `json:"columns"`
	Zone      string           `json:"zone"`
	Time      string           `json:"time"`
	Fields    map[string]Field `json:"fields"`
	Rules     []Rule           `json:"rules"`

	zone *time.Location
}

// Field is where a field of the record comes from.
type Field struct {
	Column string            `json:"column"`
	Value  string            `json:"value"`
	Values map[string]string `json:"values"`
	// Time is "rfc3339", "epoch", "epoch_ms", "epoch_us", or a pattern of %Y %m %d %H
	// %M %S %y %b %z as strftime(3) has them; "" is RFC 3339 or 2026-11-10 14:03:00.
	Time string `json:"time"`

	layout string
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

// Rule says what records that fit are.
type Rule struct {
	When   map[string]string `json:"when"`
	Set    map[string]string `json:"set"`
	Ignore string            `json:"ignore"` // why they are no calls

	when map[string]*regexp.Regexp
}

// ParseMapping reads a mapping. The error is a cases.Error that names the line
// where the JSON is wrong, or the place in it, as in rules[2].set.
func ParseMapping(b []byte) (*Mapping, error) {
	if len(b) > MaxMapping {
		return nil, cases.Invalid(cases.Problem{Field: "mapping", Message: fmt.Sprintf("is longer than %d bytes", MaxMapping)})
	}
	m := &Mapping{}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	err := dec.Decode(m)
	if err == nil && !errors.Is(dec.Decode(&struct{}{}), io.EOF) {
		err = errors.New("there is more than one JSON object")
	}
	if err != nil {
		return nil, cases.Invalid(jsonProblem(b, int(dec.InputOffset()), err))
	}
	return m, m.compile()
}

// jsonProblem names the line of an error.
func jsonProblem(b []byte, at int, err error) cases.Problem {
	text := strings.TrimPrefix(err.Error(), "json: ")
	if errors.Is(err, io.ErrUnexpectedEOF) {
		at, text = len(b), "ends in the middle"
	}
	if x, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = int(x.Offset)
	}
	if x, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at = int(x.Offset)
		text = fmt.Sprintf("%s must not be a %s", x.Field, x.Value)
	}
	if name, ok := strings.CutPrefix(text, "unknown field "); ok {
		// The decoder has read on; the name says where it was.
		if i := bytes.Index(b, []byte(name)); i >= 0 {
			at = i
		}
		text = name + " is no setting of a mapping"
	}
	line := 1 + bytes.Count(b[:min(max(at, 0), len(b))], []byte("\n"))
	return cases.Problem{Field: fmt.Sprintf("mapping line %d", line), Message: text}
}

func (m *Mapping) compile() error {
	var ps []cases.Problem
	wrong := func(field, format string, args ...any) {
		ps = append(ps, cases.Problem{Field: "mapping " + field, Message: fmt.Sprintf(format, args...)})
	}
	if len(m.Separator) > 1 || strings.ContainsAny(m.Separator, "\"\r\n") {
		wrong("separator", "must be one character, such as ; or \\t")
	}
	if m.Columns != nil && len(m.Columns) == 0 {
		wrong("columns", "names none; leave it out where the file has a header")
	}
	if m.Zone != "" {
		var err error
		if m.zone, err = LoadZone(m.Zone); err != nil {
			wrong("zone", "%v", err)
		}
	}
	fallback, err := timeLayout(m.Time)
	if err != nil {
		wrong("time", "%v", err)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Fields)) {
		f := m.Fields[name]
		at := "fields." + name
		target, ok := targets[name]
		switch {
		case !ok:
			wrong(at, "is no field of a call record; they are %s", strings.Join(targetNames(), ", "))
		case (f.Column == "") == (f.Value == ""):
			wrong(at, "needs a column, or a value that all records have")
		case f.Values != nil && f.Value != "":
			wrong(at+".values", "is for a column")
		case f.Time != "" && target.kind != isTime:
			wrong(at+".time", "is for times")
		}
		f.Column = columnName(f.Column)
		if f.layout = fallback; f.Time != "" {
			if f.layout, err = timeLayout(f.Time); err != nil {
				wrong(at+".time", "%v", err)
			}
		}
		m.Fields[name] = f
	}
	for i := range m.Rules {
		m.Rules[i].compile(fmt.Sprintf("rules[%d]", i), wrong)
	}
	return cases.Invalid(ps...)
}

func (r *Rule) compile(at string, wrong func(field, format string, args ...any)) {
	if (r.Ignore == "") == (len(r.Set) == 0) {
		wrong(at, "needs set, what such records have, or ignore, why they are no calls")
	}
	if len(r.Ignore) > 100 {
		wrong(at+".ignore", "is longer than 100 bytes")
	}
	if len(r.When) == 0 {
		wrong(at+".when", "says for which records")
	}
	r.when = map[string]*regexp.Regexp{}
	for column, pattern := range r.When {
		q := regexp.QuoteMeta(pattern)
		q = strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(q)
		r.when[columnName(column)] = regexp.MustCompile("(?s)^" + q + "$")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Set)) {
		if t, ok := targets[name]; !ok || t.kind != isText {
			wrong(at+".set."+name, "is no text field of a call record")
		}
	}
}

// apply sets what the first rule that fits says, or returns why the record is
// none.
func (m *Mapping) apply(get func(column string) string, c *cases.Call) (ignored string) {
	for _, r := range m.Rules {
		fits := true
		for column, pattern := range r.when {
			if fits = pattern.MatchString(get(column)); !fits {
				break
			}
		}
		if !fits {
			continue
		}
		for name, value := range r.Set {
			*targets[name].text(c) = value
		}
		return r.Ignore
	}
	return ""
}

// ruleColumns are those that rules look at.
func (m *Mapping) ruleColumns() []string {
	var out []string
	for _, r := range m.Rules {
		out = slices.AppendSeq(out, maps.Keys(r.when))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// missingColumns says which columns of rules a file does not have: a rule that
// never fits would pass unseen.
func (o Options) missingColumns(has func(column string) bool) error {
	if o.Mapping == nil {
		return nil
	}
	var ps []cases.Problem
	for _, c := range o.Mapping.ruleColumns() {
		if !has(c) {
			ps = append(ps, cases.Problem{Field: "mapping rules", Message: fmt.Sprintf("look at the column %q, which the file does not have", c)})
		}
	}
	return cases.Invalid(ps...)
}

// LoadZone reads a time zone's name. "Local" is none: it depends on the machine.
func LoadZone(name string) (*time.Location, error) {
	z, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fmt.Errorf("use a name such as America/New_York or UTC, not %q", name)
	}
	return z, nil
}

// timeLayout turns a pattern of strftime into one of Go's; the words stay.
func timeLayout(pattern string) (string, error) {
	switch pattern {
	case "", "rfc3339", "epoch", "epoch_ms", "epoch_us":
		return pattern, nil
	}
	parts := map[byte]string{'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'y': "06", 'b': "Jan", 'z': "-0700", 'I': "03", 'p': "PM", '%': "%"}
	var out strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' {
			if pattern[i] >= '0' && pattern[i] <= '9' {
				return "", errors.New("has digits in it: write %Y-%m-%d %H:%M:%S")
			}
			out.WriteByte(pattern[i])
			continue
		}
		if i++; i == len(pattern) || parts[pattern[i]] == "" {
			return "", fmt.Errorf("%q is none of rfc3339, epoch, epoch_ms, epoch_us or a pattern of %%Y %%m %%d %%H %%M %%S %%y %%b %%I %%p %%z", pattern)
		}
		out.WriteString(parts[pattern[i]])
	}
	return out.String(), nil
}
