package store

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
	"github.com/abusedesk/abusedesk/restrict"
)

// hands is a clock that tests move.
type hands struct {
	mu  sync.Mutex
	now time.Time
}

func (h *hands) read() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }

func (h *hands) move(d time.Duration) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
	return h.now
}

func replica(t *testing.T, s *Store, clock *hands, id string, mode restrict.FailMode) *restrict.Keeper {
	t.Helper()
	e, err := numbers.NewEmergency(nil)
	if err != nil {
		t.Fatal(err)
	}
	k, err := restrict.NewKeeper(restrict.KeeperConfig{Source: s, Options: restrict.Options{Emergency: e, FailMode: mode},
		Replica: cases.Replica{ID: id, Host: "host-" + id, Roles: "web", StartedAt: clock.read()}, Now: clock.read, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	turn(t, k)
	return k
}

func turn(t *testing.T, ks ...*restrict.Keeper) {
	t.Helper()
	for _, k := range ks {
		if err := k.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func call(k *restrict.Keeper, account, to string, active int) restrict.Answer {
	return k.Decide(restrict.Request{Account: account, From: "+14155550100", To: to, RatePerMinute: -1, ActiveCalls: active})
}

const texas = "+12145550100"

func TestActiveWhenEveryReplicaHoldsIt(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		customers(t, s)
		clock := &hands{now: noon}
		one, two := replica(t, s, clock, "one", restrict.FailClosed), replica(t, s, clock, "two", restrict.FailClosed)
		r := propose(t, s, ana, clock.read(), suspension("alpha"))
		turn(t, one, two)
		if a := call(one, "alpha", texas, 0); a.Action != restrict.Allow {
			t.Errorf("proposed: %+v", a)
		}
		if _, err := approve(t, s, bea, clock.read(), r.ID); err != nil {
			t.Fatal(err)
		}
		turn(t, one)
		if a := call(one, "alpha", texas, 0); a.RestrictionID != r.ID || a.SIPCode != 403 {
			t.Errorf("first replica: %+v", a)
		}
		if st := stateOf(t, s, r.ID); st != cases.RestrictionApplying {
			t.Errorf("one of two acknowledged: %s", st)
		}
		turn(t, two)
		got, err := s.Restriction(t.Context(), r.ID)
		if err != nil || got.State != cases.RestrictionActive || got.ActiveAt == nil {
			t.Errorf("both acknowledged: %+v, %v", got, err)
		}
		lift(t, s, ana, clock.read(), r.ID)
		turn(t, two)
		if st := stateOf(t, s, r.ID); st != cases.RestrictionLifting {
			t.Errorf("one of two let go: %s", st)
		}
		turn(t, one)
		if st := stateOf(t, s, r.ID); st != cases.RestrictionLifted {
			t.Errorf("both let go: %s", st)
		}
		if a := call(one, "alpha", texas, 0); a.Action != restrict.Allow || a.ByFailMode {
			t.Errorf("lifted: %+v", a)
		}
		want := []string{"restriction.propose", "restriction.approve", "restriction.apply", "restriction.active", "restriction.lift", "restriction.lifted"}
		if diff := cmp.Diff(want, commands(t, s, "restriction", strconv.FormatInt(r.ID, 10))); diff != "" {
			t.Errorf("audit: %s", diff)
		}
	})
}

func TestDeadReplicaDoesNotHoldUp(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		customers(t, s)
		clock := &hands{now: noon}
		one := replica(t, s, clock, "one", restrict.FailClosed)
		two, three := replica(t, s, clock, "two", restrict.FailClosed), replica(t, s, clock, "three", restrict.FailOpen)
		r := propose(t, s, ana, clock.read(), limit("alpha", 2)) // two and three are stopped from here on
		for range 5 {
			turn(t, one)
			if st := stateOf(t, s, r.ID); st != cases.RestrictionApplying {
				t.Fatalf("%s after %v", st, clock.read().Sub(noon))
			}
			clock.move(restrict.HeartbeatEvery)
		}
		// Ten seconds: nobody counts them any more. No heartbeat is due in this
		// moment; the sweep settles.
		if n, err := s.SettleRestrictions(t.Context(), clock.read()); err != nil || n != 1 || stateOf(t, s, r.ID) != cases.RestrictionActive {
			t.Fatalf("settled %d, %v: %s", n, err, stateOf(t, s, r.ID))
		}
		// They wake up, and know.
		if a := call(two, "alpha", texas, 5); a.Action != restrict.Refuse || a.ReasonCode != restrict.ReasonStale || !a.ByFailMode {
			t.Errorf("woken, fail closed: %+v", a)
		}
		if a := call(three, "alpha", texas, 5); a.Action != restrict.Allow || a.ReasonCode != restrict.ReasonStale || !a.ByFailMode {
			t.Errorf("woken, fail open: %+v", a)
		}
		if a := call(two, "alpha", "911", 5); a.Action != restrict.Allow || a.ReasonCode != restrict.ReasonEmergency {
			t.Errorf("woken, emergency: %+v", a)
		}
		turn(t, two, three)
		for _, k := range []*restrict.Keeper{two, three} {
			if a := call(k, "alpha", texas, 5); a.RestrictionID != r.ID || a.ByFailMode {
				t.Errorf("caught up: %+v", a)
			}
		}
		// A day later their rows are gone if they never came back.
		exec(t, s, "UPDATE replicas SET heartbeat = ? WHERE id = 'two'", noon.Add(-25*time.Hour))
		if _, err := s.SettleRestrictions(t.Context(), clock.read()); err != nil {
			t.Fatal(err)
		}
		rs, err := s.Replicas(t.Context())
		if err != nil || len(rs) != 2 || rs[0].ID != "one" || rs[1].ID != "three" || rs[0].Checksum != rs[1].Checksum || rs[0].Checksum == "" {
			t.Errorf("replicas: %+v, %v", rs, err)
		}
	})
}

