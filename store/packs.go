package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// keepPacks is how many versions of a case's pack are kept beside those that an
// answer was sent from.
const keepPacks = 5

// packRow is a pack and where its sealed bytes are.
type packRow struct {
	cases.KeptPack
	Sha256   string
	Size     int64
	Evidence []byte
	BlobKey  string
}

func (r packRow) kept() cases.KeptPack {
	p := r.KeptPack
	p.Kept = cases.Kept{SHA256: r.Sha256, Size: r.Size, Inline: r.Evidence, BlobKey: r.BlobKey}
	p.BuiltAt, p.CheckedAt, p.ReceivedAt = p.BuiltAt.UTC(), p.CheckedAt.UTC(), p.ReceivedAt.UTC()
	return p
}

// KeepPack adds a version of a case's pack and completes the attempt. One that says
// what the newest says is not kept again (added is false): that one was found to be
// up to date at p.BuiltAt. Older versions are dropped but for the last few and those
// that were sent.
func (s *Store) KeepPack(ctx context.Context, at cases.Attempt, now time.Time, p cases.KeptPack) (newest cases.KeptPack, added bool, err error) {
	now = stored(now)
	err = s.retry(ctx, func(tx *gorm.DB) error {
		added = false
		if err := complete(tx, now, at); err != nil {
			return err
		}
		// The case's row keeps two builds from taking the same version.
		if _, err := s.lockCase(tx, p.CaseID); err != nil {
			return err
		}
		var rows []packRow
		if err := tx.Raw("SELECT * FROM traceback_packs WHERE case_id = ? ORDER BY version DESC LIMIT 1", p.CaseID).Scan(&rows).Error; err != nil {
			return err
		}
		if len(rows) > 0 && rows[0].Digest == p.Digest {
			newest = rows[0].kept()
			newest.CheckedAt = now
			return tx.Exec("UPDATE traceback_packs SET checked_at = ? WHERE case_id = ? AND version = ?", now, p.CaseID, newest.Version).Error
		}
		newest, added = p, true
		newest.Version, newest.BuiltAt, newest.CheckedAt, newest.ReceivedAt = 1, stored(p.BuiltAt), now, stored(p.ReceivedAt)
		if len(rows) > 0 {
			newest.Version = rows[0].Version + 1
		}
		_, err := insert(tx, "traceback_packs (case_id, version, digest, built_at, checked_at, received_at, calls, complete, sha256, size, evidence, blob_key)", [][]any{{p.CaseID, newest.Version, p.Digest,
			newest.BuiltAt, now, newest.ReceivedAt, p.Calls, p.Complete, p.Kept.SHA256, p.Kept.Size, p.Kept.Inline, p.Kept.BlobKey}}, "")
		if err != nil {
			return err
		}
		return tx.Exec(`DELETE FROM traceback_packs WHERE case_id = ? AND version <= ?
			AND NOT EXISTS (SELECT 1 FROM traceback_answers a WHERE a.case_id = traceback_packs.case_id AND a.pack_version = traceback_packs.version)`, p.CaseID, newest.Version-keepPacks).Error
	})
	if err != nil {
		return cases.KeptPack{}, false, fmt.Errorf("pack of case %d: %w", p.CaseID, err)
	}
	return newest, added, nil
}

// Pack returns a version of a case's pack, 0 the newest.
func (s *Store) Pack(ctx context.Context, caseID, version int64) (cases.KeptPack, error) {
	var row packRow
	err := found(s.read(ctx).Raw("SELECT * FROM traceback_packs WHERE case_id = ? AND (version = ? OR ? = 0) ORDER BY version DESC LIMIT 1", caseID, version, version).Scan(&row),
		"a traceback pack of this case")
	return row.kept(), translate(err)
}

// wantPack asks for the pack of a case where an enrichment has brought what belongs
// in it: of a traceback case always, of another once a call of it is confirmed.
func wantPack(tx *gorm.DB, now time.Time, caseID int64) ([]cases.Job, error) {
	var wanted bool
	err := tx.Raw(`SELECT EXISTS (SELECT 1 FROM cases WHERE id = ? AND kind = 'traceback')
		OR EXISTS (SELECT 1 FROM links l JOIN findings f ON f.report_id = l.report_id WHERE l.case_id = ? AND f.kind = ? AND f.verdict = ?)`,
		caseID, caseID, cases.FindingCorroboration, cases.CorroborationConfirmed).Row().Scan(&wanted)
	if err != nil || !wanted {
		return nil, err
	}
	return []cases.Job{cases.PackJob(caseID, now.Add(cases.PackDelay))}, nil
}

