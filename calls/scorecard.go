package calls

import (
	"math"

	"github.com/abusedesk/abusedesk/cases"
)

// The weights. They were fitted (logistic regression, rounded) to seeds 1 to 8 of
// the synthetic population of internal/simulate and are not to be fitted to
// others; docs/benchmarks.md has what they reach on seeds held out. All of a
// line's weights lie on a straight line between two values, or between their
// logarithms; where a value says as much for as against, it is 0. Neighbours and
// new countries were not left to the fit, in which they only repeat what other
// lines say. A line whose sign could not be explained was left out: calls of six
// seconds or less were one, beside those under thirty.
//
// The start is how rare the bad are, one in two thousand for either class, and
// what makes an even chance of zero on those seeds.
var scorecards = []scorecard{
	{class: cases.ClassRobocaller, start: -7.9, least: 0, lines: []line{
		// Robocallers dial lists and ranges; people and their reminders, the same numbers again.
		logLine(cases.MeasurePerCallee, figure(cases.MeasurePerCallee), point{1, 5.8}, point{1.3, -3.4},
			"Each number was called %s times on average", times, "Calls for each number called"),
		// Nobody wants to listen.
		straight(cases.MeasureUnder30, figure(cases.MeasureUnder30), point{0.3, -2.2}, point{0.95, 3.8},
			"%s of the answered calls lasted less than 30 seconds", percent, "Answered calls under 30 seconds"),
		straight(cases.MeasureCalledHangsUp, figure(cases.MeasureCalledHangsUp), point{0.5, -2}, point{0.95, 3.3},
			"%s of the answered calls were ended by the called party", percent, "Calls ended by the called party"),
		straight(cases.MeasureASR, figure(cases.MeasureASR), point{0.2, 3.1}, point{0.6, -1.8},
			"%s of the attempts were answered", percent, "Answered attempts"),
		straight(cases.MeasureRejected, figure(cases.MeasureRejected), point{0.01, -0.8}, point{0.08, 1.4},
			"%s of the attempts were rejected by the called party", percent, "Rejected attempts"),
		// A recording has an end: nobody talks to it for longer. Or, where people
		// talk, a few victims are kept talking for long and everybody else hangs up.
		logLine(cases.MeasureLongest, figure(cases.MeasureLongest), point{45, 4.3}, point{200, -2.5},
			"The longest call lasted %s", seconds, "The longest call"),
		logLine(cases.MeasureLongest, longestToMean, point{10, -2.9}, point{50, 5},
			"The longest call lasted %s times the average", times, "The longest call, in averages,"),
		// Bad lists, or none.
		straight(cases.MeasureInvalid, figure(cases.MeasureInvalid), point{0, -1.4}, point{0.1, 2.4},
			"%s of the attempts went to numbers that do not exist", percent, "Attempts to numbers that do not exist"),
		straight(cases.MeasureSequential, figure(cases.MeasureSequential), point{0.05, 0}, point{0.5, 1.5},
			"%s of the numbers were dialled in sequence", percent, "Numbers dialled in sequence"),
		// Numbers that are not his.
		straight(cases.MeasureAttestC, poorlySigned, point{0.02, -1.9}, point{0.2, 3.2},
			"%s of the calls were signed neither A nor B", percent, "Calls signed neither A nor B"),
		straight(cases.MeasureAttestA, signedBothWays, point{0.05, -1.8}, point{0.3, 3},
			"The calls were signed in different ways: %s otherwise than the rest", percent, "Calls signed otherwise than the rest"),
		straight(cases.MeasureNeighbour, figure(cases.MeasureNeighbour), point{0.1, 0}, point{0.5, 2},
			"%s of the calls showed the area code and exchange of the number called", percent, "Calls that show the called number's exchange"),
		logLine(cases.MeasureCallers, figure(cases.MeasureCallers), point{20, -1.9}, point{200, 3.3},
			"%s different numbers were shown", whole, "Numbers shown"),
		// Alerts come in blasts, and robocallers dial all day.
		logLine(cases.MeasurePeakMinute, peakToMean, point{8, 4}, point{100, -2.3},
			"The busiest minute had %s times the calls of an average one", times, "The busiest minute, in averages,"),
		straight(cases.MeasureGaps, figure(cases.MeasureGaps), point{1, 2}, point{2, -1.1},
			"The gaps between calls vary by %s of their mean", percent, "The variation of gaps"),
		// The lower end of the interval speaks against, the upper for: few calls
		// without a complaint say nothing.
		fromZero(logLine(cases.MeasureComplaints, complaintsAtLeast, point{1, 0}, point{15, 3.1},
			"There are at least %s complaints for 10,000 calls (95 %%)", whole, "The least that complaints for 10,000 calls come to")),
		logLine(cases.MeasureComplaints, complaintsAtMost, point{3, -7.6}, point{30, 0},
			"There are at most %s complaints for 10,000 calls (95 %%)", whole, "The most that complaints for 10,000 calls come to"),
	}},
	{class: cases.ClassCompromised, start: -8.8, least: 0, lines: []line{
		// Calls that somebody is paid for.
		logLine(cases.MeasureCostMinute, figure(cases.MeasureCostMinute), point{0.01, -0.7}, point{0.3, 2.9},
			"A minute cost US$ %s on average", dollars, "The cost of a minute in US$"),
		logLine(cases.MeasureCostMinute, dearer, point{1.2, -1.3}, point{10, 5.6},
			"A minute cost %s times as much as in the weeks before", times, "The cost of a minute, to that of the weeks before,"),
		// When nobody is there to notice.
		straight(cases.MeasureForeignNight, figure(cases.MeasureForeignNight), point{0.6, -1.6}, point{1, 6.9},
			"%s of the calls to other countries were made at night or at weekends", percent, "Calls to other countries at night and at weekends"),
		straight(cases.MeasureOutOfHours, laterThanBefore, point{0, 0}, point{0.4, 0.2},
			"%s more of the calls than in the weeks before were made at night or at weekends", percent, "The rise of calls at night and at weekends"),
		// One person makes one call at a time.
		straight(cases.MeasureForeignAtOnce, figure(cases.MeasureForeignAtOnce), point{0, -0.6}, point{6, 2.6},
			"%s calls to other countries at the same time", whole, "Calls to other countries at the same time"),
		straight(cases.MeasureForeign, newCountries, point{0, 0}, point{0.2, 1},
			"%s of the calls went to countries not called in the weeks before", percent, "Calls to countries not called before"),
		// Without a history nothing is a departure from it.
		straight(cases.MeasureForeign, nothingBefore, point{0, 0}, point{1, -3},
			"There is no history of the weeks before to compare with%s", func(float64) string { return "" }, ""),
	}},
}

