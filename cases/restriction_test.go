package cases

import (
	"errors"
	"testing"
	"time"
)

func draft(kind RestrictionKind) *Restriction {
	r := &Restriction{ID: 1, Kind: kind, TargetKind: TargetAccount, TargetID: "acme", Reason: "robocalls"}
	switch kind {
	case KindCallerIDDenied:
		r.TargetKind, r.TargetID = TargetNumber, "+12025550143"
	case KindChannelLimit:
		r.Value.Channels = 2
	case KindPrefixDenied:
		r.Value.Prefixes = []string{"+252"}
	case KindCountriesDenied, KindCountriesAllowed:
		r.Value.Countries = []string{"US"}
	case KindRateMax:
		r.Value.RateMicros = 50_000
	}
	return r
}

func TestProposeNeedsSecond(t *testing.T) {
	tests := []struct {
		name      string
		r         *Restriction
		change    func(*Restriction)
		protected bool
		want      RestrictionState
	}{
		{"a channel limit takes one person", draft(KindChannelLimit), nil, false, RestrictionApproved},
		{"zero channels are a suspension", draft(KindChannelLimit), func(r *Restriction) { r.Value.Channels = 0 }, false, RestrictionProposed},
		{"a suspension takes two", draft(KindAccountSuspended), nil, false, RestrictionProposed},
		{"a protected account always", draft(KindChannelLimit), nil, true, RestrictionProposed},
		{"no country allowed is a suspension", draft(KindCountriesAllowed), func(r *Restriction) { r.Value.Countries = nil }, false, RestrictionProposed},
		{"every first digit is a suspension", draft(KindPrefixDenied), func(r *Restriction) {
			r.Value.Prefixes = []string{"+1", "+2", "+3", "+4", "+5", "+6", "+7", "+8", "+9"}
		}, false, RestrictionProposed},
		{"eight of nine are not", draft(KindPrefixDenied), func(r *Restriction) {
			r.Value.Prefixes = []string{"+1", "+2", "+3", "+4", "+5", "+6", "+7", "+8"}
		}, false, RestrictionApproved},
		{"a price of nothing is a suspension", draft(KindRateMax), func(r *Restriction) { r.Value.RateMicros = 0 }, false, RestrictionProposed},
		{"a caller ID takes one", draft(KindCallerIDDenied), nil, false, RestrictionApproved},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.change != nil {
				tt.change(tt.r)
			}
			if err := tt.r.Propose(ann, t0, tt.protected); err != nil {
				t.Fatal(err)
			}
			if tt.r.State != tt.want {
				t.Errorf("state = %s, want %s", tt.r.State, tt.want)
			}
		})
	}
}

func TestProposeRefuses(t *testing.T) {
	past, far := t0.Add(-time.Second), t0.Add(MaxRestriction+time.Second)
	for name, change := range map[string]func(*Restriction){
		"no reason":                   func(r *Restriction) { r.Reason = " " },
		"no target":                   func(r *Restriction) { r.TargetID = "" },
		"a kind that cannot lie here": func(r *Restriction) { r.Kind = KindCallerIDDenied },
		"negative channels":           func(r *Restriction) { r.Value.Channels = -1 },
		"an expiry that has passed":   func(r *Restriction) { r.ExpiresAt = &past },
		"an expiry too far":           func(r *Restriction) { r.ExpiresAt = &far },
		"a prefix without +":          func(r *Restriction) { r.Kind, r.Value.Prefixes = KindPrefixDenied, []string{"252"} },
		"a country of three letters":  func(r *Restriction) { r.Kind, r.Value.Countries = KindCountriesDenied, []string{"USA"} },
	} {
		r := draft(KindChannelLimit)
		change(r)
		if err := r.Propose(ann, t0, false); !errors.Is(err, ErrInvalid) || r.State != "" {
			t.Errorf("%s: err %v, state %q", name, err, r.State)
		}
	}
}

func TestFourEyes(t *testing.T) {
	keyOfBob := Actor{Kind: ActorKey, ID: "k1", Name: "Bob's key", Role: RoleApprover, Person: "bob", Scopes: []Scope{ScopeCases}}
	machine := Actor{Kind: ActorKey, ID: "k2", Name: "machine", Role: RoleIntegration, Scopes: []Scope{ScopeAll}}
	tests := []struct {
		name     string
		proposer Actor
		approver Actor
		err      error
	}{
		{"two people", ann, bob, nil},
		{"one person twice", bob, bob, ErrForbidden},
		{"one person and his key", bob, keyOfBob, ErrForbidden},
		{"a key and the person behind it", keyOfBob, bob, ErrForbidden},
		{"another's key", ann, keyOfBob, nil},
		{"a key that nobody stands behind is no second person", ann, machine, ErrForbidden},
		{"an analyst may not approve", bob, ann, ErrForbidden},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := draft(KindAccountSuspended)
			if err := r.Propose(tt.proposer, t0, false); err != nil {
				t.Fatal(err)
			}
			if err := r.Approve(tt.approver, t0); !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Errorf("err = %v, want %v", err, tt.err)
			}
		})
	}
}

func TestSettle(t *testing.T) {
	live := func(rev int64) Replica { return Replica{Heartbeat: t0.Add(-time.Second), Revision: rev} }
	dead := Replica{Heartbeat: t0.Add(-ReplicaTimeout), Revision: 1}
	tests := []struct {
		name     string
		from     RestrictionState
		replicas []Replica
		want     RestrictionState
	}{
		{"all have it", RestrictionApplying, []Replica{live(5), live(6)}, RestrictionActive},
		{"one is behind", RestrictionApplying, []Replica{live(5), live(4)}, RestrictionApplying},
		{"a dead one does not count", RestrictionApplying, []Replica{live(5), dead}, RestrictionActive},
		{"nobody enforces", RestrictionApplying, []Replica{dead}, RestrictionApplying},
		{"lifting: all have let go", RestrictionLifting, []Replica{live(5)}, RestrictionLifted},
		{"lifting: one still holds it", RestrictionLifting, []Replica{live(4)}, RestrictionLifting},
		{"lifting with nobody there", RestrictionLifting, nil, RestrictionLifted},
		{"active stays", RestrictionActive, []Replica{live(9)}, RestrictionActive},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := draft(KindChannelLimit)
			r.State, r.Revision = tt.from, 5
			if changed := r.Settle(tt.replicas, t0); changed != (tt.from != tt.want) || r.State != tt.want {
				t.Errorf("state = %s (changed %v), want %s", r.State, changed, tt.want)
			}
		})
	}
}

func TestLift(t *testing.T) {
	r := draft(KindChannelLimit)
	if err := r.Propose(ann, t0, false); err != nil {
		t.Fatal(err)
	}
	if err := r.Lift(ann, t0, "mistake", 2); !errors.Is(err, ErrConflict) {
		t.Errorf("lifting what is not in force: %v", err)
	}
	r.Apply(t0, 1)
	if err := r.Lift(ann, t0, "", 2); !errors.Is(err, ErrInvalid) {
		t.Errorf("lifting without a reason: %v", err)
	}
	if err := r.Lift(System("expiry"), t0, LiftExpired, 2); err != nil || r.State != RestrictionLifting || r.Revision != 2 {
		t.Errorf("err %v, state %s, revision %d", err, r.State, r.Revision)
	}
	if err := r.Lift(ann, t0, "again", 3); !errors.Is(err, ErrConflict) {
		t.Errorf("lifting twice: %v", err)
	}
}
