package simulate

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Params say what carrier to make. The zero value of each field has a default.
type Params struct {
	Seed  uint64
	Now   time.Time // the end of the history; required
	Calls int       // about how many call records, default 60,000; at least 6,000
	Days  int       // of history, default 30; at least 10
}

// minCalls is what the shortest campaign needs for its victims.
const minCalls = 6000

// Lag is how far the records of a switch trail the clock: a record is written
// when its call has ended, so that the last quarter of an hour is never
// complete.
const Lag = 15 * time.Minute

// The carrier's two switches, which deliver their records separately.
const (
	SwitchEast = "switch-east"
	SwitchWest = "switch-west"
)

// Carrier is a synthetic carrier: its customers, their connections, the rights
// to show numbers, and the calls they make. The same Params give the same
// carrier. Its methods may be called from several goroutines.
type Carrier struct {
	Accounts     []cases.Account // resellers before their customers
	Connections  []cases.Connection
	Entitlements []cases.Entitlement
	Cast         Cast

	params   Params
	from     time.Time // history begins
	through  time.Time // history ends: Now - Lag
	patterns []pattern
}

// Cast is who plays in the stories, and which of their calls are told of. The
// calls are records of the history, in order of time.
type Cast struct {
	// The robocall campaign: Robocaller shows CampaignCaller, which nobody of
	// ours is entitled to, and asks to call CampaignCallback.
	Robocaller       string
	CampaignCaller   string
	CampaignCallback string
	CampaignCalls    []cases.Call // to distinct people

	// A number of SpoofVictim, which has received calls and made none.
	SpoofVictim   string
	SpoofedNumber string

	// The hijacked telephone system.
	Hijacked      string
	HijackedName  string
	HijackedLine  string
	HijackedCalls []cases.Call

	// Reminders that are unwanted and allowed.
	Pharmacy      string
	PharmacyLine  string
	ReminderCalls []cases.Call

	// A number that passed from one customer to another two months ago.
	Reassigned     string
	ReassignedFrom string
	ReassignedTo   string
}

// New makes the carrier.
func New(p Params) (*Carrier, error) {
	if p.Calls == 0 {
		p.Calls = 60_000
	}
	if p.Days == 0 {
		p.Days = 30
	}
	switch {
	case p.Now.IsZero():
		return nil, cases.Invalid(cases.Problem{Field: "now", Message: "say when the history ends"})
	case p.Calls < minCalls:
		return nil, cases.Invalid(cases.Problem{Field: "calls", Message: "at least 6,000, or the stories have no calls to tell of"})
	case p.Days < 10:
		return nil, cases.Invalid(cases.Problem{Field: "days", Message: "at least 10"})
	}
	p.Now = p.Now.UTC().Truncate(time.Minute)
	c := &Carrier{params: p, through: p.Now.Add(-Lag)}
	c.from = c.through.AddDate(0, 0, -p.Days).Truncate(time.Hour)
	c.people()
	c.traffic()
	if err := c.cast(); err != nil {
		return nil, err
	}
	return c, nil
}

// From and Through bound the history: every call that started in between is in
// Batches.
func (c *Carrier) From() time.Time { return c.from }

// Through is the watermark of both switches at the end of Batches.
func (c *Carrier) Through() time.Time { return c.through }

// Batches returns the history, a day of one switch at a time and in order of
// time. Each batch moves its switch's watermark to the batch's end.
func (c *Carrier) Batches() iter.Seq[cases.Ingest] { return c.Between(c.from, c.through) }

// Between returns the records of calls that started in [from, to), so that a
// demonstration can go on after Batches: what any two calls return for the
// same time is the same. The batches claim to be complete from the beginning
// of the history: whoever skips a stretch makes them lie.
func (c *Carrier) Between(from, to time.Time) iter.Seq[cases.Ingest] {
	return func(yield func(cases.Ingest) bool) {
		for from.Before(to) {
			end := from.Truncate(24 * time.Hour).Add(24 * time.Hour)
			if end.After(to) {
				end = to
			}
			for _, source := range []string{SwitchEast, SwitchWest} {
				in := cases.Ingest{Source: source, CompleteFrom: c.from, CompleteThrough: end}
				for _, p := range c.patterns {
					if p.source == source {
						in.Calls = append(in.Calls, c.callsOf(p, from, end)...)
					}
				}
				slices.SortStableFunc(in.Calls, func(a, b cases.Call) int { return a.StartedAt.Compare(b.StartedAt) })
				if !yield(in) {
					return
				}
			}
			from = end
		}
	}
}

// cast picks the calls that the stories tell of.
func (c *Carrier) cast() error {
	long := func(call cases.Call) bool { return call.Answered() && call.BilledSeconds >= 12 }
	recent := c.through.Add(-34 * time.Hour)
	pick := func(id string, n int, from time.Time, match func(cases.Call) bool) ([]cases.Call, error) {
		var out []cases.Call
		seen := map[string]bool{}
		for _, call := range c.callsOf(c.pattern(id), from, c.through.Add(-time.Hour)) {
			if match(call) && !seen[call.To] {
				seen[call.To] = true
				out = append(out, call)
			}
		}
		if len(out) < n {
			return nil, fmt.Errorf("carrier: %d calls of %s to tell of, need %d: ask for more calls", len(out), id, n)
		}
		// The newest, spread out a little, so that they are not one minute's.
		step := max(1, min(len(out)/n, 5))
		var picked []cases.Call
		for i := len(out) - 1 - (n-1)*step; i < len(out); i += step {
			picked = append(picked, out[i])
		}
		return picked, nil
	}
	var err error
	if c.Cast.CampaignCalls, err = pick("campaign", 14, recent, func(call cases.Call) bool {
		return long(call) && call.From == c.Cast.CampaignCaller
	}); err != nil {
		return err
	}
	if c.Cast.HijackedCalls, err = pick("night", 4, c.through.AddDate(0, 0, -4), long); err != nil {
		return err
	}
	c.Cast.ReminderCalls, err = pick("reminders", 2, c.through.AddDate(0, 0, -6), long)
	return err
}
