package workers

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

func TestAReportGoesAllTheWay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, now := t.Context(), w.clock.Now()
		_, err := w.store.IngestCalls(ctx, now, cases.Ingest{Source: "sbc", CompleteFrom: now.Add(-24 * time.Hour), CompleteThrough: now, Calls: []cases.Call{
			{Source: "sbc", SourceID: "1", AccountID: "acme", Direction: "outbound", From: "+12025550000", To: "+13125550199", StartedAt: now.Add(-2 * time.Hour), SIPCode: 200}}})
		w.must(err)
		l, _, err := w.store.AcquireLease(ctx, now, "mailbox:abuse", "a", time.Hour)
		w.must(err)
		p, seen := w.pool("a")
		var acted, signed atomic.Int64
		p.Act = func(_ context.Context, rs ...cases.MailReceipt) error { acted.Store(int64(rs[0].UID)); return nil }
		p.Checkpoint = func(context.Context, time.Time, cases.Lease) error { signed.Add(1); return nil }
		w.clock.run()
		w.start(p)
		d := report("key", "+12025550000")
		d.Cursor = &cases.MailCursor{Mailbox: "abuse", UIDValidity: 1, UID: 7, Epoch: l.Epoch}
		_, err = w.desk.Accept(ctx, []cases.Delivery{d})
		w.must(err)
		w.eventually(func() bool {
			o := w.operations()
			return w.reports() == 1 && o.Pending == 0 && o.Running == 0 && o.UnsealedTail == 0 && o.DirtyHours == 0 && signed.Load() > 0
		}, "everything to be done")
		got := w.whole()
		if f := got.Case.Facts; f.Corroboration != cases.CorroborationConfirmed || f.Parties.Originating != "acme" || got.Sendings[0].State != cases.SendingSent || w.mail.sent != 1 || acted.Load() != 7 {
			t.Errorf("facts %+v, sendings %+v, %d letters, acted on %d", f, got.Sendings, w.mail.sent, acted.Load())
		}
		for _, k := range []string{"file", "enrich", "assess", "tell", "mailbox"} {
			if n := ask(seen, func() int { return seen.outcomes[k+" done"] }); n == 0 {
				t.Errorf("no %s job was done: %v", k, seen.outcomes)
			}
		}
		if n := ask(seen, func() int { return len(seen.failures) }); n != 0 {
			t.Errorf("failures %+v", seen.failures)
		}
	})
}

func TestAQueueThatForgetsLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 60
		p, seen := w.pool("a")
		var began atomic.Int64
		gate := make(chan struct{})
		delete(p.together, cases.JobFile)
		p.tasks[cases.JobFile] = func(ctx context.Context, j cases.Job) error {
			began.Add(1)
			<-gate
			return p.file(ctx, j)
		}
		w.accept(n)
		w.start(p)
		w.eventually(func() bool { return began.Load() == 4 && ask(seen, func() int { return seen.relayed }) == n }, "the queue to have %d tasks, and 4 to run", n)
		if got := p.forgottenAfter(); got != forgottenBusy {
			t.Errorf("a job is forgotten after %v while others wait before it, want %v", got, forgottenBusy)
		}
		w.must(w.queue.flush())
		if got := p.forgottenAfter(); got != forgottenIdle {
			t.Errorf("a job is forgotten after %v by an empty queue, want %v", got, forgottenIdle)
		}
		close(gate)
		w.eventually(func() bool { return w.reports() == 4 }, "those that ran to be filed")
		w.clock.pass(forgottenIdle + time.Second)
		w.eventually(func() bool { return w.reports() == n }, "the rest to be filed: the queue forgot %d", n-4)
		if w.queue.redis == nil {
			return
		}
		// And one that is away for a while.
		w.queue.redis.Kill()
		w.submit("+12025559999")
		before := ask(seen, func() int { return seen.loops["relay"] })
		w.eventually(func() bool { return ask(seen, func() int { return seen.loops["relay"] }) > before+1 }, "the relay to find nobody")
		w.must(w.queue.redis.Restart())
		w.clock.pass(forgottenIdle + time.Second)
		enriched := ask(seen, func() int { return seen.outcomes["enrich done"] })
		w.eventually(func() bool {
			w.clock.pass(50 * time.Millisecond) // those of before may still be under way
			o := w.operations()
			return o.Pending == 0 && o.Running == 0 && ask(seen, func() int { return seen.outcomes["enrich done"] }) > enriched
		}, "what came meanwhile to be done")
	})
}

func TestAFailedJobIsTriedAgainByThePool(t *testing.T) {
	w := small(t)
	p, seen := w.pool("a")
	var runs atomic.Int64
	p.tasks[cases.JobEnrich] = func(ctx context.Context, j cases.Job) error {
		if runs.Add(1) <= 2 {
			return cases.ErrUnavailable
		}
		return p.enrich(ctx, j)
	}
	w.submit("+12025550143")
	w.start(p)
	for n := 1; n <= 2; n++ {
		w.eventually(func() bool { return ask(seen, func() int { return len(seen.failures) }) == n }, "failure %d", n)
		rounds := ask(seen, func() int { return seen.loops["relay"] })
		w.eventually(func() bool { return ask(seen, func() int { return seen.loops["relay"] }) >= rounds+2 }, "the relay to look twice")
		if got := runs.Load(); got != int64(n) {
			t.Fatalf("run %d times before its time has come", got)
		}
		w.clock.pass(ask(seen, func() time.Duration { return seen.failures[n-1].after }))
	}
	w.eventually(func() bool { return ask(seen, func() int { return seen.outcomes["enrich done"] }) == 1 }, "the third attempt")
}

