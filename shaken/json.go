package shaken

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of the JSON reader, beyond the size of the header.
const (
	MaxJSONDepth   = 8
	MaxJSONMembers = 64 // of one object
	MaxJSONItems   = 256
)

type kind byte

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindArray
	kindObject
)

// value is a JSON value as written. text is a string's content, a number's or a
// literal's spelling.
type value struct {
	kind    kind
	text    string
	members []member
	items   []value
}

type member struct {
	key   string
	value value
}

// get returns a member of an object, or nil.
func (v *value) get(key string) *value {
	for i := range v.members {
		if v.members[i].key == key {
			return &v.members[i].value
		}
	}
	return nil
}

// parseObject reads one JSON object (RFC 8259), strictly: keys may not repeat,
// nor differ only in case or escapes, for then two readers may see two different
// tokens (RFC 7515 section 4); no invalid UTF-8, lone surrogate, byte order mark
// or trailing octet.
func parseObject(raw []byte) (value, error) {
	if !utf8.Valid(raw) {
		return value{}, errors.New("is not UTF-8")
	}
	p := jsonParser{s: string(raw)}
	v, err := p.value(0)
	if err != nil {
		return value{}, err
	}
	if p.space(); p.i != len(p.s) {
		return value{}, errors.New("has something after the JSON object")
	}
	if v.kind != kindObject {
		return value{}, errors.New("is not a JSON object")
	}
	return v, nil
}

type jsonParser struct {
	s string
	i int
}

func (p *jsonParser) space() {
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.i]) >= 0 {
		p.i++
	}
}

func (p *jsonParser) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

var errJSON = errors.New("is not JSON")

func (p *jsonParser) value(depth int) (value, error) {
	if depth > MaxJSONDepth {
		return value{}, fmt.Errorf("is nested more than %d deep", MaxJSONDepth)
	}
	p.space()
	switch c := p.peek(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		s, err := p.str()
		return value{kind: kindString, text: s}, err
	case c == '-' || isDigit(c):
		return p.number()
	}
	for _, lit := range [...]struct {
		text string
		kind kind
	}{{"true", kindBool}, {"false", kindBool}, {"null", kindNull}} {
		if strings.HasPrefix(p.s[p.i:], lit.text) {
			p.i += len(lit.text)
			return value{kind: lit.kind, text: lit.text}, nil
		}
	}
	return value{}, errJSON
}

func (p *jsonParser) object(depth int) (value, error) {
	v := value{kind: kindObject}
	p.i++
	if p.space(); p.peek() == '}' {
		p.i++
		return v, nil
	}
	if depth == 0 {
		v.members = make([]member, 0, 6)
	}
	for {
		if p.space(); p.peek() != '"' {
			return value{}, errJSON
		}
		key, err := p.str()
		if err != nil {
			return value{}, err
		}
		for _, m := range v.members {
			if m.key == key {
				return value{}, fmt.Errorf("has the key %.40q twice", key)
			}
			if strings.EqualFold(m.key, key) {
				return value{}, fmt.Errorf("has the key %.40q in two spellings", m.key)
			}
		}
		if len(v.members) == MaxJSONMembers {
			return value{}, fmt.Errorf("has an object of more than %d members", MaxJSONMembers)
		}
		if p.space(); p.peek() != ':' {
			return value{}, errJSON
		}
		p.i++
		val, err := p.value(depth + 1)
		if err != nil {
			return value{}, err
		}
		v.members = append(v.members, member{key, val})
		more, err := p.next('}')
		if err != nil || !more {
			return v, err
		}
	}
}

func (p *jsonParser) array(depth int) (value, error) {
	v := value{kind: kindArray}
	p.i++
	if p.space(); p.peek() == ']' {
		p.i++
		return v, nil
	}
	for {
		if len(v.items) == MaxJSONItems {
			return value{}, fmt.Errorf("has an array of more than %d items", MaxJSONItems)
		}
		item, err := p.value(depth + 1)
		if err != nil {
			return value{}, err
		}
		v.items = append(v.items, item)
		more, err := p.next(']')
		if err != nil || !more {
			return v, err
		}
	}
}

// next reads a comma, or the end of the object or array.
func (p *jsonParser) next(end byte) (more bool, err error) {
	p.space()
	switch c := p.peek(); c {
	case ',', end:
		p.i++
		return c == ',', nil
	}
	return false, errJSON
}

// number keeps the spelling: whether 1e9 is a proper iat is for others to say.
func (p *jsonParser) number() (value, error) {
	start := p.i
	if p.peek() == '-' {
		p.i++
	}
	switch c := p.peek(); {
	case c == '0':
		p.i++
	case isDigit(c):
		p.digits()
	default:
		return value{}, errJSON
	}
	if p.peek() == '.' {
		p.i++
		if !p.digits() {
			return value{}, errJSON
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.i++
		if c := p.peek(); c == '+' || c == '-' {
			p.i++
		}
		if !p.digits() {
			return value{}, errJSON
		}
	}
	return value{kind: kindNumber, text: p.s[start:p.i]}, nil
}

func (p *jsonParser) digits() bool {
	start := p.i
	for isDigit(p.peek()) {
		p.i++
	}
	return p.i > start
}

// compact writes a value without white space, for comparison with the values
// that a certificate permits.
func (v *value) compact(b *strings.Builder) {
	switch v.kind {
	case kindString:
		writeJSONString(b, v.text)
	case kindArray:
		b.WriteByte('[')
		for i := range v.items {
			if i > 0 {
				b.WriteByte(',')
			}
			v.items[i].compact(b)
		}
		b.WriteByte(']')
	case kindObject:
		b.WriteByte('{')
		for i := range v.members {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSONString(b, v.members[i].key)
			b.WriteByte(':')
			v.members[i].value.compact(b)
		}
		b.WriteByte('}')
	default:
		b.WriteString(v.text)
	}
}

// writeJSONString quotes with the fewest escapes (RFC 8225 section 9).
func writeJSONString(b *strings.Builder, s string) {
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ':
			fmt.Fprintf(b, `\u%04x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
}
