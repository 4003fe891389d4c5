package notify

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message/mail"

	"github.com/abusedesk/abusedesk/cases"
)

// A letter with files is a mail that any reader takes apart again, byte for byte.
func TestMailWithFiles(t *testing.T) {
	l := letter()
	l.Sending.Kind, l.Sending.Text = cases.SendingTraceback, "It came from account acct-7."
	table := []byte("case,call\r\nAB-2026-000001,1\r\n" + strings.Repeat("é,", 3000) + "\r\n.\r\n")
	l.Files = []cases.LetterFile{{Name: "traceback.json", Type: "application/json", Body: []byte(`{"a": 1}`)}, {Name: "traceback.csv", Type: "text/csv; charset=utf-8", Body: table}}
	m := mailer(t, "smtp://127.0.0.1:1")
	raw, err := m.build(l, time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(raw) {
		if len(line) > 1000 { // RFC 5322 section 2.1.1
			t.Fatalf("a line of %d bytes", len(line))
		}
	}
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(p.Body)
		if err != nil {
			t.Fatal(err)
		}
		switch h := p.Header.(type) {
		case *mail.InlineHeader:
			got = append(got, "text")
			if !strings.Contains(string(body), "It came from account acct-7.") {
				t.Errorf("the letter: %s", body)
			}
		case *mail.AttachmentHeader:
			name, _ := h.Filename()
			got = append(got, name)
			for _, f := range l.Files {
				if f.Name == name && !bytes.Equal(f.Body, body) {
					t.Errorf("%s came as %d bytes, of %d", name, len(body), len(f.Body))
				}
			}
		}
	}
	if strings.Join(got, " ") != "text traceback.json traceback.csv" {
		t.Errorf("parts: %v", got)
	}
	if id := r.Header.Get("Message-Id"); !strings.Contains(id, "@") {
		t.Errorf("message id %q", id)
	}
	l.Files[0].Type = "///"
	if _, err := m.build(l, time.Now()); err == nil {
		t.Error("a file of no type is sent")
	}
}
