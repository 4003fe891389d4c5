package simulate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/abusedesk/abusedesk/internal/altcha"
)

const chatSecret = "whsec_c2VjcmV0IG9mIHRoZSBkb29y"

// fakeDesk takes reports as the real one does, and remembers them by key. It
// can be made to fail before or after it has taken something.
type fakeDesk struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	reports  map[string]*fakeReport // door + key
	attempts map[string]int
	nonces   int
	fail     func() fault // nil: never
}

type fakeReport struct {
	door   Door
	key    string
	sha    string
	number int64
	header http.Header
	body   []byte
}

type fault int

const (
	fine fault = iota
	lostRequest
	lostAnswer
	unavailable
	broken
)

func newFakeDesk(t *testing.T) *fakeDesk {
	f := &fakeDesk{t: t, reports: map[string]*fakeReport{}, attempts: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.nonces++
		n := f.nonces
		f.mu.Unlock()
		fmt.Fprintf(w, `<form method="post"><input type="hidden" name="nonce" value="n-%d"></form>`, n)
	})
	challenges := altcha.New("the fake desk's", 1)
	mux.HandleFunc("GET /api/v1/challenge", func(w http.ResponseWriter, r *http.Request) { json.NewEncoder(w).Encode(challenges.Issue(time.Now())) })
	mux.HandleFunc("POST /reports", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		v, err := url.ParseQuery(string(body))
		if err != nil || v.Get("nonce") == "" {
			http.Error(w, "no nonce", http.StatusBadRequest)
			return
		}
		if _, err := challenges.Verify(time.Now(), v.Get("altcha")); err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		f.take(w, r, DoorForm, v.Get("nonce"), body, func(n int64) {
			http.Redirect(w, r, fmt.Sprintf("/reports/token-%d", n), http.StatusSeeOther)
		})
	})
	mux.HandleFunc("POST /api/v1/reports", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if _, err := challenges.Verify(time.Now(), r.Header.Get("Altcha")); err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		f.take(w, r, DoorAPI, r.Header.Get("Idempotency-Key"), body, func(n int64) {
			w.WriteHeader(http.StatusCreated)
			json.NewEncoder(w).Encode(map[string]any{"report": n, "case": fmt.Sprintf("AB-2026-%06d", n), "status_url": f.URL + "/reports/x"})
		})
	})
	mux.HandleFunc("POST /hooks/chat/standard", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		wh, err := standardwebhooks.NewWebhook(chatSecret)
		if err != nil {
			t.Fatal(err)
		}
		if err := wh.Verify(body, r.Header); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		f.take(w, r, DoorChat, r.Header.Get("webhook-id"), body, func(int64) { fmt.Fprint(w, `{"status":"accepted"}`) })
	})
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeDesk) take(w http.ResponseWriter, r *http.Request, door Door, key string, body []byte, answer func(int64)) {
	f.mu.Lock()
	f.attempts[string(door)+key]++
	trouble := fine
	if f.fail != nil {
		trouble = f.fail()
	}
	f.mu.Unlock()
	switch trouble {
	case lostRequest:
		panic(http.ErrAbortHandler)
	case unavailable:
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case broken:
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	n := f.keep(door, key, body, r.Header)
	if trouble == lostAnswer {
		panic(http.ErrAbortHandler)
	}
	answer(n)
}

func (f *fakeDesk) keep(door Door, key string, body []byte, h http.Header) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	sum := sha256.Sum256(body)
	sha := hex.EncodeToString(sum[:])
	if known := f.reports[string(door)+key]; known != nil {
		if known.sha != sha {
			f.t.Errorf("%s %s came twice with different bytes", door, key)
		}
		return known.number
	}
	f.reports[string(door)+key] = &fakeReport{door, key, sha, int64(len(f.reports) + 1), h, body}
	return f.reports[string(door)+key].number
}

// mail takes a mail, as a mailbox does.
func (f *fakeDesk) mail(_ context.Context, _ string, raw []byte) error {
	m, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		return err
	}
	key := m.Header.Get("Message-ID")
	f.mu.Lock()
	f.attempts[string(DoorMail)+key]++
	trouble := fine
	if f.fail != nil {
		trouble = f.fail()
	}
	f.mu.Unlock()
	if trouble != fine && trouble != lostAnswer {
		return fmt.Errorf("no connection")
	}
	f.keep(DoorMail, key, raw, nil)
	if trouble == lostAnswer {
		return fmt.Errorf("connection lost")
	}
	return nil
}

// ReportsOf makes the fake a Finder.
func (f *fakeDesk) ReportsOf(_ context.Context, e Entry) ([]Found, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Found
	for _, r := range f.reports {
		if r.sha == e.SHA256 {
			out = append(out, Found{Report: r.number, Cases: []string{fmt.Sprintf("AB-2026-%06d", r.number)}, Enriched: true})
		}
	}
	return out, nil
}

func (f *fakeDesk) doors() *Doors {
	return &Doors{BaseURL: f.URL, ChatSecret: chatSecret, Mail: f.mail, Address: "abuse@carrier.example"}
}

// flaky fails about half the time, in every way.
func flaky(seed uint64) func() fault {
	r := rand.New(rand.NewPCG(seed, 1))
	return func() fault {
		if r.IntN(2) == 0 {
			return fine
		}
		return fault(1 + r.IntN(4))
	}
}
