package restrict

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func newEmergency(t testing.TB) *numbers.Emergency {
	t.Helper()
	e, err := numbers.NewEmergency([]string{"933", "+12025550143"})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// rates prices Latvia's satellite-like range high and the United States low.
func newRates(t testing.TB) *numbers.RateDeck {
	t.Helper()
	deck, err := numbers.NewRateDeck(slices.Values([]numbers.Rate{
		{Tag: "US", Prefix: "1", PerMinute: 5_000},
		{Tag: "Latvia premium", Prefix: "37190", PerMinute: 2_500_000},
	}))
	if err != nil {
		t.Fatal(err)
	}
	return deck
}

// carrier is a reseller with two customers. Two connections share an address
// and are told apart by tech prefix; a third has its own.
func carrier(rs ...cases.Restriction) cases.PolicyState {
	for i := range rs {
		rs[i].ID = int64(i + 1)
		rs[i].State = cases.RestrictionActive
	}
	return cases.PolicyState{
		Revision: 7, Restrictions: rs,
		Parents: map[string]string{"reseller": "", "alpha": "reseller", "beta": "reseller", "gamma": ""},
		Connections: []cases.Connection{
			{ID: "c-alpha", AccountID: "alpha", Country: "US", SourceIPs: []string{"192.0.2.1"}, TechPrefix: "1234"},
			{ID: "c-beta", AccountID: "beta", Country: "US", SourceIPs: []string{"192.0.2.1"}, TechPrefix: "5678"},
			{ID: "c-gamma", AccountID: "gamma", Country: "GB", SourceIPs: []string{"192.0.2.9", "2001:db8::9"}},
			{ID: "c-reseller", AccountID: "reseller", Country: "US", SourceIPs: []string{"192.0.2.20"}},
		},
	}
}

func newSnapshot(t testing.TB, st cases.PolicyState, o Options) *Snapshot {
	t.Helper()
	if o.Emergency == nil {
		o.Emergency = newEmergency(t)
	}
	s, err := NewSnapshot(st, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func on(target cases.TargetKind, id string, kind cases.RestrictionKind, v cases.RestrictionValue) cases.Restriction {
	return cases.Restriction{TargetKind: target, TargetID: id, Kind: kind, Value: v}
}

func onAccount(id string, kind cases.RestrictionKind, v cases.RestrictionValue) cases.Restriction {
	return on(cases.TargetAccount, id, kind, v)
}

func until(r cases.Restriction, t time.Time) cases.Restriction { r.ExpiresAt = &t; return r }

// ask is a request of the account with nothing known by the switch.
func ask(account, to string) Request {
	return Request{Account: account, From: "+14155550100", To: to, RatePerMinute: -1, ActiveCalls: -1}
}

func (q Request) with(change func(*Request)) Request { change(&q); return q }

func TestDecide(t *testing.T) {
	suspend := cases.RestrictionValue{}
	countries := func(cs ...string) cases.RestrictionValue { return cases.RestrictionValue{Countries: cs} }
	prefixes := func(ps ...string) cases.RestrictionValue { return cases.RestrictionValue{Prefixes: ps} }
	limit := func(n int) cases.RestrictionValue { return cases.RestrictionValue{Channels: n} }
	rate := func(micros int64) cases.RestrictionValue { return cases.RestrictionValue{RateMicros: micros} }
	tests := []struct {
		name     string
		rs       []cases.Restriction
		q        Request
		want     ReasonCode
		action   Action
		id       int64
		channels int
		sip      int
	}{
		{"nothing in the way", nil, ask("alpha", "+442079460958"), ReasonNone, Allow, 0, NoLimit, 0},
		{"suspended", []cases.Restriction{onAccount("alpha", cases.KindAccountSuspended, suspend)}, ask("alpha", "+442079460958"), ReasonSuspended, Refuse, 1, NoLimit, 403},
		{"suspended, another account", []cases.Restriction{onAccount("alpha", cases.KindAccountSuspended, suspend)}, ask("beta", "+442079460958"), ReasonNone, Allow, 0, NoLimit, 0},
		{"suspended, sub-account", []cases.Restriction{onAccount("reseller", cases.KindAccountSuspended, suspend)}, ask("beta", "+442079460958"), ReasonSuspended, Refuse, 1, NoLimit, 403},
		{"suspended, the reseller is free", []cases.Restriction{onAccount("alpha", cases.KindAccountSuspended, suspend)}, ask("reseller", "+442079460958"), ReasonNone, Allow, 0, NoLimit, 0},
		{"expired but not lifted", []cases.Restriction{until(onAccount("alpha", cases.KindAccountSuspended, suspend), noon)}, ask("alpha", "+442079460958"), ReasonNone, Allow, 0, NoLimit, 0},
		{"about to expire", []cases.Restriction{until(onAccount("alpha", cases.KindAccountSuspended, suspend), noon.Add(time.Microsecond))}, ask("alpha", "+442079460958"), ReasonSuspended, Refuse, 1, NoLimit, 403},

		{"below the limit", []cases.Restriction{onAccount("alpha", cases.KindChannelLimit, limit(3))}, ask("alpha", "+12125550100").with(func(q *Request) { q.ActiveCalls = 2 }), ReasonNone, Allow, 0, 3, 0},
		{"at the limit", []cases.Restriction{onAccount("alpha", cases.KindChannelLimit, limit(3))}, ask("alpha", "+12125550100").with(func(q *Request) { q.ActiveCalls = 3 }), ReasonChannels, Refuse, 1, NoLimit, 403},
		{"calls in progress not known", []cases.Restriction{onAccount("alpha", cases.KindChannelLimit, limit(3))}, ask("alpha", "+12125550100"), ReasonNone, Allow, 0, 3, 0},
		{"a limit of nothing needs no count", []cases.Restriction{onAccount("alpha", cases.KindChannelLimit, limit(0))}, ask("alpha", "+12125550100"), ReasonChannels, Refuse, 1, NoLimit, 403},
		{"the tightest of three limits", []cases.Restriction{onAccount("alpha", cases.KindChannelLimit, limit(9)), onAccount("reseller", cases.KindChannelLimit, limit(4)),
			on(cases.TargetConnection, "c-alpha", cases.KindChannelLimit, limit(6))}, ask("alpha", "+12125550100").with(func(q *Request) { q.Connection = "c-alpha"; q.ActiveCalls = 3 }), ReasonNone, Allow, 0, 4, 0},
		{"the tightest limit is named", []cases.Restriction{onAccount("alpha", cases.KindChannelLimit, limit(9)), onAccount("reseller", cases.KindChannelLimit, limit(4)),
			on(cases.TargetConnection, "c-alpha", cases.KindChannelLimit, limit(6))}, ask("alpha", "+12125550100").with(func(q *Request) { q.Connection = "c-alpha"; q.ActiveCalls = 10 }), ReasonChannels, Refuse, 2, NoLimit, 403},

		{"prefix denied", []cases.Restriction{onAccount("alpha", cases.KindPrefixDenied, prefixes("+3719", "+88"))}, ask("alpha", "+37190123456"), ReasonPrefix, Refuse, 1, NoLimit, 403},
		{"prefix passes", []cases.Restriction{onAccount("alpha", cases.KindPrefixDenied, prefixes("+3719", "+88"))}, ask("alpha", "+37161234567"), ReasonNone, Allow, 0, NoLimit, 0},
		{"prefix, with 011", []cases.Restriction{onAccount("alpha", cases.KindPrefixDenied, prefixes("+3719"))}, ask("alpha", "01137190123456").with(func(q *Request) { q.Connection = "c-alpha" }), ReasonPrefix, Refuse, 1, NoLimit, 403},
		{"prefix, in a URI", []cases.Restriction{onAccount("alpha", cases.KindPrefixDenied, prefixes("+3719"))}, ask("alpha", "sip:%2B37190123456@gw.example;user=phone"), ReasonPrefix, Refuse, 1, NoLimit, 403},
		{"prefix, behind the tech prefix", []cases.Restriction{onAccount("alpha", cases.KindPrefixDenied, prefixes("+3719"))}, ask("", "123437190123456").with(func(q *Request) { q.SourceIP = "192.0.2.1" }), ReasonPrefix, Refuse, 1, NoLimit, 403},
		{"prefix, digits that also look like a tech prefix", []cases.Restriction{onAccount("alpha", cases.KindPrefixDenied, prefixes("+12345"))}, ask("alpha", "+12345678901").with(func(q *Request) { q.Connection = "c-alpha" }), ReasonPrefix, Refuse, 1, NoLimit, 403},
		{"prefix, unreadable", []cases.Restriction{onAccount("alpha", cases.KindPrefixDenied, prefixes("+3719"))}, ask("alpha", "bob"), ReasonUnreadable, Refuse, 1, NoLimit, 403},
		{"unreadable is nobody's business without a list", []cases.Restriction{onAccount("alpha", cases.KindChannelLimit, limit(3))}, ask("alpha", "bob"), ReasonNone, Allow, 0, 3, 0},

		{"country denied", []cases.Restriction{onAccount("alpha", cases.KindCountriesDenied, countries("LV", "CU"))}, ask("alpha", "+37161234567"), ReasonCountry, Refuse, 1, NoLimit, 403},
		{"country passes", []cases.Restriction{onAccount("alpha", cases.KindCountriesDenied, countries("LV", "CU"))}, ask("alpha", "+442079460958"), ReasonNone, Allow, 0, NoLimit, 0},
		{"Jamaica is not the United States", []cases.Restriction{onAccount("alpha", cases.KindCountriesAllowed, countries("US", "CA"))}, ask("alpha", "+18765550100"), ReasonNotAllowed, Refuse, 1, NoLimit, 403},
		{"country allowed", []cases.Restriction{onAccount("alpha", cases.KindCountriesAllowed, countries("US", "CA"))}, ask("alpha", "+12125550100"), ReasonNone, Allow, 0, NoLimit, 0},
		{"short number at home", []cases.Restriction{onAccount("alpha", cases.KindCountriesAllowed, countries("US"))}, ask("alpha", "611").with(func(q *Request) { q.Connection = "c-alpha" }), ReasonNone, Allow, 0, NoLimit, 0},
		{"no country is allowed", []cases.Restriction{onAccount("alpha", cases.KindCountriesAllowed, countries())}, ask("alpha", "+12125550100"), ReasonNotAllowed, Refuse, 1, NoLimit, 403},

		{"rate by the switch", []cases.Restriction{onAccount("alpha", cases.KindRateMax, rate(100_000))}, ask("alpha", "+12125550100").with(func(q *Request) { q.RatePerMinute = 100_001 }), ReasonRate, Refuse, 1, NoLimit, 403},
		{"rate by the switch passes", []cases.Restriction{onAccount("alpha", cases.KindRateMax, rate(100_000))}, ask("alpha", "+37190123456").with(func(q *Request) { q.RatePerMinute = 100_000 }), ReasonNone, Allow, 0, NoLimit, 0},
		{"rate by the deck", []cases.Restriction{onAccount("alpha", cases.KindRateMax, rate(100_000))}, ask("alpha", "+37190123456"), ReasonRate, Refuse, 1, NoLimit, 403},
		{"rate not known", []cases.Restriction{onAccount("alpha", cases.KindRateMax, rate(100_000))}, ask("alpha", "+442079460958"), ReasonRateUnknown, Allow, 0, NoLimit, 0},
		{"a maximum of nothing needs no price", []cases.Restriction{onAccount("alpha", cases.KindRateMax, rate(0))}, ask("alpha", "+442079460958"), ReasonRate, Refuse, 1, NoLimit, 403},

		{"caller ID denied", []cases.Restriction{on(cases.TargetNumber, "+14155550100", cases.KindCallerIDDenied, suspend)}, ask("alpha", "+12125550100"), ReasonCallerID, Refuse, 1, NoLimit, 603},
		{"caller ID denied, as a national number", []cases.Restriction{on(cases.TargetNumber, "+14155550100", cases.KindCallerIDDenied, suspend)}, ask("alpha", "+12125550100").with(func(q *Request) { q.From = `"X" <sip:4155550100@h>`; q.Connection = "c-alpha" }), ReasonCallerID, Refuse, 1, NoLimit, 603},
		{"caller ID denied, account not known", []cases.Restriction{on(cases.TargetNumber, "+14155550100", cases.KindCallerIDDenied, suspend)}, ask("nobody", "+12125550100"), ReasonCallerID, Refuse, 1, NoLimit, 603},

		{"account by connection", []cases.Restriction{onAccount("gamma", cases.KindAccountSuspended, suspend)}, ask("", "+12125550100").with(func(q *Request) { q.Connection = "c-gamma" }), ReasonSuspended, Refuse, 1, NoLimit, 403},
		{"account by its own address", []cases.Restriction{onAccount("gamma", cases.KindAccountSuspended, suspend)}, ask("", "+12125550100").with(func(q *Request) { q.SourceIP = "[2001:db8::9]:5060" }), ReasonSuspended, Refuse, 1, NoLimit, 403},
		{"account by shared address and tech prefix", []cases.Restriction{onAccount("beta", cases.KindAccountSuspended, suspend)}, ask("", "12125550100").with(func(q *Request) { q.SourceIP = "192.0.2.1"; q.TechPrefix = "5678" }), ReasonSuspended, Refuse, 1, NoLimit, 403},
		{"account by shared address, prefix in the number", []cases.Restriction{onAccount("beta", cases.KindAccountSuspended, suspend)}, ask("", "567812125550100").with(func(q *Request) { q.SourceIP = "::ffff:192.0.2.1" }), ReasonSuspended, Refuse, 1, NoLimit, 403},
		{"shared address alone", []cases.Restriction{onAccount("beta", cases.KindAccountSuspended, suspend)}, ask("", "12125550100").with(func(q *Request) { q.SourceIP = "192.0.2.1" }), ReasonUnknown, Allow, 0, NoLimit, 0},
		{"another's connection does not hide its owner", []cases.Restriction{onAccount("reseller", cases.KindAccountSuspended, suspend)}, ask("gamma", "+12125550100").with(func(q *Request) { q.Connection = "c-reseller" }), ReasonSuspended, Refuse, 1, NoLimit, 403},

		{"suspension before a list", []cases.Restriction{onAccount("alpha", cases.KindCountriesDenied, countries("LV")), onAccount("reseller", cases.KindAccountSuspended, suspend)}, ask("alpha", "+37161234567"), ReasonSuspended, Refuse, 2, NoLimit, 403},
		{"of two alike, the one that lasts", []cases.Restriction{until(onAccount("alpha", cases.KindAccountSuspended, suspend), noon.Add(time.Hour)), onAccount("reseller", cases.KindAccountSuspended, suspend)}, ask("alpha", "+37161234567"), ReasonSuspended, Refuse, 2, NoLimit, 403},
		{"lists of account and reseller both hold", []cases.Restriction{onAccount("alpha", cases.KindCountriesAllowed, countries("US", "LV")), onAccount("reseller", cases.KindCountriesDenied, countries("LV"))}, ask("alpha", "+37161234567"), ReasonCountry, Refuse, 2, NoLimit, 403},

		{"emergency", []cases.Restriction{onAccount("alpha", cases.KindAccountSuspended, suspend)}, ask("alpha", "911").with(func(q *Request) { q.Connection = "c-alpha" }), ReasonEmergency, Allow, 0, NoLimit, 0},
		{"emergency is never capped", []cases.Restriction{onAccount("alpha", cases.KindChannelLimit, limit(1))}, ask("alpha", "+911").with(func(q *Request) { q.Connection = "c-alpha"; q.ActiveCalls = 5 }), ReasonEmergency, Allow, 0, NoLimit, 0},
		{"emergency behind the tech prefix", []cases.Restriction{onAccount("alpha", cases.KindAccountSuspended, suspend)}, ask("", "1234911").with(func(q *Request) { q.SourceIP = "192.0.2.1" }), ReasonEmergency, Allow, 0, NoLimit, 0},
		{"emergency behind the switch's own prefix", []cases.Restriction{onAccount("alpha", cases.KindAccountSuspended, suspend)}, ask("alpha", "99911").with(func(q *Request) { q.Connection = "c-alpha"; q.TechPrefix = "99" }), ReasonEmergency, Allow, 0, NoLimit, 0},
		{"emergency centre's number", []cases.Restriction{onAccount("alpha", cases.KindAccountSuspended, suspend)}, ask("alpha", "+12025550143"), ReasonEmergency, Allow, 0, NoLimit, 0},
		{"no emergency", []cases.Restriction{onAccount("alpha", cases.KindAccountSuspended, suspend)}, ask("alpha", "112999"), ReasonSuspended, Refuse, 1, NoLimit, 403},
		{"emergency of an account not known", nil, ask("", "112"), ReasonEmergency, Allow, 0, NoLimit, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSnapshot(t, carrier(tt.rs...), Options{Rates: newRates(t), FailMode: FailOpen})
			got := Decide(s, tt.q, noon)
			want := Answer{Action: tt.action, SIPCode: tt.sip, SIPPhrase: sip[tt.want].Phrase, SIPReason: sip[tt.want].Reason, Reason: sip[tt.want].words,
				ReasonCode: tt.want, RestrictionID: tt.id, Revision: 7, MaxChannels: tt.channels, MaxSeconds: NoLimit,
				ByFailMode: tt.want == ReasonUnknown || tt.want == ReasonRateUnknown}
			if tt.action == Allow {
				want.SIPPhrase, want.SIPReason = "", ""
			}
			if tt.want == ReasonEmergency {
				want.Reason = "emergency call"
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestDecideFailClosed(t *testing.T) {
	s := newSnapshot(t, carrier(onAccount("alpha", cases.KindRateMax, cases.RestrictionValue{RateMicros: 100_000})), Options{FailMode: FailClosed})
	for _, tt := range []struct {
		q    Request
		want ReasonCode
		id   int64
	}{
		{ask("nobody", "+12125550100"), ReasonUnknown, 0},
		{ask("", "+12125550100"), ReasonUnknown, 0},
		{ask("alpha", "+12125550100"), ReasonRateUnknown, 1},
	} {
		a := Decide(s, tt.q, noon)
		if a.Action != Refuse || a.ReasonCode != tt.want || !a.ByFailMode || a.SIPCode != 403 || a.Reason == "" || a.RestrictionID != tt.id {
			t.Errorf("%+v = %+v, want refusal by fail mode, %s", tt.q, a, tt.want)
		}
	}
	if a := Decide(s, ask("nobody", "911"), noon); a.Action != Allow {
		t.Errorf("emergency of an unknown account = %+v", a)
	}
}

func TestCallerIDRefusalSaysWhereToObject(t *testing.T) {
	s := newSnapshot(t, carrier(on(cases.TargetNumber, "+14155550100", cases.KindCallerIDDenied, cases.RestrictionValue{})), Options{Redress: "https://desk.example/"})
	a := Decide(s, ask("alpha", "+12125550100"), noon)
	if want := `SIP;cause=603;text="v=analytics1;url=https://desk.example/;id=1";location=LN`; a.SIPReason != want || a.SIPPhrase != "Network Blocked" {
		t.Errorf("Reason = %q, want %q", a.SIPReason, want)
	}
}

func TestParentsInACircle(t *testing.T) {
	st := cases.PolicyState{
		Parents:      map[string]string{"a": "b", "b": "c", "c": "a", "under": "a", "self": "self", "free": ""},
		Restrictions: []cases.Restriction{onAccount("c", cases.KindAccountSuspended, cases.RestrictionValue{})},
	}
	st.Restrictions[0].ID = 1
	for range 20 { // maps are walked in any order
		s := newSnapshot(t, st, Options{})
		for account, want := range map[string]Action{"a": Refuse, "b": Refuse, "c": Refuse, "under": Refuse, "self": Allow, "free": Allow} {
			if a := Decide(s, ask(account, "+12125550100"), noon); a.Action != want || a.ByFailMode {
				t.Fatalf("%s = %+v, want %s", account, a, want)
			}
		}
	}
}

func TestChecksum(t *testing.T) {
	base := func() cases.PolicyState {
		return carrier(onAccount("alpha", cases.KindChannelLimit, cases.RestrictionValue{Channels: 3}), onAccount("beta", cases.KindPrefixDenied, cases.RestrictionValue{Prefixes: []string{"+1", "+2"}}))
	}
	want := checksum(base())
	same := base()
	slices.Reverse(same.Restrictions)
	slices.Reverse(same.Connections)
	same.Restrictions[0].State, same.Restrictions[1].Reason = cases.RestrictionApplying, "another"
	same.Revision = 99
	if got := checksum(same); got != want {
		t.Errorf("order, state, words and revision change the checksum: %s, %s", got, want)
	}
	for name, change := range map[string]func(*cases.PolicyState){
		"value":    func(st *cases.PolicyState) { st.Restrictions[0].Value.Channels = 4 },
		"prefixes": func(st *cases.PolicyState) { st.Restrictions[1].Value.Prefixes = []string{"+12"} },
		"expiry":   func(st *cases.PolicyState) { st.Restrictions[0].ExpiresAt = &noon },
		"target":   func(st *cases.PolicyState) { st.Restrictions[0].TargetID = "beta" },
		"missing":  func(st *cases.PolicyState) { st.Restrictions = st.Restrictions[:1] },
		"twice":    func(st *cases.PolicyState) { st.Restrictions = append(st.Restrictions, st.Restrictions[0]) },
		"parent":   func(st *cases.PolicyState) { st.Parents["alpha"] = "gamma" },
		"country":  func(st *cases.PolicyState) { st.Connections[0].Country = "GB" },
		"address":  func(st *cases.PolicyState) { st.Connections[0].SourceIPs = nil },
	} {
		st := base()
		change(&st)
		if checksum(st) == want {
			t.Errorf("%s does not change the checksum", name)
		}
	}
}

func TestNewSnapshotRefusesWhatItCannotEnforce(t *testing.T) {
	for _, r := range []cases.Restriction{
		onAccount("alpha", "daily_spend", cases.RestrictionValue{}),
		onAccount("alpha", cases.KindPrefixDenied, cases.RestrictionValue{Prefixes: []string{"+1x"}}),
	} {
		if _, err := NewSnapshot(carrier(r), Options{Emergency: newEmergency(t)}); err == nil {
			t.Errorf("%s %v: no error", r.Kind, r.Value)
		}
	}
}

func TestEveryRefusalHasASIPAnswer(t *testing.T) {
	for _, c := range []ReasonCode{ReasonSuspended, ReasonChannels, ReasonPrefix, ReasonCountry, ReasonNotAllowed, ReasonUnreadable, ReasonRate,
		ReasonRateUnknown, ReasonCallerID, ReasonUnknown, ReasonStale} {
		if a := SIPAnswer(c); a.Code < 400 || a.Code > 699 || a.Phrase == "" || a.Reason == "" || a.words == "" {
			t.Errorf("%s: %+v", c, a)
		}
	}
}

// everyKind is each kind at its strictest and at a usual value, on everything
// that the call of account alpha through c-alpha touches.
func everyKind() []cases.Restriction {
	values := map[cases.RestrictionKind][]cases.RestrictionValue{
		cases.KindAccountSuspended: {{}},
		cases.KindChannelLimit:     {{Channels: 0}, {Channels: 2}},
		cases.KindPrefixDenied:     {{Prefixes: []string{"+"}}, {Prefixes: []string{"+1", "+9", "+11", "+0"}}},
		cases.KindCountriesDenied:  {{Countries: []string{"US", "GB"}}},
		cases.KindCountriesAllowed: {{}, {Countries: []string{"AQ"}}},
		cases.KindRateMax:          {{RateMicros: 0}, {RateMicros: 1}},
		cases.KindCallerIDDenied:   {{}},
	}
	targets := map[cases.TargetKind][]string{
		cases.TargetAccount:    {"alpha", "reseller"},
		cases.TargetConnection: {"c-alpha"},
		cases.TargetNumber:     {"+14155550100"},
	}
	var out []cases.Restriction
	for target, ids := range targets {
		for _, id := range ids {
			for _, kind := range cases.RestrictionKinds(target) {
				for _, v := range values[kind] {
					out = append(out, on(target, id, kind, v))
				}
			}
		}
	}
	return out
}

// Emergency numbers of every country pass under every kind of restriction, each
// alone and all together, however the switch writes them.
func TestEmergencyPassesUnderEveryKind(t *testing.T) {
	e := newEmergency(t)
	all := everyKind()
	seen := map[cases.RestrictionKind]bool{}
	for _, r := range all {
		seen[r.Kind] = true
	}
	if len(seen) != len(orders) {
		t.Fatalf("only %d of %d kinds are tried", len(seen), len(orders))
	}
	sets := [][]cases.Restriction{all}
	for _, r := range all {
		sets = append(sets, []cases.Restriction{r})
	}
	tried := 0
	for _, country := range allCountries {
		list := e.Numbers(country)
		for _, rs := range sets {
			st := carrier(slices.Clone(rs)...)
			st.Connections[0].Country = country
			s := newSnapshot(t, st, Options{Emergency: e, FailMode: FailClosed})
			if a := Decide(s, ask("alpha", "+12125550100").with(func(q *Request) { q.Connection = "c-alpha"; q.ActiveCalls = 2; q.RatePerMinute = 2 }), noon); a.Action != Refuse && rs[0].Kind != cases.KindPrefixDenied && rs[0].Kind != cases.KindCountriesDenied {
				t.Fatalf("%s does not refuse at all: %+v", rs[0].Kind, a)
			}
			for _, n := range append(list, "933", "+12025550143", "urn:service:sos", "urn:service:sos.fire") {
				forms := []string{n, "sip:" + n + "@sbc.example;user=phone"}
				if n[0] != '+' && n[0] != 'u' {
					forms = append(forms, "+"+n, "1234"+n, "sip:1234"+n+"@sbc.example")
				}
				for _, dialled := range forms {
					q := Request{Account: "alpha", Connection: "c-alpha", From: "+14155550100", To: dialled, RatePerMinute: 900_000, ActiveCalls: 900}
					a := Decide(s, q, noon)
					if a.Action != Allow || a.ReasonCode != ReasonEmergency || a.MaxChannels != NoLimit || a.MaxSeconds != NoLimit || a.RestrictionID != 0 {
						t.Fatalf("%s: %q under %s: %+v", country, dialled, rs[0].Describe(), a)
					}
					tried++
				}
			}
		}
	}
	if tried < 10_000 {
		t.Errorf("only %d calls tried: is the metadata there?", tried)
	}
}

func FuzzDecide(f *testing.F) {
	f.Add("alpha", "c-alpha", "192.0.2.1", "1234", "+14155550100", "+37190123456", int64(-1), -1)
	f.Add("", "", "192.0.2.1:5060", "", "anonymous", "sip:1234911@h;x=%zz", int64(5), 3)
	f.Add("nobody", "none", "::1%eth0", "+", "<sip:", "tel:911;phone-context=+1", int64(0), 0)
	f.Add("beta", "", "[::]:x", "５", "\xff", "<", int64(1)<<62, 1<<40)
	open := newSnapshot(f, carrier(everyKind()...), Options{Rates: newRates(f), FailMode: FailOpen})
	closed := newSnapshot(f, carrier(everyKind()...), Options{Rates: newRates(f), FailMode: FailClosed})
	f.Fuzz(func(t *testing.T, account, conn, ip, prefix, from, to string, rate int64, active int) {
		q := Request{Account: account, Connection: conn, SourceIP: ip, TechPrefix: prefix, From: from, To: to, RatePerMinute: rate, ActiveCalls: active}
		for _, s := range []*Snapshot{open, closed} {
			a := Decide(s, q, noon)
			if again := Decide(s, q, noon); again != a {
				t.Fatalf("two answers to one request: %+v, %+v", a, again)
			}
			switch a.Action {
			case Allow:
				if a.SIPCode != 0 || a.RestrictionID != 0 || a.ByFailMode && s == closed {
					t.Fatalf("%+v", a)
				}
			case Refuse:
				if a.SIPCode < 400 || a.Reason == "" || a.ReasonCode == "" || !a.ByFailMode && a.RestrictionID == 0 {
					t.Fatalf("%+v", a)
				}
			default:
				t.Fatalf("%+v", a)
			}
			if s.options.Emergency.Match(to, "", "") && s.connection(q).id == "" && a.ReasonCode != ReasonEmergency {
				t.Fatalf("emergency call %q refused: %+v", to, a)
			}
		}
	})
}

// BenchmarkDecide asks a snapshot of 100,000 restrictions on 50,000 accounts.
func BenchmarkDecide(b *testing.B) {
	st := cases.PolicyState{Revision: 1, Parents: map[string]string{}}
	kinds := cases.RestrictionKinds(cases.TargetAccount)
	values := map[cases.RestrictionKind]cases.RestrictionValue{
		cases.KindChannelLimit:     {Channels: 1000},
		cases.KindPrefixDenied:     {Prefixes: []string{"+3719", "+8819", "+23276"}},
		cases.KindCountriesDenied:  {Countries: []string{"LV", "CU", "SO"}},
		cases.KindCountriesAllowed: {Countries: []string{"US", "CA", "GB", "MX"}},
		cases.KindRateMax:          {RateMicros: 900_000},
	}
	kinds = slices.DeleteFunc(slices.Clone(kinds), func(k cases.RestrictionKind) bool { return k == cases.KindAccountSuspended })
	for i := range 100_000 {
		account := fmt.Sprintf("acct-%05d", i/2)
		st.Parents[account] = fmt.Sprintf("reseller-%03d", i/200)
		k := kinds[i%len(kinds)]
		r := onAccount(account, k, values[k])
		r.ID = int64(i + 1)
		st.Restrictions = append(st.Restrictions, r)
	}
	s := newSnapshot(b, st, Options{Rates: newRates(b)})
	qs := make([]Request, 1024)
	for i := range qs {
		qs[i] = Request{Account: fmt.Sprintf("acct-%05d", i*37%50_000), From: "+14155550100", To: fmt.Sprintf("+1212555%04d", i), RatePerMinute: 5_000, ActiveCalls: 3}
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if a := Decide(s, qs[i&1023], noon); a.Action != Allow {
			b.Fatal(a)
		}
		i++
	}
}

func BenchmarkNewSnapshot(b *testing.B) {
	st := cases.PolicyState{Revision: 1, Parents: map[string]string{}}
	for i := range 100_000 {
		account := fmt.Sprintf("acct-%05d", i/2)
		st.Parents[account] = fmt.Sprintf("reseller-%03d", i/200)
		r := onAccount(account, cases.KindPrefixDenied, cases.RestrictionValue{Prefixes: []string{"+3719"}})
		r.ID = int64(i + 1)
		st.Restrictions = append(st.Restrictions, r)
	}
	o := Options{Emergency: newEmergency(b)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewSnapshot(st, o); err != nil {
			b.Fatal(err)
		}
	}
}
