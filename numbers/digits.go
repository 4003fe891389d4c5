package numbers

import "unicode/utf8"

// zeros are the digit zero of the scripts whose digits people type numbers in.
// Each is followed by its nine other digits.
var zeros = [...]rune{0xFF10, 0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0x1040, 0x17E0}

// digit returns the value of a decimal digit, or -1.
func digit(r rune) int {
	if r >= '0' && r <= '9' {
		return int(r - '0')
	}
	if r < utf8.RuneSelf {
		return -1
	}
	for _, z := range zeros {
		if r >= z && r <= z+9 {
			return int(r - z)
		}
	}
	return -1
}

func isPlus(r rune) bool { return r == '+' || r == '\uFF0B' }

// isSeparator reports a mark that is put between digits for the eye only,
// RFC 3966's visual separators and what word processors and address books make
// of them (dashes, wide and hard spaces, direction marks).
func isSeparator(r rune) bool {
	switch r {
	case ' ', '\t', '-', '.', '/', '(', ')', '[', ']', '~', '\u00A0', '\u00AD', '\u00B7', '\u2022',
		'\u202F', '\u205F', '\u2060', '\u2212', '\u3000', '\u30FC', '\uFEFF', '\uFF08', '\uFF09', '\uFF0D', '\uFF0E', '\uFF0F':
		return true
	}
	return r >= '\u2000' && r <= '\u2015' || r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}

// keypad returns the digit that a Latin letter shares a key with (ITU-T E.161), or 0.
func keypad(r rune) byte {
	if r >= 'a' && r <= 'z' {
		r -= 'a' - 'A'
	}
	if r < 'A' || r > 'Z' {
		return 0
	}
	return "22233344455566677778889999"[r-'A']
}

// onlyDigits reports that s is one to limit ASCII digits.
func onlyDigits(s string, limit int) bool {
	if s == "" || len(s) > limit {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
