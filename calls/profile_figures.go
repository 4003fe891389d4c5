package calls

import (
	"github.com/abusedesk/abusedesk/cases"
)

// figures gathers what is told of a key.
type figures struct {
	kind string
	list []cases.Figure
}

// share adds k of n, hidden where n is too small.
func (f *figures) share(m cases.Measure, name, of string, k, n int) *cases.Figure {
	x := cases.Figure{Measure: m, Name: name, Unit: cases.UnitShare, N: n, Of: of}
	if n >= cases.MinSample {
		low, high := Wilson(k, n)
		x.Estimate = &cases.Estimate{Value: float64(k) / float64(n), Low: low, High: high, Interval: true}
	}
	return f.add(x)
}

// value adds one that has no interval.
func (f *figures) value(m cases.Measure, name string, unit cases.Unit, of string, value float64, n int) *cases.Figure {
	x := cases.Figure{Measure: m, Name: name, Unit: unit, N: n, Of: of}
	if n >= cases.MinSample {
		x.Estimate = &cases.Estimate{Value: value, Low: value, High: value}
	}
	return f.add(x)
}

func (f *figures) add(x cases.Figure) *cases.Figure {
	f.list = append(f.list, x)
	return &f.list[len(f.list)-1]
}

// alarmAt raises the alarm where the value is at the threshold or above.
func alarmAt(x *cases.Figure, threshold float64, source string) {
	if x.Estimate != nil && x.Estimate.Value >= threshold {
		x.Alarm = &cases.Alarm{Threshold: threshold, Source: source, Sure: x.Estimate.Interval && x.Estimate.Low >= threshold}
	}
}

// Published thresholds.
const (
	// ShortAlarm: Telnyx surcharges traffic of which 15 % or more of the connected
	// calls last six seconds or less.
	ShortAlarm = 0.15
	// AbandonedAlarm: the same carrier's limit for abandoned calls, of attempts.
	AbandonedAlarm = 0.20
	// AtOnceAlarm and LongAlarm are the warning levels of the OpenSIPS
	// fraud_detection tutorial, for calls to a destination under watch: three
	// calls at once, and 7,200 seconds.
	AtOnceAlarm = 3
	LongAlarm   = 7200
	// SpendAlarm is Telnyx's limit for international calls in US$ a day.
	SpendAlarm = 700

	sourceShort     = "Telnyx: a surcharge from 15 % of answered calls of six seconds or less"
	sourceAbandoned = "Telnyx: high from 20 % of attempts abandoned"
	sourceAtOnce    = "OpenSIPS fraud detection tutorial: warns from three calls at once to a watched destination"
	sourceLong      = "OpenSIPS fraud detection tutorial: warns from 7,200 seconds"
	sourceSpend     = "Telnyx: international calls stop at US$ 700 a day"
)

// outcomes are the figures of how calls end.
//
//   - ASR, answered / attempts, and NER, (answered + busy + no answer + rejected
//     by the called party) / attempts: ITU-T E.425.
//   - ACD, billed seconds / answered.
//   - Short-duration ratio, answered for at most 6 s / answered: alarm at 15 %
//     (ShortAlarm).
//   - Abandonment, cancelled by the caller / attempts: alarm at 20 %
//     (AbandonedAlarm).
//   - Invalid destinations, SIP 404, 410, 484 or Q.850 cause 1, 28 / attempts.
//
// None is told below 20 observations, the minimum that 46Labs publishes for its
// analysis by caller.
func outcomes(f *figures, t total) {
	const attempts, answered = "attempts", "answered calls"
	f.share(cases.MeasureASR, "Answered", attempts, t.Answered, t.Attempts)
	f.share(cases.MeasureNER, "Network effectiveness", attempts, t.Effective, t.Attempts)
	f.value(cases.MeasureACD, "Average duration", cases.UnitSeconds, answered, over(float64(t.BilledSecs), t.Answered), t.Answered)
	alarmAt(f.share(cases.MeasureShort, "Answered for six seconds or less", answered, t.Short, t.Answered), ShortAlarm, sourceShort)
	alarmAt(f.share(cases.MeasureAbandoned, "Abandoned by the caller", attempts, t.Cancelled, t.Attempts), AbandonedAlarm, sourceAbandoned)
	f.share(cases.MeasureRejected, "Rejected by the called party", attempts, t.Rejected, t.Attempts)
	f.share(cases.MeasureInvalid, "To numbers that do not exist", attempts, t.Invalid, t.Attempts)
	f.share(cases.MeasureNeighbour, "Same area code and exchange as the called number", attempts, t.Neighbour, t.Attempts)
}

func over(x float64, n int) float64 {
	if n == 0 {
		return 0
	}
	return x / float64(n)
}

// numbersSeen are the distinct numbers. Calls per caller is the reverse of what
// is called snowshoe: many shown numbers with few calls each, so that none of
// them stands out.
func numbersSeen(f *figures, t total) {
	count := func(m, per cases.Measure, name, perName string, c counted) {
		value := f.value(m, name, cases.UnitNumbers, "attempts", float64(c.n), t.Attempts).Estimate
		rate := f.value(per, perName, cases.UnitRatio, "attempts", over(float64(t.Attempts), c.n), t.Attempts)
		if c.n == 0 {
			rate.Estimate = nil
		}
		for _, e := range []*cases.Estimate{value, rate.Estimate} {
			if e != nil && !c.exact {
				e.Low, e.High, e.Interval = e.Value*(1-z95*sketchError), e.Value*(1+z95*sketchError), true
			}
		}
	}
	if f.kind != kindFrom {
		count(cases.MeasureCallers, cases.MeasurePerCaller, "Numbers shown", "Calls for each number shown", t.distinctBy)
	}
	if f.kind != kindTo {
		count(cases.MeasureCallees, cases.MeasurePerCallee, "Numbers called", "Calls for each number called", t.distinctTo)
	}
}
