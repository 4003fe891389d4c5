package desk

import (
	"context"

	"github.com/abusedesk/abusedesk/cases"
)

// decide runs one command on a case under its lock. version is what the actor
// saw; 0 means that it does not matter.
func (d *Desk) decide(ctx context.Context, a cases.Actor, cmd cases.Command, ref string, version int64, change func(*cases.Case) error) (cases.Case, error) {
	// First of all, so that nobody learns from a conflict what he may not do.
	if err := cases.Permit(a, cmd); err != nil {
		return cases.Case{}, err
	}
	id, err := d.caseID(a, ref)
	if err != nil {
		return cases.Case{}, err
	}
	return d.Store.UpdateCase(ctx, id, version, func(c *cases.Case) error {
		if err := checkCaseRef(*c, ref); err != nil {
			return err
		}
		return change(c)
	})
}

// Claim makes the case the actor's.
func (d *Desk) Claim(ctx context.Context, a cases.Actor, ref string) (cases.Case, error) {
	return d.decide(ctx, a, cases.CmdClaimCase, ref, 0, func(c *cases.Case) error { return c.Claim(a, d.now()) })
}

// Release gives it back.
func (d *Desk) Release(ctx context.Context, a cases.Actor, ref string) (cases.Case, error) {
	return d.decide(ctx, a, cases.CmdReleaseCase, ref, 0, func(c *cases.Case) error { return c.Release(a, d.now()) })
}

// Note adds to the timeline.
func (d *Desk) Note(ctx context.Context, a cases.Actor, ref, text string) (cases.Case, error) {
	return d.decide(ctx, a, cases.CmdNoteCase, ref, 0, func(c *cases.Case) error { return c.Note(a, d.now(), text) })
}

// Resolve judges the case as it was at version.
func (d *Desk) Resolve(ctx context.Context, a cases.Actor, ref string, version int64, disp cases.Disposition, reason string) (cases.Case, error) {
	// Before the version is compared: who may not judge learns nothing of it.
	if err := cases.Permit(a, cases.CmdResolveCase); err != nil {
		return cases.Case{}, err
	}
	return d.decide(ctx, a, cases.CmdResolveCase, ref, version, func(c *cases.Case) error { return c.Resolve(a, d.now(), disp, reason) })
}

// Reopen takes a resolution back.
func (d *Desk) Reopen(ctx context.Context, a cases.Actor, ref, reason string) (cases.Case, error) {
	return d.decide(ctx, a, cases.CmdReopenCase, ref, 0, func(c *cases.Case) error { return c.Reopen(a, d.now(), reason) })
}

// Merge moves the reports of one case into another.
func (d *Desk) Merge(ctx context.Context, a cases.Actor, from, into, reason string) error {
	if err := cases.Permit(a, cases.CmdMergeCase); err != nil {
		return err
	}
	f, err := d.findCase(ctx, a, from)
	if err != nil {
		return err
	}
	i, err := d.findCase(ctx, a, into)
	if err != nil {
		return err
	}
	if f.ID == i.ID {
		return cases.Invalid(cases.Problem{Field: "into", Message: "a case cannot be merged into itself"})
	}
	return d.Store.MergeCases(ctx, a, d.now(), f.ID, i.ID, reason)
}

// Unmerge moves them back.
func (d *Desk) Unmerge(ctx context.Context, a cases.Actor, from, reason string) error {
	if err := cases.Permit(a, cases.CmdUnmergeCase); err != nil {
		return err
	}
	f, err := d.findCase(ctx, a, from)
	if err != nil {
		return err
	}
	return d.Store.UnmergeCase(ctx, a, d.now(), f.ID, reason)
}

// Assess gathers the facts of a case and orders it anew.
func (d *Desk) Assess(ctx context.Context, at cases.Attempt, caseID int64) error {
	_, err := d.Store.AssessCase(ctx, at, d.now(), caseID)
	return err
}

// DecideSending is a person's word on a sending whose outcome is unknown.
func (d *Desk) DecideSending(ctx context.Context, a cases.Actor, id int64, state cases.SendingState, note string) error {
	if err := cases.Permit(a, cases.CmdResolveSending); err != nil {
		return err
	}
	return d.Store.DecideSending(ctx, a, d.now(), id, state, note)
}

// RetryJob gives a dead job another attempt.
func (d *Desk) RetryJob(ctx context.Context, a cases.Actor, id int64) error {
	if err := cases.Permit(a, cases.CmdRetryJob); err != nil {
		return err
	}
	return d.Store.RetryJob(ctx, a, d.now(), id)
}
