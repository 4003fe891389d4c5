package mailbox

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/abusedesk/abusedesk/cases"
)

// Accepter keeps deliveries: package desk. When it returns without an error,
// mails, receipts and progress are committed.
type Accepter interface {
	Accept(ctx context.Context, in []cases.Delivery) ([]cases.Receipt, error)
}

// Progress is what is kept of mailboxes and leases: package store.
type Progress interface {
	// MailboxProgress says how far a mailbox has been read; zero if never.
	MailboxProgress(ctx context.Context, name string) (cases.MailboxProgress, error)
	// ResetMailbox begins it anew under another UIDVALIDITY; fenced by epoch.
	ResetMailbox(ctx context.Context, name string, uidValidity uint32, epoch int64) error
	// MailboxRead records that it was reached and holds nothing new; fenced.
	MailboxRead(ctx context.Context, now time.Time, name string, epoch int64) error
	// MailboxFailed records why it could not be read.
	MailboxFailed(ctx context.Context, now time.Time, name, cause string) error

	AcquireLease(ctx context.Context, now time.Time, name, holder string, ttl time.Duration) (cases.Lease, bool, error)
	RenewLease(ctx context.Context, now time.Time, l cases.Lease, ttl time.Duration) (bool, error)
	ReleaseLease(ctx context.Context, l cases.Lease) error
}

// Status is how the reading of one mailbox stands, for metrics.
type Status struct {
	Mailbox  string
	Owner    bool  // this replica holds the lease
	Behind   int   // mails on the server that are not received yet
	Received int   // mails received since the last status
	Err      error // why it is not being read; nil when it is
}

// Config is what a Reader works with.
type Config struct {
	Mailboxes []Mailbox
	Desk      Accepter
	Progress  Progress
	Holder    string // this process, for leases
	Now       func() time.Time
	Log       *slog.Logger
	// Observe, when set, is told how each mailbox stands whenever that changes.
	// It is called from several goroutines.
	Observe func(Status)
	// TLS is for servers with certificates of one's own; nil is the system's trust.
	TLS *tls.Config

	// Poll is how often a mailbox is looked at even though the server says
	// nothing; 0 is a minute. A silent connection is noticed within Poll and
	// Patience together.
	Poll time.Duration
	// Patience is how long a server may be silent in an answer; 0 is 30 s.
	Patience time.Duration
	// LeaseTTL is how long a dead replica keeps a mailbox; 0 is 10 s. A living one
	// renews three times in it.
	LeaseTTL time.Duration
	// GiveUp is how long one mail may fail to be fetched, and hold up those behind
	// it, before it is quarantined; 0 is two minutes.
	GiveUp time.Duration
	// Pause is how long to wait after so many failures in a row; nil is
	// cases.Backoff, a minute at most.
	Pause func(failures int) time.Duration
}

// Reader reads mailboxes until it is told to stop.
type Reader struct {
	Config
}

// New prepares a Reader.
func New(c Config) *Reader {
	if c.Poll == 0 {
		c.Poll = time.Minute
	}
	if c.Patience == 0 {
		c.Patience = 30 * time.Second
	}
	if c.LeaseTTL == 0 {
		c.LeaseTTL = 10 * time.Second
	}
	if c.GiveUp == 0 {
		c.GiveUp = 2 * time.Minute
	}
	if c.Pause == nil {
		c.Pause = func(failures int) time.Duration { return min(cases.Backoff(failures), longestPause) }
	}
	if c.Observe == nil {
		c.Observe = func(Status) {}
	}
	return &Reader{c}
}

// Run reads all mailboxes, each on its own: one that fails is tried again with
// growing pauses and holds up no other. It returns nil when ctx ends.
func (r *Reader) Run(ctx context.Context) error {
	var g errgroup.Group
	for _, m := range r.Mailboxes {
		g.Go(func() error {
			(&loop{Reader: r, box: m, log: r.Log.With("mailbox", m.Name), trouble: map[uint32]trouble{}}).run(ctx)
			return nil
		})
	}
	return g.Wait()
}

