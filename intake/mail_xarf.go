package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// X-ARF is a report that a program writes for a program: version 4
// (https://github.com/xarf/xarf-spec), version 3 (https://github.com/abusix/xarf)
// and the "Key: value" of version 0.2. They have the same few things to say
// under different names; fields that nobody foresaw become text.
const (
	maxXARF      = 8 << 20  // bytes of a JSON report; evidence is inside
	maxXARFText  = 16 << 10 // of its fields
	maxXARFDepth = 8
	maxXARFWords = 20000 // names and values of its JSON
)

// xarf reads a JSON attachment if it is an X-ARF report.
func (m *mailReader) xarf(p part) bool {
	b, _ := io.ReadAll(io.LimitReader(p.decoded(), maxXARF+1))
	if !bytes.Contains(b, []byte(`"xarf_version"`)) && !bytes.Contains(b, []byte(`"ReporterInfo"`)) {
		return false
	}
	x := xarfReader{mail: m, depth: p.depth}
	if len(b) > maxXARF {
		m.warn("the X-ARF report is larger than 8 MB; the rest was not read")
	}
	b = []byte(toUTF8(b, p.params["charset"]))
	if err := x.read(json.NewDecoder(bytes.NewReader(b))); err != nil {
		m.warn("the X-ARF report is damaged or too long; it was read in part")
	}
	x.finish()
	return true
}

// xarfLines reads a text attachment of a mail that says it is X-ARF 0.2.
func (m *mailReader) xarfLines(p part) bool {
	if !m.machine || m.report {
		return false
	}
	s, _ := p.text(maxXARFText)
	if !strings.Contains(s, "Report-Type:") {
		return false
	}
	m.warnCut(p)
	x := xarfReader{mail: m, depth: p.depth}
	for line := range strings.SplitSeq(s, "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && !strings.ContainsAny(name, " #") {
			x.scalar(name, strings.Trim(strings.TrimSpace(value), `"'`))
		}
	}
	x.finish()
	return true
}

type xarfReader struct {
	mail  *mailReader
	depth int
	out   strings.Builder

	source, sourceType string
	at                 string
	kind, protocol     string
	org                string
	evidence           evidence
}

// evidence is one sample that the report carries.
type evidence struct {
	contentType, description, payload string
	plain                             bool // not base64
}

// read walks through the tokens of a JSON document. Objects in objects give
// names with dots; lists give their list's name.
func (x *xarfReader) read(d *json.Decoder) error {
	d.UseNumber()
	type frame struct {
		name   string
		isList bool
	}
	var stack []frame
	key, wantKey := "", false
	for n := 0; ; n++ {
		if n > maxXARFWords {
			return errors.New("too long")
		}
		t, err := d.Token()
		if err == io.EOF && len(stack) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		switch v := t.(type) {
		case json.Delim:
			switch v {
			case '{', '[':
				if len(stack) == maxXARFDepth {
					return errors.New("too deep")
				}
				stack = append(stack, frame{key, v == '['})
			default:
				if v == '}' {
					x.endEvidence()
				}
				key = stack[len(stack)-1].name
				stack = stack[:len(stack)-1]
			}
		case string:
			if wantKey {
				prefix := ""
				if n := stack[len(stack)-1].name; n != "" {
					prefix = n + "."
				}
				key, wantKey = prefix+v, false
				continue
			}
			x.scalar(key, v)
		case json.Number:
			x.scalar(key, v.String())
		case bool:
			x.scalar(key, strconv.FormatBool(v))
		}
		wantKey = len(stack) > 0 && !stack[len(stack)-1].isList
		if !wantKey && len(stack) > 0 {
			key = stack[len(stack)-1].name
		}
	}
}

// xarfNames makes the names of all versions alike.
var xarfNames = strings.NewReplacer("_", "", "-", "", " ", "")

