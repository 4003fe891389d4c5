package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// ImportTraits keeps traits of accounts, all or none, with one event, and looks
// at once whether one of the accounts may be of a customer who was cut off. A
// trait that is there keeps the earlier first sight.
func (s *Store) ImportTraits(ctx context.Context, a cases.Actor, now time.Time, in []cases.AccountTrait) error {
	rows := lastOf(in, func(t cases.AccountTrait) string { return t.AccountID + "\x00" + string(t.Kind) + "\x00" + t.Digest })
	return s.importRows(ctx, a, now, "trait", ids(rows, func(t cases.AccountTrait) string { return t.AccountID }), func(tx *gorm.DB, names []string) (bool, error) {
		if err := keepTraits(tx, now, rows); err != nil {
			return false, err
		}
		_, err := s.matchReturners(tx, stored(now), slices.Compact(slices.Sorted(slices.Values(names))))
		return false, err
	})
}

func keepTraits(tx *gorm.DB, now time.Time, in []cases.AccountTrait) error {
	var rows [][]any
	for _, t := range in {
		rows = append(rows, []any{t.AccountID, t.Kind, t.Digest, short(t.Shown), stored(t.FirstSeen), stored(now)})
	}
	_, err := insert(tx, "account_traits (account_id, kind, digest, shown, first_seen, updated_at)", rows, `ON CONFLICT (account_id, kind, digest) DO UPDATE SET shown = excluded.shown,
		first_seen = CASE WHEN excluded.first_seen < account_traits.first_seen THEN excluded.first_seen ELSE account_traits.first_seen END, updated_at = excluded.updated_at`)
	return err
}

// accountPair is two accounts that have a trait in common.
type accountPair struct{ Account, Other string }

// pairsWith finds who shares a trait with the accounts, of those that at most
// cases.MaxSharing have. only, when there are any, are accounts of which one must
// be in each pair.
func pairsWith(tx *gorm.DB, accounts, only []string) ([]accountPair, error) {
	var out []accountPair
	for chunk := range slices.Chunk(accounts, 200) {
		narrow, args := "", []any{chunk, chunk, cases.MaxSharing, chunk, cases.TraitFamilyName}
		if len(only) > 0 {
			narrow, args = "AND (m.account_id IN ? OR t.account_id IN ?)", append(args, only, only)
		}
		var part []accountPair
		// The inner query keeps what thousands share out of the join.
		err := tx.Raw(`SELECT DISTINCT m.account_id AS account, t.account_id AS other FROM account_traits t
			JOIN (SELECT x.digest, x.kind FROM account_traits x WHERE x.digest IN (SELECT y.digest FROM account_traits y WHERE y.account_id IN ?)
				AND EXISTS (SELECT 1 FROM account_traits z WHERE z.digest = x.digest AND z.kind = x.kind AND z.account_id IN ?)
				GROUP BY x.digest, x.kind HAVING count(*) BETWEEN 2 AND ?) few ON few.digest = t.digest AND few.kind = t.kind
			JOIN account_traits m ON m.digest = t.digest AND m.kind = t.kind AND m.account_id <> t.account_id
			WHERE t.account_id IN ? AND t.kind <> ? `+narrow, args...).Scan(&part).Error
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
	}
	return out, nil
}

// traitRow is a trait with who has it.
type traitRow struct {
	AccountID string
	ParentID  string
	Kind      cases.TraitKind
	Digest    string
	Shown     string
	FirstSeen moment
}

type traitKey struct {
	kind   cases.TraitKind
	digest string
}

