package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// AddFindings appends what an enrichment of a report found, asks for an
// assessment of the case that the report is in now, and completes the attempt.
func (s *Store) AddFindings(ctx context.Context, at cases.Attempt, now time.Time, reportID int64, fs []cases.Finding) error {
	now = stored(now)
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := complete(tx, now, at); err != nil {
			return err
		}
		var caseID int64
		if err := found(tx.Raw("SELECT case_id FROM links WHERE report_id = ?", reportID).Scan(&caseID), fmt.Sprintf("report %d", reportID)); err != nil {
			return err
		}
		rows := make([][]any, len(fs))
		for i, f := range fs {
			data, err := document(f.Data)
			if err != nil {
				return err
			}
			rows[i] = []any{caseID, reportID, f.Kind, short(f.Subject), f.Verdict, text(f.Summary), data, storedPtr(f.WindowFrom), storedPtr(f.WindowTo),
				f.Incomplete, f.Producer, at.JobID, now}
		}
		_, err := insert(tx, "findings (case_id, report_id, kind, subject, verdict, summary, data, window_from, window_to, incomplete, producer, job_id, created_at)", rows, "")
		if err != nil {
			return err
		}
		if err := corroborate(tx, reportID, fs); err != nil {
			return err
		}
		if err := markIdentity(tx, now, reportID, fs); err != nil {
			return err
		}
		jobs, err := wantPack(tx, now, caseID)
		if err != nil {
			return err
		}
		return insertJobs(tx, now, append(jobs, assessment(now, caseID)))
	})
	if err != nil {
		return fmt.Errorf("findings of report %d: %w", reportID, err)
	}
	return nil
}

// corroborate keeps to which called numbers of a report a carried call went, as
// the latest of its findings know.
func corroborate(tx *gorm.DB, reportID int64, fs []cases.Finding) error {
	i := slices.IndexFunc(fs, func(f cases.Finding) bool { return f.Kind == cases.FindingCorroboration })
	if i < 0 {
		return nil
	}
	if err := tx.Exec("DELETE FROM corroborated WHERE report_id = ?", reportID).Error; err != nil {
		return err
	}
	var rows [][]any
	for _, e164 := range fs[i].Data.Called {
		rows = append(rows, []any{reportID, short(e164)})
	}
	_, err := insert(tx, "corroborated (report_id, e164)", rows, "ON CONFLICT DO NOTHING")
	return err
}

// HasFinding says whether a case has a finding of a kind about somebody that is
// younger than since.
func (s *Store) HasFinding(ctx context.Context, caseID int64, kind cases.FindingKind, subject string, since time.Time) (bool, error) {
	var n int
	err := s.read(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM links l JOIN findings f ON f.report_id = l.report_id WHERE l.case_id = ? AND f.kind = ? AND f.subject = ? AND f.created_at > ? LIMIT 1) AS one",
		caseID, kind, text(subject), stored(since)).Scan(&n).Error
	return n > 0, translate(err)
}

// Report returns a report with what belongs to it.
func (s *Store) Report(ctx context.Context, id int64) (cases.ReportView, error) {
	return s.oneReport(ctx, "r.id = ?", id)
}

// ReportByToken finds the report that a status link belongs to; the link of any
// of its messages will do.
func (s *Store) ReportByToken(ctx context.Context, token string) (cases.ReportView, error) {
	return s.oneReport(ctx, "r.id = (SELECT report_id FROM messages WHERE token = ?)", text(token))
}

func (s *Store) oneReport(ctx context.Context, where string, arg any) (cases.ReportView, error) {
	views, err := reportViews(s.read(ctx), where+" LIMIT 1", arg)
	switch {
	case err != nil:
		return cases.ReportView{}, translate(err)
	case len(views) == 0:
		return cases.ReportView{}, cases.NotFound("this report")
	}
	return views[0], nil
}

