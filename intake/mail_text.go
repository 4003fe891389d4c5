package intake

import (
	"fmt"
	"strings"
)

// tidy makes text fit to be stored and shown: valid UTF-8, no controls but line
// ends and tabs, nothing invisible, no trailing spaces, no runs of empty lines.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r < 0x20, r >= 0x7f && r < 0xa0, isInvisible(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	var out strings.Builder
	out.Grow(len(s))
	empty := 0
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimRight(line, " \t\u00a0")
		if line == "" {
			empty++
			continue
		}
		if out.Len() > 0 {
			out.WriteByte('\n')
			if empty > 0 {
				out.WriteByte('\n')
			}
		}
		empty = 0
		out.WriteString(line)
	}
	return out.String()
}

// clip keeps to MaxText.
func clip(s string, warn func(string)) string {
	if len(s) <= MaxText {
		return s
	}
	warn(fmt.Sprintf("there are more than %d KB of text; the rest was not read", MaxText>>10))
	return strings.ToValidUTF8(s[:MaxText], "")
}

// oneLine is for names and subjects: 998 bytes at most (RFC 5322 section 2.1.1).
func oneLine(s string) string {
	s = strings.Join(strings.Fields(tidy(s)), " ")
	if len(s) > 998 {
		s = strings.ToValidUTF8(s[:998], "")
	}
	return s
}

// unarmoured takes the armour of inline PGP (RFC 9580 section 6) off a text:
// what was signed stays as it was written, signatures and keys stay in the raw
// mail, and what is encrypted is said to be.
func (m *mailReader) unarmoured(s string) string {
	const begin, end, dashes = "-----BEGIN PGP ", "-----END PGP ", "-----"
	if !strings.Contains(s, begin) {
		return s
	}
	var out []string
	lines := strings.Split(s, "\n")
	for i := 0; i < len(lines); i++ {
		kind, ok := strings.CutPrefix(strings.TrimRight(lines[i], " \t\r"), begin)
		kind, closed := strings.CutSuffix(kind, dashes)
		if !ok || !closed {
			out = append(out, lines[i])
			continue
		}
		last := i + 1
		for last < len(lines) && !strings.HasPrefix(lines[last], end) && (kind != "SIGNED MESSAGE" || !strings.HasPrefix(lines[last], begin)) {
			last++
		}
		if last == len(lines) { // not closed: no armour
			return strings.Join(append(out, lines[i:]...), "\n")
		}
		switch kind {
		case "SIGNED MESSAGE":
			m.warn("an inline PGP signature is kept in the raw mail")
			for i++; i < last && strings.TrimSpace(lines[i]) != ""; i++ { // its header
			}
			for ; i < last; i++ {
				out = append(out, strings.TrimPrefix(lines[i], "- "))
			}
			if strings.HasPrefix(lines[last], begin) { // the signature itself comes next
				i = last - 1
				continue
			}
		case "MESSAGE":
			m.warn("the mail is encrypted; it is kept unread")
		}
		i = last
	}
	return strings.Join(out, "\n")
}
