package simulate

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
)

// Seeds 1 to 8 are for tuning, 101 to 108 are held out: look at them when
// nothing is changed any more, and say in docs/benchmarks.md that you did.
var seedsFlag = flag.String("seeds", "", "range of seeds, as 1-8, of 50,000 customers each to classify")

// tally is what became of the customers of a kind.
type tally struct {
	n, right   int // right: of the class that is true
	accused    int // of a bad class, if honest; of the wrong bad class, if bad
	tooLittle  int
	callCentre int
}

type results struct {
	kinds   map[string]*tally
	victims int
	// accused victims: by the profile of their account, also when all complaints
	// about their number are laid at their door, and by that of their number.
	accused []string
	wrong   []string
}

func (r *results) classify(p *Population) {
	cut := p.End().Add(-calls.ClassifyWindow)
	profile := func(kind, key string, from, to time.Time, h History) cases.Profile {
		return calls.ProfileOf(calls.ProfileInput{Kind: kind, Key: key, From: from, To: to, Hours: h.Hours, Sample: h.Sample, Complaints: h.Complaints, Country: "US"})
	}
	for i := range p.Len() {
		truth := p.Truth(i)
		h := p.History(i, cut, p.End(), calls.SampleLimit)
		now := profile("account", truth.Account, cut, p.End(), h)
		// A history without calls abroad cannot change the class of calls at home,
		// and most customers have none: it is not made for them.
		var before *cases.Profile
		if abroad, ok := now.Value(cases.MeasureForeign); ok && abroad > 0 || truth.Victim {
			b := profile("account", truth.Account, cut.Add(-calls.BaselineWindow), cut, p.History(i, cut.Add(-calls.BaselineWindow), cut, calls.SampleLimit))
			before = &b
		}
		c := calls.Classify(now, before)
		r.count(truth, c)
		if truth.Victim {
			r.victims++
			shown := p.Shown(i, cut, p.End(), calls.SampleLimit)
			h.Complaints = shown.Complaints
			for _, c := range []cases.Classification{c, calls.Classify(profile("account", truth.Account, cut, p.End(), h), before),
				calls.Classify(profile("from", p.members[i].number(0), cut, p.End(), shown), nil)} {
				if c.Accuses() {
					r.accused = append(r.accused, fmt.Sprintf("seed %d, %s %s: %s", p.params.Seed, truth.Kind, truth.Account, c.Summary))
				}
			}
		}
	}
}

func (r *results) count(truth Truth, c cases.Classification) {
	t := r.kinds[truth.Kind]
	if t == nil {
		t = &tally{}
		r.kinds[truth.Kind] = t
	}
	t.n++
	switch {
	case c.Accuses() && string(c.Class) == truth.Label, !c.Accuses() && !truth.Bad():
		t.right++
	case c.Accuses():
		t.accused++
		r.wrong = append(r.wrong, fmt.Sprintf("%s %s (%s): %s %.2f", truth.Kind, truth.Account, truth.Label, c.Class, c.Confidence))
	}
	switch c.Class {
	case cases.ClassTooLittle:
		t.tooLittle++
	case cases.ClassCallCentre:
		t.callCentre++
	}
}

// figures are recall over the bad, and how many of the honest are accused. A bad
// customer of the wrong bad class is both missed and accused.
func (r *results) figures() (bad, found, honest, accused int) {
	for name, t := range r.kinds {
		if i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name }); kinds[i].truth == TruthHonest {
			honest += t.n
		} else {
			bad, found = bad+t.n, found+t.right
		}
		accused += t.accused
	}
	return bad, found, honest, accused
}

func (r *results) report(t *testing.T) {
	share := func(k, n int) string {
		low, high := calls.Wilson(k, n)
		return fmt.Sprintf("%d of %d, %.1f %% (%.1f to %.1f)", k, n, 100*float64(k)/float64(max(n, 1)), 100*low, 100*high)
	}
	order := func(a, b string) int { return cmp.Compare(place(a), place(b)) }
	for _, name := range slices.SortedFunc(maps.Keys(r.kinds), order) {
		k := r.kinds[name]
		what := "not accused"
		if kinds[place(name)].truth != TruthHonest {
			what = "recognised"
		}
		t.Logf("%-24s %s %s; too little of %d, call centre %d", name, what, share(k.right, k.n), k.tooLittle, k.callCentre)
	}
	bad, found, honest, accused := r.figures()
	t.Logf("recall %s", share(found, bad))
	t.Logf("precision %s", share(found, found+accused))
	t.Logf("honest accused %d of %d; %d victims, %d accused", accused, honest, r.victims, len(r.accused))
	t.Log(strings.Join(r.wrong, "\n"))
}

func place(name string) int {
	return slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
}

// The classifier against the truth. By default a small population with many bad
// customers, whose precision is weighted to the base rate; its seed is looked at
// all the time and holds nothing out.
func TestClassifier(t *testing.T) {
	r := results{kinds: map[string]*tally{}}
	if *seedsFlag != "" {
		var first, last uint64
		if _, err := fmt.Sscanf(*seedsFlag, "%d-%d", &first, &last); err != nil {
			t.Fatal(err)
		}
		for seed := first; seed <= last; seed++ {
			r.classify(population(t, PopulationParams{Seed: seed}))
			t.Logf("seed %d", seed)
		}
		r.report(t)
		return
	}
	r.classify(population(t, PopulationParams{Seed: 201, Customers: 2000, Bad: 0.06}))
	r.report(t)
	bad, found, honest, accused := r.figures()
	recall := float64(found) / float64(bad)
	// So few honest customers cannot show one false accusation in ten thousand; they
	// can show that there are more.
	falsely, _ := calls.Wilson(accused, honest)
	precision := BaseRate * recall / (BaseRate*recall + (1-BaseRate)*falsely)
	t.Logf("at one bad in a thousand, precision is at most %.3f", precision)
	if recall < 0.95 || precision < 0.9 {
		t.Errorf("recall %.3f, precision at most %.3f at one bad in a thousand", recall, precision)
	}
	for name, k := range r.kinds {
		if kinds[place(name)].truth != TruthHonest && float64(k.right) < 0.75*float64(k.n) {
			t.Errorf("%s: %d of %d", name, k.right, k.n)
		}
	}
	if r.victims == 0 || len(r.accused) > 0 {
		t.Errorf("of %d victims are accused: %q", r.victims, r.accused)
	}
}
