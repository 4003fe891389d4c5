package testenv

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Webhook is what a WebhookPeer was sent.
type Webhook struct {
	ID        string // of the header: the same for all attempts
	Signed    time.Time
	Type      string         `json:"type"`
	Timestamp time.Time      `json:"timestamp"`
	Data      map[string]any `json:"data"`
	Body      string         `json:"-"`
}

// WebhookPeer receives webhooks as https://www.standardwebhooks.com asks of
// receivers: it verifies the signature over the raw body and the time with the
// specification's own library, and answers 204. It fails as it is told.
type WebhookPeer struct {
	URL string

	mu      sync.Mutex
	secrets []string
	next    []http.HandlerFunc
	always  http.HandlerFunc
	got     []Webhook
	bad     []string
}

// NewWebhookPeer listens until the test ends.
func NewWebhookPeer(t testing.TB) *WebhookPeer {
	p := &WebhookPeer{}
	s := httptest.NewServer(p)
	p.URL = s.URL + "/hook"
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return p
}

// Trust makes the peer accept what is signed with any of these.
func (p *WebhookPeer) Trust(secrets ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.secrets = secrets
}

// Next answers what comes next, once each; then it is 204 again.
func (p *WebhookPeer) Next(answers ...http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = append(p.next, answers...)
}

// Always answers everything from now on; nil is 204.
func (p *WebhookPeer) Always(answer http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.always = answer
}

// Received are all attempts that were signed well, in order.
func (p *WebhookPeer) Received() []Webhook {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Webhook{}, p.got...)
}

// Refused says what came and was not signed well.
func (p *WebhookPeer) Refused() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.bad...)
}

func (p *WebhookPeer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	h := Webhook{ID: r.Header.Get(standardwebhooks.HeaderWebhookID), Signed: time.Now(), Body: string(body)}
	if err == nil {
		err = json.Unmarshal(body, &h)
	}
	p.mu.Lock()
	if err == nil && r.Method == http.MethodPost && p.verified(body, r.Header) {
		p.got = append(p.got, h)
	} else {
		p.bad = append(p.bad, r.Method+" "+h.ID+" "+string(body))
		p.mu.Unlock()
		http.Error(w, "not signed", http.StatusUnauthorized)
		return
	}
	answer := p.always
	if len(p.next) > 0 {
		answer, p.next = p.next[0], p.next[1:]
	}
	p.mu.Unlock()
	if answer == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answer(w, r)
}

func (p *WebhookPeer) verified(body []byte, h http.Header) bool {
	for _, secret := range p.secrets {
		wh, err := standardwebhooks.NewWebhook(secret)
		if err == nil && wh.Verify(body, h) == nil {
			return true
		}
	}
	return false
}

// WebhookStatus answers with a status, and pairs of header fields.
func WebhookStatus(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// WebhookCut closes the connection without an answer.
func WebhookCut(w http.ResponseWriter, _ *http.Request) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		c.Close()
	}
}

// WebhookHang answers when the other side has given up, or until is closed.
func WebhookHang(until <-chan struct{}) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-until:
		case <-r.Context().Done():
		}
	}
}
