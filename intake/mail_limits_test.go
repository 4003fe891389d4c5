package intake_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

// A limit is held, said, and costs only what lies beyond it.
func TestMailLimits(t *testing.T) {
	nested := func(levels int) string {
		var b strings.Builder
		for i := range levels {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}
		return b.String() + "\r\ncalled from 202-555-0143\r\n"
	}
	messages := func(levels int) string {
		return strings.Repeat("Content-Type: message/rfc822\r\n\r\n", levels) + "\r\ncalled from 202-555-0143\r\n"
	}
	multipart := func(part string, n int) string {
		return "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n"+part+"\r\n", n) + "--b--\r\n"
	}
	json := func(s string) string {
		return "Content-Type: application/json\r\n\r\n{\"xarf_version\": \"4\", \"source_identifier\": \"+12025550143\", " + s + "}"
	}
	const pdf = "Content-Type: application/pdf; name=x.pdf\r\n\r\nx"
	fields := strings.Repeat("X-A: a\r\n", 50000) + "\r\nbody"
	caller := func(p cases.Parsed) bool { return p.Number(cases.RoleCaller) == "+12025550143" }
	body := func(p cases.Parsed) bool { return p.Text == "body" }
	fullText := func(p cases.Parsed) bool { return len(p.Text) <= intake.MaxText && len(p.Text) > intake.MaxText/2 }
	fullList := func(p cases.Parsed) bool { return len(p.Attachments) == intake.MaxAttachments }
	for name, tc := range map[string]struct {
		raw, warning string
		check        func(cases.Parsed) bool
	}{
		"bytes":               {"Subject: from 202-555-0143\r\nContent-Type: image/png\r\n\r\n" + strings.Repeat("0123456789abcdef", cases.MaxMessageBytes/16), "larger than 64 MB", caller},
		"nesting":             {nested(24), "nested more than 12", func(p cases.Parsed) bool { return p.Text == "" }},
		"nesting just right":  {nested(12), "cut off", caller},
		"messages":            {messages(24), "nested more than 12", func(p cases.Parsed) bool { return len(p.Attachments) == 13 && !caller(p) }},
		"messages just right": {messages(12), "", caller},
		"parts":               {multipart(pdf, 5000), "more than 500 parts", fullList},
		"attachments":         {multipart(pdf, 200), "more than 100 attachments", fullList},
		"text":                {"Subject: x\r\n\r\n" + strings.Repeat("words of a long mail\r\n", 60000), "more than 256 KB", fullText},
		"text of many parts":  {multipart("\r\n"+strings.Repeat("many words\r\n", 2000), 20), "more than 256 KB", fullText},
		"text of pages":       {"Content-Type: text/html\r\n\r\n" + strings.Repeat("<p>words of a long page</p>\r\n", 90000), "more than 256 KB", fullText},
		"text that grows":     {"Content-Type: text/plain; charset=utf-7\r\n\r\n" + strings.Repeat("+TgBOAE4ATgA-", 60000), "more than 256 KB", fullText},
		"text of files":       {"Content-Type: text/plain; name=log.txt\r\n\r\n" + strings.Repeat("words of a log\r\n", 90000), "", fullText},
		"header":              {strings.Repeat("X-A: "+strings.Repeat("a", 900)+"\r\n", 3000) + "\r\nbody\r\n", "header is too long", body},
		"header fields":       {fields, "header is too long", body},
		"header of a part":    {multipart(fields, 1), "header is too long", body},
		"one endless line":    {"Subject: " + strings.Repeat("=?utf-8?q?", 200000), "header is too long", func(cases.Parsed) bool { return true }},
		"X-ARF":               {json(`"evidence": [{"payload": "` + strings.Repeat("A", 9<<20) + `"}]`), "larger than 8 MB", caller},
		"X-ARF, deep":         {json(`"x": ` + strings.Repeat("[", 100000)), "damaged or too long", caller},
		"X-ARF, many fields":  {json(`"x": [` + strings.Repeat("1, ", 100000) + "1]"), "damaged or too long", caller},
		"numbers": {"\r\n" + func() string {
			var b strings.Builder
			for i := range 1000 {
				fmt.Fprintf(&b, "202-555-%04d\n", i)
			}
			return b.String()
		}(), "", func(p cases.Parsed) bool { return len(p.Numbers) == intake.MaxNumbers }},
	} {
		t.Run(name, func(t *testing.T) {
			p := intake.Mail([]byte(tc.raw), us)
			checkParsed(t, p)
			if tc.warning != "" && !hasWarning(p, tc.warning) {
				t.Errorf("no warning %q in %q", tc.warning, p.Warnings)
			}
			if !tc.check(p) {
				t.Errorf("read as %.300s", intake.Normalised(p, nil).JSON())
			}
		})
	}
}

// Archives are named and not opened: what they would expand to costs nothing.
func TestMailDoesNotOpenArchives(t *testing.T) {
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	w, err := z.Create("zeros")
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range 64 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	raw := []byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ncalled from 202-555-0143\r\n--b\r\nContent-Type: application/zip; name=calls.zip\r\n" +
		"Content-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(bomb.Bytes()) + "\r\n--b--\r\n")
	var p cases.Parsed
	if used := allocated(func() { p = intake.Mail(raw, us) }); used > 4<<20 {
		t.Errorf("%d MB for a mail of %d KB", used>>20, len(raw)>>10)
	}
	if len(p.Attachments) != 1 || p.Attachments[0].Name != "calls.zip" || p.Attachments[0].Bytes != int64(bomb.Len()) || !hasWarning(p, "archives are not opened") {
		t.Errorf("%+v %q", p.Attachments, p.Warnings)
	}
}

// A large mail is read in little memory, whatever its size: of its attachments
// the beginning is held, and their digests are made as they pass.
func TestMailMemoryIsFlat(t *testing.T) {
	line := strings.Repeat("QUJD", 19) + "\r\n"
	for _, encoding := range []string{"base64", "quoted-printable", "8bit"} {
		for size, most := range map[int]uint64{1 << 20: 4 << 20, 20 << 20: 24 << 20, 60 << 20: 24 << 20} {
			header := "Content-Type: audio/wav; name=call.wav\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n"
			lines := size / len(line)
			src := intake.Source{Size: int64(len(header) + lines*len(line)), Open: func() (io.ReadCloser, error) {
				return io.NopCloser(io.MultiReader(strings.NewReader(header), &repeated{line, lines, ""})), nil
			}}
			used := allocated(func() {
				if p, err := intake.Read(cases.ChannelEmail, "", src, us); err != nil || len(p.Attachments) != 1 || p.Attachments[0].Bytes == 0 {
					t.Errorf("%+v %v", p.Attachments, err)
				}
			})
			if used > most {
				t.Errorf("%s: %d KB for a mail of %d MB", encoding, used>>10, size>>20)
			}
		}
	}
}

// repeated reads a line again and again.
type repeated struct {
	line  string
	times int
	rest  string
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if r.rest == "" {
			if r.times == 0 {
				return n, io.EOF
			}
			r.rest, r.times = r.line, r.times-1
		}
		c := copy(p[n:], r.rest)
		r.rest = r.rest[c:]
		n += c
	}
	return n, nil
}

// allocated is how many bytes f asks for in all.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
