package calls

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Limits of the measures that need single calls.
const (
	maxStep = 5         // largest step between numbers that counts as dialling a range through
	maxGap  = time.Hour // a longer pause is a night, a weekend or a break, not a rhythm
	brief   = 30 * time.Second
)

// order adds the figures of a sample, oldest call first.
//
//   - Calls under 30 s: named beside abandoned calls and many caller IDs in a
//     guide for US providers.
//   - Ended by the called party: who hears a recording hangs up on it. By the
//     record, where it says so.
//   - Sequential dialling: share of steps of 1 to 5 between numbers dialled one
//     after the other.
//   - Regularity: the coefficient of variation (standard deviation over mean)
//     of the gaps between starts. People calling independently of each other
//     make a Poisson process, whose gaps have 1; a machine with a fixed pace
//     comes near 0, bursts go above 1. It is a ratio, so that fast and slow
//     callers compare. Gaps of more than an hour are left out: nights alone
//     would make everybody bursty.
//   - Calls at once abroad and the longest call: alarms of the OpenSIPS
//     tutorial (AtOnceAlarm, LongAlarm), which are for the destinations that a
//     hijacked telephone system is used for.
func order(f *figures, sample []cases.Call, country string) {
	from := len(f.list)
	var under, answered, known, byCalled, steps, near int
	var longest time.Duration
	var talks, abroad []span
	var gaps []float64
	var abroadCost, abroadSecs int64
	for i, c := range sample {
		if i > 0 {
			if s, ok := step(sample[i-1].To, c.To); ok {
				steps++
				if s <= maxStep {
					near++
				}
			}
			if gap := c.StartedAt.Sub(sample[i-1].StartedAt); gap <= maxGap {
				gaps = append(gaps, gap.Seconds())
			}
		}
		if !c.Answered() {
			continue
		}
		answered++
		talked := c.Talked()
		longest = max(longest, talked)
		if talked < brief {
			under++
		}
		if c.HungUpBy == "called" || c.HungUpBy == "caller" {
			known++
			if c.HungUpBy == "called" {
				byCalled++
			}
		}
		s := span{c.StartedAt, c.StartedAt.Add(talked)}
		if c.AnsweredAt != nil {
			s = span{*c.AnsweredAt, c.AnsweredAt.Add(talked)}
		}
		talks = append(talks, s)
		if foreign(c.ToCountry, country) {
			abroad = append(abroad, s)
			abroadCost, abroadSecs = abroadCost+c.CostMicros, abroadSecs+int64(c.BilledSeconds)
		}
	}
	f.share(cases.MeasureUnder30, "Answered for less than 30 seconds", "answered calls", under, answered)
	f.share(cases.MeasureCalledHangsUp, "Ended by the called party", "answered calls", byCalled, known)
	if f.kind != kindTo {
		f.share(cases.MeasureSequential, "Dialled in sequence", "steps", near, steps)
	}
	f.value(cases.MeasureGaps, "Irregularity of the gaps between calls", cases.UnitRatio, "gaps", variation(gaps), len(gaps))
	f.value(cases.MeasurePeakMinute, "Most calls in a minute", cases.UnitCalls, "calls", float64(busiestMinute(sample)), len(sample))
	f.value(cases.MeasureConcurrent, "Most answered calls at once", cases.UnitCalls, "calls", float64(atOnce(talks)), len(sample))
	if f.kind != kindTo && country != "" {
		alarmAt(f.value(cases.MeasureForeignAtOnce, "Most answered calls at once to other countries", cases.UnitCalls, "calls", float64(atOnce(abroad)), len(sample)),
			AtOnceAlarm, sourceAtOnce)
		minute := f.value(cases.MeasureForeignMinute, "Cost of a minute to other countries", cases.UnitUSDMin, "answered calls to other countries", over(60*float64(abroadCost)/1e6, int(abroadSecs)), len(abroad))
		if abroadSecs == 0 {
			minute.Estimate = nil
		}
	}
	alarmAt(f.value(cases.MeasureLongest, "Longest call", cases.UnitSeconds, "calls", longest.Seconds(), len(sample)), LongAlarm, sourceLong)
	for i := range f.list[from:] {
		f.list[from+i].Sampled = true
	}
}

// step is the distance between two numbers of the same length; none between
// others, nor between a number and itself dialled again.
func step(a, b string) (uint64, bool) {
	if len(a) != len(b) || len(a) < 5 || a[0] != '+' {
		return 0, false
	}
	x, errA := strconv.ParseUint(a[1:], 10, 64)
	y, errB := strconv.ParseUint(b[1:], 10, 64)
	if errA != nil || errB != nil {
		return 0, false
	}
	return max(x, y) - min(x, y), x != y
}

func variation(gaps []float64) float64 {
	if len(gaps) == 0 {
		return 0
	}
	var mean, squares float64
	for _, g := range gaps {
		mean += g / float64(len(gaps))
	}
	if mean == 0 {
		return 0
	}
	for _, g := range gaps {
		squares += (g - mean) * (g - mean)
	}
	return math.Sqrt(squares/float64(len(gaps))) / mean
}

// busiestMinute is the most starts in any sixty seconds.
func busiestMinute(sample []cases.Call) int {
	most, first := 0, 0
	for i, c := range sample {
		for c.StartedAt.Sub(sample[first].StartedAt) >= time.Minute {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

type span struct{ from, to time.Time }

// atOnce is the most spans that overlap. One that ends when the next begins
// does not.
func atOnce(spans []span) int {
	type edge struct {
		at time.Time
		by int
	}
	edges := make([]edge, 0, 2*len(spans))
	for _, s := range spans {
		if s.to.After(s.from) {
			edges = append(edges, edge{s.from, 1}, edge{s.to, -1})
		}
	}
	slices.SortFunc(edges, func(a, b edge) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return a.by - b.by
	})
	most, now := 0, 0
	for _, e := range edges {
		now += e.by
		most = max(most, now)
	}
	return most
}
