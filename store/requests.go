package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// BeginRequest claims an Idempotency-Key, or returns what is known of the
// request that came with it before: its answer, or at least its effect. Mine is
// true for whoever is to do what is asked. ErrConflict when the key was used for
// something else; ErrUnavailable while the first one is under way.
func (s *Store) BeginRequest(ctx context.Context, now time.Time, r cases.IdempotentRequest) (known cases.IdempotentRequest, mine bool, err error) {
	now = stored(now)
	err = s.write(ctx, func(tx *gorm.DB) error {
		n, err := insert(tx, "idempotent_requests (client, key, operation, digest, lease_until, created_at)",
			[][]any{{r.Client, text(r.Key), r.Operation, r.Digest, now.Add(cases.RequestLease), now}}, "ON CONFLICT (client, key) DO NOTHING")
		if err != nil {
			return err
		}
		err = found(tx.Raw("SELECT * FROM idempotent_requests WHERE client = ? AND key = ?"+s.lock(), r.Client, text(r.Key)).Scan(&known), "this request")
		if cases.KindOf(err) == cases.KindNotFound {
			return &cases.Error{Kind: cases.KindUnavailable, Message: "the first request with this idempotency key has just been refused"}
		}
		if err != nil {
			return err
		}
		switch {
		case n == 1:
			mine = true
		case known.Digest != r.Digest:
			return cases.Conflict("this idempotency key was used before, for another request")
		case known.Answered():
		case known.LeaseUntil.After(now):
			return &cases.Error{Kind: cases.KindUnavailable, Message: "the first request with this idempotency key is still being worked on"}
		case known.Done():
		default: // it died before it did anything
			mine = true
			known.Epoch++
			return tx.Exec("UPDATE idempotent_requests SET epoch = ?, lease_until = ? WHERE client = ? AND key = ?", known.Epoch, now.Add(cases.RequestLease), known.Client, known.Key).Error
		}
		return nil
	})
	return known, mine && err == nil, err
}

// markRequest ties an effect to the request that it is the effect of, in the
// transaction of both. ErrFenced when the request was taken over: then its
// effect is another's to make.
func markRequest(tx *gorm.DB, e cases.Event) error {
	r, ok := cases.RequestOf(tx.Statement.Context)
	if !ok {
		return nil
	}
	u := tx.Exec(`UPDATE idempotent_requests SET object_kind = CASE WHEN object_id = '' THEN ? ELSE object_kind END, object_id = CASE WHEN object_id = '' THEN ? ELSE object_id END
		WHERE client = ? AND key = ? AND epoch = ?`, e.ObjectKind, short(e.ObjectID), r.Client, r.Key, r.Epoch)
	if u.Error == nil && u.RowsAffected == 0 {
		return &cases.Error{Kind: cases.KindFenced, Message: "the request took too long, and was taken over by a later one"}
	}
	return u.Error
}

// AnswerRequest keeps the answer to a request.
func (s *Store) AnswerRequest(ctx context.Context, r cases.IdempotentRequest, status int, answer []byte) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE idempotent_requests SET status = ?, answer = ? WHERE client = ? AND key = ? AND epoch = ?", status, answer, r.Client, r.Key, r.Epoch).Error
	})
}

// DropRequest frees the key of a request that had no effect, so that it can be
// used for a better one. One that had an effect ends its lease.
func (s *Store) DropRequest(ctx context.Context, now time.Time, r cases.IdempotentRequest) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		mine := []any{r.Client, r.Key, r.Epoch}
		if err := tx.Exec("DELETE FROM idempotent_requests WHERE client = ? AND key = ? AND epoch = ? AND object_id = ''", mine...).Error; err != nil {
			return err
		}
		return tx.Exec("UPDATE idempotent_requests SET lease_until = ? WHERE client = ? AND key = ? AND epoch = ?", append([]any{stored(now)}, mine...)...).Error
	})
}

// PruneRequests forgets at most limit requests that came before a time.
func (s *Store) PruneRequests(ctx context.Context, before time.Time, limit int) (int, error) {
	var n int64
	err := s.write(ctx, func(tx *gorm.DB) error {
		r := tx.Exec("DELETE FROM idempotent_requests WHERE (client, key) IN (SELECT client, key FROM idempotent_requests WHERE created_at < ? ORDER BY created_at LIMIT ?)", stored(before), limit)
		n = r.RowsAffected
		return r.Error
	})
	return int(n), err
}
