package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// CorrectReport applies a correction to a report under the lock of its case,
// and keeps it. The case claims the numbers that it is now about and lets go of
// those that none of its reports names any more; where another live case holds
// one, the two are related.
func (s *Store) CorrectReport(ctx context.Context, now time.Time, a cases.Actor, caseID, reportID int64, x cases.Correction) (cases.Case, error) {
	now = stored(now)
	var c cases.Case
	err := s.retry(ctx, func(tx *gorm.DB) error {
		var err error
		if c, err = s.lockCase(tx, caseID); err != nil {
			return err
		}
		var r cases.Report
		err = found(tx.Raw("SELECT r.* FROM reports r JOIN links l ON l.report_id = r.id WHERE r.id = ? AND l.case_id = ?", reportID, caseID).Scan(&r), fmt.Sprintf("report %d of %s", reportID, c.Ref))
		if err != nil {
			return err
		}
		var before []cases.Subject
		if err := tx.Raw("SELECT * FROM subjects WHERE report_id = ? ORDER BY id", reportID).Scan(&before).Error; err != nil {
			return err
		}
		state := c.State
		after, was, err := c.CorrectReport(a, now, &r, before, x)
		if err != nil {
			return err
		}
		if err := saveCorrected(tx, r, before, after); err != nil {
			return err
		}
		if x.Kind == cases.ExtractNumber {
			if err := rekey(tx, now, c, r, after, x.Number); err != nil {
				return err
			}
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

// rekey makes the keys of a case those of its reports as far as one number is
// concerned. A case that is over has none to make right.
func rekey(tx *gorm.DB, now time.Time, c cases.Case, r cases.Report, subjects []cases.Subject, number string) error {
	if c.Over(now) {
		return nil
	}
	for kind, role := range map[cases.KeyKind]cases.NumberRole{cases.KeyCaller: cases.RoleCaller, cases.KeyCallback: cases.RoleCallback} {
		err := tx.Exec(`DELETE FROM case_keys WHERE case_id = ? AND kind = ? AND value = ? AND NOT EXISTS (SELECT 1 FROM links l JOIN subjects s ON s.report_id = l.report_id
			WHERE l.case_id = ? AND s.e164 = ? AND s.role = ?)`, c.ID, kind, number, c.ID, number, role).Error
		if err != nil {
			return err
		}
	}
	keys := slices.DeleteFunc(cases.KeysOf(subjects, r.Account, r.Category), func(k cases.CaseKey) bool { return k.Value != number })
	holders, err := keyHolders(tx, keys)
	if err != nil {
		return err
	}
	if err := claimKeys(tx, now, c.ID, unheld(keys, holders)); err != nil {
		return err
	}
	var others []int64
	for _, h := range holders {
		if h.CaseID != c.ID {
			others = append(others, h.CaseID)
		}
	}
	return relate(tx, now, c.ID, holders, slices.Compact(others))
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
