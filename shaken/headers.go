package shaken

import "strings"

// HeadersIn returns the values of the Identity headers in a text: a SIP message,
// lines "Identity: …" (or "y: …", the compact name of RFC 8224 section 4), or
// bare values, one a line. Folded lines are unfolded. At most MaxIdentities+1 are
// returned. A value is not repaired: white space inside a token stays there.
func HeadersIn(text string) []string {
	var lines, named []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if folded := line != "" && (line[0] == ' ' || line[0] == '\t'); folded && len(lines) > 0 && lines[len(lines)-1] != "" {
			lines[len(lines)-1] += " " + trimSpace(line)
			continue
		}
		if lines = append(lines, trimSpace(line)); len(lines) > 1<<14 {
			break
		}
	}
	for _, line := range lines {
		if name, value, ok := strings.Cut(line, ":"); ok {
			if name = trimSpace(name); strings.EqualFold(name, "Identity") || strings.EqualFold(name, "y") {
				named = append(named, trimSpace(value))
			}
		}
	}
	if named == nil {
		for _, line := range lines {
			switch {
			case strings.HasPrefix(line, ";") && len(named) > 0: // a value cut before its parameters
				named[len(named)-1] += line
			case line != "":
				named = append(named, line)
			}
		}
	}
	return named[:min(len(named), MaxIdentities+1)]
}

// FindHeaders returns what looks like Identity headers in free text, such as a
// report that somebody pasted together: tokens of three base64url parts, the
// first of which begins a JSON object, with the parameters that follow. Breaks
// that mail programs put into long lines are taken out, so a value that is found
// may differ from what was on the wire by white space. At most MaxIdentities are
// returned, in the order of the text.
func FindHeaders(text string) []string {
	var found []string
	for i := 0; i < len(text) && len(found) < MaxIdentities; {
		n := strings.Index(text[i:], "eyJ")
		if n < 0 {
			break
		}
		start := i + n
		if start > 0 && (isBase64URL(text[start-1]) || text[start-1] == '.') {
			i = start + 3
			continue
		}
		value, end := readPasted(text[start:min(len(text), start+MaxHeaderBytes)])
		if value != "" {
			found = append(found, value)
		}
		i = start + max(end, 3)
	}
	return found
}

// readPasted reads a token and its parameters from the beginning of s, without
// the white space in between, and returns how far it got. "" means no token.
func readPasted(s string) (value string, end int) {
	var b strings.Builder
	dots, i := 0, 0
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case isBase64URL(c):
			b.WriteByte(c)
			end = i + 1
			continue
		case c == '.' && dots < 2:
			dots++
			b.WriteByte(c)
			end = i + 1
			continue
		case c == '\n' || c == '\r' || c == ' ' || c == '\t':
			if dots < 2 || wrapped(s[i:]) {
				continue
			}
		}
		break
	}
	if dots != 2 || strings.HasSuffix(b.String(), ".") {
		return "", end
	}
	for i < len(s) {
		rest := strings.TrimLeft(s[i:], " \t\r\n")
		if !strings.HasPrefix(rest, ";") {
			break
		}
		i = len(s) - len(rest)
		stop := strings.IndexByte(rest, '>')
		if !strings.HasPrefix(strings.ToLower(trimSpace(rest[1:])), "info") || stop < 0 {
			if stop = strings.IndexAny(rest[1:], ";, \t\r\n"); stop < 0 {
				stop = len(rest) - 1
			}
		}
		b.WriteString(strings.Join(strings.Fields(rest[:stop+1]), ""))
		i += stop + 1
		end = i
	}
	return strings.TrimRight(b.String(), ".!?:)'"), end // the end of a sentence
}

// wrapped reports whether the token goes on after white space: only a line break
// followed by base64url that leads on to a parameter.
func wrapped(s string) bool {
	rest := strings.TrimLeft(s, " \t\r\n")
	if !strings.ContainsAny(s[:len(s)-len(rest)], "\r\n") {
		return false
	}
	for i := range len(rest) {
		if !isBase64URL(rest[i]) {
			return i > 0 && rest[i] == ';'
		}
	}
	return false
}
