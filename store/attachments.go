package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// Unpacked is how many attachments of a message are kept: those from the first
// on, since they are kept in their order.
func (s *Store) Unpacked(ctx context.Context, messageID int64) (int, error) {
	var n int
	err := s.read(ctx).Raw("SELECT count(*) FROM attachments WHERE message_id = ?", messageID).Scan(&n).Error
	return n, translate(err)
}

// AddFile keeps an attachment, its file once by the digest. What was written to
// the blob store for a file that is there already is an orphan, which the sweep
// finds.
func (s *Store) AddFile(ctx context.Context, at cases.Attempt, now time.Time, messageID int64, position int, f cases.UnpackedFile) error {
	now = stored(now)
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := s.fenceAttempt(tx, at); err != nil {
			return err
		}
		k := f.File.Kept
		if f.State != cases.AttachmentRefused {
			_, err := insert(tx, "files (sha256, size, type, evidence, blob_key, scan, created_at)",
				[][]any{{k.SHA256, k.Size, short(f.File.Type), k.Inline, k.BlobKey, text(f.File.Scan), now}}, "ON CONFLICT (sha256) DO NOTHING")
			if err != nil {
				return err
			}
		}
		_, err := insert(tx, "attachments (message_id, position, name, declared, sha256, state, note, created_at)",
			[][]any{{messageID, position, text(f.Name), short(f.Type), k.SHA256, f.State, text(f.Note), now}}, "ON CONFLICT (message_id, position) DO NOTHING")
		if err != nil || f.State == cases.AttachmentRefused {
			return err
		}
		return scanned(tx, f)
	})
	if err != nil {
		return fmt.Errorf("file of message %d: %w", messageID, err)
	}
	return nil
}

// scanned keeps the scanner's latest word of a file. What it once found infected
// stays so wherever it was attached: a later word may only be that of a scanner
// that knows less.
func scanned(tx *gorm.DB, f cases.UnpackedFile) error {
	sum := f.File.SHA256
	var infected int
	if err := tx.Raw("SELECT count(*) FROM attachments WHERE sha256 = ? AND state = 'infected'", sum).Scan(&infected).Error; err != nil {
		return err
	}
	if f.File.Scan != "" && (infected == 0 || f.State == cases.AttachmentInfected) {
		if err := tx.Exec("UPDATE files SET scan = ? WHERE sha256 = ?", text(f.File.Scan), sum).Error; err != nil {
			return err
		}
	}
	if infected == 0 {
		return nil
	}
	return tx.Exec("UPDATE attachments SET state = 'infected' WHERE sha256 = ? AND state = 'stored'", sum).Error
}

const attachmentFields = `a.id, m.report_id, a.message_id, a.name, a.declared, COALESCE(f.type, '') AS type, COALESCE(f.size, 0) AS size, a.sha256, a.state, a.note,
	COALESCE(f.scan, '') AS scan, a.created_at`

const attachmentTables = "attachments a JOIN messages m ON m.id = a.message_id LEFT JOIN files f ON f.sha256 = a.sha256"

// Attachment returns an attachment and where its bytes are.
func (s *Store) Attachment(ctx context.Context, id int64) (cases.AttachmentView, cases.Kept, error) {
	var row struct {
		cases.AttachmentView
		Evidence []byte
		BlobKey  string
	}
	err := found(s.read(ctx).Raw("SELECT "+attachmentFields+", f.evidence, COALESCE(f.blob_key, '') AS blob_key FROM "+attachmentTables+" WHERE a.id = ?", id).Scan(&row), "this attachment")
	return row.AttachmentView, cases.Kept{SHA256: row.SHA256, Size: row.Size, Inline: row.Evidence, BlobKey: row.BlobKey}, translate(err)
}

// addFiles fills in the attachments of reports, and which of them are still
// being unpacked.
func addFiles(tx *gorm.DB, byID map[int64]*cases.ReportView, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	var files []cases.AttachmentView
	err := tx.Raw(`SELECT `+attachmentFields+`, (SELECT count(DISTINCT om.report_id) FROM attachments oa JOIN messages om ON om.id = oa.message_id
			WHERE oa.sha256 <> '' AND oa.sha256 = a.sha256 AND om.report_id <> m.report_id) AS elsewhere
		FROM `+attachmentTables+` WHERE m.report_id <> 0 AND m.report_id IN ? ORDER BY a.message_id, a.position`, ids).Scan(&files).Error
	if err != nil {
		return err
	}
	for _, f := range files {
		v := byID[f.ReportID]
		v.Files = append(v.Files, f)
	}
	var waiting []int64
	err = tx.Raw(`SELECT DISTINCT m.report_id FROM jobs j JOIN messages m ON m.id = j.object_id
		WHERE j.kind = 'unpack' AND j.state NOT IN ('done', 'coalesced') AND m.report_id <> 0 AND m.report_id IN ?`, ids).Scan(&waiting).Error
	for _, id := range waiting {
		byID[id].Unpacking = true
	}
	return err
}
