package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ulule/limiter/v3/drivers/store/memory"

	"github.com/abusedesk/abusedesk/auth"
	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
	"github.com/abusedesk/abusedesk/internal/altcha"
	blobs "github.com/abusedesk/abusedesk/internal/evidence"
	"github.com/abusedesk/abusedesk/internal/storetest"
	"github.com/abusedesk/abusedesk/numbers"
	"github.com/abusedesk/abusedesk/restrict"
	"github.com/abusedesk/abusedesk/store"
)

// world is a server on a real desk, store and vault, with a small carrier and
// one case: acct-1042 (Acme Dialers, under Northtel) showed a number that
// Harbor Clinic holds, and somebody reported it.
type world struct {
	t       *testing.T
	now     time.Time
	server  *Server
	desk    *desk.Desk
	store   *store.Store
	auth    *auth.Service
	keeper  *restrict.Keeper
	staff   map[string]cases.Person
	cookies map[string]*http.Cookie
	keys    map[string]string
	mail    *postman // nil: the desk has no mail server

	report int64
	token  string // of its status page
	ref    string // of its case
}

const (
	shown       = "+12025550143"
	callback    = "+18335550161"
	called      = "+16175550119"
	password    = "correct horse battery"
	chatSecret  = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	reporterHim = "mara.lindqvist@example.com"
)

// each runs a test on a fresh world in both dialects.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store) { test(t, newWorld(t, s)) })
}

// passwordHash is made once: it takes a seventh of a second by design.
var passwordHash = sync.OnceValues(func() (string, error) { return auth.HashPassword(password) })

func newWorld(t *testing.T, s *store.Store) *world {
	t.Helper()
	w := &world{t: t, store: s, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), staff: map[string]cases.Person{}, cookies: map[string]*http.Cookie{}, keys: map[string]string{}}
	clock := func() time.Time { return w.now }
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	vault, err := blobs.Open(t.Context(), blobs.Config{DataDir: t.TempDir()})
	w.must(err)
	t.Cleanup(func() { vault.Close() })
	emergency, err := numbers.NewEmergency(nil)
	w.must(err)
	w.desk = desk.New(desk.Config{Store: w.store, Vault: vault, Emergency: emergency, Salt: []byte("salt"), Region: "US", Now: clock, Log: log})
	w.auth = auth.New(w.store, clock)
	w.keeper, err = restrict.NewKeeper(restrict.KeeperConfig{Source: w.store, Options: restrict.Options{Emergency: emergency},
		Replica: cases.Replica{ID: "web-1", StartedAt: w.now}, Now: clock, Log: log})
	w.must(err)
	renderer, err := NewRenderer(RenderOptions{Operator: "Northtel abuse desk", FormatNumber: numbers.Format})
	w.must(err)
	w.server, err = New(Config{Desk: w.desk, Auth: w.auth, Sessions: auth.NewSessions(w.store.Sessions(), false), Policy: w.keeper, Renderer: renderer,
		Limits: memory.NewStore(), Challenges: altcha.New("secret", 1), Solutions: w.store, BaseURL: "http://abuse.example.com/", ChatSecrets: []string{chatSecret}, ChatwootSecrets: []string{chatSecret}, IntercomSecrets: []string{chatSecret},
		Ready:          func(context.Context) error { return nil },
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")},
		Metrics:        http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { io.WriteString(rw, "abusedesk_up 1\n") }), Observe: silent{}, Development: true, Region: "US", Version: "test", Now: clock, Log: log})
	w.must(err)
	w.people()
	w.carrier()
	w.case1()
	w.must(w.keeper.Refresh(t.Context()))
	return w
}

type silent struct{}

func (silent) Request(string, string, int, time.Duration) {}
func (silent) Policy(string, string, time.Duration)       {}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// people makes one member of staff of each role, signed in, and a key of each scope.
func (w *world) people() {
	hash, err := passwordHash()
	w.must(err)
	for _, role := range []cases.Role{cases.RoleAnalyst, cases.RoleApprover, cases.RoleAdmin, cases.RoleAuditor} {
		p := cases.Person{ID: "p-" + string(role), Email: string(role) + "@northtel.example", Name: "Ms " + string(role), Role: role, PasswordHash: hash, CreatedAt: w.now}
		w.must(w.store.CreatePerson(w.t.Context(), cases.System("test"), p))
		w.staff[string(role)] = p
		w.cookies[string(role)] = w.session(p)
	}
	for _, scope := range cases.Scopes() {
		secret, _, err := w.auth.NewAPIKey(w.t.Context(), w.staff["approver"].Actor(), "key "+string(scope), []cases.Scope{scope}, nil)
		if err != nil {
			secret, _, err = w.auth.NewAPIKey(w.t.Context(), w.staff["admin"].Actor(), "key "+string(scope), []cases.Scope{scope}, nil)
		}
		w.must(err)
		w.keys[string(scope)] = secret
	}
}

