package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// keyHolders returns who holds the keys. A key is held while it is live, also
// by a case whose reopen window ended a moment ago, until ReleaseKeys frees it.
func keyHolders(tx *gorm.DB, keys []cases.CaseKey) ([]cases.Holder, error) {
	var holders []cases.Holder
	for chunk := range slices.Chunk(keys, insertChunk) {
		rows := make([][]any, len(chunk))
		for i, k := range chunk {
			rows[i] = []any{k.Kind, k.Value}
		}
		v, args := values(rows)
		var got []struct {
			Kind     cases.KeyKind
			Value    string
			CaseID   int64
			OpenedAt time.Time
			Open     bool
		}
		err := tx.Raw(`SELECT k.kind, k.value, k.case_id, c.created_at AS opened_at, c.state <> 'resolved' AS open
			FROM case_keys k JOIN cases c ON c.id = k.case_id WHERE k.live AND (k.kind, k.value) IN (VALUES `+v+`) ORDER BY k.kind, k.value`, args...).Scan(&got).Error
		if err != nil {
			return nil, err
		}
		for _, g := range got {
			holders = append(holders, cases.Holder{Key: cases.CaseKey{Kind: g.Kind, Value: g.Value}, CaseID: g.CaseID, OpenedAt: g.OpenedAt.UTC(), Open: g.Open})
		}
	}
	return holders, nil
}

// unheld returns the keys that nobody holds, in their order.
func unheld(keys []cases.CaseKey, holders []cases.Holder) []cases.CaseKey {
	return slices.DeleteFunc(slices.Clone(keys), func(k cases.CaseKey) bool {
		return slices.ContainsFunc(holders, func(h cases.Holder) bool { return h.Key == k })
	})
}

// claimKeys takes sorted keys for a case, or fails with errLostClaim when
// somebody else has taken one of them since.
func claimKeys(tx *gorm.DB, now time.Time, caseID int64, keys []cases.CaseKey) error {
	return claimRows(tx, keyRows(now, caseID, keys))
}

func keyRows(now time.Time, caseID int64, keys []cases.CaseKey) [][]any {
	rows := make([][]any, len(keys))
	for i, k := range keys {
		rows[i] = []any{k.Kind, k.Value, caseID, true, now}
	}
	return rows
}

func claimRows(tx *gorm.DB, rows [][]any) error {
	n, err := insertKeys(tx, rows)
	if err == nil && n < int64(len(rows)) {
		return errLostClaim
	}
	return err
}

func insertKeys(tx *gorm.DB, rows [][]any) (int64, error) {
	return insert(tx, "case_keys (kind, value, case_id, live, claimed_at)", rows, "ON CONFLICT (kind, value) WHERE live DO NOTHING")
}

// reclaimKeys gives a case that was reopened back the keys that were released
// meanwhile. What another live case has taken stays there, and the two are
// related.
func reclaimKeys(tx *gorm.DB, now time.Time, caseID int64) error {
	var keys []cases.CaseKey
	err := tx.Raw(`SELECT DISTINCT kind, value FROM case_keys k WHERE case_id = ? AND NOT live
		AND NOT EXISTS (SELECT 1 FROM case_keys o WHERE o.live AND o.kind = k.kind AND o.value = k.value AND o.case_id = k.case_id)
		ORDER BY kind, value`, caseID).Scan(&keys).Error
	if err != nil || len(keys) == 0 {
		return err
	}
	if _, err := insertKeys(tx, keyRows(now, caseID, keys)); err != nil {
		return err
	}
	holders, err := keyHolders(tx, keys)
	if err != nil {
		return err
	}
	var others []int64
	for _, h := range holders {
		if h.CaseID != caseID && !slices.Contains(others, h.CaseID) {
			others = append(others, h.CaseID)
		}
	}
	return relate(tx, now, caseID, holders, others)
}

// releaseBatch bounds how many cases one ReleaseKeys lets go.
const releaseBatch = 500

// ReleaseKeys frees the keys of cases whose reopen window has passed, at most
// 500 at once, and says of how many. A report that came at the same moment and
// joined such a case reopens it, which claims the keys again. A merged case
// keeps its date for the day that it is taken apart.
func (s *Store) ReleaseKeys(ctx context.Context, now time.Time) (int, error) {
	var ids []int64
	err := s.write(ctx, func(tx *gorm.DB) error {
		err := tx.Raw("SELECT id FROM cases WHERE live_until IS NOT NULL AND live_until <= ? AND merged_into = 0 ORDER BY live_until LIMIT ?"+s.skipLocked(), stored(now), releaseBatch).Scan(&ids).Error
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := tx.Exec("UPDATE case_keys SET live = ? WHERE live AND case_id IN ?", false, ids).Error; err != nil {
			return err
		}
		return tx.Exec("UPDATE cases SET live_until = NULL WHERE id IN ?", ids).Error
	})
	return len(ids), err
}
