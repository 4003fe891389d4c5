package calls

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// ClassifyProducer names the scorecard; the number grows when a class can come
// out otherwise on the same profile.
const ClassifyProducer = "scorecard 1"

// What the scorecards were fitted to: profiles of a week, and baselines of the
// three weeks before it. Others give other peaks and rates.
const (
	ClassifyWindow = 7 * 24 * time.Hour
	BaselineWindow = 21 * 24 * time.Hour
)

// Classify says what the traffic of a profile looks like, and why.
//
// Two scorecards, for robocallers and for hijacked telephone systems, add up
// log-odds, starting from how rare the bad are: each line rests on one figure and has
// a weight that is read off a curve (scorecard.go has them all). A figure that
// is hidden counts for nothing. Whatever is not bad is a call centre if it calls
// many people in bulk, else a business.
//
// The baseline is the profile of the same account in the weeks before, at
// least as long: a hijacked system departs from its own habits. Without one
// what would be a departure counts for nothing.
//
// Only the profile of an account says anything about an account. That of a number
// says what calls that showed it looked like: whoever made them, it need not be
// the holder (see IdentifyParties). Calls in to a number of ours are not
// classified.
func Classify(p cases.Profile, baseline *cases.Profile) cases.Classification {
	c := cases.Classification{Producer: ClassifyProducer, Class: cases.ClassTooLittle}
	if p.Kind == kindAccount {
		c.Account = p.Key
	}
	switch {
	case p.Kind == kindTo:
		c.Summary = "Calls in to a number are not classified."
		return c
	case p.Attempts < cases.MinSample:
		c.Summary = fmt.Sprintf("Too little to say: %s, and at least %d are needed.", count(p.Attempts, "attempt"), cases.MinSample)
		c.WouldChange = []string{fmt.Sprintf("%s more.", count(cases.MinSample-p.Attempts, "attempt"))}
		return c
	}
	if baseline != nil && baseline.Attempts < cases.MinSample {
		baseline = nil
	}
	f := facts{now: p, before: baseline}
	best := score{total: math.Inf(-1)}
	rest := 0.0
	for _, card := range scorecards {
		s := card.score(f)
		c.Reasons = append(c.Reasons, s.reasons...)
		if s.margin() > best.margin() {
			best = s
		}
		rest = math.Max(rest, sigmoid(s.total))
	}
	if best.margin() >= 0 {
		c.Class, c.Confidence = best.card.class, sigmoid(best.total)
		c.Reasons = slices.DeleteFunc(c.Reasons, func(r cases.ClassReason) bool { return r.For != c.Class })
	} else {
		var bulk []string
		c.Class, bulk = honest(f)
		c.Confidence = 1 - rest
		c.WouldChange = append(c.WouldChange, bulk...)
	}
	slices.SortStableFunc(c.Reasons, func(a, b cases.ClassReason) int {
		return cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight))
	})
	c.WouldChange = append(changes(f, best), c.WouldChange...)
	c.Summary = classSummary(p, c)
	return c
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// facts are what a line of a scorecard reads.
type facts struct {
	now    cases.Profile
	before *cases.Profile
}

// point of a curve: at this value, this weight. Between points the weight is
// interpolated, beyond them it stays.
type point struct{ value, weight float64 }

// line is one line of a scorecard.
type line struct {
	measure cases.Measure
	read    func(facts) (value float64, ok bool)
	curve   []point // by value, rising
	text    string  // with %s for the value, written by show
	show    func(float64) string
	change  string // how the value is named where it is said what would change the result; "" if nothing can change it
}

func (l line) weight(value float64) float64 {
	last := len(l.curve) - 1
	if value <= l.curve[0].value {
		return l.curve[0].weight
	}
	for i := range last {
		a, b := l.curve[i], l.curve[i+1]
		if value <= b.value {
			return a.weight + (b.weight-a.weight)*(value-a.value)/(b.value-a.value)
		}
	}
	return l.curve[last].weight
}

// at is a value at which the weight is want.
func (l line) at(want float64) (float64, bool) {
	for i := range len(l.curve) - 1 {
		a, b := l.curve[i], l.curve[i+1]
		if a.weight != b.weight && want >= min(a.weight, b.weight) && want <= max(a.weight, b.weight) {
			return a.value + (b.value-a.value)*(want-a.weight)/(b.weight-a.weight), true
		}
	}
	return 0, false
}

