package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/axiomhq/hyperloglog"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/abusedesk/abusedesk/cases"
)

var callsNow = time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)

// testCall is an answered, signed outbound call at a time of 10 November.
func testCall(id, from, to string, clock string) cases.Call {
	at, err := time.Parse("15:04:05", clock)
	if err != nil {
		panic(err)
	}
	at = at.AddDate(2026, 10, 9)
	progress, answered, ended := at.Add(900*time.Millisecond), at.Add(4*time.Second+250*time.Millisecond), at.Add(30*time.Second)
	return cases.Call{Source: "sbc1", SourceID: id, CallID: id + "@sbc1", CorrelationID: "c-" + id, AccountID: "acme", Connection: "acme-1",
		Direction: "outbound", From: from, PAI: "+12025550100", To: to, ToCountry: "US", DialledRaw: to[1:], EgressPeer: "carrier-x", SourceIP: "192.0.2.7",
		StartedAt: at, ProgressAt: &progress, AnsweredAt: &answered, EndedAt: &ended, BilledSeconds: 26, PDDMillis: 900, SIPCode: 200, Reasons: "Q.850;cause=16",
		Q850: 16, HungUpBy: "called", RateMicros: 9700, CostMicros: 4200, Attest: "A", Verstat: "TN-Validation-Passed", Identity: "eyJ.x.y;info=<https://cert.example>"}
}

func ingest(t *testing.T, s *Store, calls ...cases.Call) cases.Ingested {
	t.Helper()
	done, err := s.IngestCalls(t.Context(), callsNow, cases.Ingest{Source: "sbc1", Calls: calls})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// foldLease is the right to fold, as the lease table has it.
func foldLease(t testing.TB, s *Store) cases.Lease {
	t.Helper()
	l := cases.Lease{Name: "folder", Holder: "replica-1", Epoch: 1, ExpiresAt: callsNow.Add(time.Minute)}
	if err := s.db.Create(&l).Error; err != nil {
		t.Fatal(err)
	}
	return l
}

func foldAll(t *testing.T, s *Store, l cases.Lease) {
	t.Helper()
	for {
		n, err := s.FoldCalls(t.Context(), l, callsNow, 0)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func hourly(t *testing.T, s *Store, kind, key string) []cases.HourStats {
	t.Helper()
	h, err := s.HourStats(t.Context(), kind, key, callsNow.AddDate(0, 0, -7), callsNow.AddDate(0, 0, 7))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// attempts are the counts of a key by hour of day.
func attempts(t *testing.T, s *Store, kind, key string) map[int]int {
	t.Helper()
	out := map[int]int{}
	for _, h := range hourly(t, s, kind, key) {
		out[h.Hour.Hour()] += h.Attempts
	}
	return out
}

func TestIngestKeepsEveryField(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		full := testCall("1", "+12025550143", "+13125550199", "10:00:00.123456")
		bare := cases.Call{Source: "sbc1", SourceID: "2", Direction: "inbound", From: "", To: "+13125550199", StartedAt: full.StartedAt.Add(-time.Minute), SIPCode: 404}
		if got, want := ingest(t, s, full, bare), (cases.Ingested{New: 2}); got != want {
			t.Fatalf("ingested %+v, want %+v", got, want)
		}
		got, err := s.MatchingCalls(t.Context(), cases.CallQuery{To: "+13125550199"})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]cases.Call{full, bare}, got); d != "" {
			t.Errorf("records (-sent +stored):\n%s", d)
		}
	})
}

func TestIngestCountsNewCorrectedAndUnchanged(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		a, b := testCall("a", "+12025550143", "+13125550199", "10:00:00"), testCall("b", "+12025550143", "+13125550198", "10:00:01")
		ingest(t, s, a, b)
		if got, want := ingest(t, s, a, b), (cases.Ingested{Unchanged: 2}); got != want {
			t.Errorf("sent again: %+v, want %+v", got, want)
		}
		late := testCall("c", "+12025550143", "+13125550197", "08:15:00")
		b.BilledSeconds = 60
		if got, want := ingest(t, s, late, b, a), (cases.Ingested{New: 1, Corrected: 1, Unchanged: 1}); got != want {
			t.Errorf("one late, one corrected: %+v, want %+v", got, want)
		}
		b.EndedAt = nil
		if got, want := ingest(t, s, b), (cases.Ingested{Corrected: 1}); got != want {
			t.Errorf("a time taken away: %+v, want %+v", got, want)
		}
		got, err := s.MatchingCalls(t.Context(), cases.CallQuery{From: "+12025550143"})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]cases.Call{b, a, late}, got); d != "" {
			t.Errorf("records (-want +got):\n%s", d)
		}
	})
}

