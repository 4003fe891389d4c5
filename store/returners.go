package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// MatchReturners looks at every account that shares a trait with one that was cut
// off, marks those that are likely the same customer's, withdraws marks for which
// nothing speaks any more, and says how many marks are new.
func (s *Store) MatchReturners(ctx context.Context, now time.Time) (int, error) {
	var n int
	err := s.retry(ctx, func(tx *gorm.DB) error {
		var err error
		n, err = s.matchReturners(tx, stored(now), nil)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("look for returning customers: %w", err)
	}
	return n, nil
}

// stopped is when and why an account was cut off.
type stopped struct {
	ID  string
	Why cases.CutOff
	At  moment
}

func cutOff(tx *gorm.DB) (map[string]stopped, []string, error) {
	var rows []stopped
	err := tx.Raw(`SELECT id, ? AS why, closed_at AS at, 0 AS rank FROM accounts WHERE status = 'closed' AND closed_reason = ?
		UNION ALL SELECT target_id, ?, min(decided_at), 1 FROM restrictions WHERE kind = ? AND target_kind = ? AND state IN ? GROUP BY target_id
		UNION ALL SELECT account, ?, min(resolved_at), 2 FROM cases WHERE state = 'resolved' AND disposition = ? AND account <> '' GROUP BY account ORDER BY rank`,
		cases.CutOffClosed, cases.ClosedForAbuse, cases.CutOffSuspended, cases.KindAccountSuspended, cases.TargetAccount,
		[]cases.RestrictionState{cases.RestrictionApplying, cases.RestrictionActive, cases.RestrictionDrifted}, cases.CutOffUpheld, cases.DispositionUpheld).Scan(&rows).Error
	byID, names := map[string]stopped{}, []string{}
	for _, r := range rows {
		if _, known := byID[r.ID]; !known {
			byID[r.ID] = r
			names = append(names, r.ID)
		}
	}
	slices.Sort(names)
	return byID, names, err
}

// matchReturners is MatchReturners for pairs with one of the accounts only; nil
// for all.
func (s *Store) matchReturners(tx *gorm.DB, now time.Time, only []string) (int, error) {
	cuts, names, err := cutOff(tx)
	if err != nil {
		return 0, err
	}
	var pairs []accountPair
	if len(names) > 0 {
		if pairs, err = pairsWith(tx, names, only); err != nil {
			return 0, err
		}
	}
	pairs = slices.DeleteFunc(pairs, func(p accountPair) bool { _, also := cuts[p.Account]; return also })
	shared, seen, err := sharedTraits(tx, pairs)
	if err != nil {
		return 0, err
	}
	var candidates []string
	for p := range shared {
		candidates = append(candidates, p.Account)
	}
	slices.Sort(candidates)
	accounts, err := loadByID[cases.Account](tx, slices.Compact(candidates))
	if err != nil {
		return 0, err
	}
	known := map[string]cases.Account{}
	for _, a := range accounts {
		known[a.ID] = account(a)
	}
	found := map[accountPair]cases.AccountMatch{}
	for p, ts := range shared {
		a, c := known[p.Account], cuts[p.Other]
		opened := a.OpenedAt
		if opened.IsZero() {
			opened = seen[p.Account]
		}
		var at *time.Time
		if !c.At.IsZero() {
			at = &c.At.Time
		}
		if a.Status == "closed" || a.ParentID == p.Other || !cases.Returns(opened, at) {
			continue
		}
		if score, why := cases.LinkAccounts(ts); score >= cases.ReturnerScore {
			found[p] = cases.AccountMatch{AccountID: p.Account, OtherID: p.Other, Score: score, Reasons: why, CutOff: c.Why, CutOffAt: at}
		}
	}
	return s.keepMatches(tx, now, only, found)
}

// maxCallsSeen is as far as the calls of an account are counted when it is
// recognised: what matters is whether it was before the hundredth.
const maxCallsSeen = 10_000

// keepMatches inserts what is new, brings open marks up to date, and withdraws
// those that were not found again. What a person decided stays.
func (s *Store) keepMatches(tx *gorm.DB, now time.Time, only []string, found map[accountPair]cases.AccountMatch) (int, error) {
	var there []cases.AccountMatch
	query, args := "SELECT * FROM account_matches", []any{}
	if len(only) > 0 {
		query, args = query+" WHERE account_id IN ? OR other_id IN ?", []any{only, only}
	}
	if err := tx.Raw(query+" ORDER BY id"+s.lock(), args...).Scan(&there).Error; err != nil {
		return 0, err
	}
	var events []cases.Event
	fresh := 0
	for _, was := range there {
		p := accountPair{was.AccountID, was.OtherID}
		m, again := found[p]
		delete(found, p)
		switch {
		case !again && was.State == cases.MatchOpen:
			if err := tx.Exec("UPDATE account_matches SET state = ?, updated_at = ? WHERE id = ?", cases.MatchWithdrawn, now, was.ID).Error; err != nil {
				return 0, err
			}
		case again && (was.State == cases.MatchOpen || was.State == cases.MatchWithdrawn):
			if was.State == cases.MatchOpen && was.Score == m.Score && len(was.Reasons) == len(m.Reasons) && was.CutOff == m.CutOff {
				continue
			}
			reasons, err := document(m.Reasons)
			if err != nil {
				return 0, err
			}
			if err := tx.Exec("UPDATE account_matches SET state = ?, score = ?, reasons = ?, cut_off = ?, cut_off_at = ?, updated_at = ? WHERE id = ?",
				cases.MatchOpen, m.Score, reasons, m.CutOff, storedPtr(m.CutOffAt), now, was.ID).Error; err != nil {
				return 0, err
			}
			if was.State == cases.MatchWithdrawn {
				events = append(events, matchEvent(now, m))
				fresh++
			}
		}
	}
	var rows [][]any
	for _, p := range slices.SortedFunc(maps.Keys(found), func(a, b accountPair) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Other, b.Other))
	}) {
		m := found[p]
		// The records themselves: what came in a moment ago is not folded yet.
		err := tx.Raw("SELECT count(*) FROM (SELECT 1 FROM calls WHERE account_id = ? AND direction = 'outbound' LIMIT ?) AS made", m.AccountID, maxCallsSeen).Scan(&m.Calls).Error
		if err != nil {
			return 0, err
		}
		reasons, err := document(m.Reasons)
		if err != nil {
			return 0, err
		}
		rows = append(rows, []any{m.AccountID, m.OtherID, m.Score, reasons, m.CutOff, storedPtr(m.CutOffAt), m.Calls, cases.MatchOpen, now, now})
		events = append(events, matchEvent(now, m))
	}
	// Of two replicas or imports that find the same, one writes it.
	n, err := insert(tx, "account_matches (account_id, other_id, score, reasons, cut_off, cut_off_at, calls, state, found_at, updated_at)", rows, "ON CONFLICT (account_id, other_id) DO NOTHING")
	if err != nil {
		return 0, err
	}
	return fresh + int(n), insertEvents(tx, events)
}

