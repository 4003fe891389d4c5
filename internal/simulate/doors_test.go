package simulate

import (
	"encoding/json"
	"errors"
	"io"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

var complaint = Complaint{
	Category: cases.CategoryRobocall, Caller: "+12165557513", Callback: "+18885550146", Called: "+16175552345", At: noon.Add(-3 * time.Hour), Occurrences: 2,
	Subject: "Robocall — again", Words: "It said: \"press 1\"", Prose: "I got a call from 216-555-7513 on 617-555-2345. It said: \"press 1 – 立即\"",
	Reporter: cases.Contact{Name: "Dana Whitfield", Email: "dana@example.com", Kind: cases.ReporterCalled},
}

func TestEachDoorGetsItsShape(t *testing.T) {
	f := newFakeDesk(t)
	for _, door := range []Door{DoorForm, DoorAPI, DoorMail, DoorChat} {
		del, receipt, err := f.doors().Deliver(t.Context(), door, complaint)
		if err != nil {
			t.Fatalf("%s: %v", door, err)
		}
		got := f.reports[string(door)+del.Key]
		if got == nil || got.sha != del.SHA256 {
			t.Fatalf("%s: the desk does not have %s with these bytes", door, del.Key)
		}
		switch door {
		case DoorForm:
			v, err := url.ParseQuery(string(got.body))
			if err != nil {
				t.Fatal(err)
			}
			v.Del("altcha") // the fake desk has looked at it
			want := url.Values{"nonce": {del.Key}, "category": {"robocall"}, "caller_number": {complaint.Caller}, "callback_number": {complaint.Callback},
				"called_number": {complaint.Called}, "occurred_at": {"2026-11-24T09:00:00Z"}, "occurrences": {"2"}, "description": {complaint.Words},
				"reporter_name": {"Dana Whitfield"}, "reporter_email": {"dana@example.com"}, "reporter_kind": {"called_party"}}
			if d := cmp.Diff(want, v); d != "" {
				t.Errorf("form:\n%s", d)
			}
			if receipt.StatusURL != f.URL+"/reports/token-1" {
				t.Errorf("status page %q", receipt.StatusURL)
			}
		case DoorAPI:
			var v map[string]any
			if err := json.Unmarshal(got.body, &v); err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"category": "robocall", "caller_number": complaint.Caller, "callback_number": complaint.Callback, "called_number": complaint.Called,
				"occurred_at": "2026-11-24T09:00:00Z", "occurrences": 2.0, "description": complaint.Words,
				"reporter": map[string]any{"name": "Dana Whitfield", "email": "dana@example.com", "kind": "called_party"}}
			if d := cmp.Diff(want, v); d != "" {
				t.Errorf("API:\n%s", d)
			}
			if receipt != (Receipt{"2", "AB-2026-000002", f.URL + "/reports/x"}) {
				t.Errorf("receipt %+v", receipt)
			}
		case DoorMail:
			m, err := mail.ReadMessage(strings.NewReader(string(got.body)))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
			if err != nil || !strings.HasPrefix(string(text), complaint.Prose) {
				t.Errorf("mail text %q, %v", text, err)
			}
			if strings.Contains(strings.ReplaceAll(string(got.body), "\r\n", ""), "\n") {
				t.Error("a line of the mail ends in a bare LF")
			}
			if del.From != "dana@example.com" || m.Header.Get("Message-ID") != del.Key {
				t.Errorf("from %q, id %q", del.From, m.Header.Get("Message-ID"))
			}
		case DoorChat:
			var v chatEvent
			if err := json.Unmarshal(got.body, &v); err != nil {
				t.Fatal(err)
			}
			if v.Type != "message.created" || v.Data.Text != complaint.Prose || v.Data.Sender.Email != "dana@example.com" || v.Data.Conversation == "" {
				t.Errorf("chat %+v", v)
			}
		}
	}
}

// A retry after minutes must be signed anew, or the desk refuses it as stale.
func TestWebhookIsSignedAtEachAttempt(t *testing.T) {
	f := newFakeDesk(t)
	d := f.doors()
	d.Now = func() time.Time { return time.Now().Add(-time.Hour) }
	del, err := d.Compose(t.Context(), DoorChat, complaint, NewKey())
	if err != nil {
		t.Fatal(err)
	}
	var refused *Refused
	if _, err := d.Send(t.Context(), del); !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		t.Fatalf("an old signature: %v", err)
	}
	d.Now = nil
	if _, err := d.Send(t.Context(), del); err != nil {
		t.Fatalf("the same delivery, signed now: %v", err)
	}
}

func TestForwardedAddress(t *testing.T) {
	f := newFakeDesk(t)
	d := f.doors()
	d.Forwarded = func() string { return "203.0.113.9" }
	del, _, err := d.Deliver(t.Context(), DoorForm, complaint)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.reports["form"+del.Key].header.Get("X-Forwarded-For"); got != "203.0.113.9" {
		t.Errorf("X-Forwarded-For %q", got)
	}
}

// mailServer is a real SMTP server with an answer of the test's choice.
type mailServer struct {
	answer error
	got    []string
}

func (m *mailServer) NewSession(*smtp.Conn) (smtp.Session, error) { return m, nil }
func (m *mailServer) Reset()                                      {}
func (m *mailServer) Logout() error                               { return nil }
func (m *mailServer) Mail(from string, _ *smtp.MailOptions) error {
	m.got = append(m.got, "from "+from)
	return m.answer
}
func (m *mailServer) Rcpt(to string, _ *smtp.RcptOptions) error {
	m.got = append(m.got, "to "+to)
	return nil
}
func (m *mailServer) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	m.got = append(m.got, string(raw))
	return err
}

func TestSMTP(t *testing.T) {
	for name, c := range map[string]struct {
		answer error
		check  func(error) bool
	}{
		"taken":   {nil, func(err error) bool { return err == nil }},
		"refused": {&smtp.SMTPError{Code: 550, Message: "no such mailbox"}, func(err error) bool { var r *Refused; return errors.As(err, &r) && r.Status == 550 }},
		"later":   {&smtp.SMTPError{Code: 451, Message: "try again"}, func(err error) bool { var b *Busy; return errors.As(err, &b) && b.Status == 451 }},
	} {
		t.Run(name, func(t *testing.T) {
			backend := &mailServer{answer: c.answer}
			server := smtp.NewServer(backend)
			l := listen(t)
			go server.Serve(l)
			t.Cleanup(func() { server.Close() })
			raw := "Subject: x\r\n\r\n.a line that begins with a dot\r\n"
			err := SMTP{Addr: l.Addr().String(), To: "abuse@carrier.example"}.Deliver(t.Context(), "dana@example.com", []byte(raw))
			if !c.check(err) {
				t.Fatalf("answer %v", err)
			}
			if want := []string{"from dana@example.com", "to abuse@carrier.example", raw}; err == nil && !cmp.Equal(want, backend.got) {
				t.Errorf("the server got:\n%s", cmp.Diff(want, backend.got))
			}
		})
	}
	l := listen(t)
	l.Close()
	if err := (SMTP{Addr: l.Addr().String(), To: "x@y.example"}).Deliver(t.Context(), "a@b.example", nil); err == nil || final(err) {
		t.Errorf("nobody listens: %v", err)
	}
}
