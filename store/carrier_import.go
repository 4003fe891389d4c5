package store

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/abusedesk/abusedesk/cases"
)

// MaxImport is the most rows that one import may hold.
const MaxImport = 5000

// ImportAccounts inserts or corrects accounts, all or none, with one event. It
// refuses a tree in which an account is above itself. Where accounts are new or
// parents change, a revision is taken: snapshots answer calls of an account that
// they do not know by the fail mode, and a restriction of a reseller holds for
// the accounts below it. The last of several rows with one
// id counts. ErrTooLarge above MaxImport.
func (s *Store) ImportAccounts(ctx context.Context, a cases.Actor, now time.Time, in []cases.Account) error {
	rows := lastOf(in, func(x cases.Account) string { return x.ID })
	for i := range rows {
		r := &rows[i]
		r.Status = cmp.Or(r.Status, "active")
		r.UpdatedAt = stored(now)
		if !r.OpenedAt.IsZero() {
			r.OpenedAt = stored(r.OpenedAt)
		}
		if !r.ClosedAt.IsZero() {
			r.ClosedAt = stored(r.ClosedAt)
		}
	}
	return s.importRows(ctx, a, now, "account", ids(rows, func(x cases.Account) string { return x.ID }), func(tx *gorm.DB, names []string) (bool, error) {
		before, err := loadByID[cases.Account](tx, names)
		if err != nil {
			return false, err
		}
		parents := map[string]string{}
		for _, o := range before {
			parents[o.ID] = o.ParentID
		}
		moved := false
		for _, r := range rows {
			above, known := parents[r.ID]
			moved = moved || !known || above != r.ParentID
		}
		if err := upsert(tx, rows, []string{"id"}, "parent_id", "name", "kind", "country", "status", "protected", "email", "opened_at", "closed_reason", "closed_at", "updated_at"); err != nil {
			return false, err
		}
		if moved {
			if err := refuseCycles(tx, names); err != nil {
				return moved, err
			}
		}
		_, err = s.matchReturners(tx, stored(now), names)
		return moved, err
	})
}

// refuseCycles walks up from the accounts. Every new cycle has one of them in
// it, because it needs a parent that changed.
func refuseCycles(tx *gorm.DB, names []string) error {
	for chunk := range slices.Chunk(names, smallBatch) {
		var bad []string
		err := tx.Raw(`with recursive up (start, id, depth) as (
			select id, parent_id, 1 from accounts where id in ? and parent_id <> ''
			union all
			select up.start, a.parent_id, up.depth + 1 from accounts a join up on a.id = up.id
			where a.parent_id <> '' and up.id <> up.start and up.depth <= ?
		) select start from up where id = start or depth > ? order by start limit 1`, chunk, maxTree, maxTree).Scan(&bad).Error
		if err != nil {
			return err
		}
		if len(bad) > 0 {
			return cases.Invalid(cases.Problem{Field: "parent_id",
				Message: fmt.Sprintf("account %s would be above itself, or below more than %d resellers", bad[0], maxTree)})
		}
	}
	return nil
}

// ImportConnections inserts or corrects connections, all or none, with one
// event, and takes a revision if that changes anything.
func (s *Store) ImportConnections(ctx context.Context, a cases.Actor, now time.Time, in []cases.Connection) error {
	rows := lastOf(in, func(x cases.Connection) string { return x.ID })
	for i := range rows {
		rows[i].UpdatedAt = stored(now)
		if rows[i].SourceIPs == nil {
			rows[i].SourceIPs = []string{}
		}
	}
	return s.importRows(ctx, a, now, "connection", ids(rows, func(x cases.Connection) string { return x.ID }), func(tx *gorm.DB, names []string) (bool, error) {
		before, err := loadByID[cases.Connection](tx, names)
		if err != nil {
			return false, err
		}
		old := map[string]cases.Connection{}
		for _, o := range before {
			old[o.ID] = o
		}
		changed := false
		for _, r := range rows {
			o := old[r.ID]
			changed = changed || o.ID != r.ID || o.AccountID != r.AccountID || o.Country != r.Country || o.TechPrefix != r.TechPrefix ||
				!slices.Equal(o.SourceIPs, r.SourceIPs)
		}
		return changed, upsert(tx, rows, []string{"id"}, "account_id", "name", "country", "source_ips", "tech_prefix", "updated_at")
	})
}

