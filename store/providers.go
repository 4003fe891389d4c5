package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

const providerColumns = `id, name, aliases, country, frn, ocn, spc, abuse_contact, traceback_contact, note, rmd_number, rmd_status, rmd_since, rmd_implementation, rmd_roles, rmd_recertified,
	rmd_checked_at, rmd_source, updated_at`

func providerRow(p cases.Provider) []any {
	return []any{p.ID, text(p.Name), text(p.Aliases), p.Country, p.FRN, text(p.OCN), text(p.SPC), text(p.AbuseContact), text(p.TracebackContact), text(p.Note), text(p.RMD.Number), p.RMD.Status,
		storedPtr(p.RMD.Since), text(p.RMD.Implementation), text(p.RMD.Roles), storedPtr(p.RMD.Recertified), storedPtr(p.RMD.CheckedAt), text(p.RMD.Source), stored(p.UpdatedAt)}
}

// ImportProviders inserts or corrects providers, all or none, with one event. A
// row that says nothing of the Robocall Mitigation Database leaves what is known
// of it, and one that repeats a status leaves since when it holds.
func (s *Store) ImportProviders(ctx context.Context, a cases.Actor, now time.Time, in []cases.Provider) error {
	rows := lastOf(in, func(p cases.Provider) string { return p.ID })
	return s.importRows(ctx, a, now, "provider", ids(rows, func(p cases.Provider) string { return p.ID }), func(tx *gorm.DB, names []string) (bool, error) {
		before, err := loadByID[cases.Provider](tx, names)
		if err != nil {
			return false, err
		}
		known := map[string]cases.Provider{}
		for _, p := range before {
			known[p.ID] = p
		}
		var values [][]any
		for _, p := range rows {
			was := known[p.ID].RMD
			switch {
			case p.RMD.Status == cases.RMDUnknown:
				number := p.RMD.Number
				if p.RMD = was; number != "" {
					p.RMD.Number = number
				}
			case p.RMD.Since == nil && p.RMD.Status == was.Status:
				p.RMD.Since = was.Since
			case p.RMD.Since == nil:
				p.RMD.Since = &now
			}
			if p.RMD.Status != cases.RMDUnknown && p.RMD.CheckedAt == nil {
				p.RMD.CheckedAt = &now
			}
			p.UpdatedAt = now
			values = append(values, providerRow(p))
		}
		return false, putProviders(tx, values)
	})
}

func putProviders(tx *gorm.DB, values [][]any) error {
	_, err := insert(tx, "providers ("+providerColumns+")", values, `ON CONFLICT (id) DO UPDATE SET name = excluded.name, aliases = excluded.aliases, country = excluded.country, frn = excluded.frn,
		ocn = excluded.ocn, spc = excluded.spc, abuse_contact = excluded.abuse_contact, traceback_contact = excluded.traceback_contact, note = excluded.note, rmd_number = excluded.rmd_number,
		rmd_status = excluded.rmd_status, rmd_since = excluded.rmd_since, rmd_implementation = excluded.rmd_implementation, rmd_roles = excluded.rmd_roles, rmd_recertified = excluded.rmd_recertified,
		rmd_checked_at = excluded.rmd_checked_at, rmd_source = excluded.rmd_source, updated_at = excluded.updated_at`)
	return err
}

// UpdateProviders locks all providers and commits what change makes of them: it
// returns those that changed. One event has the counts.
func (s *Store) UpdateProviders(ctx context.Context, a cases.Actor, now time.Time, reason string, change func([]cases.Provider) (changed []cases.Provider, counts map[string]int)) error {
	err := s.write(ctx, func(tx *gorm.DB) error {
		var all []cases.Provider
		if err := tx.Raw("SELECT * FROM providers ORDER BY id" + s.lock()).Scan(&all).Error; err != nil {
			return err
		}
		changed, counts := change(providers(all))
		var values [][]any
		for _, p := range changed {
			p.UpdatedAt = now
			values = append(values, providerRow(p))
		}
		if err := putProviders(tx, values); err != nil {
			return err
		}
		e := cases.NewEvent(stored(now), a, string(cases.CmdImport), "provider", reason, "")
		e.Data = map[string]string{}
		for k, n := range counts {
			e.Data[k] = strconv.Itoa(n)
		}
		return insertEvents(tx, []cases.Event{e})
	})
	if err != nil {
		return fmt.Errorf("update providers: %w", err)
	}
	return nil
}

func providers(in []cases.Provider) []cases.Provider {
	for i := range in {
		r := &in[i].RMD
		r.Since, r.Recertified, r.CheckedAt, in[i].UpdatedAt = storedPtr(r.Since), storedPtr(r.Recertified), storedPtr(r.CheckedAt), in[i].UpdatedAt.UTC()
	}
	return in
}

// Provider finds by the name that call records have.
func (s *Store) Provider(ctx context.Context, id string) (cases.Provider, error) {
	var p []cases.Provider
	err := found(s.read(ctx).Raw("SELECT * FROM providers WHERE id = ?", id).Scan(&p), "provider "+id)
	if err != nil {
		return cases.Provider{}, translate(err)
	}
	return providers(p)[0], nil
}

// Providers lists by id.
func (s *Store) Providers(ctx context.Context, q cases.ProviderQuery) (cases.Page[cases.Provider], error) {
	var w where
	for _, word := range strings.Fields(strings.ToLower(q.Text)) {
		like := "%" + escapeLike.Replace(word) + "%"
		w.and("(lower(id) like ? escape '!' or lower(name) like ? escape '!' or lower(aliases) like ? escape '!')", like, like, like)
	}
	switch {
	case q.Refuse:
		w.and("rmd_status IN ?", []cases.RMDStatus{cases.RMDRemoved, cases.RMDNotListed})
	case q.Status == "unknown":
		w.and("rmd_status = ''")
	case q.Status != "":
		w.and("rmd_status = ?", q.Status)
	}
	if q.Cursor != "" {
		_, id, err := parseAccountCursor(q.Cursor)
		if err != nil {
			return cases.Page[cases.Provider]{}, err
		}
		w.and("id > ?", id)
	}
	limit := pageLimit(q.Limit)
	var out []cases.Provider
	err := s.read(ctx).Raw(fmt.Sprintf("SELECT * FROM providers WHERE %s ORDER BY id LIMIT %d", &w, limit+1), w.args...).Scan(&out).Error
	if err != nil {
		return cases.Page[cases.Provider]{}, translate(err)
	}
	return cut(providers(out), limit, func(p cases.Provider) string { return accountCursor("", p.ID) }), nil
}

// PeersUnknown names providers that call records have of late and nobody imported,
// the busiest first, at most limit.
func (s *Store) PeersUnknown(ctx context.Context, since time.Time, limit int) ([]string, error) {
	var out []string
	err := s.read(ctx).Raw(`SELECT h.key FROM hour_stats h WHERE h.key_kind = ? AND h.hour >= ? AND NOT EXISTS (SELECT 1 FROM providers p WHERE p.id = h.key)
		GROUP BY h.key ORDER BY sum(h.attempts) DESC, h.key LIMIT ?`, keyPeer, stored(since), limit).Scan(&out).Error
	return slices.Clip(out), translate(err)
}
