package store

import "github.com/abusedesk/abusedesk/cases"

// write keeps a script, and its keys unless another one has them.
func (x *placings) write(w wording, script cases.Script, root int64, covered bool) error {
	received := stored(w.ReceivedAt)
	if root == w.ID && w.Campaign == 0 {
		_, err := insert(x.tx, "campaigns (id, root_id, scripts, first_at, last_at, created_at)", [][]any{{w.ID, w.ID, 1, received, received, x.now}}, "")
		if err != nil {
			return err
		}
	} else {
		added := 1
		if w.Campaign != 0 {
			added = 0
		}
		err := x.tx.Exec(`UPDATE campaigns SET scripts = scripts + ?, first_at = CASE WHEN first_at > ? THEN ? ELSE first_at END,
			last_at = CASE WHEN last_at < ? THEN ? ELSE last_at END WHERE id = ?`, added, received, received, received, received, w.countedIn(root)).Error
		if err != nil {
			return err
		}
	}
	_, err := insert(x.tx, "scripts (report_id, campaign_id, signature, like_report, likeness, read_at)",
		[][]any{{w.ID, w.countedIn(root), script.Signature, w.LikeReport, w.Likeness, x.now}},
		"ON CONFLICT (report_id) DO UPDATE SET signature = excluded.signature, like_report = excluded.like_report, likeness = excluded.likeness, read_at = excluded.read_at")
	if err != nil {
		return err
	}
	if w.Campaign != 0 {
		if err := x.tx.Exec("DELETE FROM script_keys WHERE report_id = ?", w.ID).Error; err != nil {
			return err
		}
	}
	if covered {
		return nil
	}
	return x.writeKeys(script)
}

// countedIn is the campaign that a script is kept with: the one that it has.
func (w wording) countedIn(root int64) int64 {
	if w.Campaign != 0 {
		return w.Campaign
	}
	return root
}

// writeKeys keeps the keys of a script. A phrase that is in very many scripts
// tells none apart, and is kept no more.
func (x *placings) writeKeys(script cases.Script) error {
	var full []int64
	err := x.tx.Raw("SELECT key FROM script_keys WHERE key IN ? GROUP BY key HAVING count(*) >= ?", script.Keys, x.reader.Postings).Scan(&full).Error
	if err != nil {
		return err
	}
	common := map[int64]bool{}
	for _, k := range full {
		common[k] = true
	}
	var rows [][]any
	for _, k := range script.Keys {
		if !common[k] {
			rows = append(rows, []any{k, script.ReportID})
		}
	}
	_, err = insert(x.tx, "script_keys (key, report_id)", rows, "")
	return err
}
