package intake

import (
	"bufio"
	"bytes"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/textproto"

	"github.com/abusedesk/abusedesk/cases"
)

// splitHeader repairs the header at the beginning of raw so that go-message
// takes it, and returns what follows. Repaired are mbox lines, lines without a
// colon, spaces before the colon, NULs, bare line ends and a missing blank line.
func splitHeader(raw []byte, warn func(string)) (message.Header, []byte) {
	var clean bytes.Buffer
	rest, fields, dropped, cut := raw, 0, 0, false
	for len(rest) > 0 {
		line, next := cutLine(rest)
		if len(line) == 0 {
			rest = next
			break
		}
		name, value, isField := field(line)
		folded := line[0] == ' ' || line[0] == '\t'
		switch {
		case cut && (isField || folded):
		case (isField || folded && fields > 0) && (fields == MaxHeaderFields || clean.Len()+len(line) > MaxHeaderBytes):
			cut = true
			warn("the header is too long; the rest of it was not read")
		case folded && fields > 0:
			if text := bytes.TrimSpace(line); len(text) > 0 {
				clean.WriteString("\r\n ")
				clean.Write(bytes.ReplaceAll(text, []byte{0}, nil))
			}
		case isField:
			if fields > 0 {
				clean.WriteString("\r\n")
			}
			clean.Write(name)
			clean.WriteString(": ")
			clean.Write(bytes.ReplaceAll(value, []byte{0}, nil))
			fields++
		case isMbox(line) || headerGoesOn(next):
			dropped++
		default: // the blank line is missing, or there is no header at all
			if fields > 0 {
				warn("no blank line after the header")
			}
			return readHeader(clean.Bytes()), rest
		}
		rest = next
	}
	if dropped > 0 {
		warn("lines that are no header fields were dropped from the header")
	}
	return readHeader(clean.Bytes()), rest
}

func readHeader(clean []byte) message.Header {
	h, err := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(append(clean, "\r\n\r\n"...))))
	if err != nil {
		return message.Header{}
	}
	return message.Header{Header: h}
}

// cutLine returns the first line without its end, and what follows.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	line, rest = b, nil
	if i >= 0 {
		line, rest = b[:i], b[i+1:]
	}
	line = bytes.TrimSuffix(line, []byte{'\r'})
	return line, rest
}

// field splits a line at its colon when what precedes it can be a name
// (RFC 5322 section 2.2; spaces before the colon are obsolete syntax).
func field(line []byte) (name, value []byte, ok bool) {
	name, value, ok = bytes.Cut(line, []byte{':'})
	name = bytes.TrimRight(name, " \t")
	if !ok || len(name) == 0 || len(name) > 128 {
		return nil, nil, false
	}
	for _, b := range name {
		if b <= ' ' || b >= 0x7f {
			return nil, nil, false
		}
	}
	return name, bytes.TrimSpace(value), true
}

func isMbox(line []byte) bool {
	return bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))
}

// headerGoesOn says whether the next line is a header field again, so that a
// bad line stands in a header and does not begin the body.
func headerGoesOn(next []byte) bool {
	line, _ := cutLine(next)
	_, _, ok := field(line)
	return ok
}

// text returns a field's value, decoded.
func text(h message.Header, name string) string {
	return strings.TrimSpace(decodeWords(h.Get(name)))
}

// address reads the first address of a field, however malformed.
func address(h message.Header, name string) (displayName, addr string) {
	value := h.Get(name)
	if len(value) > 4096 {
		value = value[:4096]
	}
	if list, err := mail.ParseAddressList(value); err == nil && len(list) > 0 {
		if addr := strings.ToLower(list[0].Address); plausibleAddress(addr) {
			return strings.TrimSpace(decodeWords(list[0].Name)), addr
		}
	}
	value = decodeWords(value)
	before, rest, angled := strings.Cut(value, "<")
	if angled {
		inner, _, _ := strings.Cut(rest, ">")
		if inner = strings.TrimSpace(inner); plausibleAddress(inner) {
			return strings.Trim(strings.TrimSpace(before), `"' `), strings.ToLower(inner)
		}
	}
	return "", first(addresses(value, 1))
}

