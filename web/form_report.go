package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/intake"
)

// Limits of the public form with files.
const (
	MaxFormFiles = 40 << 20 // the whole form, in bytes
	MaxFile      = 20 << 20 // each of its files
	MaxFiles     = 5
	maxParts     = 100 // fields and files of a form
	// uploadTime is how long a form with files may take to arrive, which is longer
	// than any other request: telephones send slowly.
	uploadTime = 10 * time.Minute
	// maxDrained is how much of a form that is too large is read and thrown away,
	// because browsers show an answer only once they have sent everything.
	maxDrained = 64 << 20
)

// reportForm is the public form as it was sent: its bytes, and what was typed so
// that nothing is lost when some of it has to be mended.
type reportForm struct {
	contentType string
	raw         []byte   // of a form without files, else
	kept        *os.File // the bytes, in a file that has no name any more
	size        int64
	values      url.Values
	files       []string // digests
	// tooMuch is what of the files is over its limit; its Name is "" when nothing is.
	tooMuch intake.Code
}

// The codes of tooMuch, beside those of intake.
const (
	problemFiles = "too_many_files"
	problemFile  = "file_too_large"
	problemSum   = "files_too_large"
)

// readReportForm reads a form of either encoding. What cannot be read is left to
// intake, which says why, and files that are too large to tooMuch; only a form
// without files that is too large is an error here. One with files goes into a
// file as it comes. The caller closes it.
func readReportForm(c *gin.Context) (*reportForm, error) {
	f := &reportForm{contentType: c.GetHeader("Content-Type"), values: url.Values{}}
	mediaType, params, _ := mime.ParseMediaType(f.contentType)
	if mediaType == "multipart/form-data" {
		control := http.NewResponseController(c.Writer)
		for _, set := range []func(time.Time) error{control.SetReadDeadline, control.SetWriteDeadline} {
			if err := set(time.Now().Add(uploadTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
				return f, fmt.Errorf("time for an upload: %w", err)
			}
		}
		return f, f.readParts(c, params["boundary"])
	}
	if c.Request.ContentLength > MaxFormBody {
		return f, bodyTooLarge(MaxFormBody)
	}
	var err error
	f.raw, err = readAll(http.MaxBytesReader(c.Writer, c.Request.Body, MaxFormBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return f, bodyTooLarge(MaxFormBody)
	}
	// Pairs that can be read are kept although others cannot.
	f.values, _ = url.ParseQuery(string(f.raw))
	f.size = int64(len(f.raw))
	return f, err
}

// readParts reads a form with files, and no further than to what is too large.
func (f *reportForm) readParts(c *gin.Context, boundary string) error {
	whole := c.Request.Body
	if c.Request.ContentLength > MaxFormFiles {
		// What was typed stands before the files.
		f.tooMuch = intake.Code{Name: problemSum, Limit: MaxFormFiles >> 20}
		f.parts(multipart.NewReader(io.LimitReader(whole, MaxFormBody), boundary), true)
		return drain(whole)
	}
	kept, err := os.CreateTemp("", "abusedesk-form-")
	if err != nil {
		return fmt.Errorf("keep a form: %w", err)
	}
	f.kept = kept
	if err := os.Remove(kept.Name()); err != nil { // nothing is left behind, whatever happens
		return fmt.Errorf("keep a form: %w", err)
	}
	disk := &sink{w: kept}
	body := io.TeeReader(http.MaxBytesReader(c.Writer, whole, MaxFormFiles), disk)
	err = f.parts(multipart.NewReader(body, boundary), false)
	if err == nil || f.tooMuch.Name == "" {
		// What stands behind the last part, or behind what cannot be read.
		_, err = io.Copy(io.Discard, body)
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		f.tooMuch = intake.Code{Name: problemSum, Limit: MaxFormFiles >> 20}
	}
	f.size = disk.n
	switch {
	case disk.err != nil:
		return fmt.Errorf("keep a form: %w", disk.err)
	case f.tooMuch.Name != "":
		return drain(whole)
	case err != nil:
		return errMalformed // the sender went away
	}
	return nil
}

// parts reads values and digests files. The error says why it stopped.
func (f *reportForm) parts(r *multipart.Reader, valuesOnly bool) error {
	typed := int64(MaxFormBody)
	for range maxParts {
		part, err := r.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if part.FileName() == "" {
			value, err := io.ReadAll(io.LimitReader(part, typed))
			f.values.Add(part.FormName(), string(value))
			if typed -= int64(len(value) + len(part.FormName())); err != nil || typed <= 0 {
				return errors.Join(err, errMalformed)
			}
			continue
		}
		if valuesOnly {
			return nil
		}
		if len(f.files) == MaxFiles {
			f.tooMuch = intake.Code{Name: problemFiles, Limit: MaxFiles}
			return errMalformed
		}
		digest := sha256.New()
		n, err := io.Copy(digest, io.LimitReader(part, MaxFile+1))
		if n > MaxFile {
			f.tooMuch = intake.Code{Name: problemFile, Limit: MaxFile >> 20}
			return errMalformed
		}
		if err != nil {
			return err
		}
		f.files = append(f.files, part.FormName()+" "+hex.EncodeToString(digest.Sum(nil)))
	}
	return errMalformed // it has more parts than any form of ours
}

// sink is a writer that remembers its error: that of a disk is not the sender's.
type sink struct {
	w   io.Writer
	n   int64
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.n += int64(n)
	if err != nil {
		s.err = err
	}
	return n, err
}

func drain(r io.Reader) error {
	io.CopyN(io.Discard, r, maxDrained) // the answer is the same however it ends
	return nil
}

// close forgets the bytes.
func (f *reportForm) close() {
	if f.kept != nil {
		f.kept.Close()
	}
}

// reader reads the bytes from the start.
func (f *reportForm) reader() io.Reader {
	if f.kept == nil {
		return bytes.NewReader(f.raw)
	}
	return io.NewSectionReader(f.kept, 0, f.size)
}

func (f *reportForm) source() intake.Source {
	return intake.Source{Size: f.size, Open: func() (io.ReadCloser, error) { return io.NopCloser(f.reader()), nil }}
}

// nonce is what makes a second click the same report; "" when it is none that
// we could have given out.
func (f *reportForm) nonce() string {
	n := f.values.Get("nonce")
	if len(n) < 16 || len(n) > 64 || strings.ContainsFunc(n, func(r rune) bool { return !(r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') }) {
		return ""
	}
	return n
}

// oneByOne says that it was filled in in the widget.
func (f *reportForm) oneByOne() bool { return f.values.Get("via") == viaWidget }

// sum digests what was sent as it was meant: a browser makes up new multipart
// boundaries each time, and may solve another challenge.
func (f *reportForm) sum() string {
	digest := sha256.New()
	values := maps.Clone(f.values)
	values.Del("altcha")
	io.WriteString(digest, values.Encode())
	slices.Sort(f.files)
	for _, file := range f.files {
		io.WriteString(digest, "\n"+file)
	}
	return hex.EncodeToString(digest.Sum(nil))
}
