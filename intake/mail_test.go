package intake_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// at is when everything in these tests was received: a Tuesday.
var at = time.Date(2026, 3, 3, 18, 0, 0, 0, time.UTC)

var us = intake.Context{Region: "US", ReceivedAt: at}

func corpus(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	return files
}

func TestMailCorpus(t *testing.T) {
	for _, file := range corpus(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := intake.Normalised(intake.Mail(raw, us), raw).JSON()
			golden := strings.TrimSuffix(file, ".eml") + ".json"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func hasWarning(p cases.Parsed, text string) bool {
	for _, w := range p.Warnings {
		if strings.Contains(w, text) {
			return true
		}
	}
	return false
}

func TestMailLimits(t *testing.T) {
	nested := func(levels int) string {
		var b strings.Builder
		for i := range levels {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}
		return b.String() + "\r\ncalled from 202-555-0143\r\n"
	}
	many := func(n int) string {
		return "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: application/pdf; name=x.pdf\r\n\r\nx\r\n", n) + "--b--\r\n"
	}
	for name, tc := range map[string]struct {
		raw, warning string
		check        func(cases.Parsed) bool
	}{
		"nesting":            {nested(24), "nested more than 12", func(p cases.Parsed) bool { return p.Text == "" }},
		"nesting just right": {nested(12), "cut off", func(p cases.Parsed) bool { return p.Number(cases.RoleCaller) == "+12025550143" }},
		"parts":              {many(5000), "more than 500 parts", func(p cases.Parsed) bool { return len(p.Attachments) == intake.MaxAttachments }},
		"text":               {"Subject: x\r\n\r\n" + strings.Repeat("words of a long mail\r\n", 60000), "more than 256 KB", func(p cases.Parsed) bool { return len(p.Text) <= intake.MaxText && len(p.Text) > intake.MaxText/2 }},
		"header":             {strings.Repeat("X-A: "+strings.Repeat("a", 900)+"\r\n", 3000) + "\r\nbody\r\n", "header is too long", func(p cases.Parsed) bool { return p.Text == "body" }},
		"header fields":      {strings.Repeat("X-A: a\r\n", 100000) + "\r\nbody\r\n", "header is too long", func(p cases.Parsed) bool { return p.Text == "body" }},
		"one endless line":   {"Subject: " + strings.Repeat("=?utf-8?q?", 200000), "header is too long", func(p cases.Parsed) bool { return true }},
		"numbers": {"\r\n" + func() string {
			var b strings.Builder
			for i := range 1000 {
				fmt.Fprintf(&b, "202-555-%04d\n", i)
			}
			return b.String()
		}(), "", func(p cases.Parsed) bool { return len(p.Numbers) == intake.MaxNumbers }},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			p := intake.Mail([]byte(tc.raw), us)
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("took %v for %d bytes", took, len(tc.raw))
			}
			if tc.warning != "" && !hasWarning(p, tc.warning) {
				t.Errorf("no warning %q in %q", tc.warning, p.Warnings)
			}
			if !tc.check(p) {
				t.Errorf("read as %.300s", intake.Normalised(p, nil).JSON())
			}
		})
	}
}

func TestMailNeverAnswersMachines(t *testing.T) {
	for header, want := range map[string]func(cases.MailHeaders) bool{
		"Auto-Submitted: auto-generated":        func(m cases.MailHeaders) bool { return m.AutoSubmitted },
		"Auto-Submitted: no":                    func(m cases.MailHeaders) bool { return !m.AutoSubmitted },
		"auto-submitted: Auto-Replied; x=y":     func(m cases.MailHeaders) bool { return m.AutoSubmitted },
		"X-Autoreply: yes":                      func(m cases.MailHeaders) bool { return m.AutoSubmitted },
		"Precedence: auto_reply":                func(m cases.MailHeaders) bool { return m.AutoSubmitted },
		"Content-Type: multipart/report; b=c":   func(m cases.MailHeaders) bool { return !m.AutoSubmitted }, // no parts: no report
		"Return-Path: <>":                       func(m cases.MailHeaders) bool { return m.NullSender },
		"Return-Path: <a@example.org>":          func(m cases.MailHeaders) bool { return !m.NullSender && m.ReturnPath == "a@example.org" },
		"Precedence: Bulk":                      func(m cases.MailHeaders) bool { return m.List },
		"List-Id: <x.example.org>":              func(m cases.MailHeaders) bool { return m.List },
		"List-Unsubscribe: <https://x.invalid>": func(m cases.MailHeaders) bool { return m.List },
		"Message-ID: <>":                        func(m cases.MailHeaders) bool { return m.MessageID == "" },
		"In-Reply-To: <>\r\nReferences: <> < >": func(m cases.MailHeaders) bool { return m.InReplyTo == nil && m.References == nil },
		"References: <a@b>\r\n <c@d>\t<e@ f>":   func(m cases.MailHeaders) bool { return cmp.Equal(m.References, []string{"a@b", "c@d", "e@f"}) },
	} {
		p := intake.Mail([]byte("From: a@example.org\r\n"+header+"\r\n\r\nHello\r\n"), us)
		if !want(p.Mail) {
			t.Errorf("%s: %+v", header, p.Mail)
		}
	}
}

