package desk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/evidence"
	"github.com/abusedesk/abusedesk/internal/storetest"
	"github.com/abusedesk/abusedesk/numbers"
	"github.com/abusedesk/abusedesk/store"
)

// noon is when tests begin.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// world is a desk with everything real but the mail server and the time.
type world struct {
	t     *testing.T
	desk  *Desk
	store *store.Store
	mail  *postman
	hints int
	dir   string // of the evidence

	mu  sync.Mutex
	now time.Time
}

// each runs a test on both dialects. In the end nothing must be in the
// database that must never be so.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store) { test(t, newWorld(t, s)) })
}

func newWorld(t *testing.T, s *store.Store) *world {
	t.Helper()
	w := &world{t: t, store: s, mail: &postman{}, now: noon}
	storetest.Sound(t, s, w.clock)
	w.dir = t.TempDir()
	vault, err := evidence.Open(t.Context(), evidence.Config{DataDir: w.dir})
	w.must(err)
	t.Cleanup(func() { vault.Close() })
	emergency, err := numbers.NewEmergency(nil)
	w.must(err)
	w.desk = New(Config{Store: w.store, Vault: vault, Mailer: w.mail, Emergency: emergency, Salt: []byte("salt"), MailDomain: "desk.example",
		Hint: func() { w.hints++ }, Now: w.clock, Log: slog.New(slog.DiscardHandler)})
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused checks that an error is of a kind and says something.
func (w *world) refused(err, kind error, says string) {
	w.t.Helper()
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), says) {
		w.t.Errorf("%v, want %v that says %q", err, cases.KindOf(kind), says)
	}
}

// begun is a job in the hands of its attempt.
type begun struct {
	cases.Job
	at cases.Attempt
}

// begin takes up every job that is due, as workers would.
func (w *world) begin() []begun {
	w.t.Helper()
	w.pass(cases.AssessDelay)
	var jobs []cases.Job
	_, err := w.store.RelayJobs(w.t.Context(), w.clock(), 500, func(_ context.Context, due []cases.Job) error { jobs = due; return nil })
	w.must(err)
	out := make([]begun, len(jobs))
	for i, j := range jobs {
		claimed, err := w.store.ClaimJobs(w.t.Context(), w.clock(), []int64{j.ID})
		w.must(err)
		out[i] = begun{claimed[0], claimed[0].AttemptAt()}
	}
	return out
}

// kinds says which jobs are due, and of which objects.
func (w *world) kinds() string {
	w.t.Helper()
	var s []string
	for _, j := range w.begin() {
		s = append(s, fmt.Sprintf("%s %d", j.Kind, j.ObjectID))
	}
	return strings.Join(s, ", ")
}

// only takes up what is due and returns the one job of a kind.
func (w *world) only(kind cases.JobKind) begun {
	w.t.Helper()
	var of []begun
	for _, j := range w.begin() {
		if j.Kind == kind {
			of = append(of, j)
		}
	}
	if len(of) != 1 {
		w.t.Fatalf("%d jobs of kind %s are due, want 1", len(of), kind)
	}
	return of[0]
}

// work does everything that is due, and what follows from it.
func (w *world) work() {
	w.t.Helper()
	ctx := w.t.Context()
	for jobs := w.begin(); len(jobs) > 0; jobs = w.begin() {
		for _, j := range jobs {
			var err error
			switch j.Kind {
			case cases.JobFile:
				_, err = w.file(ctx, j.at, j.ObjectID, j.Lost())
			case cases.JobEnrich:
				err = w.desk.Enrich(ctx, j.at, j.ObjectID)
			case cases.JobAssess, cases.JobUrgent:
				err = w.desk.Assess(ctx, j.at, j.ObjectID)
			case cases.JobTell, cases.JobAlert:
				err = w.desk.Tell(ctx, j.at, j.ObjectID)
			case cases.JobChat:
				err = w.desk.TurnChat(ctx, j.at, j.ObjectID)
			case cases.JobWebhook:
				err = w.desk.CallWebhook(ctx, j.at, j.ObjectID)
			case cases.JobCampaigns:
				err = w.desk.PlaceScripts(ctx, j.at)
			case cases.JobPack:
				err = w.desk.BuildPack(ctx, j.at, j.ObjectID)
			case cases.JobUnpack:
				err = w.desk.Unpack(ctx, j.at, j.ObjectID, j.Failures)
			}
			w.must(err)
		}
	}
}

// accept brings a delivery through the door.
func (w *world) accept(d cases.Delivery) cases.Receipt {
	w.t.Helper()
	rs, err := w.desk.Accept(w.t.Context(), []cases.Delivery{d})
	w.must(err)
	return rs[0]
}

