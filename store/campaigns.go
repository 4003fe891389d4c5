package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// campaignReports are the reports (s) of campaigns (c, by root_id) with their links (l).
const campaignReports = "FROM campaigns c JOIN scripts s ON s.campaign_id = c.id JOIN links l ON l.report_id = s.report_id"

// shared is a condition on campaigns r, which are roots: their reports are of
// more than one case.
const shared = `EXISTS (SELECT 1 ` + campaignReports + ` WHERE c.root_id = r.id AND l.case_id <> (SELECT case_id FROM links WHERE report_id = r.id))`

// Campaigns lists those that several cases share, heard of last first.
func (s *Store) Campaigns(ctx context.Context, q cases.CampaignQuery) (cases.Page[cases.Campaign], error) {
	var w where
	w.and("r.root_id = r.id AND r.scripts > 1 AND " + shared)
	if q.Cursor != "" {
		at, err := parseCursor(q.Cursor, 2)
		if err != nil {
			return cases.Page[cases.Campaign]{}, err
		}
		w.and("(r.last_at, r.id) < (?, ?)", time.UnixMicro(at[0]).UTC(), at[1])
	}
	limit := pageLimit(q.Limit)
	var items []cases.Campaign
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		items = nil
		err := tx.Raw(fmt.Sprintf(`SELECT r.id, r.first_at, r.last_at, substr(p.text, 1, %d) AS text FROM campaigns r JOIN reports p ON p.id = r.id
			WHERE %s ORDER BY r.last_at DESC, r.id DESC LIMIT %d`, cases.MaxExcerpt, &w, limit+1), w.args...).Scan(&items).Error
		if err != nil {
			return err
		}
		return countCampaigns(tx, items)
	})
	if err != nil {
		return cases.Page[cases.Campaign]{}, translate(err)
	}
	return cut(items, limit, func(c cases.Campaign) string { return cursorOf(c.LastAt.UnixMicro(), c.ID) }), nil
}

// countCampaigns sets the counts.
func countCampaigns(tx *gorm.DB, items []cases.Campaign) error {
	if len(items) == 0 {
		return nil
	}
	ids := make([]int64, len(items))
	for i, c := range items {
		ids[i] = c.ID
	}
	var rows []struct {
		ID                                          int64
		Reports, Cases, Resolved, Accounts, Numbers int
	}
	err := tx.Raw(`SELECT c.root_id AS id, count(*) AS reports, count(DISTINCT k.id) AS cases, count(DISTINCT CASE WHEN k.state = 'resolved' THEN k.id END) AS resolved,
		count(DISTINCT CASE WHEN k.account <> '' THEN k.account END) AS accounts `+campaignReports+` JOIN cases k ON k.id = l.case_id
		WHERE c.root_id IN ? GROUP BY c.root_id`, ids).Scan(&rows).Error
	if err != nil {
		return err
	}
	var numbers []struct {
		ID      int64
		Numbers int
	}
	err = tx.Raw(`SELECT c.root_id AS id, count(DISTINCT x.e164) AS numbers FROM campaigns c JOIN scripts s ON s.campaign_id = c.id JOIN subjects x ON x.report_id = s.report_id
		WHERE c.root_id IN ? AND x.role IN ? GROUP BY c.root_id`, ids, theirRoles).Scan(&numbers).Error
	if err != nil {
		return err
	}
	for i := range items {
		c := &items[i]
		c.Text, c.FirstAt, c.LastAt = strings.TrimSpace(c.Text), c.FirstAt.UTC(), c.LastAt.UTC()
		for _, r := range rows {
			if r.ID == c.ID {
				c.Reports, c.Cases, c.Resolved, c.Open, c.Accounts = r.Reports, r.Cases, r.Resolved, r.Cases-r.Resolved, r.Accounts
			}
		}
		for _, r := range numbers {
			if r.ID == c.ID {
				c.Numbers = r.Numbers
			}
		}
	}
	return nil
}

// theirRoles are those of the numbers that belong to who calls.
var theirRoles = []cases.NumberRole{cases.RoleCaller, cases.RoleCallback}

// Campaign is everything about a campaign, from one snapshot. One that was
// united with an older one is found under its old name, and one whose reports
// are of one case, after a merge perhaps, is none.
func (s *Store) Campaign(ctx context.Context, id int64) (cases.CampaignView, error) {
	var v cases.CampaignView
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		v = cases.CampaignView{}
		what := fmt.Sprintf("campaign %d", id)
		err := found(tx.Raw(`SELECT r.id, r.first_at, r.last_at, substr(p.text, 1, ?) AS text FROM campaigns x JOIN campaigns r ON r.id = x.root_id
			JOIN reports p ON p.id = r.id WHERE x.id = ?`, cases.MaxExcerpt, id).Scan(&v.Campaign), what)
		if err != nil {
			return err
		}
		one := []cases.Campaign{v.Campaign}
		if err := countCampaigns(tx, one); err != nil {
			return err
		}
		if v.Campaign = one[0]; v.Campaign.Cases < 2 {
			return cases.NotFound(what)
		}
		if v.Cases, err = campaignCases(tx, v.Campaign.ID, 0, cases.MaxPage); err != nil {
			return err
		}
		return campaignAcross(tx, &v)
	})
	return v, err
}