func TestManyReportsOfOneCaseAreAssessedOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, seen := w.pool("a")
		p.tasks[cases.JobEnrich] = func(ctx context.Context, j cases.Job) error {
			return p.Jobs.FinishJob(ctx, j.AttemptAt(), p.now())
		}
		const n = 25
		var f cases.Filed
		for range n {
			f = w.submit("+12025550143")
		}
		w.clock.pass(cases.AssessDelay)
		w.start(p)
		w.eventually(func() bool { o := w.operations(); return o.Pending == 0 && o.Running == 0 }, "everything to be done")
		if got := ask(seen, func() int { return seen.outcomes["assess done"] }); got != 1 {
			t.Errorf("assessed %d times, want once", got)
		}
		if c := w.whole().Case; c.Reports != n || c.ID != f.CaseID {
			t.Errorf("%s counts %d reports", c.Ref, c.Reports)
		}
		// Enrichment was left out, which is no way to leave a database.
		for id := range int64(n) {
			w.must(w.desk.Enrich(t.Context(), cases.Attempt{}, id+1))
		}
	})
}

func TestSchedulesRunInOnePoolAtATime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		// The clock stands still: no lease runs out.
		a, seenA := w.pool("a")
		b, seenB := w.pool("b")
		var names []string
		for _, s := range a.schedules() {
			names = append(names, s.name)
		}
		rounds := func(x *watched, name string) int { return ask(x, func() int { return x.loops[name] }) }
		asked := func(x *watched, name string) int { return ask(x, func() int { return x.asked[name] }) }
		stopA := w.start(a)
		w.start(b)
		w.eventually(func() bool {
			return !slices.ContainsFunc(names, func(n string) bool {
				return asked(seenA, n) == 0 || asked(seenB, n) == 0 || rounds(seenA, n)+rounds(seenB, n) == 0
			})
		}, "both to have asked for every lease")
		w.eventually(func() bool { return rounds(seenA, "expire")+rounds(seenB, "expire") > 4 }, "some rounds")
		for _, n := range names {
			if rounds(seenA, n) > 0 && rounds(seenB, n) > 0 {
				t.Errorf("%s ran in both", n)
			}
		}
		stopA()
		for _, n := range []string{"seal", "fold", "expire", "settle", "sweep"} {
			before := rounds(seenB, n)
			w.eventually(func() bool { return rounds(seenB, n) > before }, "the other pool to take over %s", n)
		}
	})
}

// Call records that are older than they are kept are dropped by themselves.
func TestOldCallsAreDropped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, now := t.Context(), w.clock.Now()
		at := func(days int, id string) cases.Call {
			return cases.Call{SourceID: id, Direction: "outbound", From: "+12025550143", To: "+13125550199", StartedAt: now.AddDate(0, 0, -days)}
		}
		_, err := w.store.IngestCalls(ctx, now, cases.Ingest{Source: "sbc", Calls: []cases.Call{at(31, "old"), at(29, "kept")}, CompleteFrom: now.AddDate(0, 0, -40), CompleteThrough: now})
		w.must(err)
		p, _ := w.pool("a")
		p.KeepCalls = 30 * 24 * time.Hour
		w.start(p)
		left := func() []cases.Call {
			cs, err := w.store.MatchingCalls(ctx, cases.CallQuery{From: "+12025550143"})
			w.must(err)
			return cs
		}
		w.eventually(func() bool { return len(left()) < 2 }, "the old record to be dropped")
		if cs := left(); len(cs) != 1 || cs[0].SourceID != "kept" {
			t.Errorf("left are %+v", cs)
		}
		if c, err := w.store.Coverage(ctx); err != nil || len(c) != 1 || c[0].From.Before(now.AddDate(0, 0, -31)) {
			t.Errorf("covered is %+v, %v", c, err)
		}
	})
}

func TestARunningJobFinishesWhenThePoolStops(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, seen := w.pool("a")
		running, release := make(chan struct{}), make(chan struct{})
		p.tasks[cases.JobFile] = func(ctx context.Context, j cases.Job) error {
			close(running)
			<-release
			if err := ctx.Err(); err != nil {
				t.Errorf("the job was cancelled: %v", err)
			}
			return p.file(ctx, j)
		}
		w.accept(1)
		stop := w.start(p)
		<-running
		w.eventually(func() bool {
			return !slices.ContainsFunc(p.schedules(), func(s schedule) bool { return ask(seen, func() int { return seen.loops[s.name] }) == 0 })
		}, "every schedule to have begun")
		var stopped sync.WaitGroup
		var over atomic.Bool
		stopped.Go(func() { stop(); over.Store(true) })
		// The schedules end first, and give back what they held.
		w.eventually(func() bool {
			o := w.operations()
			return len(o.Leases) > 0 && !slices.ContainsFunc(o.Leases, func(l cases.Lease) bool { return l.ExpiresAt.After(w.clock.Now()) })
		}, "the leases to be given back")
		if over.Load() {
			t.Error("the pool ended before its job")
		}
		close(release)
		stopped.Wait()
		if w.reports() != 1 || seen.outcomes["file done"] != 1 {
			t.Errorf("%d reports, outcomes %v", w.reports(), seen.outcomes)
		}
		if o := w.operations(); o.Running != 0 {
			t.Errorf("%d jobs are left running", o.Running)
		}
	})
}
