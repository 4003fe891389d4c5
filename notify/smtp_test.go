package notify

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-smtp"

	"github.com/abusedesk/abusedesk/cases"
)

// peer is an SMTP server that behaves as told.
type peer struct {
	mu    sync.Mutex
	mails [][]byte
	from  []string // of the envelope
	rcpt  error
	data  error
	drop  bool // hang up after the message, before the answer
}

type peerSession struct {
	p    *peer
	conn *smtp.Conn
}

func (s *peerSession) Reset()        {}
func (s *peerSession) Logout() error { return nil }
func (s *peerSession) Mail(from string, _ *smtp.MailOptions) error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.p.from = append(s.p.from, from)
	return nil
}
func (s *peerSession) Rcpt(string, *smtp.RcptOptions) error { return s.p.rcpt }
func (s *peerSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.p.data != nil {
		return s.p.data
	}
	s.p.mu.Lock()
	s.p.mails = append(s.p.mails, raw)
	s.p.mu.Unlock()
	if s.p.drop {
		s.conn.Conn().Close()
	}
	return nil
}

func serve(t *testing.T, p *peer) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &peerSession{p, c}, nil }))
	done := make(chan struct{})
	go func() { defer close(done); s.Serve(l) }()
	t.Cleanup(func() { l.Close(); s.Close(); <-done }) // Close alone misses a listener that Serve has not seen yet
	return "smtp://" + l.Addr().String()
}

func letter() cases.Letter {
	return cases.Letter{
		Sending: cases.Sending{Kind: cases.SendingAcknowledgement, To: "jane@example.org", MessageID: "ab.0123@desk.example", Language: "es-MX"},
		Case:    cases.Case{Ref: "AB-2026-004217"},
		Report:  cases.Report{Token: "t0ken", Details: cases.Details{Mail: cases.MailHeaders{MessageID: "theirs@example.org"}}},
	}
}

func mailer(t *testing.T, url string) *Mailer {
	t.Helper()
	m, err := NewMailer(MailerConfig{URL: url, From: "Abuse desk <abuse@desk.example>", BaseURL: "https://desk.example/", Operator: "Northwind",
		Now: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSendOutcomes(t *testing.T) {
	tests := []struct {
		name    string
		peer    *peer
		want    cases.Outcome // Note is compared by its beginning
		unknown bool
		mails   int
	}{
		{"taken", &peer{}, cases.Outcome{Taken: true}, false, 1},
		{"no such recipient", &peer{rcpt: &smtp.SMTPError{Code: 550, Message: "no such user"}}, cases.Outcome{Refused: true, Note: "550 no such user"}, false, 0},
		{"greylisted", &peer{rcpt: &smtp.SMTPError{Code: 451, Message: "later"}}, cases.Outcome{Retry: true, Note: "451 later"}, false, 0},
		{"refused after the message", &peer{data: &smtp.SMTPError{Code: 554, Message: "spam"}}, cases.Outcome{Refused: true, Note: "554 spam"}, false, 0},
		{"451 after the message", &peer{data: &smtp.SMTPError{Code: 451, Message: "try again"}}, cases.Outcome{Retry: true, Note: "451 try again"}, false, 0},
		{"hangs up before the answer: nobody knows", &peer{drop: true}, cases.Outcome{}, true, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := mailer(t, serve(t, tt.peer)).Send(t.Context(), letter())
			if (err != nil) != tt.unknown {
				t.Fatalf("err = %v, want unknown: %v", err, tt.unknown)
			}
			if out.Taken != tt.want.Taken || out.Refused != tt.want.Refused || out.Retry != tt.want.Retry || !strings.HasPrefix(out.Note, tt.want.Note) {
				t.Errorf("outcome = %+v, want %+v", out, tt.want)
			}
			tt.peer.mu.Lock()
			defer tt.peer.mu.Unlock()
			if len(tt.peer.mails) != tt.mails {
				t.Errorf("%d mails arrived, want %d", len(tt.peer.mails), tt.mails)
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	out, err := mailer(t, "smtp://"+l.Addr().String()).Send(t.Context(), letter())
	if err != nil || !out.Retry {
		t.Errorf("outcome %+v, err %v; want to try again", out, err)
	}
}

func TestWordsAndHeaders(t *testing.T) {
	p := &peer{}
	if _, err := mailer(t, serve(t, p)).Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	r, err := mail.CreateReader(bytes.NewReader(p.mails[0]))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{
		"Message-Id": "<ab.0123@desk.example>", "In-Reply-To": "<theirs@example.org>", "References": "<theirs@example.org>",
		"Auto-Submitted": "auto-replied", "From": `"Abuse desk" <abuse@desk.example>`, "To": "<jane@example.org>", "Date": "Sun, 01 Mar 2026 12:00:00 +0000",
	} {
		if got := r.Header.Get(field); got != want {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
	if s, err := r.Header.Subject(); err != nil || s != "Hemos recibido su denuncia (AB-2026-004217)" {
		t.Errorf("subject %q, %v", s, err)
	}
	part, err := r.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(part.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"AB-2026-004217", "https://desk.example/reports/t0ken", "Northwind", "Qué pasa ahora"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
}

func TestNothingBreaksOutOfTheHeader(t *testing.T) {
	l := letter()
	l.Sending.To = "jane@example.org\r\nBcc: all@example.org"
	l.Report.Details.Mail.MessageID = "x@y>\r\nBcc: <all@example.org"
	p := &peer{}
	out, err := mailer(t, serve(t, p)).Send(t.Context(), l)
	if err == nil && out.Taken {
		for _, m := range p.mails {
			if bytes.Contains(m, []byte("\r\nBcc:")) {
				t.Errorf("a header was injected:\n%s", m)
			}
		}
	}
	if err != nil || !out.Refused {
		t.Errorf("outcome %+v, err %v; want refused", out, err)
	}
}

func TestEveryLanguageHasItsWords(t *testing.T) {
	seen := map[string]bool{}
	for _, language := range []string{"en", "es", "fr", "zh", ""} {
		l := letter()
		l.Sending.Language = language
		subject, text, err := compose(l, words{Ref: "AB-1", StatusURL: "https://x/", Operator: "O"})
		if err != nil || subject == "" || !strings.Contains(text, "https://x/") {
			t.Errorf("%q: %q, %v", language, subject, err)
		}
		seen[subject] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d different subjects, want 3", len(seen))
	}
	if _, _, err := compose(cases.Letter{Sending: cases.Sending{Kind: "song"}}, words{}); !errors.Is(err, cases.ErrInvalid) {
		t.Errorf("a kind without words: %v", err)
	}
}

func TestNewMailerRefuses(t *testing.T) {
	for _, c := range []MailerConfig{{URL: "", From: "a@b.example"}, {URL: "http://x", From: "a@b.example"}, {URL: "smtp://h:1", From: "nobody"}} {
		if _, err := NewMailer(c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}
