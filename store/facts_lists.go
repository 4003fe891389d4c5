package store

import (
	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// listedNumbers counts the numbers of a case's reports that lists name. Whether
// a number is called or shown is said by the subjects as they are now, which a
// correction may have changed; a called number that only the call history knows
// counts too.
func listedNumbers(tx *gorm.DB, caseID int64, f *cases.Facts) error {
	var rows []struct {
		Verdict string
		N       int
	}
	// Only findings of the newest look at each report count: what was taken off a
	// list since, or corrected, is in none of them.
	err := tx.Raw(`SELECT f.verdict, count(DISTINCT f.subject) AS n FROM links l JOIN findings f ON f.report_id = l.report_id
		WHERE l.case_id = ? AND f.kind = ? AND f.created_at >= (SELECT max(g.created_at) FROM findings g WHERE g.report_id = l.report_id)
		AND (f.verdict = ?) = EXISTS (SELECT 1 FROM subjects s WHERE s.report_id = f.report_id AND s.e164 = f.subject AND s.role <> ?)
		GROUP BY f.verdict`, caseID, cases.FindingLists, cases.ListDNO, cases.RoleCalled).Scan(&rows).Error
	if err != nil {
		return err
	}
	for _, r := range rows {
		switch cases.ListKind(r.Verdict) {
		case cases.ListDNO:
			f.DNO = r.N
		case cases.ListHoneypot:
			f.Honeypots = r.N
		case cases.ListProtected:
			f.ProtectedCalled = r.N
		}
	}
	return nil
}
