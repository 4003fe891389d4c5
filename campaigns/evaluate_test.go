package campaigns

import (
	"encoding/csv"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// call is a row of the labelled transcripts; see the README beside them.
type call struct{ id, campaign, text string }

func readCalls(t testing.TB) []call {
	t.Helper()
	file, err := os.Open("../internal/simulate/data/robocalls.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []call
	for _, r := range rows[1:] {
		out = append(out, call{r[0], r[2], r[4]})
	}
	return out
}

// score is pairwise precision, recall and F1: of the pairs of calls that were put
// together, which belong together, and the reverse.
type score struct{ precision, recall, f1 float64 }

// grid is every combination that the cross-validation chooses from, strictest first.
type grid struct {
	calls   []call
	params  []Params
	contain [][][]Likeness // by shingling: pairs i > j
	jaccard [][][]Likeness
	of      []int // which shingling a combination uses
}

func newGrid(calls []call) *grid {
	g := &grid{calls: calls}
	for _, size := range []int{4, 3, 2} {
		for _, fixed := range []int{0, 1, 2, 4} {
			p := Params{Size: size, Fixed: fixed}
			scripts := make([]Script, len(calls))
			for i, c := range calls {
				scripts[i] = p.Read(c.text)
			}
			table := func(p Params) (pairs [][]Likeness) {
				for i := range scripts {
					row := make([]Likeness, i)
					for j := range i {
						row[j] = p.Compare(scripts[i], scripts[j])
					}
					pairs = append(pairs, row)
				}
				return pairs
			}
			g.contain = append(g.contain, table(p))
			p.Jaccard = 1
			g.jaccard = append(g.jaccard, table(p))
			for _, jaccard := range []float64{0, 0.25, 0.5} {
				for percent := 80; percent >= 30; percent -= 5 {
					for _, shared := range []int{12, 10, 8, 6, 4} {
						g.params = append(g.params, Params{size, float64(percent) / 100, shared, jaccard, fixed})
						g.of = append(g.of, len(g.contain)-1)
					}
				}
			}
		}
	}
	return g
}

// clusters joins everything that combination n finds alike.
func (g *grid) clusters(n int) []int32 {
	p, contain, jaccard := g.params[n], g.contain[g.of[n]], g.jaccard[g.of[n]]
	x := NewIndex(p)
	for i := range g.calls {
		x.parent = append(x.parent, int32(i))
		for j := range i {
			l := contain[i][j]
			l.Score = l.Score*(1-p.Jaccard) + jaccard[i][j].Score*p.Jaccard
			if p.Same(l) {
				a, b := x.root(int32(i)), x.root(int32(j))
				x.parent[max(a, b)] = min(a, b)
			}
		}
	}
	out := make([]int32, len(g.calls))
	for i := range out {
		out[i] = x.root(int32(i))
	}
	return out
}

// tally counts pairs by the folds of their two calls.
type tally [folds][folds]struct{ both, found, wanted int }

const folds = 5

func (g *grid) tally(n int, fold []int) *tally {
	cluster := g.clusters(n)
	return g.tallyOf(func(i int) int32 { return cluster[i] }, fold)
}

func (g *grid) tallyOf(cluster func(i int) int32, fold []int) *tally {
	var out tally
	for i := range g.calls {
		for j := range i {
			together, same := cluster(i) == cluster(j), g.calls[i].campaign == g.calls[j].campaign
			if !together && !same {
				continue
			}
			cell := &out[fold[i]][fold[j]]
			switch {
			case together && same:
				cell.both++
				fallthrough
			case together:
				cell.found++
			}
			if same {
				cell.wanted++
			}
		}
	}
	return &out
}

// score scores the pairs whose folds count.
func (t *tally) score(counts func(a, b int) bool) score {
	var both, found, wanted float64
	for a := range t {
		for b, cell := range t[a] {
			if counts(a, b) {
				both, found, wanted = both+float64(cell.both), found+float64(cell.found), wanted+float64(cell.wanted)
			}
		}
	}
	s := score{both / max(found, 1), both / max(wanted, 1), 0}
	s.f1 = 2 * s.precision * s.recall / max(s.precision+s.recall, 1e-9)
	return s
}

// choose returns the combination with the best F1 over the pairs that count. Of
// those within half a point of it the strictest: false links are the dearer mistake.
func (g *grid) choose(tallies []*tally, counts func(a, b int) bool) int {
	scores := make([]float64, len(g.params))
	for n := range g.params {
		scores[n] = tallies[n].score(counts).f1
	}
	top := slices.Max(scores)
	best := -1
	for n, p := range g.params {
		if scores[n] >= top-0.005 && (best < 0 || p.Threshold > g.params[best].Threshold) {
			best = n
		}
	}
	return best
}

// The parameters come from five folds: chosen on four, scored on the pairs that
// touch the fifth. Once the folds are drawn from the calls, once from the
// campaigns, so that those tested on were never seen.
//
//	go test ./campaigns -run CrossValidation -v
func TestCrossValidation(t *testing.T) {
	calls := readCalls(t)
	g := newGrid(calls)
	for _, by := range []string{"calls", "campaigns"} {
		r := rand.New(rand.NewPCG(1, 2))
		fold := make([]int, len(calls))
		for i, n := range r.Perm(len(calls)) {
			fold[i] = n % folds
		}
		if by == "campaigns" {
			of := map[string]int{}
			for i, c := range calls {
				if _, ok := of[c.campaign]; !ok {
					of[c.campaign] = len(of)
				}
				fold[i] = of[c.campaign]
			}
			shuffled := r.Perm(len(of))
			for i := range fold {
				fold[i] = shuffled[fold[i]] % folds
			}
		}
		tallies := make([]*tally, len(g.params))
		for n := range tallies {
			tallies[n] = g.tally(n, fold)
		}
		mean := 0.0
		for k := range folds {
			n := g.choose(tallies, func(a, b int) bool { return a != k && b != k })
			s := tallies[n].score(func(a, b int) bool { return a == k || b == k })
			t.Logf("by %s, fold %d: chose %+v: precision %.3f, recall %.3f, F1 %.3f", by, k, g.params[n], s.precision, s.recall, s.f1)
			mean += s.f1 / folds
		}
		t.Logf("by %s: mean F1 of what was held out %.3f", by, mean)
		if by == "calls" && mean < 0.85 {
			t.Errorf("F1 %.3f on held-out calls", mean)
		}
		everything := func(a, b int) bool { return true }
		all := g.choose(tallies, everything)
		t.Logf("on all calls: %+v: %+v", g.params[all], tallies[all].score(everything))
		if g.params[all] != Default {
			t.Errorf("on all calls the choice is %+v, Default is %+v", g.params[all], Default)
		}
	}
}

// Incremental clustering over the keys finds what comparing all pairs finds,
// whatever the order of arrival.
func TestCallsAreClustered(t *testing.T) {
	calls := readCalls(t)
	for seed := range uint64(5) {
		order := rand.New(rand.NewPCG(seed, 7)).Perm(len(calls))
		x := NewIndex(Default)
		ids := make([]int64, len(calls))
		for _, i := range order {
			ids[i], _ = x.Add(Read(calls[i].text))
		}
		s := (&grid{calls: calls}).tallyOf(func(i int) int32 { return int32(x.Campaign(ids[i])) }, make([]int, len(calls))).score(func(a, b int) bool { return true })
		t.Logf("order %d: precision %.3f, recall %.3f, F1 %.3f", seed, s.precision, s.recall, s.f1)
		if s.f1 < 0.85 || s.precision < 0.95 {
			t.Errorf("order %d: %+v", seed, s)
		}
	}
}

// Of the pairs that are the same script by exact comparison, the keys must bring
// nearly all together.
func TestKeysFindCandidates(t *testing.T) {
	calls := readCalls(t)
	pairs, found, compared := 0, 0, 0
	for i := range calls {
		a := Read(calls[i].text)
		for j := range i {
			b := Read(calls[j].text)
			common := slices.ContainsFunc(a.Keys(), func(k int64) bool { return slices.Contains(b.Keys(), k) })
			if common {
				compared++
			}
			if Default.Same(Compare(a, b)) {
				pairs++
				if common {
					found++
				}
			}
		}
	}
	recall := float64(found) / float64(pairs)
	t.Logf("%d of %d pairs (%.1f %%), %d compared of %d", found, pairs, 100*recall, compared, len(calls)*(len(calls)-1)/2)
	if recall < 0.98 {
		t.Errorf("recall of the candidates %.3f", recall)
	}
}
