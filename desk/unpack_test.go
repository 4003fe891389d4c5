package desk

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/abusedesk/abusedesk/cases"
)

// What files begin with.
const (
	pngHead = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00"
	wavHead = "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data"
	webm    = "\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm"
)

// upload is a report with files, as the API takes it.
func upload(words string, files ...[3]string) string {
	var list []string
	for _, f := range files {
		list = append(list, fmt.Sprintf(`{"name":%q,"type":%q,"content":%q}`, f[0], f[1], base64.StdEncoding.EncodeToString([]byte(f[2]))))
	}
	return fmt.Sprintf(`{"caller_number":"+12025550143","description":%q,"attachments":[%s]}`, words, strings.Join(list, ","))
}

func (w *world) files(report int64) []cases.AttachmentView {
	w.t.Helper()
	v, err := w.desk.Report(w.t.Context(), ann, report)
	w.must(err)
	return v.Files
}

// scanner finds what is told it.
type scanner struct {
	err    error
	fails  string // of what it cannot be asked
	looked int
}

func (s *scanner) Scan(_ context.Context, r io.Reader) (cases.Scanned, error) {
	b, err := io.ReadAll(r)
	s.looked++
	switch {
	case s.fails != "" && string(b) == s.fails:
		return cases.Scanned{}, errors.New("connection reset")
	case err != nil || s.err != nil:
		return cases.Scanned{}, errors.Join(err, s.err)
	case bytes.Contains(b, []byte("EICAR")):
		return cases.Scanned{Found: "Eicar-Test"}, nil
	case bytes.Contains(b, []byte("huge")):
		return cases.Scanned{Skipped: "larger than clamd takes"}, nil
	}
	return cases.Scanned{}, nil
}

// fetcher answers by address.
type fetcher map[string]any

func (f fetcher) Fetch(_ context.Context, url string) (io.ReadCloser, error) {
	if err, ok := f[url].(error); ok {
		return nil, err
	}
	if r, ok := f[url].(io.Reader); ok {
		return io.NopCloser(r), nil
	}
	return io.NopCloser(strings.NewReader(f[url].(string))), nil
}

// The type is what the bytes are, the bytes are kept once, and a report says
// that others have the same file.
func TestAttachmentsAreKeptByTheirDigest(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one := w.submit(upload("They called.", [3]string{"../ring.wav", "text/html", wavHead + "one"}, [3]string{"shot.png", "image/png", pngHead + "<script>"},
			[3]string{"page.html", "image/png", "<html><script>alert(1)</script>"}, [3]string{"note.webm", "audio/webm; codecs=opus", webm}, [3]string{"clip.webm", "video/webm", webm + "2"}))
		v, err := w.desk.Report(t.Context(), ann, one.ReportID)
		w.must(err)
		if !v.Unpacking || len(v.Files) != 0 {
			t.Errorf("before the job: unpacking %v, %d files", v.Unpacking, len(v.Files))
		}
		job := w.only(cases.JobUnpack)
		w.must(w.desk.Unpack(t.Context(), job.at, job.ObjectID, 0))
		files := w.files(one.ReportID)
		want := []struct{ name, kind, shown string }{{"ring.wav", "audio/wav", "audio"}, {"shot.png", "image/png", "image"}, {"page.html", "text/html", ""},
			{"note.webm", "audio/webm", "audio"}, {"clip.webm", "video/webm", ""}}
		if len(files) != len(want) {
			t.Fatalf("%d files: %+v", len(files), files)
		}
		for i, x := range want {
			if f := files[i]; f.Name != x.name || f.Type != x.kind || f.Shown() != x.shown || f.State != cases.AttachmentStored || f.Elsewhere != 0 || f.Scan != "" {
				t.Errorf("file %+v, want %+v", f, x)
			}
		}
		again := w.submit(upload("Me too.", [3]string{"other-name.wav", "audio/wav", wavHead + "one"}))
		w.work()
		more := w.files(again.ReportID)
		if len(more) != 1 || more[0].SHA256 != files[0].SHA256 || more[0].Elsewhere != 1 || w.files(one.ReportID)[0].Elsewhere != 1 {
			t.Errorf("the same file again: %+v", more)
		}
		// An attempt that was taken over adds nothing.
		w.refused(w.desk.Unpack(t.Context(), job.at, job.ObjectID, 0), cases.ErrFenced, "taken over")
		w.must(w.desk.Unpack(t.Context(), cases.Attempt{}, job.ObjectID, 0))
		if n := len(w.files(one.ReportID)); n != len(want) {
			t.Errorf("%d files after it was unpacked again", n)
		}
		if v, err := w.desk.Report(t.Context(), ann, one.ReportID); err != nil || v.Unpacking {
			t.Errorf("unpacking %v, %v", v.Unpacking, err)
		}
	})
}

