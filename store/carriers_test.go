package store

import (
	"errors"
	"testing"

	"github.com/abusedesk/abusedesk/cases"
)

func TestCarriersByLongestPrefix(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		load := func(rows ...cases.CarrierPrefix) {
			t.Helper()
			if err := s.ImportCarriers(ctx, cases.System("import"), noon, rows); err != nil {
				t.Fatal(err)
			}
		}
		load(cases.CarrierPrefix{Prefix: "1", Carrier: "Anybody"}, cases.CarrierPrefix{Prefix: "1310", Carrier: "Old"}, cases.CarrierPrefix{Prefix: "1310555", Carrier: "Pacific", AbuseContact: "abuse@pacific.example"})
		load(cases.CarrierPrefix{Prefix: "1310", Carrier: "Twice"}, cases.CarrierPrefix{Prefix: "1310", Carrier: "Western"})
		for number, want := range map[string]string{"+13105550123": "Pacific", "13105550123": "Pacific", "+13105560123": "Western", "+12025550123": "Anybody", "+1": "Anybody", "+442079460000": "", "": "", "+": ""} {
			got, err := s.CarrierOf(ctx, number)
			if got.Carrier != want || (want == "") != errors.Is(err, cases.ErrNotFound) {
				t.Errorf("%s: %+v, %v; want %q", number, got, err, want)
			}
		}
		events, err := s.Events(ctx, cases.EventQuery{ObjectKind: "carrier"})
		if err != nil || len(events.Items) != 2 {
			t.Errorf("%d events, %v", len(events.Items), err)
		}
	})
}

// How the cases of a reporter ended says how far he is believed, which a
// reopening takes back.
func TestCredibilityFollowsTheOutcomes(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		credibility := func() (c float64) {
			t.Helper()
			if err := s.db.Raw("SELECT credibility FROM reporters WHERE email = 'jane@example.org'").Row().Scan(&c); err != nil {
				t.Fatal(err)
			}
			return c
		}
		ends := func(d cases.Disposition, caller string) int64 {
			t.Helper()
			p := about(caller, "", "")
			p.Reporter.Email = "jane@example.org"
			f := file(t, s, p)
			update(t, s, f.CaseID, func(c *cases.Case) error {
				c.Facts.Corroboration = cases.CorroborationConfirmed
				return c.Resolve(ann, noon, d, "because")
			})
			return f.CaseID
		}
		upheld := ends(cases.DispositionUpheld, "+12025550101")
		if c := credibility(); c < 0.66 || c > 0.67 {
			t.Errorf("upheld once: %v", c)
		}
		ends(cases.DispositionInsufficient, "+12025550102")
		ends(cases.DispositionMalicious, "+12025550103")
		if c := credibility(); c != 0.5 {
			t.Errorf("once right, once wrong: %v", c)
		}
		update(t, s, upheld, func(c *cases.Case) error { return c.Reopen(ann, noon, "because") })
		if c := credibility(); c < 0.33 || c > 0.34 {
			t.Errorf("only wrong is left: %v", c)
		}
	})
}

// A lane stands above all points, also across the pages of the queue.
func TestUrgentCasesComeFirst(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		urgent := about("+12025550101", "", "")
		urgent.Lane = cases.LaneRegulator
		first := file(t, s, urgent)
		worse := about("+12025550102", "", "")
		worse.Lane = cases.LaneLife
		top := file(t, s, worse)
		for i := range 3 {
			f := file(t, s, about("+1202555011"+string(rune('0'+i)), "", ""))
			update(t, s, f.CaseID, func(c *cases.Case) error { c.Priority = 100; return c.Note(ann, noon, "x") })
		}
		var order []int64
		for cursor := ""; ; {
			p, err := s.Cases(t.Context(), cases.CaseQuery{Cursor: cursor, Limit: 1})
			if err != nil || len(order) > 5 {
				t.Fatal(order, err)
			}
			order = append(order, p.Items[0].ID)
			if cursor = p.Next; cursor == "" {
				break
			}
		}
		if len(order) != 5 || order[0] != top.CaseID || order[1] != first.CaseID {
			t.Errorf("the order is %v, want %d and %d first", order, top.CaseID, first.CaseID)
		}
		waits, err := s.Cases(t.Context(), cases.CaseQuery{Urgent: true})
		if err != nil || len(waits.Items) != 2 {
			t.Errorf("%d wait, %v", len(waits.Items), err)
		}
	})
}