func TestIngestTakesTheLastOfABatch(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		first := testCall("a", "+12025550143", "+13125550199", "10:00:00")
		first.EndedAt = nil
		last := testCall("a", "+12025550143", "+13125550199", "10:00:00")
		if got, want := ingest(t, s, first, first, last), (cases.Ingested{New: 1, Corrected: 1, Unchanged: 1}); got != want {
			t.Errorf("ingested %+v, want %+v", got, want)
		}
		got, err := s.MatchingCalls(t.Context(), cases.CallQuery{From: "+12025550143"})
		if err != nil || len(got) != 1 || got[0].EndedAt == nil {
			t.Errorf("stored %+v, %v", got, err)
		}
	})
}

func TestSameSourceIDOnTheNextDayIsAnotherCall(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		today := testCall("1", "+12025550143", "+13125550199", "23:59:59")
		tomorrow := today
		tomorrow.StartedAt = today.StartedAt.Add(2 * time.Second)
		if got, want := ingest(t, s, today, tomorrow), (cases.Ingested{New: 2}); got != want {
			t.Errorf("ingested %+v, want %+v", got, want)
		}
		// What counts is the day in UTC, wherever the switch stands.
		tomorrow.StartedAt = tomorrow.StartedAt.In(time.FixedZone("", -5*3600))
		if got, want := ingest(t, s, tomorrow), (cases.Ingested{Unchanged: 1}); got != want {
			t.Errorf("in another zone: %+v, want %+v", got, want)
		}
	})
}

func TestIngestRefuses(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		tests := map[string]struct {
			in   cases.Ingest
			want error
		}{
			"too many calls":         {cases.Ingest{Source: "sbc1", Calls: make([]cases.Call, MaxIngest+1)}, cases.ErrTooLarge},
			"no source":              {cases.Ingest{}, cases.ErrInvalid},
			"a beginning only":       {cases.Ingest{Source: "sbc1", CompleteFrom: callsNow}, cases.ErrInvalid},
			"an end before it":       {cases.Ingest{Source: "sbc1", CompleteFrom: callsNow, CompleteThrough: callsNow.Add(-time.Hour)}, cases.ErrInvalid},
			"a promise about future": {cases.Ingest{Source: "sbc1", CompleteFrom: callsNow.Add(time.Hour), CompleteThrough: callsNow.Add(2 * time.Hour)}, cases.ErrInvalid},
		}
		for name, tt := range tests {
			if _, err := s.IngestCalls(t.Context(), callsNow, tt.in); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v, want %v", name, err, tt.want)
			}
		}
	})
}

// The pairs in which two batches can meet: the same new records, the same
// corrections, both in the opposite order.
func TestIngestOfTheSameRecordsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		var old, new []cases.Call
		for i := range 40 {
			c := testCall(fmt.Sprint(i), "+12025550143", "+13125550199", "10:00:00")
			if i%2 == 0 {
				old = append(old, c)
			}
			c.From = "+12025550144"
			new = append(new, c)
		}
		ingest(t, s, old...)
		var wg sync.WaitGroup
		total := make(chan cases.Ingested, 8)
		for i := range 8 {
			wg.Go(func() {
				batch := append([]cases.Call(nil), new...)
				if i%2 == 1 {
					for l, r := 0, len(batch)-1; l < r; l, r = l+1, r-1 {
						batch[l], batch[r] = batch[r], batch[l]
					}
				}
				done, err := s.IngestCalls(context.Background(), callsNow, cases.Ingest{Source: "sbc1", Calls: batch})
				if err != nil {
					t.Error(err)
				}
				total <- done
			})
		}
		wg.Wait()
		close(total)
		var sum cases.Ingested
		for d := range total {
			sum.New += d.New
			sum.Corrected += d.Corrected
			sum.Unchanged += d.Unchanged
		}
		if want := (cases.Ingested{New: 20, Corrected: 20, Unchanged: 7 * 40}); sum != want {
			t.Errorf("together %+v, want %+v", sum, want)
		}
		foldAll(t, s, foldLease(t, s))
		if got, want := attempts(t, s, "from", "+12025550144"), map[int]int{10: 40}; !cmp.Equal(got, want) {
			t.Errorf("new caller: %v, want %v", got, want)
		}
		if got := attempts(t, s, "from", "+12025550143"); len(got) != 0 {
			t.Errorf("old caller still has %v", got)
		}
	})
}