// ReviewRelease commits a legal review with the case's event.
func (s *Store) ReviewRelease(ctx context.Context, caseID int64, change func(*cases.Case) (cases.LegalReview, error)) (cases.LegalReview, error) {
	var r cases.LegalReview
	err := s.retry(ctx, func(tx *gorm.DB) error {
		_, err := s.updateCase(tx, caseID, 0, func(c *cases.Case) error {
			var err error
			if r, err = change(c); err != nil {
				return err
			}
			if r.ReportID != 0 {
				if err := found(tx.Raw("SELECT report_id FROM links WHERE case_id = ? AND report_id = ?", caseID, r.ReportID).Scan(new(int64)), "this report in the case"); err != nil {
					return err
				}
			}
			covers, err := document(r.Covers)
			if err != nil {
				return err
			}
			var ids []struct{ ID int64 }
			err = insertReturning(tx, "legal_reviews (case_id, report_id, reviewer, reviewed_at, basis, covers, recorded_by, recorded_at)", [][]any{{caseID, r.ReportID, text(r.Reviewer), stored(r.ReviewedAt),
				text(r.Basis), covers, text(r.RecordedBy), stored(r.RecordedAt)}}, "RETURNING id", &ids)
			if err == nil {
				r.ID = ids[0].ID
			}
			return err
		})
		return err
	})
	return r, err
}

// LegalReviews lists those of a case, and of cases merged into it, oldest first.
func (s *Store) LegalReviews(ctx context.Context, caseID int64) ([]cases.LegalReview, error) {
	var out []cases.LegalReview
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		ids, err := mergedCases(tx, caseID)
		if err != nil {
			return err
		}
		return tx.Raw("SELECT * FROM legal_reviews WHERE case_id IN ? ORDER BY id", ids).Scan(&out).Error
	})
	for i := range out {
		out[i].ReviewedAt, out[i].RecordedAt = out[i].ReviewedAt.UTC(), out[i].RecordedAt.UTC()
	}
	return out, translate(err)
}

// insertAnswers records what goes with letters, before anything is attempted.
func insertAnswers(tx *gorm.DB, now time.Time, letters []cases.Sending) error {
	var rows [][]any
	for _, l := range letters {
		if l.Answer == nil {
			continue
		}
		a := *l.Answer
		covers, err := document(a.Covers)
		if err != nil {
			return err
		}
		reviews, err := document(a.Reviews)
		if err != nil {
			return err
		}
		rows = append(rows, []any{l.MessageID, l.CaseID, l.ReportID, a.PackVersion, a.PackDigest, a.Digest, covers, reviews, text(a.CreatedBy), now, a.Kept.Size, a.Kept.Inline, a.Kept.BlobKey})
	}
	_, err := insert(tx, "traceback_answers (message_id, case_id, report_id, pack_version, pack_digest, digest, covers, reviews, created_by, created_at, size, evidence, blob_key)", rows, "")
	return err
}

const answersOf = `SELECT a.*, s.state, s.recipient, s.note, s.attempted_at, s.settled_at FROM traceback_answers a JOIN sendings s ON s.message_id = a.message_id`

// answerRow is an answer and where its sealed bytes are.
type answerRow struct {
	cases.PackAnswer
	Size     int64
	Evidence []byte
	BlobKey  string
}

func (r answerRow) answer() cases.PackAnswer {
	a := r.PackAnswer
	a.Kept = cases.Kept{SHA256: a.Digest, Size: r.Size, Inline: r.Evidence, BlobKey: r.BlobKey}
	a.CreatedAt, a.AttemptedAt, a.SettledAt = a.CreatedAt.UTC(), storedPtr(a.AttemptedAt), storedPtr(a.SettledAt)
	return a
}

// PackAnswers lists what was sent for the reports of a case, with what became of it,
// newest first.
func (s *Store) PackAnswers(ctx context.Context, caseID int64) ([]cases.PackAnswer, error) {
	var rows []answerRow
	err := s.read(ctx).Raw(answersOf+" JOIN links l ON l.report_id = a.report_id WHERE l.case_id = ? ORDER BY s.id DESC LIMIT ?", caseID, cases.MaxDossier).Scan(&rows).Error
	out := make([]cases.PackAnswer, len(rows))
	for i, r := range rows {
		out[i] = r.answer()
	}
	return out, translate(err)
}

// PackAnswer is what goes with the letter of a message id.
func (s *Store) PackAnswer(ctx context.Context, messageID string) (cases.PackAnswer, error) {
	var row answerRow
	err := found(s.read(ctx).Raw(answersOf+" WHERE a.message_id = ?", messageID).Scan(&row), "what was sent with this letter")
	return row.answer(), translate(err)
}

// maxPackFindings bounds what one pack is built from.
const maxPackFindings = 2000

// PackFindings are the latest of each call of a case that was looked for, and of
// each check of a signature, newest first.
func (s *Store) PackFindings(ctx context.Context, caseID int64) ([]cases.Finding, error) {
	var out []cases.Finding
	err := s.read(ctx).Raw(`SELECT f.* FROM links l JOIN findings f ON f.report_id = l.report_id WHERE l.case_id = ? AND f.kind IN ?
		AND f.id = (SELECT max(g.id) FROM findings g WHERE g.report_id = f.report_id AND g.kind = f.kind AND g.subject = f.subject) ORDER BY f.id DESC LIMIT ?`,
		caseID, []cases.FindingKind{cases.FindingCorroboration, cases.FindingParties, cases.FindingTraced, cases.PackIdentityFinding}, maxPackFindings).Scan(&out).Error
	return out, translate(err)
}
