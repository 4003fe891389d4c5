package notify

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/safehttp"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

const (
	oldSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	newSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

var loopback = safehttp.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}

// caller is one that may ask the loopback, and what it counted.
func caller(outside safehttp.Config) (*Caller, map[string]int) {
	seen := map[string]int{}
	return NewCaller(outside, "https://desk.example/", time.Now, func(outcome string) { seen[outcome]++ }), seen
}

func opened(url string) cases.WebhookMessage {
	return cases.WebhookMessage{URL: url, Secrets: []string{newSecret, oldSecret}, CaseRef: "AB-2026-000017",
		Delivery: cases.WebhookDelivery{MessageID: "msg_1", Event: cases.WebhookCaseOpened, At: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), CaseID: 17}}
}

func TestWebhookPayloads(t *testing.T) {
	c, _ := caller(loopback)
	number := &cases.Restriction{ID: 81, Kind: cases.KindCallerIDDenied, TargetKind: cases.TargetNumber, TargetID: "+12025550143", Reason: "they shout", ProposedByName: "Dana", LiftReason: "Jo asked"}
	tests := []struct {
		event cases.WebhookEvent
		edit  func(*cases.WebhookMessage)
		want  string
	}{
		{cases.WebhookCaseOpened, nil, `{"case":"AB-2026-000017","state":"new","url":"https://desk.example/desk/cases/AB-2026-000017"}`},
		{cases.WebhookCaseResolved, func(m *cases.WebhookMessage) { m.Delivery.Disposition = cases.DispositionUpheld },
			`{"case":"AB-2026-000017","state":"resolved","disposition":"upheld","url":"https://desk.example/desk/cases/AB-2026-000017"}`},
		{cases.WebhookRestrictionActive, func(m *cases.WebhookMessage) { m.Restriction = number },
			`{"case":"AB-2026-000017","state":"active","restriction":81,"kind":"caller_id_denied","target_kind":"number","url":"https://desk.example/desk/restrictions/81"}`},
		{cases.WebhookRestrictionLifted, func(m *cases.WebhookMessage) { m.Restriction, m.CaseRef = number, "" },
			`{"state":"lifted","restriction":81,"kind":"caller_id_denied","target_kind":"number","url":"https://desk.example/desk/restrictions/81"}`},
		{cases.WebhookTest, func(m *cases.WebhookMessage) { m.CaseRef = "" }, `{}`},
	}
	for _, tt := range tests {
		m := opened("")
		m.Delivery.Event = tt.event
		if tt.edit != nil {
			tt.edit(&m)
		}
		got, err := c.payload(m)
		if want := `{"type":"` + string(tt.event) + `","timestamp":"2026-11-24T12:00:00Z","data":` + tt.want + `}`; err != nil || string(got) != want {
			t.Errorf("%s: %v\n got %s\nwant %s", tt.event, err, got, want)
		}
	}
}

// Both secrets sign while one is replaced, and each is enough.
func TestWebhookSignatures(t *testing.T) {
	c, seen := caller(loopback)
	p := testenv.NewWebhookPeer(t)
	for _, secret := range []string{newSecret, oldSecret} {
		p.Trust(secret)
		if a := c.Call(t.Context(), opened(p.URL)); a.Status != http.StatusNoContent {
			t.Errorf("trusting %s: %+v", secret, a)
		}
	}
	p.Trust(oldSecret)
	m := opened(p.URL)
	m.Secrets = m.Secrets[:1]
	if a := c.Call(t.Context(), m); a.Status != http.StatusUnauthorized || len(p.Refused()) != 1 {
		t.Errorf("a peer that knows the old secret takes the new one: %+v", a)
	}
	got := p.Received()
	if len(got) != 2 || got[0].ID != "msg_1" || got[0].Type != "case.opened" || seen["delivered"] != 2 || seen["failed"] != 1 {
		t.Errorf("received %+v, counted %v", got, seen)
	}
}

