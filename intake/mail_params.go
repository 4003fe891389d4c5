package intake

import (
	"slices"
	"strconv"
	"strings"
)

// parameters reads a media type or disposition (lower case) and its parameters
// (RFC 2045 section 5.1, RFC 2231). The standard library refuses much of what is
// sent, and drops extended values in other charsets than two: this reads missing
// semicolons, unquoted spaces, unclosed quotes and wrong charsets too. Of two
// parameters of one name the first counts.
func parameters(value string) (string, map[string]string) {
	const longest = 8 << 10
	value = value[:min(len(value), longest)]
	head, rest := cutParameter(value)
	head = strings.Trim(strings.TrimSpace(head), `"`)
	if i := strings.IndexAny(head, " \t("); i >= 0 { // "text/plain charset=utf-8"
		head, rest = head[:i], head[i:]+";"+rest
	}
	params := map[string]string{}
	extended := map[string][]segment{}
	for rest != "" {
		var field string
		field, rest = cutParameter(rest)
		name, v, ok := strings.Cut(field, "=")
		if name = strings.ToLower(strings.TrimSpace(name)); !ok || name == "" {
			continue
		}
		v, more := parameterValue(name, strings.TrimSpace(v))
		if more != "" {
			rest = more + ";" + rest
		}
		if base, index, star := strings.Cut(name, "*"); star {
			if s, ok := newSegment(index, v); ok && len(extended[base]) < 100 {
				extended[base] = append(extended[base], s)
			}
			continue
		}
		if _, seen := params[name]; !seen {
			params[name] = v
		}
	}
	for name, segments := range extended { // RFC 6266 section 4.3: the extended one is the better
		params[name] = assemble(segments)
	}
	return strings.ToLower(head), params
}

// cutParameter cuts at the next semicolon outside quotes. A quote that is never
// closed quotes nothing.
func cutParameter(s string) (field, rest string) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ';':
			return s[:i], s[i+1:]
		case '"':
			if end := closingQuote(s[i+1:]); end >= 0 {
				i += 1 + end
			}
		}
	}
	return s, ""
}

// closingQuote is where the quoted string that s is in ends, or -1.
func closingQuote(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// parameterValue takes off quotes, and returns what follows the value where a
// semicolon is missing.
func parameterValue(name, v string) (value, more string) {
	if strings.HasPrefix(v, `"`) {
		if end := closingQuote(v[1:]); end >= 0 {
			return unescape(v[1 : 1+end]), v[end+2:]
		}
		v = v[1:]
	}
	if i := nextParameter(v); i >= 0 {
		v, more = strings.TrimSpace(v[:i]), v[i:]
	}
	if !strings.HasPrefix(name, "name") && !strings.HasPrefix(name, "filename") {
		if i := strings.IndexAny(v, " \t("); i >= 0 { // a comment; only file names have spaces
			v = v[:i]
		}
	}
	return v, more
}

// nextParameter is where in a value another parameter begins: at a space before
// "word=". -1 for none.
func nextParameter(v string) int {
	if strings.HasPrefix(v, "=?") { // an encoded word
		return -1
	}
	space := -1
	for i := range len(v) {
		switch c := v[i]; {
		case c == ' ' || c == '\t':
			space = i
		case c == '=' && space >= 0 && space < i-1:
			return space
		case !isLetter(c) && c != '-' && c != '*' && (c < '0' || c > '9'):
			space = -1
		}
	}
	return -1
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		// A path of Windows in quotes is not escaped: "C:\calls\log.txt".
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
			i++
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// segment is a piece of a value (RFC 2231 section 3).
type segment struct {
	index   int
	encoded bool // percent-encoded; the first such one names the charset
	value   string
}

// newSegment reads what follows the star in a parameter's name: "", "0", "1*".
func newSegment(index, value string) (segment, bool) {
	if index == "" {
		return segment{0, true, value}, true
	}
	number, encoded := strings.CutSuffix(index, "*")
	n, err := strconv.Atoi(number)
	return segment{n, encoded, value}, err == nil && n >= 0
}

func assemble(segments []segment) string {
	slices.SortStableFunc(segments, func(a, b segment) int { return a.index - b.index })
	charset := ""
	var out []byte
	next := 0
	for _, s := range segments {
		if s.index > next { // one is missing
			break
		}
		if s.index < next {
			continue
		}
		next++
		if !s.encoded {
			out = append(out, s.value...)
			continue
		}
		if label, rest, ok := strings.Cut(s.value, "'"); ok && s.index == 0 {
			if _, text, ok := strings.Cut(rest, "'"); ok { // the language is between them
				charset, s.value = label, text
			}
		}
		out = append(out, percentDecoded(s.value)...)
	}
	return toUTF8(out, charset)
}

func percentDecoded(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}
