package calls

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/axiomhq/hyperloglog"
	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

// Monday, 10:00 in New York.
var monday = time.Date(2026, 11, 9, 15, 0, 0, 0, time.UTC)

// input folds calls as the store does.
func input(t testing.TB, kind, key string, calls []cases.Call) ProfileInput {
	t.Helper()
	in := ProfileInput{Kind: kind, Key: key, From: monday.AddDate(0, 0, -7), To: monday.AddDate(0, 0, 7), Sample: calls}
	at := map[time.Time]int{}
	var callees, callers []*hyperloglog.Sketch
	for _, c := range calls {
		h := c.StartedAt.UTC().Truncate(time.Hour)
		i, ok := at[h]
		if !ok {
			i = len(in.Hours)
			at[h] = i
			in.Hours = append(in.Hours, cases.HourStats{KeyKind: kind, Key: key, Hour: h})
			callees, callers = append(callees, newSketch(t)), append(callers, newSketch(t))
		}
		in.Hours[i].Add(c)
		callees[i].Insert([]byte(c.To))
		callers[i].Insert([]byte(c.From))
	}
	for i := range in.Hours {
		if kind != kindTo {
			in.Hours[i].Callees = bytesOf(t, callees[i])
		}
		if kind != kindFrom {
			in.Hours[i].Callers = bytesOf(t, callers[i])
		}
	}
	return in
}

