package simulate

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

// What a story tells must be what the records say, and its plan one that the
// desk's own rules allow.
func TestStoriesTellTheRecords(t *testing.T) {
	c := carrier(t, Params{Seed: 2, Calls: 6000})
	stories, all := Stories(c), collect(c)
	dispositions := map[cases.Disposition]bool{}
	for _, s := range stories {
		dispositions[s.Plan.Disposition] = true
		doors := map[Door]bool{}
		for i, step := range s.Steps {
			doors[step.Door] = true
			k := step.Complaint
			if k.Caller != s.Number {
				t.Errorf("%s: step %d is about %s, its case about %s", s.Name, i, k.Caller, s.Number)
			}
			if step.Door != DoorForm && step.Door != DoorAPI && !strings.Contains(digits(k.Prose), k.Caller[2:]) {
				t.Errorf("%s: step %d does not say the number in words: %s", s.Name, i, k.Prose)
			}
			if k.At.After(c.Through()) || k.At.Before(c.From()) {
				t.Errorf("%s: step %d tells of %v, outside the history", s.Name, i, k.At)
			}
			matches := matching(all, k)
			if carried := s.Plan.Verdict == cases.CorroborationConfirmed; carried != (len(matches) > 0) {
				t.Errorf("%s: step %d has %d matching records, verdict %s", s.Name, i, len(matches), s.Plan.Verdict)
			}
			for _, m := range s.Plan.Measures {
				if m.TargetKind == cases.TargetAccount && len(matches) > 0 && matches[0].AccountID != m.Target {
					t.Errorf("%s: a measure on %s for a call of %s", s.Name, m.Target, matches[0].AccountID)
				}
			}
		}
		if len(s.Steps) > 5 && len(doors) != 4 {
			t.Errorf("%s comes through %d doors", s.Name, len(doors))
		}
		for _, m := range s.Plan.Measures {
			r := cases.Restriction{Kind: m.Kind, TargetKind: m.TargetKind, TargetID: m.Target, Value: m.Value, Reason: m.Reason}
			expires := noon.Add(m.For)
			r.ExpiresAt = &expires
			if err := r.Validate(noon); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
			if second, why := r.NeedsSecond(false); second != m.Second {
				t.Errorf("%s: second person %v, but %s", s.Name, m.Second, why)
			}
		}
		if s.Plan.Disposition == cases.DispositionSpoofed || s.Plan.Disposition == cases.DispositionLawful {
			if len(s.Plan.Measures) > 0 {
				t.Errorf("%s: nobody is to be limited", s.Name)
			}
		}
	}
	want := []cases.Disposition{cases.DispositionUpheld, cases.DispositionCompromised, cases.DispositionSpoofed, cases.DispositionLawful}
	for _, d := range want {
		if !dispositions[d] {
			t.Errorf("no story ends as %s", d)
		}
	}
	if d := cmp.Diff(stories, Stories(carrier(t, Params{Seed: 2, Calls: 6000}))); d != "" {
		t.Errorf("the same seed tells other stories:\n%s", d)
	}
}

// Among those who complain about the spoofed number is its owner.
func TestOwnerOfTheSpoofedNumberReports(t *testing.T) {
	c := carrier(t, Params{Seed: 2, Calls: 6000})
	for _, s := range Stories(c) {
		if s.Name == "spoofed" && !slices.ContainsFunc(s.Steps, func(st Step) bool {
			return st.Complaint.Category == cases.CategorySpoofedMyNumber && st.Complaint.Reporter.Kind == cases.ReporterNumberOwner
		}) {
			t.Error("the owner is not among the reporters")
		}
	}
}

func matching(all []cases.Call, k Complaint) []cases.Call {
	return slices.DeleteFunc(slices.Clone(all), func(call cases.Call) bool {
		d := call.StartedAt.Sub(k.At).Abs()
		return call.From != k.Caller || k.Called != "" && call.To != k.Called || d.Minutes() > 90
	})
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func TestPlay(t *testing.T) {
	f := newFakeDesk(t)
	c := carrier(t, Params{Seed: 2, Calls: 6000})
	stories := Stories(c)
	var said int
	var last = map[string]Step{}
	p := Player{Doors: f.doors(), Said: func(s Story, step Step, _ Delivery, _ Receipt, err error) {
		said++
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		if step.After < last[s.Name].After {
			t.Errorf("%s: out of order", s.Name)
		}
		last[s.Name] = step
	}}
	if err := p.Play(t.Context(), stories); err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, s := range stories {
		want += len(s.Steps)
	}
	if said != want || len(f.reports) != want {
		t.Errorf("%d said, %d at the desk, want %d", said, len(f.reports), want)
	}
}

func TestElsewhereIsNeverOurs(t *testing.T) {
	c := carrier(t, Params{Seed: 2, Calls: 6000})
	doors, all := map[Door]bool{}, collect(c)
	for n := range 40 {
		door, k := Elsewhere(c, n)
		doors[door] = true
		if len(matching(all, k)) > 0 || len(of(c, k.Caller)) > 0 {
			t.Errorf("report %d is about a number of ours", n)
		}
	}
	if len(doors) != 4 {
		t.Errorf("doors %v", doors)
	}
}
