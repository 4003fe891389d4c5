package intake

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/emersion/go-message"

	"github.com/abusedesk/abusedesk/cases"
)

// Mail reads a mail (RFC 5322, MIME), however broken.
func Mail(raw []byte, c Context) cases.Parsed { return readMail(raw, omissions{}, c).parsed }

// mailRead is what was read of a mail: the report, its attachments as the parts
// that they are, and those of which not all is held.
type mailRead struct {
	parsed cases.Parsed
	kept   []part
	large  []largePart
}

// readMail reads what is held of a mail.
func readMail(raw []byte, left omissions, c Context) mailRead {
	p := cases.Parsed{Parser: version}
	m := mailReader{parsed: &p, context: c, left: left}
	h, body := m.open(raw)
	p.Subject = oneLine(text(h, "Subject"))
	p.Mail = mailHeaders(h)
	p.Auth = authResults(h, c.AuthServers)
	p.Reporter.Name, p.Reporter.Email = address(h, "From")
	for _, name := range []string{"Reply-To", "Sender", "Return-Path"} {
		if p.Reporter.Email == "" {
			p.Reporter.Name, p.Reporter.Email = address(h, name)
		}
	}
	p.Reporter.Name = oneLine(p.Reporter.Name)
	answers := isReply(p) && !isForward(p.Subject)
	m.machine = h.Has("X-Xarf") || h.Has("X-Arf")
	m.walk(h, body, 0, "text/plain")

	written := m.unarmoured(strings.Join(m.texts, "\n\n"))
	if p.Bounce = m.bounced(h, written); p.Bounce != nil {
		written, p.Quoted = splitReturned(written)
	} else if answers && !m.report {
		written, p.Quoted = splitQuoted(written)
	}
	p.Quoted = strings.Join(append(m.returned, p.Quoted), "\n\n")
	written = m.withFiles(written)
	p.Text = clip(tidy(written), m.warn)
	p.Quoted = clip(tidy(p.Quoted), func(string) {})
	if p.Text == "" && p.Subject == "" {
		p.Unreadable = true
		m.warn("there is no text in this mail")
	}
	p.Mail.AutoSubmitted = p.Mail.AutoSubmitted || m.machine
	c.ReceivedAt = sentAt(h, c.ReceivedAt)
	understand(&p, c)
	if m.returning { // what a mail server says is about a mail, not about a call
		p.Pretext, p.OccurredAt = "", cases.TimeRange{}
	}
	if p.Category == cases.CategoryOther && m.category != "" {
		p.Category = m.category
		if p.Reporter.Kind == cases.ReporterCalled {
			p.Reporter.Kind = defaultReporter(m.category)
		}
	}
	return mailRead{parsed: p, kept: m.kept, large: m.large}
}

// mailReader gathers what a walk through a mail finds.
type mailReader struct {
	parsed  *cases.Parsed
	context Context
	left    omissions
	kept    []part // the attachments
	large   []largePart
	count   int // parts so far
	texts   []string
	length  int    // of texts
	files   string // text of attached files
	// filesCut: of one of them only the beginning is held.
	filesCut bool

	machine   bool           // written by a program that reports abuse
	report    bool           // a report of a program's (RFC 6522)
	returning bool           // on a mail that came back (RFC 3464)
	returned  []string       // text of that mail: it was ours
	bounce    *cases.Bounce  // the gravest recipient so far
	original  string         // Message-ID of the mail that came back
	category  cases.Category // as a program states it; words decide first
	warned    map[string]bool
}

func (m *mailReader) warn(s string) {
	if !m.warned[s] {
		if m.warned == nil {
			m.warned = map[string]bool{}
		}
		m.warned[s] = true
		m.parsed.Warnings = append(m.parsed.Warnings, s)
	}
}