func newSketch(t testing.TB) *hyperloglog.Sketch {
	t.Helper()
	s, err := hyperloglog.NewSketch(cases.SketchPrecision, true)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func bytesOf(t testing.TB, s *hyperloglog.Sketch) []byte {
	t.Helper()
	b, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// many makes n calls, one a minute, and lets each be changed.
func many(n int, change func(i int, c *cases.Call)) []cases.Call {
	out := make([]cases.Call, n)
	for i := range out {
		at := monday.Add(time.Duration(i) * time.Minute)
		answered, ended := at.Add(5*time.Second), at.Add(65*time.Second)
		out[i] = cases.Call{SourceID: fmt.Sprint(i), AccountID: "acme", Direction: outbound, From: "+12125550143", To: fmt.Sprintf("+1313555%04d", 200+i*37%9000),
			ToCountry: "US", StartedAt: at, AnsweredAt: &answered, EndedAt: &ended, BilledSeconds: 60, SIPCode: 200, HungUpBy: "caller", CostMicros: 10_000, Attest: "A"}
		change(i, &out[i])
	}
	return out
}

func fails(c *cases.Call, code int) {
	c.SIPCode, c.AnsweredAt, c.EndedAt, c.BilledSeconds, c.CostMicros, c.HungUpBy = code, nil, nil, 0, 0, ""
}

func every(n int, do func(*cases.Call)) func(int, *cases.Call) {
	return func(i int, c *cases.Call) {
		if i%n == 0 {
			do(c)
		}
	}
}

func talks(d time.Duration) func(*cases.Call) {
	return func(c *cases.Call) {
		ended := c.AnsweredAt.Add(d)
		c.EndedAt, c.BilledSeconds = &ended, int(d/time.Second)
	}
}

func TestFiguresOfAProfile(t *testing.T) {
	same := func(int, *cases.Call) {}
	tests := []struct {
		name    string
		kind    string
		calls   []cases.Call
		measure cases.Measure
		value   float64
		n       int
		alarm   float64
	}{
		{"answered", kindFrom, many(40, every(4, func(c *cases.Call) { fails(c, 486) })), cases.MeasureASR, 0.75, 40, 0},
		{"effective", kindFrom, many(40, every(4, func(c *cases.Call) { fails(c, 503) })), cases.MeasureNER, 0.75, 40, 0},
		{"duration", kindFrom, many(40, every(2, talks(30*time.Second))), cases.MeasureACD, 45, 40, 0},
		{"short, below the threshold", kindFrom, many(40, every(8, talks(6*time.Second))), cases.MeasureShort, 0.125, 40, 0},
		{"short, at it", kindFrom, many(40, every(4, talks(6*time.Second))), cases.MeasureShort, 0.25, 40, ShortAlarm},
		{"seven seconds are not short", kindFrom, many(40, every(1, talks(7*time.Second))), cases.MeasureShort, 0, 40, 0},
		{"abandoned", kindFrom, many(40, every(5, func(c *cases.Call) { fails(c, 487) })), cases.MeasureAbandoned, 0.2, 40, AbandonedAlarm},
		{"rejected", kindFrom, many(40, every(5, func(c *cases.Call) { fails(c, 607) })), cases.MeasureRejected, 0.2, 40, 0},
		{"invalid", kindFrom, many(40, every(5, func(c *cases.Call) { fails(c, 404) })), cases.MeasureInvalid, 0.2, 40, 0},
		{"neighbours", kindFrom, many(40, every(2, func(c *cases.Call) { c.From = c.To[:8] + "0199" })), cases.MeasureNeighbour, 0.5, 40, 0},
		{"under 30 seconds", kindFrom, many(40, every(2, talks(29*time.Second))), cases.MeasureUnder30, 0.5, 40, 0},
		{"30 seconds are not under", kindFrom, many(40, every(2, talks(30*time.Second))), cases.MeasureUnder30, 0, 40, 0},
		{"the called party hangs up", kindFrom, many(40, every(4, func(c *cases.Call) { c.HungUpBy = "called" })), cases.MeasureCalledHangsUp, 0.25, 40, 0},
		{"nobody knows who hung up", kindFrom, many(40, every(2, func(c *cases.Call) { c.HungUpBy = "network" })), cases.MeasureCalledHangsUp, 0, 20, 0},
		{"in sequence", kindFrom, many(41, func(i int, c *cases.Call) { c.To = fmt.Sprintf("+1313555%04d", 1000+i*5) }), cases.MeasureSequential, 1, 40, 0},
		{"in steps of six", kindFrom, many(41, func(i int, c *cases.Call) { c.To = fmt.Sprintf("+1313555%04d", 1000+i*6) }), cases.MeasureSequential, 0, 40, 0},
		{"backwards, each twice", kindFrom, many(82, func(i int, c *cases.Call) { c.To = fmt.Sprintf("+1313555%04d", 3000-i/2) }), cases.MeasureSequential, 1, 40, 0},
		{"a fixed pace", kindFrom, many(41, same), cases.MeasureGaps, 0, 40, 0},
		{"two paces", kindFrom, many(41, every(2, func(c *cases.Call) { c.StartedAt = c.StartedAt.Add(30 * time.Second) })), cases.MeasureGaps, 0.5, 40, 0},
		{"a break is no gap", kindFrom, many(42, func(i int, c *cases.Call) { c.StartedAt = c.StartedAt.Add(time.Duration(i/21) * 2 * time.Hour) }), cases.MeasureGaps, 0, 40, 0},
		{"in a minute", kindFrom, many(40, func(i int, c *cases.Call) { c.StartedAt = monday.Add(time.Duration(i) * 20 * time.Second) }), cases.MeasurePeakMinute, 3, 40, 0},
		{"at once", kindFrom, many(40, every(1, talks(150*time.Second))), cases.MeasureConcurrent, 3, 40, 0},
		{"one after the other", kindFrom, many(40, every(1, talks(60*time.Second))), cases.MeasureConcurrent, 1, 40, 0},
		{"at once abroad", kindAccount, many(40, every(1, func(c *cases.Call) { talks(150 * time.Second)(c); c.ToCountry = "SO" })), cases.MeasureForeignAtOnce, 3, 40, AtOnceAlarm},
		{"at once at home", kindAccount, many(40, every(1, talks(150*time.Second))), cases.MeasureForeignAtOnce, 0, 40, 0},
		{"longest", kindFrom, many(40, every(40, talks(2*time.Hour))), cases.MeasureLongest, 7200, 40, LongAlarm},
		{"callers", kindAccount, many(40, every(2, func(c *cases.Call) { c.From = "+12125550144" })), cases.MeasureCallers, 2, 40, 0},
		{"calls for each caller", kindAccount, many(40, every(2, func(c *cases.Call) { c.From = "+12125550144" })), cases.MeasurePerCaller, 20, 40, 0},
		{"callees", kindFrom, many(40, same), cases.MeasureCallees, 40, 40, 0},
		{"callees again", kindFrom, many(40, func(i int, c *cases.Call) { c.To = fmt.Sprintf("+1313555%04d", 1000+i%4) }), cases.MeasurePerCallee, 10, 40, 0},
		{"at night", kindFrom, many(40, every(2, func(c *cases.Call) { c.StartedAt = c.StartedAt.Add(12 * time.Hour) })), cases.MeasureOutOfHours, 0.5, 40, 0},
		{"on Sunday", kindFrom, many(40, every(2, func(c *cases.Call) { c.StartedAt = c.StartedAt.Add(-24 * time.Hour) })), cases.MeasureOutOfHours, 0.5, 40, 0},
		{"abroad", kindFrom, many(40, every(4, func(c *cases.Call) { c.ToCountry = "SO" })), cases.MeasureForeign, 0.25, 40, 0},
		{"abroad at night", kindFrom, many(80, func(i int, c *cases.Call) {
			if i%2 == 0 {
				c.ToCountry = "SO"
			}
			if i%4 == 0 || i%2 == 1 {
				c.StartedAt = c.StartedAt.Add(12 * time.Hour)
			}
		}), cases.MeasureForeignNight, 0.5, 40, 0},
		{"a minute abroad", kindFrom, many(80, every(4, func(c *cases.Call) { c.ToCountry, c.CostMicros = "SO", 500_000 })), cases.MeasureForeignMinute, 0.5, 20, 0},
		{"unknown is not abroad", kindFrom, many(40, every(2, func(c *cases.Call) { c.ToCountry = "" })), cases.MeasureForeign, 0, 20, 0},
		{"top country", kindFrom, many(40, every(4, func(c *cases.Call) { c.ToCountry = "SO" })), cases.MeasureTopCountry, 0.75, 40, 0},
		{"two countries alike", kindFrom, many(40, every(2, func(c *cases.Call) { c.ToCountry = "SO" })), cases.MeasureEntropy, 1, 40, 0},
		{"cost", kindAccount, many(40, same), cases.MeasureCost, 0.4, 40, 0},
		{"cost of a minute", kindAccount, many(40, same), cases.MeasureCostMinute, 0.01, 40, 0},
		{"dearest day", kindAccount, many(40, every(2, func(c *cases.Call) { c.StartedAt = c.StartedAt.Add(24 * time.Hour) })), cases.MeasureCostDay, 0.2, 40, 0},
		{"a dear day abroad", kindAccount, many(40, every(1, func(c *cases.Call) { c.CostMicros = 20e6; c.ToCountry = "SO" })), cases.MeasureCostDay, 800, 40, SpendAlarm},
		{"a dear day at home", kindAccount, many(40, every(1, func(c *cases.Call) { c.CostMicros = 20e6 })), cases.MeasureCostDay, 800, 40, 0},
		{"signed B", kindAccount, many(40, every(4, func(c *cases.Call) { c.Attest = "B" })), cases.MeasureAttestB, 0.25, 40, 0},
		{"unsigned", kindAccount, many(40, every(4, func(c *cases.Call) { c.Attest = "" })), cases.MeasureUnsigned, 0.25, 40, 0},
		{"complaints", kindAccount, many(40, same), cases.MeasureComplaints, 750, 40, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, tt.kind, "+12125550143", tt.calls)
			in.Complaints = 3
			f, ok := ProfileOf(in).Figure(tt.measure)
			if !ok || f.Hidden() {
				t.Fatalf("no figure: %+v", f)
			}
			if d := f.Estimate.Value - tt.value; d > 1e-9 || d < -1e-9 || f.N != tt.n {
				t.Errorf("%g of %d, want %g of %d", f.Estimate.Value, f.N, tt.value, tt.n)
			}
			switch {
			case tt.alarm == 0 && f.Alarm != nil:
				t.Errorf("alarm: %+v", f.Alarm)
			case tt.alarm != 0 && (f.Alarm == nil || f.Alarm.Threshold != tt.alarm || f.Alarm.Source == ""):
				t.Errorf("alarm %+v, want one at %g", f.Alarm, tt.alarm)
			}
		})
	}
}