// campaignCases are the cases of a campaign but one, newest first, each with the
// script of its first report in it.
func campaignCases(tx *gorm.DB, root, but int64, limit int) ([]cases.CampaignCase, error) {
	var rows []struct {
		CaseID, First int64
		Reports       int
	}
	err := tx.Raw("SELECT l.case_id, count(*) AS reports, min(s.report_id) AS first "+campaignReports+
		" WHERE c.root_id = ? AND l.case_id <> ? GROUP BY l.case_id ORDER BY l.case_id DESC LIMIT ?", root, but, limit).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	out := make([]cases.CampaignCase, len(rows))
	ids, firsts := make([]int64, len(rows)), make([]int64, len(rows))
	for i, r := range rows {
		ids[i], firsts[i] = r.CaseID, r.First
		out[i] = cases.CampaignCase{Reports: r.Reports, Script: cases.Script{ReportID: r.First, CampaignID: root}}
	}
	var of []cases.Case
	if err := tx.Raw("SELECT * FROM cases WHERE id IN ?", ids).Scan(&of).Error; err != nil {
		return nil, err
	}
	var scripts []struct {
		ReportID   int64
		Signature  []byte
		ReceivedAt time.Time
	}
	err = tx.Raw("SELECT s.report_id, s.signature, r.received_at FROM scripts s JOIN reports r ON r.id = s.report_id WHERE s.report_id IN ?", firsts).Scan(&scripts).Error
	if err != nil {
		return nil, err
	}
	var numbers []struct {
		CaseID int64
		E164   string
		N      int
	}
	err = tx.Raw("SELECT l.case_id, x.e164, count(DISTINCT x.report_id) AS n "+campaignReports+` JOIN subjects x ON x.report_id = s.report_id
		WHERE c.root_id = ? AND l.case_id IN ? AND x.role IN ? GROUP BY l.case_id, x.e164 ORDER BY n DESC, x.e164`, root, ids, theirRoles).Scan(&numbers).Error
	if err != nil {
		return nil, err
	}
	for i := range out {
		x := &out[i]
		x.Case = of[slices.IndexFunc(of, func(c cases.Case) bool { return c.ID == ids[i] })]
		for _, s := range scripts {
			if s.ReportID == firsts[i] {
				x.Script.Signature, x.FirstAt = s.Signature, s.ReceivedAt.UTC()
			}
		}
		for _, n := range numbers {
			if n.CaseID == ids[i] && len(x.Numbers) < 5 {
				x.Numbers = append(x.Numbers, n.E164)
			}
		}
	}
	return out, nil
}

// campaignAcross adds the numbers and accounts across a campaign, what its cases
// came to, and when its reports came.
func campaignAcross(tx *gorm.DB, v *cases.CampaignView) error {
	id := v.Campaign.ID
	var dispositions []struct {
		Disposition cases.Disposition
		N           int
	}
	for _, q := range []struct {
		into  any
		query string
		args  []any
	}{
		{&v.Numbers, "SELECT x.e164, x.role, count(DISTINCT x.report_id) AS reports, count(DISTINCT l.case_id) AS cases " + campaignReports + ` JOIN subjects x ON x.report_id = s.report_id
			WHERE c.root_id = ? AND x.role IN ? GROUP BY x.e164, x.role ORDER BY reports DESC, x.e164, x.role LIMIT ?`, []any{id, theirRoles, cases.MaxPage}},
		{&v.Accounts, "SELECT k.account AS id, coalesce(max(a.name), '') AS name, count(DISTINCT k.id) AS cases " + campaignReports + ` JOIN cases k ON k.id = l.case_id
			LEFT JOIN accounts a ON a.id = k.account WHERE c.root_id = ? AND k.account <> '' GROUP BY k.account ORDER BY cases DESC, k.account LIMIT ?`, []any{id, cases.MaxPage}},
		{&dispositions, "SELECT k.disposition, count(DISTINCT k.id) AS n " + campaignReports + ` JOIN cases k ON k.id = l.case_id
			WHERE c.root_id = ? AND k.disposition <> '' GROUP BY k.disposition`, []any{id}},
		{&v.Received, "SELECT r.received_at " + campaignReports + " JOIN reports r ON r.id = s.report_id WHERE c.root_id = ? ORDER BY r.received_at DESC LIMIT ?", []any{id, cases.MaxTimes}},
	} {
		if err := tx.Raw(q.query, q.args...).Scan(q.into).Error; err != nil {
			return err
		}
	}
	for i := range v.Received {
		v.Received[i] = v.Received[i].UTC()
	}
	v.Dispositions = map[cases.Disposition]int{}
	for _, d := range dispositions {
		v.Dispositions[d.Disposition] = d.N
	}
	return nil
}