// session begins a session as the sign-in does.
func (w *world) session(p cases.Person) *http.Cookie {
	m := w.server.Sessions
	ctx, err := m.Load(w.t.Context(), "")
	w.must(err)
	m.Put(ctx, auth.SessionPerson, p.ID)
	token, _, err := m.Commit(ctx)
	w.must(err)
	return &http.Cookie{Name: m.Cookie.Name, Value: token}
}

func (w *world) carrier() {
	ctx, sys := w.t.Context(), cases.System("import")
	w.must(w.desk.ImportAccounts(ctx, sys, []cases.Account{
		{ID: "northtel", Name: "Northtel", Kind: "reseller", Status: "active"},
		{ID: "acct-1042", ParentID: "northtel", Name: "Acme Dialers", Kind: "business", Status: "active"},
		{ID: "acct-2210", Name: "Harbor Clinic", Kind: "business", Status: "active", Protected: true},
	}))
	w.must(w.desk.ImportConnections(ctx, sys, []cases.Connection{{ID: "sbc-7", AccountID: "acct-1042", Name: "Acme's switch", Country: "US", SourceIPs: []string{"192.0.2.10"}}}))
	w.must(w.desk.ImportEntitlements(ctx, sys, []cases.Entitlement{{E164: shown, AccountID: "acct-2210", Kind: cases.EntitlementAssigned, From: w.now.AddDate(-2, 0, 0)}}))
	var calls []cases.Call
	for i := range 80 {
		at := w.now.Add(-time.Duration(i) * 30 * time.Minute)
		answered, ended := at.Add(5*time.Second), at.Add(9*time.Second)
		calls = append(calls, cases.Call{Source: "sbc", SourceID: fmt.Sprint("c", i), AccountID: "acct-1042", Connection: "sbc-7", Direction: "outbound", From: shown,
			To: fmt.Sprintf("+1617555%04d", 100+i), StartedAt: at, AnsweredAt: &answered, EndedAt: &ended, BilledSeconds: 4, SIPCode: 200, Attest: "A"})
	}
	calls[4].To = called // two hours ago
	_, err := w.desk.LoadCalls(ctx, sys, cases.Ingest{Source: "sbc", Calls: calls, CompleteFrom: w.now.AddDate(0, 0, -7), CompleteThrough: w.now})
	w.must(err)
}

// case1 files a report through the form's reader, checks it and assesses its case.
func (w *world) case1() {
	body := url.Values{"category": {"robocall"}, "caller_number": {shown}, "called_number": {called}, "occurred_at": {"2026-11-24T10:00:00Z"},
		"description": {"A recorded voice said my social security number is suspended; call 833-555-0161 <script>alert(1)</script>"}, "reporter_email": {reporterHim}, "reporter_name": {"Mara Lindqvist"}}.Encode()
	sub, err := w.desk.Submit(w.t.Context(), cases.Delivery{Channel: cases.ChannelWeb, DedupKey: "nonce:first", Body: strings.NewReader(body), Size: int64(len(body)),
		Meta: cases.Meta{ContentType: "application/x-www-form-urlencoded", Region: "US"}})
	w.must(err)
	if sub.Filed == nil {
		w.t.Fatal("the first report is not filed")
	}
	w.report, w.token, w.ref = sub.Filed.ReportID, sub.Receipt.Token, sub.Filed.CaseRef
	w.must(w.desk.Enrich(w.t.Context(), cases.Attempt{}, w.report))
	w.must(w.desk.Assess(w.t.Context(), cases.Attempt{}, sub.Filed.CaseID))
}

// propose makes a suspension, which waits for a second person.
func (w *world) propose(by string) cases.Restriction {
	w.t.Helper()
	until := w.now.Add(24 * time.Hour)
	r, err := w.desk.Propose(w.t.Context(), w.staff[by].Actor(), desk.Proposal{Kind: cases.KindAccountSuspended, TargetKind: cases.TargetAccount, Target: "acct-1042",
		Case: w.ref, Reason: "A robocall campaign.", ExpiresAt: &until})
	w.must(err)
	return r
}

// request is what a scenario sends.
type request struct {
	method, path, body string
	contentType        string // of a body; "" is a form
	as                 string // role of the session, "" nobody
	key                string // scope of the API key, "" none
	header             []string
}