// Below twenty there is no value, which is something else than none.
func TestTooFewCallsHaveNoFigures(t *testing.T) {
	for n, hidden := range map[int]bool{0: true, 1: true, cases.MinSample - 1: true, cases.MinSample + 1: false} {
		p := ProfileOf(input(t, kindAccount, "acme", many(n, func(int, *cases.Call) {})))
		if p.Attempts != n || len(p.Figures) < 20 {
			t.Fatalf("%d calls: %+v", n, p)
		}
		for _, f := range p.Figures {
			if f.Measure == cases.MeasureForeignNight || f.Measure == cases.MeasureForeignMinute {
				if !f.Hidden() { // none of them goes abroad
					t.Errorf("%d calls: %s is %+v", n, f.Measure, f)
				}
				continue
			}
			if f.Hidden() != hidden {
				t.Errorf("%d calls: %s is %+v", n, f.Measure, f)
			}
			if _, ok := p.Value(f.Measure); ok == hidden {
				t.Errorf("%d calls: %s has a value: %v", n, f.Measure, ok)
			}
		}
	}
	// Of many attempts few may have been answered.
	p := ProfileOf(input(t, kindAccount, "acme", many(100, func(i int, c *cases.Call) {
		if i > 5 {
			fails(c, 486)
		}
	})))
	if _, ok := p.Value(cases.MeasureShort); ok {
		t.Error("short calls of six answered")
	}
	if _, ok := p.Value(cases.MeasureASR); !ok {
		t.Error("no share of a hundred attempts")
	}
}

