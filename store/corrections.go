package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

// CorrectReport applies a correction to a report under the lock of its case,
// and keeps it. The case claims what it is now about and lets go of what none of
// its reports says any more; where another live case holds one of its keys,
// the two are related.
func (s *Store) CorrectReport(ctx context.Context, now time.Time, a cases.Actor, caseID, reportID int64, x cases.Correcting) (cases.Case, error) {
	now = stored(now)
	lock := ""
	if s.dialect == migrations.Postgres {
		lock = " FOR NO KEY UPDATE OF r" // what is added to a report waits, and is not written over
	}
	var c cases.Case
	err := s.retry(ctx, func(tx *gorm.DB) error {
		// Filings that saw a key which goes now have linked their report before.
		err := found(tx.Raw("SELECT * FROM cases WHERE id = ?"+s.casePin(), caseID).Scan(&c), fmt.Sprintf("case %d", caseID))
		if err != nil {
			return err
		}
		var r cases.Report
		err = found(tx.Raw("SELECT r.* FROM reports r JOIN links l ON l.report_id = r.id WHERE r.id = ? AND l.case_id = ?"+lock, reportID, caseID).Scan(&r), fmt.Sprintf("report %d of %s", reportID, c.Ref))
		if err != nil {
			return err
		}
		var from cases.Contact
		if err := tx.Raw("SELECT email FROM reporters WHERE id = ?", r.ReporterID).Scan(&from.Email).Error; err != nil {
			return err
		}
		var before []cases.Subject
		if err := tx.Raw("SELECT * FROM subjects WHERE report_id = ? ORDER BY id", reportID).Scan(&before).Error; err != nil {
			return err
		}
		state := c.State
		held, _ := keysFor(c.Kind, r, before, from)
		after, was, err := c.CorrectReport(a, now, &r, before, x.Correction)
		if err != nil {
			return err
		}
		if err := saveCorrected(tx, r, before, after); err != nil {
			return err
		}
		claims, about := keysFor(c.Kind, r, after, from)
		if !c.Over(now) {
			if err := rekey(tx, now, c, held, claims, about); err != nil {
				return err
			}
		}
		if c.Kind == cases.CaseTraceback && x.Kind == cases.ExtractReporter {
			if err := setClock(tx, reportID, x.Clock(r.ReporterKind, r.ReceivedAt)); err != nil {
				return err
			}
		}
		if err := alert(tx, now, c.ID, reportID, x.Notices); err != nil {
			return err
		}
		_, err = insert(tx, "corrections (report_id, kind, number, was, value, by_id, by_name, at)", [][]any{{reportID, x.Kind, text(x.Number), text(was), text(x.Value), a.ID, a.Name, now}}, "")
		if err != nil {
			return err
		}
		return saveCase(tx, state, &c)
	})
	return c, err
}

// saveCorrected writes what a correction may change of a report.
func saveCorrected(tx *gorm.DB, r cases.Report, before, after []cases.Subject) error {
	details, err := document(r.Details)
	if err != nil {
		return err
	}
	err = tx.Exec("UPDATE reports SET category = ?, pretext = ?, reporter_kind = ?, lane = ?, language = ?, earliest = ?, latest = ?, occurrences = ?, details = ? WHERE id = ?",
		r.Category, short(r.Pretext), r.ReporterKind, r.Lane, short(r.Language), storedPtr(r.Earliest), storedPtr(r.Latest), r.Occurrences, details, r.ID).Error
	if err != nil {
		return err
	}
	for _, s := range before {
		if !slices.Contains(after, s) {
			if err := tx.Exec("DELETE FROM subjects WHERE id = ?", s.ID).Error; err != nil {
				return err
			}
		}
	}
	var fresh []cases.Subject
	for _, s := range after {
		if !slices.Contains(before, s) {
			fresh = append(fresh, s)
		}
	}
	_, err = insert(tx, subjectColumns, subjectRows(r.ID, fresh), "")
	return err
}

// rekey lets a case go of the keys that a report gave it and that none of its
// reports gives it any more, and claims those that are new.
func rekey(tx *gorm.DB, now time.Time, c cases.Case, held, claims, about []cases.CaseKey) error {
	gone := slices.DeleteFunc(slices.Clone(held), func(k cases.CaseKey) bool { return slices.Contains(claims, k) })
	if len(gone) > 0 {
		given, err := givenKeys(tx, c)
		if err != nil {
			return err
		}
		for _, k := range gone {
			if given[k] {
				continue
			}
			if err := tx.Exec("DELETE FROM case_keys WHERE case_id = ? AND kind = ? AND value = ?", c.ID, k.Kind, k.Value).Error; err != nil {
				return err
			}
		}
	}
	_, err := claimOrRelate(tx, now, c.ID, claims, about)
	return err
}

