package desk

import (
	"slices"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// accused is a case in which acme is known to have shown the clinic's number.
func (w *world) accused() cases.Filed {
	w.t.Helper()
	w.carrier()
	w.carried(noon, call("1", shown, victim, noon.Add(-2*time.Hour)), call("2", shown, "+13125550155", noon.Add(-3*time.Hour)),
		call("3", own, "+442079460000", noon.Add(-26*time.Hour)), call("4", own, "911", noon.Add(-time.Hour)))
	f := w.submit(report(shown, victim, "2026-11-24T10:00:00Z"))
	w.work()
	return f
}

func limit(kind cases.TargetKind, target, ref string) Proposal {
	return Proposal{Kind: cases.KindChannelLimit, TargetKind: kind, Target: target, Value: cases.RestrictionValue{Channels: 2}, Case: ref, Reason: "short calls"}
}

func suspend(account, ref string) Proposal {
	return Proposal{Kind: cases.KindAccountSuspended, TargetKind: cases.TargetAccount, Target: account, Case: ref, Reason: "short calls"}
}

func TestProposeGuardsTheInnocent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := w.accused()
		closed := w.submit(report("+12025550111", victim, "2026-11-24T10:00:00Z"))
		w.work()
		if c := w.dossier(closed.CaseRef).Case; c.State != cases.StateResolved { // nobody of ours, and not carried
			t.Fatal(c.State)
		}
		past := noon.Add(-time.Hour)
		late := limit(cases.TargetAccount, "acme", f.CaseRef)
		late.ExpiresAt = &past
		refused := map[string]struct {
			as   cases.Actor
			p    Proposal
			kind error
			says string
		}{
			"the holder of the number":       {ann, suspend("clinic", f.CaseRef), cases.ErrConflict, "account clinic only holds the number that was shown; no call of " + f.CaseRef + " came from it"},
			"a connection of the holder":     {ann, limit(cases.TargetConnection, "clinic-1", f.CaseRef), cases.ErrConflict, "only holds the number"},
			"an account without a call":      {ann, limit(cases.TargetAccount, "bystander", f.CaseRef), cases.ErrConflict, "no call of " + f.CaseRef + " is known to have come from account bystander"},
			"a case without a call":          {ann, limit(cases.TargetAccount, "acme", closed.CaseRef), cases.ErrConflict, "is closed"},
			"an account that is none":        {ann, limit(cases.TargetAccount, "acm", f.CaseRef), cases.ErrInvalid, `target: there is no account "acm"`},
			"a connection that is none":      {ann, limit(cases.TargetConnection, "acme", ""), cases.ErrInvalid, `target: there is no connection "acme"`},
			"a number that is none":          {ann, Proposal{Kind: cases.KindCallerIDDenied, TargetKind: cases.TargetNumber, Target: "12", Reason: "x"}, cases.ErrInvalid, "target"},
			"a kind that the target has not": {ann, Proposal{Kind: cases.KindCallerIDDenied, TargetKind: cases.TargetAccount, Target: "acme", Reason: "x"}, cases.ErrInvalid, "kind"},
			"a time that has passed":         {ann, late, cases.ErrInvalid, "expires_at"},
			"a case that is none":            {ann, limit(cases.TargetAccount, "acme", "AB-2026-999999"), cases.ErrNotFound, "999999"},
			"a case of another year":         {ann, limit(cases.TargetAccount, "acme", "AB-2025"+f.CaseRef[len("AB-2026"):]), cases.ErrNotFound, "AB-2025"},
			"an auditor":                     {dave, limit(cases.TargetAccount, "acme", f.CaseRef), cases.ErrForbidden, "auditor"},
		}
		for name, tt := range refused {
			t.Log(name)
			_, err := w.desk.Propose(t.Context(), tt.as, tt.p)
			w.refused(err, tt.kind, tt.says)
		}
		all, err := w.desk.Restrictions(t.Context(), ann, cases.RestrictionQuery{})
		w.must(err)
		if len(all.Items) != 0 || w.hints != 0 {
			t.Errorf("refused, and yet there are %d, and %d hints", len(all.Items), w.hints)
		}
		for name, p := range map[string]Proposal{
			"who called":           limit(cases.TargetAccount, "acme", f.CaseRef),
			"its connection":       limit(cases.TargetConnection, "acme-1", f.CaseRef),
			"its reseller":         limit(cases.TargetAccount, "northtel", f.CaseRef),
			"the number":           {Kind: cases.KindCallerIDDenied, TargetKind: cases.TargetNumber, Target: "(202) 555-0143", Case: f.CaseRef, Reason: "spoofed"},
			"the holder, no case":  limit(cases.TargetAccount, "clinic", ""),
			"countries as written": {Kind: cases.KindCountriesDenied, TargetKind: cases.TargetAccount, Target: "acme", Case: f.CaseRef, Value: cases.RestrictionValue{Countries: []string{" cu "}}, Reason: "fraud"},
		} {
			before := slices.Clone(p.Value.Countries)
			r, err := w.desk.Propose(t.Context(), ann, p)
			if err != nil || r.State != cases.RestrictionApplying {
				t.Errorf("%s: %s, %v", name, r.State, err)
				continue
			}
			if r.TargetKind == cases.TargetNumber && r.TargetID != shown || len(r.Value.Countries) > 0 && r.Value.Countries[0] != "CU" || !slices.Equal(before, p.Value.Countries) {
				t.Errorf("%s: %+v of %+v", name, r, p)
			}
		}
		if w.hints != 6 {
			t.Errorf("%d hints, want 6", w.hints)
		}
	})
}

