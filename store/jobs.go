package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// maxBacklog is how many jobs of a lane may be enqueued and not begun. More would
// only wait in the queue instead of here, so long that the sweeper took them for
// forgotten.
const maxBacklog = 500

// lanes are relayed each by itself, so that what is urgent never waits for
// anything, and reading what came in never for the work that it leads to. Each
// is written as the condition of its index.
var lanes = []string{"kind IN ('alert', 'urgent')", "kind = 'file'", "kind = 'webhook'", "kind <> 'file' AND kind NOT IN ('alert', 'urgent', 'webhook')"}

// RelayJobs marks due jobs as enqueued, at most limit of a lane, and hands them to
// enqueue after the commit. It says how many jobs it took care of, coalesced
// ones included. What enqueue did not manage stays enqueued in the database,
// and SweepJobs brings it back: the queue is a hint.
//
// Of the jobs with one coalesce key that have not begun one is left. Any of
// them will do: they are committed, so that the one that begins after this
// transaction sees what all of them were made for. One that another replica is
// just beginning cannot be locked, and then its successor stays.
func (s *Store) RelayJobs(ctx context.Context, now time.Time, limit int, enqueue func(context.Context, []cases.Job) error) (int, error) {
	now = stored(now)
	var taken int
	var jobs []cases.Job
	err := s.write(ctx, func(tx *gorm.DB) error {
		taken, jobs = 0, nil
		var due []cases.Job
		for _, lane := range lanes {
			var backlog int
			err := tx.Raw("SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = 'enqueued' AND "+lane+" LIMIT ?) AS enqueued", maxBacklog).Scan(&backlog).Error
			if err != nil {
				return err
			}
			if backlog == maxBacklog {
				continue
			}
			var of []cases.Job
			err = tx.Raw("SELECT * FROM jobs WHERE state = 'pending' AND "+lane+" AND run_at <= ? ORDER BY run_at, id LIMIT ?"+s.skipLocked(), now, min(limit, maxBacklog-backlog)).Scan(&of).Error
			if err != nil {
				return err
			}
			due = append(due, of...)
		}
		if taken = len(due); taken == 0 {
			return nil
		}
		drop, err := s.coalesce(tx, due)
		if err != nil {
			return err
		}
		if len(drop) > 0 {
			if err := tx.Exec("UPDATE jobs SET state = 'coalesced', updated_at = ? WHERE id IN ?", now, drop).Error; err != nil {
				return err
			}
		}
		ids := make([]int64, 0, len(due))
		for _, j := range due {
			if !slices.Contains(drop, j.ID) {
				j.State, j.EnqueuedAt, j.UpdatedAt = cases.JobEnqueued, &now, now
				j.Attempt++
				jobs, ids = append(jobs, j), append(ids, j.ID)
			}
		}
		if len(ids) == 0 {
			return nil
		}
		return tx.Exec("UPDATE jobs SET state = 'enqueued', attempt = attempt + 1, enqueued_at = ?, updated_at = ? WHERE id IN ?", now, now, ids).Error
	})
	if err != nil || len(jobs) == 0 {
		return taken, err
	}
	return taken, enqueue(ctx, jobs)
}

// coalesce returns the jobs, due and waiting ones, whose work another one with
// the same key will do.
func (s *Store) coalesce(tx *gorm.DB, due []cases.Job) ([]int64, error) {
	var drop, ids []int64
	first := map[string]int64{}
	for _, j := range due {
		ids = append(ids, j.ID)
		switch {
		case j.CoalesceKey == "":
		case first[j.CoalesceKey] == 0:
			first[j.CoalesceKey] = j.ID
		default:
			drop = append(drop, j.ID)
		}
	}
	if len(first) == 0 {
		return nil, nil
	}
	var waiting []cases.Job
	err := tx.Raw("SELECT id, coalesce_key, state FROM jobs WHERE state IN ('pending', 'enqueued') AND coalesce_key <> '' AND coalesce_key IN ? AND id NOT IN ?"+s.skipLocked(),
		slices.Collect(maps.Keys(first)), ids).Scan(&waiting).Error
	if err != nil {
		return nil, err
	}
	for _, w := range waiting {
		if w.State == cases.JobPending { // due later, but committed already
			drop = append(drop, w.ID)
		} else if id, ok := first[w.CoalesceKey]; ok { // not begun, and it cannot begin before we commit
			drop = append(drop, id)
			delete(first, w.CoalesceKey)
		}
	}
	return drop, nil
}

