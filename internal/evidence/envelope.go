package evidence

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"strings"
)

const (
	magic            = "ADE"
	versionPlain     = 1
	versionEncrypted = 2
	headerSize       = 12
	saltSize         = 32
	chunkSize        = 64 << 10
	tagSize          = 16
	// envelopeOverhead is what inline evidence grows by at most.
	envelopeOverhead = headerSize + saltSize + (256/64+1)*tagSize
)

// Key is a key of the operator's: 32 random bytes.
type Key [32]byte

// id names the key in envelopes without giving it away.
func (k Key) id() (id [8]byte) {
	sum := sha256.Sum256(append([]byte("abusedesk evidence key id\x00"), k[:]...))
	copy(id[:], sum[:])
	return id
}

// ParseKeys reads keys that are separated by spaces, each as 64 hexadecimal
// digits or in base64. The first one seals. Errors never repeat the text.
func ParseKeys(text string) ([]Key, error) {
	var keys []Key
	for field := range strings.FieldsSeq(text) {
		b, err := hex.DecodeString(field)
		if err != nil {
			b, err = base64.StdEncoding.DecodeString(field)
		}
		if err != nil || len(b) != len(Key{}) {
			return nil, errors.New("an evidence key is 32 random bytes as 64 hexadecimal digits or in base64 (openssl rand -hex 32)")
		}
		keys = append(keys, Key(b))
	}
	return keys, nil
}

// sealer writes an envelope's header and returns the writer of its body, which
// must be closed to be whole.
func (v *Vault) sealer(w io.Writer) (io.WriteCloser, error) {
	header := append(make([]byte, 0, headerSize+saltSize), magic...)
	if len(v.keys) == 0 {
		header = append(header, versionPlain, 0, 0, 0, 0, 0, 0, 0, 0)
		_, err := w.Write(header)
		return plain{w}, err
	}
	id := v.keys[0].id()
	header = append(append(header, versionEncrypted), id[:]...)
	header = header[:headerSize+saltSize]
	rand.Read(header[headerSize:])
	aead, err := chunkCipher(v.keys[0], header)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(header)
	return &chunkWriter{w: w, aead: aead}, err
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }

// opener reads an envelope's header and returns the reader of its body.
func (v *Vault) opener(r io.Reader) (io.Reader, error) {
	header := make([]byte, headerSize, headerSize+saltSize)
	if _, err := io.ReadFull(r, header); err != nil || !bytes.HasPrefix(header, []byte(magic)) {
		return nil, errors.New("not an evidence envelope")
	}
	switch header[3] {
	case versionPlain:
		return r, nil
	case versionEncrypted:
		id := [8]byte(header[4:headerSize])
		header = header[:headerSize+saltSize]
		if _, err := io.ReadFull(r, header[headerSize:]); err != nil {
			return nil, errors.New("the envelope is cut off")
		}
		for _, k := range v.keys {
			if k.id() != id {
				continue
			}
			aead, err := chunkCipher(k, header)
			if err != nil {
				return nil, err
			}
			return &chunkReader{r: bufio.NewReaderSize(r, chunkSize+tagSize+1), aead: aead, buf: make([]byte, chunkSize+tagSize)}, nil
		}
		return nil, errors.New("sealed with the key " + hex.EncodeToString(id[:]) + ", which is not configured")
	}
	return nil, errors.New("an evidence envelope of a later version")
}

func chunkCipher(k Key, header []byte) (cipher.AEAD, error) {
	derived, err := hkdf.Key(sha256.New, k[:], header[headerSize:], "abusedesk evidence 2", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// nonce is the chunk's number and whether it is the last. Each envelope has a
// key of its own, so no nonce is used twice under one key.
func nonce(chunk uint64, last bool) []byte {
	n := make([]byte, 12)
	binary.BigEndian.PutUint64(n[3:], chunk)
	if last {
		n[11] = 1
	}
	return n
}

type chunkWriter struct {
	w     io.Writer
	aead  cipher.AEAD
	buf   []byte // grows to a chunk: most deliveries are small
	chunk uint64
}

func (c *chunkWriter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		if len(c.buf) == chunkSize { // only now is it certain not to be the last
			if err := c.flush(false); err != nil {
				return written, err
			}
		}
		n := min(chunkSize-len(c.buf), len(p))
		c.buf = append(c.buf, p[:n]...)
		p = p[n:]
		written += n
	}
	return written, nil
}

func (c *chunkWriter) flush(last bool) error {
	sealed := c.aead.Seal(c.buf[:0], nonce(c.chunk, last), c.buf, nil)
	c.chunk++
	c.buf = c.buf[:0]
	_, err := c.w.Write(sealed)
	return err
}

func (c *chunkWriter) Close() error { return c.flush(true) }

type chunkReader struct {
	r     *bufio.Reader
	aead  cipher.AEAD
	buf   []byte
	rest  []byte // opened and not yet read
	chunk uint64
	err   error
}

func (c *chunkReader) Read(p []byte) (int, error) {
	for len(c.rest) == 0 && c.err == nil {
		c.rest, c.err = c.next()
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	if n > 0 {
		return n, nil
	}
	return 0, c.err
}

// next opens a chunk; with the last one it returns io.EOF.
func (c *chunkReader) next() ([]byte, error) {
	n, err := io.ReadFull(c.r, c.buf)
	if err != nil && err != io.ErrUnexpectedEOF {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF // the last chunk is missing
		}
		return nil, err
	}
	_, err = c.r.Peek(1)
	last := err == io.EOF
	if err != nil && !last {
		return nil, err
	}
	opened, err := c.aead.Open(c.buf[:0], nonce(c.chunk, last), c.buf[:n], nil)
	if err != nil {
		return nil, ErrAltered
	}
	c.chunk++
	if last {
		return opened, io.EOF
	}
	return opened, nil
}
