package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
	"github.com/abusedesk/abusedesk/restrict"
)

// Proposal is a restriction as a person or a key asks for it.
type Proposal struct {
	Kind       cases.RestrictionKind
	TargetKind cases.TargetKind
	Target     string // account id, connection id or a number
	Value      cases.RestrictionValue
	Case       string // reference; "" for none
	Reason     string
	ExpiresAt  *time.Time // nil: until lifted
}

// Propose starts a restriction; where one person is enough it is on its way
// at once.
func (d *Desk) Propose(ctx context.Context, a cases.Actor, p Proposal) (cases.Restriction, error) {
	if err := cases.Permit(a, cases.CmdProposeRestrict); err != nil {
		return cases.Restriction{}, err
	}
	r, err := d.draft(ctx, a, p)
	if err != nil {
		return cases.Restriction{}, err
	}
	r, err = d.Store.ProposeRestriction(ctx, a, d.now(), r)
	return r, d.changed(err)
}

// changed hints the replicas that a restriction may have changed.
func (d *Desk) changed(err error) error {
	if err == nil {
		d.Hint()
	}
	return err
}

// draft checks a proposal against what is known of case and target.
func (d *Desk) draft(ctx context.Context, a cases.Actor, p Proposal) (cases.Restriction, error) {
	r := cases.Restriction{Kind: p.Kind, TargetKind: p.TargetKind, TargetID: strings.TrimSpace(p.Target), Value: p.Value, Reason: p.Reason}
	if p.ExpiresAt != nil {
		t := p.ExpiresAt.UTC().Truncate(time.Microsecond)
		r.ExpiresAt = &t
	}
	r.Value.Countries = slices.Clone(r.Value.Countries)
	for i, c := range r.Value.Countries {
		r.Value.Countries[i] = strings.ToUpper(strings.TrimSpace(c))
	}
	if r.TargetKind == cases.TargetNumber {
		n, err := numbers.Parse(r.TargetID, d.Region)
		if err != nil {
			return r, cases.Invalid(cases.Problem{Field: "target", Message: err.Error()})
		}
		r.TargetID = n.E164
	}
	if err := r.Validate(d.now()); err != nil {
		return r, err
	}
	account, err := d.targetAccount(ctx, r)
	if err != nil {
		return r, err
	}
	if p.Case == "" {
		return r, nil
	}
	c, err := d.findCase(ctx, a, p.Case)
	if err != nil {
		return r, err
	}
	if c.Closed() {
		return r, cases.Conflict(c.Ref + " is closed; reopen it first")
	}
	r.CaseID = c.ID
	return r, d.mayCarryRestriction(ctx, c, account)
}

// targetAccount finds whose traffic the restriction limits; "" for a number.
func (d *Desk) targetAccount(ctx context.Context, r cases.Restriction) (string, error) {
	switch r.TargetKind {
	case cases.TargetAccount:
		if _, err := d.Store.Account(ctx, r.TargetID); err != nil {
			return "", d.unknownTarget(err, "account", r.TargetID)
		}
		return r.TargetID, nil
	case cases.TargetConnection:
		c, err := d.Store.Connection(ctx, r.TargetID)
		if err != nil {
			return "", d.unknownTarget(err, "connection", r.TargetID)
		}
		return c.AccountID, nil
	}
	return "", nil
}

func (d *Desk) unknownTarget(err error, what, id string) error {
	if cases.KindOf(err) == cases.KindNotFound {
		return cases.Invalid(cases.Problem{Field: "target", Message: fmt.Sprintf("there is no %s %q", what, id)})
	}
	return err
}

// mayCarryRestriction refuses to limit an account on the strength of a case
// none of whose calls it made: the holder of a number that was shown is a
// victim until a call leg says otherwise.
func (d *Desk) mayCarryRestriction(ctx context.Context, c cases.Case, account string) error {
	if account == "" {
		return nil
	}
	p := c.Facts.Parties
	if p != nil && (p.Originating == account || slices.Contains(p.Path, account)) {
		return nil
	}
	if p != nil && p.Holder == account {
		return cases.Conflict("account " + account + " only holds the number that was shown; no call of " + c.Ref + " came from it")
	}
	return cases.Conflict("no call of " + c.Ref + " is known to have come from account " + account)
}

