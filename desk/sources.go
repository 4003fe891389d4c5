package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
)

// CallSource is call records that are kept elsewhere and read in place.
type CallSource interface {
	Name() string // that Coverage and its records have as their source
	Coverage(ctx context.Context) (cases.Coverage, error)
	// MatchingCalls is History's. An error means that nobody knows.
	MatchingCalls(ctx context.Context, q cases.CallQuery) ([]cases.Call, error)
}

// Joined is a Store whose history includes records that are kept elsewhere. Hourly
// counts are of our own records alone.
type Joined struct {
	Store
	Sources []CallSource
	Log     *slog.Logger
}

// Coverage returns that of every source; one that did not answer is silent.
func (j Joined) Coverage(ctx context.Context) ([]cases.Coverage, error) {
	own, err := j.Store.Coverage(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range j.elsewhere(ctx) {
		// Records that were sent to us under the same name do not make it complete.
		own = append(slices.DeleteFunc(own, func(o cases.Coverage) bool { return o.Source == c.Source }), c)
	}
	return own, nil
}

func (j Joined) elsewhere(ctx context.Context) []cases.Coverage {
	var out []cases.Coverage
	for _, s := range j.Sources {
		c, err := s.Coverage(ctx)
		if err != nil {
			j.Log.Warn("call records elsewhere: coverage", "source", s.Name(), "err", err)
			c = cases.Coverage{Silent: true}
		}
		c.Source = s.Name()
		out = append(out, c)
	}
	return out
}

// RecheckReports waits for the watermarks of the sources elsewhere, too.
func (j Joined) RecheckReports(ctx context.Context, now time.Time, limit int, elsewhere ...cases.Coverage) (int, error) {
	return j.Store.RecheckReports(ctx, now, limit, append(elsewhere, j.elsewhere(ctx)...)...)
}

// MatchingCalls returns the records of all sources, newest first. Where a source
// does not answer, those of the others come with an error that is Unanswered.
func (j Joined) MatchingCalls(ctx context.Context, q cases.CallQuery) ([]cases.Call, error) {
	out, err := j.Store.MatchingCalls(ctx, q)
	if err != nil {
		return nil, err
	}
	own := len(out)
	var silent Unanswered
	for _, s := range j.Sources {
		more, err := s.MatchingCalls(ctx, q)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			j.Log.Warn("call records elsewhere", "source", s.Name(), "err", err)
			silent = append(silent, s.Name())
			continue
		}
		for i := range more {
			more[i].Source = s.Name()
		}
		out = append(out, more...)
	}
	if len(out) > own {
		slices.SortStableFunc(out, func(a, b cases.Call) int { return b.StartedAt.Compare(a.StartedAt) })
	}
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	if len(silent) > 0 {
		return out, silent.error()
	}
	return out, nil
}

// Unanswered names the sources of call records that did not answer.
type Unanswered []string

func (u Unanswered) Error() string { return fmt.Sprintf("no answer from %v", []string(u)) }

func (u Unanswered) error() error {
	return &cases.Error{Kind: cases.KindUnavailable, Message: "call records cannot be asked now", Err: u}
}

// matching asks the history. A source that does not answer becomes silent in the
// evidence: nothing may be said on the strength of its records.
func (d *Desk) matching(ctx context.Context, e *calls.Evidence, qs []cases.CallQuery) ([]cases.Call, error) {
	var out []cases.Call
	for _, q := range qs {
		cs, err := d.Store.MatchingCalls(ctx, q)
		if silent, ok := errors.AsType[Unanswered](err); ok {
			for i, c := range e.Coverage {
				if slices.Contains(silent, c.Source) {
					e.Coverage[i] = cases.Coverage{Source: c.Source, Silent: true}
				}
			}
		} else if err != nil {
			return nil, err
		}
		out = append(out, cs...)
	}
	return out, nil
}
