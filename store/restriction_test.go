package store

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/abusedesk/abusedesk/cases"
)

var (
	ana = staff("ana", cases.RoleAnalyst)
	bea = staff("bea", cases.RoleApprover)
	cyd = staff("cyd", cases.RoleApprover)
)

// customers imports a reseller with two customers, one of whom has a hospital
// below it, and a connection and a number for each of two.
func customers(t *testing.T, s *Store) {
	t.Helper()
	admin := staff("adm", cases.RoleAdmin)
	err := errors.Join(
		s.ImportAccounts(t.Context(), admin, noon, []cases.Account{
			{ID: "reseller", Name: "Reseller"}, {ID: "alpha", Name: "Alpha", ParentID: "reseller"}, {ID: "beta", Name: "Beta"},
			{ID: "ward", Name: "Ward", ParentID: "beta"}, {ID: "hospital", Name: "Hospital", ParentID: "ward", Protected: true},
			{ID: "clinic", Name: "Clinic", ParentID: "hospital"},
		}),
		s.ImportConnections(t.Context(), admin, noon, []cases.Connection{
			{ID: "c-alpha", AccountID: "alpha", Country: "US", SourceIPs: []string{"192.0.2.1"}}, {ID: "c-clinic", AccountID: "clinic", Country: "US"}}),
		s.ImportEntitlements(t.Context(), admin, noon, []cases.Entitlement{
			{E164: "+12025550111", AccountID: "clinic", Kind: cases.EntitlementAssigned, From: noon.Add(-time.Hour)},
			{E164: "+12025550122", AccountID: "alpha", Kind: cases.EntitlementAssigned, From: noon.Add(-time.Hour)},
		}))
	if err != nil {
		t.Fatal(err)
	}
}

func limit(account string, channels int) cases.Restriction {
	return cases.Restriction{Kind: cases.KindChannelLimit, TargetKind: cases.TargetAccount, TargetID: account,
		Value: cases.RestrictionValue{Channels: channels}, Reason: "too many calls"}
}

func suspension(account string) cases.Restriction {
	return cases.Restriction{Kind: cases.KindAccountSuspended, TargetKind: cases.TargetAccount, TargetID: account, Reason: "fraud"}
}