func TestNothingIsActiveWithoutAReplica(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		customers(t, s)
		r := propose(t, s, ana, noon, limit("alpha", 2))
		if n, err := s.SettleRestrictions(t.Context(), noon); err != nil || n != 0 || stateOf(t, s, r.ID) != cases.RestrictionApplying {
			t.Errorf("settled %d, %v", n, err)
		}
		lift(t, s, ana, noon, r.ID)
		if n, err := s.SettleRestrictions(t.Context(), noon); err != nil || n != 1 || stateOf(t, s, r.ID) != cases.RestrictionLifted {
			t.Errorf("settled %d, %v", n, err)
		}
	})
}

// The time runs out while no worker runs: calls pass from that moment, and
// whoever comes later lifts it.
func TestExpiryThoughNobodyRan(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		customers(t, s)
		clock := &hands{now: noon}
		k := replica(t, s, clock, "one", restrict.FailClosed)
		f := file(t, s, about("+12025550101", "", ""))
		ends := noon.Add(time.Hour)
		r := suspension("alpha")
		r.ExpiresAt, r.CaseID = &ends, f.CaseID
		r = propose(t, s, ana, noon, r)
		if _, err := approve(t, s, bea, noon, r.ID); err != nil {
			t.Fatal(err)
		}
		forever := propose(t, s, ana, noon, limit("alpha", 9))
		clock.move(time.Hour - time.Microsecond)
		turn(t, k)
		if a := call(k, "alpha", texas, 0); a.RestrictionID != r.ID {
			t.Errorf("a moment before: %+v", a)
		}
		clock.move(time.Microsecond)
		if a := call(k, "alpha", texas, 0); a.Action != restrict.Allow || a.MaxChannels != 9 {
			t.Errorf("at that moment: %+v", a)
		}
		now := clock.move(3 * 24 * time.Hour)
		before := currentRevision(t, s)
		if n, err := s.ExpireRestrictions(t.Context(), now); err != nil || n != 1 {
			t.Fatalf("expired %d, %v", n, err)
		}
		if stateOf(t, s, r.ID) != cases.RestrictionLifting || stateOf(t, s, forever.ID) == cases.RestrictionLifting || currentRevision(t, s) != before+1 {
			t.Errorf("after the sweep: %s and %s at revision %d, was %d", stateOf(t, s, r.ID), stateOf(t, s, forever.ID), currentRevision(t, s), before)
		}
		if c, err := s.Case(t.Context(), f.CaseID); err != nil || c.State != cases.StateOpen {
			t.Errorf("its case: %s, %v", c.State, err)
		}
		turn(t, k)
		got, err := s.Restriction(t.Context(), r.ID)
		if err != nil || got.State != cases.RestrictionLifted || got.LiftReason != cases.LiftExpired || got.LiftedByName != "expiry" || got.LiftedAt == nil {
			t.Errorf("%+v, %v", got, err)
		}
		if n, err := s.ExpireRestrictions(t.Context(), now); err != nil || n != 0 || currentRevision(t, s) != before+1 {
			t.Errorf("again: %d, %v, revision %d", n, err, currentRevision(t, s))
		}
	})
}

