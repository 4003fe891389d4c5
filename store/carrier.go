package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// maxTree is how many levels of resellers are followed upwards. Real trees
// have three or four; the cap also ends the walk where the data has a cycle.
const maxTree = 16

// Account finds by id.
func (s *Store) Account(ctx context.Context, id string) (cases.Account, error) {
	var a cases.Account
	r := s.read(ctx).Where("id = ?", id).Limit(1).Find(&a)
	return account(a), translate(found(r, "account "+id))
}

// account gives its times the form in which they went in.
func account(a cases.Account) cases.Account {
	if !a.OpenedAt.IsZero() {
		a.OpenedAt = a.OpenedAt.UTC()
	}
	if !a.ClosedAt.IsZero() {
		a.ClosedAt = a.ClosedAt.UTC()
	}
	a.UpdatedAt = a.UpdatedAt.UTC()
	return a
}

func accounts(in []cases.Account) []cases.Account {
	for i := range in {
		in[i] = account(in[i])
	}
	return in
}

// AccountPath returns the resellers above an account, nearest first: none for a
// direct customer. A reseller that was never imported ends it, as does one that
// is below itself.
func (s *Store) AccountPath(ctx context.Context, id string) ([]cases.Account, error) {
	if _, err := s.Account(ctx, id); err != nil {
		return nil, err
	}
	path, err := accountPath(s.read(ctx), id)
	return path, translate(err)
}

func accountPath(tx *gorm.DB, id string) ([]cases.Account, error) {
	var up []cases.Account
	err := tx.Raw(`with recursive up (id, depth) as (
		select parent_id, 1 from accounts where id = ? and parent_id <> ''
		union all
		select a.parent_id, up.depth + 1 from accounts a join up on a.id = up.id where a.parent_id <> '' and up.depth < ?
	) select a.* from up join accounts a on a.id = up.id order by up.depth`, id, maxTree).Scan(&up).Error
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{id: true}
	for i, a := range up {
		if seen[a.ID] {
			up = up[:i]
			break
		}
		seen[a.ID] = true
	}
	return accounts(up), nil
}

// Accounts lists by name those that have every word of text in their id, name
// or contact.
func (s *Store) Accounts(ctx context.Context, text, cursor string, limit int) (cases.Page[cases.Account], error) {
	limit = pageLimit(limit)
	tx := s.read(ctx)
	for _, word := range strings.Fields(strings.ToLower(text)) {
		like := "%" + escapeLike.Replace(word) + "%"
		tx = tx.Where(`(lower(id) like ? escape '!' or lower(name) like ? escape '!' or lower(email) like ? escape '!')`, like, like, like)
	}
	if cursor != "" {
		name, id, err := parseAccountCursor(cursor)
		if err != nil {
			return cases.Page[cases.Account]{}, err
		}
		tx = tx.Where("(name, id) > (?, ?)", name, id)
	}
	var items []cases.Account
	if err := tx.Order("name, id").Limit(limit + 1).Find(&items).Error; err != nil {
		return cases.Page[cases.Account]{}, translate(err)
	}
	return cut(accounts(items), limit, func(a cases.Account) string { return accountCursor(a.Name, a.ID) }), nil
}

var escapeLike = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// accountCursor is the place after an account in the order of the list. It is
// opaque to the outside.
func accountCursor(name, id string) string {
	b, _ := json.Marshal([2]string{name, id}) // two strings always marshal
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseAccountCursor(cursor string) (name, id string, err error) {
	var at [2]string
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(b, &at)
	}
	if err != nil {
		return "", "", cases.Invalid(cases.Problem{Field: "cursor", Message: "is not one that we gave out"})
	}
	return at[0], at[1], nil
}

// Entitlements returns every right to show a number, past ones too: whose call
// it is, is asked as of the call's time.
func (s *Store) Entitlements(ctx context.Context, e164 string) ([]cases.Entitlement, error) {
	var out []cases.Entitlement
	err := s.read(ctx).Where("e164 = ?", e164).Order("valid_from, id").Find(&out).Error
	return entitlements(out), translate(err)
}

func entitlements(in []cases.Entitlement) []cases.Entitlement {
	for i := range in {
		in[i].From, in[i].Until = in[i].From.UTC(), storedPtr(in[i].Until)
	}
	return in
}

// AccountsBelow lists the customers directly below a reseller, by name.
func (s *Store) AccountsBelow(ctx context.Context, id, cursor string, limit int) (cases.Page[cases.Account], error) {
	limit = pageLimit(limit)
	tx := s.read(ctx).Where("parent_id = ?", id)
	if cursor != "" {
		name, at, err := parseAccountCursor(cursor)
		if err != nil {
			return cases.Page[cases.Account]{}, err
		}
		tx = tx.Where("(name, id) > (?, ?)", name, at)
	}
	var items []cases.Account
	if err := tx.Order("name, id").Limit(limit + 1).Find(&items).Error; err != nil {
		return cases.Page[cases.Account]{}, translate(err)
	}
	return cut(accounts(items), limit, func(a cases.Account) string { return accountCursor(a.Name, a.ID) }), nil
}

// CountAccountsBelow counts the customers directly below a reseller, and all at
// most maxTree levels below it.
func (s *Store) CountAccountsBelow(ctx context.Context, id string) (direct, all int, err error) {
	err = s.read(ctx).Raw(`WITH RECURSIVE tree (id, depth) AS (
		SELECT id, 1 FROM accounts WHERE parent_id = ? UNION SELECT a.id, t.depth + 1 FROM accounts a JOIN tree t ON a.parent_id = t.id WHERE t.depth < ?
	) SELECT coalesce(sum(CASE WHEN depth = 1 THEN 1 ELSE 0 END), 0), count(*) FROM tree`, id, maxTree).Row().Scan(&direct, &all)
	return direct, all, translate(err)
}
