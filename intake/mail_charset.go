package intake

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	utf "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"
)

// toUTF8 decodes text that says it is in the charset label, which may be
// missing, wrong or unknown. The result is valid UTF-8 without NULs.
func toUTF8(b []byte, label string) string {
	return strings.ReplaceAll(decodeCharset(b, label), "\x00", "")
}

func decodeCharset(b []byte, label string) string {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		b = b[3:]
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		if s, err := utf.UTF16(utf.BigEndian, utf.UseBOM).NewDecoder().Bytes(b); err == nil {
			return string(s)
		}
	}
	if decode := sevenBit[bareLabel(label)]; decode != nil {
		return decode(b)
	}
	enc := labelled(label)
	switch {
	case enc == nil: // no label, ASCII, UTF-8 or one that nobody knows
		if bytes.Contains(b, []byte("\x1b$")) || bytes.Contains(b, []byte("\x1b(J")) {
			return decodeWith(japanese.ISO2022JP, b)
		}
		if utf8.Valid(b) {
			return string(b)
		}
		if mostlyUTF8(b) {
			return strings.ToValidUTF8(string(b), "\uFFFD")
		}
		return decodeWith(guess(b), b)
	case isStateful(enc):
		if enc == japanese.ISO2022JP && !isASCII(b) { // it has seven bits: mislabelled
			return decodeCharset(b, "")
		}
		return decodeWith(enc, b)
	case isASCII(b):
		return string(b)
	case utf8.Valid(b) && sequences(b) > 1: // mislabelled: no other charset makes valid UTF-8 by chance
		return string(b)
	}
	s := decodeWith(enc, b)
	if enc == charmap.Windows1258 { // its tone marks are letters of their own
		s = norm.NFC.String(s)
	}
	if bad := strings.Count(s, "\uFFFD"); bad > 2 && bad*10 > len([]rune(s))-asciiCount(b) {
		return decodeWith(guess(b), b)
	}
	return s
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func asciiCount(b []byte) int {
	n := 0
	for _, c := range b {
		if c < utf8.RuneSelf {
			n++
		}
	}
	return n
}

// sequences counts the multi-byte sequences of valid UTF-8, up to a few.
func sequences(b []byte) int {
	n := 0
	for _, c := range b {
		if c >= 0xC0 {
			if n++; n > 3 {
				break
			}
		}
	}
	return n
}

// mostlyUTF8 recognises UTF-8 with a few broken bytes, as from a mail that was
// cut in the middle of a character.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		b = b[n:]
	}
	return good > 4*bad
}

func decodeWith(enc encoding.Encoding, b []byte) string {
	s, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return strings.ToValidUTF8(string(s), "\uFFFD")
}