func TestKindsHaveTheirFigures(t *testing.T) {
	calls := many(40, func(int, *cases.Call) {})
	for kind, without := range map[string][]cases.Measure{
		kindFrom:    {cases.MeasureCallers, cases.MeasurePerCaller},
		kindTo:      {cases.MeasureCallees, cases.MeasureSequential, cases.MeasureForeign, cases.MeasureCost},
		kindAccount: nil,
		// Nobody knows where a provider's callers are.
		kindProvider: {cases.MeasureOutOfHours, cases.MeasureForeign, cases.MeasureForeignAtOnce, cases.MeasureForeignNight, cases.MeasureForeignMinute},
	} {
		p := ProfileOf(input(t, kind, "+12125550143", calls))
		seen := map[cases.Measure]bool{}
		for _, f := range p.Figures {
			if seen[f.Measure] {
				t.Errorf("%s: %s twice", kind, f.Measure)
			}
			if seen[f.Measure] = true; f.Name == "" || f.Of == "" || f.Unit == "" {
				t.Errorf("%s: %+v has no words", kind, f)
			}
			if slices.Contains(without, f.Measure) {
				t.Errorf("%s has %s", kind, f.Measure)
			}
		}
		if want := 34 - len(without); kind != kindTo && len(p.Figures) != want {
			t.Errorf("%s has %d figures, want %d", kind, len(p.Figures), want)
		}
	}
}

// What a profile says does not depend on how its parts were brought.
func TestProfileWhateverTheOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	calls := many(700, func(_ int, c *cases.Call) {
		c.StartedAt = monday.Add(time.Duration(r.Int64N(int64(96 * time.Hour))))
		c.From = fmt.Sprintf("+12125550%03d", r.IntN(30))
		c.ToCountry = []string{"US", "US", "CA", "SO", ""}[r.IntN(5)]
		if r.IntN(3) == 0 {
			fails(c, []int{404, 486, 487, 503, 603}[r.IntN(5)])
		}
	})
	in := input(t, kindAccount, "acme", calls)
	want := ProfileOf(in)
	for range 5 {
		r.Shuffle(len(in.Sample), func(i, j int) { in.Sample[i], in.Sample[j] = in.Sample[j], in.Sample[i] })
		r.Shuffle(len(in.Hours), func(i, j int) { in.Hours[i], in.Hours[j] = in.Hours[j], in.Hours[i] })
		if d := cmp.Diff(want, ProfileOf(in)); d != "" {
			t.Fatal(d)
		}
	}
	for _, f := range want.Figures {
		e := f.Estimate
		if e == nil || e.Low > e.Value || e.Value > e.High {
			t.Errorf("%s: %+v does not hold its value", f.Measure, e)
		}
		if f.Unit == cases.UnitShare && (e.Low < 0 || e.High > 1 || !e.Interval) {
			t.Errorf("%s: %+v is no share", f.Measure, e)
		}
	}
	if want.Sampled != SampleLimit {
		t.Errorf("%d sampled", want.Sampled)
	}
	if want.Countries[0].Country != "US" || want.Zone != "America/New_York" {
		t.Errorf("%v in %s", want.Countries, want.Zone)
	}
	n := 0
	for _, k := range want.ByHour {
		n += k
	}
	if n != 700 {
		t.Errorf("%d calls by hour", n)
	}
}

