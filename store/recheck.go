package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

// Limits of looking again.
const (
	recheckWithin = 14 * 24 * time.Hour // a finding older than this stays as it is
	recheckAtMost = 10                  // findings of one report
)

// RecheckReports asks anew for the enrichment of reports whose latest
// corroboration lacked records that every source has delivered since, and of
// those that were referred to another carrier though a record that came too late
// fits them, at most limit, and says how many. A report whose enrichment is
// under way, or died, is left alone. elsewhere is what sources cover whose records
// are not kept here.
func (s *Store) RecheckReports(ctx context.Context, now time.Time, limit int, elsewhere ...cases.Coverage) (int, error) {
	from, through := time.Time{}, now
	for _, c := range elsewhere {
		if c.From.After(from) {
			from = c.From
		}
		if c.Silent || c.Through.Before(through) {
			through = c.Through
		}
	}
	// Outside the write, which on SQLite keeps everybody waiting: a job too many
	// only looks once more.
	late, err := s.referredAndCarried(ctx, now, limit)
	if err != nil {
		return 0, err
	}
	var ids []int64
	err = s.write(ctx, func(tx *gorm.DB) error {
		err := tx.Raw(`SELECT f.report_id FROM findings f
			WHERE f.incomplete AND f.kind <> ? AND f.created_at > ?
			AND NOT EXISTS (SELECT 1 FROM coverages v WHERE v.complete_through < f.window_to OR v.complete_from > f.window_from)
			AND (? OR EXISTS (SELECT 1 FROM coverages)) AND f.window_to <= ? AND f.window_from >= ?
			AND NOT EXISTS (SELECT 1 FROM findings g WHERE g.report_id = f.report_id AND g.kind = f.kind AND g.id > f.id)
			AND (SELECT count(*) FROM findings g WHERE g.report_id = f.report_id AND g.kind = f.kind) < ?
			AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = ? AND j.object_id = f.report_id AND j.state IN ('pending', 'enqueued', 'running', 'dead'))
			ORDER BY f.id LIMIT ?`, cases.FindingIdentity, stored(now.Add(-recheckWithin)), len(elsewhere) > 0, stored(through), stored(from), recheckAtMost, cases.JobEnrich, limit).Scan(&ids).Error
		if err != nil {
			return err
		}
		ids = append(ids, late[:min(len(late), limit-len(ids))]...)
		jobs := make([]cases.Job, 0, len(ids))
		for _, id := range ids {
			jobs = append(jobs, cases.Job{Kind: cases.JobEnrich, ObjectID: id})
		}
		return insertJobs(tx, now, jobs)
	})
	return len(ids), err
}

// referredAndCarried finds reports of cases that were referred to another
// carrier although there is a call now that fits: a record that came after its
// source had promised to be complete, or that was corrected.
func (s *Store) referredAndCarried(ctx context.Context, now time.Time, limit int) ([]int64, error) {
	// The day says nothing new, but lets PostgreSQL leave out whole partitions.
	day := ""
	if s.dialect == migrations.Postgres {
		day = " AND x.day BETWEEN CAST(f.window_from AT TIME ZONE 'UTC' AS date) AND CAST(f.window_to AT TIME ZONE 'UTC' AS date)"
	}
	var ids []int64
	// CROSS JOIN keeps SQLite to this order: it would begin with all findings.
	err := s.read(ctx).Raw(`SELECT DISTINCT f.report_id FROM cases c CROSS JOIN links l CROSS JOIN findings f CROSS JOIN subjects s CROSS JOIN calls x
		WHERE l.case_id = c.id AND f.report_id = l.report_id AND f.kind = ? AND f.verdict = ?
		AND s.report_id = f.report_id AND s.role = 'caller' AND x.from_number = s.e164 AND x.started_at BETWEEN f.window_from AND f.window_to`+day+`
		AND c.live_until > ? AND c.disposition = ? AND c.referred_at IS NOT NULL AND c.merged_into = 0 AND f.created_at > ?
		AND NOT EXISTS (SELECT 1 FROM findings g WHERE g.report_id = f.report_id AND g.kind = f.kind AND g.id > f.id)
		AND (x.to_number IN (SELECT t.e164 FROM subjects t WHERE t.report_id = f.report_id AND t.role = 'called')
			OR NOT EXISTS (SELECT 1 FROM subjects t WHERE t.report_id = f.report_id AND t.role = 'called'))
		AND (SELECT count(*) FROM findings g WHERE g.report_id = f.report_id AND g.kind = f.kind) < ?
		AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = ? AND j.object_id = f.report_id AND j.state IN ('pending', 'enqueued', 'running', 'dead'))
		LIMIT ?`, cases.FindingCorroboration, cases.CorroborationNotSeen, stored(now), cases.DispositionReferred, stored(now.Add(-recheckWithin)), recheckAtMost,
		cases.JobEnrich, limit).Scan(&ids).Error
	return ids, translate(err)
}