func straight(m cases.Measure, read func(facts) (float64, bool), from, to point, text string, show func(float64) string, change string) line {
	return line{measure: m, read: read, curve: []point{from, to}, text: text, show: show, change: change}
}

// logLine is straight in the logarithm of the value, which is drawn with more points.
func logLine(m cases.Measure, read func(facts) (float64, bool), from, to point, text string, show func(float64) string, change string) line {
	const pieces = 8
	l := line{measure: m, read: read, text: text, show: show, change: change}
	for i := range pieces + 1 {
		x := float64(i) / pieces
		l.curve = append(l.curve, point{from.value * math.Pow(to.value/from.value, x), from.weight + x*(to.weight-from.weight)})
	}
	return l
}

// fromZero moves a curve that begins at one to zero, which has no logarithm.
func fromZero(l line) line {
	for i := range l.curve {
		l.curve[i].value--
	}
	return l
}

// figure reads one of the profile.
func figure(m cases.Measure) func(facts) (float64, bool) {
	return func(f facts) (float64, bool) { return f.now.Value(m) }
}

func longestToMean(f facts) (float64, bool) {
	return ratioOf(f.now, cases.MeasureLongest, f.now, cases.MeasureACD)
}

// dearer compares with the weeks before.
func dearer(f facts) (float64, bool) {
	if f.before == nil {
		return 0, false
	}
	return ratioOf(f.now, cases.MeasureCostMinute, *f.before, cases.MeasureCostMinute)
}

func ratioOf(p cases.Profile, m cases.Measure, q cases.Profile, n cases.Measure) (float64, bool) {
	x, ok := p.Value(m)
	y, also := q.Value(n)
	if !ok || !also || y <= 0 {
		return 0, false
	}
	return x / y, true
}

// peakToMean is the most calls in a minute, to those of an average minute of the
// window.
func peakToMean(f facts) (float64, bool) {
	peak, ok := f.now.Value(cases.MeasurePeakMinute)
	minutes := f.now.To.Sub(f.now.From).Minutes()
	if !ok || minutes <= 0 {
		return 0, false
	}
	return peak * minutes / float64(f.now.Attempts), true
}

func poorlySigned(f facts) (float64, bool) {
	a, ok := f.now.Value(cases.MeasureAttestA)
	b, also := f.now.Value(cases.MeasureAttestB)
	return max(0, 1-a-b), ok && also
}

// signedBothWays is the smaller of the shares signed A and not: a customer who
// shows his own numbers has the one, who shows those of another carrier the other.
func signedBothWays(f facts) (float64, bool) {
	a, ok := f.now.Value(cases.MeasureAttestA)
	return min(a, 1-a), ok
}

func complaintsAtLeast(f facts) (float64, bool) {
	x, _ := f.now.Figure(cases.MeasureComplaints)
	if x.Hidden() {
		return 0, false
	}
	return x.Estimate.Low, true
}

func complaintsAtMost(f facts) (float64, bool) {
	x, _ := f.now.Figure(cases.MeasureComplaints)
	if x.Hidden() {
		return 0, false
	}
	return x.Estimate.High, true
}

func laterThanBefore(f facts) (float64, bool) {
	if f.before == nil {
		return 0, false
	}
	now, ok := f.now.Value(cases.MeasureOutOfHours)
	before, also := f.before.Value(cases.MeasureOutOfHours)
	return now - before, ok && also
}

// newCountries is the share of calls to countries that were not called before.
// Unknown where a profile names as many as it can.
func newCountries(f facts) (float64, bool) {
	if f.before == nil || len(f.before.Countries) >= topCountries {
		return 0, false
	}
	called := map[string]bool{"": true}
	for _, c := range f.before.Countries {
		called[c.Country] = true
	}
	share := 0.0
	for _, c := range f.now.Countries {
		if !called[c.Country] {
			share += c.Share
		}
	}
	return share, true
}

func nothingBefore(f facts) (float64, bool) {
	if f.before == nil {
		return 1, true
	}
	return 0, true
}