// What lies outside the window is passed over.
func TestProfileKeepsToItsWindow(t *testing.T) {
	in := input(t, kindFrom, "+12125550143", many(120, func(int, *cases.Call) {}))
	in.From, in.To = monday.Add(30*time.Minute), monday.Add(time.Hour)
	p := ProfileOf(in)
	if p.Attempts != 60 || p.Sampled != 30 || !p.SampledSince.Equal(in.From) {
		t.Errorf("%d attempts, %d sampled since %s", p.Attempts, p.Sampled, p.SampledSince)
	}
}

// Sketches are merged register by register where the library would take too
// long, and that must come to the same.
func TestDistinctAsTheLibraryCounts(t *testing.T) {
	for _, perHour := range []int{3, 30, 300, 1300, 5000} {
		var sketches [][]byte
		all := newSketch(t)
		for h := range 60 {
			s := newSketch(t)
			for i := range perHour {
				number := fmt.Appendf(nil, "+1%d", 2_000_000_000+h*perHour/2+i)
				s.Insert(number)
				all.Insert(number)
			}
			sketches = append(sketches, bytesOf(t, s))
		}
		dense, err := hyperloglog.NewSketch(cases.SketchPrecision, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := dense.Merge(all); err != nil {
			t.Fatal(err)
		}
		if got := unionOfRegisters(sketches); !bytes.Equal(bytesOf(t, got), bytesOf(t, dense)) {
			t.Errorf("%d an hour: other registers; %d, the library says %d", perHour, got.Estimate(), dense.Estimate())
		}
		truth := float64(perHour * 61 / 2)
		if got, _ := distinct(sketches); float64(got) < truth*0.95 || float64(got) > truth*1.05 {
			t.Errorf("%d an hour: %d distinct, really about %g", perHour, got, truth)
		}
		damaged := append(slices.Clone(sketches), nil, []byte("x"), sketches[0][:len(sketches[0])/2], append([]byte{2, 14}, make([]byte, 40)...))
		distinct(damaged)
	}
	if n, exact := distinct(nil); n != 0 || !exact {
		t.Errorf("nothing: %d", n)
	}
}

func FuzzDistinct(f *testing.F) {
	s := newSketch(f)
	for i := range 300 {
		s.Insert(fmt.Append(nil, i))
	}
	f.Add(bytesOf(f, s))
	f.Add([]byte{2, cases.SketchPrecision, 0, 1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		unionOfRegisters([][]byte{b})
		distinct([][]byte{b, b})
	})
}

// The busiest number and the busiest account of a month.
func BenchmarkProfile(b *testing.B) {
	for _, perHour := range []int{100, 1300, 5000} {
		for _, kind := range []string{kindFrom, kindAccount} {
			in := ProfileInput{Kind: kind, Key: "+12125550143", From: monday, To: monday.AddDate(0, 0, 30), Sample: many(SampleLimit, func(int, *cases.Call) {})}
			for h := range 720 {
				s := newSketch(b)
				for i := range perHour {
					s.Insert(fmt.Appendf(nil, "+1%d", 2_000_000_000+h*perHour+i))
				}
				x := cases.HourStats{Hour: monday.Add(time.Duration(h) * time.Hour), Attempts: perHour, Answered: perHour / 2, Countries: map[string]int{"US": perHour}, Callees: bytesOf(b, s)}
				if kind == kindAccount {
					x.Callers = x.Callees
				}
				in.Hours = append(in.Hours, x)
			}
			b.Run(fmt.Sprintf("%s/%d", kind, perHour), func(b *testing.B) {
				for b.Loop() {
					ProfileOf(in)
				}
			})
		}
	}
}
