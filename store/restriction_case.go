package store

import (
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// caseOfRestriction locks the case that a restriction counts for: the one that
// its own case was merged into, if it was. Nil for a restriction of no case.
func (s *Store) caseOfRestriction(tx *gorm.DB, id int64) (*cases.Case, error) {
	if id == 0 {
		return nil, nil
	}
	root, err := rootCase(tx, id)
	if err != nil {
		return nil, err
	}
	c, err := s.lockCase(tx, root)
	if err != nil {
		return nil, err
	}
	if c.MergedInto != 0 {
		return nil, errLostClaim // merged before we had the lock
	}
	return &c, nil
}

// casesOfRestrictions is caseOfRestriction for several: which case counts for
// each id, and each such case once, locked in the order of their ids.
func (s *Store) casesOfRestrictions(tx *gorm.DB, ids []int64) (of map[int64]*cases.Case, locked []*cases.Case, err error) {
	roots := make(map[int64][]int64, len(ids))
	for _, id := range ids {
		root, err := rootCase(tx, id)
		if err != nil {
			return nil, nil, err
		}
		roots[root] = append(roots[root], id)
	}
	of = make(map[int64]*cases.Case, len(ids))
	for _, root := range slices.Sorted(maps.Keys(roots)) {
		c, err := s.caseOfRestriction(tx, root)
		if err != nil {
			return nil, nil, err
		}
		locked = append(locked, c)
		for _, id := range roots[root] {
			of[id] = c
		}
	}
	return of, locked, nil
}

// keepInStep tells a locked case how its restrictions stand and asks for an
// assessment, because its priority looks at them.
func keepInStep(tx *gorm.DB, now time.Time, a cases.Actor, c *cases.Case) error {
	if c == nil {
		return nil
	}
	of, err := mergedCases(tx, c.ID)
	if err != nil {
		return err
	}
	var states []cases.RestrictionState
	if err := tx.Raw("SELECT DISTINCT state FROM restrictions WHERE case_id IN ?", of).Scan(&states).Error; err != nil {
		return err
	}
	waiting, inForce := false, false
	for _, st := range states {
		waiting = waiting || st == cases.RestrictionProposed
		inForce = inForce || st.InForce()
	}
	before := c.State
	c.RestrictionChanged(now, a, waiting, inForce)
	if err := saveCase(tx, before, c); err != nil {
		return err
	}
	return insertJobs(tx, now, []cases.Job{assessment(now, c.ID)})
}

// targetProtected says whether a restriction touches a protected account: its
// target's, one above it, or one below it, whose calls it would stop as well. A
// number touches those who may show it now. An account or a connection that does
// not exist is refused: nobody would see that the restriction never bites.
func targetProtected(tx *gorm.DB, now time.Time, r cases.Restriction) (bool, error) {
	var of []string
	var err error
	switch r.TargetKind {
	case cases.TargetAccount:
		err = tx.Raw("SELECT id FROM accounts WHERE id = ?", r.TargetID).Scan(&of).Error
	case cases.TargetConnection:
		err = tx.Raw("SELECT account_id FROM connections WHERE id = ?", r.TargetID).Scan(&of).Error
	case cases.TargetNumber:
		err = tx.Raw("SELECT DISTINCT account_id FROM entitlements WHERE e164 = ? AND valid_from <= ? AND (valid_until IS NULL OR valid_until > ?)",
			r.TargetID, now, now).Scan(&of).Error
	default:
		return false, nil // which Restriction.Validate refuses in better words
	}
	switch {
	case err != nil:
		return false, err
	case len(of) == 0 && r.TargetKind == cases.TargetNumber:
		return false, nil
	case len(of) == 0 && r.TargetID != "":
		return false, cases.Invalid(cases.Problem{Field: "target", Message: "there is no such " + string(r.TargetKind)})
	case len(of) == 0:
		return false, nil
	}
	var n int
	err = tx.Raw(`WITH RECURSIVE up (id, parent_id) AS (
		SELECT id, parent_id FROM accounts WHERE id IN ?
		UNION SELECT a.id, a.parent_id FROM accounts a JOIN up ON a.id = up.parent_id
		), down (id) AS (
		SELECT id FROM accounts WHERE id IN ?
		UNION SELECT a.id FROM accounts a JOIN down ON a.parent_id = down.id WHERE a.parent_id <> ''
		) SELECT count(*) FROM accounts WHERE protected AND (id IN (SELECT id FROM up) OR id IN (SELECT id FROM down))`, of, of).Scan(&n).Error
	return n > 0, err
}
