package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// Revision is the number of the last change that snapshots must hold.
func (s *Store) Revision(ctx context.Context) (int64, error) {
	var revision int64
	err := s.read(ctx).Raw("SELECT revision FROM restriction_revision WHERE one = 1").Scan(&revision).Error
	return revision, translate(err)
}

// PolicyState reads all that a snapshot needs as of one moment: of restrictions
// only those in force, and of these only what decides (id, kind, target, value,
// state, revision and expiry). Parents has every account as a key, with "" where
// nobody is above it.
func (s *Store) PolicyState(ctx context.Context) (cases.PolicyState, error) {
	st := cases.PolicyState{Parents: map[string]string{}}
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Raw("SELECT revision FROM restriction_revision WHERE one = 1").Scan(&st.Revision).Error; err != nil {
			return err
		}
		if err := scanInForce(tx, &st); err != nil {
			return err
		}
		if err := scanParents(tx, &st); err != nil {
			return err
		}
		return tx.Raw("SELECT * FROM connections ORDER BY id").Scan(&st.Connections).Error
	}, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return cases.PolicyState{}, fmt.Errorf("read the restrictions in force: %w", translate(err))
	}
	return st, nil
}

// scanInForce goes row by row: gorm's reflection would be most of the time that
// a replica needs for a change.
func scanInForce(tx *gorm.DB, st *cases.PolicyState) error {
	rows, err := tx.Raw("SELECT id, kind, target_kind, target_id, value, state, revision, expires_at FROM restrictions WHERE state IN ? ORDER BY id",
		[]cases.RestrictionState{cases.RestrictionApplying, cases.RestrictionActive, cases.RestrictionDrifted}).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r cases.Restriction
		var value sql.RawBytes
		var expires sql.NullTime
		if err := rows.Scan(&r.ID, &r.Kind, &r.TargetKind, &r.TargetID, &value, &r.State, &r.Revision, &expires); err != nil {
			return err
		}
		if err := json.Unmarshal(value, &r.Value); err != nil {
			return fmt.Errorf("value of restriction %d: %w", r.ID, err)
		}
		if expires.Valid {
			r.ExpiresAt = storedPtr(&expires.Time)
		}
		st.Restrictions = append(st.Restrictions, r)
	}
	return rows.Err()
}

func scanParents(tx *gorm.DB, st *cases.PolicyState) error {
	rows, err := tx.Raw("SELECT id, parent_id FROM accounts").Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var account, parent string
		if err := rows.Scan(&account, &parent); err != nil {
			return err
		}
		st.Parents[account] = parent
	}
	return rows.Err()
}