// scorecard decides on one bad class.
type scorecard struct {
	class cases.TrafficClass
	start float64 // log-odds before any figure is looked at
	least float64 // log-odds from which the class is said
	lines []line
}

type score struct {
	card    scorecard
	total   float64
	reasons []cases.ClassReason
	read    []reading
}

type reading struct {
	line          line
	value, weight float64
}

func (s score) margin() float64 { return s.total - s.card.least }

// worthTelling is the smallest weight that is a reason.
const worthTelling = 0.1

func (c scorecard) score(f facts) score {
	s := score{card: c, total: c.start}
	for _, l := range c.lines {
		value, ok := l.read(f)
		if !ok {
			continue
		}
		w := l.weight(value)
		s.total += w
		s.read = append(s.read, reading{l, value, w})
		if math.Abs(w) >= worthTelling {
			s.reasons = append(s.reasons, cases.ClassReason{For: c.class, Measure: l.measure, Value: value, Weight: w, Text: fmt.Sprintf(l.text, l.show(value))})
		}
	}
	return s
}

// maxChanges is how many single figures are named that would change the result.
const maxChanges = 3

// changes says which single figure, and at what value, would turn the result of
// the nearest scorecard: those first that count most now.
func changes(f facts, s score) []string {
	var out []string
	is := s.margin() >= 0
	slices.SortStableFunc(s.read, func(a, b reading) int { return cmp.Compare(math.Abs(b.weight), math.Abs(a.weight)) })
	for _, r := range s.read {
		x, ok := r.line.at(r.weight - s.margin())
		if !ok || r.line.change == "" || len(out) == maxChanges {
			continue
		}
		direction := "up to"
		if x < r.value {
			direction = "down to"
		}
		out = append(out, fmt.Sprintf("%s %s %s, from %s.", r.line.change, direction, r.line.show(x), r.line.show(r.value)))
	}
	switch {
	case is && len(out) == 0:
		out = append(out, "No single figure; several would have to be other than they are.")
	case !is && len(out) == 0:
		out = append(out, fmt.Sprintf("No single figure would make it look like %s.", className(s.card.class)))
	}
	if is && s.card.class == cases.ClassRobocaller {
		out = append(out, "Proof that those who were called had asked for it.")
	}
	if is && s.card.class == cases.ClassCompromised {
		out = append(out, "The customer says that these calls are his own.")
	}
	if f.before == nil && s.card.class == cases.ClassCompromised {
		out = append(out, "A history of the weeks before, to compare with.")
	}
	return out
}

func className(c cases.TrafficClass) string {
	switch c {
	case cases.ClassRobocaller:
		return "a robocaller"
	case cases.ClassCompromised:
		return "a hijacked telephone system"
	case cases.ClassCallCentre:
		return "a call centre"
	}
	return "a business"
}

func classSummary(p cases.Profile, c cases.Classification) string {
	who := "The calls of account " + p.Key
	switch p.Kind {
	case kindFrom:
		who = "The calls that showed " + p.Key
	case kindProvider:
		who = "The calls that " + p.Key + " handed to us"
	}
	s := fmt.Sprintf("%s look like those of %s", who, className(c.Class))
	if c.Class.Bad() {
		s += fmt.Sprintf(" (%.0f %%)", 100*math.Min(c.Confidence, 0.99))
	}
	s += "."
	switch {
	case c.Class.Bad() && p.Kind == kindFrom:
		s += " Anybody can show a number: this says nothing about its holder."
	case c.Class.Bad() && p.Kind == kindProvider:
		s += " They come from its customers, and not all need be alike."
	case c.Class == cases.ClassCompromised:
		s += " Its owner is a victim, and is to be helped as well as limited."
	}
	return s
}

// Bulk calling: a dialler's volume, or a machine's.
const (
	bulkPerDay  = 40.0
	bulkCallees = 150.0
)

// honest tells a call centre from a business: many calls a day, to many people.
func honest(f facts) (cases.TrafficClass, []string) {
	days := f.now.To.Sub(f.now.From).Hours() / 24
	perDay := float64(f.now.Attempts) / max(days, 1)
	callees, _ := f.now.Value(cases.MeasureCallees)
	asr, _ := f.now.Value(cases.MeasureASR)
	if perDay >= bulkPerDay && callees >= bulkCallees && asr < 0.65 {
		return cases.ClassCallCentre, nil
	}
	return cases.ClassBusiness, nil
}
