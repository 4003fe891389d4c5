package calls

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// week makes a profile of the week from monday, with so many calls a day.
func week(t testing.TB, kind, key string, perDay int, change func(i int, c *cases.Call)) ProfileInput {
	t.Helper()
	in := input(t, kind, key, many(5*perDay, func(i int, c *cases.Call) {
		*c = moved(*c, monday.Add(time.Duration(i/perDay)*24*time.Hour+time.Duration(i%perDay)*8*time.Hour/time.Duration(perDay)))
		change(i, c)
	}))
	in.From, in.To = monday, monday.Add(ClassifyWindow)
	return in
}

func moved(c cases.Call, start time.Time) cases.Call {
	answered, ended := start.Add(5*time.Second), start.Add(65*time.Second)
	c.StartedAt, c.AnsweredAt, c.EndedAt = start, &answered, &ended
	return c
}

func robocalls(i int, c *cases.Call) {
	c.To, c.Attest, c.HungUpBy = fmt.Sprintf("+1%03d950%04d", 201+i%700, i%9000), "C", "called"
	switch {
	case i%10 == 0:
		fails(c, 404)
	case i%3 != 0:
		fails(c, 480)
	default:
		talks(time.Duration(4+i%25) * time.Second)(c)
	}
}

// office calls the same sixty people, and talks.
func officeCalls(i int, c *cases.Call) {
	c.To = fmt.Sprintf("+1212950%04d", 1000+i%60)
	talks(time.Duration(30+i%11*40) * time.Second)(c)
	if i%2 == 0 {
		c.HungUpBy = "called"
	}
	if i%5 == 0 {
		fails(c, 480)
	}
}

// hijacked is an office of which somebody else uses the lines at night.
func hijacked(i int, c *cases.Call) {
	officeCalls(i, c)
	if i%2 == 0 {
		night := monday.Add(time.Duration(i/400)*24*time.Hour + 12*time.Hour + time.Duration(i%400)*time.Minute/4)
		*c = moved(*c, night)
		c.SIPCode, c.To, c.ToCountry, c.HungUpBy = 200, fmt.Sprintf("+25250%06d", i%40), "SO", "caller"
		talks(10 * time.Minute)(c)
		c.CostMicros = 4_800_000
	}
}

// reminders are recordings to a thousand people who get one again and again.
func reminders(i int, c *cases.Call) {
	c.To = fmt.Sprintf("+1212950%04d", 1000+i%400)
	talks(time.Duration(8+i%25) * time.Second)(c)
	if i%3 == 0 {
		fails(c, 480)
	}
}

func TestClassify(t *testing.T) {
	base := func(kind, key string) *cases.Profile {
		in := week(t, kind, key, 100, officeCalls)
		p := ProfileOf(in)
		return &p
	}
	tests := []struct {
		name       string
		kind       string
		perDay     int
		calls      func(int, *cases.Call)
		complaints int
		before     *cases.Profile
		want       cases.TrafficClass
		accuses    bool
		says       string
	}{
		{"robocalls of an account", kindAccount, 400, robocalls, 4, nil, cases.ClassRobocaller, true, "The calls of account acme look like those of a robocaller"},
		{"robocalls that showed a number", kindFrom, 400, robocalls, 4, nil, cases.ClassRobocaller, false, "says nothing about its holder"},
		{"robocalls from a provider", kindProvider, 400, robocalls, 4, nil, cases.ClassRobocaller, false, "not all need be alike"},
		{"robocalls to a number", kindTo, 400, robocalls, 4, nil, cases.ClassTooLittle, false, "not classified"},
		{"three robocalls a day", kindAccount, 3, robocalls, 4, nil, cases.ClassTooLittle, false, "15 attempts, and at least 20"},
		{"an office", kindAccount, 100, officeCalls, 0, nil, cases.ClassBusiness, false, "a business."},
		{"an office that is complained about", kindAccount, 100, officeCalls, 20, nil, cases.ClassBusiness, false, "a business."},
		{"reminders", kindAccount, 400, reminders, 0, nil, cases.ClassBusiness, false, "a business."},
		{"a hijacked office", kindAccount, 200, hijacked, 0, base(kindAccount, "acme"), cases.ClassCompromised, true, "Its owner is a victim"},
		{"the number of a hijacked office", kindFrom, 200, hijacked, 0, base(kindFrom, "+12125550143"), cases.ClassCompromised, false, "says nothing about its holder"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := "acme"
			if tt.kind == kindFrom || tt.kind == kindTo {
				key = "+12125550143"
			}
			in := week(t, tt.kind, key, tt.perDay, tt.calls)
			in.Complaints = tt.complaints
			c := Classify(ProfileOf(in), tt.before)
			if c.Class != tt.want || c.Accuses() != tt.accuses || !strings.Contains(c.Summary, tt.says) {
				t.Errorf("%+v", c)
			}
			if c.Class == cases.ClassTooLittle {
				return
			}
			if c.Confidence < 0.5 || c.Confidence > 1 || len(c.Reasons) < 3 || len(c.WouldChange) == 0 {
				t.Errorf("%.2f for %d reasons, would change: %q", c.Confidence, len(c.Reasons), c.WouldChange)
			}
			for i, r := range c.Reasons {
				if i > 0 && math.Abs(r.Weight) > math.Abs(c.Reasons[i-1].Weight) || r.Text == "" || strings.Contains(r.Text, "%!") {
					t.Errorf("reason %d: %+v", i, r)
				}
				if c.Class.Bad() && r.For != c.Class {
					t.Errorf("a reason of another class: %+v", r)
				}
			}
		})
	}
}