func propose(t *testing.T, s *Store, a cases.Actor, now time.Time, r cases.Restriction) cases.Restriction {
	t.Helper()
	r, err := s.ProposeRestriction(t.Context(), a, now, r)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func approve(t *testing.T, s *Store, a cases.Actor, now time.Time, id int64) (cases.Restriction, error) {
	return s.ChangeRestriction(t.Context(), a, now, id, func(r *cases.Restriction, revision int64) error {
		if err := r.Approve(a, now); err != nil {
			return err
		}
		r.Apply(now, revision)
		return nil
	})
}

func lift(t *testing.T, s *Store, a cases.Actor, now time.Time, id int64) cases.Restriction {
	t.Helper()
	r, err := s.ChangeRestriction(t.Context(), a, now, id, func(r *cases.Restriction, revision int64) error {
		return r.Lift(a, now, "no longer needed", revision)
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func stateOf(t *testing.T, s *Store, id int64) cases.RestrictionState {
	t.Helper()
	r, err := s.Restriction(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r.State
}

func currentRevision(t *testing.T, s *Store) int64 {
	t.Helper()
	n, err := s.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// commands are the audit entries of an object, oldest first.
func commands(t *testing.T, s *Store, kind, id string) []string {
	t.Helper()
	var out []string
	if err := s.db.Raw("SELECT command FROM events WHERE object_kind = ? AND object_id = ? ORDER BY id", kind, id).Scan(&out).Error; err != nil {
		t.Fatal(err)
	}
	return out
}

func TestProposeWithOnePerson(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		customers(t, s)
		before := currentRevision(t, s)
		later := noon.Add(time.Hour)
		in := cases.Restriction{Kind: cases.KindPrefixDenied, TargetKind: cases.TargetAccount, TargetID: "alpha",
			Value: cases.RestrictionValue{Prefixes: []string{"+3719", "+8819"}}, Reason: "toll fraud", ExpiresAt: &later}
		r := propose(t, s, ana, noon, in)
		if r.State != cases.RestrictionApplying || r.Revision != before+1 || currentRevision(t, s) != before+1 {
			t.Errorf("state %s, revision %d; the database is at %d, was at %d", r.State, r.Revision, currentRevision(t, s), before)
		}
		got, err := s.Restriction(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, got, cmpopts.IgnoreUnexported(cases.Restriction{})); diff != "" {
			t.Errorf("returned and kept differ:\n%s", diff)
		}
		if diff := cmp.Diff(in.Value, got.Value); diff != "" || got.DecidedBy != "ana" || !got.ExpiresAt.Equal(later) {
			t.Errorf("kept %+v\n%s", got, diff)
		}
		want := []string{"restriction.propose", "restriction.approve", "restriction.apply"}
		if diff := cmp.Diff(want, commands(t, s, "restriction", strconv.FormatInt(r.ID, 10))); diff != "" {
			t.Errorf("audit: %s", diff)
		}
		if n := count(t, s, "SELECT count(*) FROM events WHERE object_id = '0'"); n != 0 {
			t.Errorf("%d events of no restriction", n)
		}
	})
}

func TestProposeNeedsSecondPerson(t *testing.T) {
	number := func(e164 string) cases.Restriction {
		return cases.Restriction{Kind: cases.KindCallerIDDenied, TargetKind: cases.TargetNumber, TargetID: e164, Reason: "shown without right"}
	}
	onConnection := func(id string) cases.Restriction {
		r := limit(id, 3)
		r.TargetKind = cases.TargetConnection
		return r
	}
	tests := []struct {
		name   string
		r      cases.Restriction
		second bool
	}{
		{"limit", limit("alpha", 3), false},
		{"suspension", suspension("alpha"), true},
		{"limit of nothing", limit("alpha", 0), true},
		{"protected", limit("hospital", 3), true},
		{"protected above", limit("clinic", 3), true},
		{"protected below", limit("beta", 3), true},
		{"another reseller", limit("reseller", 3), false},
		{"connection", onConnection("c-alpha"), false},
		{"connection of protected", onConnection("c-clinic"), true},
		{"number", number("+12025550122"), false},
		{"number of protected", number("+12025550111"), true},
		{"number of nobody", number("+12025550133"), false},
	}
	each(t, func(t *testing.T, s *Store) {
		customers(t, s)
		for _, tt := range tests {
			before := currentRevision(t, s)
			r := propose(t, s, ana, noon, tt.r)
			want, revision := cases.RestrictionApplying, before+1
			if tt.second {
				want, revision = cases.RestrictionProposed, before
			}
			if r.State != want || currentRevision(t, s) != revision {
				t.Errorf("%s: %s at revision %d, want %s at %d", tt.name, r.State, currentRevision(t, s), want, revision)
			}
		}
		// The right to show the number has ended since.
		exec(t, s, "UPDATE entitlements SET valid_until = ? WHERE account_id = 'clinic'", noon)
		if r := propose(t, s, ana, noon, number("+12025550111")); r.State != cases.RestrictionApplying {
			t.Errorf("number that the protected account had: %s", r.State)
		}
	})
}

func TestProposeRefused(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		customers(t, s)
		before, events := currentRevision(t, s), count(t, s, "SELECT count(*) FROM events")
		connection := limit("c-nobody", 3)
		connection.TargetKind = cases.TargetConnection
		noCase := limit("alpha", 3)
		noCase.CaseID = 99
		noReason := limit("alpha", 3)
		noReason.Reason = ""
		for _, tt := range []struct {
			a    cases.Actor
			r    cases.Restriction
			want error
		}{
			{ana, limit("nobody", 3), cases.ErrInvalid}, {ana, connection, cases.ErrInvalid}, {ana, noReason, cases.ErrInvalid},
			{ana, limit("", 3), cases.ErrInvalid}, {ana, cases.Restriction{TargetID: "alpha", Reason: "x"}, cases.ErrInvalid},
			{ana, noCase, cases.ErrNotFound}, {staff("dan", cases.RoleAuditor), limit("alpha", 3), cases.ErrForbidden},
		} {
			if _, err := s.ProposeRestriction(t.Context(), tt.a, noon, tt.r); !errors.Is(err, tt.want) {
				t.Errorf("%+v: %v, want %v", tt.r, err, tt.want)
			}
		}
		if currentRevision(t, s) != before || count(t, s, "SELECT count(*) FROM restrictions") != 0 || count(t, s, "SELECT count(*) FROM events") != events {
			t.Error("a refused proposal left something behind")
		}
	})
}

func TestApproval(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		customers(t, s)
		r := propose(t, s, bea, noon, suspension("alpha"))
		before := currentRevision(t, s)
		if _, err := approve(t, s, bea, noon, r.ID); !errors.Is(err, cases.ErrForbidden) {
			t.Errorf("the proposer approves: %v", err)
		}
		key := bea
		key.Kind, key.ID, key.Scopes = cases.ActorKey, "key-1", []cases.Scope{cases.ScopeCases}
		if _, err := approve(t, s, key, noon, r.ID); !errors.Is(err, cases.ErrForbidden) {
			t.Errorf("the proposer approves with a key: %v", err)
		}
		if _, err := approve(t, s, ana, noon, r.ID); !errors.Is(err, cases.ErrForbidden) {
			t.Errorf("an analyst approves: %v", err)
		}
		if currentRevision(t, s) != before || stateOf(t, s, r.ID) != cases.RestrictionProposed {
			t.Error("a refused approval changed something")
		}
		other := propose(t, s, ana, noon, suspension("alpha"))
		_, err := s.ChangeRestriction(t.Context(), cyd, noon, other.ID, func(r *cases.Restriction, _ int64) error { return r.Reject(cyd, noon, "not proven") })
		if err != nil || stateOf(t, s, other.ID) != cases.RestrictionRejected || currentRevision(t, s) != before {
			t.Errorf("rejection: %v, %s; revision %d, was %d", err, stateOf(t, s, other.ID), currentRevision(t, s), before)
		}
		if _, err := approve(t, s, cyd, noon, 999); !errors.Is(err, cases.ErrNotFound) {
			t.Errorf("no such restriction: %v", err)
		}

		for range 6 {
			approversAtOnce(t, s, propose(t, s, bea, noon, suspension("alpha")).ID)
		}
	})
}

