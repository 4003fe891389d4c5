package store

import (
	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

// The judgements that speak for a reporter, and the one that speaks against.
var (
	provedRight = []cases.Disposition{cases.DispositionUpheld, cases.DispositionCompromised}
	provedWrong = []cases.Disposition{cases.DispositionMalicious}
)

// credit counts anew how the cases of a case's reporters ended, since it was
// resolved or reopened: (right + 1) / (right + wrong + 2), which is a half for
// who is new. All else proves nothing. It affects order only.
func credit(tx *gorm.DB, caseID int64) error {
	const of = ` FROM reports r JOIN links l ON l.report_id = r.id JOIN cases c ON c.id = l.case_id
		WHERE r.reporter_id <> 0 AND r.reporter_id = reporters.id AND c.state = 'resolved' AND c.disposition IN ?)`
	lock := ""
	if tx.Name() == string(migrations.Postgres) {
		lock = " FOR NO KEY UPDATE"
	}
	// Two cases of one reporter that end at once are counted one after the other.
	if err := tx.Exec("SELECT id FROM reporters WHERE id IN (SELECT r.reporter_id FROM links l JOIN reports r ON r.id = l.report_id WHERE l.case_id = ?) ORDER BY id"+lock, caseID).Error; err != nil {
		return err
	}
	return tx.Exec(`UPDATE reporters SET credibility = (1.0 + (SELECT count(DISTINCT c.id)`+of+`) / (2.0 + (SELECT count(DISTINCT c.id)`+of+`)
		WHERE id IN (SELECT r.reporter_id FROM links l JOIN reports r ON r.id = l.report_id WHERE l.case_id = ?)`,
		provedRight, append(provedRight[:len(provedRight):len(provedRight)], provedWrong...), caseID).Error
}
