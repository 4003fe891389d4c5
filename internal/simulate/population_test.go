package simulate

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/axiomhq/hyperloglog"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/calls/formats"
	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/csvload"
)

func population(t testing.TB, p PopulationParams) *Population {
	t.Helper()
	pop, err := NewPopulation(p)
	if err != nil {
		t.Fatal(err)
	}
	return pop
}

func TestPopulationIsAsItsParametersSay(t *testing.T) {
	p := population(t, PopulationParams{Seed: 3})
	bad, honest := map[string]int{}, map[string]int{}
	numbers := map[string]bool{}
	i := 0
	for a, truth := range p.Customers() {
		if truth.Bad() {
			bad[truth.Kind]++
			if truth.Since.IsZero() || !truth.Until.After(truth.Since) || !truth.Until.After(p.End().AddDate(0, 0, -7)) || truth.Victim {
				t.Errorf("%s: from %s to %s", truth.Kind, truth.Since, truth.Until)
			}
		} else {
			honest[truth.Kind]++
			if !truth.Since.IsZero() && truth.Kind != "new_branch_abroad" && truth.Kind != "first_campaign" {
				t.Errorf("%s is bad since %s", truth.Kind, truth.Since)
			}
		}
		if a.OpenedAt.After(p.End()) || strings.Contains(a.ID+a.Name+a.Email, truth.Kind) {
			t.Errorf("%+v", a)
		}
		for _, e := range p.Entitlements(i) {
			if numbers[e.E164] {
				t.Fatalf("%s belongs to two", e.E164)
			}
			numbers[e.E164] = true
			if holder, ok := p.Holder(e.E164); !ok || holder != i {
				t.Fatalf("%s is held by %d, not %d", e.E164, holder, i)
			}
		}
		i++
	}
	total := 0
	for k, n := range bad {
		if total += n; n < 50/9 || n > 50/9+1 {
			t.Errorf("%d of bad kind %s", n, k)
		}
	}
	if i != DefaultCustomers || total != 50 || len(bad) != 9 {
		t.Errorf("%d of %d are bad, of %d kinds", total, i, len(bad))
	}
	share := 0.0
	for _, k := range kinds {
		if k.truth != TruthHonest {
			continue
		}
		share += k.share
		want := k.share * DefaultCustomers
		if got := float64(honest[k.name]); math.Abs(got-want) > 4*math.Sqrt(want) {
			t.Errorf("%g of kind %s, want about %g", got, k.name, want)
		}
	}
	if math.Abs(share-1) > 1e-9 {
		t.Errorf("the shares of the honest come to %g", share)
	}
}

func TestPopulationIsTheSameForASeed(t *testing.T) {
	take := func(seed uint64) (out []cases.Call) {
		p := population(t, PopulationParams{Seed: seed, Customers: 300, Days: 2, Bad: 0.05})
		for c := range p.Calls(p.From().Add(10*time.Hour), p.From().Add(20*time.Hour)) {
			out = append(out, c)
		}
		return out
	}
	one, again, other := take(1), take(1), take(2)
	if d := cmp.Diff(one, again); d != "" || len(one) < 1000 {
		t.Fatalf("%d calls; %s", len(one), d)
	}
	if len(one) == len(other) && cmp.Equal(one[0], other[0]) {
		t.Error("another seed makes the same calls")
	}
}