// Approve is the second person's word.
func (d *Desk) Approve(ctx context.Context, a cases.Actor, id int64) (cases.Restriction, error) {
	if err := cases.Permit(a, cases.CmdApproveRestrict); err != nil {
		return cases.Restriction{}, err
	}
	now := d.now()
	r, err := d.Store.ChangeRestriction(ctx, a, now, id, func(r *cases.Restriction, revision int64) error {
		if err := r.Approve(a, now); err != nil {
			return err
		}
		r.Apply(now, revision)
		return nil
	})
	return r, d.changed(err)
}

// Reject ends a proposal.
func (d *Desk) Reject(ctx context.Context, a cases.Actor, id int64, reason string) (cases.Restriction, error) {
	if err := cases.Permit(a, cases.CmdRejectRestrict); err != nil {
		return cases.Restriction{}, err
	}
	now := d.now()
	return d.Store.ChangeRestriction(ctx, a, now, id, func(r *cases.Restriction, _ int64) error { return r.Reject(a, now, reason) })
}

// Lift takes a restriction back.
func (d *Desk) Lift(ctx context.Context, a cases.Actor, id int64, reason string) (cases.Restriction, error) {
	if err := cases.Permit(a, cases.CmdLiftRestrict); err != nil {
		return cases.Restriction{}, err
	}
	now := d.now()
	r, err := d.Store.ChangeRestriction(ctx, a, now, id, func(r *cases.Restriction, revision int64) error { return r.Lift(a, now, reason, revision) })
	return r, d.changed(err)
}

// Bounds of a preview; beyond them it says that it is a sample.
const (
	blastCalls    = 50_000
	blastAccounts = 200
)

// BlastRadius says what a restriction would have stopped over the last 24
// hours and seven days, before anybody decides.
func (d *Desk) BlastRadius(ctx context.Context, a cases.Actor, p Proposal) (cases.Restriction, restrict.Radius, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.Restriction{}, restrict.Radius{}, err
	}
	if p.Reason == "" {
		p.Reason = "preview"
	}
	r, err := d.draft(ctx, a, p)
	if err != nil {
		return r, restrict.Radius{}, err
	}
	now := d.now()
	traffic, accounts, truncated, err := d.traffic(ctx, r, now)
	if err != nil {
		return r, restrict.Radius{}, err
	}
	conns, err := d.Store.ConnectionsOf(ctx, accounts)
	if err != nil {
		return r, restrict.Radius{}, err
	}
	deck, err := d.RateDeck(ctx)
	if err != nil {
		return r, restrict.Radius{}, err
	}
	return r, restrict.Blast(traffic, r, conns, d.Emergency, deck, now, truncated), nil
}

// traffic returns the last seven days of what a restriction would lie on, and
// the accounts it came from.
func (d *Desk) traffic(ctx context.Context, r cases.Restriction, now time.Time) (out []cases.Call, accounts []string, truncated bool, err error) {
	q := cases.CallQuery{Earliest: now.Add(-7 * 24 * time.Hour), Latest: now, Limit: blastCalls}
	if r.TargetKind == cases.TargetNumber {
		q.From = r.TargetID
		if out, err = d.Store.MatchingCalls(ctx, q); err != nil {
			return nil, nil, false, err
		}
		for _, c := range out {
			if !slices.Contains(accounts, c.AccountID) {
				accounts = append(accounts, c.AccountID)
			}
		}
		return out, accounts, len(out) == blastCalls, nil
	}
	owner, err := d.targetAccount(ctx, r)
	if err != nil {
		return nil, nil, false, err
	}
	accounts = []string{owner}
	if r.TargetKind == cases.TargetAccount {
		if accounts, err = d.Store.AccountTree(ctx, owner, blastAccounts); err != nil {
			return nil, nil, false, err
		}
	}
	truncated = len(accounts) == blastAccounts
	for _, id := range accounts {
		q.Account, q.Limit = id, blastCalls-len(out)
		if q.Limit == 0 {
			return out, accounts, true, nil
		}
		cs, err := d.Store.MatchingCalls(ctx, q)
		if err != nil {
			return nil, nil, false, err
		}
		truncated = truncated || len(cs) == q.Limit
		out = append(out, cs...)
	}
	return out, accounts, truncated, nil
}