// givenKeys are the keys that the reports of a case give it.
func givenKeys(tx *gorm.DB, c cases.Case) (map[cases.CaseKey]bool, error) {
	var reports []struct {
		cases.Report
		Email string
	}
	err := tx.Raw("SELECT r.id, r.account, r.category, r.details, coalesce(p.email, '') AS email FROM links l JOIN reports r ON r.id = l.report_id LEFT JOIN reporters p ON p.id = r.reporter_id WHERE l.case_id = ?", c.ID).Scan(&reports).Error
	if err != nil {
		return nil, err
	}
	var subjects []cases.Subject
	if err := tx.Raw("SELECT s.* FROM links l JOIN subjects s ON s.report_id = l.report_id WHERE l.case_id = ?", c.ID).Scan(&subjects).Error; err != nil {
		return nil, err
	}
	of := map[int64][]cases.Subject{}
	for _, s := range subjects {
		of[s.ReportID] = append(of[s.ReportID], s)
	}
	given := map[cases.CaseKey]bool{}
	for _, r := range reports {
		claims, _ := keysFor(c.Kind, r.Report, of[r.ID], cases.Contact{Email: r.Email})
		for _, k := range claims {
			given[k] = true
		}
	}
	return given, nil
}

// alert records letters to colleagues that the case has not had yet, and asks for
// their sending.
func alert(tx *gorm.DB, now time.Time, caseID, reportID int64, notices []cases.Sending) error {
	letters, err := newNotices(tx, caseID, reportID, notices)
	if err != nil {
		return err
	}
	jobs, err := insertSendings(tx, now, letters)
	if err != nil {
		return err
	}
	return insertJobs(tx, now, jobs)
}

// setClock says by when a traceback request is to be answered.
func setClock(tx *gorm.DB, reportID int64, clock cases.Clock) error {
	var from, due *time.Time
	if clock.Running() {
		from, due = storedPtr(&clock.From), storedPtr(&clock.Due)
	}
	return tx.Exec("UPDATE traceback_requests SET counts_from = ?, due_at = ?, why = ? WHERE report_id = ?", from, due, clock.Why, reportID).Error
}

// Corrections are those of a report, in the order in which they were made.
func (s *Store) Corrections(ctx context.Context, reportID int64) ([]cases.CorrectionRow, error) {
	var rows []cases.CorrectionRow
	err := s.read(ctx).Raw("SELECT * FROM corrections WHERE report_id = ? ORDER BY id", reportID).Scan(&rows).Error
	return rows, translate(err)
}

// correctedBatch is how many reports Corrected reads at once.
const correctedBatch = 100

// Corrected hands over each report that somebody corrected, oldest first, as it
// is now.
func (s *Store) Corrected(ctx context.Context, each func(cases.Corrected) error) error {
	for after := int64(0); ; {
		var ids []int64
		err := s.read(ctx).Raw("SELECT DISTINCT report_id FROM corrections WHERE report_id > ? ORDER BY report_id LIMIT ?", after, correctedBatch).Scan(&ids).Error
		if err != nil || len(ids) == 0 {
			return translate(err)
		}
		views, err := reportViews(s.read(ctx), "r.id IN ? ORDER BY r.id", ids)
		if err != nil {
			return translate(err)
		}
		var kinds []cases.CorrectionRow
		if err := s.read(ctx).Raw("SELECT DISTINCT report_id, kind FROM corrections WHERE report_id IN ?", ids).Scan(&kinds).Error; err != nil {
			return translate(err)
		}
		for _, v := range views {
			c := cases.Corrected{Report: v.Report, Subjects: v.Subjects}
			if len(v.Messages) > 0 {
				c.Region = v.Messages[0].Meta.Region
			}
			for _, k := range kinds {
				if k.ReportID == v.ID {
					c.Kinds = append(c.Kinds, k.Kind)
				}
			}
			slices.Sort(c.Kinds)
			if err := each(c); err != nil {
				return err
			}
		}
		after = ids[len(ids)-1]
	}
}
