package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// CreateAPIKey keeps a key by its digest.
func (s *Store) CreateAPIKey(ctx context.Context, a cases.Actor, k cases.APIKey) error {
	if k.Scopes == nil {
		k.Scopes = []cases.Scope{}
	}
	scopes, err := document(k.Scopes)
	if err != nil {
		return err
	}
	return s.write(ctx, func(tx *gorm.DB) error {
		err := tx.Exec("INSERT INTO api_keys (id, name, prefix, digest, scopes, owner_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			k.ID, text(k.Name), k.Prefix, k.Digest, scopes, k.OwnerID, stored(k.CreatedAt), storedPtr(k.ExpiresAt)).Error
		if err != nil {
			return err
		}
		e := cases.NewEvent(k.CreatedAt, a, string(cases.CmdManageKeys), "api_key", k.ID, "created")
		e.Data = map[string]string{"name": k.Name, "scopes": scopes}
		return insertEvents(tx, []cases.Event{e})
	})
}

// APIKeyByDigest finds a key, a revoked or expired one too.
func (s *Store) APIKeyByDigest(ctx context.Context, digest string) (cases.APIKey, error) {
	var k cases.APIKey
	err := found(s.read(ctx).Raw("SELECT * FROM api_keys WHERE digest = ?", digest).Scan(&k), "this key")
	return k, translate(err)
}

// APIKeys lists all keys, newest first.
func (s *Store) APIKeys(ctx context.Context) ([]cases.APIKey, error) {
	var ks []cases.APIKey
	err := s.read(ctx).Raw("SELECT * FROM api_keys ORDER BY created_at DESC, id").Scan(&ks).Error
	return ks, translate(err)
}

// RevokeAPIKey ends a key for good; doing it twice changes nothing.
func (s *Store) RevokeAPIKey(ctx context.Context, a cases.Actor, now time.Time, id string) error {
	now = stored(now)
	return s.write(ctx, func(tx *gorm.DB) error {
		var k cases.APIKey
		if err := found(tx.Raw("SELECT * FROM api_keys WHERE id = ?"+s.lock(), text(id)).Scan(&k), "this key"); err != nil || k.RevokedAt != nil {
			return err
		}
		if err := tx.Exec("UPDATE api_keys SET revoked_at = ? WHERE id = ?", now, k.ID).Error; err != nil {
			return err
		}
		e := cases.NewEvent(now, a, string(cases.CmdManageKeys), "api_key", k.ID, "revoked")
		e.Data = map[string]string{"name": k.Name}
		return insertEvents(tx, []cases.Event{e})
	})
}

// touchEvery bounds how often the use of a key is written down.
const touchEvery = time.Minute

// TouchAPIKey records that a key was used, to the minute.
func (s *Store) TouchAPIKey(ctx context.Context, id string, now time.Time) error {
	now = stored(now)
	return s.write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE api_keys SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at <= ?)", now, id, now.Add(-touchEvery)).Error
	})
}
