package intake

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/emersion/go-message"

	"github.com/abusedesk/abusedesk/cases"
)

// recipient reads what became of one recipient (RFC 3464 section 2.3). Of several
// the gravest is kept: mails of ours have one. Who got the mail is no bounce.
func (m *mailReader) recipient(h message.Header) {
	diagnostic := oneLine(decodeWords(h.Get("Diagnostic-Code")))
	if kind, rest, ok := strings.Cut(diagnostic, ";"); ok && !strings.Contains(kind, " ") {
		diagnostic = strings.TrimSpace(rest)
	}
	b := cases.Bounce{Diagnostic: diagnostic}
	if b.Status = statusCode.FindString(h.Get("Status")); b.Status == "" {
		b.Status = statusCode.FindString(diagnostic)
	}
	action, _ := parameters(h.Get("Action"))
	switch action {
	case "failed":
		b.Permanent = strings.HasPrefix(b.Status, "5") || b.Status == "" && strings.HasPrefix(diagnostic, "5")
	case "delayed":
		b.Delayed = true
	default:
		return
	}
	for _, name := range []string{"Original-Recipient", "Final-Recipient"} {
		if b.Recipient == "" {
			b.Recipient = typedAddress(h.Get(name))
		}
	}
	if m.bounce == nil || b.Permanent && !m.bounce.Permanent {
		m.bounce = &b
	}
}

// statusCode is an enhanced status code (RFC 3463).
var statusCode = regexp.MustCompile(`\b[245]\.[0-9]{1,3}\.[0-9]{1,3}\b`)

// typedAddress reads "rfc822; jane@example.org", and the escapes of "utf-8; …"
// (RFC 6533 section 3).
func typedAddress(value string) string {
	kind, addr, ok := strings.Cut(value, ";")
	if !ok {
		kind, addr = "", value
	}
	addr = strings.ToLower(strings.Trim(strings.TrimSpace(decodeWords(addr)), "<>"))
	if strings.EqualFold(strings.TrimSpace(kind), "utf-8") {
		addr = unicodeEscape.ReplaceAllStringFunc(addr, func(s string) string {
			n, err := strconv.ParseUint(s[3:len(s)-1], 16, 21)
			if err != nil {
				return s
			}
			return string(rune(n))
		})
	}
	if !plausibleAddress(addr) {
		return ""
	}
	return addr
}

var unicodeEscape = regexp.MustCompile(`\\x\{[0-9a-f]{1,6}\}`)

// bounced says which mail came back, if this mail tells of one: by a delivery
// status notification, or in the words of the servers that never learned to
// write one (qmail, old ones of Exim).
func (m *mailReader) bounced(h message.Header, written string) *cases.Bounce {
	b := m.bounce
	if b == nil {
		b = m.oldBounce(h, written)
	}
	if b == nil {
		return nil
	}
	b.MessageID = m.original
	mail := &m.parsed.Mail
	for _, ids := range [][]string{mail.InReplyTo, mail.References} {
		if b.MessageID == "" && len(ids) > 0 {
			b.MessageID = ids[len(ids)-1]
		}
	}
	m.referTo(b.MessageID)
	mail.AutoSubmitted, m.returning = true, true
	return b
}

// oldBounce reads a bounce that is plain text with the mail below it. It must
// come from a mail server, with no address to answer to.
func (m *mailReader) oldBounce(h message.Header, written string) *cases.Bounce {
	local, _, _ := strings.Cut(m.parsed.Reporter.Email, "@")
	if !m.parsed.Mail.NullSender && local != "mailer-daemon" {
		return nil
	}
	said, copied := splitReturned(written)
	b := cases.Bounce{}
	if _, addr := address(h, "X-Failed-Recipients"); addr != "" {
		b.Recipient = addr
	} else if strings.HasPrefix(said, "Hi. This is the") { // QSBMF, https://cr.yp.to/proto/qsbmf.txt
		b.Recipient = qmailRecipient(said)
	}
	if b.Recipient == "" {
		return nil
	}
	for line := range strings.SplitSeq(copied, "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(name, "Message-ID") {
			m.original = first(messageIDs(value))
			break
		}
	}
	b.Status = statusCode.FindString(said)
	for line := range strings.SplitSeq(said, "\n") {
		if reply := smtpReply.FindString(line); reply != "" {
			b.Diagnostic = oneLine(reply)
			break
		}
	}
	switch {
	case b.Status != "":
		b.Permanent = b.Status[0] == '5'
	case b.Diagnostic != "":
		b.Permanent = b.Diagnostic[0] == '5'
	default:
		b.Permanent = strings.Contains(strings.ToLower(said), "permanent error")
	}
	return &b
}

// smtpReply is a refusal as SMTP words it, somewhere in a line.
var smtpReply = regexp.MustCompile(`\b[45][0-9]{2}[ -].*`)

// qmailRecipient finds the first line that is an address in brackets and a colon.
func qmailRecipient(text string) string {
	for line := range strings.SplitSeq(text, "\n") {
		if addr, ok := strings.CutSuffix(strings.TrimSpace(line), ">:"); ok {
			if addr = strings.ToLower(strings.TrimPrefix(addr, "<")); plausibleAddress(addr) {
				return addr
			}
		}
	}
	return ""
}

// splitReturned parts what a server says from the mail that it returns below.
func splitReturned(text string) (said, copied string) {
	at := 0
	for line := range strings.SplitSeq(text, "\n") {
		if hasMark(strings.ToLower(strings.TrimSpace(line)), lex().quotes["returned"]) {
			return strings.TrimSpace(text[:at]), strings.TrimSpace(text[at:])
		}
		at += len(line) + 1
	}
	return text, ""
}