// Files are read from any place, by those who may, and that is logged.
func TestAttachmentsAreRead(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sound := wavHead + strings.Repeat("0123456789abcdef", cases.InlineEvidence/16)
		r := w.submit(upload("They called.", [3]string{"ring.wav", "audio/wav", sound}))
		w.work()
		id := w.files(r.ReportID)[0].ID
		f, open, err := w.desk.OpenAttachment(t.Context(), dave, id)
		w.must(err)
		for _, at := range []int64{0, 1, int64(len(sound)) - 1} {
			body, err := open(at)
			w.must(err)
			if got, err := io.ReadAll(body); err != nil || string(got) != sound[at:] {
				t.Errorf("from %d: %d bytes, %v", at, len(got), err)
			}
			body.Close()
		}
		if f.Size != int64(len(sound)) {
			t.Errorf("size %d", f.Size)
		}
		_, _, err = w.desk.OpenAttachment(t.Context(), cases.Actor{Kind: cases.ActorReporter}, id)
		w.refused(err, cases.ErrForbidden, "")
		_, _, err = w.desk.OpenAttachment(t.Context(), ann, id+1000)
		w.refused(err, cases.ErrNotFound, "attachment")
		var looks int
		for _, e := range w.dossier(r.CaseRef).Events {
			if e.Command == string(cases.CmdReadRaw) && e.Data["attachment"] != "" {
				looks++
			}
		}
		if looks != 1 {
			t.Errorf("%d looks are logged, want 1", looks)
		}
		if _, _, err := w.desk.OpenAttachment(t.Context(), dave, id); err != nil {
			t.Fatal(err)
		}
		if n := len(w.dossier(r.CaseRef).Events); n <= looks {
			t.Errorf("%d events", n)
		}
	})
}

func TestScannedAttachments(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := &scanner{err: errors.New("connection refused")}
		w.desk.Scanner = s
		large := strings.Repeat("x", cases.InlineEvidence+1)
		behind := w.submit(upload("A large one.", [3]string{"a.bin", "", large}))
		first := w.only(cases.JobUnpack)
		for range 3 {
			if err := w.desk.Unpack(t.Context(), first.at, first.ObjectID, 0); err == nil {
				t.Fatal("scanned by nobody")
			}
		}
		blobs := 0
		w.must(filepath.WalkDir(w.dir, func(_ string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				blobs++
			}
			return err
		}))
		if blobs != 1 { // the message itself
			t.Errorf("%d blobs are left of tries that failed", blobs)
		}
		if len(w.files(behind.ReportID)) != 0 {
			t.Error("it is there before it was scanned")
		}
		r := w.submit(upload("They called.", [3]string{"a.txt", "text/plain", "EICAR"}, [3]string{"b.txt", "text/plain", "huge"}, [3]string{"c.txt", "text/plain", "words"}))
		job := w.only(cases.JobUnpack)
		err := w.desk.Unpack(t.Context(), job.at, job.ObjectID, 0)
		w.refused(err, cases.ErrUnavailable, "virus scanner")
		if len(w.files(r.ReportID)) != 0 {
			t.Error("files are there before they were scanned")
		}
		s.err = nil
		w.must(w.desk.Unpack(t.Context(), job.at, job.ObjectID, 1))
		files := w.files(r.ReportID)
		if len(files) != 3 || files[0].State != cases.AttachmentInfected || files[0].Scan != "Eicar-Test" || !strings.HasPrefix(files[1].Scan, "not scanned") || !strings.HasPrefix(files[2].Scan, "clean") {
			t.Fatalf("%+v", files)
		}
		_, _, err = w.desk.OpenAttachment(t.Context(), admin, files[0].ID)
		w.refused(err, cases.ErrConflict, "Eicar-Test")
		_, _, err = w.desk.OpenAttachment(t.Context(), ann, files[1].ID)
		w.must(err)
		// What was let through before its signature was known is so no more.
		w.desk.Scanner = nil
		early := w.submit(upload("Before.", [3]string{"x.txt", "text/plain", "EICAR and more"}))
		w.work()
		if f := w.files(early.ReportID)[0]; f.State != cases.AttachmentStored {
			t.Fatalf("%+v", f)
		}
		w.desk.Scanner = s
		w.submit(upload("After.", [3]string{"y.txt", "text/plain", "EICAR and more"}))
		w.work()
		w.desk.Scanner = nil // a scanner that knows less changes nothing
		w.submit(upload("Later.", [3]string{"z.txt", "text/plain", "EICAR and more"}))
		w.work()
		if f := w.files(early.ReportID)[0]; f.State != cases.AttachmentInfected || f.Scan != "Eicar-Test" {
			t.Errorf("%+v", f)
		}
	})
}

