package simulate

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func carrier(t *testing.T, p Params) *Carrier {
	t.Helper()
	if p.Now.IsZero() {
		p.Now = noon
	}
	c, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func collect(c *Carrier) []cases.Call {
	var all []cases.Call
	for in := range c.Batches() {
		all = append(all, in.Calls...)
	}
	return all
}

func TestSameSeedSameCarrier(t *testing.T) {
	p := Params{Seed: 7, Calls: 6000}
	a, b := carrier(t, p), carrier(t, p)
	if !reflect.DeepEqual(collect(a), collect(b)) {
		t.Fatal("two carriers of one seed differ")
	}
	p.Seed = 8
	if reflect.DeepEqual(collect(a), collect(carrier(t, p))) {
		t.Fatal("another seed gives the same calls")
	}
}

func TestHistory(t *testing.T) {
	c := carrier(t, Params{Seed: 1})
	seen := map[string]bool{}
	through := map[string]time.Time{}
	total := 0
	for in := range c.Batches() {
		if !in.CompleteFrom.Equal(c.From()) || !in.CompleteThrough.After(through[in.Source]) {
			t.Fatalf("%s claims %v to %v after %v", in.Source, in.CompleteFrom, in.CompleteThrough, through[in.Source])
		}
		for _, call := range in.Calls {
			total++
			switch {
			case call.Source != in.Source:
				t.Fatalf("call of %s in a batch of %s", call.Source, in.Source)
			case call.StartedAt.Before(through[in.Source]) || !call.StartedAt.Before(in.CompleteThrough):
				t.Fatalf("call at %v in the batch %v to %v", call.StartedAt, through[in.Source], in.CompleteThrough)
			case seen[call.Source+call.SourceID]:
				t.Fatalf("record %s twice", call.SourceID)
			case call.EndedAt.After(noon):
				t.Fatalf("record %s of a call that has not ended: %v", call.SourceID, call.EndedAt)
			case call.Answered() != (call.BilledSeconds > 0):
				t.Fatalf("record %s: answered %v, %d s", call.SourceID, call.Answered(), call.BilledSeconds)
			}
			seen[call.Source+call.SourceID] = true
		}
		through[in.Source] = in.CompleteThrough
	}
	if d := math.Abs(float64(total) - 60_000); d > 1500 {
		t.Errorf("%d calls, want about 60,000", total)
	}
	want := map[string]time.Time{SwitchEast: c.Through(), SwitchWest: c.Through()}
	if d := cmp.Diff(want, through); d != "" {
		t.Errorf("watermarks:\n%s", d)
	}
}

func TestBetweenGoesOnWhereItStopped(t *testing.T) {
	c := carrier(t, Params{Seed: 3, Calls: 6000})
	var pieces []cases.Call
	from, cut := c.Through().AddDate(0, 0, -2), c.Through().AddDate(0, 0, -1).Add(17*time.Minute)
	for _, part := range [][2]time.Time{{from, cut}, {cut, c.Through()}} {
		for in := range c.Between(part[0], part[1]) {
			pieces = append(pieces, in.Calls...)
		}
	}
	whole := slices.DeleteFunc(collect(c), func(call cases.Call) bool { return call.StartedAt.Before(from) })
	order := func(a, b cases.Call) int { return strings.Compare(a.SourceID, b.SourceID) }
	slices.SortFunc(pieces, order)
	slices.SortFunc(whole, order)
	if d := cmp.Diff(whole, pieces); d != "" {
		t.Fatalf("two stretches are not the whole:\n%s", d)
	}
	// And beyond the history nobody dials for the campaign any more.
	n := 0
	for in := range c.Between(c.Through(), c.Through().Add(24*time.Hour)) {
		for _, call := range in.Calls {
			n++
			if strings.HasPrefix(call.SourceID, "campaign") || strings.HasPrefix(call.SourceID, "night") {
				t.Fatalf("call %s after the end of its story", call.SourceID)
			}
		}
	}
	if n == 0 {
		t.Error("no calls after the history")
	}
}

// The numbers must hold before the desk's own eyes and be nobody's.
func TestNumbersAreValidAndNobodys(t *testing.T) {
	c := carrier(t, Params{Seed: 1, Calls: 6000})
	check := func(e164 string) {
		n, err := numbers.Parse(e164, "")
		if err != nil || n.E164 != e164 {
			t.Fatalf("%s: %v, %v", e164, n.E164, err)
		}
		if strings.HasPrefix(e164, PremiumPrefix) {
			if n.Assignable {
				t.Fatalf("%s could be somebody's", e164)
			}
			return
		}
		if !n.Assignable || e164[5:8] != "555" {
			t.Fatalf("%s: assignable %v (%s), want a valid line of exchange 555", e164, n.Assignable, n.Reason)
		}
	}
	for _, call := range collect(c) {
		check(call.From)
		check(call.To)
	}
	for _, e := range c.Entitlements {
		check(e.E164)
	}
	check(c.Cast.CampaignCallback)
}

func TestTree(t *testing.T) {
	c := carrier(t, Params{Seed: 1, Calls: 6000})
	known := map[string]bool{"": true}
	for _, a := range c.Accounts {
		if known[a.ID] || !known[a.ParentID] {
			t.Errorf("account %s under %q: twice, or before its reseller", a.ID, a.ParentID)
		}
		known[a.ID] = true
	}
	for _, conn := range c.Connections {
		if !known[conn.AccountID] || conn.Country != "US" || len(conn.SourceIPs) == 0 {
			t.Errorf("connection %+v", conn)
		}
	}
	for _, e := range c.Entitlements {
		if !known[e.AccountID] {
			t.Errorf("entitlement of nobody: %+v", e)
		}
		if n := len(cases.EntitledAt(of(c, e.E164), noon)); n != 1 {
			t.Errorf("%s has %d holders now", e.E164, n)
		}
	}
	moved := of(c, c.Cast.Reassigned)
	for days, want := range map[int]string{-200: c.Cast.ReassignedFrom, -80: "", -59: c.Cast.ReassignedTo, 0: c.Cast.ReassignedTo} {
		got := ""
		for _, e := range cases.EntitledAt(moved, noon.AddDate(0, 0, days)) {
			got += e.AccountID
		}
		if got != want {
			t.Errorf("holder %d days ago: %q, want %q", -days, got, want)
		}
	}
}

func of(c *Carrier, e164 string) []cases.Entitlement {
	return slices.DeleteFunc(slices.Clone(c.Entitlements), func(e cases.Entitlement) bool { return e.E164 != e164 })
}

// What the stories rest on, in the smallest history and at any hour of a week.
func TestCast(t *testing.T) {
	for hour := 0; hour < 7*24; hour += 5 {
		c := carrier(t, Params{Seed: uint64(hour), Now: noon.Add(time.Duration(hour) * time.Hour), Calls: 6000, Days: 10})
		cast := c.Cast
		byID := map[string]cases.Call{}
		for _, call := range collect(c) {
			byID[call.SourceID] = call
			if call.From == cast.SpoofedNumber {
				t.Fatalf("we carried a call from the spoofed number: %+v", call)
			}
		}
		for _, told := range [][]cases.Call{cast.CampaignCalls, cast.HijackedCalls, cast.ReminderCalls} {
			for _, call := range told {
				if d := cmp.Diff(byID[call.SourceID], call); d != "" {
					t.Fatalf("a call that is told of is not in the history:\n%s", d)
				}
			}
		}
		for _, call := range cast.CampaignCalls {
			if call.From != cast.CampaignCaller || len(cases.EntitledAt(of(c, call.From), call.StartedAt)) != 0 {
				t.Fatalf("a campaign call from %s, which somebody may show", call.From)
			}
		}
		for _, call := range cast.HijackedCalls {
			if h := call.StartedAt.In(west).Hour(); h > 5 || !strings.HasPrefix(call.To, PremiumPrefix) {
				t.Fatalf("a night call at %d o'clock to %s", h, call.To)
			}
		}
		for _, call := range cast.ReminderCalls {
			if es := cases.EntitledAt(of(c, call.From), call.StartedAt); len(es) != 1 || es[0].AccountID != cast.Pharmacy || call.Attest != "A" {
				t.Fatalf("a reminder from %s signed %q", call.From, call.Attest)
			}
		}
	}
}

func TestRefusedParams(t *testing.T) {
	for name, p := range map[string]Params{"no time": {}, "few calls": {Now: noon, Calls: 10}, "few days": {Now: noon, Days: 2}} {
		if _, err := New(p); cases.KindOf(err) != cases.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTranscripts(t *testing.T) {
	all := Transcripts()
	if len(all) != 141 {
		t.Fatalf("%d transcripts, want 141", len(all))
	}
	callbacks := 0
	for _, tr := range all {
		if tr.Text == "" || tr.Pretext == "" {
			t.Errorf("transcript %s of %s: no text or pretext", tr.ID, tr.Campaign)
		}
		if tr.Callback != "" {
			callbacks++
		}
	}
	if callbacks != 16 {
		t.Errorf("%d with a callback number, want 16", callbacks)
	}
	for _, tr := range CampaignTranscripts("auto-warranty") {
		if tr.Callback != "" || tr.Campaign != "auto-warranty" {
			t.Errorf("%+v", tr)
		}
	}
}
