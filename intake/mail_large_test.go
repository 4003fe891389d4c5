package intake

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	little = holding{whole: 16 << 10, head: 4 << 10}
	noon   = Context{Region: "US", ReceivedAt: time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)}
)

// kept is a source that hands out its bytes in pieces of any size.
func kept(raw []byte) Source {
	return Source{Size: int64(len(raw)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(iotest.HalfReader(bytes.NewReader(raw))), nil
	}}
}

// Of what is not held whole everything is known all the same.
func TestLargeMailIsReadLikeAnother(t *testing.T) {
	const words = "--b\r\n\r\nA robocall from 202-555-0143 on Monday.\r\n"
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(i * i >> 7)
		}
		return b
	}
	wav := func(encoding, body string) string {
		return "--b\r\nContent-Type: audio/wav; name=" + encoding + ".wav\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n" + body + "\r\n"
	}
	lines := func(s string) string {
		var b strings.Builder
		for ; len(s) > 76; s = s[76:] {
			b.WriteString(s[:76] + "\r\n")
		}
		return b.String() + s
	}
	var quoted strings.Builder
	w := quotedprintable.NewWriter(&quoted)
	w.Write(noise(90_000))
	w.Close()
	recording := wav("base64", lines(base64.StdEncoding.EncodeToString(noise(100_001))))
	mixed := func(parts ...string) string {
		return "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Join(parts, "") + "--b--\r\n"
	}
	log := strings.Repeat("+1 202 555 0143 called, \t and again = \t\r\n", 3000)
	mails := map[string]string{
		"words first":           mixed(words, recording),
		"words last":            mixed(recording, recording, words),
		"quoted-printable":      mixed(words, wav("quoted-printable", quoted.String())),
		"quoted, hostile":       mixed(words, wav("quoted-printable", log)),
		"quoted, on one line":   mixed(words, wav("quoted-printable", strings.ReplaceAll(strings.Repeat("caf=C3=A9 \t", 9000), "\n", ""))),
		"as it stands":          mixed(words, wav("8bit", log), wav("binary", "x--b\r\n\r\n\n-\n--bc\r\n"+strings.Repeat("\r\n", 20_000))),
		"base64 on one line":    mixed(words, wav("base64", base64.StdEncoding.EncodeToString(noise(80_000)))),
		"two encodings in one":  mixed(words, wav("base64", strings.Repeat("QUI=QUJD\r\nQ\r\n", 9000))),
		"no last boundary":      strings.TrimSuffix(mixed(words, recording), "--b--\r\n"),
		"a mail in it":          mixed(words, "--b\r\nContent-Type: message/rfc822\r\n\r\n"+strings.ReplaceAll(mixed("--c\r\n\r\nforwarded\r\n", recording), "--b--", "--c--")),
		"a mail of mails":       "Content-Type: message/rfc822\r\n\r\n" + mixed(words, recording, "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\nContent-Type: text/csv; name=log.csv\r\n\r\n"+log+"\r\n"),
		"one attachment only":   strings.TrimPrefix(recording, "--b\r\n"),
		"carriage returns only": strings.ReplaceAll(strings.ReplaceAll(mixed(words, recording), "\n", ""), "\x00", ""),
	}
	for name, raw := range mails {
		t.Run(name, func(t *testing.T) {
			want := Mail([]byte(raw), noon)
			got, err := mailFrom(kept([]byte(raw)), noon, little)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			held, left, err := little.condense(strings.NewReader(raw), 0)
			if err != nil || len(left.ranges) == 0 || len(held) > 48<<10 {
				t.Errorf("%d of %d bytes are held, %d ranges are left out, %v", len(held), len(raw), len(left.ranges), err)
			}
		})
	}
}

// Of a text that is not held whole the beginning is read, and that is said.
func TestLargeTextIsCut(t *testing.T) {
	text := strings.Repeat("They called from 202-555-0143.\r\n", 4000)
	encoded := base64.StdEncoding.EncodeToString([]byte(text))
	for name, part := range map[string]string{
		"text":            "\r\n" + text,
		"encoded text":    "Content-Transfer-Encoding: base64\r\n\r\n" + encoded,
		"an encoded mail": "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte("Subject: x\r\n\r\n"+text)),
	} {
		raw := []byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + part + "\r\n--b--\r\n")
		p, err := mailFrom(kept(raw), noon, little)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Numbers) == 0 || len(p.Text) < 2<<10 || len(p.Text) > 32<<10 || !strings.Contains(strings.Join(p.Warnings, "\n"), "only the beginning was read") {
			t.Errorf("%s: %d bytes of text, numbers %v, warnings %q", name, len(p.Text), p.Numbers, p.Warnings)
		}
		if i := strings.Index(p.Text, "omitted"); i >= 0 {
			t.Errorf("%s: a mark of ours is in the text: %q", name, p.Text[i:])
		}
	}
}

// The mails of the corpus that are longer than a little read the same.
func TestLargeMailsOfTheCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// Most of them are small: something long comes after.
		raw = append(raw, bytes.Repeat([]byte("\r\nQUJDQUJDQUJDQUJD"), 2000)...)
		want := Mail(raw, noon)
		got, err := mailFrom(kept(raw), noon, holding{whole: 24 << 10, head: 16 << 10})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Attachments, got.Attachments); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

func TestLargeMailFromABadSource(t *testing.T) {
	raw := []byte("Content-Type: audio/wav\r\n\r\n" + strings.Repeat("0123456789\r\n", 10_000))
	broken := errors.New("the disk is gone")
	half := func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(bytes.NewReader(raw[:50_000]), iotest.ErrReader(broken))), nil
	}
	none := func() (io.ReadCloser, error) { return nil, broken }
	for name, opens := range map[string][]func() (io.ReadCloser, error){
		"cannot be opened":        {none},
		"cannot be opened again":  {kept(raw).Open, none},
		"breaks":                  {half},
		"breaks on the way again": {kept(raw).Open, half},
	} {
		n := 0
		_, err := mailFrom(Source{Open: func() (io.ReadCloser, error) { n++; return opens[n-1]() }}, noon, little)
		if !errors.Is(err, broken) || n != len(opens) {
			t.Errorf("%s: %v after %d", name, err, n)
		}
	}
}

// Whatever bytes an attachment has, it is measured piece by piece as at once.
func FuzzLargeMail(f *testing.F) {
	f.Add([]byte("QUJD=\r\n"), []byte("caf=C3=A9 \t= \t\r\n"))
	f.Add([]byte("\r"), []byte("= \t\r\n\n=3"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if bytes.Contains(a, []byte("--")) || bytes.Contains(b, []byte("--")) || len(a)+len(b) > 4096 {
			return // a boundary of their own: of a header behind it only the beginning is held
		}
		var raw bytes.Buffer
		raw.WriteString("Content-Type: multipart/mixed; boundary=b\r\n\r\n")
		for i, encoding := range []string{"base64", "quoted-printable", "8bit"} {
			fmt.Fprintf(&raw, "--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: %s\r\n\r\n", encoding)
			for n := raw.Len() + 2000*(i+1); raw.Len() < n; {
				raw.Write(a)
				raw.Write(b)
				raw.WriteString("- x")
			}
			raw.WriteString("\r\n")
		}
		raw.WriteString("--b--\r\n")
		got, err := mailFrom(kept(raw.Bytes()), noon, holding{whole: 256, head: 128})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(Mail(raw.Bytes(), noon).Attachments, got.Attachments); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
