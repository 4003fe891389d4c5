package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// outbox commits jobs.
func outbox(t *testing.T, s *Store, now time.Time, jobs ...cases.Job) {
	t.Helper()
	if err := s.write(t.Context(), func(tx *gorm.DB) error { return insertJobs(tx, now, jobs) }); err != nil {
		t.Fatal(err)
	}
}

// relay runs one round and returns what was handed over.
func relay(t *testing.T, s *Store, now time.Time, limit int) []cases.Job {
	t.Helper()
	var got []cases.Job
	_, err := s.RelayJobs(t.Context(), now, limit, func(_ context.Context, jobs []cases.Job) error {
		got = append(got, jobs...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestRelay(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		outbox(t, s, noon, cases.Job{Kind: cases.JobEnrich, ObjectID: 1}, cases.Job{Kind: cases.JobEnrich, ObjectID: 2},
			cases.Job{Kind: cases.JobEnrich, ObjectID: 3, RunAt: noon.Add(time.Minute)})
		got := relay(t, s, noon, 10)
		if len(got) != 2 || got[0].ObjectID != 1 || got[0].State != cases.JobEnqueued || got[0].Attempt != 1 || got[0].EnqueuedAt == nil || !got[0].CreatedAt.Equal(noon) {
			t.Fatalf("relayed %+v", got)
		}
		if again := relay(t, s, noon, 10); len(again) != 0 {
			t.Errorf("relayed twice: %+v", again)
		}
		if later := relay(t, s, noon.Add(time.Minute), 10); len(later) != 1 || later[0].ObjectID != 3 {
			t.Errorf("the one that was due later: %+v", later)
		}
	})
}

func TestRelayCoalesces(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ask := func(n int64, runAt time.Time) { // for cases 1 and 2 alike
			for c := int64(1); c <= 2; c++ {
				outbox(t, s, noon, cases.Job{Kind: cases.JobAssess, ObjectID: c, CoalesceKey: fmt.Sprint("assess:", c), RunAt: runAt})
			}
		}
		ask(1, noon)
		ask(2, noon)
		ask(3, noon.Add(time.Minute)) // due later, but committed
		first := relay(t, s, noon, 100)
		if len(first) != 2 {
			t.Fatalf("%d jobs were handed over, want one for each case", len(first))
		}
		ask(4, noon) // while the first have not begun
		if n := relay(t, s, noon, 100); len(n) != 0 {
			t.Errorf("%d jobs were handed over beside those that wait", len(n))
		}
		// The first begin: whoever asks from now on may have been missed by them.
		for _, j := range first {
			if _, _, err := claimOne(t.Context(), s, noon, j.ID); err != nil {
				t.Fatal(err)
			}
		}
		ask(5, noon)
		if n := relay(t, s, noon, 100); len(n) != 2 {
			t.Errorf("%d jobs follow those that run, want 2", len(n))
		}
		if n := count(t, s, "SELECT count(*) FROM jobs WHERE state = 'coalesced'"); n != 6 {
			t.Errorf("%d coalesced, want 6", n)
		}
	})
}

func TestRelayStopsAtTheBacklog(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		outbox(t, s, noon, slices.Repeat([]cases.Job{{Kind: cases.JobEnrich, ObjectID: 1}}, maxBacklog+5)...)
		if n := len(relay(t, s, noon, 10*maxBacklog)); n != maxBacklog {
			t.Errorf("%d enqueued", n)
		}
		if n := len(relay(t, s, noon, 10)); n != 0 {
			t.Errorf("%d more", n)
		}
	})
}

// However much work waits, what comes in is filed.
func TestWorkThatWaitsHoldsUpNoFiling(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		outbox(t, s, noon, slices.Repeat([]cases.Job{{Kind: cases.JobEnrich, ObjectID: 1}}, 2*maxBacklog)...)
		if n := len(relay(t, s, noon, 10*maxBacklog)); n != maxBacklog {
			t.Fatalf("%d enqueued", n)
		}
		outbox(t, s, noon.Add(time.Second), cases.Job{Kind: cases.JobFile, ObjectID: 2})
		if got := relay(t, s, noon.Add(time.Second), 10); len(got) != 1 || got[0].Kind != cases.JobFile {
			t.Errorf("relayed %+v", got)
		}
	})
}

