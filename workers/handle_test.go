package workers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hibiken/asynq"

	"github.com/abusedesk/abusedesk/cases"
)

func TestHowAnAttemptEnds(t *testing.T) {
	tests := map[string]struct {
		run     task // nil: no such task
		outcome string
		cause   string // of the failure; "" for none
		dead    bool
	}{
		"a failure":            {func(context.Context, cases.Job) error { return errors.New("away") }, "retry", "away", false},
		"a dependency is away": {func(context.Context, cases.Job) error { return cases.ErrUnavailable }, "retry", "", false},
		"who is away says until when": {func(context.Context, cases.Job) error {
			return &cases.Error{Kind: cases.KindUnavailable, Message: "429", After: time.Minute}
		}, "retry", "429", false},
		"it can never succeed": {func(context.Context, cases.Job) error {
			return cases.Invalid(cases.Problem{Field: "x", Message: "no"})
		}, "dead", "x: no", true},
		"a kind nobody knows":       {nil, "dead", "no job of kind enrich", true},
		"a panic":                   {func(context.Context, cases.Job) error { panic("a record that nobody foresaw") }, "retry", "panic: a record that nobody foresaw", false},
		"another attempt took over": {func(context.Context, cases.Job) error { return cases.ErrFenced }, "fenced", "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := small(t)
			p, seen := w.pool("a")
			f := w.submit("+12025550143")
			p.tasks[cases.JobEnrich] = tt.run
			if tt.run == nil {
				delete(p.tasks, cases.JobEnrich)
			}
			j := w.one(cases.JobEnrich)
			w.hand(p, j)
			if seen.outcomes["enrich "+tt.outcome] != 1 || len(seen.outcomes) != 1 {
				t.Errorf("outcomes %v, want %s", seen.outcomes, tt.outcome)
			}
			if tt.outcome == "fenced" {
				if len(seen.failures) != 0 {
					t.Errorf("an attempt that was taken over counts as failed: %+v", seen.failures)
				}
				return
			}
			if len(seen.failures) != 1 || !strings.Contains(seen.failures[0].cause, tt.cause) || seen.failures[0].dead != tt.dead {
				t.Fatalf("failures %+v, want %q, dead %v", seen.failures, tt.cause, tt.dead)
			}
			dead := w.operations().Dead
			if (len(dead) == 1) != tt.dead {
				t.Errorf("dead jobs %+v", dead)
			}
			if tt.dead {
				if dead[0].ObjectID != f.ReportID || !strings.Contains(dead[0].LastError, tt.cause) {
					t.Errorf("dead %+v", dead[0])
				}
				return
			}
			if name == "who is away says until when" && seen.failures[0].after != time.Minute {
				t.Errorf("tried again after %s", seen.failures[0].after)
			}
			// Not before its time, and then it works.
			p.tasks[cases.JobEnrich] = p.enrich
			if due := w.due(); len(due) != 0 {
				t.Errorf("tried again at once: %+v", due)
			}
			w.clock.pass(seen.failures[0].after)
			w.hand(p, w.one(cases.JobEnrich))
			if seen.outcomes["enrich done"] != 1 {
				t.Errorf("outcomes %v", seen.outcomes)
			}
		})
	}
}

