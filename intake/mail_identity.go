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
	cr    bool   // a CR is held back: it may belong to a line's end
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
	case '\r':
		return p[1:]
	case '\n':
		m.state = inBody
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

// readField takes the rest of a line.
func (m *MailIdentity) readField(p []byte) []byte {
	end := bytes.IndexByte(p, '\n')
	line := p
	if end >= 0 {
		line, p = p[:end+1], p[end+1:]
		m.state = atLineStart
	} else {
		p = nil
	}
	if !m.skip {
		m.writeBody(line)
	}
	m.cr = m.cr && m.state == inField
	return p
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
	switch name {
	case "return-path", "received", "received-spf", "delivered-to", "x-delivered-to", "x-original-to", "original-recipient", "envelope-to", "x-envelope-to",
		"x-envelope-from", "x-received", "x-forwarded-to", "x-forwarded-for", "authentication-results", "x-authentication-results",
		"dkim-filter", "x-sieve", "x-virus-scanned", "x-spam-status", "x-spam-level", "x-spam-flag", "x-spam-score", "x-spam-checker-version", "x-spamd-result",
		"x-rspamd-server", "x-rspamd-queue-id", "x-gm-message-state", "x-google-smtp-source", "x-gm-gg", "status", "x-status", "x-uid", "x-uidl", "x-keywords":
		return true
	}
	return strings.HasPrefix(name, "arc-")
}
