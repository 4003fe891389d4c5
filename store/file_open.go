package store

import (
	"fmt"
	"math"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// open makes a report of each message, and finds or opens its case. One that
// goes on with a conversation whose case is over is related to that case. What
// can be is written for all of them at once.
func (x *filings) open(ones []*filing) error {
	if len(ones) == 0 {
		return nil
	}
	claims, holders, err := x.decide(ones)
	if err != nil {
		return err
	}
	if err := x.insertCases(ones); err != nil {
		return err
	}
	if err := x.claim(claims); err != nil {
		return err
	}
	for _, step := range []func([]*filing) error{x.findReporters, x.insertReports, x.insertRequests, x.link} {
		if err := step(ones); err != nil {
			return err
		}
	}
	if err := x.relateTraced(ones); err != nil {
		return err
	}
	for i, one := range ones {
		related := make([]int64, 0, len(one.decision.Related))
		for _, id := range one.decision.Related {
			related = append(related, caseOf(ones, id))
		}
		for j := range holders[i] {
			holders[i][j].CaseID = caseOf(ones, holders[i][j].CaseID)
		}
		if err := relate(x.tx, x.now, one.filed.CaseID, holders[i], related); err != nil {
			return err
		}
		if one.before.over {
			_, why := one.before.why()
			if err := relateBoth(x.tx, x.now, one.filed.CaseID, one.before.caseID, why); err != nil {
				return err
			}
		}
	}
	return nil
}

// claim is a key that nobody holds, for one of the messages.
type claim struct {
	key cases.CaseKey
	one *filing
}

// unopened and above are the ids of cases that are being opened here, until they
// have one of the database: unopened and the position of the message that opens
// it. They are above all others because the older of two cases goes before.
const unopened = math.MaxInt64 - maxFiling

// decide finds the case of each message, which may be one that an earlier message
// opens. It returns what is to be claimed, and who holds the keys of each message.
func (x *filings) decide(ones []*filing) ([]claim, [][]cases.Holder, error) {
	var keys []cases.CaseKey
	for _, one := range ones {
		one.keys = cases.KeysOf(one.subjects, one.Parsed.Account, one.Parsed.Category)
		keys = append(keys, one.keys...)
		if one.Request != nil {
			one.about, one.keys = one.keys, cases.TracebackKeys(one.Parsed.Traceback, one.Parsed.Reporter)
			keys = append(keys, one.keys...)
		}
	}
	slices.SortFunc(keys, cases.CaseKey.Compare)
	held, err := keyHolders(x.tx, slices.Compact(keys))
	if err != nil {
		return nil, nil, err
	}
	var claims []claim
	holders := make([][]cases.Holder, len(ones))
	for i, one := range ones {
		for _, h := range held {
			if slices.Contains(one.keys, h.Key) {
				holders[i] = append(holders[i], h)
			}
		}
		one.decision = cases.Decide(one.keys, holders[i])
		if one.Request != nil && len(one.keys) == 0 {
			one.decision.Reason = "the request names no reference"
		}
		for _, h := range held {
			if slices.Contains(one.about, h.Key) {
				holders[i] = append(holders[i], h)
				if !slices.Contains(one.decision.Related, h.CaseID) {
					one.decision.Related = append(one.decision.Related, h.CaseID)
				}
			}
		}
		mine := cases.Holder{CaseID: one.decision.CaseID, OpenedAt: x.now, Open: true}
		if mine.CaseID == 0 {
			mine.CaseID = unopened + int64(i)
		} else if j := slices.IndexFunc(held, func(h cases.Holder) bool { return h.CaseID == mine.CaseID }); j >= 0 {
			mine = held[j]
		}
		one.filed = cases.Filed{CaseID: mine.CaseID, NewReport: true, NewCase: one.decision.CaseID == 0, Reason: one.decision.Reason, Token: one.Message.Token}
		for _, k := range unheld(one.keys, holders[i]) { // what it is about it never holds
			claims = append(claims, claim{k, one})
			mine.Key = k
			held = append(held, mine)
		}
	}
	slices.SortFunc(claims, func(a, b claim) int { return a.key.Compare(b.key) })
	return claims, holders, nil
}

// caseOf is the case that an id stands for while cases are being opened.
func caseOf(ones []*filing, id int64) int64 {
	if id >= unopened {
		return ones[id-unopened].filed.CaseID
	}
	return id
}

// insertCases opens the new cases with the facts of their first report;
// everything else is for the assessment. The reference needs the id, so it is
// set after it.
func (x *filings) insertCases(ones []*filing) error {
	var rows, refs [][]any
	titles := map[string]string{}
	for _, one := range ones {
		if !one.filed.NewCase {
			continue
		}
		p, received := one.Parsed, stored(one.Message.ReceivedAt)
		facts := cases.Facts{Category: p.Category, Pretext: p.Pretext, Categories: map[cases.Category]int{p.Category: 1}, Reports: 1, Reports24h: 1,
			FirstReport: received, LastReport: x.now, Caller: p.Number(cases.RoleCaller), Callback: p.Number(cases.RoleCallback), Lane: p.Lane}
		var urgent *time.Time
		if p.Lane != "" {
			facts.Lanes, urgent = []cases.Lane{p.Lane}, &x.now
		}
		if p.Number(cases.RoleCalled) != "" {
			facts.CalledParties = 1
		}
		kind, due, look := cases.CaseAbuse, x.now.Add(cases.FirstActWithin), (*time.Time)(nil)
		if one.Request != nil {
			kind, facts.Traceback = cases.CaseTraceback, tracebackFacts(p.Traceback, *one.Request)
			if facts.Traceback.Owed() {
				due, look = facts.Traceback.Clock.Due, &x.now // an assessment is on its way
			}
		}
		priority, factors := cases.Prioritise(facts, x.now)
		factorsJSON, err := document(factors)
		if err != nil {
			return err
		}
		factsJSON, err := document(facts)
		if err != nil {
			return err
		}
		ref := "new:" + one.Message.Token
		titles[ref] = facts.Title()
		rows = append(rows, []any{ref, kind, titles[ref], cases.StateNew, p.Category, priority, p.Lane, cases.Rank(p.Lane, priority), urgent, factorsJSON, factsJSON, received, x.now, 1, stored(due), storedPtr(look), x.now, x.now})
	}
	var opened []struct {
		ID  int64
		Ref string
	}
	err := insertReturning(x.tx, "cases (ref, kind, title, state, category, priority, lane, rank, urgent_since, factors, facts, first_report, last_report, reports, due_at, look_at, created_at, updated_at)", rows,
		"RETURNING id, ref", &opened)
	if err != nil || len(opened) == 0 {
		return err
	}
	ids := map[string]int64{}
	for _, c := range opened {
		ids[c.Ref] = c.ID
		ref := cases.CaseRef(c.ID, x.now)
		refs = append(refs, []any{c.ID, ref, searchable(titles[c.Ref], ref)})
	}
	for _, one := range ones {
		if one.filed.NewCase {
			one.filed.CaseID = ids["new:"+one.Message.Token]
			one.filed.CaseRef = cases.CaseRef(one.filed.CaseID, x.now)
			if one.before.over {
				one.filed.Reason, _ = one.before.why()
			}
		}
	}
	for _, one := range ones {
		one.filed.CaseID = caseOf(ones, one.filed.CaseID)
	}
	_, err = changes{table: "cases", v: "v(id, ref, search)", row: "(CAST(? AS bigint), ?, ?)", set: "ref = v.ref, search = v.search"}.apply(x.tx, refs)
	return err
}

// claim takes the keys for the cases, or fails with errLostClaim when somebody
// else has taken one of them since.
func (x *filings) claim(claims []claim) error {
	rows := make([][]any, len(claims))
	for i, c := range claims {
		rows[i] = []any{c.key.Kind, c.key.Value, c.one.filed.CaseID, true, x.now}
	}
	return claimRows(x.tx, rows)
}

// link links the reports to their cases and takes the references of those that
// were there.
func (x *filings) link(ones []*filing) error {
	rows := make([][]any, len(ones))
	var joined []int64
	for i, one := range ones {
		rows[i] = []any{one.filed.ReportID, one.filed.CaseID, one.filed.Reason, x.now}
		if one.filed.CaseRef == "" {
			joined = append(joined, one.filed.CaseID)
		}
	}
	if _, err := insert(x.tx, "links (report_id, case_id, reason, linked_at)", rows, ""); err != nil || len(joined) == 0 {
		return err
	}
	refs, err := pinnedRefs(x.tx, joined)
	if err != nil {
		return err
	}
	for _, one := range ones {
		if one.filed.CaseRef == "" {
			one.filed.CaseRef = refs[one.filed.CaseID]
		}
	}
	return nil
}

// pinnedRefs returns the references of cases that a row of this transaction
// refers to, and which therefore cannot be merged away before the commit. One
// that was merged just before is a lost claim: its keys are elsewhere now.
func pinnedRefs(tx *gorm.DB, ids []int64) (map[int64]string, error) {
	var rows []struct {
		ID         int64
		Ref        string
		MergedInto int64
	}
	if err := tx.Raw("SELECT id, ref, merged_into FROM cases WHERE id IN ?", ids).Scan(&rows).Error; err != nil {
		return nil, err
	}
	refs := map[int64]string{}
	for _, c := range rows {
		if c.MergedInto != 0 {
			return nil, errLostClaim
		}
		refs[c.ID] = c.Ref
	}
	for _, id := range ids {
		if refs[id] == "" {
			return nil, cases.NotFound(fmt.Sprintf("case %d", id))
		}
	}
	return refs, nil
}
