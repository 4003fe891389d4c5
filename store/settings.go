package store

import (
	"context"

	"gorm.io/gorm"
)

// Setting returns what this installation chose for name, and chooses it with
// fresh the first time. Replicas that start at once agree.
func (s *Store) Setting(ctx context.Context, name string, fresh func() string) (string, error) {
	// Almost always it is there: a program that only looks waits for no writer.
	var value string
	r := s.read(ctx).Raw("SELECT value FROM settings WHERE name = ?", name).Scan(&value)
	if r.Error != nil || r.RowsAffected > 0 {
		return value, translate(r.Error)
	}
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, fresh()).Error; err != nil {
			return err
		}
		return tx.Raw("SELECT value FROM settings WHERE name = ?", name).Scan(&value).Error
	})
	return value, err
}

// BlobKnown says whether a message, a file, a traceback pack or what was sent of one
// refers to the blob.
func (s *Store) BlobKnown(ctx context.Context, key string) (bool, error) {
	var n int64
	err := s.read(ctx).Raw(`SELECT (SELECT count(*) FROM messages WHERE blob_key = ?) + (SELECT count(*) FROM files WHERE blob_key = ?)
		+ (SELECT count(*) FROM traceback_packs WHERE blob_key = ?) + (SELECT count(*) FROM traceback_answers WHERE blob_key = ?)`, key, key, key, key).Scan(&n).Error
	return n > 0, translate(err)
}