// ImportEntitlements inserts rights to show numbers, or corrects until when
// they hold: a right is known by its number, account, kind and beginning. All
// or none, with one event. Snapshots do not hold them, so no revision is taken.
func (s *Store) ImportEntitlements(ctx context.Context, a cases.Actor, now time.Time, in []cases.Entitlement) error {
	rows := slices.Clone(in)
	for i := range rows {
		rows[i].ID, rows[i].From, rows[i].Until = 0, stored(rows[i].From), storedPtr(rows[i].Until)
		if u := rows[i].Until; u != nil && u.Before(rows[i].From) {
			return cases.Invalid(cases.Problem{Field: "until", Message: "the right of " + rows[i].AccountID + " to show " + rows[i].E164 + " ends before it begins"})
		}
	}
	key := func(x cases.Entitlement) string {
		return x.E164 + "\x00" + x.AccountID + "\x00" + string(x.Kind) + "\x00" + strconv.FormatInt(x.From.UnixMicro(), 10)
	}
	rows = lastOf(rows, key)
	return s.importRows(ctx, a, now, "entitlement", ids(rows, func(x cases.Entitlement) string { return x.E164 }), func(tx *gorm.DB, _ []string) (bool, error) {
		return false, upsert(tx, rows, []string{"e164", "account_id", "kind", "valid_from"}, "valid_until")
	})
}

// importRows is what every import does around its rows.
func (s *Store) importRows(ctx context.Context, a cases.Actor, now time.Time, kind string, names []string, keep func(tx *gorm.DB, names []string) (bool, error)) error {
	if len(names) == 0 {
		return nil
	}
	if len(names) > MaxImport {
		return &cases.Error{Kind: cases.KindTooLarge, Message: fmt.Sprintf("an import holds at most %d rows, this one has %d: send several", MaxImport, len(names))}
	}
	for _, n := range names {
		if n == "" {
			return cases.Invalid(cases.Problem{Field: "id", Message: "is required on every row"})
		}
	}
	err := s.write(ctx, func(tx *gorm.DB) error {
		revise, err := keep(tx, names)
		if err != nil {
			return err
		}
		e := cases.NewEvent(stored(now), a, string(cases.CmdImport), kind, names[0], "")
		e.Data = map[string]string{"rows": strconv.Itoa(len(names)), "last": names[len(names)-1]}
		// The revision's row is locked until the commit: take it last.
		if revise {
			rev, err := nextRevision(tx)
			if err != nil {
				return err
			}
			e.Data["revision"] = strconv.FormatInt(rev, 10)
		}
		return insertEvents(tx, []cases.Event{e})
	})
	if err != nil {
		return fmt.Errorf("import %d rows of kind %s: %w", len(names), kind, err)
	}
	return nil
}

// lastOf keeps the last row of each key, in the order of the keys, so that two
// imports of the same rows wait for each other instead of deadlocking.
func lastOf[T any](in []T, key func(T) string) []T {
	byKey := make(map[string]T, len(in))
	for _, r := range in {
		byKey[key(r)] = r
	}
	keys := make([]string, 0, len(byKey))
	for k := range byKey {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := make([]T, len(keys))
	for i, k := range keys {
		out[i] = byKey[k]
	}
	return out
}

func ids[T any](rows []T, id func(T) string) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = id(r)
	}
	return out
}

func loadByID[T any](tx *gorm.DB, names []string) ([]T, error) {
	var out []T
	for chunk := range slices.Chunk(names, 500) {
		var part []T
		if err := tx.Where("id in ?", chunk).Find(&part).Error; err != nil {
			return nil, err
		}
		out = append(out, part...)
	}
	return out, nil
}

// upsert inserts rows, or sets the named columns of those that are there.
func upsert[T any](tx *gorm.DB, rows []T, key []string, set ...string) error {
	columns := make([]clause.Column, len(key))
	for i, k := range key {
		columns[i].Name = k
	}
	for chunk := range slices.Chunk(rows, smallBatch) {
		if err := tx.Clauses(clause.OnConflict{Columns: columns, DoUpdates: clause.AssignmentColumns(set)}).Create(chunk).Error; err != nil {
			return fmt.Errorf("upsert %s: %w", reflect.TypeFor[T]().Name(), err)
		}
	}
	return nil
}