func matchEvent(now time.Time, m cases.AccountMatch) cases.Event {
	e := cases.NewEvent(now, cases.System("accounts"), "account.returner", "account", m.AccountID, "")
	e.Data = map[string]string{"other": m.OtherID, "score": fmt.Sprintf("%.2f", m.Score), "cut_off": string(m.CutOff)}
	return e
}

// matchColumns are a mark and the names of its accounts.
const matchColumns = "SELECT m.*, coalesce(a.name, '') AS name, coalesce(o.name, '') AS other_name FROM account_matches m LEFT JOIN accounts a ON a.id = m.account_id LEFT JOIN accounts o ON o.id = m.other_id WHERE "

// Matches lists marks of a state, newest first; state "" is any.
func (s *Store) Matches(ctx context.Context, state cases.MatchState, cursor string, limit int) (cases.Page[cases.AccountMatch], error) {
	var w where
	if state != "" {
		w.and("m.state = ?", state)
	}
	p, err := newestFirst(cursor, limit, "m.id", w, func(cond string, args []any) ([]cases.AccountMatch, error) {
		return matches(s.read(ctx).Raw(matchColumns+cond, args...))
	}, func(m cases.AccountMatch) int64 { return m.ID })
	return p, translate(err)
}

// MatchesOf lists the marks of an account, as the one that may have come back and
// as the one that was cut off; those that were withdrawn are left out.
func (s *Store) MatchesOf(ctx context.Context, id string) ([]cases.AccountMatch, error) {
	out, err := matches(s.read(ctx).Raw(matchColumns+"(m.account_id = ? OR m.other_id = ?) AND m.state <> ? ORDER BY m.score DESC, m.id LIMIT ?", id, id, cases.MatchWithdrawn, cases.DefaultPage))
	return out, translate(err)
}

func matches(tx *gorm.DB) ([]cases.AccountMatch, error) {
	var out []cases.AccountMatch
	err := tx.Scan(&out).Error
	for i := range out {
		m := &out[i]
		m.FoundAt, m.UpdatedAt, m.CutOffAt, m.DecidedAt = m.FoundAt.UTC(), m.UpdatedAt.UTC(), storedPtr(m.CutOffAt), storedPtr(m.DecidedAt)
	}
	return out, err
}

// UpdateMatch locks a mark of an account and commits what change makes of it, with
// its event.
func (s *Store) UpdateMatch(ctx context.Context, a cases.Actor, now time.Time, account string, id int64, change func(*cases.AccountMatch) error) (cases.AccountMatch, error) {
	var m cases.AccountMatch
	err := s.write(ctx, func(tx *gorm.DB) error {
		m = cases.AccountMatch{}
		if err := found(tx.Raw("SELECT * FROM account_matches WHERE id = ? AND account_id = ?"+s.lock(), id, account).Scan(&m), "this mark of the account "+account); err != nil {
			return err
		}
		if err := change(&m); err != nil {
			return err
		}
		err := tx.Exec("UPDATE account_matches SET state = ?, note = ?, decided_by = ?, decided_at = ?, updated_at = ? WHERE id = ?",
			m.State, text(m.Note), text(m.DecidedBy), storedPtr(m.DecidedAt), stored(now), id).Error
		if err != nil {
			return err
		}
		e := cases.NewEvent(stored(now), a, string(cases.CmdDecideMatch), "account", account, m.Note)
		e.Data = map[string]string{"other": m.OtherID, "state": string(m.State)}
		return insertEvents(tx, []cases.Event{e})
	})
	if err != nil {
		return m, fmt.Errorf("mark %d of account %s: %w", id, account, err)
	}
	return m, nil
}
