package workers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/hibiken/asynq"

	"github.com/abusedesk/abusedesk/cases"
)

// queues and their weights: what is urgent, and there is little of that, goes
// before all else, and reading what came in goes before working on it, which still
// goes on in a flood that lasts.
var queues = map[string]int{"urgent": 80, "file": 19, "work": 1}

// webhookQueue is served by workers of its own, webhookCallers of them: one job
// is at one webhook for up to 45 seconds where the other side hangs.
const (
	webhookQueue   = "webhook"
	webhookCallers = 8
)

// filesQueue is that of attachments: scanners and the servers of chats may hang
// too, and neither may they and webhooks hold each other up.
const (
	filesQueue    = "files"
	filesUnpacked = 4
)

// apart are the queues with workers of their own, and how many.
var apart = map[string]int{webhookQueue: webhookCallers, filesQueue: filesUnpacked}

func queueOf(k cases.JobKind) string {
	switch k {
	case cases.JobAlert, cases.JobUrgent:
		return "urgent"
	case cases.JobFile:
		return "file"
	case cases.JobWebhook:
		return webhookQueue
	case cases.JobUnpack:
		return filesQueue
	}
	return "work"
}

// payload of every task: ids, never copies.
type payload struct {
	Jobs []int64 `json:"jobs"`
}

// groupSize bounds how many jobs one task runs together.
const groupSize = 25

// group puts jobs that can be run together into one task. Only first attempts
// are: what has failed or never ended must not take others along.
func (p *Pool) group(jobs []cases.Job) [][]cases.Job {
	var groups [][]cases.Job
	open := map[cases.JobKind]int{} // kind to the group that has room, from 1
	for _, j := range jobs {
		_, can := p.together[j.Kind]
		if can = can && j.Attempt == 1 && j.Epoch == 0; can && open[j.Kind] > 0 {
			g := &groups[open[j.Kind]-1]
			if *g = append(*g, j); len(*g) == groupSize {
				open[j.Kind] = 0
			}
			continue
		}
		groups = append(groups, []cases.Job{j})
		if can {
			open[j.Kind] = len(groups)
		}
	}
	return groups
}

// enqueue hands jobs to the queue. The task id names the attempt, because
// asynq blocks an id for ever once it was archived. One that is there already
// is fine.
func (p *Pool) enqueue(ctx context.Context, jobs []cases.Job) error {
	for _, g := range p.group(jobs) {
		var body payload
		for _, j := range g {
			body.Jobs = append(body.Jobs, j.ID)
		}
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		j := g[0]
		t := asynq.NewTask(string(j.Kind), raw)
		_, err = p.client.EnqueueContext(ctx, t, asynq.TaskID(fmt.Sprintf("%d:%d", j.ID, j.Attempt)), asynq.Queue(queueOf(j.Kind)),
			asynq.MaxRetry(0), asynq.Timeout(cases.AttemptLease))
		if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
			return fmt.Errorf("enqueue job %d: %w", j.ID, err)
		}
	}
	return nil
}

// forgottenAfter is how long a job may wait in the queue before it is taken to
// be forgotten. A queue that cannot be asked may have everything still.
func (p *Pool) forgottenAfter() time.Duration {
	for _, name := range slices.Concat(slices.Collect(maps.Keys(queues)), slices.Collect(maps.Keys(apart))) {
		waiting, err := p.inspector.ListPendingTasks(name, asynq.PageSize(1))
		switch {
		case errors.Is(err, asynq.ErrQueueNotFound): // never used, or emptied
		case err != nil || len(waiting) > 0:
			return forgottenBusy
		}
	}
	return forgottenIdle
}

