package intake

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/emersion/go-message"

	"github.com/abusedesk/abusedesk/cases"
)

// Mail reads a mail (RFC 5322, MIME), however broken.
func Mail(raw []byte, c Context) cases.Parsed {
	p := cases.Parsed{Parser: version}
	m := mailReader{parsed: &p}
	m.parts.warn = m.warn
	raw = bytes.TrimLeft(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")), "\r\n\x00 \t")
	h, body := splitHeader(raw, m.warn)
	p.Subject = oneLine(text(h, "Subject"))
	p.Mail = mailHeaders(h)
	p.Auth = authResults(h)
	p.Reporter.Name, p.Reporter.Email = address(h, "From")
	if p.Reporter.Email == "" {
		for _, name := range []string{"Reply-To", "Sender", "Return-Path"} {
			if n, a := address(h, name); a != "" && p.Reporter.Email == "" {
				p.Reporter.Name, p.Reporter.Email = n, a
			}
		}
	}
	p.Reporter.Name = oneLine(p.Reporter.Name)
	m.walk(h, body, 0, "text/plain")

	text := m.body()
	if isReply(p) && !isForward(p.Subject) {
		text, p.Quoted = splitQuoted(text)
	}
	p.Text = clip(tidy(text), m.warn)
	p.Quoted = clip(tidy(p.Quoted), func(string) {})
	if p.Text == "" && p.Subject == "" {
		p.Unreadable = true
		m.warn("there is no text in this mail")
	}
	c.ReceivedAt = sentAt(h, c.ReceivedAt)
	understand(&p, c)
	return p
}

func isReply(p cases.Parsed) bool {
	return len(p.Mail.InReplyTo) > 0 || len(p.Mail.References) > 0 || strings.HasPrefix(strings.ToLower(p.Subject), "re:")
}

// mailReader gathers what a walk through a mail finds.
type mailReader struct {
	parts
	parsed   *cases.Parsed
	texts    []string
	length   int    // of texts
	attached string // text of an attached text file, for a mail with no other
	report   bool   // the mail is a report of a machine's (RFC 6522)
	warned   map[string]bool
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

// walk goes through one part and those in it.
func (m *mailReader) walk(h message.Header, body []byte, depth int, fallback string) {
	m.count++
	if m.count > MaxParts {
		m.warn(fmt.Sprintf("the mail has more than %d parts; the rest was not read", MaxParts))
		return
	}
	if depth > MaxDepth {
		m.warn(fmt.Sprintf("parts are nested more than %d deep; the rest was not read", MaxDepth))
		return
	}
	p := m.read(h, body, depth, fallback)
	kind, sub, _ := strings.Cut(p.mediaType, "/")
	switch {
	case kind == "multipart":
		m.multipart(p, sub)
	case p.mediaType == "message/rfc822" || p.mediaType == "message/global":
		m.message(p)
	case kind == "message" && (sub == "delivery-status" || sub == "feedback-report" || sub == "disposition-notification" || sub == "global-delivery-status"):
		m.reportPart(p)
	case p.mediaType == "text/rfc822-headers" || p.mediaType == "message/rfc822-headers" || p.mediaType == "message/global-headers":
		m.returned(p)
	case (p.mediaType == "text/plain" || p.mediaType == "text/html") && p.disposition != "attachment" && p.name == "":
		m.text(p)
	case kind == "text" && kind != "calendar" && p.disposition != "attachment" && p.name == "":
		m.text(p)
	default:
		m.attach(p)
	}
}

func (m *mailReader) multipart(p part, sub string) {
	boundary := p.params["boundary"]
	split, closed := splitBody(p.body, boundary, MaxParts)
	if split == nil {
		if boundary = sniffBoundary(p.body); boundary != "" {
			split, closed = splitBody(p.body, boundary, MaxParts)
		}
		if split == nil {
			m.warn("a multipart without parts was read as text")
			p.mediaType, p.params = "text/plain", nil
			m.text(p)
			return
		}
		m.warn("a multipart does not name its boundary")
	}
	if !closed {
		m.warn("a multipart is cut off")
	}
	fallback := "text/plain"
	switch sub {
	case "digest":
		fallback = "message/rfc822"
	case "alternative":
		m.alternative(p, split)
		return
	case "encrypted":
		m.warn("the mail is encrypted; its parts are kept unread")
	case "signed":
		if len(split) > 1 { // RFC 1847: the signed part, then the signature, kept as evidence
			h, body := splitHeader(split[0], m.warn)
			m.walk(h, body, p.depth+1, fallback)
			for _, s := range split[1:] {
				h, body := splitHeader(s, m.warn)
				m.attach(m.read(h, body, p.depth+1, "application/octet-stream"))
			}
			return
		}
	}
	if sub == "report" {
		m.parsed.Mail.AutoSubmitted, m.report = true, true
	}
	for _, s := range split {
		h, body := splitHeader(s, m.warn)
		m.walk(h, body, p.depth+1, fallback)
	}
}

// alternative takes the plain text, unless it is a stub that says to look at
// the other one. Alternatives that are no text are walked as ever.
func (m *mailReader) alternative(p part, split [][]byte) {
	var plain, html *part
	for _, s := range split {
		h, body := splitHeader(s, m.warn)
		alt := m.read(h, body, p.depth+1, "text/plain")
		switch {
		case alt.mediaType == "text/plain" && plain == nil && alt.disposition != "attachment":
			plain = &alt
		case alt.mediaType == "text/html" && html == nil && alt.disposition != "attachment":
			html = &alt
		default:
			m.walk(h, body, p.depth+1, "text/plain")
			continue
		}
		m.count++
	}
	const stub = 80
	if plain != nil && html != nil {
		if s, _ := plain.text(stub * 4); len(strings.TrimSpace(s)) < stub {
			rich, _ := html.text(MaxText)
			if t := htmlToText(rich); len(t) > 3*len(strings.TrimSpace(s)) {
				plain = nil
			}
		}
	}
	switch {
	case plain != nil:
		m.text(*plain)
	case html != nil:
		m.text(*html)
	}
}

// message goes into a mail in the mail: what somebody forwards is the report.
func (m *mailReader) message(p part) {
	a := p.attachment()
	body := p.body
	if encoding := strings.ToLower(p.header.Get("Content-Transfer-Encoding")); encoding == "base64" || encoding == "quoted-printable" { // not allowed, and sent
		var b bytes.Buffer
		b.ReadFrom(p.decoded())
		body = b.Bytes()
	}
	h, inner := splitHeader(body, m.warn)
	if m.report {
		m.refer(h, "Message-Id")
	}
	if a.Name == "" {
		a.Name = fileName(text(h, "Subject"))
	}
	m.keep(a)
	var about strings.Builder
	for _, name := range []string{"From", "To", "Date", "Subject"} {
		if value := oneLine(text(h, name)); value != "" {
			about.WriteString(name + ": " + value + "\n")
		}
	}
	m.add("---- " + "attached message" + " ----\n" + about.String())
	m.walk(h, inner, p.depth+1, "text/plain")
}

// text adds a text part.
func (m *mailReader) text(p part) {
	room := MaxText - m.length
	if room <= 0 {
		m.warn(fmt.Sprintf("there are more than %d KB of text; the rest was not read", MaxText>>10))
		return
	}
	limit := room
	if p.mediaType == "text/html" {
		limit = 4 * room // most of it is markup
	}
	s, cut := p.text(limit)
	if cut {
		m.warn(fmt.Sprintf("there are more than %d KB of text; the rest was not read", MaxText>>10))
	}
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

func (m *mailReader) attach(p part) {
	m.keep(p.attachment())
	switch {
	case m.attached == "" && strings.HasPrefix(p.mediaType, "text/"):
		m.attached, _ = p.text(MaxText)
		if p.mediaType == "text/html" {
			m.attached = htmlToText(m.attached)
		}
	case p.mediaType == "application/pkcs7-mime" || p.mediaType == "application/x-pkcs7-mime":
		m.warn("the mail is encrypted or signed as a whole; it is kept unread")
	}
}

func (m *mailReader) keep(a cases.Attachment) {
	if len(m.parsed.Attachments) == MaxAttachments {
		m.warn(fmt.Sprintf("there are more than %d attachments; the rest is not listed", MaxAttachments))
		return
	}
	m.parsed.Attachments = append(m.parsed.Attachments, a)
}

// body joins what was found.
func (m *mailReader) body() string {
	if len(m.texts) == 0 && m.attached != "" {
		m.warn("the text was taken from an attached file")
		return m.attached
	}
	return strings.Join(m.texts, "\n\n")
}

// tidy makes text fit to be stored and shown: valid UTF-8, no controls but line
// ends and tabs, no trailing spaces, no runs of empty lines.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r < 0x20, r == 0x7f, r >= 0x80 && r < 0xa0, r == 0xfeff:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	var out strings.Builder
	out.Grow(len(s))
	empty := 0
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimRight(line, " \t\u00a0")
		if line == "" {
			empty++
			continue
		}
		if out.Len() > 0 {
			out.WriteByte('\n')
			if empty > 0 {
				out.WriteByte('\n')
			}
		}
		empty = 0
		out.WriteString(line)
	}
	return out.String()
}

// clip keeps to MaxText.
func clip(s string, warn func(string)) string {
	if len(s) <= MaxText {
		return s
	}
	warn(fmt.Sprintf("there are more than %d KB of text; the rest was not read", MaxText>>10))
	return strings.ToValidUTF8(s[:MaxText], "")
}

// oneLine is for names and subjects: 998 bytes at most (RFC 5322 section 2.1.1).
func oneLine(s string) string {
	s = strings.Join(strings.Fields(tidy(s)), " ")
	if len(s) > 998 {
		s = strings.ToValidUTF8(s[:998], "")
	}
	return s
}