// loop reads one mailbox.
type loop struct {
	*Reader
	box Mailbox
	log *slog.Logger
	// trouble is with mails that could not be fetched, by UID; of this UIDVALIDITY
	// and since the process began.
	trouble  map[uint32]trouble
	validity uint32
}

// trouble counts how often fetching a mail has failed, and since when.
type trouble struct {
	times int
	since time.Time
}

// troubled counts a failure of a mail's.
func (l *loop) troubled(uid uint32) {
	t := l.trouble[uid]
	if t.times == 0 {
		t.since = l.Now()
	}
	t.times++
	l.trouble[uid] = t
}

// givenUp says whether a mail has failed at least times times, for long enough.
func (l *loop) givenUp(uid uint32, times int) bool {
	t := l.trouble[uid]
	return t.times >= times && l.Now().Sub(t.since) >= l.GiveUp
}

// longestPause bounds the pause between attempts.
const longestPause = time.Minute

// leaseName is how the store names the lease on a mailbox.
func leaseName(mailbox string) string { return "mailbox:" + mailbox }

func (l *loop) run(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		lease, held, err := l.Progress.AcquireLease(ctx, l.Now(), leaseName(l.box.Name), l.Holder, l.LeaseTTL)
		switch {
		case err != nil:
			failures++
			l.failed(ctx, err)
		case !held:
			failures = 0
			l.Observe(Status{Mailbox: l.box.Name})
			pause(ctx, l.LeaseTTL/6+rand.N(l.LeaseTTL/6))
			continue
		default:
			progressed, err := l.hold(ctx, lease)
			if progressed {
				failures = 0
			}
			if ctx.Err() != nil {
				return
			}
			failures++
			l.failed(ctx, err)
		}
		pause(ctx, l.Pause(failures))
	}
}

// failed says why the mailbox is not being read, to log, metrics and operators.
func (l *loop) failed(ctx context.Context, err error) {
	if ctx.Err() != nil || err == nil {
		return
	}
	l.log.Warn("reading a mailbox", "err", err)
	l.Observe(Status{Mailbox: l.box.Name, Err: err})
	if errors.Is(err, cases.ErrFenced) {
		return // another replica reads it; nothing is wrong
	}
	if err := l.Progress.MailboxFailed(ctx, l.Now(), l.box.Name, err.Error()); err != nil {
		l.log.Warn("recording why a mailbox is not read", "err", err)
	}
}

var errLeaseLost = &cases.Error{Kind: cases.KindFenced, Message: "the lease on the mailbox was lost"}

// hold reads the mailbox while the lease is held. It says whether anything was
// achieved, so that pauses do not grow over a long life.
func (l *loop) hold(ctx context.Context, lease cases.Lease) (progressed bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		l.renew(ctx, lease, cancel)
	}()
	defer func() {
		cancel(nil)
		<-renewed
		// The next one need not wait for the lease's end.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := l.Progress.ReleaseLease(ctx, lease); err != nil {
			l.log.Warn("releasing a mailbox", "err", err)
		}
	}()
	s := &session{loop: l, lease: lease}
	err = s.run(ctx)
	if cause := context.Cause(ctx); cause != nil && errors.Is(cause, cases.ErrFenced) {
		err = cause
	}
	return s.progressed, err
}

// renew keeps the lease, and cancels when it is lost or could not be renewed
// for as long as it lasts.
func (l *loop) renew(ctx context.Context, lease cases.Lease, cancel context.CancelCauseFunc) {
	renewed := l.Now()
	for {
		pause(ctx, l.LeaseTTL/3)
		if ctx.Err() != nil {
			return
		}
		now := l.Now()
		held, err := l.Progress.RenewLease(ctx, now, lease, l.LeaseTTL)
		switch {
		case err == nil && held:
			renewed = now
		case err == nil, l.Now().Sub(renewed) > l.LeaseTTL:
			cancel(errLeaseLost)
			return
		}
	}
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
