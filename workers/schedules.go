package workers

import (
	"context"
	"errors"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// leaseTTL is how long a schedule's holder may be silent before another
// replica takes over.
const leaseTTL = 15 * time.Second

// schedule is one loop that a single replica runs at a time, by lease. Work
// that must not happen in a holder that was paused is fenced by the lease's
// epoch inside its own transaction.
type schedule struct {
	pool  *Pool
	name  string
	every time.Duration
	// step does one round; a full round is followed by the next at once.
	step func(ctx context.Context, l cases.Lease) (n int, full bool, err error)
}

func (s schedule) run(ctx context.Context) {
	p := s.pool
	tick := time.NewTimer(0)
	defer tick.Stop()
	var held cases.Lease
	defer func() {
		if held.Holder != "" {
			rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			if err := p.Jobs.ReleaseLease(rctx, held); err != nil {
				p.Log.Debug("release lease", "lease", s.name, "err", err)
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		l, ok, err := p.Jobs.AcquireLease(ctx, p.now(), s.name, p.Holder, leaseTTL)
		if err != nil || !ok {
			switch {
			case err == nil:
				held = cases.Lease{} // another's now
			case ctx.Err() == nil: // and it may still be ours, to be given back
				p.Observe.Loop(s.name, 0, err)
			}
			tick.Reset(s.every + time.Second)
			continue
		}
		held = l
		began := p.now()
		n, full, err := s.step(ctx, l)
		if ctx.Err() != nil {
			return
		}
		p.Observe.Loop(s.name, n, err)
		switch {
		case errors.Is(err, cases.ErrFenced):
			p.Log.Warn("schedule was taken over", "schedule", s.name)
			tick.Reset(s.every)
		case err != nil:
			p.Log.Warn("schedule", "schedule", s.name, "err", err)
			tick.Reset(s.every + time.Second)
		case full:
			tick.Reset(0)
		default:
			// It rests for as long as it worked, so that none takes a database for itself.
			tick.Reset(max(s.every, p.now().Sub(began)))
		}
	}
}

// Schedule parameters.
const (
	sealBatch    = 2_000
	foldBatch    = 2_000
	recheckBatch = 500
	dropBatch    = 500
	auditBatch   = 200
	pruneBatch   = 5_000
	keepDoneJobs = 48 * time.Hour

	// A job that was handed over and has not begun was forgotten by the queue: at
	// once when the queue has nothing left to hand out, else when it waited longer
	// than a slow disk takes for a full backlog.
	forgottenIdle = 5 * time.Second
	forgottenBusy = time.Minute
)

func (p *Pool) schedules() []schedule {
	counted := func(f func(ctx context.Context, now time.Time) (int, error)) func(context.Context, cases.Lease) (int, bool, error) {
		return func(ctx context.Context, _ cases.Lease) (int, bool, error) {
			n, err := f(ctx, p.now())
			return n, false, err
		}
	}
	ss := []schedule{
		{p, "seal", time.Second, p.seal},
		{p, "fold", 500 * time.Millisecond, func(ctx context.Context, l cases.Lease) (int, bool, error) {
			n, err := p.Upkeep.FoldCalls(ctx, l, p.now(), foldBatch)
			return n, n >= foldBatch, err
		}},
		{p, "expire", 500 * time.Millisecond, counted(p.Upkeep.ExpireRestrictions)},
		{p, "settle", time.Second, counted(p.Upkeep.SettleRestrictions)},
		{p, "sweep", 2 * time.Second, counted(func(ctx context.Context, now time.Time) (int, error) {
			return p.Jobs.SweepJobs(ctx, now, p.forgottenAfter())
		})},
		{p, "release", time.Minute, counted(p.Upkeep.ReleaseKeys)},
		{p, "clocks", 30 * time.Second, counted(p.Upkeep.LookAgain)},
		{p, "returners", time.Minute, counted(p.Upkeep.MatchReturners)},
		{p, "sessions", 10 * time.Minute, counted(p.Upkeep.PruneSessions)},
		{p, "solutions", 10 * time.Minute, counted(p.Upkeep.PruneSolutions)},
		{p, "unconfirmed", 10 * time.Minute, func(ctx context.Context, _ cases.Lease) (int, bool, error) {
			n, err := p.Upkeep.DropUnconfirmed(ctx, p.now(), dropBatch)
			return n, n == dropBatch, err
		}},
		{p, "recheck", 20 * time.Second, func(ctx context.Context, _ cases.Lease) (int, bool, error) {
			n, err := p.Upkeep.RecheckReports(ctx, p.now(), recheckBatch)
			return n, n == recheckBatch, err
		}},
		{p, "identity", time.Minute, func(ctx context.Context, _ cases.Lease) (int, bool, error) {
			n, err := p.Upkeep.RecheckIdentity(ctx, p.now(), recheckBatch)
			return n, n == recheckBatch, err
		}},
		{p, "trust", 10 * time.Minute, counted(func(ctx context.Context, _ time.Time) (int, error) { return p.Desk.KeepTrustList(ctx) })},
		{p, "attestation", time.Minute, func(ctx context.Context, _ cases.Lease) (int, bool, error) {
			n, err := p.Desk.AuditAttestation(ctx, auditBatch)
			return n, n == auditBatch, err
		}},
		{p, "prune", 10 * time.Minute, func(ctx context.Context, _ cases.Lease) (int, bool, error) {
			n, err := p.Jobs.PruneJobs(ctx, p.now().Add(-keepDoneJobs), pruneBatch)
			return n, n == pruneBatch, err
		}},
		{p, "requests", 10 * time.Minute, func(ctx context.Context, _ cases.Lease) (int, bool, error) {
			n, err := p.Upkeep.PruneRequests(ctx, p.now().Add(-cases.RequestKeep), pruneBatch)
			return n, n == pruneBatch, err
		}},
		{p, "webhooks", 10 * time.Minute, func(ctx context.Context, _ cases.Lease) (int, bool, error) {
			n, err := p.Upkeep.PruneDeliveries(ctx, p.now().Add(-cases.WebhookKeep), pruneBatch)
			return n, n == pruneBatch, err
		}},
	}
	if p.KeepCalls > 0 {
		// Busy records are an error that the next round mends.
		ss = append(ss, schedule{p, "retain", 10 * time.Minute, counted(func(ctx context.Context, now time.Time) (int, error) {
			return 0, p.Upkeep.DropCalls(ctx, now.Add(-p.KeepCalls))
		})})
	}
	if p.SweepBlobs != nil {
		ss = append(ss, schedule{p, "blobs", time.Hour, counted(func(ctx context.Context, _ time.Time) (int, error) { return p.SweepBlobs(ctx) })})
	}
	return ss
}
