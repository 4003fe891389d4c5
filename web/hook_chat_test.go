package web

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/storetest"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// knock delivers a request to a chat door and returns status, "status" and body.
func (w *world) knock(r *http.Request) (int, string, string) {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, r)
	var said struct {
		Status any `json:"status"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &said); err != nil {
		w.t.Errorf("%s %s answers %d %q", r.Method, r.URL.Path, rec.Code, rec.Body)
	}
	s, _ := said.Status.(string)
	return rec.Code, s, rec.Body.String()
}

func TestDoorsOfChatProducts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, p := range []*testenv.ChatPeer{testenv.Chatwoot(t), testenv.Intercom(t)} {
			t.Run(p.Product, func(t *testing.T) {
				w.server.ChatwootSecrets, w.server.IntercomSecrets = nil, nil
				hello := p.Say(17, "They called me from 312 555 0188.", w.now, nil)
				ask := func(n *testenv.ChatNotification, at time.Time, change func(*http.Request)) (int, string, string) {
					t.Helper()
					r := p.Request(t, "http://abuse.example.com", n, at)
					if change != nil {
						change(r)
					}
					return w.knock(r)
				}
				if code, _, _ := ask(hello, w.now, nil); code != http.StatusNotFound {
					t.Errorf("without a secret the door answers %d", code)
				}
				w.server.ChatwootSecrets, w.server.IntercomSecrets = []string{"another", p.Secret}, []string{"another", p.Secret}
				header, prefix := "X-Hub-Signature", "sha1="
				if p.Product == cases.ChatChatwoot {
					header, prefix = "X-Chatwoot-Signature", "sha256="
				}
				for name, change := range map[string]func(*http.Request){
					"no signature":       func(r *http.Request) { r.Header.Del(header) },
					"another algorithm":  func(r *http.Request) { r.Header.Set(header, "md5="+r.Header.Get(header)[len(prefix):]) },
					"a cut signature":    func(r *http.Request) { r.Header.Set(header, r.Header.Get(header)[:len(prefix)+8]) },
					"an empty signature": func(r *http.Request) { r.Header.Set(header, prefix) },
					"no hexadecimal":     func(r *http.Request) { r.Header.Set(header, prefix+"zz") },
					"a changed body":     func(r *http.Request) { r.Body = http.NoBody },
					"a signature of other": func(r *http.Request) {
						r.Header.Set(header, prefix+strings.Repeat("0", len(r.Header.Get(header))-len(prefix)))
					},
				} {
					if code, _, body := ask(hello, w.now, change); code != http.StatusUnauthorized || !strings.Contains(body, "signature") {
						t.Errorf("%s: %d %s", name, code, body)
					}
				}
				if code, status, body := ask(hello, w.now, nil); code != 200 || status != "accepted" || !strings.Contains(body, "http://abuse.example.com/reports/") {
					t.Errorf("%d %s", code, body)
				}
				for range 2 { // with another time and signature each
					if code, status, body := ask(hello, w.now.Add(time.Minute), nil); code != 200 || status != "duplicate" {
						t.Errorf("delivered again: %d %s", code, body)
					}
				}
				if code, status, _ := ask(p.Say(17, "Hello?", w.now, nil), w.now, nil); code != 200 || status != "accepted" {
					t.Errorf("another message: %d %s", code, status)
				}
				ours := p.Say(17, "Which number?", w.now, nil)
				if p.Product == cases.ChatChatwoot {
					ours.Body["message_type"] = "outgoing"
				} else {
					ours.Body["topic"] = "conversation.admin.replied"
				}
				if code, status, _ := ask(ours, w.now, nil); code != 200 || status != "ignored" {
					t.Errorf("a message of our own: %d %s", code, status)
				}
				if code, _, body := ask(p.Say(17, "x", w.now, func(b map[string]any) { clear(b) }), w.now, nil); code != http.StatusUnprocessableEntity || !strings.Contains(body, `"location":"body.`) {
					t.Errorf("no event: %d %s", code, body)
				}
				r := p.Request(t, "http://abuse.example.com", hello, w.now)
				r.Body, r.ContentLength = io.NopCloser(strings.NewReader(strings.Repeat("a", MaxHookBody+1))), MaxHookBody+1
				if code, _, _ := w.knock(r); code != http.StatusRequestEntityTooLarge {
					t.Errorf("too large: %d", code)
				}
			})
		}
		if got, err := w.desk.Reports(t.Context(), w.staff["analyst"].Actor(), cases.ReportQuery{Channel: cases.ChannelChat}); err != nil || len(got.Items) != 0 {
			t.Errorf("the doors filed %d reports themselves, %v: workers do", len(got.Items), err)
		}
	})
}

// Chatwoot signs a time, and it is held to five minutes either way.
func TestAnOldNotificationOfChatwoot(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	p := testenv.Chatwoot(t)
	w.server.ChatwootSecrets = []string{p.Secret}
	for after, want := range map[time.Duration]int{-signatureAge - time.Second: 401, -signatureAge: 200, signatureAge: 200, signatureAge + time.Second: 401} {
		n := p.Say(17, after.String(), w.now, nil)
		if code, _, body := w.knock(p.Request(t, "http://abuse.example.com", n, w.now.Add(after))); code != want {
			t.Errorf("%s away: %d %s", after, code, body)
		}
	}
	r := p.Request(t, "http://abuse.example.com", p.Say(17, "x", w.now, nil), w.now)
	r.Header.Set("X-Chatwoot-Timestamp", "0"+r.Header.Get("X-Chatwoot-Timestamp"))
	if code, _, _ := w.knock(r); code != 401 {
		t.Errorf("with another time: %d", code)
	}
}

// Where the desk has inboxes of its own, what is written in others is no report.
func TestInboxesOfChatwoot(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	p := testenv.Chatwoot(t)
	w.server.ChatwootSecrets, w.server.ChatwootInboxes = []string{p.Secret}, []string{"5", "7"}
	for inbox, want := range map[any]string{5: "accepted", 6: "ignored", "7": "accepted", nil: "ignored"} {
		n := p.Say(17, fmt.Sprint("in ", inbox), w.now, func(b map[string]any) { b["inbox"] = map[string]any{"id": inbox} })
		if code, status, body := w.knock(p.Request(t, "http://abuse.example.com", n, w.now)); code != 200 || status != want {
			t.Errorf("inbox %v: %d %s", inbox, code, body)
		}
	}
}

// Intercom looks at an address before it keeps it, and pings it.
func TestWhatIntercomTriesFirst(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	p := testenv.Intercom(t)
	probe := func(method string) int {
		rec := httptest.NewRecorder()
		w.server.ServeHTTP(rec, httptest.NewRequest(method, "/hooks/chat/intercom", nil))
		return rec.Code
	}
	w.server.IntercomSecrets = nil
	if probe("HEAD") != 404 || probe("GET") != 404 {
		t.Error("a closed door answers")
	}
	w.server.IntercomSecrets = []string{p.Secret}
	if probe("HEAD") != 200 || probe("GET") != 200 {
		t.Error("an open door does not answer")
	}
	ping := p.Say(17, "", w.now, func(b map[string]any) {
		b["topic"], b["data"] = "ping", map[string]any{"type": "notification_event_data", "item": map[string]any{"type": "ping", "message": "hello"}}
	})
	if code, status, body := w.knock(p.Request(t, "http://abuse.example.com", ping, w.now)); code != 200 || status != "ignored" || !strings.Contains(body, "ping") {
		t.Errorf("%d %s", code, body)
	}
}