func TestMatchingCalls(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		a := testCall("a", "+12025550143", "+13125550199", "10:00:00")
		b := testCall("b", "+12025550143", "+13125550198", "11:00:00")
		c := testCall("c", "+12025550144", "+13125550199", "12:00:00")
		c.AccountID = "other"
		ingest(t, s, a, b, c)
		at := func(h int) time.Time { return time.Date(2026, 11, 10, h, 0, 0, 0, time.UTC) }
		tests := map[string]struct {
			q    cases.CallQuery
			want string
		}{
			"caller":                   {cases.CallQuery{From: "+12025550143"}, "ba"},
			"called":                   {cases.CallQuery{To: "+13125550199"}, "ca"},
			"both":                     {cases.CallQuery{From: "+12025550143", To: "+13125550199"}, "a"},
			"account":                  {cases.CallQuery{Account: "other"}, "c"},
			"range, ends included":     {cases.CallQuery{From: "+12025550143", Earliest: at(10), Latest: at(11)}, "ba"},
			"range in another zone":    {cases.CallQuery{From: "+12025550143", Earliest: at(11).In(time.FixedZone("", 9*3600))}, "b"},
			"nothing after":            {cases.CallQuery{From: "+12025550143", Earliest: at(11).Add(time.Microsecond)}, ""},
			"newest first, limited":    {cases.CallQuery{From: "+12025550143", Limit: 1}, "b"},
			"nobody":                   {cases.CallQuery{From: "+12025550199"}, ""},
			"a day without partitions": {cases.CallQuery{From: "+12025550143", Latest: at(10).AddDate(-1, 0, 0)}, ""},
		}
		for name, tt := range tests {
			calls, err := s.MatchingCalls(t.Context(), tt.q)
			got := ""
			for _, c := range calls {
				got += c.SourceID
			}
			if err != nil || got != tt.want {
				t.Errorf("%s: %q, %v; want %q", name, got, err, tt.want)
			}
		}
		if _, err := s.MatchingCalls(t.Context(), cases.CallQuery{Earliest: at(1)}); !errors.Is(err, cases.ErrInvalid) {
			t.Errorf("without a number: %v", err)
		}
	})
}