func TestFourEyes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, f := t.Context(), w.accused()
		script := cases.Actor{Kind: cases.ActorKey, ID: "k_script", Name: "script", Role: cases.RoleIntegration, Scopes: []cases.Scope{cases.ScopeAll}}
		for _, proposer := range []cases.Actor{bob, keyOf(bob)} {
			r, err := w.desk.Propose(ctx, proposer, suspend("acme", f.CaseRef))
			w.must(err)
			if r.State != cases.RestrictionProposed || r.Revision != 0 {
				t.Fatalf("one person is enough: %+v", r)
			}
			for _, who := range []cases.Actor{bob, keyOf(bob), script, ann, cases.System("enforce")} {
				if _, err := w.desk.Approve(ctx, who, r.ID); cases.KindOf(err) != cases.KindForbidden {
					t.Errorf("proposed by %s, approved by %s: %v", proposer.ID, who.ID, err)
				}
			}
			second := carol
			if proposer.Kind == cases.ActorKey {
				second = keyOf(carol)
			}
			r, err = w.desk.Approve(ctx, second, r.ID)
			w.must(err)
			if r.State != cases.RestrictionApplying || r.DecidedBy != second.ID || r.Revision == 0 {
				t.Errorf("approved: %+v", r)
			}
			r, err = w.desk.Lift(ctx, ann, r.ID, "settled with the customer")
			w.must(err)
			if r.State != cases.RestrictionLifting {
				t.Errorf("lifted: %s", r.State)
			}
		}
		r, err := w.desk.Propose(ctx, ann, suspend("acme", f.CaseRef))
		w.must(err)
		_, err = w.desk.Reject(ctx, ann, r.ID, "no")
		w.refused(err, cases.ErrForbidden, "analyst")
		_, err = w.desk.Reject(ctx, bob, r.ID, " ")
		w.refused(err, cases.ErrInvalid, "reason")
		r, err = w.desk.Reject(ctx, bob, r.ID, "the customer has stopped")
		w.must(err)
		_, err = w.desk.Approve(ctx, carol, r.ID)
		w.refused(err, cases.ErrConflict, "rejected")
	})
}

func TestBlastRadius(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, f := t.Context(), w.accused()
		tests := map[string]struct {
			p                    Proposal
			day, week, of, alarm int // calls refused in a day, in a week; all of the week; emergency calls
		}{
			"the account":           {suspend("acme", f.CaseRef), 2, 3, 4, 1},
			"all below a reseller":  {suspend("northtel", f.CaseRef), 2, 3, 4, 1},
			"a connection":          {limit(cases.TargetConnection, "acme-1", ""), 0, 0, 4, 1},
			"a number":              {Proposal{Kind: cases.KindCallerIDDenied, TargetKind: cases.TargetNumber, Target: shown}, 2, 2, 2, 0},
			"a prefix":              {Proposal{Kind: cases.KindPrefixDenied, TargetKind: cases.TargetAccount, Target: "acme", Value: cases.RestrictionValue{Prefixes: []string{"+44"}}}, 0, 1, 4, 1},
			"an account that rests": {suspend("bystander", ""), 0, 0, 0, 0},
		}
		for name, tt := range tests {
			_, got, err := w.desk.BlastRadius(ctx, dave, tt.p)
			w.must(err)
			if got.Day.Calls != tt.day || got.Week.Calls != tt.week || got.Week.Of != tt.of || got.Week.Emergency != tt.alarm || got.Truncated {
				t.Errorf("%s: day %+v, week %+v", name, got.Day, got.Week)
			}
		}
		_, _, err := w.desk.BlastRadius(ctx, ann, suspend("clinic", f.CaseRef))
		w.refused(err, cases.ErrConflict, "only holds the number")
		all, err := w.desk.Restrictions(ctx, ann, cases.RestrictionQuery{})
		w.must(err)
		if len(all.Items) != 0 {
			t.Errorf("a preview left %+v", all.Items)
		}
	})
}
