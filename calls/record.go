package calls

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// Limits of one record.
const (
	MaxLine     = 64 << 10       // bytes of a line
	MaxID       = 200            // bytes of the source id
	MaxText     = 320            // bytes of every other text but the Identity header
	MaxIdentity = 16 << 10       // bytes of the Identity header
	MaxAhead    = 24 * time.Hour // how far in the future a call may start: wrong clocks and zones, not more
	MaxAge      = 10 * 365 * 24 * time.Hour
	maxDuration = 7 * 24 * time.Hour // longest call
	clockStep   = time.Second        // a switch that cuts its times to seconds may end a call before it began
)

// Options say how records are read.
type Options struct {
	// Source is where they come from. A record that names another is refused.
	Source string
	// Region (alpha-2) is the country of numbers without one; "" demands +.
	Region string
	Now    time.Time
}

// record is a line as it is written: times are read one by one, so that a wrong
// one can be named.
type record struct {
	cases.Call
	StartedAt  *string `json:"started_at"`
	ProgressAt *string `json:"progress_at"`
	AnsweredAt *string `json:"answered_at"`
	EndedAt    *string `json:"ended_at"`
}

// ParseNDJSON reads one line: a JSON object with the fields of cases.Call and no
// others. Times are RFC 3339, numbers E.164 or as the switch has them, with
// the region of o. The error is a cases.Error of kind invalid that names each
// wrong field.
func ParseNDJSON(line []byte, o Options) (cases.Call, error) {
	if len(line) > MaxLine {
		return cases.Call{}, cases.Invalid(cases.Problem{Field: "line", Message: fmt.Sprintf("is longer than %d bytes", MaxLine)})
	}
	var r record
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	err := dec.Decode(&r)
	if err == nil && dec.More() {
		err = errors.New("more than one value")
	}
	if err != nil {
		return cases.Call{}, cases.Invalid(jsonProblem(err))
	}
	var problems []cases.Problem
	c := r.Call
	c.ProgressAt, c.AnsweredAt, c.EndedAt = nil, nil, nil
	for _, f := range []struct {
		name string
		text *string
		set  func(time.Time)
	}{
		{"started_at", r.StartedAt, func(t time.Time) { c.StartedAt = t }},
		{"progress_at", r.ProgressAt, func(t time.Time) { c.ProgressAt = &t }},
		{"answered_at", r.AnsweredAt, func(t time.Time) { c.AnsweredAt = &t }},
		{"ended_at", r.EndedAt, func(t time.Time) { c.EndedAt = &t }},
	} {
		if f.text == nil {
			continue
		}
		t, err := time.Parse(time.RFC3339, *f.text)
		if err != nil {
			problems = append(problems, cases.Problem{Field: f.name, Message: "must be a time with zone as in 2026-11-10T14:03:00Z"})
			// Not missing, and already complained about.
			t = o.Now
		}
		f.set(t)
	}
	c, more := check(c, o)
	if problems = append(problems, more...); len(problems) > 0 {
		return cases.Call{}, cases.Invalid(problems...)
	}
	return c, nil
}

func jsonProblem(err error) cases.Problem {
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && t.Field != "" {
		want := "text"
		switch t.Type.Kind().String() {
		case "int", "int64":
			want = "a whole number"
		}
		return cases.Problem{Field: strings.TrimPrefix(t.Field, "Call."), Message: "must be " + want + ", not a " + t.Value}
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return cases.Problem{Field: strings.Trim(name, `"`), Message: "is no field of a call record"}
	}
	return cases.Problem{Field: "line", Message: "must be one JSON object on one line"}
}

// Check brings a record into the form in which it is kept (UTC, E.164, the
// source of o) or says what is wrong with it, as ParseNDJSON does.
func Check(c cases.Call, o Options) (cases.Call, error) {
	c, problems := check(c, o)
	if len(problems) > 0 {
		return cases.Call{}, cases.Invalid(problems...)
	}
	return c, nil
}

