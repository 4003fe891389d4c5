package store

import (
	"context"

	"github.com/abusedesk/abusedesk/cases"
)

// Connection finds one by id.
func (s *Store) Connection(ctx context.Context, id string) (cases.Connection, error) {
	var c cases.Connection
	err := s.read(ctx).Where("id = ?", id).Take(&c).Error
	return c, translate(err)
}

// ConnectionsOf returns the connections of the accounts, by id.
func (s *Store) ConnectionsOf(ctx context.Context, accounts []string) ([]cases.Connection, error) {
	var out []cases.Connection
	if len(accounts) == 0 {
		return nil, nil
	}
	err := s.read(ctx).Where("account_id IN ?", accounts).Order("id").Find(&out).Error
	return out, translate(err)
}

// AccountTree returns the account's id and those of all accounts below it, at
// most limit. UNION, not UNION ALL: a circle in the tree ends by itself.
func (s *Store) AccountTree(ctx context.Context, id string, limit int) ([]string, error) {
	var ids []string
	err := s.read(ctx).Raw(`WITH RECURSIVE tree (id) AS (
		SELECT CAST(? AS text) UNION SELECT a.id FROM accounts a JOIN tree t ON a.parent_id = t.id
	) SELECT id FROM tree LIMIT ?`, id, limit).Scan(&ids).Error
	return ids, translate(err)
}
