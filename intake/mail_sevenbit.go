package intake

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/korean"
)

// sevenBit are two charsets that golang.org/x/text does not have and old mail
// programs still send: UTF-7 (RFC 2152), and ISO-2022-KR (RFC 1557), which is
// EUC-KR with the high bits taken off between the characters SO and SI.
var sevenBit = map[string]func([]byte) string{
	"utf-7": decodeUTF7, "unicode-1-1-utf-7": decodeUTF7, "unicode-2-0-utf-7": decodeUTF7, "x-unicode-2-0-utf-7": decodeUTF7,
	"iso-2022-kr": decodeISO2022KR, "csiso2022kr": decodeISO2022KR,
}

func decodeISO2022KR(b []byte) string {
	const so, si = 0x0e, 0x0f
	b = bytes.ReplaceAll(b, []byte("\x1b$)C"), nil)
	out := make([]byte, 0, len(b))
	high := false
	for _, c := range b {
		switch {
		case c == so:
			high = true
		case c == si:
			high = false
		case c == '\n': // a line begins in ASCII
			high = false
			out = append(out, c)
		case high && c > ' ' && c < 0x7f:
			out = append(out, c|0x80)
		default:
			out = append(out, c)
		}
	}
	return decodeWith(korean.EUCKR, out)
}

func decodeUTF7(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		i := bytes.IndexByte(b, '+')
		if i < 0 {
			break
		}
		out.Write(b[:i])
		b = b[i+1:]
		if len(b) > 0 && b[0] == '-' {
			out.WriteByte('+')
			b = b[1:]
			continue
		}
		n := 0
		for n < len(b) && base64Values[b[n]] >= 0 {
			n++
		}
		encoded := b[:n-btoi(n%4 == 1)]
		units := make([]byte, base64.RawStdEncoding.DecodedLen(len(encoded)))
		size, _ := base64.RawStdEncoding.Decode(units, encoded) // unused trailing bits are no error here
		runes := make([]uint16, size/2)
		for i := range runes {
			runes[i] = uint16(units[2*i])<<8 | uint16(units[2*i+1])
		}
		out.WriteString(string(utf16.Decode(runes)))
		if b = b[n:]; len(b) > 0 && b[0] == '-' {
			b = b[1:]
		}
	}
	out.Write(b)
	return strings.ToValidUTF8(out.String(), "\uFFFD")
}
