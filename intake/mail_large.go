package intake

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strconv"

	"github.com/abusedesk/abusedesk/cases"
)

// What is held of a mail. Up to heldWhole it is read as it stands. Of a larger
// one, what comes after that much is left out of each stretch without a line
// that begins with two dashes, which is where a part could begin, but for its
// first heldHead bytes: there are the header and words of a part.
const (
	heldWhole = 8 << 20
	heldHead  = 64 << 10
)

// holding is how much of a mail is held; tests hold less.
type holding struct{ whole, head int }

// mailFrom reads a mail like Mail in memory that does not grow with it: of
// recordings and other large parts only the beginning is held, and their digests
// are made on a second way through. Errors are those of the source.
func mailFrom(src Source, c Context, h holding) (cases.Parsed, error) {
	m, err := h.read(src, c)
	if err != nil || len(m.large) == 0 {
		return m.parsed, err
	}
	return m.parsed, src.through(func(r io.Reader) error { return measure(r, m.large, m.parsed.Attachments) })
}

// read goes through a mail once: of attachments that are not held whole neither
// size nor digest is known yet.
func (h holding) read(src Source, c Context) (mailRead, error) {
	var raw []byte
	var left omissions
	err := src.through(func(r io.Reader) (err error) {
		raw, left, err = h.condense(r, src.Size)
		return err
	})
	if err != nil {
		return mailRead{}, err
	}
	return readMail(raw, left, c), nil
}

func (s Source) through(read func(io.Reader) error) error {
	r, err := s.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	return read(withLines(bufio.NewReaderSize(io.LimitReader(r, cases.MaxMessageBytes), heldHead)))
}

// omissions are what is not held of a mail. A mark that nobody can foresee
// stands in the place of each, so that it is found in whatever part it lies in.
type omissions struct {
	mark   string
	ranges []span // in the mail as it came
}

type span struct{ from, to int64 }

// condense reads a mail to its end.
func (h holding) condense(r io.Reader, size int64) ([]byte, omissions, error) {
	var out bytes.Buffer
	out.Grow(int(min(max(size, 0), int64(h.whole+4*h.head))) + bytes.MinRead)
	left := omissions{mark: "\nomitted " + rand.Text()}
	var (
		in      = bufio.NewReaderSize(r, heldHead)
		at      int64 // in the mail
		held    int   // of this stretch
		from    = int64(-1)
		tail    []byte // the end of what is being left out: a boundary's line end
		newLine = true
	)
	end := func() {
		if from < 0 {
			return
		}
		if to := at - int64(len(tail)); to > from {
			left.ranges = append(left.ranges, span{from, to})
			out.WriteString(left.name(len(left.ranges) - 1))
		}
		out.Write(tail)
		from = -1
	}
	for {
		line, err := in.ReadSlice('\n')
		if newLine && bytes.HasPrefix(line, []byte("--")) {
			end()
			held = 0
		}
		if from < 0 && held+len(line) > h.head && out.Len()+len(line) > h.whole {
			n := max(h.head-held, 0)
			out.Write(line[:n])
			from = at + int64(n)
		}
		at += int64(len(line))
		if from < 0 {
			out.Write(line)
			held += len(line)
		} else if len(line) > 0 {
			tail = append(tail[:0], line[len(trimEnd(line)):]...)
			tail = tail[max(0, len(tail)-int(at-from)):]
		}
		newLine = err == nil
		if err != nil && err != bufio.ErrBufferFull {
			end()
			if err == io.EOF {
				err = nil
			}
			return out.Bytes(), left, err
		}
	}
}

// markNumber is how wide the number behind a mark is.
const markNumber = 8

func (o omissions) name(i int) string {
	n := strconv.Itoa(i)
	return o.mark + "-" + "00000000"[len(n):] + n
}

// beginning returns what is held of b without a gap, and whether more follows.
func (o omissions) beginning(b []byte) (held []byte, cut bool) {
	if len(o.ranges) == 0 {
		return b, false
	}
	held, _, cut = bytes.Cut(b, []byte(o.mark))
	return held, cut
}

// place is where b, of which not all is held, lies in the mail as it came.
func (o omissions) place(b []byte) span {
	first := bytes.Index(b, []byte(o.mark))
	last := bytes.LastIndex(b, []byte(o.mark))
	return span{o.at(b, first).from - int64(first), o.at(b, last).to + int64(len(b)-last-len(o.name(0)))}
}

func (o omissions) at(b []byte, i int) span {
	i += len(o.mark) + 1
	n, _ := strconv.Atoi(string(b[i : i+markNumber]))
	return o.ranges[n]
}

// largePart is a part that is measured on the second way through its mail.
type largePart struct {
	index    int // among the attachments
	where    span
	encoding string
}

// measure fills in the attachments that large names.
func measure(r io.Reader, large []largePart, as []cases.Attachment) error {
	meters := make([]meter, len(large))
	for i, l := range large {
		meters[i] = meter{digest: sha256.New(), decoder: transferDecoder{encoding: l.encoding}}
	}
	b := make([]byte, heldHead)
	for at := int64(0); ; {
		n, err := r.Read(b)
		for i, l := range large {
			if from, to := max(l.where.from, at), min(l.where.to, at+int64(n)); from < to {
				meters[i].add(b[from-at : to-at])
			}
		}
		at += int64(n)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	for i, l := range large {
		as[l.index].Bytes, as[l.index].SHA256 = meters[i].sum()
	}
	return nil
}

// meter measures a part piece by piece as attachment does it at once.
type meter struct {
	decoder transferDecoder
	digest  hash.Hash
	n       int64
}

func (m *meter) add(b []byte) { m.decoder.add(b, m.count) }

func (m *meter) sum() (int64, string) {
	m.decoder.end(m.count)
	return m.n, hex.EncodeToString(m.digest.Sum(nil))
}

func (m *meter) count(b []byte) {
	m.digest.Write(b)
	m.n += int64(len(b))
}

// withLines reads a mail of a system whose lines end with a carriage return alone.
func withLines(r *bufio.Reader) io.Reader {
	if head, _ := r.Peek(heldHead); bytes.IndexByte(head, '\n') >= 0 || bytes.IndexByte(head, '\r') < 0 {
		return r
	}
	return returns{r}
}

type returns struct{ r io.Reader }

func (r returns) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	for i, b := range p[:n] {
		if b == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}
