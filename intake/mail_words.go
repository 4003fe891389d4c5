package intake

import (
	"io"
	"strings"
	"unicode/utf8"
)

// decodeWords decodes the encoded words of a header value (RFC 2047) and raw
// 8-bit text. Adjacent words of one charset are decoded together, because many
// senders split them in the middle of a character. What is malformed stays.
func decodeWords(value string) string {
	if !strings.Contains(value, "=?") {
		if utf8.ValidString(value) {
			return value
		}
		return toUTF8([]byte(value), "")
	}
	var out strings.Builder
	var pending []byte // bytes of adjacent words, not yet decoded
	charset := ""
	flush := func() {
		out.WriteString(toUTF8(pending, charset))
		pending, charset = pending[:0], ""
	}
	for {
		i := strings.Index(value, "=?")
		if i < 0 {
			break
		}
		label, decoded, size, ok := encodedWord(value[i:])
		between := value[:i]
		if !ok {
			flush()
			out.WriteString(plainText(value[:i+2]))
			value = value[i+2:]
			continue
		}
		if charset == "" || strings.TrimSpace(between) != "" || !strings.EqualFold(label, charset) {
			adjacent := charset != "" && strings.TrimSpace(between) == ""
			flush()
			if !adjacent { // white space between two words is not shown
				out.WriteString(plainText(between))
			}
			charset = label
		}
		pending = append(pending, decoded...)
		value = value[i+size:]
	}
	flush()
	out.WriteString(plainText(value))
	return out.String()
}

func plainText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return toUTF8([]byte(s), "")
}

// encodedWord reads the word at the beginning of s.
func encodedWord(s string) (charset string, decoded []byte, size int, ok bool) {
	const longest = 4096 // RFC 2047 says 75; nobody keeps to it
	body := s[2:min(len(s), longest)]
	charset, body, ok = strings.Cut(body, "?")
	if !ok || charset == "" || len(charset) > 64 || strings.ContainsAny(charset, " \t=") {
		return "", nil, 0, false
	}
	encoding, body, ok := strings.Cut(body, "?")
	if !ok {
		return "", nil, 0, false
	}
	content, _, ok := strings.Cut(body, "?=")
	if !ok || strings.Contains(content, "=?") { // another word begins before this one ends
		return "", nil, 0, false
	}
	size = 2 + len(charset) + 1 + len(encoding) + 1 + len(content) + 2
	switch encoding {
	case "B", "b":
		decoded = tolerantBase64([]byte(content))
	case "Q", "q":
		decoded = wordQ(content)
	default:
		return "", nil, 0, false
	}
	charset, _, _ = strings.Cut(charset, "*") // a language (RFC 2231 section 5)
	return charset, decoded, size, true
}

func wordQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '_':
			out = append(out, ' ')
		case s[i] == '=' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return out
}

func unhex(b byte) int {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0')
	case b >= 'A' && b <= 'F':
		return int(b-'A') + 10
	case b >= 'a' && b <= 'f':
		return int(b-'a') + 10
	}
	return -1
}

// tolerantBase64 decodes what there is, passing over what does not belong there.
func tolerantBase64(b []byte) []byte {
	out, _ := io.ReadAll(&base64Reader{src: b})
	return out
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
