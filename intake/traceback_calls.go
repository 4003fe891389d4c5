package intake

import (
	"slices"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// maxTracebackLines bounds how much of a request is read for its calls.
const maxTracebackLines = 2000

// Words that head the columns and lines of a request's calls.
var (
	callerWords = []string{"calling", "caller", "ani", "source number", "originating number", "from"}
	calledWords = []string{"called", "dnis", "destination number", "destination", "dialed", "dialled", "to"}
	timeWords   = []string{"date/time", "date and time", "timestamp", "call date", "call time", "start time", "date", "time"}
	callIDWords = []string{"call-id", "call id", "callid", "sip call"}
)

// tracedCalls reads the calls that a request asks about, in three shapes: a table
// whose header says which column is which; blocks of labelled lines, one after
// another; and a text about one call, of which the report's own numbers and time
// are told.
func (u *understanding) tracedCalls(t *cases.Traceback) {
	r := callReader{u: u}
	for n, line := range strings.Split(u.p.Text, "\n") {
		if n == maxTracebackLines {
			break
		}
		r.line(line)
	}
	r.end()
	if len(r.calls) > 1 {
		t.Calls = r.calls[:min(len(r.calls), cases.MaxTracedCalls)]
		if len(r.calls) > len(t.Calls) {
			u.p.Warnings = append(u.p.Warnings, "the request asks about more calls than are looked at")
		}
		u.roleNumbers(t.Calls)
		return
	}
	one := cases.TracedCall{Caller: u.p.Number(cases.RoleCaller), Called: u.p.Number(cases.RoleCalled), At: u.p.OccurredAt, CallID: t.CallID}
	if len(r.calls) == 1 && one.Called == "" && r.calls[0].Called != "" {
		one.Caller, one.Called = r.calls[0].Caller, r.calls[0].Called
		u.roleNumbers(r.calls)
	}
	if one.Caller != "" || one.Called != "" || one.CallID != "" {
		t.Calls = []cases.TracedCall{one}
	}
}

// callReader goes through the lines of a request.
type callReader struct {
	u       *understanding
	columns []string // of the table that is being read: caller, called, time, call-id or ""
	calls   []cases.TracedCall
	// The block that is being read: what it says, and the text that tells when.
	block      cases.TracedCall
	date, hour string
}

func (r *callReader) line(line string) {
	found := numbers.FindAll(line, r.u.context.Region)
	cells := cellsOf(line)
	lower := strings.ToLower(line)
	switch {
	case strings.Trim(line, " \t|+-=:") == "":
		return
	case len(found) == 0 && len(cells) > 1 && header(cells) != nil:
		r.end()
		r.columns = header(cells)
		return
	case len(found) >= 2:
		r.row(line, cells, found)
		return
	}
	label, value := labelOf(lower, line)
	switch label {
	case "caller", "called":
		if len(found) != 1 {
			return
		}
		field := &r.block.Caller
		if label == "called" {
			field = &r.block.Called
		}
		if *field != "" {
			r.end()
			field = map[string]*string{"caller": &r.block.Caller, "called": &r.block.Called}[label]
		}
		*field = found[0].Number.E164
	case "date":
		if r.date != "" {
			r.end()
		}
		r.date = value
	case "time":
		if r.hour != "" {
			r.end()
		}
		r.hour = value
	case "call-id":
		if r.block.CallID != "" {
			r.end()
		}
		r.block.CallID, _ = firstWord(strings.TrimSpace(value), 0)
	}
}

// row is one line with both numbers of a call, as its header orders them, else
// the calling one first unless the text says otherwise.
func (r *callReader) row(line string, cells []string, found []numbers.Match) {
	if len(found) > 2 && r.columns == nil {
		return // a list of numbers
	}
	c := cases.TracedCall{}
	when, times := line, 0
	if r.columns != nil && len(cells) >= len(r.columns) {
		when = ""
		for i, name := range r.columns {
			switch name {
			case "caller", "called":
				in := numbers.FindAll(cells[i], r.u.context.Region)
				if len(in) == 1 && name == "caller" {
					c.Caller = in[0].Number.E164
				} else if len(in) == 1 {
					c.Called = in[0].Number.E164
				}
			case "time":
				if times++; times <= 2 { // a date, and a time of day
					when += " " + cells[i]
				}
			case "call-id":
				c.CallID, _ = firstWord(strings.TrimSpace(cells[i]), 0)
			}
		}
	}
	if c.Caller == "" && c.Called == "" {
		c.Caller, c.Called = found[0].Number.E164, found[1].Number.E164
		if r.said(c.Caller, cases.RoleCalled) && !r.said(c.Called, cases.RoleCalled) {
			c.Caller, c.Called = c.Called, c.Caller
		}
		when = line[:found[0].Start] + " " + line[found[0].End:found[1].Start] + " " + line[found[1].End:]
		if c.At = r.at(when); !c.At.Known() && !(r.said(c.Caller, cases.RoleCaller) && r.said(c.Called, cases.RoleCalled)) {
			return // two numbers of the requester's own, such as below his name
		}
	} else {
		c.At = r.at(when)
	}
	r.add(c)
}

// said says whether the text calls a number by a role.
func (r *callReader) said(e164 string, role cases.NumberRole) bool {
	return slices.ContainsFunc(r.u.p.Numbers, func(n cases.NumberMention) bool {
		return n.E164 == e164 && n.Role == role && n.Confidence > assumedRole
	})
}

// end ends the block that is being read.
func (r *callReader) end() {
	c := r.block
	c.At = r.at(strings.TrimSpace(r.date + " " + r.hour))
	r.block, r.date, r.hour = cases.TracedCall{}, "", ""
	if c.Caller != "" || c.Called != "" {
		r.add(c)
	}
}

func (r *callReader) add(c cases.TracedCall) {
	if !slices.Contains(r.calls, c) {
		r.calls = append(r.calls, c)
	}
}

// at reads when a call was from a few words.
func (r *callReader) at(words string) cases.TimeRange {
	if strings.TrimSpace(words) == "" || r.u.context.ReceivedAt.IsZero() {
		return cases.TimeRange{}
	}
	body := readingOf(words, false)
	t, _, _ := findTime(r.u.p, &body, r.u.context)
	return t
}

// cellsOf splits a row of a table, drawn with bars, tabs or commas.
func cellsOf(line string) []string {
	separator := ","
	for _, s := range []string{"|", "\t"} {
		if strings.Contains(line, s) {
			separator = s
			break
		}
	}
	if separator == "|" {
		line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|")
	}
	return strings.Split(line, separator)
}

// header says what the columns of a table are; nil: the line heads none.
func header(cells []string) []string {
	columns := make([]string, len(cells))
	for i, cell := range cells {
		cell = " " + strings.ToLower(strings.Trim(cell, " \t*")) + " "
		for _, c := range []struct {
			name  string
			words []string
		}{{"call-id", callIDWords}, {"called", calledWords}, {"caller", callerWords}, {"time", timeWords}} {
			if columns[i] == "" && slices.ContainsFunc(c.words, func(w string) bool { return strings.Contains(cell, " "+w) }) {
				columns[i] = c.name
			}
		}
	}
	if !slices.Contains(columns, "caller") && !slices.Contains(columns, "called") {
		return nil
	}
	return columns
}

// labelOf says what a line's label announces, and what stands behind it.
func labelOf(lower, line string) (label, value string) {
	start := len(lower) - len(strings.TrimLeft(lower, " \t*|-•>"))
	head := lower[start:]
	for _, c := range []struct {
		name  string
		words []string
	}{{"call-id", callIDWords}, {"called", calledWords}, {"caller", callerWords}, {"", timeWords}} {
		for _, w := range c.words {
			rest, ok := strings.CutPrefix(head, w)
			if !ok || rest != "" && rest[0] >= 'a' && rest[0] <= 'z' {
				continue
			}
			name := c.name
			switch {
			case name != "":
			case strings.HasSuffix(w, "time") && !strings.Contains(w, "date"):
				name = "time"
			default:
				name = "date"
			}
			if len(lower) != len(line) { // lower case of another length: no offset is sure
				return name, line
			}
			return name, strings.TrimLeft(line[start+len(w):], " \t:=|#*")
		}
	}
	return "", ""
}

// roleNumbers gives the numbers of a table the roles that their columns have:
// in the running text of the rest each would be read as a calling one.
func (u *understanding) roleNumbers(calls []cases.TracedCall) {
	is := func(e164 string, role cases.NumberRole) bool {
		return slices.ContainsFunc(calls, func(c cases.TracedCall) bool {
			return role == cases.RoleCaller && c.Caller == e164 || role == cases.RoleCalled && c.Called == e164
		})
	}
	p := u.p
	p.Numbers = slices.DeleteFunc(p.Numbers, func(n cases.NumberMention) bool {
		return n.Start >= 0 && (is(n.E164, cases.RoleCaller) || is(n.E164, cases.RoleCalled)) && !is(n.E164, n.Role)
	})
	for _, c := range calls {
		for _, n := range []cases.NumberMention{{E164: c.Caller, Role: cases.RoleCaller}, {E164: c.Called, Role: cases.RoleCalled}} {
			known := slices.ContainsFunc(p.Numbers, func(k cases.NumberMention) bool { return k.E164 == n.E164 && k.Role == n.Role })
			if n.E164 == "" || known || len(p.Numbers) >= MaxNumbers {
				continue
			}
			n.Confidence, n.Text, n.Start, n.End = sureRole, n.E164, -1, -1
			p.Numbers = append(p.Numbers, n)
		}
	}
}
