package workers

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
	"github.com/abusedesk/abusedesk/internal/evidence"
	"github.com/abusedesk/abusedesk/internal/storetest"
	"github.com/abusedesk/abusedesk/internal/testenv"
	"github.com/abusedesk/abusedesk/store"
)

// patience is how long a test waits for what the pool does by itself.
const patience = 40 * time.Second

// world is a database, a queue and a desk, with the time in the test's hands.
type world struct {
	t     *testing.T
	store *store.Store
	desk  *desk.Desk
	mail  *postman
	queue queue
	clock *clock
}

// queue is Redis, or what takes its place.
type queue struct {
	addr  string
	flush func() error
	redis *testenv.RedisServer // nil where it is in this process
}

// each runs a test as a large operator runs it, and as a small one.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("postgres, redis", func(t *testing.T) {
		t.Parallel()
		r := testenv.NewRedis(t)
		test(t, newWorld(t, storetest.Postgres(t), queue{r.Addr, r.Flush, r}))
	})
	t.Run("sqlite, in process", func(t *testing.T) {
		t.Parallel()
		test(t, small(t))
	})
}

// small is what a process without Redis and PostgreSQL has.
func small(t *testing.T) *world {
	t.Helper()
	m := miniredis.NewMiniRedis()
	m.ClockTTL(true)
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return newWorld(t, storetest.SQLite(t), queue{m.Addr(), func() error { m.FlushAll(); return nil }, nil})
}

func newWorld(t *testing.T, s *store.Store, q queue) *world {
	t.Helper()
	w := &world{t: t, store: s, queue: q, mail: &postman{}, clock: &clock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}}
	storetest.Sound(t, s, w.clock.Now)
	vault, err := evidence.Open(t.Context(), evidence.Config{DataDir: t.TempDir()})
	w.must(err)
	t.Cleanup(func() { vault.Close() })
	w.desk = desk.New(desk.Config{Store: w.store, Vault: vault, Mailer: w.mail, Salt: []byte("salt"), Now: w.clock.Now, Log: slog.New(slog.DiscardHandler)})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// eventually waits for what the pool does.
func (w *world) eventually(cond func() bool, message ...any) {
	w.t.Helper()
	testenv.Eventually(w.t, patience, cond, message...)
}

// pool is one replica's.
func (w *world) pool(holder string) (*Pool, *watched) {
	seen := &watched{Store: w.store, outcomes: map[string]int{}, loops: map[string]int{}, relayed: 0, asked: map[string]int{}}
	return New(Config{Desk: w.desk, Jobs: seen, Upkeep: w.store, Mail: w.store, Act: func(context.Context, ...cases.MailReceipt) error { return nil },
		Redis: asynq.RedisClientOpt{Addr: w.queue.addr}, Concurrency: 4, Holder: holder, Now: w.clock.Now, Log: slog.New(slog.DiscardHandler), Observe: seen}), seen
}

// start runs a pool until stop, or the end of the test.
func (w *world) start(p *Pool) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				w.t.Errorf("the pool ended with: %v", err)
			}
		case <-time.After(patience):
			w.t.Error("the pool does not end")
		}
	})
	w.t.Cleanup(stop)
	return stop
}

// accept brings n reports about different numbers through the door, which
// workers are to file.
func (w *world) accept(n int) []cases.Receipt {
	w.t.Helper()
	var ds []cases.Delivery
	for i := range n {
		ds = append(ds, report(fmt.Sprintf("key %d", i), fmt.Sprintf("+1202555%04d", i)))
	}
	rs, err := w.desk.Accept(w.t.Context(), ds)
	w.must(err)
	return rs
}

func report(key, caller string) cases.Delivery {
	body := fmt.Sprintf(`{"category": "robocall", "caller_number": %q, "called_number": "+13125550199", "occurred_at": "2026-11-24T10:00:00Z", "reporter": {"email": "jane@example.org"}}`, caller)
	return cases.Delivery{Channel: cases.ChannelAPI, Source: "api", DedupKey: key, Body: strings.NewReader(body), Size: -1, Meta: cases.Meta{ContentType: "application/json"}}
}