// scalar takes one field. What is not passed on by name becomes a line of text.
func (x *xarfReader) scalar(name, value string) {
	path := strings.ToLower(xarfNames.Replace(name))
	last := path[strings.LastIndexByte(path, '.')+1:]
	switch {
	case strings.HasPrefix(path, "internal"): // the reporter's own notes, which should not have been sent
		return
	case strings.HasPrefix(path, "evidence.") || strings.HasPrefix(path, "report.samples.") || strings.HasPrefix(path, "report.attachment."):
		switch last {
		case "contenttype":
			x.evidence.contentType = value
		case "description":
			x.evidence.description = value
		case "payload", "data":
			x.evidence.payload = value
		case "base64encoded":
			x.evidence.plain = value == "false"
		}
		return
	case last == "sourceidentifier", path == "source", strings.HasPrefix(path, "report.source") && (last == "value" || last == "identifier" || last == "number" || last == "phone" || last == "source"):
		x.source = value
	case last == "sourcetype", path == "report.source.type":
		x.sourceType = value
	case path == "timestamp", path == "report.date", path == "date":
		x.at = value
	case path == "type", path == "reporttype", path == "report.reporttype":
		x.kind = value
	case path == "protocol", path == "report.protocol", path == "service":
		x.protocol = value
	case path == "reporter.org", path == "reporterinfo.reporterorg":
		x.org = value
	case strings.HasPrefix(path, "reporterinfo.") && strings.HasSuffix(last, "phone"): // not what was called from
		if n, err := numbers.Parse(value, x.mail.context.Region); err == nil {
			x.mail.parsed.Reporter.Phone = n.E164
		}
		return
	case last == "attackcount", last == "occurrences", last == "eventcount":
		if n, err := strconv.Atoi(value); err == nil && n > 0 && n <= maxOccurrences {
			x.mail.parsed.Occurrences = n
		}
	case last == "schemaurl", last == "version", last == "xarfversion", last == "hash":
		return
	}
	if value = oneLine(value); value != "" && x.out.Len() < maxXARFText {
		x.out.WriteString(oneLine(name) + ": " + value + "\n")
	}
}

// endEvidence keeps a sample as an attachment. Mails and texts are read.
func (x *xarfReader) endEvidence() {
	e, m := x.evidence, x.mail
	if e.payload == "" {
		return
	}
	x.evidence = evidence{}
	if !m.counted(x.depth + 1) {
		return
	}
	mediaType, params := parameters(e.contentType)
	p := part{mediaType: mediaType, params: params, name: fileName(e.description), body: []byte(e.payload), depth: x.depth + 1, number: m.count, encoding: "base64"}
	if e.plain {
		p.encoding, p.params = "", map[string]string{"charset": "utf-8"}
	}
	switch mediaType {
	case "message/rfc822":
		m.message(p)
	case "text/plain", "text/html":
		m.keep(p)
		m.text(p)
	default:
		m.keep(p)
	}
}

// finish turns what was found into fields of the report.
func (x *xarfReader) finish() {
	m := x.mail
	m.machine = true
	m.add(x.out.String())
	if m.parsed.Reporter.Name == "" {
		m.parsed.Reporter.Name = short(oneLine(x.org))
	}
	if strings.HasPrefix(x.source, "+") || strings.HasPrefix(x.source, "tel:") || strings.Contains(strings.ToLower(x.sourceType), "phone") {
		m.accuse(x.source)
	}
	if at, ok := xarfTime(x.at); ok && (m.context.ReceivedAt.IsZero() || !oddTime(at, m.context.ReceivedAt)) {
		m.parsed.OccurredAt = cases.TimeRange{Earliest: at.Add(-exactly), Latest: at.Add(exactly)}
	}
	switch kind := strings.ToLower(xarfNames.Replace(x.kind)); {
	case kind == "fraud", kind == "phishing", kind == "socialengineering", kind == "scam":
		m.category = cases.CategoryScam
	case kind == "robocall", kind == "spam" && strings.EqualFold(x.protocol, "voice"):
		m.category = cases.CategoryRobocall
	case kind == "spam", kind == "bulkmessaging":
		if x.protocol != "" && !strings.EqualFold(x.protocol, "smtp") {
			m.category = cases.CategoryTextSpam
		}
	case kind == "harassment":
		m.category = cases.CategoryHarassment
	}
}

func xarfTime(value string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, strings.TrimSpace(value)); err == nil {
		return t.UTC(), true
	}
	t, err := mail.ParseDate(strings.TrimSpace(value))
	return t.UTC(), err == nil
}