func TestHourStats(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		a := testCall("a", "+12025550143", "+13125550199", "10:00:00")
		short := testCall("b", "+12025550143", "+13125550198", "10:59:59.999999")
		end := short.AnsweredAt.Add(6 * time.Second)
		short.EndedAt, short.Attest, short.BilledSeconds = &end, "C", 60
		unanswered := testCall("c", "+12025550143", "+13125550199", "11:00:00")
		unanswered.To, unanswered.ToCountry = "+12025559999", ""
		unanswered.AnsweredAt, unanswered.EndedAt, unanswered.SIPCode, unanswered.BilledSeconds, unanswered.CostMicros, unanswered.Attest = nil, nil, 486, 0, 0, ""
		in := testCall("d", "+12025550143", "+13125550199", "11:00:01")
		in.Direction, in.AccountID, in.Attest, in.Peer, in.EgressPeer = "inbound", "victim", "B", "carrier-x", ""
		ingest(t, s, a, short, unanswered, in)

		at := func(h int) time.Time { return time.Date(2026, 11, 10, h, 0, 0, 0, time.UTC) }
		ten := cases.HourStats{KeyKind: "from", Key: "+12025550143", Hour: at(10), Attempts: 2, Answered: 2, Short: 1, BilledSecs: 86, CostMicros: 8400, AttestA: 1, AttestC: 1,
			Effective: 2, Countries: map[string]int{"US": 2}}
		eleven := cases.HourStats{KeyKind: "from", Key: "+12025550143", Hour: at(11), Attempts: 2, Answered: 1, BilledSecs: 26, CostMicros: 4200, AttestB: 1, Unsigned: 1,
			Busy: 1, Effective: 2, Neighbour: 1, Countries: map[string]int{"US": 1, "": 1}}
		account := cases.HourStats{KeyKind: "account", Key: "acme", Hour: at(11), Attempts: 1, Unsigned: 1, Busy: 1, Effective: 1, Neighbour: 1, Countries: map[string]int{"": 1}}
		to := cases.HourStats{KeyKind: "to", Key: "+13125550199", Hour: at(11), Attempts: 1, Answered: 1, BilledSecs: 26, CostMicros: 4200, AttestB: 1, Effective: 1, Countries: map[string]int{"US": 1}}
		provider := to
		provider.KeyKind, provider.Key = "provider", "carrier-x"
		check := func(when string) {
			t.Helper()
			ignore := cmpopts.IgnoreFields(cases.HourStats{}, "Callees", "Callers")
			if d := cmp.Diff([]cases.HourStats{ten, eleven}, hourly(t, s, "from", "+12025550143"), ignore); d != "" {
				t.Errorf("%s, caller (-want +got):\n%s", when, d)
			}
			if d := cmp.Diff([]cases.HourStats{account}, hourly(t, s, "account", "acme")[1:], ignore); d != "" {
				t.Errorf("%s, account: only what went out (-want +got):\n%s", when, d)
			}
			if d := cmp.Diff([]cases.HourStats{to}, hourly(t, s, "to", "+13125550199"), ignore); d != "" {
				t.Errorf("%s, called: only what came in (-want +got):\n%s", when, d)
			}
			if d := cmp.Diff([]cases.HourStats{provider}, hourly(t, s, "provider", "carrier-x"), ignore); d != "" {
				t.Errorf("%s, provider: what it handed to us (-want +got):\n%s", when, d)
			}
			if got := hourly(t, s, "account", "victim"); len(got) != 0 {
				t.Errorf("%s: calls to an account's number count as its own: %+v", when, got)
			}
			var sk hyperloglog.Sketch
			if err := sk.UnmarshalBinary(hourly(t, s, "from", "+12025550143")[0].Callees); err != nil || sk.Estimate() != 2 {
				t.Errorf("%s: %d distinct callees, %v; want 2", when, sk.Estimate(), err)
			}
			called := hourly(t, s, "to", "+13125550199")[0]
			if err := sk.UnmarshalBinary(called.Callers); err != nil || sk.Estimate() != 1 || called.Callees != nil {
				t.Errorf("%s: %d distinct callers of %+v, %v; want 1", when, sk.Estimate(), called, err)
			}
		}
		check("dirty")
		l := foldLease(t, s)
		foldAll(t, s, l)
		if n := countRows(t, s, "call_dirties"); n != 0 {
			t.Errorf("%d dirty rows after folding", n)
		}
		if n := countRows(t, s, "hour_stats"); n != 3 {
			t.Errorf("%d hours folded, want 3: two of the account, one of the provider, none of numbers that were not busy", n)
		}
		check("folded")
		// The bounds are hours: the one that from is in, and none that begins at to.
		got, err := s.HourStats(t.Context(), "from", "+12025550143", at(10).Add(59*time.Minute), at(11))
		if err != nil || len(got) != 1 || !got[0].Hour.Equal(at(10)) {
			t.Errorf("[10:59, 11:00): %+v, %v", got, err)
		}
		if _, err := s.HourStats(t.Context(), "colour", "x", at(1), at(2)); !errors.Is(err, cases.ErrInvalid) {
			t.Errorf("unknown kind: %v", err)
		}
	})
}

