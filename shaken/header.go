package shaken

import (
	"fmt"
	"strings"
)

// Limits on Identity headers. RFC 8224 has none; SIP stacks cut messages at
// 64 KiB, and a shaken token has about 600 bytes.
const (
	MaxHeaderBytes = 16 << 10 // one header value, nested tokens of div-o included
	MaxIdentities  = 16       // tokens of one call
)

// Header is one value of an Identity header, taken apart by RFC 8224 section 4
// with erratum 6499 (the digest is base64url, not base64):
//
//	signed-identity-digest SEMI ident-info *( SEMI ident-info-params )
type Header struct {
	Token string // the PASSporT as received, in full form or in compact form ("..signature")
	Info  string // where the certificate is, without the angle brackets
	Alg   string // "" where the parameter is absent
	PPT   string // "" where the parameter is absent
}

// Compact reports whether header and claims were left out (RFC 8225 section 7).
func (h Header) Compact() bool { return strings.HasPrefix(h.Token, "..") }

// ParseHeader takes one header value apart. It returns as much as it could read
// together with everything that is wrong; a value over MaxHeaderBytes is not
// read at all. Parameters may stand in any order and ppt may be quoted, as
// deployed headers have it; unknown parameters are allowed by the grammar.
func ParseHeader(value string) (Header, []string) {
	if len(value) > MaxHeaderBytes {
		return Header{}, []string{fmt.Sprintf("the header has %d bytes, more than %d", len(value), MaxHeaderBytes)}
	}
	var h Header
	var wrong []string
	parts := splitOutside(value, ';')
	h.Token = trimSpace(parts[0])
	wrong = append(wrong, digestProblems(h.Token)...)
	seen := map[string]bool{}
	for _, part := range parts[1:] {
		name, val, hasValue := strings.Cut(part, "=")
		name, val = strings.ToLower(trimSpace(name)), trimSpace(val)
		if !isToken(name) {
			wrong = append(wrong, "a parameter has no proper name")
			continue
		}
		known := name == "info" || name == "alg" || name == "ppt"
		if known && seen[name] {
			wrong = append(wrong, "the parameter "+name+" appears twice")
			continue
		}
		seen[name] = true
		var problem string
		switch name {
		case "info":
			h.Info, problem = infoURI(val)
		case "alg":
			h.Alg, problem = tokenOrQuoted(val)
		case "ppt":
			h.PPT, problem = tokenOrQuoted(val)
		default:
			if hasValue && val == "" {
				problem = "has no value"
			}
		}
		if problem != "" {
			wrong = append(wrong, "the parameter "+name+" "+problem)
		}
	}
	if !seen["info"] {
		wrong = append(wrong, "the info parameter, which says where the certificate is, is missing")
	}
	return h, wrong
}

// digestProblems checks 1*(base64url-char / ".") and the two dots of a JWS.
func digestProblems(token string) []string {
	switch {
	case token == "":
		return []string{"there is no token"}
	case strings.ContainsAny(token, "+/="):
		return []string{"the token is in base64, not in base64url without padding"}
	}
	for i := range len(token) {
		if !isBase64URL(token[i]) && token[i] != '.' {
			return []string{"the token has a character that is not base64url"}
		}
	}
	if n := strings.Count(token, "."); n != 2 {
		return []string{fmt.Sprintf("the token has %d dots, not two", n)}
	}
	return nil
}

// infoURI reads LAQUOT absoluteURI RAQUOT.
func infoURI(s string) (uri, problem string) {
	if len(s) < 2 || s[0] != '<' || s[len(s)-1] != '>' {
		return strings.Trim(s, "<>\" "), "is not an address in angle brackets"
	}
	uri = s[1 : len(s)-1]
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok || rest == "" || !isScheme(scheme) {
		return uri, "is not an absolute address"
	}
	for i := range len(uri) {
		if c := uri[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`<>"\^{|}`+"`", c) >= 0 {
			return uri, "has a character that an address may not have"
		}
	}
	return uri, ""
}

func tokenOrQuoted(s string) (value, problem string) {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	if !isToken(s) {
		return "", "has no proper value"
	}
	return s, ""
}

// splitOutside cuts s at sep, but not inside angle brackets or quotes.
func splitOutside(s string, sep byte) []string {
	n := strings.Count(s, string(sep))
	if n == 0 {
		return []string{s}
	}
	parts := make([]string, 0, min(n, MaxIdentities)+1)
	start, angle, quoted := 0, false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && !angle:
			quoted = !quoted
		case quoted:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == sep && !angle:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

func trimSpace(s string) string { return strings.Trim(s, " \t\r\n") }

// isToken is the token of RFC 3261 section 25.1.
func isToken(s string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) && strings.IndexByte("-.!%*_+`'~", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

func isScheme(s string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) && strings.IndexByte("+-.", s[i]) < 0 {
			return false
		}
	}
	return s != "" && !isDigit(s[0])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlnum(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c) }

func isBase64URL(c byte) bool { return isAlnum(c) || c == '-' || c == '_' }