// In order of time, each with an id of its own, and such as a desk takes.
func TestCallsOfAPopulationAreRecords(t *testing.T) {
	p := population(t, PopulationParams{Seed: 4, Customers: 800, Days: 3, Bad: 0.05})
	var last time.Time
	ids := map[string]bool{}
	seen := map[string]int{}
	neighbours, local := 0, 0
	sequence, steps, small := map[string]string{}, 0, 0
	for c, truth := range p.Calls(p.From(), p.End()) {
		if c.StartedAt.Before(last) || c.StartedAt.Before(p.From()) || !c.StartedAt.Before(p.End()) {
			t.Fatalf("%s comes after %s", c.StartedAt, last)
		}
		last = c.StartedAt
		if id := c.Source + " " + c.SourceID; ids[id] {
			t.Fatalf("%s twice", id)
		} else {
			ids[id] = true
		}
		seen[truth.Habit]++
		if len(ids)%7 == 0 {
			got, err := calls.Check(c, calls.Options{Source: c.Source, Now: p.End()})
			if d := cmp.Diff(c, got); err != nil || d != "" {
				t.Fatalf("%+v: %v %s", c, err, d)
			}
		}
		for _, n := range []string{c.From, c.To} {
			if len(n) == 12 && n[:2] == "+1" && n[5:10] == "55501" {
				t.Fatalf("a number that is kept for fiction, which counts as unassignable: %+v", c)
			}
		}
		if truth.Habit == "office" && c.From[:5] == c.To[:5] {
			local++
			if c.Neighbour() {
				neighbours++
			}
		}
		if truth.Habit == "range" {
			if before := sequence[c.AccountID]; len(before) == len(c.To) {
				steps++
				if n := lineOf(c.To) - lineOf(before); n > 0 && n <= 5 {
					small++
				}
			}
			sequence[c.AccountID] = c.To
		}
		if truth.Habit == "neighbours" && !c.Neighbour() {
			t.Fatalf("no neighbour: %+v", c)
		}
		if account := c.Peer == ""; truth.Habit != "spoofed" && account != (c.Direction == "outbound") {
			t.Fatalf("from whom? %+v", c)
		}
	}
	for _, k := range kinds {
		for _, h := range k.habits {
			if k.truth != TruthHonest && seen[h.name] == 0 && h.name != "callbacks" {
				t.Errorf("no call of %s", h.name)
			}
		}
	}
	if float64(small) < 0.9*float64(steps) || steps < 100 {
		t.Errorf("of %d steps through a range %d are small", steps, small)
	}
	if share := float64(neighbours) / float64(local); share > 0.08 || share < 0.01 {
		t.Errorf("of the local calls of offices %.3f go to neighbours", share)
	}
}

func lineOf(e164 string) (n int) {
	for _, c := range e164[len(e164)-4:] {
		n = 10*n + int(c-'0')
	}
	return n
}

// The short way to an account's history has the same calls as the long one.
func TestHistoryIsThatOfTheCalls(t *testing.T) {
	p := population(t, PopulationParams{Seed: 5, Customers: 200, Days: 6, Bad: 0.1})
	from, to := p.From().Add(30*time.Hour), p.End()
	type side struct {
		hours      map[time.Time]*cases.HourStats
		calls      []cases.Call
		complaints int
		callees    *hyperloglog.Sketch
	}
	want := map[string]*side{}
	for c, truth := range p.Calls(from, to) {
		if c.Direction != "outbound" || c.AccountID == "" {
			continue
		}
		s := want[c.AccountID]
		if s == nil {
			s = &side{hours: map[time.Time]*cases.HourStats{}, callees: newSketch()}
			want[c.AccountID] = s
		}
		h := c.StartedAt.Truncate(time.Hour)
		if s.hours[h] == nil {
			s.hours[h] = &cases.HourStats{Hour: h}
		}
		s.hours[h].Add(c)
		s.callees.Insert([]byte(c.To))
		s.calls = append(s.calls, c)
		if !truth.Complaint.IsZero() && truth.Complaint.Before(to) {
			s.complaints++
		}
	}
	noIDs := cmpopts.IgnoreFields(cases.Call{}, "SourceID", "CallID", "DialledRaw", "Connection")
	noSketch := cmpopts.IgnoreFields(cases.HourStats{}, "Callees", "Callers")
	complaints := 0
	for i := range p.Len() {
		got := p.History(i, from, to, 50)
		s := want[accountID(i)]
		if s == nil {
			if len(got.Hours) > 0 {
				t.Errorf("customer %d has hours and no calls", i)
			}
			continue
		}
		if len(got.Hours) != len(s.hours) || got.Complaints != s.complaints {
			t.Fatalf("customer %d: %d hours and %d complaints, want %d and %d", i, len(got.Hours), got.Complaints, len(s.hours), s.complaints)
		}
		complaints += got.Complaints
		for _, h := range got.Hours {
			if d := cmp.Diff(*s.hours[h.Hour], h, noSketch); d != "" {
				t.Fatalf("customer %d: %s", i, d)
			}
		}
		if d := cmp.Diff(s.calls[max(0, len(s.calls)-50):], got.Sample, noIDs); d != "" {
			t.Fatalf("customer %d: %s", i, d)
		}
		var callees hyperloglog.Sketch
		if err := callees.UnmarshalBinary(got.Hours[len(got.Hours)-1].Callees); err != nil || callees.Estimate() != s.callees.Estimate() {
			t.Fatalf("customer %d: %d callees, want %d (%v)", i, callees.Estimate(), s.callees.Estimate(), err)
		}
	}
	if complaints < 20 {
		t.Errorf("%d complaints", complaints)
	}
}