func TestOverlapsRecompute(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		customers(t, s)
		clock := &hands{now: noon}
		k := replica(t, s, clock, "one", restrict.FailClosed)
		wide, tight := propose(t, s, ana, noon, limit("reseller", 8)), propose(t, s, ana, noon, limit("alpha", 2))
		turn(t, k)
		if a := call(k, "alpha", texas, 1); a.Action != restrict.Allow || a.MaxChannels != 2 {
			t.Errorf("both: %+v", a)
		}
		if a := call(k, "alpha", texas, 9); a.RestrictionID != tight.ID {
			t.Errorf("both refuse: %+v", a)
		}
		lift(t, s, ana, noon, tight.ID)
		turn(t, k)
		if a := call(k, "alpha", texas, 1); a.Action != restrict.Allow || a.MaxChannels != 8 {
			t.Errorf("the tight one is lifted: %+v", a)
		}
		if a := call(k, "alpha", texas, 8); a.RestrictionID != wide.ID {
			t.Errorf("the wide one is left: %+v", a)
		}
	})
}

// Of two replicas that acknowledge in the same moment one must settle, or the
// restriction would wait for the next heartbeat.
func TestHeartbeatsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		customers(t, s)
		beat := func(id string, revision int64) error {
			return s.Heartbeat(t.Context(), noon, cases.Replica{ID: id, Host: "h", Roles: "web", StartedAt: noon, Revision: revision})
		}
		names := []string{"one", "two", "three"}
		for _, id := range names {
			if err := beat(id, 0); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 25 {
			r := propose(t, s, ana, noon, limit("alpha", i+1))
			var wg sync.WaitGroup
			failed := make([]error, len(names))
			for j, id := range names {
				wg.Go(func() { failed[j] = beat(id, r.Revision) })
			}
			wg.Wait()
			if err := errors.Join(failed...); err != nil {
				t.Fatal(err)
			}
			if st := stateOf(t, s, r.ID); st != cases.RestrictionActive {
				t.Fatalf("round %d: %s", i, st)
			}
		}
	})
}

// Everything in a state is of one moment: here each change takes exactly one
// revision and adds or ends exactly one restriction.
func TestPolicyStateIsOfOneMoment(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		customers(t, s)
		base := currentRevision(t, s)
		done := make(chan error)
		go func() {
			defer close(done)
			for i := range 40 {
				r := limit("alpha", i+1)
				r.Reason = fmt.Sprint("change ", i)
				if _, err := s.ProposeRestriction(t.Context(), ana, noon, r); err != nil {
					done <- err
					return
				}
			}
		}()
		for last := int64(-1); ; {
			st, err := s.PolicyState(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if n := int64(len(st.Restrictions)); n != st.Revision-base {
				t.Fatalf("revision %d has %d restrictions, want %d", st.Revision, n, st.Revision-base)
			}
			if st.Revision < last {
				t.Fatalf("revision %d after %d", st.Revision, last)
			}
			last = st.Revision
			select {
			case err := <-done:
				if err != nil {
					t.Fatal(err)
				}
				if st, err := s.PolicyState(t.Context()); err != nil || len(st.Restrictions) != 40 {
					t.Fatalf("%d restrictions in the end, %v", len(st.Restrictions), err)
				}
				return
			default:
			}
		}
	})
}

func TestPolicyState(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		customers(t, s)
		ends := noon.Add(time.Hour)
		r := limit("alpha", 3)
		r.ExpiresAt = &ends
		r = propose(t, s, ana, noon, r)
		propose(t, s, ana, noon, suspension("alpha")) // waits
		lift(t, s, ana, noon, propose(t, s, ana, noon, limit("reseller", 3)).ID)
		st, err := s.PolicyState(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := []cases.Restriction{{ID: r.ID, Kind: r.Kind, TargetKind: r.TargetKind, TargetID: r.TargetID, Value: r.Value, State: r.State, Revision: r.Revision, ExpiresAt: &ends}}
		if diff := cmp.Diff(want, st.Restrictions, cmp.AllowUnexported(cases.Restriction{})); diff != "" {
			t.Errorf("restrictions: %s", diff)
		}
		if diff := cmp.Diff(map[string]string{"reseller": "", "alpha": "reseller", "beta": "", "ward": "beta", "hospital": "ward", "clinic": "hospital"}, st.Parents); diff != "" {
			t.Errorf("parents: %s", diff)
		}
		if len(st.Connections) != 2 || st.Connections[0].SourceIPs[0] != "192.0.2.1" || st.Revision != currentRevision(t, s) {
			t.Errorf("%+v", st)
		}
	})
}
