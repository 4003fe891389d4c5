package store

import (
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// maxCampaigns bounds the campaigns of one case that are looked at.
const maxCampaigns = 20

// campaignsOf are the roots of the campaigns of more than one report that the
// reports of a case are part of. It follows the links, and so every merge.
func campaignsOf(tx *gorm.DB, caseID int64) ([]int64, error) {
	var roots []int64
	err := tx.Raw(`SELECT DISTINCT r.id FROM links l JOIN scripts s ON s.report_id = l.report_id JOIN campaigns c ON c.id = s.campaign_id
		JOIN campaigns r ON r.id = c.root_id WHERE l.case_id = ? AND r.scripts > 1 ORDER BY r.id LIMIT ?`, caseID, maxCampaigns).Scan(&roots).Error
	return roots, err
}

// sharedScripts counts the other cases that tell of the same scripts.
func sharedScripts(tx *gorm.DB, caseID int64, f *cases.Facts) error {
	roots, err := campaignsOf(tx, caseID)
	if err != nil || len(roots) == 0 {
		return err
	}
	sample, err := sampleScripts(tx, roots)
	if err != nil || len(sample) == 0 {
		return err
	}
	var n struct{ Others, Upheld int }
	err = tx.Raw(`SELECT count(*) AS others, coalesce(sum(CASE WHEN k.disposition = ? THEN 1 ELSE 0 END), 0) AS upheld FROM cases k
		WHERE k.id <> ? AND k.id IN (SELECT case_id FROM links WHERE report_id IN ?)`, cases.DispositionUpheld, caseID, sample).Scan(&n).Error
	f.ScriptCases, f.ScriptUpheld = n.Others, n.Upheld
	return err
}

// assessSiblings asks for the assessment of the open cases that share a script
// with some: what these came to is a reason there.
func assessSiblings(tx *gorm.DB, now time.Time, ids ...int64) error {
	var jobs []cases.Job
	for _, id := range ids {
		roots, err := campaignsOf(tx, id)
		if err != nil {
			return err
		}
		if len(roots) == 0 {
			continue
		}
		sample, err := sampleScripts(tx, roots)
		if err != nil {
			return err
		}
		var open []int64
		err = tx.Raw(`SELECT k.id FROM cases k WHERE k.id <> ? AND k.state <> 'resolved' AND k.id IN (SELECT case_id FROM links WHERE report_id IN ?)
			ORDER BY k.id DESC LIMIT ?`, id, sample, maxReassessed).Scan(&open).Error
		if err != nil {
			return err
		}
		for _, other := range open {
			jobs = append(jobs, assessment(now, other))
		}
	}
	return insertJobs(tx, now, jobs)
}