func TestAJobThatAlwaysFailsIsDeadInTheEnd(t *testing.T) {
	w := small(t)
	p, seen := w.pool("a")
	w.submit("+12025550143")
	p.tasks[cases.JobEnrich] = func(context.Context, cases.Job) error { return errors.New("away") }
	for n := 1; ; n++ {
		jobs := w.due()
		for _, j := range jobs {
			w.hand(p, j)
		}
		if len(seen.failures) != n || n > cases.MaxAttempts {
			t.Fatalf("%d failures in round %d", len(seen.failures), n)
		}
		f := seen.failures[n-1]
		if least := min(time.Second<<(n-1), 15*time.Minute); f.after < least || f.after > least*5/4 {
			t.Errorf("failure %d waits for %v, want %v and a quarter at most", n, f.after, least)
		}
		w.clock.pass(f.after)
		if f.dead {
			break
		}
	}
	if n := len(seen.failures); n != cases.MaxAttempts || len(w.due()) != 0 || len(w.operations().Dead) != 1 {
		t.Fatalf("dead after %d failures, want %d", n, cases.MaxAttempts)
	}
	// A person has it tried once more.
	p.tasks[cases.JobEnrich] = p.enrich
	w.must(w.desk.RetryJob(t.Context(), ann, w.operations().Dead[0].ID))
	w.hand(p, w.one(cases.JobEnrich))
	if len(w.operations().Dead) != 0 || seen.outcomes["enrich done"] != 1 {
		t.Errorf("outcomes %v", seen.outcomes)
	}
}

// An attempt that was paused until its lease ran out finds, when it wakes, that
// another has done the work.
func TestAnAttemptThatWasTakenOverChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, seen := w.pool("a")
		w.accept(1)
		j := w.one(cases.JobFile)
		var before cases.Dossier
		p.tasks[cases.JobFile] = func(ctx context.Context, job cases.Job) error {
			p.tasks[cases.JobFile] = p.file
			w.clock.pass(cases.AttemptLease + time.Second)
			if n, err := w.store.SweepJobs(ctx, w.clock.Now(), forgottenIdle); n != 1 || err != nil {
				t.Fatalf("swept %d, %v", n, err)
			}
			w.hand(p, w.one(cases.JobFile))
			before = w.whole()
			return p.file(ctx, job)
		}
		w.hand(p, j)
		if seen.outcomes["file done"] != 1 || seen.outcomes["file fenced"] != 1 || len(seen.failures) != 0 {
			t.Errorf("outcomes %v, failures %+v", seen.outcomes, seen.failures)
		}
		w.unchanged(before)
	})
}

// whole is everything about the one case that there is.
func (w *world) whole() cases.Dossier {
	w.t.Helper()
	p, err := w.desk.Cases(w.t.Context(), ann, cases.CaseQuery{})
	w.must(err)
	if len(p.Items) != 1 {
		w.t.Fatalf("%d cases, want 1", len(p.Items))
	}
	d, err := w.desk.Dossier(w.t.Context(), ann, p.Items[0].Ref)
	w.must(err)
	return d
}

func (w *world) unchanged(before cases.Dossier) {
	w.t.Helper()
	if d := cmp.Diff(before, w.whole(), cmpopts.IgnoreUnexported(cases.Case{})); d != "" {
		w.t.Errorf("changed (-before +after):\n%s", d)
	}
}

// skip passes over the first n bytes.
func skip(r io.Reader, n int64) io.Reader {
	io.CopyN(io.Discard, r, n)
	return r
}

func TestATaskThatComesTwiceChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, seen := w.pool("a")
		acted := 0
		p.Act = func(context.Context, ...cases.MailReceipt) error { acted++; return nil }
		l, _, err := w.store.AcquireLease(t.Context(), w.clock.Now(), "mailbox:abuse", "a", time.Hour)
		w.must(err)
		d := report("key", "+12025550143")
		d.Cursor = &cases.MailCursor{Mailbox: "abuse", UIDValidity: 1, UID: 7, Epoch: l.Epoch}
		d.Body = io.MultiReader(strings.NewReader(`{"description": "They said that my number is suspended because of suspicious activities.", `), skip(d.Body, 1))
		_, err = w.desk.Accept(t.Context(), []cases.Delivery{d})
		w.must(err)
		did := map[cases.JobKind]int{}
		for jobs := w.due(); len(jobs) > 0; jobs = w.due() {
			for _, j := range jobs {
				did[j.Kind]++
				w.hand(p, j)
				if j.Kind == cases.JobMailbox { // there need not be a case yet
					w.hand(p, j)
					continue
				}
				before := w.whole()
				w.hand(p, j)
				// Not even for somebody who believes in an attempt of his own.
				old := j
				old.Epoch++
				if err := p.tasks[j.Kind](t.Context(), old); !errors.Is(err, cases.ErrFenced) {
					t.Errorf("%s with the attempt of before: %v", j.Kind, err)
				}
				w.unchanged(before)
			}
			w.clock.pass(cases.AssessDelay)
		}
		for _, k := range []cases.JobKind{cases.JobMailbox, cases.JobFile, cases.JobEnrich, cases.JobCampaigns, cases.JobAssess, cases.JobTell} {
			if did[k] == 0 || seen.outcomes[string(k)+" done"] != did[k] {
				t.Errorf("%s ran %d times, outcomes %v", k, did[k], seen.outcomes)
			}
		}
		if acted != 1 || w.mail.sent != 1 || w.reports() != 1 {
			t.Errorf("acted %d times on the mail, sent %d letters, filed %d reports", acted, w.mail.sent, w.reports())
		}
	})
}

