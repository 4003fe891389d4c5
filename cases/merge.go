package cases

import "time"

// Merge makes the case part of into: its reports are worked on there from now
// on. The state it had is kept for the day that it is taken apart again.
func (c *Case) Merge(a Actor, now time.Time, into *Case, reason string) error {
	if err := Permit(a, CmdMergeCase); err != nil {
		return err
	}
	switch {
	case c.ID == into.ID:
		return Invalid(Problem{"into", "a case cannot be merged into itself"})
	case c.Kind != into.Kind:
		return Conflict("a traceback case and one about abuse are not merged; they are related")
	case c.MergedInto != 0:
		return Conflict(c.Ref + " was merged into another case already")
	case into.MergedInto != 0:
		return Conflict(into.Ref + " was itself merged into another case; merge into that one")
	case into.State == StateResolved:
		return Conflict(into.Ref + " is resolved; reopen it first")
	}
	if err := needText("reason", reason); err != nil {
		return err
	}
	c.MergedInto = into.ID
	// Who merges has seen what the reports say: their lanes are not new there.
	into.Facts.Lanes = SortedLanes(append(into.Facts.Lanes[:len(into.Facts.Lanes):len(into.Facts.Lanes)], c.Facts.Lanes...))
	c.record(now, a, string(CmdMergeCase), reason, map[string]string{"into": into.Ref})
	into.record(now, a, string(CmdMergeCase), reason, map[string]string{"from": c.Ref})
	return nil
}

// Unmerge makes the case one of its own again, in the state it had. out is the
// case that its reports are in now.
func (c *Case) Unmerge(a Actor, now time.Time, out *Case, reason string) error {
	if err := Permit(a, CmdUnmergeCase); err != nil {
		return err
	}
	if c.MergedInto == 0 {
		return Conflict(c.Ref + " is not merged into another case")
	}
	if err := needText("reason", reason); err != nil {
		return err
	}
	c.MergedInto = 0
	c.record(now, a, string(CmdUnmergeCase), reason, map[string]string{"out_of": out.Ref})
	out.record(now, a, string(CmdUnmergeCase), reason, map[string]string{"back": c.Ref})
	return nil
}