func check(c cases.Call, o Options) (cases.Call, []cases.Problem) {
	var ps []cases.Problem
	wrong := func(field, format string, args ...any) {
		ps = append(ps, cases.Problem{Field: field, Message: fmt.Sprintf(format, args...)})
	}
	if c.Source != "" && o.Source != "" && c.Source != o.Source {
		wrong("source", "is not that of the batch, %s", o.Source)
	}
	if o.Source != "" {
		c.Source = o.Source
	}
	if c.SourceID == "" {
		wrong("source_id", "is required: the id that the switch gave the call")
	}
	for _, t := range []struct {
		field, text string
		max         int
	}{
		{"source_id", c.SourceID, MaxID}, {"call_id", c.CallID, MaxText}, {"correlation_id", c.CorrelationID, MaxText}, {"account", c.AccountID, MaxText},
		{"connection", c.Connection, MaxText}, {"from", c.From, MaxText}, {"pai", c.PAI, MaxText}, {"to", c.To, MaxText}, {"dialled", c.DialledRaw, MaxText},
		{"peer", c.Peer, MaxText}, {"egress_peer", c.EgressPeer, MaxText}, {"reasons", c.Reasons, MaxText}, {"verstat", c.Verstat, MaxText}, {"identity", c.Identity, MaxIdentity},
	} {
		if len(t.text) > t.max {
			wrong(t.field, "is longer than %d bytes", t.max)
		} else if strings.ContainsFunc(t.text, unicode.IsControl) {
			wrong(t.field, "has control characters in it")
		}
	}
	oneOf := func(field, value, allowed string) {
		if value != "" && !strings.Contains(" "+allowed+" ", " "+value+" ") {
			wrong(field, "must be one of %s", strings.ReplaceAll(allowed, " ", ", "))
		}
	}
	if c.Direction == "" {
		wrong("direction", "is required: outbound (from a customer) or inbound (to one of our numbers)")
	}
	oneOf("direction", c.Direction, "outbound inbound")
	oneOf("attest", c.Attest, "A B C")
	oneOf("hung_up_by", c.HungUpBy, "caller called network")
	if c.SourceIP != "" {
		if _, err := netip.ParseAddr(c.SourceIP); err != nil {
			wrong("source_ip", "must be one IP address")
		}
	}
	if c.SIPCode != 0 && (c.SIPCode < 100 || c.SIPCode > 699) {
		wrong("sip_code", "must be a final SIP response code, 200 to 699, or 0")
	}
	within := func(field string, n, max int64) {
		if n < 0 || n > max {
			wrong(field, "must be between 0 and %d", max)
		}
	}
	within("billed_seconds", int64(c.BilledSeconds), int64(maxDuration/time.Second))
	within("pdd_ms", int64(c.PDDMillis), int64(time.Hour/time.Millisecond))
	within("q850", int64(c.Q850), 127)
	within("rate_micros", c.RateMicros, 1e12)
	within("cost_micros", c.CostMicros, 1e12)
	checkTimes(&c, o.Now, wrong)
	checkNumbers(&c, o.Region, wrong)
	return c, ps
}

func checkTimes(c *cases.Call, now time.Time, wrong func(field, format string, args ...any)) {
	if c.StartedAt.IsZero() {
		wrong("started_at", "is required")
		return
	}
	c.StartedAt = c.StartedAt.UTC()
	switch {
	case c.StartedAt.After(now.Add(MaxAhead)):
		wrong("started_at", "is more than 24 hours in the future")
	case c.StartedAt.Before(now.Add(-MaxAge)):
		wrong("started_at", "is more than ten years ago")
	}
	last := c.StartedAt
	for _, t := range []struct {
		field string
		at    **time.Time
		after string
	}{{"progress_at", &c.ProgressAt, "started_at"}, {"answered_at", &c.AnsweredAt, "started_at"}, {"ended_at", &c.EndedAt, "the call began"}} {
		if *t.at == nil {
			continue
		}
		u := (*t.at).UTC()
		*t.at = &u
		switch {
		case u.Before(last.Add(-clockStep)):
			wrong(t.field, "is before %s", t.after)
		case u.After(c.StartedAt.Add(maxDuration)):
			wrong(t.field, "is more than seven days after started_at")
		}
		last = u
	}
}

// checkNumbers normalises. A caller who withheld the number has none; a code
// that is dialled (911, *69) is no number and stays as dialled.
func checkNumbers(c *cases.Call, region string, wrong func(field, format string, args ...any)) {
	if c.To == "" && c.DialledRaw == "" {
		wrong("to", "is required: the called number, or what was dialled in dialled")
	}
	for _, n := range []struct {
		field  string
		number *string
	}{{"from", &c.From}, {"pai", &c.PAI}, {"to", &c.To}} {
		text := *n.number
		if text == "" || isPlain(text) {
			continue
		}
		if full := northAmerican(text, region); full != "" {
			*n.number = full
			continue
		}
		parsed, err := numbers.ParseWith(text, region, numbers.ParseOptions{FromSwitch: true})
		switch {
		case err == nil:
			*n.number = parsed.E164
		case errors.Is(err, &numbers.Error{Code: numbers.CodeWithheld}) && n.field != "to":
			*n.number = ""
		case errors.Is(err, &numbers.Error{Code: numbers.CodeShortCode}) && n.field == "to":
			*n.number = ""
			if c.DialledRaw == "" {
				c.DialledRaw = text
			}
		default:
			wrong(n.field, "%s", err)
		}
	}
	switch {
	case c.ToCountry == "":
		c.ToCountry = numbers.Country(c.To)
	case len(c.ToCountry) != 2 || strings.Trim(c.ToCountry, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		wrong("to_country", "must be two capital letters as in US")
	}
}

// northAmerican is the E.164 form of ten digits, or eleven with the 1, as
// switches in the United States and Canada write numbers; "" for all else.
func northAmerican(s, region string) string {
	if region != "US" && region != "CA" || len(s) != len("2025550143") && (len(s) != len("12025550143") || s[0] != '1') {
		return ""
	}
	full := "+1" + s[len(s)-len("2025550143"):]
	if !isPlain(full) {
		return ""
	}
	return full
}

// isPlain recognises North American numbers in E.164, which need no parsing:
// most of a record's time would go there.
func isPlain(s string) bool {
	if len(s) != len("+12025550143") || s[0] != '+' || s[1] != '1' || s[2] < '2' || s[5] < '2' {
		return false
	}
	for _, c := range []byte(s[2:]) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
