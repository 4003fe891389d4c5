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

// Judgement ends a case.
type Judgement struct {
	Version     int64 // of the case as the actor saw it; 0: as it is
	Disposition cases.Disposition
	Reason      string
	Quiet       bool // the reporters are not told how it ended
}

// Resolve judges a case and tells those who reported it how it ended, as far as
// they can be told.
func (d *Desk) Resolve(ctx context.Context, a cases.Actor, ref string, j Judgement) (cases.Case, error) {
	return d.write(ctx, a, cases.CmdResolveCase, ref, j.Version, func(c *cases.Case, to []cases.Addressee) ([]cases.Sending, error) {
		if err := c.Resolve(a, d.now(), j.Disposition, j.Reason); err != nil || j.Quiet || c.Kind == cases.CaseTraceback {
			return nil, err // who asks for a traceback gets its answer, not the words for reporters
		}
		return cases.Outcomes(to, d.from(), j.Disposition), nil
	})
}

// Ask writes a question to the reporter of a report of the case, 0 for the
// newest who can be written to.
func (d *Desk) Ask(ctx context.Context, a cases.Actor, ref string, report int64, text string) (cases.Case, error) {
	return d.write(ctx, a, cases.CmdAskReporter, ref, 0, func(c *cases.Case, to []cases.Addressee) ([]cases.Sending, error) {
		if d.Mailer == nil && len(to) == 0 {
			return nil, cases.Conflict("no mail server is configured, so that nobody can be asked")
		}
		q, err := c.Ask(a, d.now(), text, report, to, d.from())
		return []cases.Sending{q}, err
	})
}

// write is decide for a command that also writes to reporters.
func (d *Desk) write(ctx context.Context, a cases.Actor, cmd cases.Command, ref string, version int64, change func(*cases.Case, []cases.Addressee) ([]cases.Sending, error)) (cases.Case, error) {
	if err := cases.Permit(a, cmd); err != nil {
		return cases.Case{}, err
	}
	id, err := d.caseID(a, ref)
	if err != nil {
		return cases.Case{}, err
	}
	return d.Store.TellCase(ctx, d.now(), id, version, func(c *cases.Case, to []cases.Addressee) ([]cases.Sending, error) {
		if err := checkCaseRef(*c, ref); err != nil {
			return nil, err
		}
		letters, err := change(c, d.within(c.Kind, to))
		d.name(letters)
		return letters, err
	})
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

// Assess gathers the facts of a case and orders it anew. One that is another
// carrier's, beyond doubt, is referred there at once, unless people decide that.
func (d *Desk) Assess(ctx context.Context, at cases.Attempt, caseID int64) error {
	_, err := d.Store.JudgeCase(ctx, at, d.now(), caseID, func(c *cases.Case, to func() ([]cases.Addressee, error)) ([]cases.Sending, error) {
		if d.AskReferrals || !c.Referral().Alone {
			return nil, nil
		}
		reporters, err := to()
		if err != nil {
			return nil, err
		}
		return d.refer(cases.System("referral"), c, reporters)
	})
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