// ClaimJobs begins an attempt at each of some jobs, fenced by a new epoch and
// leased for cases.AttemptLease, and returns them. Those that are done, dead or
// somebody else's are left out.
func (s *Store) ClaimJobs(ctx context.Context, now time.Time, ids []int64) ([]cases.Job, error) {
	now = stored(now)
	const open = "id IN ? AND (state IN ('pending', 'enqueued') OR (state = 'running' AND lease_until <= ?))"
	// A task that comes too late is common after a crash, and must not cost a
	// write transaction.
	var left []int64
	if err := s.read(ctx).Raw("SELECT id FROM jobs WHERE "+open, ids, now).Scan(&left).Error; err != nil || len(left) == 0 {
		return nil, translate(err)
	}
	var jobs []cases.Job
	err := s.write(ctx, func(tx *gorm.DB) error {
		jobs = nil
		return tx.Raw(`UPDATE jobs SET state = 'running', epoch = epoch + 1, lease_until = ?, updated_at = ? WHERE `+open+" RETURNING *",
			now.Add(cases.AttemptLease), now, left, now).Scan(&jobs).Error
	})
	slices.SortFunc(jobs, func(a, b cases.Job) int { return cmp.Compare(a.ID, b.ID) })
	return jobs, err
}

// fenceAttempt refuses an attempt that was taken over, and keeps the job from
// being taken over until the commit. The zero Attempt is no job.
func (s *Store) fenceAttempt(tx *gorm.DB, at cases.Attempt) error {
	if at == (cases.Attempt{}) {
		return nil
	}
	var ids []int64
	err := tx.Raw("SELECT id FROM jobs WHERE id = ? AND epoch = ? AND state = 'running'"+s.lock(), at.JobID, at.Epoch).Scan(&ids).Error
	if err == nil && len(ids) == 0 {
		return fenced(at)
	}
	return err
}

func fenced(at cases.Attempt) error {
	return &cases.Error{Kind: cases.KindFenced, Message: fmt.Sprintf("job %d was taken over", at.JobID)}
}

// maxCause bounds the error that a job keeps, in bytes.
const maxCause = 2_000

// FailJob ends an attempt without success: the job runs again at retryAt, or
// is dead and shown. ErrFenced when the attempt was taken over.
func (s *Store) FailJob(ctx context.Context, at cases.Attempt, now time.Time, cause string, retryAt time.Time, dead bool) error {
	now, cause = stored(now), text(cause)
	cause = cause[:textEnd(cause, maxCause)]
	state := cases.JobPending
	if dead {
		state = cases.JobDead
	}
	return s.write(ctx, func(tx *gorm.DB) error {
		r := tx.Exec("UPDATE jobs SET state = ?, run_at = ?, lease_until = NULL, enqueued_at = NULL, failures = failures + 1, last_error = ?, updated_at = ? WHERE id = ? AND epoch = ? AND state = 'running'",
			state, stored(retryAt), cause, now, at.JobID, at.Epoch)
		if r.Error == nil && r.RowsAffected == 0 {
			return fenced(at)
		}
		return r.Error
	})
}

// ExtendJob renews the lease of an attempt that takes long.
func (s *Store) ExtendJob(ctx context.Context, at cases.Attempt, now time.Time) error {
	now = stored(now)
	return s.write(ctx, func(tx *gorm.DB) error {
		r := tx.Exec("UPDATE jobs SET lease_until = ?, updated_at = ? WHERE id = ? AND epoch = ? AND state = 'running'", now.Add(cases.AttemptLease), now, at.JobID, at.Epoch)
		if r.Error == nil && r.RowsAffected == 0 {
			return fenced(at)
		}
		return r.Error
	})
}

// FinishJob completes a job that has no effect of its own in the database.
func (s *Store) FinishJob(ctx context.Context, at cases.Attempt, now time.Time) error {
	return s.write(ctx, func(tx *gorm.DB) error { return complete(tx, stored(now), at) })
}

// SweepJobs takes back what was enqueued but not begun for forgottenAfter, and
// attempts past their lease, and says how many.
func (s *Store) SweepJobs(ctx context.Context, now time.Time, forgottenAfter time.Duration) (int, error) {
	now = stored(now)
	var n int64
	err := s.write(ctx, func(tx *gorm.DB) error {
		n = 0
		for _, q := range []struct {
			where string
			limit time.Time
		}{
			{"state = 'enqueued' AND enqueued_at <= ?", now.Add(-forgottenAfter)},
			{"state = 'running' AND lease_until <= ?", now},
		} {
			r := tx.Exec("UPDATE jobs SET state = 'pending', lease_until = NULL, enqueued_at = NULL, updated_at = ? WHERE id IN (SELECT id FROM jobs WHERE "+
				q.where+s.skipLocked()+")", now, q.limit)
			if r.Error != nil {
				return r.Error
			}
			n += r.RowsAffected
		}
		return nil
	})
	return int(n), err
}

// PruneJobs removes at most limit jobs that were done or coalesced before a
// time, and says how many.
func (s *Store) PruneJobs(ctx context.Context, before time.Time, limit int) (int, error) {
	var n int64
	err := s.write(ctx, func(tx *gorm.DB) error {
		r := tx.Exec("DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE state IN ('done', 'coalesced') AND updated_at < ? ORDER BY id LIMIT ?"+s.skipLocked()+")", stored(before), limit)
		n = r.RowsAffected
		return r.Error
	})
	return int(n), err
}