// What a chat keeps is fetched, later if need be, and not for ever.
func TestFetchedAttachments(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		away := &cases.Error{Kind: cases.KindUnavailable, Message: "its server answered 503"}
		never := &cases.Error{Kind: cases.KindInvalid, Message: "its address is none that may be asked"}
		links := fetcher{"https://chat.example/ring.wav": wavHead + "x", "https://chat.example/later": away, "http://10.0.0.1/": never, "https://chat.example/empty": ""}
		w.desk.Fetcher = links
		keep := func(url string, failures int) (cases.UnpackedFile, error) {
			return w.desk.keepFile(t.Context(), cases.Attachment{Name: "x", URL: url}, nil, failures)
		}
		if f, err := keep("https://chat.example/ring.wav", 0); err != nil || f.State != cases.AttachmentStored || f.File.Type != "audio/wav" {
			t.Errorf("%+v, %v", f, err)
		}
		_, err := keep("https://chat.example/later", 0)
		w.refused(err, cases.ErrUnavailable, "503")
		for url, failures := range map[string]int{"https://chat.example/later": fetchTries - 1, "http://10.0.0.1/": 0, "https://chat.example/empty": 0} {
			if f, err := keep(url, failures); err != nil || f.State != cases.AttachmentRefused || f.Note == "" {
				t.Errorf("%s: %+v, %v", url, f, err)
			}
		}
		w.desk.Fetcher = nil
		if f, err := keep("https://chat.example/ring.wav", 0); err != nil || f.State != cases.AttachmentRefused {
			t.Errorf("without a fetcher: %+v, %v", f, err)
		}
		w.desk.Fetcher = links
		links["https://chat.example/broken"] = io.MultiReader(strings.NewReader(wavHead+strings.Repeat("x", 8<<10)), iotest.ErrReader(errors.New("connection reset")))
		_, err = keep("https://chat.example/broken", 0)
		w.refused(err, cases.ErrUnavailable, "broke off")
		links["https://chat.example/broken"] = io.MultiReader(strings.NewReader(wavHead), iotest.ErrReader(errors.New("connection reset")))
		if f, err := keep("https://chat.example/broken", fetchTries-1); err != nil || f.State != cases.AttachmentRefused || !strings.Contains(f.Note, "broke off") {
			t.Errorf("in the end: %+v, %v", f, err)
		}
		links["https://chat.example/endless"] = strings.Repeat("x", cases.MaxMessageBytes+2)
		w.desk.Fetcher = links
		if f, err := keep("https://chat.example/endless", 0); err != nil || f.State != cases.AttachmentRefused || !strings.Contains(f.Note, "64 MB") {
			t.Errorf("more than a message may be: %s %q, %v", f.State, f.Note, err)
		}
	})
}

// What an attempt has kept before it ran out of time is not kept again.
func TestUnpackGoesOn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := &scanner{}
		w.desk.Scanner = s
		r := w.submit(upload("Two.", [3]string{"a.txt", "text/plain", "one"}, [3]string{"b.txt", "text/plain", "late"}))
		job := w.only(cases.JobUnpack)
		s.fails = "late"
		w.refused(w.desk.Unpack(t.Context(), job.at, job.ObjectID, 0), cases.ErrUnavailable, "scanner")
		if files := w.files(r.ReportID); len(files) != 1 || files[0].Name != "a.txt" {
			t.Fatalf("%+v", files)
		}
		s.fails, s.looked = "", 0
		w.must(w.desk.Unpack(t.Context(), job.at, job.ObjectID, 1))
		if files := w.files(r.ReportID); len(files) != 2 || s.looked != 1 {
			t.Errorf("%d files, %d looked at again", len(files), s.looked)
		}
	})
}
