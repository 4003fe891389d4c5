package intake_test

import (
	"bytes"
	"flag"
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

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestMailCorpus(t *testing.T) {
	for _, file := range corpus(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw := readFile(t, file)
			got := intake.Normalised(intake.Mail(raw, us), raw).JSON()
			golden := strings.TrimSuffix(file, ".eml") + ".json"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(readFile(t, golden)), string(got)); diff != "" {
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

func FuzzMail(f *testing.F) {
	for _, file := range corpus(f) {
		f.Add(readFile(f, file))
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
	for _, e := range p.Extracts {
		if e.Start >= 0 && (e.End <= e.Start || p.Text[e.Start:e.End] != e.Text) {
			t.Errorf("%+v is not at its place", e)
		}
		if e.Confidence <= 0 || e.Confidence > 1 || e.Value == "" {
			t.Errorf("%+v", e)
		}
		if strings.ToValidUTF8(e.Value+e.Text, "") != e.Value+e.Text {
			t.Errorf("not fit to be stored: %+v", e)
		}
	}
	if p.OccurredAt.Latest.Before(p.OccurredAt.Earliest) {
		t.Errorf("%+v", p.OccurredAt)
	}
	if !bytes.HasPrefix(intake.Normalised(p, nil).JSON(), []byte("{")) {
		t.Error("no JSON")
	}
}
