package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// Case finds a case by id; a merged one is returned as it is.
func (s *Store) Case(ctx context.Context, id int64) (cases.Case, error) {
	var c cases.Case
	err := found(s.read(ctx).Raw("SELECT * FROM cases WHERE id = ?", id).Scan(&c), fmt.Sprintf("case %d", id))
	return c, translate(err)
}

// lockCase reads a case for a change. Reports can be linked to it meanwhile.
func (s *Store) lockCase(tx *gorm.DB, id int64) (cases.Case, error) {
	var c cases.Case
	err := found(tx.Raw("SELECT * FROM cases WHERE id = ?"+s.lock(), id).Scan(&c), fmt.Sprintf("case %d", id))
	return c, err
}

// UpdateCase applies change to a case under its lock and commits it with its
// events and jobs. version, when not 0, is the one that the caller saw: where
// the case has moved on since, nothing is changed and the error says so.
func (s *Store) UpdateCase(ctx context.Context, id, version int64, change func(*cases.Case) error) (cases.Case, error) {
	var c cases.Case
	err := s.retry(ctx, func(tx *gorm.DB) error {
		var err error
		c, err = s.updateCase(tx, id, version, change)
		return err
	})
	return c, err
}

func (s *Store) updateCase(tx *gorm.DB, id, version int64, change func(*cases.Case) error) (cases.Case, error) {
	c, err := s.lockCase(tx, id)
	if err != nil {
		return c, err
	}
	if version != 0 && c.Version != version {
		return c, cases.Conflict(c.Ref + " has changed since you opened it; look at it again before you decide")
	}
	before := c.State
	if err := change(&c); err != nil {
		return c, err
	}
	return c, saveCase(tx, before, &c)
}

// saveCase writes what may change of a locked case, with its events and jobs.
// before is the state it was locked in: a case that was reopened since takes
// its keys back. Nothing that happened, nothing that is written.
func saveCase(tx *gorm.DB, before cases.State, c *cases.Case) error {
	events, jobs := c.TakeEvents(), c.TakeJobs()
	if len(events) == 0 && len(jobs) == 0 {
		return nil
	}
	now := stored(c.UpdatedAt)
	factors, err := document(c.Factors)
	if err != nil {
		return err
	}
	facts, err := document(c.Facts)
	if err != nil {
		return err
	}
	account, provider := "", ""
	if p := c.Facts.Parties; p != nil {
		account, provider = p.Originating, p.Provider
	}
	err = tx.Exec(`UPDATE cases SET title = ?, state = ?, disposition = ?, category = ?, priority = ?, lane = ?, rank = ?, urgent_since = ?, referred_at = ?, factors = ?, facts = ?, assignee = ?, assignee_name = ?,
		claimed_at = ?, first_report = ?, last_report = ?, reports = ?, due_at = ?, first_act_at = ?, resolved_at = ?, live_until = ?, look_at = ?, merged_into = ?,
		version = ?, account = ?, provider = ?, search = ?, updated_at = ? WHERE id = ?`,
		text(c.Title), c.State, c.Disposition, c.Category, c.Priority, c.Lane, cases.Rank(c.Lane, c.Priority), storedPtr(c.UrgentSince), storedPtr(c.ReferredAt), factors, facts, c.Assignee, c.AssigneeName,
		storedPtr(c.ClaimedAt), stored(c.FirstReport), stored(c.LastReport), c.Reports, storedPtr(c.DueAt), storedPtr(c.FirstActAt), storedPtr(c.ResolvedAt),
		storedPtr(c.LiveUntil), storedPtr(c.LookAt), c.MergedInto, c.Version, short(account), short(provider), searchable(c.Title, c.Ref), now, c.ID).Error
	if err != nil {
		return err
	}
	if before == cases.StateResolved && c.State != cases.StateResolved && c.MergedInto == 0 {
		if err := reclaimKeys(tx, now, c.ID); err != nil {
			return err
		}
	}
	if (before == cases.StateResolved) != (c.State == cases.StateResolved) {
		if err := assessSiblings(tx, now, c.ID); err != nil {
			return err
		}
		if err := credit(tx, c.ID); err != nil {
			return err
		}
	}
	if err := insertEvents(tx, events); err != nil {
		return err
	}
	return insertJobs(tx, now, jobs)
}

// searchable is what a text search looks at. It is lowered here and not by the
// databases, which disagree beyond ASCII.
func searchable(title, ref string) string { return strings.ToLower(text(title) + " " + ref) }

// likeWords turns a text into the patterns of which a row must match all.
func likeWords(query string) []string {
	const maxWords = 10
	var patterns []string
	for _, w := range strings.Fields(strings.ToLower(text(query))) {
		if len(patterns) == maxWords {
			break
		}
		patterns = append(patterns, "%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(w)+"%")
	}
	return patterns
}

// AssessCase gathers the facts of a case and applies them under its lock, with
// the completion of the attempt. A merged case has nothing to assess.
func (s *Store) AssessCase(ctx context.Context, at cases.Attempt, now time.Time, id int64) (cases.Case, error) {
	return s.JudgeCase(ctx, at, now, id, nil)
}

// JudgeCase is AssessCase followed, in the same transaction, by judge, which may
// decide by the fresh facts. It can ask for the reporters of the case, and the
// letters that it returns are recorded with what it decided. Nil judges nothing.
func (s *Store) JudgeCase(ctx context.Context, at cases.Attempt, now time.Time, id int64, judge func(c *cases.Case, to func() ([]cases.Addressee, error)) ([]cases.Sending, error)) (cases.Case, error) {
	now = stored(now)
	var c cases.Case
	err := s.retry(ctx, func(tx *gorm.DB) error {
		if err := complete(tx, now, at); err != nil {
			return err
		}
		var err error
		if c, err = s.lockCase(tx, id); err != nil || c.MergedInto != 0 {
			return err
		}
		facts, err := gatherFacts(tx, now, id)
		if err != nil {
			return err
		}
		before := c.State
		c.Assess(now, facts)
		var letters []cases.Sending
		if judge != nil {
			if letters, err = judge(&c, func() ([]cases.Addressee, error) { return addressees(tx, id) }); err != nil {
				return err
			}
		}
		if err := saveCase(tx, before, &c); err != nil {
			return err
		}
		return recordLetters(tx, now, id, letters)
	})
	if err != nil {
		return cases.Case{}, fmt.Errorf("assess case %d: %w", id, err)
	}
	return c, nil
}