// A task that comes too late, as many do after a crash, waits for no writer.
func TestAClaimThatComesTooLateWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		outbox(t, s, noon, cases.Job{Kind: cases.JobEnrich, ObjectID: 1, State: cases.JobDone})
		var id int64
		s.db.Raw("SELECT id FROM jobs").Scan(&id)
		writer := s.db.Begin()
		defer writer.Rollback()
		if err := writer.Exec("UPDATE jobs SET updated_at = updated_at").Error; err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if jobs, err := s.ClaimJobs(ctx, noon, []int64{id}); err != nil || len(jobs) != 0 {
			t.Errorf("claimed %+v, %v", jobs, err)
		}
	})
}

func TestRelayInParallelHandsEachJobOverOnce(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		const n = 200
		jobs := make([]cases.Job, n)
		for i := range jobs {
			jobs[i] = cases.Job{Kind: cases.JobEnrich, ObjectID: int64(i)}
		}
		outbox(t, s, noon, jobs...)
		var mu sync.Mutex
		seen := map[int64]int{}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					taken, err := s.RelayJobs(t.Context(), noon, 7, func(_ context.Context, jobs []cases.Job) error {
						mu.Lock()
						defer mu.Unlock()
						for _, j := range jobs {
							seen[j.ID]++
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
					if taken == 0 || err != nil {
						return
					}
				}
			})
		}
		wg.Wait()
		for rest := relay(t, s, noon, n); len(rest) > 0; rest = relay(t, s, noon, n) { // one that skipped locked rows may have ended early
			for _, j := range rest {
				seen[j.ID]++
			}
		}
		for id, times := range seen {
			if times != 1 {
				t.Errorf("job %d was handed over %d times", id, times)
			}
		}
		if len(seen) != n {
			t.Errorf("%d of %d jobs", len(seen), n)
		}
	})
}

func TestJobLife(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		outbox(t, s, noon, cases.Job{Kind: cases.JobEnrich, ObjectID: 7})
		id := relay(t, s, noon, 1)[0].ID
		j, one, err := claimOne(ctx, s, noon, id)
		if err != nil || j.ObjectID != 7 || j.State != cases.JobRunning || one.Epoch != 1 || j.LeaseUntil == nil {
			t.Fatalf("%+v, %v", j, err)
		}
		if _, _, err := claimOne(ctx, s, noon, id); !errors.Is(err, cases.ErrConflict) {
			t.Errorf("claimed twice: %v", err)
		}
		// It takes long, and says so; then it is silent for too long.
		now := noon.Add(50 * time.Second)
		if err := s.ExtendJob(ctx, one, now); err != nil {
			t.Fatal(err)
		}
		if n, err := s.SweepJobs(ctx, noon.Add(cases.AttemptLease), time.Minute); err != nil || n != 0 {
			t.Errorf("swept %d of a job that was extended: %v", n, err)
		}
		now = now.Add(cases.AttemptLease)
		if n, err := s.SweepJobs(ctx, now, time.Minute); err != nil || n != 1 {
			t.Errorf("swept %d: %v", n, err)
		}
		if got := relay(t, s, now, 1); len(got) != 1 || got[0].Attempt != 2 {
			t.Fatalf("relayed again: %+v", got)
		}
		_, two, err := claimOne(ctx, s, now, id)
		if err != nil || two.Epoch != 2 {
			t.Fatal(two, err)
		}
		for name, err := range map[string]error{
			"finish": s.FinishJob(ctx, one, now), "fail": s.FailJob(ctx, one, now, "x", now, false), "extend": s.ExtendJob(ctx, one, now),
		} {
			if !errors.Is(err, cases.ErrFenced) {
				t.Errorf("%s by the old attempt: %v", name, err)
			}
		}
		retry := now.Add(time.Minute)
		if err := s.FailJob(ctx, two, now, "no\x00answer", retry, false); err != nil {
			t.Fatal(err)
		}
		if got := relay(t, s, retry.Add(-time.Second), 1); len(got) != 0 {
			t.Error("relayed before its time")
		}
		if got := relay(t, s, retry, 1); len(got) != 1 || got[0].Attempt != 3 || got[0].LastError != "no?answer" {
			t.Errorf("relayed %+v", got)
		}
		_, three, err := claimOne(ctx, s, retry, id)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.FailJob(ctx, three, retry, "never", retry, true); err != nil {
			t.Fatal(err)
		}
		if got := relay(t, s, retry.Add(time.Hour), 1); len(got) != 0 {
			t.Error("a dead job was relayed")
		}
		if err := s.RetryJob(ctx, staff("aud", cases.RoleAuditor), retry, id); !errors.Is(err, cases.ErrForbidden) {
			t.Errorf("an auditor retried it: %v", err)
		}
		if err := s.RetryJob(ctx, staff("ann", cases.RoleAnalyst), retry, id); err != nil {
			t.Fatal(err)
		}
		if err := s.RetryJob(ctx, staff("ann", cases.RoleAnalyst), retry, id); !errors.Is(err, cases.ErrConflict) {
			t.Errorf("retried twice: %v", err)
		}
		if got := relay(t, s, retry, 1); len(got) != 1 || got[0].Attempt != 4 {
			t.Errorf("relayed %+v", got)
		}
		_, four, err := claimOne(ctx, s, retry, id)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.FinishJob(ctx, four, retry); err != nil {
			t.Fatal(err)
		}
		if _, _, err := claimOne(ctx, s, retry.Add(time.Hour), id); !errors.Is(err, cases.ErrConflict) {
			t.Errorf("claimed when done: %v", err)
		}
		if n, err := s.PruneJobs(ctx, retry, 10); err != nil || n != 0 {
			t.Errorf("pruned %d too early: %v", n, err)
		}
		if n, err := s.PruneJobs(ctx, retry.Add(time.Second), 10); err != nil || n != 1 {
			t.Errorf("pruned %d: %v", n, err)
		}
	})
}

