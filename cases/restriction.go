package cases

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// RestrictionState is where a restriction stands.
type RestrictionState string

const (
	RestrictionProposed RestrictionState = "proposed" // waits for a second person
	RestrictionApproved RestrictionState = "approved" // decided; takes its revision in the same transaction
	RestrictionApplying RestrictionState = "applying" // in the snapshots of some, not yet of all
	RestrictionActive   RestrictionState = "active"   // read back from every enforcement point that serves it
	RestrictionLifting  RestrictionState = "lifting"  // out of the snapshots of some, not yet of all
	RestrictionLifted   RestrictionState = "lifted"
	RestrictionRejected RestrictionState = "rejected"
	RestrictionFailed   RestrictionState = "failed"
	RestrictionDrifted  RestrictionState = "drifted" // somebody changed it behind our back
)

// InForce says whether snapshots hold restrictions of this state.
func (s RestrictionState) InForce() bool {
	return s == RestrictionApplying || s == RestrictionActive || s == RestrictionDrifted
}

// RestrictionKind is what is limited.
type RestrictionKind string

const (
	KindAccountSuspended RestrictionKind = "account_suspended"    // no outbound calls, sub-accounts included
	KindChannelLimit     RestrictionKind = "channel_limit"        // calls in progress at once
	KindPrefixDenied     RestrictionKind = "prefix_denied"        // E.164 prefixes that may not be called
	KindCountriesDenied  RestrictionKind = "countries_denied"     // alpha-2
	KindCountriesAllowed RestrictionKind = "countries_allowed"    // alpha-2; everything else refused
	KindRateMax          RestrictionKind = "destination_rate_max" // dearest destination, USD per minute
	KindCallerIDDenied   RestrictionKind = "caller_id_denied"     // the number may not be shown
)

// TargetKind is on what a restriction lies.
type TargetKind string

const (
	TargetAccount    TargetKind = "account" // sub-accounts included
	TargetConnection TargetKind = "connection"
	TargetNumber     TargetKind = "number" // as caller ID
)

// RestrictionKinds lists the kinds that can lie on a target.
func RestrictionKinds(t TargetKind) []RestrictionKind {
	switch t {
	case TargetAccount:
		return []RestrictionKind{KindChannelLimit, KindPrefixDenied, KindCountriesDenied, KindCountriesAllowed, KindRateMax, KindAccountSuspended}
	case TargetConnection:
		return []RestrictionKind{KindChannelLimit, KindPrefixDenied, KindCountriesDenied, KindCountriesAllowed, KindRateMax}
	case TargetNumber:
		return []RestrictionKind{KindCallerIDDenied}
	}
	return nil
}

// RestrictionValue is the limit itself; only the fields of the kind are set.
type RestrictionValue struct {
	Channels   int      `json:"channels,omitempty"`
	Prefixes   []string `json:"prefixes,omitempty"`    // "+" and digits
	Countries  []string `json:"countries,omitempty"`   // alpha-2, upper case
	RateMicros int64    `json:"rate_micros,omitempty"` // micro-USD per minute
}

// Limits of a restriction.
const (
	MaxRestriction = 90 * 24 * time.Hour // longest expiry
	MaxPrefixes    = 500
)