// The same nights abroad are nobody's crime where they have always been.
func TestNoDepartureFromItsOwnHabits(t *testing.T) {
	p := ProfileOf(week(t, kindAccount, "acme", 200, hijacked))
	usual := ProfileOf(week(t, kindAccount, "acme", 200, officeCalls))
	score := func(before *cases.Profile) float64 {
		return scorecards[1].score(facts{now: p, before: before}).total
	}
	departed, same, unknown := score(&usual), score(&p), score(nil)
	if departed-same < 6 || departed-unknown < 6 {
		t.Errorf("departed %.1f, the same as before %.1f, no history %.1f", departed, same, unknown)
	}
	c := Classify(p, nil)
	without := slices.IndexFunc(c.Reasons, func(r cases.ClassReason) bool { return strings.HasPrefix(r.Text, "There is no history") })
	if c.Class != cases.ClassCompromised || without < 0 || c.Reasons[without].Weight > -2 || !slices.Contains(c.WouldChange, "A history of the weeks before, to compare with.") {
		t.Errorf("without a history: %+v", c)
	}
	few := usual
	few.Attempts = cases.MinSample - 1
	if a, b := Classify(p, &few), Classify(p, nil); a.Class != b.Class || a.Confidence != b.Confidence {
		t.Errorf("a history of %d attempts counts: %+v", few.Attempts, a)
	}
}

// Reasons and start add up to the confidence, but for what is too small to tell.
func TestReasonsAddUp(t *testing.T) {
	in := week(t, kindAccount, "acme", 400, robocalls)
	c := Classify(ProfileOf(in), nil)
	total := scorecards[0].start
	for _, r := range c.Reasons {
		total += r.Weight
	}
	got := math.Log(c.Confidence / (1 - c.Confidence))
	if untold := worthTelling * float64(len(scorecards[0].lines)-len(c.Reasons)); math.Abs(total-got) > untold+1e-6 {
		t.Errorf("reasons come to %.2f, confidence to %.2f", total, got)
	}
}

// What is said to change the result does change it.
func TestWhatWouldChange(t *testing.T) {
	for _, card := range scorecards {
		for _, l := range card.lines {
			lowest, highest := l.curve[0].weight, l.curve[0].weight
			for i, p := range l.curve {
				lowest, highest = min(lowest, p.weight), max(highest, p.weight)
				if math.Abs(l.weight(p.value)-p.weight) > 1e-9 || i > 0 && p.value <= l.curve[i-1].value {
					t.Errorf("%s: %+v", l.change, l.curve)
				}
			}
			if l.weight(-1e9) != l.curve[0].weight || l.weight(1e9) != l.curve[len(l.curve)-1].weight {
				t.Errorf("%s goes on beyond its ends", l.change)
			}
			f := func(a uint16) bool {
				want := lowest + (highest-lowest)*float64(a)/math.MaxUint16
				x, ok := l.at(want)
				return ok && math.Abs(l.weight(x)-want) < 1e-6
			}
			if err := quick.Check(f, nil); err != nil {
				t.Errorf("%s: %v", l.change, err)
			}
			if _, ok := l.at(highest + 0.1); ok {
				t.Errorf("%s reaches more than its most", l.change)
			}
		}
	}
	// An office with much against it is one figure away.
	s := score{card: scorecard{class: cases.ClassRobocaller}, total: 1, read: []reading{
		{line{curve: []point{{0, -1}, {1, 3}}, show: percent, change: "Short calls"}, 0.9, 2.6},
		{line{curve: []point{{0, 0}, {1, 0.5}}, show: percent, change: "Neighbours"}, 1, 0.5}}}
	want := []string{"Short calls down to 65 %, from 90 %.", "Proof that those who were called had asked for it."}
	if got := changes(facts{}, s); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	s.total, s.read = -5, s.read[1:]
	if got := changes(facts{}, s); len(got) != 1 || !strings.Contains(got[0], "No single figure would make it look like a robocaller") {
		t.Errorf("%q", got)
	}
}

func BenchmarkClassify(b *testing.B) {
	p := ProfileOf(week(b, kindAccount, "acme", 400, robocalls))
	for b.Loop() {
		Classify(p, &p)
	}
}
