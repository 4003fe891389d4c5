package store

import (
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// gatherFacts asks the database for what an assessment needs. Findings belong
// to reports and are found through their links, so that they follow a report
// that a merge has moved; of several about one subject the latest counts.
func gatherFacts(tx *gorm.DB, now time.Time, caseID int64) (cases.Facts, error) {
	f := cases.Facts{}
	if err := countReports(tx, now, caseID, &f); err != nil {
		return f, err
	}
	if err := rankReports(tx, caseID, &f); err != nil {
		return f, err
	}
	best, err := corroborated(tx, caseID, &f)
	if err != nil {
		return f, err
	}
	if err := latestEvidence(tx, caseID, best, &f); err != nil {
		return f, err
	}
	if err := calledBack(tx, caseID, &f); err != nil {
		return f, err
	}
	if p := f.Parties; p != nil && p.Originating != "" {
		if err := trafficOf(tx, caseID, p.Originating, &f); err != nil {
			return f, err
		}
	}
	if err := sharedScripts(tx, caseID, &f); err != nil {
		return f, err
	}
	if err := listedNumbers(tx, caseID, &f); err != nil {
		return f, err
	}
	if err := identityFacts(tx, now, caseID, &f); err != nil {
		return f, err
	}
	if f.Caller != "" || f.Callback != "" {
		err := tx.Raw("SELECT count(*) FROM signals WHERE e164 IN ? AND happened_at > ?", []string{f.Caller, f.Callback}, stored(now.Add(-cases.SignalWindow))).Scan(&f.Signals).Error
		if err != nil {
			return f, err
		}
	}
	if p := f.Parties; p != nil && p.Originating != "" {
		if err := tx.Raw("SELECT protected FROM accounts WHERE id = ?", p.Originating).Scan(&f.Protected).Error; err != nil {
			return f, err
		}
	}
	merged, err := mergedCases(tx, caseID)
	if err != nil {
		return f, err
	}
	err = tx.Raw("SELECT count(*) FROM restrictions WHERE case_id IN ? AND state IN ?", merged,
		[]cases.RestrictionState{cases.RestrictionApplying, cases.RestrictionActive, cases.RestrictionDrifted}).Scan(&f.InForce).Error
	if err != nil {
		return f, err
	}
	var asked cases.Sending
	err = tx.Raw("SELECT state, created_at FROM sendings WHERE case_id IN ? AND kind = 'question' ORDER BY id DESC LIMIT 1", merged).Scan(&asked).Error
	if err != nil {
		return f, err
	}
	f.Question, f.AskedAt = asked.State, asked.CreatedAt.UTC()
	if err := referralFacts(tx, caseID, &f); err != nil {
		return f, err
	}
	if f.Traceback, err = gatherTraceback(tx, caseID); err != nil {
		return f, err
	}
	err = tx.Raw(`SELECT c.ref FROM related_cases r JOIN cases c ON c.id = r.other_id
		WHERE r.case_id = ? AND c.merged_into = 0 ORDER BY c.id LIMIT ?`, caseID, cases.DefaultPage).Scan(&f.Related).Error
	return f, err
}

// countReports sets the counts and times. The last report is the last that
// joined the case, not the last that was received: one that was read late must
// still reopen what was resolved without it.
func countReports(tx *gorm.DB, now time.Time, caseID int64, f *cases.Facts) error {
	var n struct {
		Reports      int
		Owners       int
		Recent       int
		Institutions int
		FirstReport  moment
		LastReport   moment
		LastReply    moment
	}
	err := tx.Raw(`SELECT count(*) AS reports, coalesce(sum(CASE WHEN r.reporter_kind = ? THEN 1 ELSE 0 END), 0) AS owners,
		coalesce(sum(CASE WHEN r.received_at > ? THEN 1 ELSE 0 END), 0) AS recent,
		coalesce(sum(CASE WHEN r.reporter_kind IN ? THEN 1 ELSE 0 END), 0) AS institutions, min(r.received_at) AS first_report, max(l.linked_at) AS last_report, max(r.replied_at) AS last_reply
		FROM links l JOIN reports r ON r.id = l.report_id WHERE l.case_id = ?`, cases.ReporterNumberOwner, now.Add(-24*time.Hour), institutions, caseID).Scan(&n).Error
	if err != nil {
		return err
	}
	f.Institutions = n.Institutions
	err = tx.Raw(`SELECT count(DISTINCT c.e164) AS corroborated, count(DISTINCT CASE WHEN r.received_at > ? THEN c.e164 END) AS corroborated24h
		FROM links l JOIN reports r ON r.id = l.report_id JOIN corroborated c ON c.report_id = r.id WHERE l.case_id = ?`, now.Add(-24*time.Hour), caseID).Row().Scan(&f.Corroborated, &f.Corroborated24h)
	if err != nil {
		return err
	}
	err = tx.Raw(`SELECT coalesce(avg(credibility), 0) FROM reporters WHERE id IN (SELECT r.reporter_id FROM links l JOIN reports r ON r.id = l.report_id WHERE l.case_id = ?)`,
		caseID).Row().Scan(&f.Credibility)
	if err != nil {
		return err
	}
	var lanes []cases.Lane
	err = tx.Raw("SELECT DISTINCT r.lane FROM links l JOIN reports r ON r.id = l.report_id WHERE l.case_id = ? AND r.lane <> ''", caseID).Scan(&lanes).Error
	if f.Lanes = cases.SortedLanes(lanes); len(f.Lanes) > 0 {
		f.Lane = f.Lanes[0]
	}
	f.Reports, f.Owners, f.Reports24h, f.FirstReport, f.LastReport, f.LastReply = n.Reports, n.Owners, n.Recent, n.FirstReport.Time, n.LastReport.Time, n.LastReply.Time
	return err
}

// institutions report for others or by office; what they are told is a person's.
var institutions = []cases.ReporterKind{cases.ReporterCarrier, cases.ReporterRegulator, cases.ReporterTraceback, cases.ReporterPolice}

// referralFacts sets what a referral to another carrier is judged by. It errs on
// the side of keeping the case: a right to any of its numbers that stood at the
// time of the call or later makes it ours, a look at the history counts only
// as the latest of its report, and one that is under way or has died is awaited.
func referralFacts(tx *gorm.DB, caseID int64, f *cases.Facts) error {
	return tx.Raw(`SELECT
		EXISTS (SELECT 1 FROM links l JOIN reports r ON r.id = l.report_id JOIN subjects s ON s.report_id = r.id JOIN entitlements e ON e.e164 = s.e164
			WHERE l.case_id = ? AND (e.valid_until IS NULL OR e.valid_until > coalesce(r.earliest, r.received_at))),
		EXISTS (SELECT 1 FROM links l WHERE l.case_id = ? AND EXISTS (SELECT 1 FROM jobs j WHERE j.kind = ? AND j.object_id = l.report_id AND j.state IN ('pending', 'enqueued', 'running', 'dead'))),
		(SELECT count(*) FROM findings f JOIN (SELECT max(g.id) AS id FROM links l JOIN findings g ON g.report_id = l.report_id
			WHERE l.case_id = ? AND g.kind = ? GROUP BY g.report_id) latest ON latest.id = f.id WHERE f.verdict = ? AND NOT f.incomplete)`,
		caseID, caseID, cases.JobEnrich, caseID, cases.FindingCorroboration, cases.CorroborationNotSeen).Row().Scan(&f.Ours, &f.Looking, &f.NotCarried)
}

// rankReports sets what most reports say.
func rankReports(tx *gorm.DB, caseID int64, f *cases.Facts) error {
	const (
		reports  = "FROM links l JOIN reports r ON r.id = l.report_id WHERE l.case_id = ?"
		subjects = "FROM links l JOIN subjects s ON s.report_id = l.report_id WHERE l.case_id = ? AND s.role = ?"
		most     = "ORDER BY n DESC, value LIMIT 1"
	)
	var rows []struct {
		What  string
		Value string
		N     int
	}
	err := tx.Raw(`SELECT 'category' AS what, r.category AS value, count(*) AS n `+reports+` GROUP BY r.category
		UNION ALL SELECT * FROM (SELECT 'pretext' AS what, r.pretext AS value, count(*) AS n `+reports+` AND r.pretext <> '' GROUP BY r.pretext `+most+`) AS pretext
		UNION ALL SELECT * FROM (SELECT 'caller' AS what, s.e164 AS value, count(DISTINCT s.report_id) AS n `+subjects+` GROUP BY s.e164 `+most+`) AS caller
		UNION ALL SELECT * FROM (SELECT 'callback' AS what, s.e164 AS value, count(DISTINCT s.report_id) AS n `+subjects+` GROUP BY s.e164 `+most+`) AS callback
		UNION ALL SELECT 'called' AS what, '' AS value, count(DISTINCT s.e164) AS n `+subjects,
		caseID, caseID, caseID, cases.RoleCaller, caseID, cases.RoleCallback, caseID, cases.RoleCalled).Scan(&rows).Error
	if err != nil {
		return err
	}
	f.Categories = map[cases.Category]int{}
	for _, r := range rows {
		switch r.What {
		case "category":
			c := cases.Category(r.Value)
			f.Categories[c] = r.N
			if best := f.Categories[f.Category]; f.Category == "" || r.N > best || (r.N == best && c < f.Category) {
				f.Category = c
			}
		case "pretext":
			f.Pretext = r.Value
		case "caller":
			f.Caller = r.Value
		case "callback":
			f.Callback = r.Value
		case "called":
			f.CalledParties = r.N
		}
	}
	return nil
}

// verdicts in the order of what they are worth to the case.
var verdicts = []cases.Corroboration{cases.CorroborationConfirmed, cases.CorroborationProbable, cases.CorroborationNotSeen, cases.CorroborationUnknown}

// corroborated counts the reports by their best verdict, of the calls of a
// traceback request the best of all, and returns a report
// that has the best of all, the latest; 0 when none was checked.
func corroborated(tx *gorm.DB, caseID int64, f *cases.Facts) (int64, error) {
	var rows []struct {
		Rank   int
		N      int
		Report int64
	}
	err := tx.Raw(`SELECT ranked.verdict_rank AS rank, count(*) AS n, max(ranked.report_id) AS report FROM (
		SELECT f.report_id, min(CASE f.verdict WHEN 'confirmed' THEN 0 WHEN 'probable' THEN 1 WHEN 'not_seen' THEN 2 ELSE 3 END) AS verdict_rank
		FROM findings f JOIN (SELECT max(g.id) AS id FROM links l JOIN findings g ON g.report_id = l.report_id
			WHERE l.case_id = ? AND g.kind IN ? GROUP BY g.report_id, g.kind, CASE WHEN g.kind = ? THEN g.subject ELSE '' END) latest ON latest.id = f.id
		GROUP BY f.report_id) ranked GROUP BY ranked.verdict_rank ORDER BY ranked.verdict_rank`, caseID,
		[]cases.FindingKind{cases.FindingCorroboration, cases.FindingTraced}, cases.FindingTraced).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	f.Corroboration = verdicts[rows[0].Rank]
	for _, r := range rows {
		f.Checked += r.N
		switch verdicts[r.Rank] {
		case cases.CorroborationConfirmed, cases.CorroborationProbable:
			f.Confirmed += r.N
		case cases.CorroborationNotSeen:
			f.NotSeen += r.N
		}
	}
	return rows[0].Report, nil
}

// maxEvidence bounds how many subjects of a case are asked for their latest
// findings.
const maxEvidence = 500

// latestEvidence adds up the attestation of the calls from each number, takes
// the parties from the report that is corroborated best, and says whether a
// number is ours. The same calls are seen for each report about a number, so
// that only the latest look at each number counts.
func latestEvidence(tx *gorm.DB, caseID, best int64, f *cases.Facts) error {
	var fs []cases.Finding
	err := tx.Raw(`SELECT f.id, f.kind, f.data FROM findings f JOIN (SELECT max(g.id) AS id FROM links l JOIN findings g ON g.report_id = l.report_id
			WHERE l.case_id = ? AND g.kind IN ? AND (g.subject = '' OR g.subject IN (SELECT s.e164 FROM subjects s WHERE s.report_id = g.report_id)) GROUP BY g.kind, g.subject
			UNION SELECT max(id) AS id FROM findings WHERE report_id = ? AND kind = ?) latest ON latest.id = f.id ORDER BY f.id DESC LIMIT ?`,
		caseID, []cases.FindingKind{cases.FindingAttestation, cases.FindingNumber}, best, cases.FindingParties, maxEvidence).Scan(&fs).Error
	if err != nil {
		return err
	}
	for _, x := range fs {
		switch x.Kind {
		case cases.FindingAttestation:
			for a, n := range x.Data.Attestation {
				if f.Attestation == nil {
					f.Attestation = map[string]int{}
				}
				f.Attestation[a] += n
			}
		case cases.FindingNumber:
			f.NumberHosted = f.NumberHosted || (x.Data.Number != nil && x.Data.Number.Hosted)
		case cases.FindingParties:
			f.Parties = x.Data.Parties
		}
	}
	return nil
}

// calledBack sets who holds the number to call back that most reports name, and
// how many reports' own number called one, by the latest look of each report.
func calledBack(tx *gorm.DB, caseID int64, f *cases.Facts) error {
	var fs []cases.Finding
	err := tx.Raw(`SELECT f.subject, f.verdict, f.report_id, f.data FROM findings f JOIN (SELECT max(g.id) AS id FROM links l JOIN findings g ON g.report_id = l.report_id
			WHERE l.case_id = ? AND g.kind = ? GROUP BY g.report_id, g.subject) latest ON latest.id = f.id ORDER BY f.id DESC LIMIT ?`,
		caseID, cases.FindingCallback, maxEvidence).Scan(&fs).Error
	if err != nil {
		return err
	}
	reports := map[int64]bool{}
	for _, x := range fs {
		if x.Verdict == cases.CallbackReached {
			reports[x.ReportID] = true
		}
		if len(x.Data.Entitlements) > 0 && (f.CallbackHolder == "" || x.Subject == f.Callback) {
			f.CallbackHolder = x.Data.Entitlements[0].AccountID
		}
	}
	f.CalledBack = len(reports)
	return nil
}

// trafficOf sets what the latest look at the account's calls said.
func trafficOf(tx *gorm.DB, caseID int64, account string, f *cases.Facts) error {
	var fs []cases.Finding
	err := tx.Raw("SELECT f.verdict, f.data FROM links l JOIN findings f ON f.report_id = l.report_id WHERE l.case_id = ? AND f.kind = ? AND f.subject = ? ORDER BY f.id DESC LIMIT 1",
		caseID, cases.FindingTraffic, account).Scan(&fs).Error
	if err != nil || len(fs) == 0 {
		return err
	}
	f.Traffic = cases.TrafficClass(fs[0].Verdict)
	if t := fs[0].Data.Traffic; t != nil {
		f.TrafficSure = t.Confidence
	}
	return nil
}
