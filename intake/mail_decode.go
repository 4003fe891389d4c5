package intake

import (
	"bytes"
	"io"
	"strings"
)

// Both readers decode in pieces, in constant memory, and give what there is of
// a damaged encoding. What they return is never longer than what they read.

// base64Reader decodes base64 (RFC 2045 section 6.8), passing over what does not
// belong there. Padding ends a group, not the text: two encodings one behind the
// other are both read.
type base64Reader struct {
	base64Decoder
	src     []byte
	pending []byte // decoded, not yet returned; in buffer
	buffer  []byte
}

// base64Decoder is what must be known between two pieces of one text.
type base64Decoder struct {
	bits uint32
	n    int // characters in bits
}

const piece = 32 << 10

func (r *base64Reader) Read(p []byte) (int, error) {
	for len(r.pending) == 0 {
		if len(r.src) == 0 {
			if r.n == 0 {
				return 0, io.EOF
			}
			r.pending = r.flush(nil)
			continue
		}
		n := min(piece, len(r.src))
		if r.buffer == nil {
			r.buffer = make([]byte, 0, n/4*3+6)
		}
		r.pending = r.decode(r.buffer[:0], r.src[:n])
		r.src = r.src[n:]
	}
	n := copy(p, r.pending)
	r.pending = r.pending[n:]
	return n, nil
}

// decode appends to out what src stands for.
func (d *base64Decoder) decode(out, src []byte) []byte {
	for _, b := range src {
		v := base64Values[b]
		if v < 0 {
			if b == '=' {
				out = d.flush(out)
			}
			continue
		}
		d.bits = d.bits<<6 | uint32(v)
		if d.n++; d.n == 4 {
			out = append(out, byte(d.bits>>16), byte(d.bits>>8), byte(d.bits))
			d.bits, d.n = 0, 0
		}
	}
	return out
}

// flush ends a group that is not whole.
func (d *base64Decoder) flush(out []byte) []byte {
	switch d.n {
	case 2:
		out = append(out, byte(d.bits>>4))
	case 3:
		out = append(out, byte(d.bits>>10), byte(d.bits>>2))
	}
	d.bits, d.n = 0, 0
	return out
}

var base64Values = func() (values [256]int8) {
	for i := range values {
		values[i] = int8(strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", byte(i)))
	}
	return values
}()

// quotedReader decodes quoted-printable (RFC 2045 section 6.7). The standard
// library's stops at a line of more than 4 KB and at an equals sign that begins
// no escape; here that sign stands for itself.
type quotedReader struct {
	src     []byte
	pending []byte
	buffer  []byte
}

func (r *quotedReader) Read(p []byte) (int, error) {
	for len(r.pending) == 0 {
		if len(r.src) == 0 {
			return 0, io.EOF
		}
		r.fill()
	}
	n := copy(p, r.pending)
	r.pending = r.pending[n:]
	return n, nil
}

// fill decodes about a piece. White space before a line's end is none of the
// text; runs of it are looked at once.
func (r *quotedReader) fill() {
	if r.buffer == nil {
		r.buffer = make([]byte, 0, min(2*piece, len(r.src)))
	}
	out, src := r.buffer[:0], r.src
	for len(src) > 0 && len(out) < piece {
		i := bytes.IndexAny(src[:min(len(src), piece)], "= \t")
		if i < 0 {
			i = min(len(src), piece)
		}
		if out, src = append(out, src[:i]...), src[i:]; len(src) == 0 {
			break
		}
		switch run := spaces(src); {
		case run == len(src): // at the end of the part
			src = nil
		case run > 0 && endsLine(src[run:]):
			src = src[run:]
		case run > piece && len(out) > 0: // it comes by itself, next time
			r.src, r.pending = src, out
			return
		case run > piece:
			r.src, r.pending = src[run:], src[:run]
			return
		case run > 0:
			out, src = append(out, src[:run]...), src[run:]
		case src[0] != '=':
		case len(src) >= 3 && unhex(src[1]) >= 0 && unhex(src[2]) >= 0:
			out, src = append(out, byte(unhex(src[1])<<4|unhex(src[2]))), src[3:]
		default:
			after := src[1+spaces(src[1:]):]
			switch {
			case len(after) == 0:
				src = nil
			case after[0] == '\n':
				src = after[1:]
			case bytes.HasPrefix(after, []byte("\r\n")):
				src = after[2:]
			default:
				out, src = append(out, '='), src[1:]
			}
		}
	}
	r.src, r.pending = src, out
}

func spaces(b []byte) int {
	n := 0
	for n < len(b) && (b[n] == ' ' || b[n] == '\t') {
		n++
	}
	return n
}

func endsLine(b []byte) bool {
	return b[0] == '\n' || bytes.HasPrefix(b, []byte("\r\n"))
}