// submit files a report at once, which leaves the rest to the workers.
func (w *world) submit(caller string) cases.Filed {
	w.t.Helper()
	s, err := w.desk.Submit(w.t.Context(), report("", caller))
	w.must(err)
	if s.Filed == nil {
		w.t.Fatal("not filed at once")
	}
	return *s.Filed
}

// due takes the jobs that are due off the outbox, as the relay does.
func (w *world) due() []cases.Job {
	w.t.Helper()
	var jobs []cases.Job
	_, err := w.store.RelayJobs(w.t.Context(), w.clock.Now(), 500, func(_ context.Context, js []cases.Job) error { jobs = js; return nil })
	w.must(err)
	return jobs
}

// one is the one job of a kind that is due.
func (w *world) one(kind cases.JobKind) cases.Job {
	w.t.Helper()
	var of []cases.Job
	for _, j := range w.due() {
		if j.Kind == kind {
			of = append(of, j)
		}
	}
	if len(of) != 1 {
		w.t.Fatalf("%d jobs of kind %s are due, want 1", len(of), kind)
	}
	return of[0]
}

// hand gives jobs to a pool's handler in one task, as the queue does.
func (w *world) hand(p *Pool, jobs ...cases.Job) {
	w.t.Helper()
	var body payload
	for _, j := range jobs {
		body.Jobs = append(body.Jobs, j.ID)
	}
	raw, err := json.Marshal(body)
	w.must(err)
	w.must(p.handle(w.t.Context(), asynq.NewTask(string(jobs[0].Kind), raw)))
}

var ann = cases.Actor{Kind: cases.ActorPerson, ID: "p_ann", Name: "Ann", Role: cases.RoleAnalyst, Person: "p_ann"}

// reports counts them.
func (w *world) reports() int {
	w.t.Helper()
	p, err := w.desk.Reports(w.t.Context(), ann, cases.ReportQuery{Limit: cases.MaxPage})
	w.must(err)
	return len(p.Items)
}

func (w *world) operations() cases.Operations {
	w.t.Helper()
	o, err := w.store.Operations(w.t.Context(), w.clock.Now())
	w.must(err)
	return o
}

// clock is moved by the test, or runs.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	since time.Time // zero: it stands still
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		return c.now
	}
	return c.now.Add(time.Since(c.since))
}

func (c *clock) run() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since = time.Now()
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// postman is a mail server that takes everything.
type postman struct {
	mu   sync.Mutex
	sent int
}

func (*postman) From() string { return "abuse@desk.example" }

func (p *postman) Send(context.Context, cases.Letter) (cases.Outcome, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent++
	return cases.Outcome{Taken: true, Note: "ok"}, nil
}

// failed is how an attempt was said to have ended.
type failed struct {
	cause string
	after time.Duration // until it is tried again
	dead  bool
}

// watched is the outbox of one pool, and its observer.
type watched struct {
	*store.Store

	mu       sync.Mutex
	failures []failed
	outcomes map[string]int // kind and outcome
	loops    map[string]int // rounds of each loop
	asked    map[string]int // for each lease
	relayed  int            // jobs
}

func (x *watched) FailJob(ctx context.Context, at cases.Attempt, now time.Time, cause string, retryAt time.Time, dead bool) error {
	err := x.Store.FailJob(ctx, at, now, cause, retryAt, dead)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.failures = append(x.failures, failed{cause, retryAt.Sub(now), dead})
	return err
}

func (x *watched) AcquireLease(ctx context.Context, now time.Time, name, holder string, ttl time.Duration) (cases.Lease, bool, error) {
	l, ok, err := x.Store.AcquireLease(ctx, now, name, holder, ttl)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.asked[name]++
	return l, ok, err
}

func (x *watched) JobDone(kind cases.JobKind, outcome string, _ time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.outcomes[string(kind)+" "+outcome]++
}

func (x *watched) Loop(name string, n int, _ error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.loops[name]++
	if name == "relay" {
		x.relayed += n
	}
}

// ask reads from what was watched.
func ask[T any](x *watched, f func() T) T {
	x.mu.Lock()
	defer x.mu.Unlock()
	return f()
}