// Restriction is a limit on traffic: reversible, and expiring unless it says
// explicitly "until lifted" (ExpiresAt nil).
type Restriction struct {
	ID         int64            `json:"id" gorm:"primaryKey"`
	Kind       RestrictionKind  `json:"kind"`
	TargetKind TargetKind       `json:"target_kind"`
	TargetID   string           `json:"target"` // account id, connection id or E.164
	Value      RestrictionValue `json:"value" gorm:"serializer:json"`
	State      RestrictionState `json:"state"`
	CaseID     int64            `json:"-"`
	Reason     string           `json:"reason"`
	Revision   int64            `json:"revision"` // of its last change that snapshots must hold
	ExpiresAt  *time.Time       `json:"expires_at,omitempty"`

	ProposedBy     string     `json:"-"` // Actor.ID
	ProposedByName string     `json:"proposed_by"`
	ProposedPerson string     `json:"-"` // the human behind it
	ProposedAt     time.Time  `json:"proposed_at"`
	DecidedBy      string     `json:"-"`
	DecidedByName  string     `json:"decided_by,omitempty"`
	DecidedAt      *time.Time `json:"decided_at,omitempty"`
	ActiveAt       *time.Time `json:"active_at,omitempty"`
	LiftReason     string     `json:"lift_reason,omitempty"`
	LiftedByName   string     `json:"lifted_by,omitempty"`
	LiftedAt       *time.Time `json:"lifted_at,omitempty"`
	UpdatedAt      time.Time  `json:"updated_at"`

	events []Event
}

// Describe says what the restriction does, for a button, a list or a timeline.
func (r Restriction) Describe() string {
	switch r.Kind {
	case KindAccountSuspended:
		return "Refuse all outbound calls of " + r.TargetID
	case KindChannelLimit:
		return fmt.Sprintf("Limit %s to %s at once", r.TargetID, plural(r.Value.Channels, "call", "calls"))
	case KindPrefixDenied:
		return "Refuse calls of " + r.TargetID + " to " + strings.Join(r.Value.Prefixes, ", ")
	case KindCountriesDenied:
		return "Refuse calls of " + r.TargetID + " to " + strings.Join(r.Value.Countries, ", ")
	case KindCountriesAllowed:
		return "Let " + r.TargetID + " call only " + strings.Join(r.Value.Countries, ", ")
	case KindRateMax:
		return fmt.Sprintf("Refuse calls of %s above US$%.4f a minute", r.TargetID, float64(r.Value.RateMicros)/1e6)
	case KindCallerIDDenied:
		return "Refuse calls from " + r.TargetID
	}
	return string(r.Kind) + " on " + r.TargetID
}

// Suspends says whether the restriction leaves nothing: a suspension by name,
// or a limit of nothing.
func (r Restriction) Suspends() bool {
	switch r.Kind {
	case KindAccountSuspended:
		return true
	case KindChannelLimit:
		return r.Value.Channels == 0
	case KindCountriesAllowed:
		return len(r.Value.Countries) == 0
	case KindRateMax:
		return r.Value.RateMicros == 0
	case KindCountriesDenied:
		return len(r.Value.Countries) >= allCountries
	case KindPrefixDenied:
		return coversAllPrefixes(r.Value.Prefixes)
	}
	return false
}

// allCountries is how many denied countries count as every country: the
// members of the United Nations. ISO 3166-1 has more codes, most of the rest
// for territories that an account can be left with and still call nobody.
const allCountries = 193

// coversAllPrefixes says whether the prefixes leave no number that could be
// called: "+" alone, or all nine first digits that a country code can have.
func coversAllPrefixes(prefixes []string) bool {
	var first [10]bool
	for _, p := range prefixes {
		d := strings.TrimPrefix(p, "+")
		if d == "" {
			return true
		}
		if len(d) == 1 {
			first[d[0]-'0'] = true
		}
	}
	return !slices.Contains(first[1:], false)
}

// NeedsSecond says whether a second person must approve: suspensions always,
// and everything on a protected account.
func (r Restriction) NeedsSecond(protected bool) (bool, string) {
	switch {
	case protected:
		return true, "the account is protected"
	case r.Suspends():
		return true, "it leaves no calls at all"
	}
	return false, "tightening a limit takes one person"
}