// open mends what is wrong with a mail as a whole and returns its header.
func (m *mailReader) open(raw []byte) (message.Header, []byte) {
	if len(raw) > cases.MaxMessageBytes {
		m.warn(fmt.Sprintf("the mail is larger than %d MB; the rest was not read", cases.MaxMessageBytes>>20))
		raw = raw[:cases.MaxMessageBytes]
	}
	raw = bytes.TrimLeft(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")), "\r\n\x00 \t")
	if !bytes.Contains(raw, []byte{'\n'}) {
		raw = bytes.ReplaceAll(raw, []byte{'\r'}, []byte{'\n'})
	}
	h, body := splitHeader(raw, m.warn)
	if h.Has("Content-Type") {
		return h, body
	}
	// A blank line in the middle of the header leaves the rest in the body.
	if name := firstField(body); name == "mime-version" || strings.HasPrefix(name, "content-") {
		if more, rest := splitHeader(body, m.warn); more.Has("Content-Type") {
			m.warn("the header is cut in two by a blank line")
			for _, name := range []string{"Content-Type", "Content-Transfer-Encoding", "Content-Disposition"} {
				if more.Has(name) {
					h.Set(name, more.Get(name))
				}
			}
			return h, rest
		}
	}
	// A multipart whose header says nothing of it.
	if first, rest := cutLine(bytes.TrimLeft(body, "\r\n")); bytes.HasPrefix(first, []byte("--")) && firstField(rest) == "content-type" {
		h.Set("Content-Type", "multipart/mixed")
	}
	return h, body
}

// firstField is the name of the header field that b begins with, lower case.
func firstField(b []byte) string {
	line, _ := cutLine(b)
	name, _, _ := field(line)
	return strings.ToLower(string(name))
}

// counted says whether another part, depth levels down, is within the limits.
func (m *mailReader) counted(depth int) bool {
	m.count++
	switch {
	case m.count > MaxParts:
		m.warn(fmt.Sprintf("the mail has more than %d parts; the rest was not read", MaxParts))
		return false
	case depth > MaxDepth:
		m.warn(fmt.Sprintf("parts are nested more than %d deep; the rest was not read", MaxDepth))
		return false
	}
	return true
}

// walk goes through one part and those in it.
func (m *mailReader) walk(h message.Header, body []byte, depth int, fallback string) {
	if !m.counted(depth) {
		return
	}
	p := m.read(h, body, depth, fallback)
	kind, sub, _ := strings.Cut(p.mediaType, "/")
	switch {
	case kind == "multipart":
		m.multipart(p, sub)
	case p.mediaType == "message/rfc822" || p.mediaType == "message/global" || strings.HasSuffix(strings.ToLower(p.name), ".eml"):
		m.message(p)
	case sub == "delivery-status" || sub == "global-delivery-status" || sub == "feedback-report" || sub == "disposition-notification" || sub == "global-disposition-notification":
		m.reportPart(p, sub)
	case sub == "rfc822-headers" || sub == "global-headers":
		m.returnedHeader(p)
	case kind == "text" && p.disposition != "attachment" && p.name == "" && !isData(sub):
		m.text(p)
	default:
		m.attach(p)
	}
}

// warnCut says that a part was read only as far as it is held.
func (m *mailReader) warnCut(p part) {
	if p.cut {
		m.warn(onlyBeginning)
	}
}

var onlyBeginning = fmt.Sprintf("the mail is larger than %d MB; of a part of it only the beginning was read", heldWhole>>20)

// message goes into a mail in the mail: what somebody forwards is the report.
func (m *mailReader) message(p part) {
	body := p.body
	if p.encoding != "" { // not allowed, and sent
		var b bytes.Buffer
		b.ReadFrom(p.decoded())
		body = b.Bytes()
		m.warnCut(p)
	}
	h, inner := splitHeader(body, m.warn)
	if m.report {
		m.refer(h, "Message-Id")
	}
	if p.name == "" {
		if subject := fileName(text(h, "Subject")); subject != "" {
			p.name = subject
		}
	}
	m.keep(p)
	if m.returning { // a mail of ours that came back: its words are not the reporter's
		m.original, m.returning = first(messageIDs(h.Get("Message-Id"))), false
		outside := m.texts
		m.texts = nil
		m.walk(h, inner, p.depth+1, "text/plain")
		m.texts, m.returned, m.returning = outside, append(m.returned, m.texts...), true
		return
	}
	var about strings.Builder
	for _, name := range []string{"From", "To", "Date", "Subject"} {
		if value := oneLine(text(h, name)); value != "" {
			about.WriteString(name + ": " + value + "\n")
		}
	}
	m.add("---- attached message ----\n" + about.String())
	m.walk(h, inner, p.depth+1, "text/plain")
}

func first(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return ids[0]
}

// text adds a text part.
func (m *mailReader) text(p part) {
	room := MaxText - m.length
	tooMuch := fmt.Sprintf("there are more than %d KB of text; the rest was not read", MaxText>>10)
	if room <= 0 {
		m.warn(tooMuch)
		return
	}
	limit := room
	if p.mediaType == "text/html" {
		limit = 4 * room // most of it is markup
	}
	s, cut := p.text(limit)
	if cut {
		m.warn(tooMuch)
	}
	m.warnCut(p)
	switch {
	case p.mediaType == "text/html":
		s = htmlToText(s)
	case strings.EqualFold(p.params["format"], "flowed"):
		s = unflow(s, strings.EqualFold(p.params["delsp"], "yes"))
	}
	m.add(s)
}

func (m *mailReader) add(s string) {
	if s = strings.TrimSpace(s); s != "" {
		m.texts = append(m.texts, s)
		m.length += len(s) + 2
	}
}
