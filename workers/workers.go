// Package workers runs what the desk has promised: it relays committed jobs to
// the queue, runs them, and keeps the schedules (sealing, folding, expiry,
// sweeping).
//
// The database is the truth and the queue only a hint. A task carries a job's
// id; the handler claims the job, and its effect and its completion are one
// transaction, fenced by the claim's epoch. So a queue that forgets
// everything costs seconds, and one that delivers twice costs nothing.
package workers

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"golang.org/x/sync/errgroup"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

// Jobs is the outbox as the workers need it.
type Jobs interface {
	// RelayJobs marks due jobs as enqueued and hands them over after the commit;
	// of jobs with one coalesce key that have not begun, one is left. It does
	// nothing while backlog or more are enqueued and not begun.
	RelayJobs(ctx context.Context, now time.Time, limit int, enqueue func(context.Context, []cases.Job) error) (int, error)
	// ClaimJobs begins an attempt at each of those jobs with which there is
	// something to do, and returns them.
	ClaimJobs(ctx context.Context, now time.Time, ids []int64) ([]cases.Job, error)
	// FailJob ends one without success: again at retryAt, or dead.
	FailJob(ctx context.Context, at cases.Attempt, now time.Time, cause string, retryAt time.Time, dead bool) error
	// FinishJob completes one that has no effect of its own in the database.
	FinishJob(ctx context.Context, at cases.Attempt, now time.Time) error
	// SweepJobs takes back what was enqueued but not begun for that long, and
	// attempts past their lease.
	SweepJobs(ctx context.Context, now time.Time, forgottenAfter time.Duration) (int, error)
	PruneJobs(ctx context.Context, before time.Time, limit int) (int, error)

	AcquireLease(ctx context.Context, now time.Time, name, holder string, ttl time.Duration) (cases.Lease, bool, error)
	ReleaseLease(ctx context.Context, l cases.Lease) error
}

// Upkeep is what the schedules call.
type Upkeep interface {
	SealEvents(ctx context.Context, now time.Time, l cases.Lease, limit int) (int, error)
	FoldCalls(ctx context.Context, l cases.Lease, now time.Time, limit int) (int, error)
	ExpireRestrictions(ctx context.Context, now time.Time) (int, error)
	SettleRestrictions(ctx context.Context, now time.Time) (int, error)
	ReleaseKeys(ctx context.Context, now time.Time) (int, error)
	LookAgain(ctx context.Context, now time.Time) (int, error)
	MatchReturners(ctx context.Context, now time.Time) (int, error)
	PruneSessions(ctx context.Context, now time.Time) (int, error)
	DropUnconfirmed(ctx context.Context, now time.Time, limit int) (int, error)
	PruneSolutions(ctx context.Context, now time.Time) (int, error)
	RecheckReports(ctx context.Context, now time.Time, limit int, elsewhere ...cases.Coverage) (int, error)
	RecheckIdentity(ctx context.Context, now time.Time, limit int) (int, error)
	PruneDeliveries(ctx context.Context, before time.Time, limit int) (int, error)
	PruneRequests(ctx context.Context, before time.Time, limit int) (int, error)
	DropCalls(ctx context.Context, before time.Time) error
}

// Config is what a Pool works with.
type Config struct {
	Desk   *desk.Desk
	Jobs   Jobs
	Upkeep Upkeep
	Mail   Mail
	// Act does to received mails what their mailboxes say.
	Act func(context.Context, ...cases.MailReceipt) error
	// Checkpoint signs the audit chain as far as it is sealed; called whenever
	// it has grown. Nil: no key, no checkpoints.
	Checkpoint func(ctx context.Context, now time.Time, l cases.Lease) error
	// KeepCalls is how long call records are kept; 0: for ever.
	KeepCalls time.Duration
	// SweepBlobs removes evidence that neither a message nor a file knows.
	SweepBlobs  func(ctx context.Context) (int, error)
	Redis       asynq.RedisConnOpt
	Concurrency int    // 0: 16
	Holder      string // this replica's id, for leases
	Now         func() time.Time
	Log         *slog.Logger
	Observe     Observer
}

// Observer is told how jobs fare, for metrics.
type Observer interface {
	JobDone(kind cases.JobKind, outcome string, took time.Duration)
	Loop(name string, n int, err error)
}

// Pool relays and runs jobs.
type Pool struct {
	Config
	client    *asynq.Client
	inspector *asynq.Inspector
	tasks     map[cases.JobKind]task
	together  map[cases.JobKind]func(context.Context, []cases.Job) error
}

// task runs one kind of job, as the attempt that claimed it. It returns after the
// effect is committed.
type task func(ctx context.Context, j cases.Job) error

// New prepares a pool; Run starts it.
func New(c Config) *Pool {
	if c.Concurrency == 0 {
		c.Concurrency = 16
	}
	p := &Pool{Config: c}
	p.tasks = map[cases.JobKind]task{
		cases.JobFile:      p.file,
		cases.JobEnrich:    p.enrich,
		cases.JobAssess:    p.assess,
		cases.JobTell:      p.tell,
		cases.JobChat:      p.chat,
		cases.JobAlert:     p.tell,
		cases.JobUrgent:    p.assess,
		cases.JobMailbox:   p.mailbox,
		cases.JobCampaigns: p.campaigns,
		cases.JobUnpack:    p.unpack,
		cases.JobPack:      p.pack,
		cases.JobWebhook:   p.webhook,
	}
	p.together = map[cases.JobKind]func(context.Context, []cases.Job) error{cases.JobFile: p.fileTogether, cases.JobMailbox: p.mailboxTogether}
	return p
}

// Run works until ctx ends, then lets running jobs finish (at most 20 s).
func (p *Pool) Run(ctx context.Context) error {
	p.client = asynq.NewClient(p.Redis)
	defer p.client.Close()
	p.inspector = asynq.NewInspector(p.Redis)
	defer p.inspector.Close()
	servers := []*asynq.Server{p.newServer(ctx, p.Concurrency, queues)}
	for queue, n := range apart {
		servers = append(servers, p.newServer(ctx, n, map[string]int{queue: 1}))
	}
	for _, s := range servers {
		if err := s.Start(asynq.HandlerFunc(p.handle)); err != nil {
			return fmt.Errorf("start the queue's server: %w", err)
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { p.relay(ctx); return nil })
	for _, s := range p.schedules() {
		g.Go(func() error { s.run(ctx); return nil })
	}
	err := g.Wait()
	var stop sync.WaitGroup
	for _, s := range servers {
		stop.Go(s.Shutdown)
	}
	stop.Wait()
	return err
}

func (p *Pool) newServer(ctx context.Context, concurrency int, queues map[string]int) *asynq.Server {
	return asynq.NewServer(p.Redis, asynq.Config{
		Concurrency:       concurrency,
		Queues:            queues,
		TaskCheckInterval: 50 * time.Millisecond, // idle pick-up; asynq's own is a second
		ShutdownTimeout:   20 * time.Second,
		// Running jobs outlive ctx: asynq cancels them when its own time is up.
		BaseContext: func() context.Context { return context.WithoutCancel(ctx) },
		Logger:      queueLog{p.Log},
		LogLevel:    asynq.WarnLevel,
	})
}