// What is done to the mail comes before its record: once more does no harm.
func TestAMailThatCouldNotBeMovedIsTriedAgain(t *testing.T) {
	w := small(t)
	p, seen := w.pool("a")
	l, _, err := w.store.AcquireLease(t.Context(), w.clock.Now(), "mailbox:abuse", "a", time.Hour)
	w.must(err)
	d := report("key", "+12025550143")
	d.Cursor = &cases.MailCursor{Mailbox: "abuse", UIDValidity: 1, UID: 7, Epoch: l.Epoch}
	_, err = w.desk.Accept(t.Context(), []cases.Delivery{d})
	w.must(err)
	var acted []uint32
	p.Act = func(_ context.Context, rs ...cases.MailReceipt) error {
		if acted = append(acted, rs[0].UID); len(acted) == 1 {
			return errors.New("the mailbox is locked")
		}
		return nil
	}
	w.hand(p, w.one(cases.JobMailbox))
	w.clock.pass(2 * time.Second)
	j := w.one(cases.JobMailbox)
	w.hand(p, j)
	rs, err := w.store.MailReceipts(t.Context(), []int64{j.ObjectID})
	w.must(err)
	if len(acted) != 2 || acted[1] != 7 || rs[0].ActedAt == nil || seen.outcomes["mailbox retry"] != 1 || seen.outcomes["mailbox done"] != 1 {
		t.Errorf("acted on %v, receipt %+v, outcomes %v", acted, rs, seen.outcomes)
	}
}

func TestATaskThatIsNotOursIsPassedOver(t *testing.T) {
	w := small(t)
	p, seen := w.pool("a")
	for _, body := range []string{"", "{", `{"job": 4711}`} {
		w.must(p.handle(t.Context(), asynq.NewTask("enrich", []byte(body))))
	}
	if len(seen.outcomes) != 0 {
		t.Errorf("outcomes %v", seen.outcomes)
	}
}

// What is run together and fails goes on one by one: one message that cannot be
// filed does not hold up the others.
func TestJobsThatFailTogetherGoOnAlone(t *testing.T) {
	w := small(t)
	p, seen := w.pool("a")
	w.accept(5)
	jobs := w.due()
	bad := jobs[2].ID
	together := 0
	p.together[cases.JobFile] = func(ctx context.Context, js []cases.Job) error {
		if together = len(js); slices.ContainsFunc(js, func(j cases.Job) bool { return j.ID == bad }) {
			panic("one of them is bad")
		}
		return p.fileTogether(ctx, js)
	}
	p.tasks[cases.JobFile] = func(ctx context.Context, j cases.Job) error {
		if j.ID == bad {
			return errors.New("it is this one")
		}
		return p.file(ctx, j)
	}
	groups := p.group(jobs)
	if len(groups) != 1 {
		t.Fatalf("%d groups", len(groups))
	}
	w.hand(p, groups[0]...)
	if together != 5 || w.reports() != 4 || seen.outcomes["file done"] != 4 || seen.outcomes["file retry"] != 1 || seen.failures[0].cause != "it is this one" {
		t.Errorf("%d together, %d reports, outcomes %v, failures %+v", together, w.reports(), seen.outcomes, seen.failures)
	}
	// Its next attempt takes nobody along.
	w.clock.pass(time.Minute)
	w.accept(2)
	for _, g := range p.group(w.due()) {
		if slices.ContainsFunc(g, func(j cases.Job) bool { return j.ID == bad }) && len(g) != 1 {
			t.Errorf("%d jobs are tried with one that failed", len(g)-1)
		}
	}
}

