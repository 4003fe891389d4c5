package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// Dossier gathers what a decision on a case needs, from one snapshot. What
// belongs to reports is found through their links; restrictions and events of
// cases that were merged into this one are shown here too.
func (s *Store) Dossier(ctx context.Context, id int64) (cases.Dossier, error) {
	var d cases.Dossier
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		d = cases.Dossier{}
		if err := found(tx.Raw("SELECT * FROM cases WHERE id = ?", id).Scan(&d.Case), fmt.Sprintf("case %d", id)); err != nil {
			return err
		}
		ids, err := mergedCases(tx, id)
		if err != nil {
			return err
		}
		if d.Reports, err = reportViews(tx, fmt.Sprintf("l.case_id = ? ORDER BY r.id DESC LIMIT %d", cases.MaxDossier), id); err != nil {
			return err
		}
		for _, q := range []struct {
			into  any
			query string
			args  []any
		}{
			{&d.Findings, "SELECT f.* FROM links l JOIN findings f ON f.report_id = l.report_id WHERE l.case_id = ? ORDER BY f.id DESC LIMIT ?", []any{id, cases.MaxDossier}},
			{&d.Restrictions, "SELECT * FROM restrictions WHERE case_id <> 0 AND case_id IN ? ORDER BY id DESC LIMIT ?", []any{ids, cases.MaxDossier}},
			{&d.Sendings, "SELECT s.* FROM links l JOIN sendings s ON s.report_id = l.report_id WHERE l.case_id = ? ORDER BY s.id DESC LIMIT ?", []any{id, cases.MaxDossier}},
			{&d.Requests, requestsOf, []any{id}},
			{&d.Related, `SELECT c.id AS case_id, c.ref, c.kind, c.title, c.state, r.reason FROM related_cases r JOIN cases c ON c.id = r.other_id
				WHERE r.case_id = ? AND c.merged_into = 0 ORDER BY c.id DESC LIMIT ?`, []any{id, cases.MaxDossier}},
			{&d.Events, "SELECT " + eventFields + " FROM events WHERE case_id <> 0 AND case_id IN ? ORDER BY id DESC LIMIT ?", []any{ids, cases.MaxDossier}},
		} {
			if err := tx.Raw(q.query, q.args...).Scan(q.into).Error; err != nil {
				return err
			}
		}
		d.Campaigns, err = caseCampaigns(tx, id)
		return err
	})
	return d, err
}

// eventFields are the columns of an audit entry, without its transaction.
const eventFields = "id, at, actor_kind, actor_id, actor_name, command, object_kind, object_id, case_id, reason, data"

// Events lists the audit log, newest first.
func (s *Store) Events(ctx context.Context, q cases.EventQuery) (cases.Page[cases.Event], error) {
	var w where
	if q.CaseID != 0 {
		w.and("case_id = ? AND case_id <> 0", q.CaseID)
	}
	if q.ObjectKind != "" {
		w.and("object_kind = ?", text(q.ObjectKind))
	}
	if q.ObjectID != "" {
		w.and("object_id = ?", short(q.ObjectID))
	}
	if q.Command != "" {
		w.and("command = ?", text(q.Command))
	}
	if q.ActorID != "" {
		w.and("actor_id = ?", text(q.ActorID))
	}
	w.within("at", q.At)
	return newestFirst(q.Cursor, q.Limit, "id", w, func(cond string, args []any) ([]cases.Event, error) {
		var es []cases.Event
		err := s.read(ctx).Raw("SELECT "+eventFields+" FROM events WHERE "+cond, args...).Scan(&es).Error
		return es, translate(err)
	}, func(e cases.Event) int64 { return e.ID })
}
