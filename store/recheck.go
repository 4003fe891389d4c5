package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// Limits of looking again.
const (
	recheckWithin = 14 * 24 * time.Hour // a finding older than this stays as it is
	recheckAtMost = 10                  // findings of one report
)

// RecheckReports asks anew for the enrichment of reports whose latest
// corroboration lacked records that every source has delivered since, at most
// limit, and says how many. A report whose enrichment is under way, or died, is
// left alone.
func (s *Store) RecheckReports(ctx context.Context, now time.Time, limit int) (int, error) {
	var ids []int64
	err := s.write(ctx, func(tx *gorm.DB) error {
		err := tx.Raw(`SELECT f.report_id FROM findings f
			WHERE f.incomplete AND f.created_at > ?
			AND f.window_to <= (SELECT min(complete_through) FROM coverages)
			AND f.window_from >= (SELECT max(complete_from) FROM coverages)
			AND NOT EXISTS (SELECT 1 FROM findings g WHERE g.report_id = f.report_id AND g.kind = f.kind AND g.id > f.id)
			AND (SELECT count(*) FROM findings g WHERE g.report_id = f.report_id AND g.kind = f.kind) < ?
			AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = ? AND j.object_id = f.report_id AND j.state IN ('pending', 'enqueued', 'running', 'dead'))
			ORDER BY f.id LIMIT ?`, stored(now.Add(-recheckWithin)), recheckAtMost, cases.JobEnrich, limit).Scan(&ids).Error
		if err != nil {
			return err
		}
		jobs := make([]cases.Job, 0, len(ids))
		for _, id := range ids {
			jobs = append(jobs, cases.Job{Kind: cases.JobEnrich, ObjectID: id})
		}
		return insertJobs(tx, now, jobs)
	})
	return len(ids), err
}
