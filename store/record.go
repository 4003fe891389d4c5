package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// insertEvents writes audit entries, unchained: the sealer chains them after
// the commit, because chaining here would make all writers queue. Webhooks are
// told of what happened by their entries, so that no way to change something can
// forget them.
func insertEvents(tx *gorm.DB, events []cases.Event) error {
	if len(events) == 0 {
		return nil
	}
	rows := make([][]any, len(events))
	for i, e := range events {
		if e.Data == nil {
			e.Data = map[string]string{}
		}
		data, err := document(e.Data)
		if err != nil {
			return err
		}
		rows[i] = []any{stored(e.At), e.ActorKind, text(e.ActorID), text(e.ActorName), e.Command, e.ObjectKind, short(e.ObjectID), e.CaseID, text(e.Reason), data}
	}
	_, err := insert(tx, "events (at, actor_kind, actor_id, actor_name, command, object_kind, object_id, case_id, reason, data)", rows, "")
	if err != nil {
		return err
	}
	if err := markRequest(tx, events[0]); err != nil {
		return err
	}
	return tellWebhooks(tx, events)
}

// Record adds one entry to the audit log, for reads that are logged.
func (s *Store) Record(ctx context.Context, e cases.Event) error {
	return s.write(ctx, func(tx *gorm.DB) error { return insertEvents(tx, []cases.Event{e}) })
}

// insertJobs writes outbox rows. State and RunAt default to pending and now.
func insertJobs(tx *gorm.DB, now time.Time, jobs []cases.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	_, err := insert(tx, jobColumns, jobRows(now, jobs), "")
	return err
}

const jobColumns = "jobs (kind, object_id, coalesce_key, state, epoch, run_at, lease_until, created_at, updated_at)"

func jobRows(now time.Time, jobs []cases.Job) [][]any {
	now = stored(now)
	rows := make([][]any, len(jobs))
	for i, j := range jobs {
		if j.State == "" {
			j.State = cases.JobPending
		}
		if j.RunAt.IsZero() {
			j.RunAt = now
		}
		rows[i] = []any{j.Kind, j.ObjectID, j.CoalesceKey, j.State, j.Epoch, stored(j.RunAt), storedPtr(j.LeaseUntil), now, now}
	}
	return rows
}