// What others do with a number is in the history of the number, and not in that
// of its holder's account.
func TestVictimsDidNotCall(t *testing.T) {
	p := population(t, PopulationParams{Seed: 6, Customers: 3000, Days: 7, Bad: 0.003})
	sum := func(h History) (n int) {
		for _, x := range h.Hours {
			n += x.Attempts
		}
		return n
	}
	victims := 0
	for i := range p.Len() {
		if !p.Truth(i).Victim {
			continue
		}
		victims++
		own, shown := sum(p.History(i, p.From(), p.End(), 10)), p.Shown(i, p.From(), p.End(), 10)
		outside := 0
		for _, c := range shown.Sample {
			if c.Peer != "" && (c.Direction == "inbound" || c.AccountID == "") {
				outside++
			}
		}
		if sum(shown) < 50 || outside == 0 && own < 50 {
			t.Errorf("number of customer %d was shown %d times, %d of the newest from outside; he made %d calls", i, sum(shown), outside, own)
		}
	}
	if victims == 0 {
		t.Error("no victims")
	}
}

func TestPopulationRefuses(t *testing.T) {
	for name, p := range map[string]PopulationParams{
		"customers": {Customers: 100_001}, "days": {Days: 367}, "end": {End: PopulationEnd.Add(time.Minute)}, "bad": {Bad: 0.6},
	} {
		_, err := NewPopulation(p)
		var e *cases.Error
		if !errors.As(err, &e) || len(e.Problems) != 1 || e.Problems[0].Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	if p, err := NewPopulation(PopulationParams{Customers: 100_000}); err != nil || p.Len() != 100_000 {
		t.Error(err)
	}
}

// What is written can be imported, line by line.
func TestExportIsRead(t *testing.T) {
	p := population(t, PopulationParams{Seed: 7, Customers: 60, Days: 2, Bad: 0.1})
	dir := t.TempDir()
	n, err := p.Export(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	open := func(name string) *bytes.Reader {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.NewReader(b)
	}
	accounts, connections := 0, 0
	a, err := csvload.Accounts(open("accounts.csv"), csvload.AccountSink{
		Accounts:    func(in []cases.Account) error { accounts += len(in); return nil },
		Connections: func(in []cases.Connection) error { connections += len(in); return nil }})
	if err != nil || a.Skipped != 0 || accounts != 60 || connections != 60 {
		t.Errorf("%d accounts, %d connections: %+v %v", accounts, connections, a, err)
	}
	e, err := csvload.Numbers(open("numbers.csv"), "", func([]cases.Entitlement) error { return nil })
	if err != nil || e.Skipped != 0 || e.Taken != n.Numbers {
		t.Errorf("numbers: %+v %v", e, err)
	}
	taken := 0
	err = formats.Read(open("calls.ndjson"), formats.Options{Format: "ndjson", Options: calls.Options{Now: p.End()}}, func(r formats.Record) error {
		if len(r.Problems) > 0 || r.Ignored != "" {
			t.Errorf("a record is refused: %+v", r)
		}
		taken++
		return nil
	})
	if err != nil || taken != n.Calls || n.Calls < 500 {
		t.Errorf("calls: %d, %v, written %d", taken, err, n.Calls)
	}
	for name, lines := range map[string]int{"truth.csv": n.Accounts, "call_truth.csv": n.Calls, "reports.csv": n.Reports} {
		b := open(name)
		text := make([]byte, b.Len())
		b.Read(text)
		if got := bytes.Count(text, []byte("\n")); got != lines+1 {
			t.Errorf("%s has %d lines, want %d", name, got, lines+1)
		}
	}
	if n.Bad != 6 || n.BadCalls == 0 || n.BadCalls == n.Calls {
		t.Errorf("%+v", n)
	}
	if _, err := p.Export(filepath.Join(dir, "not", "there"), false); err == nil {
		t.Error("written into nothing")
	}
}

func BenchmarkHistories(b *testing.B) {
	p := population(b, PopulationParams{Seed: 1})
	n := 0
	for b.Loop() {
		for i := 0; i < p.Len(); i += 20 {
			for _, h := range p.History(i, p.From(), p.End(), calls.SampleLimit).Hours {
				n += h.Attempts
			}
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "calls/s")
}

// One hour of 50,000 customers at a time, whatever the length of the history.
func BenchmarkPopulation(b *testing.B) {
	p := population(b, PopulationParams{Seed: 1})
	n, most := 0, uint64(0)
	for b.Loop() {
		for range p.Calls(p.End().AddDate(0, 0, -6), p.End().AddDate(0, 0, -5)) {
			if n++; n%100_000 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "calls/s")
	b.ReportMetric(float64(most)/1e6, "MB")
}