// That somebody is away says nothing against a job, for days.
func TestAnOutageGivesNoJobUp(t *testing.T) {
	w := small(t)
	p, seen := w.pool("a")
	w.submit("+12025550143")
	p.tasks[cases.JobEnrich] = func(context.Context, cases.Job) error { return cases.ErrUnavailable }
	began := w.clock.Now()
	for n := 0; len(w.operations().Dead) == 0; n++ {
		if n > 1000 {
			t.Fatal("it is tried for ever")
		}
		for _, j := range w.due() {
			w.hand(p, j)
		}
		w.clock.pass(16 * time.Minute)
	}
	if took := w.clock.Now().Sub(began); took < cases.OutageWithin || len(seen.failures) <= cases.MaxAttempts {
		t.Errorf("given up after %v and %d failures", took, len(seen.failures))
	}
}

// An addition to a report that is not filed yet waits, and nobody waits with it.
func TestAnAdditionThatComesTooEarlyHoldsUpNobody(t *testing.T) {
	w := small(t)
	p, seen := w.pool("a")
	w.accept(3)
	early := report("early", "+12025550190")
	early.Meta.Adds = "0123456789abcdef0123456789abcdef"
	_, err := w.desk.Accept(t.Context(), []cases.Delivery{early})
	w.must(err)
	w.hand(p, w.due()...)
	if w.reports() != 3 || seen.outcomes["file done"] != 3 || seen.outcomes["file retry"] != 1 {
		t.Errorf("%d reports, outcomes %v", w.reports(), seen.outcomes)
	}
}

func TestGroups(t *testing.T) {
	p := New(Config{})
	var jobs []cases.Job
	for i := range 2*groupSize + 1 {
		jobs = append(jobs, cases.Job{ID: int64(i), Kind: cases.JobFile, Attempt: 1}, cases.Job{Kind: cases.JobEnrich, Attempt: 1})
	}
	jobs = append(jobs, cases.Job{Kind: cases.JobFile, Attempt: 2}, cases.Job{Kind: cases.JobFile, Attempt: 1, Epoch: 1})
	sizes := map[cases.JobKind]map[int]int{cases.JobFile: {}, cases.JobEnrich: {}}
	for _, g := range p.group(jobs) {
		for _, j := range g {
			if j.Kind != g[0].Kind {
				t.Errorf("%s among %s", j.Kind, g[0].Kind)
			}
		}
		sizes[g[0].Kind][len(g)]++
	}
	want := map[cases.JobKind]map[int]int{cases.JobFile: {groupSize: 2, 1: 3}, cases.JobEnrich: {1: 2*groupSize + 1}}
	if diff := cmp.Diff(want, sizes); diff != "" {
		t.Error(diff)
	}
}

// Who is away for one is away for all: nobody waits for him once for each job.
func TestJobsThatFindNobodyAreAllTriedLater(t *testing.T) {
	w := small(t)
	p, seen := w.pool("a")
	w.accept(5)
	p.together[cases.JobFile] = func(context.Context, []cases.Job) error { return fmt.Errorf("file: %w", cases.ErrUnavailable) }
	p.tasks[cases.JobFile] = func(context.Context, cases.Job) error {
		t.Error("tried alone at once")
		return nil
	}
	w.hand(p, w.due()...)
	if seen.outcomes["file retry"] != 5 || len(seen.failures) != 5 {
		t.Errorf("outcomes %v, failures %+v", seen.outcomes, seen.failures)
	}
}
