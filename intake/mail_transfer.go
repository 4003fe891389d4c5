package intake

import (
	"bytes"
	"io"
)

// transferDecoder takes a part out of its transfer encoding piece by piece, as
// base64Reader and quotedReader do it at once.
type transferDecoder struct {
	encoding string // "base64", "quoted-printable", or as it stands
	base64   base64Decoder
	decoded  []byte
	rest     []byte // of quoted-printable: what follows decides what it stands for
	reader   quotedReader
}

// add decodes the next piece and hands out what it stands for; what is handed
// out is good until the next call.
func (d *transferDecoder) add(b []byte, out func([]byte)) {
	switch d.encoding {
	case "base64":
		d.decoded = d.base64.decode(d.decoded[:0], b)
		out(d.decoded)
	case "quoted-printable":
		d.rest = append(d.rest, b...)
		if n := quotedUntil(d.rest); n > 0 {
			d.quoted(d.rest[:n], out)
			d.rest = append(d.rest[:0], d.rest[n:]...)
		}
	default:
		out(b)
	}
}

// end decodes what was left for want of more.
func (d *transferDecoder) end(out func([]byte)) {
	switch d.encoding {
	case "base64":
		out(d.base64.flush(nil))
	case "quoted-printable":
		d.quoted(d.rest, out)
		d.rest = nil
	}
}

func (d *transferDecoder) quoted(b []byte, out func([]byte)) {
	d.reader.src = b
	for len(d.reader.src) > 0 {
		d.reader.fill()
		out(d.reader.pending)
	}
}

// quotedUntil is how much of b stands for the same whatever follows it. A run
// of a megabyte that has no such place is cut where it ends.
func quotedUntil(b []byte) int {
	if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
		return i + 1
	}
	const longest = 1 << 20
	switch {
	case len(b) < heldHead:
		return 0
	case len(b) > longest:
		return len(b)
	}
	n := len(bytes.TrimRight(b, " \t\r"))
	if i := bytes.LastIndexByte(b[max(n-2, 0):n], '='); i >= 0 {
		n = max(n-2, 0) + i
	}
	return len(bytes.TrimRight(b[:n], " \t\r"))
}

// transferReader reads a part out of its transfer encoding in constant memory.
type transferReader struct {
	in      io.Reader
	decoder transferDecoder
	piece   []byte
	pending []byte // decoded, not yet returned
	err     error  // of in
}

func newTransferReader(in io.Reader, encoding string) *transferReader {
	return &transferReader{in: in, decoder: transferDecoder{encoding: encoding}, piece: make([]byte, piece)}
}

func (r *transferReader) Read(p []byte) (int, error) {
	for len(r.pending) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		var n int
		n, r.err = r.in.Read(r.piece)
		var out []byte
		gather := func(b []byte) { out = append(out, b...) }
		r.decoder.add(r.piece[:n], gather)
		if r.err == io.EOF {
			r.decoder.end(gather)
		}
		r.pending = out
	}
	n := copy(p, r.pending)
	r.pending = r.pending[n:]
	return n, nil
}
