package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

// scriptBatch is how many wordings are placed in one transaction. On SQLite
// everybody who writes waits for it.
const scriptBatch = 25

// dueScripts asks for the reading of reports' wordings. Filing only notes that; scripts
// are placed one after the other, and filing does not wait for that.
func dueScripts(tx *gorm.DB, reports []int64) ([]cases.Job, error) {
	if len(reports) == 0 {
		return nil, nil
	}
	rows := make([][]any, len(reports))
	for i, id := range reports {
		rows[i] = []any{id}
	}
	if _, err := insert(tx, "script_dues (report_id)", rows, ""); err != nil {
		return nil, err
	}
	return []cases.Job{placing}, nil
}

// placing is the job that places all scripts that wait.
var placing = cases.Job{Kind: cases.JobCampaigns, CoalesceKey: "campaigns"}

// PlaceScripts reads wordings that wait, at most 25, and places each in a
// campaign: that of the stored scripts that it is like, the oldest if there are
// several, which are united with it; else a new one. It says whether others
// still wait. With the last of them the attempt is complete; with last set it
// is in any case, and another job goes on.
//
// Scripts are placed one at a time, whoever runs this: of two alike ones the
// later always finds the earlier. A wording that has grown is read anew; what it
// was like before is still in it, so that it never leaves its campaign.
func (s *Store) PlaceScripts(ctx context.Context, at cases.Attempt, now time.Time, reader cases.ScriptReader, last bool) (bool, error) {
	now = stored(now)
	var more bool
	err := s.retry(ctx, func(tx *gorm.DB) error {
		more = false
		var turn int
		if err := tx.Raw("SELECT one FROM script_turns WHERE one = 1" + s.lock()).Scan(&turn).Error; err != nil {
			return err
		}
		dues, ids, err := takeDues(tx)
		if err != nil {
			return err
		}
		more = len(dues) == scriptBatch
		if more && !last {
			err = s.fenceAttempt(tx, at)
		} else {
			err = complete(tx, now, at)
		}
		if err != nil {
			return err
		}
		x := placings{s: s, tx: tx, now: now, reader: reader}
		if err := x.place(ids); err != nil {
			return err
		}
		if more && last {
			return insertJobs(tx, now, []cases.Job{placing})
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("place scripts: %w", err)
	}
	return more, nil
}

// takeDues takes what waits longest, and names its reports, each once.
func takeDues(tx *gorm.DB) (dues, reports []int64, err error) {
	var rows []struct{ ID, ReportID int64 }
	if err := tx.Raw("SELECT id, report_id FROM script_dues ORDER BY id LIMIT ?", scriptBatch).Scan(&rows).Error; err != nil || len(rows) == 0 {
		return nil, nil, err
	}
	seen := map[int64]bool{}
	for _, r := range rows {
		dues = append(dues, r.ID)
		if !seen[r.ReportID] {
			seen[r.ReportID] = true
			reports = append(reports, r.ReportID)
		}
	}
	return dues, reports, tx.Exec("DELETE FROM script_dues WHERE id IN ?", dues).Error
}

// placings places scripts in one transaction.
type placings struct {
	s      *Store
	tx     *gorm.DB
	now    time.Time
	reader cases.ScriptReader
	events []cases.Event
	assess map[int64]bool // cases
}

// wording is a report as far as its script goes, with where it is now.
type wording struct {
	ID           int64
	Text         string
	ReporterKind cases.ReporterKind
	ReceivedAt   time.Time
	CaseID       int64
	CaseRef      string
	Campaign     int64 // that its script is part of already; 0 it has none
	LikeReport   int64
	Likeness     float64
}

func (x *placings) place(ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	// A case must not be merged away before its assessment is asked for.
	share := ""
	if x.s.dialect == migrations.Postgres {
		share = " FOR SHARE OF l"
	}
	var ws []wording
	err := x.tx.Raw(`SELECT r.id, r.text, r.reporter_kind, r.received_at, l.case_id, k.ref AS case_ref, coalesce(c.root_id, 0) AS campaign,
		coalesce(s.like_report, 0) AS like_report, coalesce(s.likeness, 0) AS likeness
		FROM reports r JOIN links l ON l.report_id = r.id JOIN cases k ON k.id = l.case_id
		LEFT JOIN scripts s ON s.report_id = r.id LEFT JOIN campaigns c ON c.id = s.campaign_id WHERE r.id IN ? ORDER BY r.id`+share, ids).Scan(&ws).Error
	if err != nil {
		return err
	}
	x.assess = map[int64]bool{}
	for _, w := range ws {
		if !cases.TellsOfScript(w.ReporterKind, w.Text) {
			continue
		}
		if err := x.one(w); err != nil {
			return fmt.Errorf("report %d: %w", w.ID, err)
		}
	}
	if err := insertEvents(x.tx, x.events); err != nil {
		return err
	}
	var jobs []cases.Job
	for id := range x.assess {
		jobs = append(jobs, assessment(x.now, id))
	}
	return insertJobs(x.tx, x.now, jobs)
}

// one places the script of one report.
func (x *placings) one(w wording) error {
	script := x.reader.Read(w.Text)
	if len(script.Keys) == 0 {
		return nil
	}
	script.ReportID = w.ID
	candidates, err := x.candidates(script)
	if err != nil {
		return err
	}
	placed := x.reader.Place(script, candidates)
	// An earlier script of the same batch may have united what was read with this one.
	if w.Campaign != 0 {
		if err := x.tx.Raw("SELECT root_id FROM campaigns WHERE id = ?", w.Campaign).Scan(&w.Campaign).Error; err != nil {
			return err
		}
	}
	root, joins := campaignOf(w, placed.Matches)
	news, err := x.news(w, root, joins)
	if err != nil {
		return err
	}
	why, err := x.mostAlike(&w, placed.Matches)
	if err != nil {
		return err
	}
	if err := x.write(w, script, root, placed.Covered); err != nil {
		return err
	}
	if err := x.unite(w, root, joins, why); err != nil {
		return err
	}
	return x.tell(w, root, news, why)
}

// campaignOf is the oldest of the campaigns that a script shows to be one, and
// the others; the report itself begins one where there is none.
func campaignOf(w wording, matches []cases.ScriptMatch) (root int64, joins []int64) {
	all := map[int64]bool{}
	if w.Campaign != 0 {
		all[w.Campaign], root = true, w.Campaign
	}
	for _, m := range matches {
		all[m.CampaignID] = true
		if root == 0 || m.CampaignID < root {
			root = m.CampaignID
		}
	}
	if root == 0 {
		return w.ID, nil
	}
	for id := range all {
		if id != root {
			joins = append(joins, id)
		}
	}
	return root, joins
}

// candidates are the stored scripts with the most keys in common; see
// campaigns.Place.
func (x *placings) candidates(script cases.Script) ([]cases.Script, error) {
	var out []cases.Script
	err := x.tx.Raw(`SELECT s.report_id, c.root_id AS campaign_id, s.signature FROM (
			SELECT report_id, count(*) AS common FROM script_keys WHERE key IN ? AND report_id <> ? GROUP BY report_id ORDER BY common DESC, report_id LIMIT ?
		) AS k JOIN scripts s ON s.report_id = k.report_id JOIN campaigns c ON c.id = s.campaign_id ORDER BY k.common DESC, s.report_id`,
		script.Keys, script.ReportID, x.reader.Candidates).Scan(&out).Error
	return out, err
}
