package testenv

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// TelnyxPeer is Telnyx's API v2 as it is published, as far as detail records go:
// it asks for the key, demands filter[record_type], pages with at most 50 on a
// page, filters by started_at, and errs in an errors array. Of records of SIP
// trunking only the fields are published by those who read them. It fails as it
// is told. Safe for concurrent use.
type TelnyxPeer struct {
	URL string // of the API, with its version
	Key string

	mu      sync.Mutex
	records []map[string]any
	next    []http.HandlerFunc
	asked   []string
}

// NewTelnyxPeer listens until the test ends.
func NewTelnyxPeer(t testing.TB) *TelnyxPeer {
	p := &TelnyxPeer{Key: "KEY0123456789"}
	s := httptest.NewServer(p)
	p.URL = s.URL + "/v2"
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return p
}

// Add makes records of n calls that start at from, one each step.
func (p *TelnyxPeer) Add(n int, from time.Time, step time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range n {
		at := from.Add(time.Duration(i) * step)
		p.records = append(p.records, map[string]any{
			"record_type": "sip-trunking", "id": fmt.Sprintf("leg-%06d", len(p.records)), "sip_call_id": fmt.Sprintf("%d@203.0.113.20", len(p.records)), "direction": "outbound",
			"cli": "+12025550143", "cld": "+13125550198", "started_at": at.Format(time.RFC3339), "answered_at": at.Add(5 * time.Second).Format(time.RFC3339),
			"finished_at": at.Add(35 * time.Second).Format(time.RFC3339), "call_sec": 30, "billed_sec": 60, "rate": "0.005", "cost": "0.005", "currency": "USD",
			"connection_id": "2811212257810187875", "hangup_code": 16, "hangup_cause": "NORMAL_CLEARING", "country_code": "US", "connected": true, "mos": nil, "tags": []string{"a"},
		})
	}
}

// Change replaces a field of one record.
func (p *TelnyxPeer) Change(i int, field string, value any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.records[i][field] = value
}

// Next answers what is asked next, once each; a nil is the usual answer.
func (p *TelnyxPeer) Next(answers ...http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = append(p.next, answers...)
}

// Asked are the queries that came, in order.
func (p *TelnyxPeer) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

func (p *TelnyxPeer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, r.URL.Query().Encode())
	if len(p.next) > 0 {
		answer := p.next[0]
		if p.next = p.next[1:]; answer != nil {
			answer(w, r)
			return
		}
	}
	q := r.URL.Query()
	size, page := number(q.Get("page[size]"), 20), number(q.Get("page[number]"), 1)
	switch {
	case r.Header.Get("Authorization") != "Bearer "+p.Key:
		TelnyxError(http.StatusUnauthorized, "10009", "Authentication failed")(w, r)
		return
	case r.Method != http.MethodGet || r.URL.Path != "/v2/detail_records":
		TelnyxError(http.StatusNotFound, "10005", "Resource not found")(w, r)
		return
	case q.Get("filter[record_type]") != "sip-trunking" || size < 1 || size > 50 || page < 1:
		TelnyxError(http.StatusUnprocessableEntity, "10015", "Bad Request")(w, r)
		return
	}
	var match []map[string]any
	for _, x := range p.records {
		at := x["started_at"].(string)
		if since := q.Get("filter[started_at][gte]"); at < since && since != "" {
			continue
		}
		if until := q.Get("filter[started_at][lt]"); at >= until && until != "" {
			continue
		}
		if q.Get("filter[created_at][gte]") == "" { // which these records do not have
			match = append(match, x)
		}
	}
	slices.SortStableFunc(match, func(a, b map[string]any) int {
		order := cmp.Compare(a["started_at"].(string), b["started_at"].(string))
		if q.Get("sort") == "started_at" {
			return order
		}
		return -order
	})
	begin := min((page-1)*size, len(match))
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"data": append([]map[string]any{}, match[begin:min(begin+size, len(match))]...),
		"meta": map[string]any{"page_number": page, "page_size": size, "total_pages": (len(match) + size - 1) / size, "total_results": len(match)},
	})
}

func number(s string, otherwise int) int {
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// TelnyxError answers as the API does when it refuses; pairs of header fields
// follow.
func TelnyxError(status int, code, title string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"errors": []map[string]any{{"code": code, "title": title, "detail": "Details of it.", "meta": map[string]any{"url": "https://developers.telnyx.com"}}}})
	}
}

// TelnyxLimit is the refusal of too many requests, until as many seconds have
// passed.
func TelnyxLimit(seconds int) http.HandlerFunc {
	return TelnyxError(http.StatusTooManyRequests, "10011", "Too many requests", "x-ratelimit-limit", "60", "x-ratelimit-remaining", "0", "x-ratelimit-reset", strconv.Itoa(seconds))
}

// TelnyxCut begins an answer and closes the connection in the middle.
func TelnyxCut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100000")
	_, _ = io.WriteString(w, `{"data":[{"record_type":"sip-trunking",`)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
