package numbers

import (
	"strings"
)

// MinPatternDigits is how many digits of a number must be known for a pattern to
// say anything: with three, one number of a thousand fits.
const MinPatternDigits = 4

// Pattern is a number of which only some digits are known. Its text has a ? for
// each digit that is not ("+1202555????"), and a * in front where how many
// there are is not known either ("*0143").
type Pattern string

// ParsePattern reads a number with unknown digits as people write them:
// "202-555-01xx", "(202) 555-****", "...0143", "*0143". x, X, ? and, between or
// behind digits, * and # stand for one digit each; a * or dots in front stand for any
// number of them. region is as of Parse. The error is an *Error.
func ParsePattern(text, region string) (Pattern, error) {
	s := strings.TrimSpace(text)
	if len(s) > 64 {
		return "", &Error{Code: CodeTooLong, Message: "This is too long for a telephone number."}
	}
	open, plus := false, false
	for _, dots := range []string{"…", "...", "..", "*"} {
		if rest, ok := strings.CutPrefix(s, dots); ok && !strings.HasPrefix(rest, "*") {
			s, open = rest, true
			break
		}
	}
	var b strings.Builder
	known := 0
	for i, c := range s {
		switch {
		case c == '+' && b.Len() == 0 && !open:
			plus = true
		case c >= '0' && c <= '9':
			b.WriteRune(c)
			known++
		case strings.ContainsRune("xX?*#", c):
			b.WriteByte('?')
		case strings.ContainsRune(" -.()/\u00a0", c):
		default:
			return "", &Error{Code: CodeNotNumber, Message: "This is no telephone number, nor part of one: " + s[i:]}
		}
	}
	p := b.String()
	switch {
	case known < MinPatternDigits:
		return "", &Error{Code: CodeTooShort, Message: "At least four digits of a number must be known."}
	case open:
		return Pattern("*" + p), nil
	case !strings.Contains(p, "?"):
		return "", &Error{Code: CodeNotNumber, Message: "This number is whole."}
	case plus:
	case CallingCodeOf(region) == northAmerica && len(p) == 10:
		p = "1" + p
	case CallingCodeOf(region) == northAmerica && len(p) == 11 && p[0] == '1':
	default:
		return Pattern("*" + strings.TrimLeft(p, "0?")), nil // as dialled at home: the end is the same
	}
	if len(p) > 15 {
		return "", &Error{Code: CodeTooLong, Message: "This has too many digits for a telephone number."}
	}
	return Pattern("+" + p), nil
}

// EndsIn is the pattern of a number whose last digits are known; "" for fewer than
// MinPatternDigits or what are no digits.
func EndsIn(digits string) Pattern {
	if len(digits) < MinPatternDigits || !onlyDigits(digits, 15) {
		return ""
	}
	return Pattern("*" + digits)
}

// Matches says whether an E.164 number fits.
func (p Pattern) Matches(e164 string) bool {
	s := string(p)
	if rest, open := strings.CutPrefix(s, "*"); open {
		if s = rest; len(e164) <= len(s) {
			return false
		}
		e164 = e164[len(e164)-len(s):]
	}
	if s == "" || len(s) != len(e164) {
		return false
	}
	for i := range s {
		if s[i] != '?' && s[i] != e164[i] {
			return false
		}
	}
	return true
}

// String writes the pattern for people.
func (p Pattern) String() string {
	if rest, open := strings.CutPrefix(string(p), "*"); open {
		return "a number ending in " + strings.ReplaceAll(rest, "?", "x")
	}
	return strings.ReplaceAll(string(p), "?", "x")
}
