package store

import (
	"cmp"
	"slices"
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

// maxOthers is how many other cases of a campaign a case shows.
const maxOthers = 10

// caseCampaigns are the campaigns that a case shares with others, the largest first.
func caseCampaigns(tx *gorm.DB, caseID int64) ([]cases.CaseCampaign, error) {
	roots, err := campaignsOf(tx, caseID)
	if err != nil || len(roots) == 0 {
		return nil, err
	}
	counted := make([]cases.Campaign, len(roots))
	for i, id := range roots {
		counted[i].ID = id
	}
	if err := countCampaigns(tx, counted); err != nil {
		return nil, err
	}
	var out []cases.CaseCampaign
	for _, c := range counted {
		if c.Cases < 2 {
			continue
		}
		x := cases.CaseCampaign{ID: c.ID, Cases: c.Cases, Reports: c.Reports}
		if x.Others, err = campaignCases(tx, c.ID, caseID, maxOthers); err != nil {
			return nil, err
		}
		err := tx.Raw("SELECT s.report_id, c.root_id AS campaign_id, s.signature "+campaignReports+" WHERE c.root_id = ? AND l.case_id = ? ORDER BY s.report_id LIMIT 1", c.ID, caseID).Scan(&x.Script).Error
		if err != nil {
			return nil, err
		}
		if err := keptLikeness(tx, caseID, x.Others); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	slices.SortStableFunc(out, func(a, b cases.CaseCampaign) int { return cmp.Compare(b.Cases, a.Cases) })
	return out, nil
}

// keptLikeness sets how like others are to a case by what was found when their
// scripts were placed: a report of the one is most like a report of the other.
func keptLikeness(tx *gorm.DB, caseID int64, others []cases.CampaignCase) error {
	ids := make([]int64, len(others))
	for i, o := range others {
		ids[i] = o.Case.ID
	}
	var kept []struct {
		CaseID   int64
		Likeness float64
	}
	err := tx.Raw(`SELECT o.case_id, max(s.likeness) AS likeness FROM links l JOIN scripts s ON s.report_id = l.report_id JOIN links o ON o.report_id = s.like_report
			WHERE l.case_id = ? AND o.case_id IN ? GROUP BY o.case_id
		UNION ALL SELECT o.case_id, max(s.likeness) AS likeness FROM links l JOIN scripts s ON s.like_report = l.report_id AND s.like_report <> 0 JOIN links o ON o.report_id = s.report_id
			WHERE l.case_id = ? AND o.case_id IN ? GROUP BY o.case_id`, caseID, ids, caseID, ids).Scan(&kept).Error
	for _, k := range kept {
		for i := range others {
			if others[i].Case.ID == k.CaseID {
				others[i].Share = max(others[i].Share, k.Likeness)
			}
		}
	}
	return err
}
