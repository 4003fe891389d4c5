package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime"
	"strings"

	"github.com/emersion/go-message"

	"github.com/abusedesk/abusedesk/cases"
)

// part is one leaf of a mail, or a message in it.
type part struct {
	header      message.Header
	mediaType   string
	params      map[string]string
	disposition string
	name        string // file name; safe to show, never a path
	body        []byte // as it came, transfer encoding and all
	depth       int
}

// parts walks a mail. It splits multiparts itself and in place, because a part
// with a broken header or a missing boundary must cost that part and not the
// rest; go-message then reads each part's repaired header and body.
type parts struct {
	count int
	warn  func(string)
}

// splitBody returns the parts of a multipart, or nil.
func splitBody(body []byte, boundary string, most int) (split [][]byte, closed bool) {
	if boundary == "" {
		return nil, false
	}
	delimiter := []byte("--" + boundary)
	start := -1 // of the current part; the preamble is none
	for at := 0; ; {
		i := bytes.Index(body[at:], delimiter)
		if i < 0 {
			break
		}
		i += at
		at = i + len(delimiter)
		if i > 0 && body[i-1] != '\n' {
			continue
		}
		line, _ := cutLine(body[at:])
		end := bytes.HasPrefix(line, []byte("--"))
		if end {
			line = line[2:]
		}
		if len(bytes.TrimSpace(line)) > 0 { // a longer boundary that begins alike
			continue
		}
		if start >= 0 {
			split = append(split, trimEnd(body[start:i]))
			if len(split) > most {
				return split, true
			}
		}
		if end {
			return split, true
		}
		_, rest := cutLine(body[at:])
		start = len(body) - len(rest)
		at = start
	}
	if start >= 0 {
		split = append(split, body[start:])
	}
	return split, false
}

// trimEnd takes off the line end that belongs to the boundary (RFC 2046 section 5.1.1).
func trimEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte{'\n'})
	return bytes.TrimSuffix(b, []byte{'\r'})
}

// sniffBoundary finds the boundary of a multipart that does not name it: its
// first line that begins with two dashes.
func sniffBoundary(body []byte) string {
	for range 20 {
		var line []byte
		if line, body = cutLine(body); bytes.HasPrefix(line, []byte("--")) && len(line) > 4 && len(line) < 120 {
			return string(bytes.TrimSpace(line[2:]))
		}
		if len(body) == 0 {
			break
		}
	}
	return ""
}

// read describes a part from its repaired header.
func (w *parts) read(h message.Header, body []byte, depth int, fallback string) part {
	p := part{header: h, body: body, depth: depth}
	p.mediaType, p.params = parameters(h.Get("Content-Type"))
	if !strings.Contains(p.mediaType, "/") {
		p.mediaType = fallback
	}
	var disposition map[string]string
	p.disposition, disposition = parameters(h.Get("Content-Disposition"))
	p.name = fileName(disposition["filename"])
	if p.name == "" {
		p.name = fileName(p.params["name"])
	}
	return p
}

// parameters reads a media type or disposition and its parameters. The
// standard library does RFC 2231 and refuses much of what is sent; what it
// refuses is read loosely.
func parameters(value string) (string, map[string]string) {
	if len(value) > 8<<10 {
		value = value[:8<<10]
	}
	if t, params, err := mime.ParseMediaType(value); err == nil {
		return t, params
	}
	t, rest, _ := strings.Cut(value, ";")
	params := map[string]string{}
	for rest != "" {
		var field string
		field, rest = cutParameter(rest)
		name, v, ok := strings.Cut(field, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, seen := params[name]; ok && !seen {
			params[name] = strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return strings.ToLower(strings.TrimSpace(t)), params
}

// cutParameter cuts at the next semicolon outside quotes.
func cutParameter(s string) (field, rest string) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ';' && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// fileName makes a hostile name harmless: no folders, no controls, no marks
// that change the direction of text, 200 bytes at most.
func fileName(name string) string {
	name = decodeWords(name)
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff {
			return -1
		}
		return r
	}, name)
	name = strings.Trim(name, ". ")
	for len(name) > 200 {
		name = strings.ToValidUTF8(name[:200], "")
	}
	return name
}

// decoded reads a part through its transfer encoding. Damaged encodings give
// what there is.
func (p part) decoded() io.Reader {
	encoding := strings.ToLower(strings.Trim(strings.TrimSpace(p.header.Get("Content-Transfer-Encoding")), `"; `))
	var h message.Header
	body := p.body
	switch encoding {
	case "base64":
		return &base64Reader{src: body}
	case "quoted-printable":
		h.Set("Content-Transfer-Encoding", encoding)
		body = repairQuoted(body)
	}
	// The charset stays out of it: what parts say of that needs judgement.
	e, err := message.New(h, bytes.NewReader(body))
	if err != nil {
		return bytes.NewReader(body)
	}
	return e.Body
}

// text returns at most limit bytes of the part as UTF-8.
func (p part) text(limit int) (s string, cut bool) {
	b, _ := io.ReadAll(io.LimitReader(p.decoded(), int64(limit)*3)) // three bytes of a legacy charset can be one of ASCII
	label := p.params["charset"]
	if label == "" && p.mediaType == "text/html" {
		label = htmlCharset(b)
	}
	s = toUTF8(b, label)
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return s, len(b) == limit*3
}

// attachment hashes the part as it was before it was encoded.
func (p part) attachment() cases.Attachment {
	digest := sha256.New()
	n, _ := io.Copy(digest, p.decoded())
	return cases.Attachment{Name: p.name, Type: p.mediaType, Bytes: n, SHA256: hex.EncodeToString(digest.Sum(nil))}
}

// base64Reader decodes base64 in pieces, passing over what does not belong.
type base64Reader struct {
	src     []byte
	pending []byte // decoded
	quad    [4]byte
	n       int
}

func (r *base64Reader) Read(p []byte) (int, error) {
	const piece = 32 << 10
	for len(r.pending) == 0 {
		if len(r.src) == 0 && r.n == 0 {
			return 0, io.EOF
		}
		n := min(piece, len(r.src))
		clean := make([]byte, 0, n+4)
		clean = append(clean, r.quad[:r.n]...)
		for _, b := range r.src[:n] {
			if b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '+' || b == '/' {
				clean = append(clean, b)
			}
		}
		r.src = r.src[n:]
		r.n = 0
		if len(r.src) > 0 {
			whole := len(clean) / 4 * 4
			r.n = copy(r.quad[:], clean[whole:])
			clean = clean[:whole]
		}
		r.pending = tolerantBase64(clean)
	}
	n := copy(p, r.pending)
	r.pending = r.pending[n:]
	return n, nil
}

// repairQuoted mends what the standard decoder stops at: an equals sign that
// begins no escape, and raw 8-bit bytes are fine with it already.
func repairQuoted(b []byte) []byte {
	var out []byte
	last := 0
	for i := 0; ; i++ {
		j := bytes.IndexByte(b[i:], '=')
		if j < 0 {
			break
		}
		i += j
		rest := b[i+1:]
		if len(rest) >= 2 && unhex(rest[0]) >= 0 && unhex(rest[1]) >= 0 {
			continue
		}
		if softBreak(rest) {
			continue
		}
		out = append(out, b[last:i]...)
		out = append(out, "=3D"...)
		last = i + 1
	}
	if out == nil {
		return b
	}
	return append(out, b[last:]...)
}

// softBreak says whether only white space stands before the line's end.
func softBreak(rest []byte) bool {
	for _, b := range rest {
		switch b {
		case ' ', '\t', '\r':
		default:
			return b == '\n'
		}
	}
	return true
}
