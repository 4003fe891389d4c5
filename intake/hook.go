package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Heard is what the door of a chat product must know of a notification before it
// keeps it.
type Heard struct {
	// Ignored says why it is no message of somebody who could report; "" it is one.
	Ignored string
	// Key names the message: it is the same in each redelivery, whatever else of
	// the notification has changed.
	Key string
	// Inbox is where it was written, of Chatwoot; "" not told.
	Inbox string
}

// hookKey names a message by ids of the product and by what it says, so that an
// id which comes again with other words is another message, and is not lost.
func hookKey(ids []string, says ...string) string {
	h := sha256.New()
	for _, s := range says {
		h.Write([]byte(strconv.Itoa(len(s)) + ":" + s))
	}
	return strings.Join(ids, ":") + ":" + hex.EncodeToString(h.Sum(nil))
}

// loose is a string, number or truth value as text; anything else is "". What
// one product sends changes with its releases, and no field may cost a report.
type loose string

func (l *loose) UnmarshalJSON(raw []byte) error {
	*l = ""
	var s string
	switch {
	case json.Unmarshal(raw, &s) == nil && string(raw) != "null":
		*l = loose(s)
	case len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' || string(raw) == "true" || string(raw) == "false"):
		*l = loose(raw)
	}
	return nil
}

// maybe is a value that is left empty when it has another form.
type maybe[T any] struct{ is T }

func (m *maybe[T]) UnmarshalJSON(raw []byte) error {
	var v T
	if json.Unmarshal(raw, &v) == nil {
		m.is = v
	}
	return nil
}

// digits is an id of digits only, as it goes into a path of the product's API;
// "" for any other.
func (l loose) digits() string {
	s := string(l)
	if s == "" || len(s) > 24 || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return s
}

// seq is an id that counts up, 0 for any other.
func (l loose) seq() int64 {
	n, _ := strconv.ParseInt(string(l), 10, 64)
	return max(n, 0)
}

// moment reads a time: seconds or milliseconds since 1970, RFC 3339, or
// "2026-03-02 15:04:05 UTC".
func (l loose) moment() time.Time {
	s := string(l)
	if n, err := strconv.ParseFloat(s, 64); err == nil && n > 0 && n < 1e14 {
		if n > 1e11 {
			n /= 1000
		}
		return time.UnixMicro(int64(n * 1e6)).UTC()
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05.999999999 MST"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// writtenAt takes over when a message was written, and reads its times by that
// and not by when it came. A time that cannot be is the time of its arrival.
func (f *fields) writtenAt(at time.Time, seq int64) {
	received := f.context.ReceivedAt
	if at.IsZero() || at.Year() < 2000 || !received.IsZero() && at.After(received.Add(MaxAhead)) {
		at = received
	}
	f.parsed.Written = cases.Written{At: at, Seq: seq}
	f.context.ReceivedAt = at
}

// words takes over what was written in a chat product, whatever it is.
func (f *fields) words(text string) {
	f.parsed.Text = clip(tidy(toUTF8([]byte(text), "")), f.warn)
}

func (f *fields) warn(s string) { f.parsed.Warnings = append(f.parsed.Warnings, s) }

// contact takes over what a product says of the sender. What of it is wrong the
// sender never typed here, so that it is no problem of his.
func (f *fields) contact(name, email, phone string) {
	before := len(f.problems)
	f.name("name", short(oneLine(name)))
	f.email("email", email)
	f.phone("phone", phone, "")
	if len(f.problems) > before {
		f.warn("what the chat says of the sender's address or number could not be read")
		f.problems, f.codes = f.problems[:before], f.codes[:before]
	}
}

// linked takes over a file that the product keeps.
func (f *fields) linked(name, mediaType, size, address string) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || len(address) > maxURL {
		f.warn("an attachment without a usable address was left out")
		return
	}
	if name == "" {
		name = path.Base(u.Path)
	}
	bytes, _ := strconv.ParseInt(size, 10, 64)
	f.attach(cases.Attachment{Name: fileName(name), Type: short(oneLine(mediaType)), Bytes: max(bytes, 0), URL: address})
}

// maxURL bounds the address of an attachment, in bytes.
const maxURL = 2 << 10

// told finishes what a product sent: a message that says nothing in words (a
// sticker, a place on a map) is no mistake of its sender.
func (f *fields) told() (cases.Parsed, error) {
	if f.parsed.Text == "" && len(f.parsed.Attachments) == 0 && len(f.problems) == 0 {
		f.warn("the message has neither words nor files that could be read")
		f.parsed.Unreadable, f.parsed.Category = true, cases.CategoryOther
		return f.parsed, nil
	}
	return f.finish()
}
