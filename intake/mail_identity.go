package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
)

// MailIdentity digests a mail without what delivery writes into its header, so
// that one mail which reaches us through two aliases, or twice through one, is
// one. It is an io.Writer over the raw bytes, needs constant memory and is not
// safe for concurrent use.
//
// Left out are header fields that trace the way (RFC 5321 section 4.4, RFC 8601,
// RFC 8617), name the envelope, or are added by the last hop's filters; a
// leading mbox line; and the difference between CRLF and LF, because servers
// store either. Everything that the sender wrote counts.
type MailIdentity struct {
	hash hash.Hash
	// state of the line that is being read
	state identityState
	name  []byte // of the field, while it is being read
	skip  bool   // whether the current field is left out
	first bool   // nothing was read yet
	lf    bool   // an LF that comes now belongs to the CR before it
	cr    bool   // a CR of the body is held back: it may belong to a line's end
}

type identityState int

const (
	atLineStart identityState = iota
	inName
	inField
	inBody
)

// maxFieldName is longer than the name of any field that is left out.
const maxFieldName = 64

// NewMailIdentity returns an empty digest.
func NewMailIdentity() *MailIdentity {
	return &MailIdentity{hash: sha256.New(), first: true}
}

// Sum returns the digest of what was written so far, in hexadecimal.
func (m *MailIdentity) Sum() string {
	if m.state == inName { // cut off in the middle of a name
		m.hash.Write(m.name)
		m.name, m.state = m.name[:0], inField
	}
	return hex.EncodeToString(m.hash.Sum(nil))
}

// Write never fails.
func (m *MailIdentity) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if m.lf {
			if m.lf = false; p[0] == '\n' {
				p = p[1:]
				continue
			}
		}
		switch m.state {
		case atLineStart:
			p = m.startLine(p)
		case inName:
			p = m.readName(p)
		case inField:
			p = m.readField(p)
		case inBody:
			m.writeBody(p)
			p = nil
		}
	}
	return n, nil
}

func (m *MailIdentity) startLine(p []byte) []byte {
	switch p[0] {
	case ' ', '\t': // continues the field before
		m.state = inField
		return p
	case '\r', '\n':
		m.state, m.lf = inBody, p[0] == '\r'
		m.hash.Write([]byte{'\n'})
		return p[1:]
	}
	m.state, m.name, m.skip = inName, m.name[:0], false
	return p
}

func (m *MailIdentity) readName(p []byte) []byte {
	for i, b := range p {
		switch {
		case b == ':':
			m.skip = leftOut(string(m.name))
		case b == ' ' && m.first && string(m.name) == "From": // mbox
			m.skip = true
		case b == '\n' || b == '\r' || len(m.name) == maxFieldName:
		default:
			m.name = append(m.name, b)
			continue
		}
		if !m.skip {
			m.hash.Write(bytes.ToLower(m.name))
		}
		m.state, m.first = inField, false
		return p[i:]
	}
	return nil
}

// readField takes the rest of a line. A CR alone ends one, too: else what follows
// a field that is left out would be left out with it.
func (m *MailIdentity) readField(p []byte) []byte {
	end := bytes.IndexAny(p, "\r\n")
	line := p
	if end >= 0 {
		line, m.lf = p[:end], p[end] == '\r'
		m.state = atLineStart
	}
	if !m.skip {
		m.hash.Write(line)
		if end >= 0 {
			m.hash.Write([]byte{'\n'})
		}
	}
	if end < 0 {
		return nil
	}
	return p[end+1:]
}

// writeBody digests bytes with CRLF as LF.
func (m *MailIdentity) writeBody(p []byte) {
	for len(p) > 0 {
		if m.cr && p[0] != '\n' {
			m.hash.Write([]byte{'\r'})
		}
		m.cr = false
		i := bytes.IndexByte(p, '\r')
		if i < 0 {
			m.hash.Write(p)
			return
		}
		m.hash.Write(p[:i])
		m.cr = true
		p = p[i+1:]
	}
}

// leftOut says whether delivery wrote a field.
func leftOut(name string) bool {
	name = strings.ToLower(strings.TrimRight(name, " \t"))
	if deliveryFields[name] {
		return true
	}
	for _, prefix := range deliveryPrefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

var deliveryFields = set("return-path", "received", "received-spf", "delivered-to", "original-recipient", "envelope-to", "authentication-results",
	"x-delivered-to", "x-original-to", "x-envelope-to", "x-envelope-from", "x-received", "x-forwarded-to", "x-forwarded-for", "x-resolved-to", "x-mail-from",
	"x-apparently-to", "x-rcpt-to", "x-original-recipient", "x-authentication-results", "x-original-authentication-results", "dkim-filter", "x-sieve", "x-cmae-envelope",
	"x-bogosity", "x-filter-id", "x-evolution-source", "content-length", "lines", "status", "x-status", "x-uid", "x-uidl", "x-keywords", "x-gm-message-state",
	"x-google-smtp-source", "x-gm-gg", "x-forefront-antispam-report", "x-microsoft-antispam", "x-eopattributedmessage", "x-eoptenantattributedmessage")

// deliveryPrefixes are of filters and servers that write many; RFC 8617 for arc-.
// Resent fields are written by who passes a mail on, and change nothing of it
// (RFC 5322 section 3.6.6).
var deliveryPrefixes = []string{"arc-", "resent-", "x-spam", "x-rspamd-", "x-virus-", "x-amavis-", "x-ms-exchange-organization-", "x-ms-exchange-crosstenant-",
	"x-ms-exchange-transport-", "x-microsoft-antispam-", "x-forefront-antispam-", "x-proofpoint-", "x-barracuda-", "x-ironport-", "x-mimecast-", "x-sophos-",
	"x-cyrus-", "x-yandex-", "x-mozilla-", "x-mdaemon-"}

func set(names ...string) map[string]bool {
	out := map[string]bool{}
	for _, name := range names {
		out[name] = true
	}
	return out
}
