package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// Restrictions are locked in this order: the case, then restrictions by id,
// then the revision. Whoever takes a revision holds its row until the commit, so
// that a snapshot which sees revision n sees every change up to n.

// Restriction finds by id.
func (s *Store) Restriction(ctx context.Context, id int64) (cases.Restriction, error) {
	r, err := oneRestriction(s.read(ctx), id, "")
	return r, translate(err)
}

func oneRestriction(tx *gorm.DB, id int64, lock string) (cases.Restriction, error) {
	var r cases.Restriction
	err := found(tx.Raw("SELECT * FROM restrictions WHERE id = ?"+lock, id).Scan(&r), fmt.Sprintf("restriction %d", id))
	return restriction(r), err
}

// restriction gives its times the form in which they went in.
func restriction(r cases.Restriction) cases.Restriction {
	r.ProposedAt, r.UpdatedAt = r.ProposedAt.UTC(), r.UpdatedAt.UTC()
	r.ExpiresAt, r.DecidedAt, r.ActiveAt, r.LiftedAt = storedPtr(r.ExpiresAt), storedPtr(r.DecidedAt), storedPtr(r.ActiveAt), storedPtr(r.LiftedAt)
	return r
}

// Restrictions lists newest first. Those of a case include what was proposed on
// cases that were merged into it.
func (s *Store) Restrictions(ctx context.Context, q cases.RestrictionQuery) (cases.Page[cases.Restriction], error) {
	var w where
	if len(q.States) > 0 {
		w.and("state IN ?", q.States)
	}
	if q.Kind != "" {
		w.and("kind = ?", text(string(q.Kind)))
	}
	if q.Target != "" {
		w.and("target_id = ?", short(q.Target))
	}
	if q.CaseID != 0 {
		of, err := mergedCases(s.read(ctx), q.CaseID)
		if err != nil {
			return cases.Page[cases.Restriction]{}, translate(err)
		}
		w.and("case_id IN ?", of)
	}
	query := func(cond string, args []any) ([]cases.Restriction, error) {
		var rs []cases.Restriction
		err := s.read(ctx).Raw("SELECT * FROM restrictions WHERE "+cond, args...).Scan(&rs).Error
		for i := range rs {
			rs[i] = restriction(rs[i])
		}
		return rs, err
	}
	page, err := newestFirst(q.Cursor, q.Limit, "id", w, query, func(r cases.Restriction) int64 { return r.ID })
	return page, translate(err)
}

// ProposeRestriction inserts r after Restriction.Propose. One that is approved
// at once takes its revision and is applied in the same transaction. The case is
// locked meanwhile, kept in step and assessed again; a closed one is a conflict.
func (s *Store) ProposeRestriction(ctx context.Context, a cases.Actor, now time.Time, r cases.Restriction) (cases.Restriction, error) {
	now = stored(now)
	draft := r
	err := s.retry(ctx, func(tx *gorm.DB) error {
		r = draft
		c, err := s.caseOfRestriction(tx, r.CaseID)
		if err != nil {
			return err
		}
		if c != nil && c.Closed() {
			return cases.Conflict(c.Ref + " is closed; reopen it first")
		}
		protected, err := targetProtected(tx, now, r)
		if err != nil {
			return err
		}
		if err := r.Propose(a, now, protected); err != nil {
			return err
		}
		if r.State == cases.RestrictionApproved {
			revision, err := nextRevision(tx)
			if err != nil {
				return err
			}
			r.Apply(now, revision)
		}
		if err := insertRestriction(tx, &r); err != nil {
			return err
		}
		return keepInStep(tx, now, a, c)
	})
	if err != nil {
		return cases.Restriction{}, err
	}
	return restriction(r), nil
}

// insertRestriction writes a new one with its events, whose object is the id
// that it gets here.
func insertRestriction(tx *gorm.DB, r *cases.Restriction) error {
	value, err := document(r.Value)
	if err != nil {
		return err
	}
	var ids []int64
	err = insertReturning(tx, `restrictions (kind, target_kind, target_id, value, state, case_id, reason, revision, expires_at, proposed_by, proposed_by_name,
		proposed_person, proposed_at, decided_by, decided_by_name, decided_at, updated_at)`, [][]any{{r.Kind, r.TargetKind, short(r.TargetID), value, r.State, r.CaseID,
		text(r.Reason), r.Revision, storedPtr(r.ExpiresAt), r.ProposedBy, text(r.ProposedByName), r.ProposedPerson, stored(r.ProposedAt), r.DecidedBy,
		text(r.DecidedByName), storedPtr(r.DecidedAt), stored(r.UpdatedAt)}}, "RETURNING id", &ids)
	if err != nil {
		return err
	}
	r.ID = ids[0]
	events := r.TakeEvents()
	for i := range events {
		events[i].ObjectID = strconv.FormatInt(r.ID, 10)
	}
	return insertEvents(tx, events)
}

// ChangeRestriction locks a restriction, applies change and keeps the case in
// step. change is given the next revision, which is taken when the restriction
// carries it afterwards: only then do replicas load again.
func (s *Store) ChangeRestriction(ctx context.Context, a cases.Actor, now time.Time, id int64, change func(r *cases.Restriction, revision int64) error) (cases.Restriction, error) {
	now = stored(now)
	var r cases.Restriction
	err := s.retry(ctx, func(tx *gorm.DB) error {
		var caseID int64
		if err := found(tx.Raw("SELECT case_id FROM restrictions WHERE id = ?", id).Scan(&caseID), fmt.Sprintf("restriction %d", id)); err != nil {
			return err
		}
		c, err := s.caseOfRestriction(tx, caseID)
		if err != nil {
			return err
		}
		if r, err = oneRestriction(tx, id, s.lock()); err != nil {
			return err
		}
		var revision int64
		if err := tx.Raw("SELECT revision + 1 FROM restriction_revision WHERE one = 1" + s.lock()).Scan(&revision).Error; err != nil {
			return err
		}
		if err := change(&r, revision); err != nil {
			return err
		}
		if r.State == cases.RestrictionApproved { // decided, and nothing else stands in its way
			r.Apply(now, revision)
		}
		if r.Revision == revision {
			if _, err := nextRevision(tx); err != nil {
				return err
			}
		}
		if err := updateRestriction(tx, &r); err != nil {
			return err
		}
		return keepInStep(tx, now, a, c)
	})
	if err != nil {
		return cases.Restriction{}, err
	}
	return restriction(r), nil
}

// updateRestriction writes what may change of a locked one, with its events.
func updateRestriction(tx *gorm.DB, r *cases.Restriction) error {
	events := r.TakeEvents()
	if len(events) == 0 {
		return nil
	}
	err := tx.Exec(`UPDATE restrictions SET state = ?, revision = ?, decided_by = ?, decided_by_name = ?, decided_at = ?, active_at = ?, lift_reason = ?,
		lifted_by_name = ?, lifted_at = ?, updated_at = ? WHERE id = ?`, r.State, r.Revision, r.DecidedBy, text(r.DecidedByName), storedPtr(r.DecidedAt),
		storedPtr(r.ActiveAt), text(r.LiftReason), text(r.LiftedByName), storedPtr(r.LiftedAt), stored(r.UpdatedAt), r.ID).Error
	if err != nil {
		return err
	}
	return insertEvents(tx, events)
}
