package simulate

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func ledger(t *testing.T) (*Ledger, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	l, err := OpenLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, path
}

func TestLedgerKeepsEveryEntryInOrder(t *testing.T) {
	l, path := ledger(t)
	var wg sync.WaitGroup
	const writers, each = 8, 50
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := l.Append(Entry{Door: DoorAPI, Key: fmt.Sprint(w), SHA256: fmt.Sprint(i), Status: StatusSent, At: noon}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	entries, torn, err := ReadLedger(path)
	if err != nil || torn != 0 || len(entries) != writers*each {
		t.Fatalf("%d entries, %d torn, %v", len(entries), torn, err)
	}
	next := map[string]int{}
	for _, e := range entries {
		if e.SHA256 != fmt.Sprint(next[e.Key]) {
			t.Fatalf("writer %s: entry %s after %d", e.Key, e.SHA256, next[e.Key])
		}
		next[e.Key]++
	}
}

func TestLedgerGoesOnAfterACrash(t *testing.T) {
	l, path := ledger(t)
	if err := l.Append(Entry{Door: DoorForm, Key: "a", Status: StatusSent, At: noon}); err != nil {
		t.Fatal(err)
	}
	l.Close()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"door":"form","key":"b","sta`)
	f.Close()
	l, err = OpenLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Append(Entry{Door: DoorForm, Key: "c", Status: StatusSent, At: noon}); err != nil {
		t.Fatal(err)
	}
	entries, torn, err := ReadLedger(path)
	if err != nil || torn != 1 || len(entries) != 2 || entries[1].Key != "c" {
		t.Fatalf("%v, %d torn, %v", entries, torn, err)
	}
}

func TestSettle(t *testing.T) {
	e := func(key string, s Status) Entry { return Entry{Door: DoorForm, Key: key, Status: s} }
	got := map[string]Status{}
	for _, x := range Settle([]Entry{
		e("lost", StatusSent),
		e("retried", StatusSent), e("retried", StatusUnknown), e("retried", StatusSent), e("retried", StatusAcknowledged),
		e("then nothing", StatusSent), e("then nothing", StatusAcknowledged), e("then nothing", StatusSent), e("then nothing", StatusUnknown),
		e("refused", StatusSent), e("refused", StatusUnknown), e("refused", StatusSent), e("refused", StatusRefused),
		{Door: DoorAPI, Key: "lost", Status: StatusAcknowledged},
	}) {
		got[string(x.Door)+" "+x.Key] = x.Status
	}
	want := map[string]Status{"form lost": StatusUnknown, "form retried": StatusAcknowledged, "form then nothing": StatusAcknowledged,
		"form refused": StatusRefused, "api lost": StatusAcknowledged}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

type finder map[string][]Found

func (f finder) ReportsOf(_ context.Context, e Entry) ([]Found, error) { return f[e.Key], nil }

func TestCheckFindsWhatIsWrong(t *testing.T) {
	good := func(n int64) Found {
		return Found{Report: n, Cases: []string{"AB-2026-000001"}, Enriched: true, Sent: 1}
	}
	with := func(change func(*Found)) []Found { f := good(1); change(&f); return []Found{f} }
	for name, c := range map[string]struct {
		status Status
		found  []Found
		want   string // "" nothing wrong
	}{
		"acknowledged and there":       {StatusAcknowledged, []Found{good(1)}, ""},
		"acknowledged and lost":        {StatusAcknowledged, nil, "is not there"},
		"acknowledged and doubled":     {StatusAcknowledged, []Found{good(1), good(2)}, "there 2 times"},
		"unknown and not there":        {StatusUnknown, nil, ""},
		"unknown and there":            {StatusUnknown, []Found{good(1)}, ""},
		"unknown and doubled":          {StatusUnknown, []Found{good(1), good(2)}, "there 2 times"},
		"sent only and there":          {StatusSent, []Found{good(1)}, ""},
		"refused and not there":        {StatusRefused, nil, ""},
		"refused and there":            {StatusRefused, []Found{good(1)}, "was refused"},
		"in no case":                   {StatusAcknowledged, with(func(f *Found) { f.Cases = nil }), "in 0 cases"},
		"in two cases":                 {StatusAcknowledged, with(func(f *Found) { f.Cases = []string{"AB-2026-000001", "AB-2026-000002"} }), "in 2 cases"},
		"in another case than said":    {StatusAcknowledged, with(func(f *Found) { f.Cases = []string{"AB-2026-000009"} }), "the door said"},
		"never enriched":               {StatusAcknowledged, with(func(f *Found) { f.Enriched = false }), "never enriched"},
		"acknowledgement sent twice":   {StatusAcknowledged, with(func(f *Found) { f.Sent = 2 }), "2 times"},
		"the report of another, again": {StatusAcknowledged, []Found{good(77)}, "same report 77"},
	} {
		t.Run(name, func(t *testing.T) {
			l, path := ledger(t)
			for _, e := range []Entry{
				{Door: DoorForm, Key: "other", SHA256: "00", Status: StatusAcknowledged, At: noon},
				{Door: DoorAPI, Key: "k", SHA256: "01", Status: c.status, Case: "AB-2026-000001", At: noon},
			} {
				if err := l.Append(e); err != nil {
					t.Fatal(err)
				}
			}
			sum, bad, err := Check(t.Context(), path, finder{"other": {good(77)}, "k": c.found})
			if err != nil || sum.Deliveries != 2 {
				t.Fatalf("%+v, %v", sum, err)
			}
			switch {
			case c.want == "" && len(bad) > 0:
				t.Errorf("found %v", bad)
			case c.want != "" && (len(bad) != 1 || !strings.Contains(bad[0].Problem, c.want)):
				t.Errorf("found %v, want one %q", bad, c.want)
			}
		})
	}
}

func TestLoadIsExactlyOnceThroughADeskThatFails(t *testing.T) {
	for _, campaign := range []string{"", "+12165557513"} {
		f := newFakeDesk(t)
		f.fail = flaky(11)
		l, path := ledger(t)
		res, err := Load(t.Context(), LoadConfig{Doors: f.doors(), Ledger: l, Seed: 5, Form: 40, API: 40, Mail: 40, Chat: 40, Concurrency: 6,
			Backoff: time.Millisecond, Campaign: campaign})
		if err != nil || res.Acknowledged != 160 || res.Refused != 0 || res.Unfinished != 0 {
			t.Fatalf("%+v, %v", res, err)
		}
		if len(f.reports) != 160 {
			t.Fatalf("the desk has %d reports", len(f.reports))
		}
		retries := 0
		for _, n := range f.attempts {
			retries += n - 1
		}
		if retries < 40 {
			t.Fatalf("only %d retries: the faults were not felt", retries)
		}
		sum, bad, err := Check(t.Context(), path, f)
		if err != nil || len(bad) > 0 || sum.Acknowledged != 160 || sum.Unknown != 0 {
			t.Fatalf("%+v, %v, %v", sum, bad, err)
		}
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	f := newFakeDesk(t)
	f.fail = func() fault { return unavailable }
	l, path := ledger(t)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	res, err := Load(ctx, LoadConfig{Doors: f.doors(), Ledger: l, API: 30, Backoff: time.Millisecond})
	if err != nil || res.Acknowledged != 0 || res.Unfinished != 30 {
		t.Fatalf("%+v, %v", res, err)
	}
	sum, bad, err := Check(t.Context(), path, f)
	if err != nil || len(bad) > 0 || sum.Unknown == 0 || sum.Acknowledged != 0 {
		t.Fatalf("%+v, %v, %v", sum, bad, err)
	}
}

func TestLoadStopsWhenTheLedgerFails(t *testing.T) {
	f := newFakeDesk(t)
	l, _ := ledger(t)
	l.Close()
	if res, err := Load(t.Context(), LoadConfig{Doors: f.doors(), Ledger: l, API: 500, Concurrency: 2}); err == nil || res.Acknowledged > 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	if len(f.reports) > 0 {
		t.Errorf("%d reports were sent that no ledger knows", len(f.reports))
	}
	if _, err := Load(t.Context(), LoadConfig{Doors: f.doors(), API: 1}); err == nil {
		t.Error("a load without a ledger")
	}
}

func TestLoadIsRepeatable(t *testing.T) {
	c := LoadConfig{Seed: 9, Form: 3, Chat: 4, Before: noon}
	if d := cmp.Diff(c.order(7), c.order(7)); d != "" {
		t.Error(d)
	}
	seen := map[string]int{}
	for n := range 3000 {
		k := c.complaint(n)
		if d := cmp.Diff(k, c.complaint(n)); d != "" {
			t.Fatal(d)
		}
		seen[k.Caller]++
	}
	if len(seen) != 3000 {
		t.Errorf("%d callers in 3,000 reports about different ones", len(seen))
	}
}