// hostile are mails of about size bytes that are dear to a parser that looks
// back, ahead or twice.
func hostile(size int) map[string]string {
	fill := func(s string) string { return strings.Repeat(s, size/len(s)+1) }
	head := func(contentType string) string { return "Content-Type: " + contentType + "\r\n\r\n" }
	nested := strings.Builder{}
	for i := range 30 {
		fmt.Fprintf(&nested, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	return map[string]string{
		"unterminated multiparts": nested.String() + fill("--b1\r\n--b2\r\n--b3x\r\n"),
		"boundaries in a line":    head("multipart/mixed; boundary=b") + fill("--b"),
		"almost boundaries":       head("multipart/mixed; boundary=b") + fill("\n--bb"),
		"empty parts":             head("multipart/mixed; boundary=b") + fill("--b\r\n"),
		"encoded words":           "Subject: " + fill("=?utf-8?B?w7w=?= ") + "\r\n\r\nx",
		"beginnings of words":     "Subject: " + fill("=?a?q?") + "\r\n\r\nx",
		"folded for ever":         "Subject: x" + fill("\r\n y") + "\r\n\r\nx",
		"no header lines":         fill("word word\n"),
		"equals signs":            "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + fill("= "),
		"tags":                    head("text/html") + fill("<div><blockquote>"),
		"an open tag":             head("text/html") + "<a " + fill("b=c "),
		"less-than":               head("text/html") + fill("<"),
		"entities":                head("text/html") + fill("&amp;&#"),
		"quotes":                  "References: <a@b>\r\n\r\n" + fill("> > > x\n"),
		"attributions":            "References: <a@b>\r\n\r\n" + fill("On 1 2 3 4 x\n"),
		"flowed":                  "Content-Type: text/plain; format=flowed\r\n\r\n" + fill("a \n"),
		"tokens":                  "\r\n" + fill("eyJ"),
		"numbers":                 "\r\n" + fill("202-555-0143 "),
		"number beginnings":       "\r\n" + fill("+1 (2"),
		"cues":                    "\r\n" + fill("call from "),
		"times":                   "\r\n" + fill("on 1/2 at 3:15 pm "),
		"addresses":               "From: " + fill("<a@b>,(") + "\r\n\r\nx",
		"charset to be guessed":   "\r\n" + fill("\xd0\xe0\xff "),
		"stray base64":            "Content-Transfer-Encoding: base64\r\n\r\n" + fill("!Q"),
		"messages in messages":    strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 40) + fill("x"),
		"combining marks":         "\r\n" + fill("e\u0301\u0301\u0301"),
	}
}

func TestMailIsLinear(t *testing.T) {
	const size = 1 << 20
	for name, raw := range hostile(size) {
		start := time.Now()
		checkParsed(t, intake.Mail([]byte(raw), us))
		// Some hundred milliseconds at most; what is quadratic takes minutes.
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: %v for a megabyte", name, took)
		}
	}
}

func BenchmarkMailHostile(b *testing.B) {
	for name, raw := range hostile(1 << 20) {
		b.Run(strings.ReplaceAll(name, " ", "_"), func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				intake.Mail([]byte(raw), us)
			}
		})
	}
}

func FuzzMail(f *testing.F) {
	for _, file := range corpus(f) {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		checkParsed(t, intake.Mail(raw, us))
	})
}

// checkParsed is what holds for every report, whatever it was read from.
func checkParsed(t *testing.T, p cases.Parsed) {
	t.Helper()
	for _, s := range []string{p.Text, p.Subject, p.Quoted, p.Reporter.Name, p.Reporter.Email, p.Identity} {
		if strings.ToValidUTF8(s, "") != s || strings.ContainsRune(s, 0) {
			t.Errorf("not fit to be stored: %q", s)
		}
	}
	if strings.ContainsAny(p.Subject+p.Reporter.Name+p.Reporter.Email, "\r\n") {
		t.Errorf("line ends in %q, %q, %q", p.Subject, p.Reporter.Name, p.Reporter.Email)
	}
	if len(p.Text) > intake.MaxText || len(p.Numbers) > intake.MaxNumbers || len(p.Attachments) > intake.MaxAttachments {
		t.Error("over a limit")
	}
	if p.Category == "" {
		t.Error("no category")
	}
	for _, n := range p.Numbers {
		if n.Start >= 0 && p.Text[n.Start:n.End] != n.Text {
			t.Errorf("%q is not at %d", n.Text, n.Start)
		}
		if n.Confidence <= 0 || n.Confidence > 1 {
			t.Errorf("confidence %v", n.Confidence)
		}
	}
	if p.OccurredAt.Latest.Before(p.OccurredAt.Earliest) {
		t.Errorf("%+v", p.OccurredAt)
	}
	if !bytes.HasPrefix(intake.Normalised(p, nil).JSON(), []byte("{")) {
		t.Error("no JSON")
	}
}
