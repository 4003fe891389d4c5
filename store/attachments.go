package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// AddFiles keeps the attachments of a message, each file once by its digest,
// and completes the attempt. What was written to the blob store for a file that
// is there already is an orphan, which the sweep finds.
func (s *Store) AddFiles(ctx context.Context, at cases.Attempt, now time.Time, messageID int64, fs []cases.UnpackedFile) error {
	now = stored(now)
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := complete(tx, now, at); err != nil {
			return err
		}
		var files, rows [][]any
		for i, f := range fs {
			k := f.File.Kept
			if f.State != cases.AttachmentRefused {
				files = append(files, []any{k.SHA256, k.Size, short(f.File.Type), k.Inline, k.BlobKey, text(f.File.Scan), now})
			}
			rows = append(rows, []any{messageID, i, text(f.Name), short(f.Type), k.SHA256, f.State, text(f.Note), now})
		}
		if _, err := insert(tx, "files (sha256, size, type, evidence, blob_key, scan, created_at)", files, "ON CONFLICT (sha256) DO NOTHING"); err != nil {
			return err
		}
		_, err := insert(tx, "attachments (message_id, position, name, declared, sha256, state, note, created_at)", rows, "ON CONFLICT (message_id, position) DO NOTHING")
		return err
	})
	if err != nil {
		return fmt.Errorf("files of message %d: %w", messageID, err)
	}
	return nil
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