// submit files a JSON body at once.
func (w *world) submit(body string) cases.Filed {
	w.t.Helper()
	s, err := w.desk.Submit(w.t.Context(), form("", body))
	w.must(err)
	if s.Filed == nil {
		w.t.Fatal("not filed at once")
	}
	return *s.Filed
}

// form is a delivery of the API's door.
func form(key, body string) cases.Delivery {
	return cases.Delivery{Channel: cases.ChannelAPI, Source: "api", DedupKey: key, Body: strings.NewReader(body), Size: int64(len(body)),
		Meta: cases.Meta{ContentType: "application/json", RemoteIP: "192.0.2.77"}}
}

// mail is a delivery of a mailbox: header lines of its own, then those that
// every mail has, unless it names them.
func mail(headers ...string) cases.Delivery {
	all := strings.Join(headers, "\n") + "\n"
	for _, h := range []string{"From: Jane Doe <jane@example.org>", "To: abuse@desk.example", "Date: Tue, 24 Nov 2026 11:00:00 +0000",
		"Message-ID: <m1@example.org>", "Subject: Robocalls"} {
		if name, _, _ := strings.Cut(h, ":"); !strings.Contains("\n"+all, "\n"+name+":") {
			all += h + "\n"
		}
	}
	raw := strings.TrimPrefix(all, "\n") + "\nI got a robocall from 202-555-0143.\n"
	return cases.Delivery{Channel: cases.ChannelEmail, Source: "abuse", Body: strings.NewReader(raw), Size: int64(len(raw)), Meta: cases.Meta{Region: "US"}}
}

func (w *world) dossier(ref string) cases.Dossier {
	w.t.Helper()
	d, err := w.desk.Dossier(w.t.Context(), ann, ref)
	w.must(err)
	return d
}

// reports counts all reports.
func (w *world) reports() int {
	w.t.Helper()
	p, err := w.desk.Reports(w.t.Context(), ann, cases.ReportQuery{Limit: cases.MaxPage})
	w.must(err)
	return len(p.Items)
}

func (w *world) sending(id int64) cases.Sending {
	w.t.Helper()
	s, err := w.store.Sending(w.t.Context(), id)
	w.must(err)
	return s
}

// The staff.
var (
	ann   = person("p_ann", cases.RoleAnalyst)
	bob   = person("p_bob", cases.RoleApprover)
	carol = person("p_carol", cases.RoleApprover)
	dave  = person("p_dave", cases.RoleAuditor)
	admin = person("p_admin", cases.RoleAdmin)
)

func person(id string, role cases.Role) cases.Actor {
	return cases.Actor{Kind: cases.ActorPerson, ID: id, Name: id, Role: role, Person: id}
}

// keyOf is an API key with all that its owner may.
func keyOf(a cases.Actor) cases.Actor {
	return cases.Actor{Kind: cases.ActorKey, ID: "k_" + a.ID, Name: a.Name + " (script)", Role: a.Role, Person: a.Person, Scopes: []cases.Scope{cases.ScopeAll}}
}

// postman is a mail server that takes everything unless it is told otherwise.
type postman struct {
	letters []cases.Letter
	answer  func(ctx context.Context) (cases.Outcome, error)
}

func (*postman) From() string { return "abuse@desk.example" }

func (p *postman) Send(ctx context.Context, l cases.Letter) (cases.Outcome, error) {
	p.letters = append(p.letters, l)
	if p.answer != nil {
		return p.answer(ctx)
	}
	return cases.Outcome{Taken: true, Note: "queued as 17"}, nil
}

// stumbling is a store that fails now and then.
type stumbling struct {
	Store
	accepting, filing error // the next one fails with this
}

func (s *stumbling) Accept(ctx context.Context, now time.Time, in []cases.Acceptance) ([]cases.Receipt, error) {
	if err := s.accepting; err != nil {
		s.accepting = nil
		return nil, err
	}
	return s.Store.Accept(ctx, now, in)
}

func (s *stumbling) FileMessages(ctx context.Context, now time.Time, fs []cases.Filing) ([]cases.Filed, error) {
	if err := s.filing; err != nil {
		s.filing = nil
		return nil, err
	}
	return s.Store.FileMessages(ctx, now, fs)
}

// file files one message.
func (w *world) file(ctx context.Context, at cases.Attempt, messageID int64, lost int) (cases.Filed, error) {
	filed, err := w.desk.File(ctx, Unfiled{Attempt: at, MessageID: messageID, Lost: lost})
	if err != nil {
		return cases.Filed{}, err
	}
	return filed[0], nil
}

// raw reads a message's bytes as an analyst would.
func (w *world) raw(id int64) string {
	w.t.Helper()
	_, r, err := w.desk.RawMessage(w.t.Context(), ann, id)
	w.must(err)
	defer r.Close()
	b, err := io.ReadAll(r)
	w.must(err)
	return string(b)
}