// addresses finds what looks like an address in a field, lower case.
func addresses(value string, most int) []string {
	var found []string
	for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return strings.ContainsRune(" \t,;<>()\"'", r) }) {
		word = strings.TrimPrefix(strings.ToLower(word), "mailto:")
		if len(found) < most && plausibleAddress(word) && !slices.Contains(found, word) {
			found = append(found, word)
		}
	}
	return found
}

// recipients are those that the mail was sent or delivered to.
func recipients(h message.Header) []string {
	const most = 50
	var all strings.Builder
	for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc"} {
		for _, value := range h.Values(name) {
			if all.Len() < 16<<10 {
				all.WriteString(decodeWords(value[:min(len(value), 8<<10)]) + " ")
			}
		}
	}
	return addresses(all.String(), most)
}

// plausibleAddress is what can be answered to: one @, a domain, no controls.
func plausibleAddress(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(s) > 254 || strings.Contains(domain, "@") || strings.ContainsAny(s, " \t\r\n<>,;\"") {
		return false
	}
	for _, r := range s {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r == utf8.RuneError || isInvisible(r) {
			return false
		}
	}
	return domain != "" && !strings.HasPrefix(domain, ".") && !strings.HasSuffix(domain, ".")
}

// messageIDs reads the ids of a field, without brackets. An empty id is none.
func messageIDs(value string) []string {
	const most = 100
	var ids []string
	for len(ids) < most {
		_, rest, ok := strings.Cut(value, "<")
		if !ok {
			break
		}
		id, after, ok := strings.Cut(rest, ">")
		if !ok {
			break
		}
		if id = strings.Join(strings.Fields(id), ""); id != "" && len(id) <= 998 {
			ids = append(ids, id)
		}
		value = after
	}
	if len(ids) == 0 { // without brackets, as some write it
		for word := range strings.FieldsSeq(value) {
			if word = strings.Trim(word, "<>"); strings.Contains(word, "@") && len(word) <= 998 && len(ids) < most {
				ids = append(ids, word)
			}
		}
	}
	return ids
}

// mailHeaders reads what decides on threading and on answering.
func mailHeaders(h message.Header) cases.MailHeaders {
	m := cases.MailHeaders{
		InReplyTo:  messageIDs(h.Get("In-Reply-To")),
		References: messageIDs(h.Get("References")),
		Recipients: recipients(h),
	}
	if ids := messageIDs(h.Get("Message-Id")); len(ids) > 0 {
		m.MessageID = ids[0]
	}
	if h.Has("Return-Path") {
		path := strings.Trim(strings.TrimSpace(h.Get("Return-Path")), "<> ")
		m.ReturnPath, m.NullSender = path, path == ""
	}
	// RFC 3834 section 5, and what was written before it.
	auto, _, _ := strings.Cut(h.Get("Auto-Submitted"), ";")
	auto = strings.ToLower(strings.TrimSpace(auto))
	precedence := strings.ToLower(strings.TrimSpace(h.Get("Precedence")))
	m.AutoSubmitted = auto != "" && auto != "no" || precedence == "auto_reply" ||
		h.Has("X-Autoreply") || h.Has("X-Autorespond") || strings.EqualFold(h.Get("X-Auto-Response-Suppress"), "All")
	m.List = precedence == "bulk" || precedence == "list" || precedence == "junk" || h.Has("List-Id") || h.Has("List-Post") ||
		h.Has("List-Unsubscribe") || h.Has("Mailing-List") || h.Has("X-Mailing-List")
	return m
}

// sentAt is when the mail says that it was sent, with the writer's zone.
func sentAt(h message.Header, received time.Time) time.Time {
	t, err := mail.ParseDate(strings.TrimSpace(h.Get("Date")))
	if err != nil {
		return received
	}
	if received.IsZero() {
		return t
	}
	// A clock that is days off says nothing, but its zone still does.
	if t.After(received.Add(time.Hour)) || t.Before(received.Add(-30*24*time.Hour)) {
		return received.In(t.Location())
	}
	return t
}
