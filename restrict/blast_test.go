package restrict

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

func madeAt(ago time.Duration, from, to string, seconds int) cases.Call {
	c := cases.Call{AccountID: "alpha", Connection: "c-alpha", Direction: "outbound", From: from, To: to, StartedAt: noon.Add(-ago), SIPCode: 404}
	end := c.StartedAt
	if seconds > 0 {
		answered := c.StartedAt
		c.AnsweredAt, c.BilledSeconds, c.SIPCode = &answered, seconds, 200
		end = end.Add(time.Duration(seconds) * time.Second)
	}
	c.EndedAt = &end
	return c
}

func TestBlast(t *testing.T) {
	const latvia, london, texas, caller = "+37190123456", "+442079460958", "+12145550100", "+14155550100"
	calls := []cases.Call{
		madeAt(time.Hour, caller, latvia, 120),
		madeAt(2*time.Hour, caller, latvia, 60),
		madeAt(3*time.Hour, "+14155550199", texas, 30),
		madeAt(4*time.Hour, caller, "911", 600),
		madeAt(48*time.Hour, caller, "+37190999999", 0),
		madeAt(72*time.Hour, caller, london, 90),
		madeAt(8*24*time.Hour, caller, latvia, 1000), // too old
	}
	inbound := madeAt(time.Hour, latvia, caller, 60)
	inbound.Direction = "inbound"
	calls = append(calls, inbound)
	conns := []cases.Connection{{ID: "c-alpha", AccountID: "alpha", Country: "US", TechPrefix: "1234"}}
	since := noon.Add(-72 * time.Hour)
	tests := []struct {
		name      string
		r         cases.Restriction
		day, week Damage
	}{
		{"prefix", onAccount("alpha", cases.KindPrefixDenied, cases.RestrictionValue{Prefixes: []string{"+37190"}}),
			Damage{Calls: 2, Answered: 2, Seconds: 180, Destinations: 1, Countries: []string{"LV"}, Of: 4, Emergency: 1},
			Damage{Calls: 3, Answered: 2, Seconds: 180, Destinations: 2, Countries: []string{"LV"}, Of: 6, Emergency: 1}},
		{"suspension", onAccount("alpha", cases.KindAccountSuspended, cases.RestrictionValue{}),
			Damage{Calls: 3, Answered: 3, Seconds: 210, Destinations: 2, Countries: []string{"LV", "US"}, Of: 4, Emergency: 1},
			Damage{Calls: 5, Answered: 4, Seconds: 300, Destinations: 4, Countries: []string{"GB", "LV", "US"}, Of: 6, Emergency: 1}},
		{"caller ID", on(cases.TargetNumber, "+14155550199", cases.KindCallerIDDenied, cases.RestrictionValue{}),
			Damage{Calls: 1, Answered: 1, Seconds: 30, Destinations: 1, Countries: []string{"US"}, Of: 4, Emergency: 1},
			Damage{Calls: 1, Answered: 1, Seconds: 30, Destinations: 1, Countries: []string{"US"}, Of: 6, Emergency: 1}},
		{"price", onAccount("alpha", cases.KindRateMax, cases.RestrictionValue{RateMicros: 50_000}),
			Damage{Calls: 2, Answered: 2, Seconds: 180, Destinations: 1, Countries: []string{"LV"}, Of: 4, Emergency: 1},
			Damage{Calls: 3, Answered: 2, Seconds: 180, Destinations: 2, Countries: []string{"LV"}, Of: 6, Emergency: 1, Unpriced: 1}},
		{"another connection", on(cases.TargetConnection, "c-beta", cases.KindPrefixDenied, cases.RestrictionValue{Prefixes: []string{"+"}}),
			Damage{Of: 4, Emergency: 1}, Damage{Of: 6, Emergency: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Blast(calls, tt.r, conns, newEmergency(t), newRates(t), noon, true)
			want := Radius{Day: tt.day, Week: tt.week, Sample: 6, Truncated: true, Since: since}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	d := Damage{Calls: 3, Of: 6, Seconds: 90}
	if d.Share() != 0.5 || d.Minutes() != 1.5 || (Damage{}).Share() != 0 {
		t.Errorf("share %v, minutes %v", d.Share(), d.Minutes())
	}
}

// The cost that was billed says what a minute costs, before the deck.
func TestBlastPriceFromTheRecord(t *testing.T) {
	c := madeAt(time.Hour, "+14155550100", "+37190123456", 30)
	c.CostMicros = 10_000
	r := onAccount("alpha", cases.KindRateMax, cases.RestrictionValue{RateMicros: 20_000})
	if got := Blast([]cases.Call{c}, r, nil, newEmergency(t), newRates(t), noon, false); got.Day.Calls != 0 || got.Day.Unpriced != 0 {
		t.Errorf("20,000 a minute: %+v", got.Day)
	}
	c.CostMicros++
	if got := Blast([]cases.Call{c}, r, nil, newEmergency(t), newRates(t), noon, false); got.Day.Calls != 1 {
		t.Errorf("20,002 a minute: %+v", got.Day)
	}
}

// Ten calls of a minute begin ten seconds apart: six are always in progress.
func TestBlastChannelLimitInTime(t *testing.T) {
	var calls []cases.Call
	for i := range 10 {
		calls = append(calls, madeAt(time.Hour-time.Duration(i)*10*time.Second, "+14155550100", fmt.Sprintf("+121455501%02d", i), 60))
	}
	slices.Reverse(calls)
	for limit, want := range map[int]int{0: 10, 1: 8, 2: 6, 3: 4, 5: 1, 6: 0} {
		r := onAccount("alpha", cases.KindChannelLimit, cases.RestrictionValue{Channels: limit})
		if got := Blast(calls, r, nil, newEmergency(t), nil, noon, false); got.Day.Calls != want || got.Day.Of != 10 {
			t.Errorf("limit %d stops %d of %d, want %d", limit, got.Day.Calls, got.Day.Of, want)
		}
	}
	r := on(cases.TargetConnection, "c-beta", cases.KindChannelLimit, cases.RestrictionValue{Channels: 1})
	calls[0].Connection = "c-beta" // the last one; five on c-alpha are in progress
	if got := Blast(calls, r, nil, newEmergency(t), nil, noon, false); got.Day.Calls != 0 {
		t.Errorf("another connection's calls fill this one's limit: %d stopped", got.Day.Calls)
	}
}