// handle runs an attempt at each job of a task. It never returns an error to the
// queue: how a failed job goes on is decided and recorded in the database.
func (p *Pool) handle(ctx context.Context, t *asynq.Task) error {
	var body payload
	if err := json.Unmarshal(t.Payload(), &body); err != nil || len(body.Jobs) == 0 {
		p.Log.Error("a task that is not ours", "type", t.Type(), "err", err)
		return nil
	}
	started := p.Now()
	jobs, err := p.Jobs.ClaimJobs(ctx, p.now(), body.Jobs)
	if err != nil {
		p.Log.Warn("claim", "jobs", body.Jobs, "err", err)
		return nil // the sweeper brings them back
	}
	if len(jobs) > 1 {
		err := p.attempt(jobs, func() error { return p.together[jobs[0].Kind](ctx, jobs) })
		if err == nil || cases.KindOf(err) == cases.KindUnavailable {
			for _, j := range jobs { // who is away for one is away for all
				p.Observe.JobDone(j.Kind, p.ended(ctx, j, err), p.Now().Sub(started))
			}
			return nil
		}
		// One of them is at fault, or nothing goes: each shows by itself.
		p.Log.Info("jobs that were run together go on one by one", "kind", jobs[0].Kind, "jobs", len(jobs), "err", err)
	}
	for _, j := range jobs {
		p.Observe.JobDone(j.Kind, p.run(ctx, j), p.Now().Sub(started))
	}
	return nil
}

// run makes one attempt.
func (p *Pool) run(ctx context.Context, j cases.Job) (outcome string) {
	return p.ended(ctx, j, p.attempt([]cases.Job{j}, func() error {
		run, ok := p.tasks[j.Kind]
		if !ok {
			return &cases.Error{Kind: cases.KindInvalid, Message: "this version knows no job of kind " + string(j.Kind)}
		}
		return run(ctx, j)
	}))
}

// ended records how an attempt failed, if it did, and names the outcome.
func (p *Pool) ended(ctx context.Context, j cases.Job, err error) string {
	switch {
	case err == nil:
		return "done"
	case errors.Is(err, cases.ErrFenced):
		p.Log.Warn("attempt was taken over", "job", j.ID, "kind", j.Kind)
		return "fenced"
	}
	failures := j.Failures + 1
	dead := j.GivesUp(p.now(), failures, err)
	p.Log.Warn("job failed", "job", j.ID, "kind", j.Kind, "object", j.ObjectID, "failures", failures, "dead", dead, "err", err)
	now := p.now()
	if ferr := p.Jobs.FailJob(context.WithoutCancel(ctx), j.AttemptAt(), now, err.Error(), now.Add(max(cases.Backoff(failures), cases.AfterOf(err))), dead); ferr != nil && !errors.Is(ferr, cases.ErrFenced) {
		p.Log.Error("record a failed job", "job", j.ID, "err", ferr)
	}
	if dead {
		return "dead"
	}
	return "retry"
}

// attempt runs jobs. A panic is a failure like any other: left to the queue,
// which knows nothing of jobs, it would be tried for ever and shown to nobody.
func (p *Pool) attempt(jobs []cases.Job, run func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			p.Log.Error("job panicked", "job", jobs[0].ID, "of", len(jobs), "kind", jobs[0].Kind, "object", jobs[0].ObjectID, "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return run()
}

func (p *Pool) now() time.Time { return p.Now().UTC().Truncate(time.Microsecond) }

// queueLog lets asynq speak through slog.
type queueLog struct{ l *slog.Logger }

func (q queueLog) Debug(args ...any) { q.l.Debug(fmt.Sprint(args...), "from", "queue") }
func (q queueLog) Info(args ...any)  { q.l.Info(fmt.Sprint(args...), "from", "queue") }
func (q queueLog) Warn(args ...any)  { q.l.Warn(fmt.Sprint(args...), "from", "queue") }
func (q queueLog) Error(args ...any) { q.l.Error(fmt.Sprint(args...), "from", "queue") }

// Fatal is called by asynq when it cannot go on; the program's own supervision
// ends it, so that nothing is cut off half-way here.
func (q queueLog) Fatal(args ...any) { q.l.Error(fmt.Sprint(args...), "from", "queue") }
