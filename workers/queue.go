package workers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/hibiken/asynq"

	"github.com/abusedesk/abusedesk/cases"
)

// queues and their weights: reading what came in goes before working on it.
var queues = map[string]int{"file": 6, "work": 4}

func queueOf(k cases.JobKind) string {
	if k == cases.JobFile {
		return "file"
	}
	return "work"
}

// payload of every task: ids, never copies.
type payload struct {
	Job int64 `json:"job"`
}

// enqueue hands jobs to the queue. The task id names the attempt, because
// asynq blocks an id for ever once it was archived. One that is there already
// is fine.
func (p *Pool) enqueue(ctx context.Context, jobs []cases.Job) error {
	for _, j := range jobs {
		body, err := json.Marshal(payload{j.ID})
		if err != nil {
			return err
		}
		t := asynq.NewTask(string(j.Kind), body)
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
	for name := range queues {
		waiting, err := p.inspector.ListPendingTasks(name, asynq.PageSize(1))
		switch {
		case errors.Is(err, asynq.ErrQueueNotFound): // never used, or emptied
		case err != nil || len(waiting) > 0:
			return forgottenBusy
		}
	}
	return forgottenIdle
}

// handle runs one attempt. It never returns an error to the queue: how a
// failed job goes on is decided and recorded in the database.
func (p *Pool) handle(ctx context.Context, t *asynq.Task) error {
	var body payload
	if err := json.Unmarshal(t.Payload(), &body); err != nil {
		p.Log.Error("a task that is not ours", "type", t.Type(), "err", err)
		return nil
	}
	started := p.Now()
	j, at, err := p.Jobs.ClaimJob(ctx, p.now(), body.Job)
	switch {
	case errors.Is(err, cases.ErrConflict), errors.Is(err, cases.ErrNotFound):
		return nil // done, or another has it
	case err != nil:
		p.Log.Warn("claim", "job", body.Job, "err", err)
		return nil // the sweeper brings it back
	}
	err = p.attempt(ctx, j, at)
	outcome := "done"
	switch {
	case err == nil:
	case errors.Is(err, cases.ErrFenced):
		outcome = "fenced"
		p.Log.Warn("attempt was taken over", "job", j.ID, "kind", j.Kind)
	default:
		failures := j.Failures + 1
		dead := failures >= cases.MaxAttempts || cases.KindOf(err) == cases.KindInvalid
		outcome = "retry"
		if dead {
			outcome = "dead"
		}
		p.Log.Warn("job failed", "job", j.ID, "kind", j.Kind, "object", j.ObjectID, "failures", failures, "dead", dead, "err", err)
		now := p.now()
		if ferr := p.Jobs.FailJob(context.WithoutCancel(ctx), at, now, err.Error(), now.Add(cases.Backoff(failures)), dead); ferr != nil && !errors.Is(ferr, cases.ErrFenced) {
			p.Log.Error("record a failed job", "job", j.ID, "err", ferr)
		}
	}
	p.Observe.JobDone(j.Kind, outcome, p.Now().Sub(started))
	return nil
}

// attempt runs a job. A panic is a failure like any other: left to the queue,
// which knows nothing of jobs, it would be tried for ever and shown to nobody.
func (p *Pool) attempt(ctx context.Context, j cases.Job, at cases.Attempt) (err error) {
	defer func() {
		if r := recover(); r != nil {
			p.Log.Error("job panicked", "job", j.ID, "kind", j.Kind, "object", j.ObjectID, "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	run, ok := p.tasks[j.Kind]
	if !ok {
		return &cases.Error{Kind: cases.KindInvalid, Message: "this version knows no job of kind " + string(j.Kind)}
	}
	return run(ctx, j, at)
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
