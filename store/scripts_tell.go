package store

import (
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// maxReassessed bounds the cases that are ordered anew because of what became of
// another one with the same script.
const maxReassessed = 50

// news is what a script changes for cases.
type news struct {
	// joins: its case was not part of the campaign.
	joins bool
	// opens: they were all of one case, so that only now they link something.
	opens bool
	// others are cases that were, the latest first, at most maxReassessed.
	others []caseName
}

type caseName struct {
	ID    int64
	Ref   string
	State cases.State
}

// news compares the case of a script with those of the campaigns that it joins,
// before it does. Where nothing changes for cases, as with the next report of a
// flood, that is found out without looking at all of them.
func (x *placings) news(w wording, root int64, joins []int64) (news, error) {
	if root == w.ID && w.Campaign == 0 {
		return news{}, nil
	}
	var n news
	roots := append(slices.Clone(joins), root)
	if len(joins) == 0 {
		var known bool
		err := x.tx.Raw(`SELECT EXISTS (SELECT 1 FROM campaigns c JOIN scripts s ON s.campaign_id = c.id JOIN links l ON l.report_id = s.report_id
			WHERE c.root_id = ? AND l.case_id = ?)`, root, w.CaseID).Scan(&known).Error
		if err != nil || known {
			return n, err
		}
	}
	n.joins = true
	sample, err := sampleScripts(x.tx, roots)
	if err != nil || len(sample) == 0 {
		return n, err
	}
	err = x.tx.Raw(`SELECT DISTINCT k.id, k.ref, k.state FROM links l JOIN cases k ON k.id = l.case_id
		WHERE l.report_id IN ? AND k.id <> ? ORDER BY k.id DESC LIMIT ?`, sample, w.CaseID, maxReassessed).Scan(&n.others).Error
	if err != nil || len(n.others) != 1 {
		return n, err
	}
	// The sample of a large campaign may know one case and the whole of it more.
	err = x.tx.Raw(`SELECT NOT EXISTS (SELECT 1 FROM campaigns c JOIN scripts s ON s.campaign_id = c.id JOIN links l ON l.report_id = s.report_id
		WHERE c.root_id IN ? AND l.case_id NOT IN ?)`, roots, []int64{w.CaseID, n.others[0].ID}).Scan(&n.opens).Error
	return n, err
}

// Bounds of the sample that stands for the reports of campaigns where looking at
// all of them would take longer the larger they grow: the oldest and the
// latest of each. Up to 500 reports it is all of them.
const (
	sampledEach = 250
	maxSampled  = 1000
)

// sampleScripts returns reports of campaigns, by the ids of their roots.
func sampleScripts(tx *gorm.DB, roots []int64) ([]int64, error) {
	var ids []int64
	if err := tx.Raw("SELECT id FROM campaigns WHERE root_id IN ? ORDER BY id LIMIT ?", roots, sampledEach).Scan(&ids).Error; err != nil || len(ids) == 0 {
		return nil, err
	}
	each := max(1, min(sampledEach, maxSampled/2/len(ids)))
	var parts []string
	var args []any
	for _, id := range ids {
		for _, order := range []string{"DESC", "ASC"} {
			parts = append(parts, "SELECT report_id FROM (SELECT report_id FROM scripts WHERE campaign_id = ? ORDER BY report_id "+order+" LIMIT ?) AS part")
			args = append(args, id, each)
		}
	}
	var sample []int64
	return sample, tx.Raw(strings.Join(parts, " UNION "), args...).Scan(&sample).Error
}

// mostAlike sets what the script is most like, a report of another case if there
// is one, and says so in words. Nothing else than before: it stays.
func (x *placings) mostAlike(w *wording, matches []cases.ScriptMatch) (string, error) {
	if len(matches) == 0 {
		return "", nil
	}
	ids := make([]int64, len(matches))
	for i, m := range matches {
		ids[i] = m.ReportID
	}
	var rows []struct {
		ReportID int64
		CaseID   int64
		Ref      string
	}
	err := x.tx.Raw("SELECT l.report_id, l.case_id, k.ref FROM links l JOIN cases k ON k.id = l.case_id WHERE l.report_id IN ?", ids).Scan(&rows).Error
	if err != nil {
		return "", err
	}
	best, ref := matches[0], ""
	for _, elsewhere := range []bool{false, true} {
		for _, m := range slices.Backward(matches) {
			for _, r := range rows {
				if r.ReportID == m.ReportID && (r.CaseID != w.CaseID || !elsewhere) {
					best, ref = m, r.Ref
				}
			}
		}
	}
	w.LikeReport, w.Likeness = best.ReportID, best.Share
	return x.reader.Explain(best.Share, ref), nil
}

// unite makes younger campaigns a part of the oldest: they stay as names that
// lead there.
func (x *placings) unite(w wording, root int64, joins []int64, why string) error {
	if len(joins) == 0 {
		return nil
	}
	slices.Sort(joins)
	err := x.tx.Exec(`UPDATE campaigns SET scripts = scripts + (SELECT sum(j.scripts) FROM campaigns j WHERE j.id IN ?),
		first_at = (SELECT min(j.first_at) FROM campaigns j WHERE j.id IN ? OR j.id = campaigns.id),
		last_at = (SELECT max(j.last_at) FROM campaigns j WHERE j.id IN ? OR j.id = campaigns.id) WHERE id = ?`, joins, joins, joins, root).Error
	if err != nil {
		return err
	}
	if err := x.tx.Exec("UPDATE campaigns SET root_id = ?, united_at = ? WHERE root_id IN ?", root, x.now, joins).Error; err != nil {
		return err
	}
	for _, id := range joins {
		if id == w.ID && w.Campaign == w.ID {
			continue // it began with this report and grew into the other: nobody else knew it
		}
		e := x.event("campaign.unite", id, why)
		e.Data = map[string]string{"into": fmt.Sprint(root), "report": fmt.Sprint(w.ID)}
		x.events = append(x.events, e)
	}
	return nil
}

// tell records that a case has joined a campaign, and that it has become one by
// that, and asks for the assessment of those for whom it matters.
func (x *placings) tell(w wording, root int64, n news, why string) error {
	if !n.joins || len(n.others) == 0 {
		return nil
	}
	if n.opens {
		e := x.event("campaign.open", root, x.reader.Explain(w.Likeness, w.CaseRef))
		e.CaseID = n.others[0].ID
		x.events = append(x.events, e)
	}
	e := x.event("campaign.join", root, why)
	e.CaseID, e.Data = w.CaseID, map[string]string{"report": fmt.Sprint(w.ID)}
	x.events = append(x.events, e)
	x.assess[w.CaseID] = true
	if len(n.others) > cases.MaxScriptCases {
		return nil // one more makes no difference to them
	}
	for _, c := range n.others {
		if c.State != cases.StateResolved {
			x.assess[c.ID] = true
		}
	}
	return nil
}

func (x *placings) event(command string, campaign int64, reason string) cases.Event {
	return cases.NewEvent(x.now, cases.System("campaigns"), command, "campaign", fmt.Sprint(campaign), reason)
}
