package cases

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// JobKind names a task. Its arguments are ids, never copies.
type JobKind string

const (
	JobFile      JobKind = "file"      // message → report and case
	JobEnrich    JobKind = "enrich"    // report → findings
	JobAssess    JobKind = "assess"    // case → priority, state after new reports; coalesced per case
	JobTell      JobKind = "tell"      // sending → the outside world, at most once
	JobAlert     JobKind = "alert"     // sending → a colleague, at most once, before all else
	JobUrgent    JobKind = "urgent"    // JobAssess of a case that cannot wait, before all else
	JobCampaigns JobKind = "campaigns" // reports whose wording waits → campaigns; object 0, coalesced into one
	JobUnpack    JobKind = "unpack"    // message → its attachments by their digests
	JobChat      JobKind = "chat"      // report of a chat → what the desk says there once it is silent; coalesced per report
	JobWebhook   JobKind = "webhook"   // webhook → what is due to it; coalesced per webhook, in a lane and a queue of its own
	JobPack      JobKind = "pack"      // case → its traceback pack; coalesced per case
	JobMailbox   JobKind = "mailbox"   // what is done to a received mail afterwards: mark seen or move
)

// JobState is where a job stands. The database is the truth; the queue is a hint.
type JobState string

const (
	JobPending   JobState = "pending"   // committed, not yet handed to the queue, or due later
	JobEnqueued  JobState = "enqueued"  // handed to the queue; the sweeper hands it over again when that was forgotten
	JobRunning   JobState = "running"   // leased by an attempt
	JobDone      JobState = "done"      // its effect is committed, in the same transaction
	JobCoalesced JobState = "coalesced" // a later job with the same key does its work
	JobDead      JobState = "dead"      // gave up after MaxAttempts failures; shown, and retried by hand
)

// Limits of job running.
const (
	MaxAttempts  = 12
	AttemptLease = 60 * time.Second
	// OutageWithin is how long who is away may stay so: a weekend and a Monday.
	OutageWithin = 96 * time.Hour
)

// Job is one row of the outbox.
type Job struct {
	ID          int64 `gorm:"primaryKey"`
	Kind        JobKind
	ObjectID    int64  // message, report, case or sending, by Kind
	CoalesceKey string // jobs of the same key that have not begun collapse into one; "" never
	State       JobState
	Attempt     int   // how often it was handed to the queue
	Epoch       int64 // grows with each claim; what a completion is fenced by
	Failures    int   // attempts that ended with an error
	RunAt       time.Time
	EnqueuedAt  *time.Time
	LeaseUntil  *time.Time
	LastError   string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// UrgentJob assesses a case that cannot wait, once for all reports that say so.
func UrgentJob(caseID int64) Job {
	return Job{Kind: JobUrgent, ObjectID: caseID, CoalesceKey: fmt.Sprintf("urgent:%d", caseID)}
}

// ChatJob looks at the chat that a report came by, at a time or soon after.
func ChatJob(reportID int64, at time.Time) Job {
	return Job{Kind: JobChat, ObjectID: reportID, CoalesceKey: fmt.Sprintf("chat:%d", reportID), RunAt: at}
}

// WebhookJob sends what is due to a webhook, once for all that is.
func WebhookJob(id int64, at time.Time) Job {
	return Job{Kind: JobWebhook, ObjectID: id, CoalesceKey: fmt.Sprintf("webhook:%d", id), RunAt: at}
}

// Lost is how many earlier attempts ended without a word: the process died, or
// was paused until its lease ran out.
func (j Job) Lost() int { return max(0, int(j.Epoch)-1-j.Failures) }

// Attempt is the right to complete a job: its effect commits only while the
// job's epoch is still this one. The zero Attempt is no job at all.
type Attempt struct {
	JobID int64
	Epoch int64
}

// AttemptAt is the attempt that claimed the job as it is.
func (j Job) AttemptAt() Attempt { return Attempt{JobID: j.ID, Epoch: j.Epoch} }

// GivesUp says whether a job that has just failed for the nth time is not tried
// again by itself: it can never succeed, or has failed MaxAttempts times. That
// somebody else is away says nothing against the job: it is given OutageWithin
// from its beginning.
func (j Job) GivesUp(now time.Time, n int, err error) bool {
	switch KindOf(err) {
	case KindInvalid:
		return true
	case KindUnavailable:
		return n >= MaxAttempts && now.Sub(j.CreatedAt) >= OutageWithin
	}
	return n >= MaxAttempts
}

// Backoff is the delay after failure n (from 1): 1 s doubling to 15 min,
// with up to a quarter of jitter so that a recovered dependency is not stormed.
func Backoff(n int) time.Duration {
	d := time.Second << min(max(n-1, 0), 10)
	if d > 15*time.Minute {
		d = 15 * time.Minute
	}
	return d + rand.N(d/4)
}

// Lease is the exclusive, expiring right of one replica to something (a
// mailbox, the sealer). Epoch grows with every change of holder; a holder that
// was paused and wakes up is refused by it.
type Lease struct {
	Name      string `gorm:"primaryKey"`
	Holder    string
	Epoch     int64
	ExpiresAt time.Time
}
