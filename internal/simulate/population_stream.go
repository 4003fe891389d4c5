package simulate

import (
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/axiomhq/hyperloglog"

	"github.com/abusedesk/abusedesk/cases"
)

// Holder is which customer a number is assigned to.
func (p *Population) Holder(e164 string) (customer int, ok bool) {
	i, ok := p.numbers[e164]
	return int(i), ok
}

type toldCall struct {
	cases.Call
	truth CallTruth
}

func inOrder(a, b toldCall) int {
	if c := a.StartedAt.Compare(b.StartedAt); c != 0 {
		return c
	}
	return strings.Compare(a.SourceID, b.SourceID)
}

// Calls are the records of calls that started in [from, to) of all customers and
// from outside, in order of time, with the truth about each. It holds the calls
// of one hour, whatever the length of the history.
func (p *Population) Calls(from, to time.Time) iter.Seq2[cases.Call, CallTruth] {
	return func(yield func(cases.Call, CallTruth) bool) {
		var all []habit
		for i := range p.members {
			all = append(all, p.habits(i)...)
		}
		d := newDice()
		var hour []toldCall
		for t := p.first(from); t.Before(to) && t.Before(p.params.End); t = t.Add(time.Hour) {
			hour = hour[:0]
			for k := range all {
				p.hour(&all[k], d, t, true, func(c cases.Call, truth CallTruth) {
					hour = append(hour, toldCall{c, truth})
				})
			}
			slices.SortFunc(hour, inOrder)
			for _, c := range hour {
				if !c.StartedAt.Before(from) && c.StartedAt.Before(to) && !yield(c.Call, c.truth) {
					return
				}
			}
		}
	}
}

// first is the hour in which the records since from begin.
func (p *Population) first(from time.Time) time.Time {
	if from.Before(p.from) {
		from = p.from
	}
	return from.Truncate(time.Hour)
}

// History is what a desk knows of a key in a window: what a profile is made of.
type History struct {
	Hours []cases.HourStats
	// Sample are the newest calls, oldest first.
	Sample     []cases.Call
	Complaints int // that came in before the window's end, of calls in it
}

// History is that of the calls that customer i made in [from, to), with at most
// sample of them, without writing anything: the same calls as those of Calls,
// but for their ids. Distinct numbers are counted in the last hour for all of them,
// which comes to the same union.
func (p *Population) History(i int, from, to time.Time, sample int) History {
	return p.fold(p.habits(i), from, to, sample, func(c cases.Call) bool { return c.Direction == "outbound" && c.AccountID != "" })
}

// Shown is that of the calls that showed the first number of customer i, whoever
// made them: himself, somebody outside, or another customer.
func (p *Population) Shown(i int, from, to time.Time, sample int) History {
	number := p.members[i].number(0)
	hs := p.habits(i)
	for k, m := range p.members {
		if m.kind.truth != TruthHonest {
			for _, h := range p.habits(k) {
				if slices.Contains(h.shown, number) {
					hs = append(hs, h)
				}
			}
		}
	}
	return p.fold(hs, from, to, sample, func(c cases.Call) bool { return c.From == number })
}

func (p *Population) fold(hs []habit, from, to time.Time, sample int, counts func(cases.Call) bool) History {
	var out History
	callees, callers := newSketch(), newSketch()
	d := newDice()
	var hour []toldCall
	for t := p.first(from); t.Before(to) && t.Before(p.params.End); t = t.Add(time.Hour) {
		hour = hour[:0]
		for k := range hs {
			p.hour(&hs[k], d, t, false, func(c cases.Call, truth CallTruth) {
				if counts(c) && !c.StartedAt.Before(from) && c.StartedAt.Before(to) {
					hour = append(hour, toldCall{c, truth})
				}
			})
		}
		if len(hour) == 0 {
			continue
		}
		slices.SortStableFunc(hour, inOrder)
		stats := cases.HourStats{Hour: t}
		for _, c := range hour {
			stats.Add(c.Call)
			callees.Insert([]byte(c.To))
			callers.Insert([]byte(c.From))
			if !c.truth.Complaint.IsZero() && c.truth.Complaint.Before(to) {
				out.Complaints++
			}
			out.Sample = append(out.Sample, c.Call)
		}
		// Cut now and then, not for each call.
		if len(out.Sample) > 2*sample+100 {
			out.Sample = append(out.Sample[:0], out.Sample[len(out.Sample)-sample:]...)
		}
		out.Hours = append(out.Hours, stats)
	}
	out.Sample = out.Sample[max(0, len(out.Sample)-sample):]
	if n := len(out.Hours); n > 0 {
		out.Hours[n-1].Callees, out.Hours[n-1].Callers = marshal(callees), marshal(callers)
	}
	return out
}

func newSketch() *hyperloglog.Sketch {
	s, err := hyperloglog.NewSketch(cases.SketchPrecision, true)
	if err != nil {
		panic(err) // of the precision alone
	}
	return s
}

func marshal(s *hyperloglog.Sketch) []byte {
	b, err := s.MarshalBinary()
	if err != nil {
		panic(err) // of the precision alone
	}
	return b
}

// spite makes somebody report an honest customer a few times, for calls that
// were made: so likely that it comes to that many in a week.
func (m *member) spite(h *habit, perDay float64, r *rand.Rand) {
	reports := maligned.even(r)
	if answered := perDay * 6 * h.answered; m.maligned && !h.inbound && answered > 0 {
		h.complain = max(h.complain, min(1, reports/answered))
	}
}
