package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// RetryJob gives a dead job another attempt at once. The count of its attempts
// goes on, because the queue knows it by that.
func (s *Store) RetryJob(ctx context.Context, a cases.Actor, now time.Time, id int64) error {
	if err := cases.Permit(a, cases.CmdRetryJob); err != nil {
		return err
	}
	now = stored(now)
	return s.write(ctx, func(tx *gorm.DB) error {
		var j cases.Job
		if err := found(tx.Raw("SELECT * FROM jobs WHERE id = ?"+s.lock(), id).Scan(&j), fmt.Sprintf("job %d", id)); err != nil {
			return err
		}
		if j.State != cases.JobDead {
			return cases.Conflict(fmt.Sprintf("job %d is %s; only a dead one is retried by hand", id, j.State))
		}
		if err := tx.Exec("UPDATE jobs SET state = 'pending', run_at = ?, updated_at = ? WHERE id = ?", now, now, id).Error; err != nil {
			return err
		}
		e := cases.NewEvent(now, a, string(cases.CmdRetryJob), "job", fmt.Sprint(id), "")
		e.Data = map[string]string{"kind": string(j.Kind), "object": fmt.Sprint(j.ObjectID)}
		return insertEvents(tx, []cases.Event{e})
	})
}

// Operations says how the machine is doing, from one snapshot. Counts are
// capped, so that asking costs little on the worst of days.
func (s *Store) Operations(ctx context.Context, now time.Time) (cases.Operations, error) {
	var o cases.Operations
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		o = cases.Operations{}
		const most = cases.MaxPage * 40
		capped := func(n *int, rows string, args ...any) error {
			return tx.Raw("SELECT count(*) FROM (SELECT 1 FROM "+rows+" LIMIT ?) AS counted", append(args, most)...).Scan(n).Error
		}
		// Whoever held a job whose lease ran out is gone, and it waits to be handed out again.
		if err := capped(&o.Pending, "jobs WHERE state IN ('pending', 'enqueued') OR state = 'running' AND lease_until <= ?", stored(now)); err != nil {
			return err
		}
		if err := capped(&o.Running, "jobs WHERE state = 'running' AND lease_until > ?", stored(now)); err != nil {
			return err
		}
		if err := capped(&o.DirtyHours, "call_dirties"); err != nil {
			return err
		}
		if err := capped(&o.UnsealedTail, s.unsealed()); err != nil {
			return err
		}
		for _, q := range []struct {
			into  any
			query string
		}{
			{&o.Dead, fmt.Sprintf("SELECT * FROM jobs WHERE state = 'dead' ORDER BY id DESC LIMIT %d", cases.MaxPage)},
			{&o.Quarantined, fmt.Sprintf("SELECT "+messageFields+" FROM messages WHERE state = 'quarantined' ORDER BY id DESC LIMIT %d", cases.MaxPage)},
			{&o.Mailboxes, "SELECT * FROM mailbox_progresses ORDER BY name"},
			{&o.Replicas, fmt.Sprintf("SELECT * FROM replicas ORDER BY heartbeat DESC LIMIT %d", cases.MaxPage)},
			{&o.Revision, "SELECT revision FROM restriction_revision WHERE one = 1"},
			{&o.Leases, "SELECT * FROM leases ORDER BY name"},
			{&o.Sealed, "SELECT coalesce(max(seq), 0) FROM seals"},
			{&o.Coverage, "SELECT * FROM coverages ORDER BY source"},
		} {
			if err := tx.Raw(q.query).Scan(q.into).Error; err != nil {
				return err
			}
		}
		var oldest moment
		if err := tx.Raw("SELECT min(at) FROM " + s.unsealed()).Row().Scan(&oldest); err != nil {
			return err
		}
		if !oldest.IsZero() {
			o.OldestTail = &oldest.Time
		}
		var last []cases.Checkpoint
		if err := tx.Raw("SELECT * FROM checkpoints ORDER BY seq DESC LIMIT 1").Scan(&last).Error; err != nil {
			return err
		}
		if len(last) > 0 {
			o.Checkpoint = &last[0]
		}
		return nil
	})
	return o, err
}
