package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

// A merge moves links and live keys, and never rewrites a report or a finding.
// A link remembers in moved_from where its report was filed first, however
// often it moves, and cases remember what they were merged into. So the links
// that a case brought along are those whose first case is the case itself or
// one that was merged into it before; taking it out again, in any order, moves
// exactly those. Findings, sendings and restrictions keep the case that they
// were made for, and are found through report or merged case.

// casePin waits for the filings that refer to a case, and makes new ones wait
// until the commit: they must not link to a case that is being merged away.
func (s *Store) casePin() string {
	if s.dialect == migrations.Postgres {
		return " FOR UPDATE"
	}
	return ""
}

// pinCases locks two cases in the order of their ids.
func (s *Store) pinCases(tx *gorm.DB, a, b int64) (ca, cb cases.Case, err error) {
	for _, id := range []int64{min(a, b), max(a, b)} {
		var c cases.Case
		if err := found(tx.Raw("SELECT * FROM cases WHERE id = ?"+s.casePin(), id).Scan(&c), fmt.Sprintf("case %d", id)); err != nil {
			return ca, cb, err
		}
		if id == a {
			ca = c
		}
		if id == b {
			cb = c
		}
	}
	return ca, cb, nil
}

// MergeCases makes from a part of into and asks for an assessment.
func (s *Store) MergeCases(ctx context.Context, a cases.Actor, now time.Time, from, into int64, reason string) error {
	err := s.retry(ctx, func(tx *gorm.DB) error { return s.merge(tx, a, stored(now), from, into, reason) })
	if err != nil {
		return fmt.Errorf("merge case %d into %d: %w", from, into, err)
	}
	return nil
}

func (s *Store) merge(tx *gorm.DB, a cases.Actor, now time.Time, from, into int64, reason string) error {
	f, i, err := s.pinCases(tx, from, into)
	if err != nil {
		return err
	}
	stateFrom, stateInto := f.State, i.State
	if err := f.Merge(a, now, &i, reason); err != nil {
		return err
	}
	for _, move := range []string{"links SET %s WHERE case_id = ?", "case_keys SET %s WHERE case_id = ? AND live"} {
		err := tx.Exec(fmt.Sprintf("UPDATE "+move, "moved_from = CASE WHEN moved_from = 0 THEN case_id ELSE moved_from END, case_id = ?"), into, from).Error
		if err != nil {
			return err
		}
	}
	if err := saveCase(tx, stateFrom, &f); err != nil {
		return err
	}
	if err := saveCase(tx, stateInto, &i); err != nil {
		return err
	}
	if err := assessSiblings(tx, now, into); err != nil {
		return err
	}
	packs, err := wantPack(tx, now, into)
	if err != nil {
		return err
	}
	return insertJobs(tx, now, append(packs, assessment(now, into)))
}

// UnmergeCase takes from out of the case that it was merged into, with what it
// had brought along, and asks for an assessment of both.
func (s *Store) UnmergeCase(ctx context.Context, a cases.Actor, now time.Time, from int64, reason string) error {
	now = stored(now)
	err := s.retry(ctx, func(tx *gorm.DB) error {
		root, err := rootCase(tx, from)
		if err != nil {
			return err
		}
		f, r, err := s.pinCases(tx, from, root)
		if err != nil {
			return err
		}
		if again, err := rootCase(tx, from); err != nil || again != root {
			return orLost(err) // merged on before we had the locks
		}
		stateFrom, stateRoot := f.State, r.State
		if err := f.Unmerge(a, now, &r, reason); err != nil {
			return err
		}
		homes, err := mergedCases(tx, from)
		if err != nil {
			return err
		}
		for _, table := range []string{"links", "case_keys"} {
			err := tx.Exec("UPDATE "+table+" SET moved_from = CASE WHEN moved_from = ? THEN 0 ELSE moved_from END, case_id = ? WHERE case_id = ? AND moved_from IN ?",
				from, from, root, homes).Error
			if err != nil {
				return err
			}
		}
		if f.State != cases.StateResolved {
			// The other case may have been over for good, and its keys with it.
			if err := reclaimKeys(tx, now, from); err != nil {
				return err
			}
		}
		if err := saveCase(tx, stateFrom, &f); err != nil {
			return err
		}
		if err := saveCase(tx, stateRoot, &r); err != nil {
			return err
		}
		if err := assessSiblings(tx, now, from, root); err != nil {
			return err
		}
		jobs := []cases.Job{assessment(now, from), assessment(now, root)}
		for _, id := range []int64{from, root} {
			packs, err := wantPack(tx, now, id)
			if err != nil {
				return err
			}
			jobs = append(jobs, packs...)
		}
		return insertJobs(tx, now, jobs)
	})
	if err != nil {
		return fmt.Errorf("unmerge case %d: %w", from, err)
	}
	return nil
}

func orLost(err error) error {
	if err != nil {
		return err
	}
	return errLostClaim
}

// rootCase follows the merges of a case to the one that its reports are in.
func rootCase(tx *gorm.DB, id int64) (int64, error) {
	var roots []int64
	err := tx.Raw(`WITH RECURSIVE up (id, merged_into) AS (
		SELECT id, merged_into FROM cases WHERE id = ?
		UNION SELECT c.id, c.merged_into FROM cases c JOIN up ON c.id = up.merged_into
		) SELECT id FROM up WHERE merged_into = 0`, id).Scan(&roots).Error
	if err == nil && len(roots) == 0 {
		err = cases.NotFound(fmt.Sprintf("case %d", id))
	}
	if err != nil {
		return 0, err
	}
	return roots[0], nil
}

// mergedCases are a case and all that were merged into it, directly or not.
func mergedCases(tx *gorm.DB, id int64) ([]int64, error) {
	var ids []int64
	err := tx.Raw(`WITH RECURSIVE tree (id) AS (
		SELECT id FROM cases WHERE id = ?
		UNION SELECT c.id FROM cases c JOIN tree ON c.merged_into = tree.id WHERE c.merged_into <> 0
		) SELECT id FROM tree ORDER BY id`, id).Scan(&ids).Error
	return ids, err
}
