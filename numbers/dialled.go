package numbers

import (
	"strings"
	"unicode/utf8"
)

// maxDialled is the longest dialled string looked at: a tech prefix, an access
// code and fifteen digits fit; anything longer is no emergency number.
const maxDialled = 40

// dialledDigits is a dialled string without its decoration. digits holds 0-9, *
// and #, and lies in the caller's buffer.
type dialledDigits struct {
	digits []byte
	plus   bool
}

// cleanDialled copies what dialledUser left into buf, without separators and plus
// signs. It is false if nothing remains, or a character that is not dialled.
func cleanDialled(s string, buf *[maxDialled]byte) (dialledDigits, bool) {
	var d dialledDigits
	n := 0
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= '0' && r <= '9' && n < maxDialled {
			buf[n] = s[i]
			n++
			i++
			continue
		}
		if r == '%' {
			if r, size = percent(s[i:]); size == 0 {
				return d, false
			}
		} else if r >= 0x80 {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		i += size
		value := digit(r)
		switch {
		case isPlus(r):
			d.plus = d.plus || n == 0
			continue
		case isSeparator(r):
			continue
		case value < 0 && r != '*' && r != '#', n == maxDialled:
			return d, false
		}
		if value >= 0 {
			r = rune('0' + value)
		}
		buf[n] = byte(r)
		n++
	}
	d.digits = buf[:n]
	return d, n > 0
}

// dialledUser cuts a dialled string down to the part that names whom it calls:
// the user of a sip:, sips: or tel: URI, also inside a name-addr, without
// password, parameters and headers. A URN keeps its colons.
func dialledUser(s string) string {
	if open := strings.LastIndexByte(s, '<'); open >= 0 {
		s = s[open+1:]
		if end := strings.IndexByte(s, '>'); end >= 0 {
			s = s[:end]
		}
	}
	s = strings.TrimSpace(s)
	for _, scheme := range [...]string{"sip:", "sips:", "tel:"} {
		if len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			s = strings.TrimLeft(s[len(scheme):], "/ ")
			break
		}
	}
	urn := len(s) > 4 && strings.EqualFold(s[:4], "urn:")
	for i := range len(s) {
		if c := s[i]; c == ';' || c == '@' || c == '?' || c == ':' && !urn {
			s = s[:i]
			break
		}
	}
	return strings.TrimSpace(s)
}

// withoutPrivacyCode removes the code that shows or hides the caller's number
// for one call: *67 and *82 in North America, *31# and #31# on GSM.
func withoutPrivacyCode(digits []byte, callingCode string) []byte {
	if len(digits) < 4 {
		return digits
	}
	switch head := string(digits[:3]); {
	case callingCode == "1" && (head == "*67" || head == "*82"):
		return digits[3:]
	case (head == "*31" || head == "#31") && digits[3] == '#':
		return digits[4:]
	}
	return digits
}

func percent(s string) (rune, int) {
	if len(s) < 3 {
		return 0, 0
	}
	high, low := hexValue(s[1]), hexValue(s[2])
	if high < 0 || low < 0 {
		return 0, 0
	}
	return rune(high<<4 | low), 3
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}