var address struct {
	sync.Mutex
	n int
}

// send answers a request, each from an address of its own.
func (w *world) send(r request) *httptest.ResponseRecorder {
	w.t.Helper()
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	req := httptest.NewRequestWithContext(w.t.Context(), r.method, r.path, body)
	address.Lock()
	address.n++
	req.Header.Set("X-Forwarded-For", fmt.Sprintf("198.18.%d.%d", address.n/256%256, address.n%256))
	address.Unlock()
	if r.method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	if r.as != "" {
		req.AddCookie(w.cookies[r.as])
	}
	if r.key != "" {
		req.Header.Set("Authorization", "Bearer "+w.keys[r.key])
	}
	for i := 0; i+1 < len(r.header); i += 2 {
		req.Header.Set(r.header[i], r.header[i+1])
	}
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, req)
	return rec
}

// scenario is a request and what its answer must and must not say.
type scenario struct {
	name string
	request
	status   int
	says     []string
	keeps    []string // must not be in the answer
	location string   // prefix of where it sends the browser
}

func (w *world) run(scenarios []scenario) {
	w.t.Helper()
	for _, sc := range scenarios {
		w.t.Run(sc.name, func(t *testing.T) {
			rec := w.send(sc.request)
			if rec.Code != sc.status {
				t.Fatalf("%s %s: %d, want %d\n%s", sc.method, sc.path, rec.Code, sc.status, short(rec.Body))
			}
			for _, want := range sc.says {
				if !strings.Contains(rec.Body.String(), want) {
					t.Errorf("the answer does not say %q\n%s", want, short(rec.Body))
				}
			}
			for _, secret := range sc.keeps {
				if strings.Contains(rec.Body.String(), secret) {
					t.Errorf("the answer says %q", secret)
				}
			}
			if sc.location != "" && !strings.HasPrefix(rec.Header().Get("Location"), sc.location) {
				t.Errorf("sent to %q, want %q", rec.Header().Get("Location"), sc.location)
			}
			if rec.Code == http.StatusInternalServerError {
				t.Errorf("a fault of ours")
			}
			if strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html") && rec.Code < 300 {
				for _, problem := range markupProblems(t, rec.Body.Bytes()) {
					t.Error(problem)
				}
			}
		})
	}
}

// solved solves a challenge of the server.
func (w *world) solved() string {
	w.t.Helper()
	var c altcha.Challenge
	w.must(json.Unmarshal(w.send(request{method: "GET", path: "/api/v1/challenge"}).Body.Bytes(), &c))
	answer, err := altcha.Solve(c)
	w.must(err)
	return answer
}

// postman is a mail server that takes everything.
type postman struct{ letters []cases.Letter }

func (*postman) From() string { return "abuse@northtel.example" }

func (p *postman) Send(_ context.Context, l cases.Letter) (cases.Outcome, error) {
	p.letters = append(p.letters, l)
	return cases.Outcome{Taken: true}, nil
}

// deliver sends the newest letter that waits and returns it.
func (w *world) deliver() cases.Letter {
	w.t.Helper()
	waiting, err := w.desk.Sendings(w.t.Context(), w.staff["analyst"].Actor(), cases.SendingPlanned, "", 1)
	w.must(err)
	if len(waiting.Items) == 0 {
		w.t.Fatal("no letter waits")
	}
	w.must(w.desk.Tell(w.t.Context(), cases.Attempt{}, waiting.Items[0].ID))
	return w.mail.letters[len(w.mail.letters)-1]
}

// withMail gives the desk a mail server.
func (w *world) withMail() {
	w.mail = &postman{}
	w.desk.Mailer = w.mail
}

// held is the path of the link that confirms a form which waits for it.
func (w *world) held() string {
	w.t.Helper()
	w.withMail()
	_, err := w.desk.Hold(w.t.Context(), cases.Delivery{Channel: cases.ChannelWeb, DedupKey: "nonce:" + rand.Text(), Body: strings.NewReader("description=x"), Size: 13,
		Meta: cases.Meta{ContentType: "application/x-www-form-urlencoded"}}, "jo@example.org", "en")
	w.must(err)
	path := w.deliver().Confirm
	w.desk.Mailer = nil
	return path
}

func short(b *bytes.Buffer) string {
	s := b.String()
	if _, main, ok := strings.Cut(s, "<main"); ok {
		s = main
	}
	if len(s) > 1500 {
		s = s[:1500] + " …"
	}
	return s
}

// form encodes pairs.
func form(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v.Encode()
}
