package intake

import (
	"bytes"
	"strings"
)

// splitBody returns the parts of a multipart, or nil, and what follows its last
// boundary. It splits in place and in one pass, because a part with a broken
// header or a missing boundary must cost that part and not the rest. Parts
// behind the boundary that ends them all are parts too: it may have been that of
// a multipart inside which uses the same. Over most parts it stops.
func splitBody(body []byte, boundary string, most int) (split [][]byte, after []byte, closed bool) {
	if boundary == "" {
		return nil, nil, false
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
		line, rest := cutLine(body[at:])
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
				return split, nil, true
			}
		}
		at = len(body) - len(rest)
		start, after, closed = at, nil, end
		if end {
			start, after = -1, rest
		}
	}
	if start >= 0 {
		split = append(split, body[start:])
	}
	return split, after, closed
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

// multipart goes through the parts of p.
func (m *mailReader) multipart(p part, sub string) {
	split := m.split(p)
	if split == nil {
		m.warn("a multipart without parts was read as text")
		p.mediaType, p.params = "text/plain", nil
		m.text(p)
		return
	}
	fallback := "text/plain"
	switch sub {
	case "digest":
		fallback = "message/rfc822"
	case "alternative":
		m.alternative(p, split)
		return
	case "related":
		m.related(p, split)
		return
	case "encrypted":
		m.warn("the mail is encrypted; its parts are kept unread")
	case "signed":
		if len(split) > 1 { // RFC 1847: the signed part, then the signature, kept as evidence
			m.descend(split[0], p.depth, fallback)
			for _, s := range split[1:] {
				m.file(s, p.depth, "application/octet-stream")
			}
			return
		}
	case "report":
		m.parsed.Mail.AutoSubmitted, m.report = true, true
		m.returning = m.returning || strings.EqualFold(p.params["report-type"], "delivery-status")
	}
	for _, s := range split {
		m.descend(s, p.depth, fallback)
	}
}

func (m *mailReader) split(p part) [][]byte {
	split, after, closed := splitBody(p.body, p.params["boundary"], MaxParts)
	if split == nil {
		boundary := sniffBoundary(p.body)
		if split, after, closed = splitBody(p.body, boundary, MaxParts); split == nil {
			return nil
		}
		m.warn("a multipart does not name its boundary")
	}
	if !closed {
		m.warn("a multipart is cut off")
	}
	if len(bytes.TrimSpace(after)) > 0 {
		m.warn("text behind the last part was not read")
	}
	return split
}

// descend walks a part of the multipart at depth.
func (m *mailReader) descend(raw []byte, depth int, fallback string) {
	h, body := splitHeader(raw, m.warn)
	m.walk(h, body, depth+1, fallback)
}

// file keeps a part as an attachment, whatever it is.
func (m *mailReader) file(raw []byte, depth int, fallback string) {
	if !m.counted(depth + 1) {
		return
	}
	h, body := splitHeader(raw, m.warn)
	m.attach(m.read(h, body, depth+1, fallback))
}

// related walks the root of parts that belong together (RFC 2387); what it
// refers to are attachments, style sheets and frames with them.
func (m *mailReader) related(p part, split [][]byte) {
	root := 0
	if start := strings.Trim(p.params["start"], "<> "); start != "" {
		for i, s := range split[:min(len(split), MaxParts)] {
			h, _ := splitHeader(s, func(string) {})
			if strings.Trim(strings.TrimSpace(h.Get("Content-Id")), "<>") == start {
				root = i
				break
			}
		}
	}
	m.descend(split[root], p.depth, "text/plain")
	for i, s := range split {
		if i == root {
			continue
		}
		h, body := splitHeader(s, m.warn)
		if kind, _ := parameters(h.Get("Content-Type")); strings.HasPrefix(kind, "text/") {
			m.file(s, p.depth, "text/plain")
			continue
		}
		m.walk(h, body, p.depth+1, "text/plain")
	}
}

// alternative takes the plain text, unless it is a stub that says to look at
// the other one. Attachments of all alternatives are kept: some programs put
// them into one of them only.
func (m *mailReader) alternative(p part, split [][]byte) {
	outside, length := m.texts, m.length
	var plain, rich []string
	for _, s := range split {
		h, body := splitHeader(s, m.warn)
		kind, _ := parameters(h.Get("Content-Type"))
		if disposition, _ := parameters(h.Get("Content-Disposition")); kind == "text/html" && size(plain) >= stub && disposition != "attachment" {
			m.counted(p.depth + 1) // it says the same
			continue
		}
		m.texts, m.length = nil, length
		m.walk(h, body, p.depth+1, "text/plain")
		switch {
		case kind == "text/plain" || kind == "":
			plain = append(plain, m.texts...)
		case len(rich) == 0:
			rich = m.texts
		}
	}
	chosen := plain
	if size(plain) == 0 || size(plain) < stub && size(rich) > 3*size(plain) {
		chosen = rich
	}
	m.texts, m.length = append(outside, chosen...), length+size(chosen)
}

// stub is below what length a plain text may only point to the other one.
const stub = 300

func size(texts []string) int {
	n := 0
	for _, s := range texts {
		n += len(s) + 2
	}
	return n
}
