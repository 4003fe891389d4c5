package store

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// Sessions keeps the console's sessions: the Store and CtxStore of
// github.com/alexedwards/scs. Tokens reach it digested (HashTokenInStore).
type Sessions struct {
	// Now is time.Now, which scs goes by too, unless a test sets it.
	Now func() time.Time
	// Person reads from a session's data whose it is ("" for nobody's), so that
	// a new password ends all of a person's sessions. Nil: they live on.
	Person func(data []byte) string

	store *Store
}

// Sessions returns the session store.
func (s *Store) Sessions() *Sessions { return &Sessions{Now: time.Now, store: s} }

// FindCtx returns the data of a session that has not expired.
func (x *Sessions) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var rows []struct{ Data []byte }
	err := x.store.read(ctx).Raw("SELECT data FROM sessions WHERE token = ? AND expiry > ?", text(token), stored(x.Now())).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, false, translate(err)
	}
	return rows[0].Data, true, nil
}

// CommitCtx keeps a session until expiry.
func (x *Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	person := ""
	if x.Person != nil {
		person = x.Person(data)
	}
	return x.store.write(ctx, func(tx *gorm.DB) error {
		return tx.Exec(`INSERT INTO sessions (token, person_id, data, expiry) VALUES (?, ?, ?, ?)
			ON CONFLICT (token) DO UPDATE SET person_id = excluded.person_id, data = excluded.data, expiry = excluded.expiry`,
			text(token), text(person), data, stored(expiry)).Error
	})
}

// DeleteCtx forgets a session.
func (x *Sessions) DeleteCtx(ctx context.Context, token string) error {
	return x.store.write(ctx, func(tx *gorm.DB) error { return tx.Exec("DELETE FROM sessions WHERE token = ?", text(token)).Error })
}

// Find, Commit and Delete are the same for callers without a context.
func (x *Sessions) Find(token string) ([]byte, bool, error) {
	return x.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (x *Sessions) Commit(token string, data []byte, expiry time.Time) error {
	return x.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx without a context.
func (x *Sessions) Delete(token string) error { return x.DeleteCtx(context.Background(), token) }

// PruneSessions forgets expired sessions and says how many.
func (s *Store) PruneSessions(ctx context.Context, now time.Time) (int, error) {
	var n int64
	err := s.write(ctx, func(tx *gorm.DB) error {
		r := tx.Exec("DELETE FROM sessions WHERE expiry <= ?", stored(now))
		n = r.RowsAffected
		return r.Error
	})
	return int(n), err
}
