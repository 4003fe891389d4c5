package testenv

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// ChatPeer is the other side of a chat door, written from what the product
// publishes: it notifies of messages, signed as the product signs, and takes
// answers by its API, as strictly as that does. It can redeliver, deliver in any
// order, and fail. Safe for concurrent use.
type ChatPeer struct {
	Product string
	URL     string // of its API
	Secret  string // that notifications are signed with
	Token   string // of its API
	Admin   string // teammate of Intercom in whose name answers are written

	product chatProduct
	mu      sync.Mutex
	next    int64                    // ids count up
	first   map[int64]map[string]any // of each conversation its first message
	said    map[int64][]string       // what we wrote, by conversation
	echoes  []ChatNotification       // of what we wrote
	moods   []ChatMood               // of the next attempts
	tries   int                      // requests to the API
}

// chatProduct is what differs between products.
type chatProduct interface {
	// note is the notification of a message by who: "contact" or "desk".
	note(p *ChatPeer, conversation, id int64, who, text string, at time.Time) map[string]any
	// sign sets the headers of a delivery at a time; attempt counts from 1.
	sign(p *ChatPeer, h http.Header, body []byte, at time.Time)
	// again changes what a redelivery changes in the body.
	again(body map[string]any, attempt int, at time.Time)
	// asked checks a request to the API: who asks, where, and what.
	asked(p *ChatPeer, r *http.Request) (conversation int64, text string, status int)
	// took is the answer to a message that was taken.
	took(p *ChatPeer, conversation, id int64, text string) any
}

// ChatNotification is one message as the product tells of it.
type ChatNotification struct {
	Body     map[string]any
	attempts int
}

// ChatMood is how an attempt at the API goes. The zero mood is to take it.
type ChatMood struct {
	Status     int    // refuse with it; 0: take the message
	RetryAfter string // header of the refusal
	Cut        bool   // take the message and hang up before the answer
}

// Chatwoot starts one, with account 3.
func Chatwoot(t testing.TB) *ChatPeer {
	return newChatPeer(t, &ChatPeer{Product: "chatwoot", Secret: "cw-secret-2b7e151628aed2a6", Token: "cw-token", product: chatwoot{}})
}

// Intercom starts one.
func Intercom(t testing.TB) *ChatPeer {
	return newChatPeer(t, &ChatPeer{Product: "intercom", Secret: "ic-client-secret-abf7158809", Token: "ic-token", Admin: "3330619", product: intercom{}})
}

func newChatPeer(t testing.TB, p *ChatPeer) *ChatPeer {
	t.Helper()
	p.next, p.first, p.said = 1000, map[int64]map[string]any{}, map[int64][]string{}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	p.URL = s.URL
	return p
}

// Say makes the notification of a message that a contact writes; change may
// alter its body.
func (p *ChatPeer) Say(conversation int64, text string, at time.Time, change func(body map[string]any)) *ChatNotification {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next++
	n := &ChatNotification{Body: p.product.note(p, conversation, p.next, "contact", text, at)}
	if change != nil {
		change(n.Body)
	}
	return n
}

// Request is a delivery of a notification, signed at a time. Each further one of
// the same notification is a redelivery.
func (p *ChatPeer) Request(t testing.TB, base string, n *ChatNotification, at time.Time) *http.Request {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	n.attempts++
	p.product.again(n.Body, n.attempts, at)
	body, err := json.Marshal(n.Body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, base+"/hooks/chat/"+p.Product, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	p.product.sign(p, r.Header, body, at)
	return r
}

// Deliver delivers a notification now and returns the status and body of the answer.
func (p *ChatPeer) Deliver(t testing.TB, base string, n *ChatNotification) (int, string) {
	t.Helper()
	res, err := http.DefaultClient.Do(p.Request(t, base, n, time.Now()))
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(answer)
}

// Moods says how the next attempts at the API go; those after them are taken.
func (p *ChatPeer) Moods(moods ...ChatMood) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moods = append(p.moods, moods...)
}

// Said is what we wrote in a conversation, in order.
func (p *ChatPeer) Said(conversation int64) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.said[conversation])
}

// Tries is how many requests came to the API.
func (p *ChatPeer) Tries() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tries
}

// Echoes are the notifications of what we wrote, which the product sends to us
// as of any other message.
func (p *ChatPeer) Echoes() []*ChatNotification {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]*ChatNotification, len(p.echoes))
	for i := range p.echoes {
		out[i] = &p.echoes[i]
	}
	return out
}

// ServeHTTP is the product's API.
func (p *ChatPeer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries++
	var mood ChatMood
	if len(p.moods) > 0 {
		mood, p.moods = p.moods[0], p.moods[1:]
	}
	conversation, text, status := p.product.asked(p, r)
	if status == 0 && mood.Status != 0 {
		status = mood.Status
		if mood.RetryAfter != "" {
			w.Header().Set("Retry-After", mood.RetryAfter)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if status != 0 {
		w.WriteHeader(status)
		io.WriteString(w, `{"error":"`+http.StatusText(status)+`"}`)
		return
	}
	p.next++
	p.said[conversation] = append(p.said[conversation], text)
	p.echoes = append(p.echoes, ChatNotification{Body: p.product.note(p, conversation, p.next, "desk", text, time.Now())})
	if mood.Cut {
		panic(http.ErrAbortHandler)
	}
	json.NewEncoder(w).Encode(p.product.took(p, conversation, p.next, text))
}

// exact decodes a body that may have these fields and no others.
func exact(r *http.Request, into any) bool {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	return r.Header.Get("Content-Type") == "application/json" && d.Decode(into) == nil
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
