package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

func TestExtendCoverage(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	span := func(a, b int) cases.Coverage { return cases.Coverage{Source: "sbc1", From: day(a), Through: day(b)} }
	through := func(b int) cases.Coverage { return cases.Coverage{Source: "sbc1", Through: day(b)} }
	tests := map[string]struct {
		old     *cases.Coverage
		promise cases.Coverage
		want    cases.Coverage
	}{
		"first":                                {nil, span(2, 5), span(2, 5)},
		"first, without a beginning":           {nil, through(5), span(5, 5)},
		"on without a beginning":               {new(span(2, 5)), through(7), span(2, 7)},
		"the watermark never goes back":        {new(span(2, 5)), through(3), span(2, 5)},
		"next stretch":                         {new(span(2, 5)), span(5, 6), span(2, 6)},
		"overlapping":                          {new(span(2, 5)), span(3, 6), span(2, 6)},
		"within":                               {new(span(2, 5)), span(3, 4), span(2, 5)},
		"earlier, touching":                    {new(span(3, 5)), span(1, 3), span(1, 5)},
		"wider on both sides":                  {new(span(3, 5)), span(1, 6), span(1, 6)},
		"a gap restarts":                       {new(span(2, 5)), span(6, 7), span(6, 7)},
		"earlier with a gap is not joined":     {new(span(5, 7)), span(1, 4), span(5, 7)},
		"the gap filled by promising it whole": {new(span(6, 7)), span(2, 7), span(2, 7)},
	}
	for name, tt := range tests {
		if got := extendCoverage(tt.old, tt.promise); got != tt.want {
			t.Errorf("%s: %v to %v, want %v to %v", name, got.From, got.Through, tt.want.From, tt.want.Through)
		}
	}
}

func TestCoverageMovesWithItsBatch(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		hour := func(h int) time.Time { return time.Date(2026, 11, 10, h, 0, 0, 0, time.UTC) }
		send := func(source string, from, through time.Time, calls ...cases.Call) {
			t.Helper()
			if _, err := s.IngestCalls(t.Context(), callsNow, cases.Ingest{Source: source, Calls: calls, CompleteFrom: from, CompleteThrough: through}); err != nil {
				t.Fatal(err)
			}
		}
		check := func(when string, want ...cases.Coverage) {
			t.Helper()
			got, err := s.Coverage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s (-want +got):\n%s", when, d)
			}
		}
		send("sbc1", hour(1), hour(4), testCall("a", "+12025550143", "+13125550199", "02:00:00"))
		send("sbc2", hour(2), hour(3))
		check("two sources", cases.Coverage{Source: "sbc1", From: hour(1), Through: hour(4)}, cases.Coverage{Source: "sbc2", From: hour(2), Through: hour(3)})
		send("sbc1", time.Time{}, hour(6))
		send("sbc2", hour(4), hour(5)) // nobody knows what happened between three and four
		check("on, and a gap", cases.Coverage{Source: "sbc1", From: hour(1), Through: hour(6)}, cases.Coverage{Source: "sbc2", From: hour(4), Through: hour(5)})
		send("sbc1", time.Time{}, hour(5))
		send("sbc2", time.Time{}, callsNow.Add(time.Hour))
		check("back, and ahead of the clock", cases.Coverage{Source: "sbc1", From: hour(1), Through: hour(6)}, cases.Coverage{Source: "sbc2", From: hour(4), Through: callsNow})
		ingest(t, s, testCall("late", "+12025550143", "+13125550199", "03:00:00"))
		check("a late record", cases.Coverage{Source: "sbc1", From: hour(1), Through: hour(6)}, cases.Coverage{Source: "sbc2", From: hour(4), Through: callsNow})
	})
}

func TestDropCallsTakesCoverageAlong(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		l := foldLease(t, s)
		var calls []cases.Call
		for i, id := range []string{"a", "b", "c"} { // 8, 9, 10 November
			c := testCall(id, "+12025550143", "+13125550199", "10:00:00")
			c.StartedAt = c.StartedAt.AddDate(0, 0, i-2)
			calls = append(calls, c)
		}
		day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
		for source, through := range map[string]time.Time{"sbc1": callsNow, "old": day(8)} {
			if _, err := s.IngestCalls(t.Context(), callsNow, cases.Ingest{Source: source, CompleteFrom: day(7), CompleteThrough: through}); err != nil {
				t.Fatal(err)
			}
		}
		ingest(t, s, calls[:2]...)
		foldAll(t, s, l)
		ingest(t, s, calls[2])

		if err := s.DropCalls(t.Context(), day(10).Add(15*time.Hour)); err != nil {
			t.Fatal(err)
		}
		left, err := s.MatchingCalls(t.Context(), cases.CallQuery{From: "+12025550143"})
		if err != nil || len(left) != 1 || left[0].SourceID != "c" {
			t.Errorf("left %+v, %v; want c alone", left, err)
		}
		if got := hourly(t, s, "from", "+12025550143"); len(got) != 1 || got[0].Hour.Day() != 10 {
			t.Errorf("counts left: %+v", got)
		}
		got, err := s.Coverage(t.Context())
		if d := cmp.Diff([]cases.Coverage{{Source: "sbc1", From: day(10), Through: callsNow}}, got); d != "" || err != nil {
			t.Errorf("coverage, %v (-want +got):\n%s", err, d)
		}
		// A late record of a dropped day finds a place, but no promise.
		if got := ingest(t, s, calls[0]); got.New != 1 {
			t.Errorf("late record: %+v", got)
		}
	})
}
