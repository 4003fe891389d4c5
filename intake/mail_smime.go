package intake

import "bytes"

// signedContent returns what a CMS SignedData carries (RFC 5652 section 5.1), or
// nil: the mail itself, when it is signed as a whole. Mail programs write it in
// BER with lengths that are not known beforehand, which encoding/asn1 does not
// read. Whether the signature is good is not asked.
func signedContent(b []byte) []byte {
	info, ok := child(b, tagSequence) // ContentInfo
	if !ok {
		return nil
	}
	rest, ok := oid(info, oidSignedData)
	if !ok {
		return nil
	}
	explicit, ok := child(rest, tagExplicit0)
	if !ok {
		return nil
	}
	signed, ok := child(explicit, tagSequence)
	if !ok {
		return nil
	}
	for range 2 { // version, digestAlgorithms
		e, ok := nextElement(signed, 0)
		if !ok {
			return nil
		}
		signed = e.rest
	}
	encapsulated, ok := child(signed, tagSequence)
	if !ok {
		return nil
	}
	if rest, ok = oid(encapsulated, oidData); !ok {
		return nil
	}
	if explicit, ok = child(rest, tagExplicit0); !ok {
		return nil
	}
	e, ok := nextElement(explicit, 0)
	switch {
	case !ok:
		return nil
	case e.tag == tagOctets:
		return e.content
	case e.tag == tagOctetPieces:
		var out []byte
		for b := e.content; len(b) > 0; {
			piece, ok := nextElement(b, 0)
			if !ok || piece.tag != tagOctets {
				break
			}
			out = append(out, piece.content...)
			b = piece.rest
		}
		return out
	}
	return nil
}

const (
	tagOID         = 0x06
	tagOctets      = 0x04
	tagOctetPieces = 0x24
	tagSequence    = 0x30
	tagExplicit0   = 0xa0
)

var (
	oidSignedData = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}
	oidData       = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01}
)

func child(b []byte, tag byte) ([]byte, bool) {
	e, ok := nextElement(b, 0)
	return e.content, ok && e.tag == tag
}

func oid(b, want []byte) (rest []byte, ok bool) {
	e, ok := nextElement(b, 0)
	return e.rest, ok && e.tag == tagOID && bytes.Equal(e.content, want)
}

// element is one value of BER (X.690 section 8.1).
type element struct {
	tag     byte
	content []byte
	rest    []byte // what follows it
}

// nextElement reads the first element of b. Content that is cut off is given as
// far as it goes. Inside lengths that are not known beforehand it goes ten deep.
func nextElement(b []byte, depth int) (element, bool) {
	if len(b) < 2 || b[0]&0x1f == 0x1f || depth > 10 {
		return element{}, false
	}
	tag, length, b := b[0], int(b[1]), b[2:]
	switch {
	case length == 0x80:
		return untilEnd(tag, b, depth)
	case length > 0x84:
		return element{}, false
	case length > 0x80:
		n := length - 0x80
		if len(b) < n {
			return element{}, false
		}
		length = 0
		for _, x := range b[:n] {
			length = length<<8 | int(x)
		}
		b = b[n:]
	}
	if length < 0 {
		return element{}, false
	}
	length = min(length, len(b))
	return element{tag, b[:length], b[length:]}, true
}

// untilEnd reads elements up to the mark that ends them.
func untilEnd(tag byte, b []byte, depth int) (element, bool) {
	for rest := b; ; {
		if len(rest) < 2 {
			return element{tag, b, nil}, true
		}
		if rest[0] == 0 && rest[1] == 0 {
			return element{tag, b[:len(b)-len(rest)], rest[2:]}, true
		}
		e, ok := nextElement(rest, depth+1)
		if !ok {
			return element{}, false
		}
		rest = e.rest
	}
}
