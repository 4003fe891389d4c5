package web

import (
	"fmt"
	"strconv"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// headlines are the figures that are shown large; the table has them all.
var headlines = []cases.Measure{cases.MeasureASR, cases.MeasureShort, cases.MeasureACD, cases.MeasureAbandoned, cases.MeasureNeighbour, cases.MeasureComplaints}

// profileStats are the headline figures of a profile that say something.
func profileStats(p cases.Profile) []Stat {
	var out []Stat
	for _, m := range headlines {
		f, ok := p.Figure(m)
		if !ok {
			continue
		}
		s := Stat{Label: f.Name, Value: figureValue(f), Note: "n = " + thousand(f.N) + " " + f.Of, Tone: figureTone(f)}
		switch r := figureRange(f); {
		case f.Hidden():
			s.Note = fmt.Sprintf("too few to say: %s of %d %s", thousand(f.N), cases.MinSample, f.Of)
		case r != "":
			s.Note = r + ", " + s.Note
		}
		out = append(out, s)
	}
	return out
}

// classSign is what traffic looks like. What looks bad is harm only where it
// speaks of an account: anybody can show a number.
func classSign(c cases.Classification) Sign {
	sure := ""
	if c.Confidence > 0 {
		sure = " " + percent(c.Confidence)
	}
	s := Sign{Tone: Unknown, Word: "too few calls", Reason: c.Summary}
	switch c.Class {
	case cases.ClassRobocaller:
		s.Tone, s.Word = Doubt, "robocaller"+sure
	case cases.ClassCompromised:
		s.Tone, s.Word = Doubt, "hijacked system"+sure
	case cases.ClassCallCentre:
		s.Tone, s.Word = Neutral, "call centre" // wanted or not: what it says is not heard
	case cases.ClassBusiness:
		s.Tone, s.Word = Cleared, "ordinary business"
	}
	if c.Accuses() {
		s.Tone = Harm
	}
	return s
}

// classFacts are the reasons of a classification, the weightiest first, and what
// would change its mind.
func classFacts(c cases.Classification) []Fact {
	var out []Fact
	for i, r := range c.Reasons {
		if i == maxReasons {
			break
		}
		name := "Speaks for " + badWord[r.For]
		if r.Weight < 0 {
			name = "Against " + badWord[r.For]
		}
		out = append(out, Fact{Name: name, Value: fmt.Sprintf("%s (%+.1f)", r.Text, r.Weight)})
	}
	for _, w := range c.WouldChange {
		out = append(out, Fact{Name: "Would change it", Value: w})
	}
	return out
}

var badWord = map[cases.TrafficClass]string{cases.ClassRobocaller: "a robocaller", cases.ClassCompromised: "a hijacked system"}

// maxReasons is how many lines of a scorecard are shown.
const maxReasons = 8

// profileRows are all its figures, for a table.
func profileRows(p cases.Profile) []FigureRow {
	var out []FigureRow
	for _, f := range p.Figures {
		r := FigureRow{Name: f.Name, Value: figureValue(f), Range: figureRange(f), N: f.N, Of: f.Of, Tone: figureTone(f)}
		if f.Sampled {
			r.Of = "newest " + f.Of
		}
		if f.Alarm != nil {
			r.Note = "passes " + measured(f.Alarm.Threshold, f.Unit) + ": " + f.Alarm.Source
			if !f.Alarm.Sure {
				r.Note = "may pass " + measured(f.Alarm.Threshold, f.Unit) + ": " + f.Alarm.Source
			}
		}
		out = append(out, r)
	}
	return out
}

// figureTone is a doubt where a figure passes a published threshold: evidence to
// look at, and no verdict.
func figureTone(f cases.Figure) Tone {
	switch {
	case f.Hidden():
		return Unknown
	case f.Alarm != nil:
		return Doubt
	}
	return Neutral
}

func figureValue(f cases.Figure) string {
	if f.Hidden() {
		return "–"
	}
	return measured(f.Estimate.Value, f.Unit)
}

// figureRange is the 95 % interval; "" where there is none.
func figureRange(f cases.Figure) string {
	if f.Hidden() || !f.Estimate.Interval {
		return ""
	}
	return measured(f.Estimate.Low, f.Unit) + "–" + measured(f.Estimate.High, f.Unit)
}

// measured writes a value in its unit.
func measured(v float64, u cases.Unit) string {
	short := func() string {
		return strconv.FormatFloat(v, 'f', map[bool]int{true: 0, false: 1}[v >= 100 || v == float64(int(v))], 64)
	}
	switch u {
	case cases.UnitShare:
		return percent(v)
	case cases.UnitSeconds:
		return duration(time.Duration(v * float64(time.Second)))
	case cases.UnitCalls, cases.UnitNumbers:
		if v == float64(int(v)) {
			return thousand(int(v))
		}
		return short()
	case cases.UnitUSD:
		return fmt.Sprintf("$%.2f", v)
	case cases.UnitUSDMin:
		return fmt.Sprintf("$%.4f/min", v)
	case cases.UnitBits:
		return fmt.Sprintf("%.1f bits", v)
	}
	return short()
}
