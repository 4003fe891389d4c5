package simulate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Analyst decides stories as their plan says, through the same API as
// everybody, with an approver as the second person. It yields to a visitor:
// a case that somebody else has claimed or resolved is theirs.
type Analyst struct {
	Analyst  API
	Approver API
	Switch   API // asks the policy endpoint; without a key it does not
	// Patience is how long a ready case is left to a visitor, and Breath the
	// pause between two acts. Poll is how often the desk is looked at.
	Patience, Breath, Poll time.Duration
	Now                    func() time.Time // nil: time.Now
	// Told hears, in a sentence, of everything that is done.
	Told func(s Story, ref, what string)
}

// ErrYielded means that somebody else decides this case.
var ErrYielded = errors.New("somebody else decides this case")

func (a *Analyst) told(s Story, ref, format string, args ...any) {
	if a.Told != nil {
		a.Told(s, ref, fmt.Sprintf(format, args...))
	}
}

func (a *Analyst) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}

// Decide waits until the story's case is there and checked, leaves it alone
// for a while, and then works on it to its end. It returns the reference of
// the case; the error is ErrYielded, the context's, or an answer of the API
// that the plan did not expect.
func (a *Analyst) Decide(ctx context.Context, s Story) (string, error) {
	c, err := a.ready(ctx, s)
	if err != nil {
		return c.Ref, err
	}
	ref := c.Ref
	if err := pause(ctx, a.Patience); err != nil {
		return ref, err
	}
	err = a.yielding(ctx, ref, "", func() (err error) {
		c, err = a.Analyst.Claim(ctx, ref)
		return err
	})
	if err == nil {
		a.told(s, ref, "claimed by the scripted analyst")
		err = a.work(ctx, s, c)
	}
	switch {
	case err == nil:
		a.told(s, ref, "resolved as %s", s.Plan.Disposition)
	case errors.Is(err, ErrYielded):
		a.told(s, ref, "a visitor decides; the script leaves it to them")
	}
	return ref, err
}

// ready waits for the case of a story to have its reports and their verdict.
func (a *Analyst) ready(ctx context.Context, s Story) (Case, error) {
	var last Case
	err := a.until(ctx, func() (bool, error) {
		found, err := a.Analyst.Cases(ctx, url.Values{"number": {s.Number}, "limit": {"1"}})
		if err != nil || len(found) == 0 {
			return false, err
		}
		last = found[0]
		return last.Reports >= s.Plan.Reports && last.Facts.Corroboration == s.Plan.Verdict, nil
	})
	return last, err
}

// work does what the plan says on a case that the analyst has claimed.
func (a *Analyst) work(ctx context.Context, s Story, c Case) error {
	ref, mine := c.Ref, c.Assignee
	if err := pause(ctx, a.Breath); err != nil {
		return err
	}
	if err := a.yielding(ctx, ref, mine, func() error { return a.Analyst.Note(ctx, ref, s.Plan.Note) }); err != nil {
		return err
	}
	for _, m := range s.Plan.Measures {
		if err := pause(ctx, a.Breath); err != nil {
			return err
		}
		if err := a.restrict(ctx, s, c, m); err != nil {
			return err
		}
	}
	if err := pause(ctx, a.Breath); err != nil {
		return err
	}
	return a.yielding(ctx, ref, mine, func() error {
		c, err := a.Analyst.Case(ctx, ref)
		if err != nil {
			return err
		}
		return a.Analyst.Resolve(ctx, ref, c.Version, s.Plan.Disposition, s.Plan.Reason)
	})
}

// restrict puts a measure into force and shows that it holds.
func (a *Analyst) restrict(ctx context.Context, s Story, c Case, m Measure) error {
	ref := c.Ref
	var r Restriction
	err := a.yielding(ctx, ref, c.Assignee, func() (err error) {
		r, err = a.Analyst.Restrict(ctx, ref, m, a.now())
		return err
	})
	if err != nil {
		return err
	}
	what := cases.Restriction{Kind: m.Kind, TargetID: m.Target, Value: m.Value}.Describe()
	if m.Second {
		a.told(s, ref, "proposed: %s; a second person has to approve", what)
		if err := pause(ctx, a.Breath); err != nil {
			return err
		}
		// A visitor may have approved or rejected it already: what counts is
		// whether it becomes active.
		if err := a.Approver.Approve(ctx, r.ID); err != nil && status(err) != http.StatusConflict {
			return err
		}
	}
	err = a.until(ctx, func() (bool, error) {
		if r, err = a.Analyst.Restriction(ctx, r.ID); err != nil {
			return false, err
		}
		switch r.State {
		case cases.RestrictionActive:
			return true, nil
		case cases.RestrictionRejected, cases.RestrictionLifting, cases.RestrictionLifted:
			return false, ErrYielded
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	a.told(s, ref, "active: %s", what)
	if a.Switch.Key == "" {
		return nil
	}
	ans, err := a.Switch.Ask(ctx, m.Probe)
	if err != nil {
		return err
	}
	a.told(s, ref, "policy for a call from %s to %s: %s %d %s", m.Probe.From, m.Probe.To, ans.Action, ans.SIPCode, ans.Reason)
	if ans.Action != "refuse" {
		return fmt.Errorf("restriction %d is active and the policy endpoint answers %q", r.ID, ans.Action)
	}
	return nil
}

// yielding does one act on a case that should be mine's ("" nobody's). A
// conflict is looked into: when the case is somebody else's now, or resolved,
// it is ErrYielded; else the case has moved on in the meantime (a new report,
// new facts), and the act is tried again.
func (a *Analyst) yielding(ctx context.Context, ref, mine string, act func() error) error {
	const tries = 20
	for try := 1; ; try++ {
		err := act()
		if status(err) != http.StatusConflict {
			return err
		}
		c, cerr := a.Analyst.Case(ctx, ref)
		switch {
		case cerr != nil:
			return cerr
		case c.State == cases.StateResolved, c.Assignee != mine:
			return ErrYielded
		case try == tries:
			return err
		}
		if err := pause(ctx, a.Poll); err != nil {
			return err
		}
	}
}

// until polls until done says so. A desk that does not answer at the moment is
// asked again; an answer that is an error ends it.
func (a *Analyst) until(ctx context.Context, done func() (bool, error)) error {
	for {
		ok, err := done()
		if s := status(err); ok || errors.Is(err, ErrYielded) || s >= 400 && s < 500 && s != http.StatusTooManyRequests {
			return err
		}
		if err := pause(ctx, a.Poll); err != nil {
			return err
		}
	}
}
