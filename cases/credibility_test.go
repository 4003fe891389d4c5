package cases

import (
	"bytes"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"testing"
)

// What is decided about a case is the same whoever reported it: only the order
// changes with the credibility of the reporters.
func TestCredibilityDecidesNothing(t *testing.T) {
	ann := Actor{Kind: ActorPerson, ID: "ann", Role: RoleAdmin, Person: "ann"}
	order := map[int]bool{}
	var first []any
	for _, credibility := range []float64{0, 0.05, 0.5, 0.95} {
		f := foreign().Facts
		f.Credibility = credibility
		score, _ := Prioritise(f, t0)
		order[score] = true
		var outcome []any
		for _, facts := range []func(*Facts){func(*Facts) {}, func(f *Facts) { f.Corroboration, f.Confirmed, f.NotCarried = CorroborationConfirmed, 1, 0 }} {
			f := f
			facts(&f)
			c := foreign()
			c.Assess(t0, f)
			r := c.Referral()
			outcome = append(outcome, c.State, r)
			for _, d := range Dispositions() {
				x := *c
				err := x.Resolve(ann, t0, d, "because")
				outcome = append(outcome, x.State, x.Disposition, err == nil)
			}
			letters, err := c.Refer(System("referral"), t0, []Addressee{{ReportID: 1, ReporterID: 1, Email: "jane@example.org"}}, "abuse@desk.example")
			outcome = append(outcome, c.State, letters, err == nil)
		}
		if first == nil {
			first = outcome
		} else if !reflect.DeepEqual(first, outcome) {
			t.Errorf("credibility %v decides: %v, without %v", credibility, outcome, first)
		}
	}
	if len(order) < 3 {
		t.Errorf("it does not order: %v", order)
	}
}

// Nothing but the order, and what gathers it, reads it: no state machine, guard,
// restriction or policy.
func TestCredibilityIsReadByOrderOnly(t *testing.T) {
	allowed := map[string]bool{"cases/priority.go": true, "cases/report.go": true, "store/facts.go": true, "store/credibility.go": true}
	seen := 0
	err := fs.WalkDir(os.DirFS(".."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || (d.IsDir() && (d.Name() == "node_modules" || len(path) > 1 && d.Name()[0] == '.')) {
			if d != nil && d.IsDir() && err == nil {
				return fs.SkipDir
			}
			return err
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		b, err := os.ReadFile("../" + path)
		if err != nil {
			return err
		}
		if bytes.Contains(bytes.ToLower(b), []byte("credibility")) {
			if seen++; !allowed[path] {
				t.Errorf("%s reads the credibility of reporters", path)
			}
		}
		return nil
	})
	if err != nil || seen != len(allowed) {
		t.Errorf("%d files, %v", seen, err)
	}
}
