package intake

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

const (
	maxTracebackIPs   = 20
	maxTracebackValue = 200 // bytes
	maxTracebackField = 400 // labels looked at
)

// traceback reads what a traceback request asks about: values behind the labels
// of traceback.txt ("Traceback ID: 12345", a table's cells, "Call-ID = …").
// The numbers and the time stand with the report's own.
func (u *understanding) traceback() {
	if u.p.Traceback != nil || u.p.Category != cases.CategoryTraceback && u.p.Reporter.Kind != cases.ReporterTraceback {
		return
	}
	t := &cases.Traceback{}
	r := u.body()
	labels := 0
	for i, h := range r.hits {
		if h.book != bookTraceback || labels == maxTracebackField {
			continue
		}
		labels++
		from, to, ok := valueBehind(r, i)
		if next := h.last() + 1; !ok && h.kind == "reference" && next < len(r.tokens) && r.tokens[next].number && near(r, h.last()) { // "traceback ID 30551"
			from, to, ok = r.tokens[next].start, min(len(u.p.Text), r.tokens[next].start+64), true
		}
		if !ok {
			continue
		}
		value := strings.ToValidUTF8(u.p.Text[from:to], "")
		switch {
		case h.kind == "reference" && t.Reference == "" && strings.ContainsAny(value, "0123456789"):
			t.Reference, to = firstWord(value, from)
			u.noteBytes(cases.ExtractTraceback+".reference", t.Reference, sureRole, from, to)
		case h.kind == "campaign" && t.Campaign == "":
			t.Campaign = value
			u.noteBytes(cases.ExtractTraceback+".campaign", value, sureRole, from, to)
		case h.kind == "upstream" && t.Upstream == "":
			t.Upstream = value
			u.noteBytes(cases.ExtractTraceback+".upstream", value, sureRole, from, to)
		case h.kind == "call_id" && t.CallID == "":
			t.CallID, to = firstWord(value, from)
			u.noteBytes(cases.ExtractTraceback+".call_id", t.CallID, sureRole, from, to)
		}
	}
	if t.Reference == "" && len(u.readings) > 1 {
		t.Reference = u.subjectReference(&u.readings[1])
	}
	u.tracebackIPs(t)
	u.tracedCalls(t)
	u.p.Traceback = t
}

// subjectReference reads "Traceback Request 12345" in a subject.
func (u *understanding) subjectReference(r *reading) string {
	for i, t := range r.tokens {
		if t.word != "traceback" {
			continue
		}
		for k := i + 1; k < len(r.tokens) && k <= i+4; k++ {
			if r.tokens[k].number && len(r.tokens[k].word) >= 3 {
				value, _ := firstWord(r.text[r.tokens[k].start:], 0)
				u.note(cases.ExtractTraceback+".reference", value, 0.7, place{r, k, k})
				return value
			}
		}
	}
	return ""
}

// valueBehind returns the value behind the label that is hit i: up to the line's
// end, the end of a sentence, a table's bar, or the next label.
func valueBehind(r *reading, i int) (from, to int, ok bool) {
	from = r.tokens[r.hits[i].last()].end
	rest := r.text[from:min(len(r.text), from+maxTracebackValue)]
	mark := len(rest) - len(strings.TrimLeft(rest, " \t*"))
	if mark == len(rest) {
		return 0, 0, false
	}
	switch rest[mark] {
	case ':', '=', '#', '|':
		mark++
	default:
		// A table that was flattened to text has the value behind a tab or two spaces.
		if !strings.HasPrefix(rest, "\t") && !strings.HasPrefix(rest, "  ") {
			return 0, 0, false
		}
	}
	rest = rest[mark:]
	skip := len(rest) - len(strings.TrimLeft(rest, " \t*#"))
	from, rest = from+mark+skip, rest[skip:]
	if end := strings.IndexAny(rest, "\n|\t"); end >= 0 {
		rest = rest[:end]
	}
	for _, stop := range [...]string{". ", "; "} {
		if end := strings.Index(rest, stop); end >= 0 {
			rest = rest[:end]
		}
	}
	for _, h := range r.hits[i+1:] {
		at := r.tokens[h.first].start - from
		if at >= len(rest) {
			break
		}
		if h.book == bookTraceback && at > 0 && strings.HasPrefix(r.text[r.tokens[h.last()].end:], ":") {
			rest = rest[:at]
			break
		}
	}
	rest = strings.TrimRight(strings.ToValidUTF8(rest, ""), " \t,.;*")
	return from, from + len(rest), rest != ""
}

// firstWord cuts a value at its first space and returns where that is.
func firstWord(value string, from int) (string, int) {
	if end := strings.IndexAny(value, " \t\n,;"); end >= 0 {
		value = value[:end]
	}
	value = strings.TrimRight(value, ".)")
	return value, from + len(value)
}

// tracebackIPs lists the addresses of the request that are no one's private ones.
func (u *understanding) tracebackIPs(t *cases.Traceback) {
	text := u.p.Text
	for i := 0; i < len(text) && len(t.IPs) < maxTracebackIPs; {
		if !isAddressByte(text[i]) {
			i++
			continue
		}
		end := i
		for end < len(text) && isAddressByte(text[end]) {
			end++
		}
		word := strings.TrimRight(text[i:end], ".:")
		if host, _, ok := strings.Cut(word, ":"); ok && strings.Count(word, ":") == 1 {
			word = host // a port
		}
		wordBefore := i > 0 && isASCIILetter(text[i-1])
		if len(word) >= 7 && len(word) <= 45 && !wordBefore {
			if a, err := netip.ParseAddr(word); err == nil && !a.IsUnspecified() && !slices.Contains(t.IPs, a.String()) {
				t.IPs = append(t.IPs, a.String())
				u.noteBytes(cases.ExtractTraceback+".ips", a.String(), sureRole, i, i+len(word))
			}
		}
		i = end
	}
}

func isAddressByte(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F' || b == '.' || b == ':'
}