// Validate checks kind, target, value and expiry.
func (r Restriction) Validate(now time.Time) error {
	var ps []Problem
	if !slices.Contains(RestrictionKinds(r.TargetKind), r.Kind) {
		ps = append(ps, Problem{"kind", "this kind cannot lie on " + string(r.TargetKind)})
	}
	if r.TargetID == "" {
		ps = append(ps, Problem{"target", "say on what the restriction lies"})
	}
	switch r.Kind {
	case KindChannelLimit:
		if r.Value.Channels < 0 {
			ps = append(ps, Problem{"channels", "0 or more"})
		}
	case KindPrefixDenied:
		if n := len(r.Value.Prefixes); n == 0 || n > MaxPrefixes {
			ps = append(ps, Problem{"prefixes", fmt.Sprintf("between 1 and %d prefixes", MaxPrefixes)})
		}
		for _, p := range r.Value.Prefixes {
			if d, ok := strings.CutPrefix(p, "+"); !ok || d == "" || len(d) > 15 || strings.Trim(d, "0123456789") != "" {
				ps = append(ps, Problem{"prefixes", fmt.Sprintf("%q is not a prefix: write + and digits", p)})
			}
		}
	case KindCountriesDenied, KindCountriesAllowed:
		if len(r.Value.Countries) == 0 && r.Kind == KindCountriesDenied {
			ps = append(ps, Problem{"countries", "name at least one country"})
		}
		for _, c := range r.Value.Countries {
			if len(c) != 2 || strings.Trim(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
				ps = append(ps, Problem{"countries", fmt.Sprintf("%q is not a two-letter country code", c)})
			}
		}
	case KindRateMax:
		if r.Value.RateMicros < 0 {
			ps = append(ps, Problem{"rate", "0 or more"})
		}
	}
	if strings.TrimSpace(r.Reason) == "" || len(r.Reason) > MaxNote {
		ps = append(ps, Problem{"reason", "say why, in a few words"})
	}
	if r.ExpiresAt != nil {
		switch d := r.ExpiresAt.Sub(now); {
		case d <= 0:
			ps = append(ps, Problem{"expires_at", "this time has passed"})
		case d > MaxRestriction:
			ps = append(ps, Problem{"expires_at", "at most 90 days; a longer one must be said as \"until lifted\""})
		}
	}
	return Invalid(ps...)
}

func (r *Restriction) record(now time.Time, a Actor, cmd, reason string, data map[string]string) {
	e := NewEvent(now, a, cmd, "restriction", fmt.Sprint(r.ID), reason)
	e.CaseID, e.Data = r.CaseID, data
	r.events = append(r.events, e)
	r.UpdatedAt = now
}

// TakeEvents hands over what has happened since the last call.
func (r *Restriction) TakeEvents() []Event { e := r.events; r.events = nil; return e }

// Propose starts a restriction. Where one person is enough it is approved in
// the same breath, and the caller gives it its revision.
func (r *Restriction) Propose(a Actor, now time.Time, protected bool) error {
	if err := Permit(a, CmdProposeRestrict); err != nil {
		return err
	}
	if err := r.Validate(now); err != nil {
		return err
	}
	r.State = RestrictionProposed
	r.ProposedBy, r.ProposedByName, r.ProposedPerson, r.ProposedAt = a.ID, a.Name, a.Person, now
	second, why := r.NeedsSecond(protected)
	r.record(now, a, string(CmdProposeRestrict), r.Reason, map[string]string{"what": r.Describe(), "second_person": fmt.Sprint(second), "because": why})
	if !second && (a.Kind == ActorPerson || a.Kind == ActorKey) {
		r.decide(a, now)
	}
	return nil
}

func (r *Restriction) decide(a Actor, now time.Time) {
	r.State = RestrictionApproved
	r.DecidedBy, r.DecidedByName, r.DecidedAt = a.ID, a.Name, &now
	r.record(now, a, string(CmdApproveRestrict), "", nil)
}

