package numbers

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// maxText is the longest text that can hold one number and its parameters.
const maxText = 256

// wrapped is a number taken out of its URI, still with its separators.
type wrapped struct {
	core, extension, context string
	uri                      bool // had a scheme or a host
}

// withheld are the users and display names that stand for a hidden number
// (RFC 3323 and what switches put there).
var withheld = map[string]bool{
	"anonymous": true, "private": true, "restricted": true, "withheld": true, "blocked": true, "unavailable": true,
	"unknown": true, "private number": true, "no caller id": true, "unknown caller": true, "blocked number": true,
}

// extensionMark finds an extension at the end of a number: a digit (or a
// vanity word), a mark, digits.
var extensionMark = regexp.MustCompile(`(?i)^(.*(?:\d[\s)\]]*|[a-z][,\s]))[,\s]*(?:(?:extension|extn|ext|x|#)[.\s]*[:=]?|(?:durchwahl|poste|anexo|доб)[.\s:]+)\s*#?\s*(\d{1,8})$`)

// unwrap removes brackets, scheme, host and parameters.
func unwrap(text string) (wrapped, error) {
	var w wrapped
	if len(text) > maxText {
		return w, errLong
	}
	s := text
	if open := strings.LastIndexByte(s, '<'); open >= 0 {
		inner, _, closed := strings.Cut(s[open+1:], ">")
		if !closed {
			return w, errNot
		}
		s = inner
	}
	s = strings.TrimFunc(s, isWrapping)
	s, uri := cutScheme(s)
	user, host, hasHost := strings.Cut(s, "@")
	if hasHost && strings.Contains(host, "@") {
		return w, errNot
	}
	w.uri = uri || hasHost
	user, params, _ := strings.Cut(user, ";")
	user, _, _ = strings.Cut(user, "?")
	if w.uri {
		user, _, _ = strings.Cut(user, ":") // a password, or the port of a host alone
		decoded, err := url.PathUnescape(user)
		if err != nil {
			return w, errNot
		}
		user = decoded
	}
	for param := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		value, _, _ = strings.Cut(value, "@")
		switch strings.ToLower(key) {
		case "ext":
			w.extension = strings.TrimSpace(value)
		case "phone-context":
			w.context = value
		}
	}
	if w.extension != "" && !onlyDigits(w.extension, 8) {
		return w, errNot
	}
	w.core = strings.TrimFunc(user, isWrapping)
	if _, err := netip.ParseAddr(w.core); err == nil {
		return w, errNot
	}
	if m := extensionMark.FindStringSubmatch(w.core); m != nil && w.extension == "" {
		w.core, w.extension = m[1], m[2]
	}
	switch {
	case w.core == "":
		return w, errEmpty
	case withheld[strings.ToLower(w.core)]:
		return w, errWithheld
	}
	return w, nil
}

// isWrapping reports what sentences and tables leave around a number.
func isWrapping(r rune) bool {
	switch r {
	case '"', '\'', ',', '.', ':', ';', '!', '?', '\u2018', '\u2019', '\u201C', '\u201D', '\u00AB', '\u00BB', '`':
		return true
	}
	return unicode.IsSpace(r) || r == '\uFEFF'
}

func cutScheme(s string) (rest string, found bool) {
	for _, scheme := range [...]string{"sips:", "sip:", "tel:", "callto:"} {
		if len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			return strings.TrimLeft(s[len(scheme):], "/ "), true
		}
	}
	return s, false
}

// readDigits returns the ASCII digits of a number that is written with
// separators only, and whether "+" stood before the first of them.
func readDigits(core string, options ParseOptions) (digits string, plus bool, err error) {
	var b strings.Builder
	letters, spelled := 0, 0 // letters seen; how many of the last digits they made
	for _, r := range core {
		switch value := digit(r); {
		case value >= 0:
			b.WriteByte(byte('0' + value))
			spelled = 0
		case isPlus(r):
			if plus || b.Len() > 0 {
				return "", false, errNot
			}
			plus = true
		case isSeparator(r):
		case unicode.IsLetter(r):
			key := keypad(r)
			if !options.Vanity || key == 0 {
				return "", false, errLetters
			}
			b.WriteByte(key)
			letters++
			spelled++
		case r == '*' || r == '#':
			return "", false, errStar
		default:
			return "", false, errNot
		}
	}
	digits = b.String()
	if letters > 0 {
		if letters == len(digits) {
			return "", false, errLetters // a word alone is no number
		}
		digits = trimVanity(digits, spelled)
	}
	return digits, plus, nil
}

// trimVanity drops the letters of a word that runs past a North American
// number's ten digits.
func trimVanity(digits string, spelled int) string {
	want := 10
	if digits[0] == '1' {
		want = 11
	}
	if over := len(digits) - want; over > 0 && over < spelled && (digits[0] == '1' || isTollFree(digits[:3])) {
		return digits[:want]
	}
	return digits
}