// sharedTraits says what the accounts of each pair have in common, and since when
// each account has been seen.
func sharedTraits(tx *gorm.DB, pairs []accountPair) (map[accountPair][]cases.SharedTrait, map[string]time.Time, error) {
	var accounts []string
	for _, p := range pairs {
		accounts = append(accounts, p.Account, p.Other)
	}
	slices.Sort(accounts)
	accounts = slices.Compact(accounts)
	of, seen, digests := map[string][]traitRow{}, map[string]time.Time{}, []string{}
	for chunk := range slices.Chunk(accounts, 500) {
		var rows []traitRow
		err := tx.Raw(`SELECT t.account_id, coalesce(a.parent_id, '') AS parent_id, t.kind, t.digest, t.shown, t.first_seen FROM account_traits t LEFT JOIN accounts a ON a.id = t.account_id
			WHERE t.account_id IN ?`, chunk).Scan(&rows).Error
		if err != nil {
			return nil, nil, err
		}
		for _, r := range rows {
			of[r.AccountID] = append(of[r.AccountID], r)
			digests = append(digests, r.Digest)
			if was, ok := seen[r.AccountID]; !ok || r.FirstSeen.Before(was) {
				seen[r.AccountID] = r.FirstSeen.Time
			}
		}
	}
	slices.Sort(digests)
	holders := map[traitKey][]cases.TraitHolder{}
	for chunk := range slices.Chunk(slices.Compact(digests), 500) {
		var rows []traitRow
		err := tx.Raw(`SELECT t.account_id, coalesce(a.parent_id, '') AS parent_id, t.kind, t.digest FROM account_traits t LEFT JOIN accounts a ON a.id = t.account_id
			WHERE t.digest IN (SELECT digest FROM account_traits WHERE digest IN ? GROUP BY digest HAVING count(*) BETWEEN 2 AND ?)`, chunk, 4*cases.MaxSharing).Scan(&rows).Error
		if err != nil {
			return nil, nil, err
		}
		for _, r := range rows {
			k := traitKey{r.Kind, r.Digest}
			holders[k] = append(holders[k], cases.TraitHolder{AccountID: r.AccountID, ParentID: r.ParentID})
		}
	}
	out := map[accountPair][]cases.SharedTrait{}
	for _, p := range pairs {
		for _, mine := range of[p.Account] {
			for _, his := range of[p.Other] {
				if mine.Kind != his.Kind || mine.Digest != his.Digest {
					continue
				}
				if mine.Kind == cases.TraitFamilyName { // however many have it
					out[p] = append(out[p], cases.SharedTrait{Kind: mine.Kind})
				} else if hs := holders[traitKey{mine.Kind, mine.Digest}]; len(hs) > 0 {
					out[p] = append(out[p], cases.Share(mine.Kind, cmp.Or(mine.Shown, his.Shown), hs, cases.TraitHolder{AccountID: p.Account, ParentID: mine.ParentID},
						cases.TraitHolder{AccountID: p.Other, ParentID: his.ParentID}))
				}
			}
		}
	}
	return out, seen, nil
}

// AccountLinks says which other accounts may be the same customer's, the likeliest
// first, at most limit.
func (s *Store) AccountLinks(ctx context.Context, id string, limit int) ([]cases.AccountLink, error) {
	var out []cases.AccountLink
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		out = nil
		pairs, err := pairsWith(tx, []string{id}, nil)
		if err != nil || len(pairs) == 0 {
			return err
		}
		shared, _, err := sharedTraits(tx, pairs)
		if err != nil {
			return err
		}
		for p, ts := range shared {
			if score, why := cases.LinkAccounts(ts); score >= cases.LinkScore {
				out = append(out, cases.AccountLink{AccountID: p.Account, Score: score, Shared: why})
			}
		}
		slices.SortFunc(out, func(a, b cases.AccountLink) int {
			return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.AccountID, b.AccountID))
		})
		out = out[:min(len(out), limit)]
		known, err := loadByID[cases.Account](tx, ids(out, func(l cases.AccountLink) string { return l.AccountID }))
		for i := range out {
			for _, a := range known {
				if a.ID == out[i].AccountID {
					out[i].Name, out[i].Status = a.Name, a.Status
				}
			}
		}
		return err
	})
	return out, translate(err)
}