func TestSweepBringsBackWhatTheQueueForgot(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		outbox(t, s, noon, cases.Job{Kind: cases.JobEnrich, ObjectID: 1})
		failing := errors.New("no Redis")
		if _, err := s.RelayJobs(t.Context(), noon, 1, func(context.Context, []cases.Job) error { return failing }); !errors.Is(err, failing) {
			t.Fatalf("got %v", err)
		}
		if n, _ := s.SweepJobs(t.Context(), noon.Add(9*time.Second), 10*time.Second); n != 0 {
			t.Error("swept too early")
		}
		if n, err := s.SweepJobs(t.Context(), noon.Add(10*time.Second), 10*time.Second); n != 1 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
		if got := relay(t, s, noon.Add(10*time.Second), 1); len(got) != 1 || got[0].Attempt != 2 {
			t.Errorf("relayed %+v", got)
		}
	})
}

func TestLeases(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		acquire := func(now time.Time, holder string) (cases.Lease, bool) {
			t.Helper()
			l, ok, err := s.AcquireLease(ctx, now, "sealer", holder, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			return l, ok
		}
		a, ok := acquire(noon, "a")
		if !ok || a.Epoch != 1 || a.Holder != "a" || !a.ExpiresAt.Equal(noon.Add(time.Minute)) {
			t.Fatalf("%+v %v", a, ok)
		}
		if l, ok := acquire(noon, "b"); ok || l.Holder != "a" {
			t.Errorf("b got %+v, %v", l, ok)
		}
		if l, ok := acquire(noon.Add(10*time.Second), "a"); !ok || !l.ExpiresAt.Equal(a.ExpiresAt) {
			t.Errorf("a has most of its time left, and yet %+v, %v", l, ok)
		}
		if l, ok := acquire(noon.Add(30*time.Second), "a"); !ok || l.Epoch != 1 || !l.ExpiresAt.Equal(noon.Add(90*time.Second)) {
			t.Errorf("a kept %+v, %v", l, ok)
		}
		if ok, err := s.RenewLease(ctx, noon.Add(40*time.Second), a, time.Minute); !ok || err != nil {
			t.Error(ok, err)
		}
		late := noon.Add(time.Hour)
		b, ok := acquire(late, "b")
		if !ok || b.Epoch != 2 {
			t.Errorf("b took over %+v, %v", b, ok)
		}
		if ok, err := s.RenewLease(ctx, late, a, time.Minute); ok || err != nil {
			t.Error("the old holder renewed", ok, err)
		}
		if err := s.ReleaseLease(ctx, a); err != nil { // the old holder's last word changes nothing
			t.Fatal(err)
		}
		if _, ok := acquire(late, "c"); ok {
			t.Error("the old holder released the new one's lease")
		}
		if err := s.ReleaseLease(ctx, b); err != nil {
			t.Fatal(err)
		}
		if l, ok := acquire(late, "b"); !ok || l.Epoch != 3 {
			t.Errorf("taken again after its end: %+v, %v", l, ok)
		}
		// One of many gets it.
		var wg sync.WaitGroup
		var mu sync.Mutex
		var got []string
		for i := range 8 {
			wg.Go(func() {
				h := fmt.Sprint("h", i)
				_, ok, err := s.AcquireLease(ctx, noon, "mailbox:x", h, time.Minute)
				if err != nil {
					t.Error(err)
				}
				if ok {
					mu.Lock()
					got = append(got, h)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(got) != 1 {
			t.Errorf("%v hold one lease", got)
		}
	})
}
