package store

import (
	"context"
	"fmt"

	"github.com/abusedesk/abusedesk/cases"
)

// Cases lists cases by rank, then newest first: urgent ones, then by priority. Merged ones are left out:
// they are worked on elsewhere.
func (s *Store) Cases(ctx context.Context, q cases.CaseQuery) (cases.Page[cases.Case], error) {
	var w where
	w.and("merged_into = 0")
	if q.Kind != "" {
		w.and("kind = ?", text(string(q.Kind)))
		if q.Kind != cases.CaseAbuse {
			w.and("kind <> 'abuse'") // as its index has it
		}
	}
	switch {
	case len(q.Dispositions) > 0:
		w.and("disposition IN ?", q.Dispositions)
		if len(q.States) > 0 {
			w.and("state IN ?", q.States)
		}
	case len(q.States) == 0:
		w.and("state <> 'resolved'")
	default:
		w.and("state IN ?", q.States)
	}
	w.within("created_at", q.Opened)
	switch q.Assignee {
	case "":
	case "-":
		w.and("assignee = ''")
	default:
		w.and("assignee = ? AND assignee <> ''", text(q.Assignee))
	}
	if q.Urgent {
		w.and("id IN (SELECT id FROM cases WHERE urgent_since IS NOT NULL)") // IN, for SQLite would read the whole queue
	}
	if q.Category != "" {
		w.and("category = ?", text(string(q.Category)))
	}
	if q.Account != "" {
		w.and("account = ? AND account <> ''", text(q.Account))
	}
	if q.Provider != "" {
		w.and("provider = ? AND provider <> ''", text(q.Provider))
	}
	if q.Number != "" {
		w.and("id IN (SELECT l.case_id FROM subjects s JOIN links l ON l.report_id = s.report_id WHERE s.e164 = ? AND s.role IN ?)",
			text(q.Number), []cases.NumberRole{cases.RoleCaller, cases.RoleCallback})
	}
	for _, pattern := range likeWords(q.Text) {
		w.and(`search LIKE ? ESCAPE '\'`, pattern)
	}
	if q.Cursor != "" {
		at, err := parseCursor(q.Cursor, 2)
		if err != nil {
			return cases.Page[cases.Case]{}, err
		}
		w.and("(rank, id) < (?, ?)", at[0], at[1])
	}
	limit := pageLimit(q.Limit)
	var items []cases.Case
	err := s.read(ctx).Raw(fmt.Sprintf("SELECT * FROM cases WHERE %s ORDER BY rank DESC, id DESC LIMIT %d", &w, limit+1), w.args...).Scan(&items).Error
	if err != nil {
		return cases.Page[cases.Case]{}, translate(err)
	}
	return cut(items, limit, func(c cases.Case) string { return cursorOf(int64(cases.Rank(c.Lane, c.Priority)), c.ID) }), nil
}

// CaseRefs returns the references of cases by id, those of merged ones too;
// unknown ids are left out.
func (s *Store) CaseRefs(ctx context.Context, ids []int64) (map[int64]string, error) {
	refs := map[int64]string{}
	if len(ids) == 0 {
		return refs, nil
	}
	var found []struct {
		ID  int64
		Ref string
	}
	if err := s.read(ctx).Raw("SELECT id, ref FROM cases WHERE id IN ?", ids).Scan(&found).Error; err != nil {
		return nil, translate(err)
	}
	for _, c := range found {
		refs[c.ID] = c.Ref
	}
	return refs, nil
}