// Approve is the second person's word. It is checked here, not on a page, that
// the second is not the first, also when either of them uses an API key.
func (r *Restriction) Approve(a Actor, now time.Time) error {
	if err := Permit(a, CmdApproveRestrict); err != nil {
		return err
	}
	if r.State != RestrictionProposed {
		return Conflict("the restriction is " + string(r.State) + "; only a proposed one can be approved")
	}
	if a.Person == "" || a.Person == r.ProposedPerson || a.ID == r.ProposedBy {
		return Forbidden("the second person must be another than " + r.ProposedByName)
	}
	if r.ExpiresAt != nil && !r.ExpiresAt.After(now) {
		return Conflict("its time has run out; propose it again")
	}
	r.decide(a, now)
	return nil
}

// Reject ends a proposal.
func (r *Restriction) Reject(a Actor, now time.Time, reason string) error {
	if err := Permit(a, CmdRejectRestrict); err != nil {
		return err
	}
	if r.State != RestrictionProposed {
		return Conflict("the restriction is " + string(r.State) + "; only a proposed one can be rejected")
	}
	if err := needText("reason", reason); err != nil {
		return err
	}
	r.State = RestrictionRejected
	r.DecidedBy, r.DecidedByName, r.DecidedAt = a.ID, a.Name, &now
	r.record(now, a, string(CmdRejectRestrict), reason, nil)
	return nil
}

// Apply begins enforcement under the given revision.
func (r *Restriction) Apply(now time.Time, revision int64) {
	r.State, r.Revision = RestrictionApplying, revision
	r.record(now, System("enforce"), "restriction.apply", "", map[string]string{"revision": fmt.Sprint(revision)})
}

// Lift begins to take the restriction back, under the given revision.
func (r *Restriction) Lift(a Actor, now time.Time, reason string, revision int64) error {
	if err := Permit(a, CmdLiftRestrict); err != nil {
		return err
	}
	if !r.State.InForce() {
		return Conflict("the restriction is " + string(r.State) + "; there is nothing to lift")
	}
	if err := needText("reason", reason); err != nil {
		return err
	}
	r.State, r.Revision, r.LiftReason, r.LiftedByName = RestrictionLifting, revision, reason, a.Name
	r.record(now, a, string(CmdLiftRestrict), reason, map[string]string{"revision": fmt.Sprint(revision)})
	return nil
}

// LiftExpired is the reason given when time runs out.
const LiftExpired = "its time ran out"

// Settle moves on what every live enforcement point has read back. It says
// whether the state changed. With no live point nothing is in force, so
// nothing becomes active; what was being lifted is lifted.
func (r *Restriction) Settle(replicas []Replica, now time.Time) bool {
	live, acknowledged := 0, true
	for _, p := range replicas {
		if !p.Live(now) {
			continue
		}
		live++
		acknowledged = acknowledged && p.Revision >= r.Revision
	}
	data := map[string]string{"revision": fmt.Sprint(r.Revision), "points": fmt.Sprint(live)}
	switch {
	case r.State == RestrictionApplying && live > 0 && acknowledged:
		r.State, r.ActiveAt = RestrictionActive, &now
		r.record(now, System("enforce"), "restriction.active", "", data)
	case r.State == RestrictionLifting && acknowledged:
		r.State, r.LiftedAt = RestrictionLifted, &now
		r.record(now, System("enforce"), "restriction.lifted", r.LiftReason, data)
	default:
		return false
	}
	return true
}

// ReplicaTimeout is how long after its last heartbeat a replica counts as
// live. It knows it too: past this it answers by its fail mode.
const ReplicaTimeout = 10 * time.Second

// Replica is a process that answers the policy endpoint from a snapshot.
type Replica struct {
	ID        string `gorm:"primaryKey"`
	Host      string
	Roles     string
	StartedAt time.Time
	Heartbeat time.Time
	Revision  int64  // acknowledged: its snapshot holds this
	Checksum  string // of its snapshot
}

// Live says whether the replica's heartbeat is recent.
func (p Replica) Live(now time.Time) bool { return now.Sub(p.Heartbeat) < ReplicaTimeout }