func TestCorrectedRecordsMoveTheirCounts(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		l := foldLease(t, s)
		a, b := testCall("a", "+12025550143", "+13125550199", "10:00:00"), testCall("b", "+12025550143", "+13125550199", "10:01:00")
		ingest(t, s, a, b)
		foldAll(t, s, l)

		b.From, b.AccountID, b.StartedAt = "+12025550144", "other", b.StartedAt.Add(time.Hour)
		ingest(t, s, b)
		for _, when := range []string{"dirty", "folded"} {
			for _, tt := range []struct {
				kind, key string
				want      map[int]int
			}{
				{"from", "+12025550143", map[int]int{10: 1}},
				{"from", "+12025550144", map[int]int{11: 1}},
				{"account", "acme", map[int]int{10: 1}},
				{"account", "other", map[int]int{11: 1}},
			} {
				if got := attempts(t, s, tt.kind, tt.key); !cmp.Equal(got, tt.want) {
					t.Errorf("%s, %s %s: %v, want %v", when, tt.kind, tt.key, got, tt.want)
				}
			}
			foldAll(t, s, l)
		}
		a.From = "+12025550145"
		ingest(t, s, a)
		foldAll(t, s, l)
		if got := attempts(t, s, "from", "+12025550143"); len(got) != 0 {
			t.Errorf("an hour without calls is still counted: %v", got)
		}
		// Sent again unchanged, nothing has to be counted anew.
		ingest(t, s, a, b)
		if n := countRows(t, s, "call_dirties"); n != 0 {
			t.Errorf("%d dirty rows for unchanged records", n)
		}
	})
}

// Of a number that was busy in an hour a count is kept, and of no other; what is
// read is the same.
func TestBusyNumbersAreCounted(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		l := foldLease(t, s)
		var calls []cases.Call
		for i := range busyHour {
			c := testCall(fmt.Sprint("out", i), "+12025550143", fmt.Sprintf("+1312555%04d", i), "10:00:00")
			in := testCall(fmt.Sprint("in", i), fmt.Sprintf("+1312555%04d", i), "+12025550199", "10:30:00")
			in.Direction, in.AccountID, in.Peer, in.EgressPeer = "inbound", "victim", "carrier-x", ""
			calls = append(calls, c, in)
		}
		last := calls[len(calls)-2:] // of either
		quiet := testCall("quiet", "+12025550143", "+13125559999", "12:15:00")
		ingest(t, s, append(calls[:len(calls)-2:len(calls)-2], quiet)...)
		folded := func() (numbers int64) {
			t.Helper()
			foldAll(t, s, l)
			if err := s.db.Raw("select count(*) from hour_stats where key_kind in ('from', 'to')").Scan(&numbers).Error; err != nil {
				t.Fatal(err)
			}
			return numbers
		}
		if n := folded(); n != 0 {
			t.Errorf("%d counts of numbers with fewer than %d calls in an hour", n, busyHour)
		}
		ingest(t, s, last...)
		check := func(when string, want int) {
			t.Helper()
			if got := attempts(t, s, "from", "+12025550143"); !cmp.Equal(got, map[int]int{10: want, 12: 1}) {
				t.Errorf("%s, caller: %v", when, got)
			}
			in := hourly(t, s, "to", "+12025550199")
			var callers hyperloglog.Sketch
			if len(in) != 1 || in[0].Attempts != want || callers.UnmarshalBinary(in[0].Callers) != nil || callers.Estimate() != uint64(want) {
				t.Errorf("%s, called: %+v", when, in)
			}
		}
		check("dirty", busyHour)
		if n := folded(); n != 2 {
			t.Errorf("%d counts of busy numbers, want 2", n)
		}
		check("folded", busyHour)
		// A late record of one that was counted.
		ingest(t, s, testCall("late", "+12025550143", "+13125559998", "10:59:59"))
		if got := attempts(t, s, "from", "+12025550143"); !cmp.Equal(got, map[int]int{10: busyHour + 1, 12: 1}) {
			t.Errorf("a late record: %v", got)
		}
		// Corrected until it is busy no more.
		for i := range last {
			last[i].From, last[i].To = "+12025550144", "+12025550198"
		}
		late := testCall("late", "+12025550144", "+13125559998", "10:59:59")
		ingest(t, s, append(last, late)...)
		check("corrected", busyHour-1)
		if n := folded(); n != 0 {
			t.Errorf("%d counts of numbers that are busy no more", n)
		}
		check("corrected and folded", busyHour-1)
		if lag, err := s.FoldLag(t.Context()); lag != 0 || err != nil {
			t.Errorf("folded, and yet %s behind: %v", lag, err)
		}
		ingest(t, s, quiet, testCall("new", "+12025550143", "+13125559999", "12:16:00"))
		if err := s.db.Exec("update call_dirties set marked_at = ?", time.Now().Add(-time.Hour).UTC()).Error; err != nil {
			t.Fatal(err)
		}
		if lag, err := s.FoldLag(t.Context()); lag < time.Hour-time.Minute || lag > time.Hour+time.Minute || err != nil {
			t.Errorf("an hour behind is %s, %v", lag, err)
		}
	})
}