func TestWebhookFailures(t *testing.T) {
	p := testenv.NewWebhookPeer(t)
	p.Trust(newSecret)
	elsewhere := testenv.NewWebhookPeer(t)
	in10 := time.Now().Add(10 * time.Minute).UTC().Format(http.TimeFormat)
	tests := []struct {
		name    string
		answer  http.HandlerFunc
		status  int
		after   time.Duration
		text    string
		counted string
	}{
		{"500", testenv.WebhookStatus(500, "no \x00\x1b[31m room\n"), 500, 0, "no ??[31m room", "failed"},
		{"a long answer", testenv.WebhookStatus(400, strings.Repeat("é", 1000)), 400, 0, strings.Repeat("é", 200), "failed"},
		{"410", testenv.WebhookStatus(410, ""), 410, 0, "", "gone"},
		{"429 with seconds", testenv.WebhookStatus(429, "", "Retry-After", "120"), 429, 2 * time.Minute, "", "failed"},
		{"503 with a date", testenv.WebhookStatus(503, "", "Retry-After", in10), 503, 10 * time.Minute, "", "failed"},
		{"a Retry-After that is none", testenv.WebhookStatus(429, "", "Retry-After", "soon"), 429, 0, "", "failed"},
		{"one in the past", testenv.WebhookStatus(429, "", "Retry-After", "-5"), 429, 0, "", "failed"},
		{"a redirect", testenv.WebhookStatus(302, "", "Location", elsewhere.URL), 302, 0, "", "failed"},
		{"a cut connection", testenv.WebhookCut, 0, 0, "the connection was cut before the answer", "no_answer"},
	}
	for _, tt := range tests {
		c, seen := caller(loopback)
		p.Next(tt.answer)
		a := c.Call(t.Context(), opened(p.URL))
		if a.Status != tt.status || a.Text != tt.text || a.Never || (a.RetryAfter-tt.after).Abs() > 2*time.Second || seen[tt.counted] != 1 {
			t.Errorf("%s: %+v, counted %v", tt.name, a, seen)
		}
	}
	if n := len(elsewhere.Received()) + len(elsewhere.Refused()); n != 0 {
		t.Error("a redirect was followed")
	}
	c, _ := caller(loopback)
	done := make(chan struct{})
	defer close(done)
	p.Next(testenv.WebhookHang(done))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if a := c.Call(ctx, opened(p.URL)); a.Status != 0 || a.Text != "no answer within 15 seconds" || a.Never {
		t.Errorf("a peer that hangs: %+v", a)
	}
	if a := c.Call(t.Context(), opened("http://127.0.0.1:1/")); a.Status != 0 || !strings.Contains(a.Text, "connection refused") || a.Never {
		t.Errorf("nobody there: %+v", a)
	}
}

// An address inside is not asked, whatever name leads there, unless the
// operator allowed its network.
func TestWebhookAddresses(t *testing.T) {
	p := testenv.NewWebhookPeer(t)
	p.Trust(newSecret)
	c, seen := caller(safehttp.Config{})
	for _, url := range []string{p.URL, strings.Replace(p.URL, "127.0.0.1", "localhost", 1), "https://169.254.169.254/latest/meta-data", "https://[::1]/"} {
		if a := c.Call(t.Context(), opened(url)); !a.Never || a.Status != 0 {
			t.Errorf("%s was asked: %+v", url, a)
		}
	}
	if len(p.Received()) != 0 || seen["refused_address"] != 4 {
		t.Errorf("received %v, counted %v", p.Received(), seen)
	}
	for _, url := range []string{"ftp://x.example", "https://user:pw@x.example", "https://10.0.0.1/", "http://x.example/", ""} {
		if c.Check(url) == nil {
			t.Errorf("%q is taken", url)
		}
	}
	if err := c.Check("https://x.example/hook"); err != nil {
		t.Error(err)
	}
}
