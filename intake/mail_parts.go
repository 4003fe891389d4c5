package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message"

	"github.com/abusedesk/abusedesk/cases"
)

// part is one leaf of a mail, or a message in it.
type part struct {
	header      message.Header
	mediaType   string
	params      map[string]string
	disposition string
	encoding    string // of the transfer; "" as it stands
	name        string // file name; safe to show, never a path
	body        []byte // as it came, transfer encoding and all
	cut         bool   // of body only the beginning is held
	held        []byte // that beginning
	depth       int
	number      int // of the part in its mail, from 1
}

// read describes a part from its repaired header.
func (m *mailReader) read(h message.Header, body []byte, depth int, fallback string) part {
	p := part{header: h, body: body, depth: depth, number: m.count}
	p.held, p.cut = m.left.beginning(body)
	p.mediaType, p.params = parameters(h.Get("Content-Type"))
	if kind, sub, _ := strings.Cut(p.mediaType, "/"); kind == "" || sub == "" {
		p.mediaType = fallback
	}
	var disposition map[string]string
	p.disposition, disposition = parameters(h.Get("Content-Disposition"))
	p.name = fileName(disposition["filename"])
	if p.name == "" {
		p.name = fileName(p.params["name"])
	}
	switch encoding, _ := parameters(h.Get("Content-Transfer-Encoding")); encoding {
	case "base64", "quoted-printable":
		p.encoding = encoding
	case "", "7bit", "8bit", "binary":
	default:
		m.warn("a part is in a transfer encoding that is not known; it was read as it stands")
	}
	return p
}

// decoded reads what is held of a part through its transfer encoding. The charset stays out of
// it: what parts say of that needs judgement.
func (p part) decoded() io.Reader {
	src := p.body
	if p.cut {
		src = p.held
	}
	switch p.encoding {
	case "base64":
		return &base64Reader{src: src}
	case "quoted-printable":
		return &quotedReader{src: src}
	}
	return bytes.NewReader(src)
}

// text returns at most limit bytes of the part as UTF-8, with bare line feeds.
func (p part) text(limit int) (s string, cut bool) {
	b, _ := io.ReadAll(io.LimitReader(p.decoded(), int64(limit)*3)) // three bytes of a legacy charset can be one of ASCII
	cut = len(b) == limit*3
	label := p.params["charset"]
	if p.mediaType == "text/html" && labelled(label) == nil && !utf8.Valid(b) {
		if inside := htmlCharset(b); inside != "" {
			label = inside
		}
	}
	s = toUTF8(b, label)
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	if len(s) > limit {
		s, cut = strings.ToValidUTF8(s[:limit], ""), true
	}
	return s, cut
}

// attachment names the part, and hashes it as it was before it was encoded; one
// that is not held whole is hashed later.
func (p part) attachment() cases.Attachment {
	if p.cut {
		return cases.Attachment{Name: p.shownName(), Type: shownType(p.mediaType)}
	}
	digest := sha256.New()
	n, _ := io.Copy(digest, p.decoded())
	return cases.Attachment{Name: p.shownName(), Type: shownType(p.mediaType), Bytes: n, SHA256: hex.EncodeToString(digest.Sum(nil))}
}

func (p part) shownName() string {
	if p.name != "" {
		return p.name
	}
	return usualName(p.mediaType, p.number)
}

// shownType keeps what a header calls a type fit to be stored.
func shownType(s string) string {
	const longest = 127 // RFC 6838 section 4.2 allows twice that and advises half
	s = oneLine(s)
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "")
	}
	return s
}

// fileName makes a hostile name harmless: no folders, no controls, no marks
// that change the direction of text, 200 bytes at most.
func fileName(name string) string {
	name = decodeWords(name)
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || isInvisible(r) {
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

// isInvisible tells characters that only make text look like another: marks
// that turn its direction, and those without width that split a number.
func isInvisible(r rune) bool {
	switch {
	case r == 0x00ad, r == 0x200b, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r == 0x2060, r >= 0x2066 && r <= 0x2069, r == 0xfeff:
		return true
	}
	return false
}