// approversAtOnce: one is the second person, the others come too late.
func approversAtOnce(t *testing.T, s *Store, id int64) {
	t.Helper()
	before := currentRevision(t, s)
	results := make([]error, 8)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() { _, results[i] = approve(t, s, staff(fmt.Sprint("second-", i), cases.RoleApprover), noon, id) })
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, cases.ErrConflict):
			t.Errorf("the late one: %v", err)
		}
	}
	if won != 1 || currentRevision(t, s) != before+1 {
		t.Errorf("%d approved, revision %d, was %d", won, currentRevision(t, s), before)
	}
	want := []string{"restriction.propose", "restriction.approve", "restriction.apply"}
	if diff := cmp.Diff(want, commands(t, s, "restriction", strconv.FormatInt(id, 10))); diff != "" {
		t.Errorf("audit: %s", diff)
	}
}

func TestCaseIsKeptInStep(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		customers(t, s)
		f := file(t, s, about("+12025550101", "", ""))
		in := func() cases.State {
			c, err := s.Case(t.Context(), f.CaseID)
			if err != nil {
				t.Fatal(err)
			}
			return c.State
		}
		r := suspension("alpha")
		r.CaseID = f.CaseID
		r = propose(t, s, ana, noon, r)
		if in() != cases.StateAwaitingApproval {
			t.Errorf("proposed: %s", in())
		}
		assessments := count(t, s, "SELECT count(*) FROM jobs WHERE kind = 'assess'")
		if _, err := approve(t, s, bea, noon, r.ID); err != nil {
			t.Fatal(err)
		}
		if in() != cases.StateMitigated {
			t.Errorf("approved: %s", in())
		}
		if n := count(t, s, "SELECT count(*) FROM jobs WHERE kind = 'assess'"); n != assessments+1 {
			t.Errorf("%d assessments asked for, want 1", n-assessments)
		}
		second := limit("alpha", 3)
		second.CaseID = f.CaseID
		second = propose(t, s, ana, noon, second)
		lift(t, s, ana, noon, r.ID)
		if in() != cases.StateMitigated {
			t.Errorf("one of two lifted: %s", in())
		}
		lift(t, s, ana, noon, second.ID)
		if in() != cases.StateOpen {
			t.Errorf("both lifted: %s", in())
		}

		// A restriction proposed on a case that is merged counts for the other.
		g := file(t, s, about("+12025550102", "", ""))
		third := suspension("alpha")
		third.CaseID = g.CaseID
		third = propose(t, s, ana, noon, third)
		if err := s.MergeCases(t.Context(), ana, noon, g.CaseID, f.CaseID, "the same"); err != nil {
			t.Fatal(err)
		}
		if _, err := approve(t, s, bea, noon, third.ID); err != nil {
			t.Fatal(err)
		}
		if in() != cases.StateMitigated {
			t.Errorf("approved on a merged case: %s", in())
		}
		page, err := s.Restrictions(t.Context(), cases.RestrictionQuery{CaseID: f.CaseID})
		if err != nil || len(page.Items) != 3 {
			t.Errorf("%d restrictions of the case, %v", len(page.Items), err)
		}

		closed := file(t, s, about("+12025550103", "", ""))
		if _, err := s.UpdateCase(t.Context(), closed.CaseID, 0, func(c *cases.Case) error {
			return c.Resolve(ana, noon, cases.DispositionInsufficient, "nothing known")
		}); err != nil {
			t.Fatal(err)
		}
		late := limit("alpha", 3)
		late.CaseID = closed.CaseID
		if _, err := s.ProposeRestriction(t.Context(), ana, noon, late); !errors.Is(err, cases.ErrConflict) {
			t.Errorf("on a closed case: %v", err)
		}
	})
}

func TestRestrictionsList(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		customers(t, s)
		var want []int64
		for i := range 7 {
			r := propose(t, s, ana, noon, limit([]string{"alpha", "beta"}[i%2], i+1))
			if i%2 == 0 {
				want = append([]int64{r.ID}, want...)
			}
		}
		var got []int64
		q := cases.RestrictionQuery{Target: "alpha", States: []cases.RestrictionState{cases.RestrictionApplying, cases.RestrictionActive}, Limit: 3}
		for {
			page, err := s.Restrictions(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Items {
				got = append(got, r.ID)
			}
			if q.Cursor = page.Next; q.Cursor == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if _, err := s.Restrictions(t.Context(), cases.RestrictionQuery{Cursor: "x"}); !errors.Is(err, cases.ErrInvalid) {
			t.Errorf("bad cursor: %v", err)
		}
	})
}