// A sketch of many is kept as registers, one of few as a list; both say how many.
func TestSketchesOfManyAreDense(t *testing.T) {
	for n, dense := range map[int]bool{12: false, 300: false, 1500: true} {
		sk := newSketch()
		for i := range n {
			sk.Insert(fmt.Appendf(nil, "+1312%07d", i))
		}
		b, err := kept(sk)
		if err != nil {
			t.Fatal(err)
		}
		var back hyperloglog.Sketch
		if err := back.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		if got := int(back.Estimate()); got < n*95/100 || got > n*105/100 {
			t.Errorf("of %d it says %d", n, got)
		}
		if isDense := len(b) > 1<<cases.SketchPrecision; isDense != dense {
			t.Errorf("of %d it has %d bytes", n, len(b))
		}
	}
	if b, err := kept(nil); b != nil || err != nil {
		t.Errorf("none is kept as %v, %v", b, err)
	}
}

func TestFoldTakesOnlyWhatItSaw(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		l := foldLease(t, s)
		ingest(t, s, testCall("a", "+12025550143", "+13125550199", "10:00:00"))
		if n, err := s.FoldCalls(t.Context(), l, callsNow, 1); n != 1 || err != nil {
			t.Fatalf("folded %d, %v", n, err)
		}
		if n := countRows(t, s, "call_dirties"); n != 1 {
			t.Errorf("%d dirty rows left, want 1", n)
		}
		// A late record of an hour that is folded already.
		foldAll(t, s, l)
		ingest(t, s, testCall("b", "+12025550143", "+13125550199", "10:30:00"))
		if got, want := attempts(t, s, "from", "+12025550143"), map[int]int{10: 2}; !cmp.Equal(got, want) {
			t.Errorf("before the fold: %v, want %v", got, want)
		}
		foldAll(t, s, l)
		if got, want := attempts(t, s, "from", "+12025550143"), map[int]int{10: 2}; !cmp.Equal(got, want) {
			t.Errorf("after the fold: %v, want %v", got, want)
		}
	})
}

func TestFolderThatDiesHasDoneNothing(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		l := foldLease(t, s)
		ingest(t, s, testCall("a", "+12025550143", "+13125550199", "10:00:00"))
		before := countRows(t, s, "call_dirties")
		// The counts cannot be stored: the deletion of the dirty rows goes too.
		if err := s.db.Exec("alter table hour_stats rename to gone").Error; err != nil {
			t.Fatal(err)
		}
		if _, err := s.FoldCalls(t.Context(), l, callsNow, 0); err == nil {
			t.Fatal("folded into a table that is not there")
		}
		if err := s.db.Exec("alter table gone rename to hour_stats").Error; err != nil {
			t.Fatal(err)
		}
		if n := countRows(t, s, "call_dirties"); n != before {
			t.Errorf("%d dirty rows, want %d as before", n, before)
		}
		foldAll(t, s, l)
		if got, want := attempts(t, s, "from", "+12025550143"), map[int]int{10: 1}; !cmp.Equal(got, want) {
			t.Errorf("folded by the next: %v, want %v", got, want)
		}
	})
}

func TestFolderIsFenced(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		l := foldLease(t, s)
		ingest(t, s, testCall("a", "+12025550143", "+13125550199", "10:00:00"))
		if err := s.db.Exec("update leases set holder = 'replica-2', epoch = 2 where name = ?", l.Name).Error; err != nil {
			t.Fatal(err)
		}
		if _, err := s.FoldCalls(t.Context(), l, callsNow, 0); !errors.Is(err, cases.ErrFenced) {
			t.Errorf("woken after a takeover: %v, want ErrFenced", err)
		}
		if n := countRows(t, s, "call_dirties"); n == 0 {
			t.Error("a fenced folder took the dirty rows")
		}
		l.Holder, l.Epoch = "replica-2", 2
		foldAll(t, s, l)
	})
}

func countRows(t testing.TB, s *Store, table string) int64 {
	t.Helper()
	var n int64
	if err := s.db.Table(table).Count(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}
