package shaken

import (
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads a string; what is escaped is compared and used unescaped.
func (p *jsonParser) str() (string, error) {
	p.i++
	start := p.i
	for p.i < len(p.s) { // without escapes, which is nearly always, nothing is copied
		switch c := p.s[p.i]; {
		case c == '"':
			p.i++
			return p.s[start : p.i-1], nil
		case c == '\\':
			return p.escaped(p.s[start:p.i])
		case c < ' ':
			return "", errJSON
		}
		p.i++
	}
	return "", errJSON
}

func (p *jsonParser) escaped(before string) (string, error) {
	b := []byte(before)
	for p.i < len(p.s) {
		c := p.s[p.i]
		p.i++
		switch {
		case c == '"':
			return string(b), nil
		case c < ' ':
			return "", errJSON
		case c != '\\':
			b = append(b, c)
			continue
		}
		e := p.peek()
		p.i++
		if e == 'u' {
			r, err := p.unicode()
			if err != nil {
				return "", err
			}
			b = utf8.AppendRune(b, r)
			continue
		}
		n := strings.IndexByte(`"\/bfnrt`, e)
		if n < 0 || e == 0 {
			return "", errJSON
		}
		b = append(b, "\"\\/\b\f\n\r\t"[n])
	}
	return "", errJSON
}

// unicode reads the digits of \uXXXX, and the second half of a pair.
func (p *jsonParser) unicode() (rune, error) {
	r, ok := p.hex4()
	if !ok {
		return 0, errJSON
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if strings.HasPrefix(p.s[min(p.i, len(p.s)):], `\u`) {
		p.i += 2
		if low, ok := p.hex4(); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, nil
			}
		}
	}
	return 0, errors.New("has half of a surrogate pair")
}

func (p *jsonParser) hex4() (rune, bool) {
	if p.i+4 > len(p.s) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(p.s[p.i : p.i+4]) {
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	p.i += 4
	return r, true
}