// Reports lists reports, newest first, with reporters as they are: whoever
// shows them masks them.
func (s *Store) Reports(ctx context.Context, q cases.ReportQuery) (cases.Page[cases.ReportView], error) {
	var w where
	if q.Channel != "" {
		w.and("r.channel = ?", q.Channel)
	}
	if q.Category != "" {
		w.and("r.category = ?", text(string(q.Category)))
	}
	w.within("r.received_at", q.Received)
	// IN, because SQLite looks at every report for an EXISTS.
	if q.Number != "" {
		w.and("r.id IN (SELECT report_id FROM subjects WHERE e164 = ?)", text(q.Number))
	}
	if q.CaseID != 0 {
		w.and("l.case_id = ?", q.CaseID)
	}
	if q.SHA256 != "" {
		w.and("r.id IN (SELECT report_id FROM messages WHERE sha256 = ?)", text(q.SHA256))
	}
	if q.Reference != "" {
		w.and("r.id IN (SELECT report_id FROM messages WHERE reference <> '' AND reference = ?)", bareReference(q.Reference))
	}
	return newestFirst(q.Cursor, q.Limit, "r.id", w, func(cond string, args []any) ([]cases.ReportView, error) {
		views, err := reportViews(s.read(ctx), cond, args...)
		return views, translate(err)
	}, func(v cases.ReportView) int64 { return v.ID })
}

// reportViews loads reports (r) with their links (l) and cases (c), and what
// belongs to all of them in one query each.
func reportViews(tx *gorm.DB, cond string, args ...any) ([]cases.ReportView, error) {
	var rows []struct {
		cases.Report
		CaseRef    string
		CaseID     int64
		LinkReason string
		MovedFrom  int64
	}
	err := tx.Raw(`SELECT r.*, c.ref AS case_ref, l.case_id, l.reason AS link_reason, l.moved_from
		FROM reports r JOIN links l ON l.report_id = r.id JOIN cases c ON c.id = l.case_id WHERE `+cond, args...).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	views := make([]cases.ReportView, len(rows))
	byID := make(map[int64]*cases.ReportView, len(rows))
	var ids, reporterIDs, attached []int64
	for i, r := range rows {
		views[i] = cases.ReportView{Report: r.Report, CaseRef: r.CaseRef, CaseID: r.CaseID, LinkReason: r.LinkReason, MovedFrom: r.MovedFrom}
		byID[r.ID] = &views[i]
		ids = append(ids, r.ID)
		if r.ReporterID != 0 {
			reporterIDs = append(reporterIDs, r.ReporterID)
		}
		if len(r.Details.Attachments) > 0 {
			attached = append(attached, r.ID)
		}
	}
	if err := addFiles(tx, byID, attached); err != nil {
		return nil, err
	}
	var subjects []cases.Subject
	if err := tx.Raw("SELECT * FROM subjects WHERE report_id IN ? ORDER BY id", ids).Scan(&subjects).Error; err != nil {
		return nil, err
	}
	for _, s := range subjects {
		v := byID[s.ReportID]
		v.Subjects = append(v.Subjects, s)
	}
	var messages []cases.Message
	if err := tx.Raw("SELECT "+messageFields+" FROM messages WHERE report_id <> 0 AND report_id IN ? ORDER BY coalesce(written_at, received_at), written_seq, id", ids).Scan(&messages).Error; err != nil {
		return nil, err
	}
	for _, m := range messages {
		v := byID[m.ReportID]
		v.Messages = append(v.Messages, m)
	}
	if err := addSaid(tx, byID); err != nil {
		return nil, err
	}
	if len(reporterIDs) == 0 {
		return views, nil
	}
	var reporters []cases.Reporter
	if err := tx.Raw("SELECT * FROM reporters WHERE id IN ?", reporterIDs).Scan(&reporters).Error; err != nil {
		return nil, err
	}
	for i := range views {
		for _, r := range reporters {
			if r.ID == views[i].ReporterID {
				views[i].Reporter = &r
			}
		}
	}
	return views, nil
}
