package calls

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// home is where a caller is: country "" and zone nil where that is not known.
type home struct {
	country string
	zone    *time.Location
}

func (h home) clock() *time.Location {
	if h.zone == nil {
		return time.UTC
	}
	return h.zone
}

func (h home) name() string { return h.clock().String() }

func homeOf(in ProfileInput) home {
	h := home{country: in.Country, zone: in.Zone}
	number := in.Key
	if in.Kind != kindFrom && in.Kind != kindTo {
		number = mostShown(in.Sample)
	}
	if in.Kind == kindProvider || number == "" {
		return h // its callers are from anywhere
	}
	if h.country == "" {
		h.country = numbers.Country(number)
	}
	// A toll-free number lies in all zones of its plan, and says nothing.
	if zones := numbers.TimeZones(number); h.zone == nil && len(zones) == 1 {
		h.zone = zoneNamed(zones[0])
	}
	return h
}

var zones sync.Map // name → *time.Location, read from the machine once

func zoneNamed(name string) *time.Location {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil // a machine without zone data
	}
	zones.Store(name, z)
	return z
}

// mostShown is the number that an account shows most; "" if none.
func mostShown(sample []cases.Call) string {
	n := map[string]int{}
	best := ""
	for _, c := range sample {
		if c.From == "" {
			continue
		}
		n[c.From]++
		if n[c.From] > n[best] || n[c.From] == n[best] && c.From < best {
			best = c.From
		}
	}
	return best
}

// Working hours, local time.
const (
	opens  = 7
	closes = 19
)

func outOfHours(t time.Time) bool {
	return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday || t.Hour() < opens || t.Hour() >= closes
}

// foreign says that a country is another than the caller's; not if either is
// unknown, or one of several that share a numbering plan (001).
func foreign(country, home string) bool {
	return country != "" && home != "" && country != home && country != "001"
}

// hoursAndCountries adds when and whereto. Out of hours are nights and
// weekends, when nobody is there to notice that a telephone system is used by
// somebody else (the tutorial of OpenSIPS has thresholds of its own for office
// hours). Entropy is Shannon's, over countries: 0 bits where all calls go to
// one.
func hoursAndCountries(f *figures, t total, h home) {
	if h.zone != nil {
		out := 0
		for at, n := range t.byHour {
			if outOfHours(at.In(h.zone)) {
				out += n
			}
		}
		f.share(cases.MeasureOutOfHours, "At night and at weekends", "attempts", out, t.Attempts)
	}
	if f.kind == kindTo {
		return
	}
	known, away, top := 0, 0, 0
	entropy := 0.0
	for country, n := range t.Countries {
		if country == "" {
			continue
		}
		known += n
		top = max(top, n)
		if foreign(country, h.country) {
			away += n
		}
	}
	// In a fixed order, so that the sum is the same each time.
	for _, c := range countries(t) {
		if c.Country != "" && known > 0 {
			p := float64(c.Calls) / float64(known)
			entropy -= p * math.Log2(p)
		}
	}
	const of = "attempts to a known country"
	if h.country != "" {
		f.share(cases.MeasureForeign, "To other countries", of, away, known)
		if h.zone != nil {
			f.share(cases.MeasureForeignNight, "To other countries, at night and at weekends", "attempts to other countries", t.awayOutOfHours(h), away)
		}
	}
	f.share(cases.MeasureTopCountry, "To the country called most", of, top, known)
	f.value(cases.MeasureEntropy, "Spread over countries", cases.UnitBits, of, entropy, known)
}

func (t total) awayOutOfHours(h home) int {
	n := 0
	for at, calls := range t.awayAt {
		if outOfHours(at.In(h.zone)) {
			n += calls
		}
	}
	return n
}

// countries are the called ones, most first.
func countries(t total) []cases.CountryShare {
	out := make([]cases.CountryShare, 0, len(t.Countries))
	for c, n := range t.Countries {
		out = append(out, cases.CountryShare{Country: c, Calls: n, Share: over(float64(n), t.Attempts)})
	}
	slices.SortFunc(out, func(a, b cases.CountryShare) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Country, b.Country))
	})
	return out
}

// moneyAndRights adds cost, attestation and complaints.
//
//   - The dearest UTC day has the alarm of a published limit for international
//     calls (SpendAlarm), where most calls go to other countries.
//   - Attestation is A, B, C (ATIS-1000074) or none. An unsigned call is no sign
//     of guilt. TransNexus finds calls signed C three and a half to five times as
//     likely to be robocalls.
//   - Complaints are counts of rare events: the interval is Poisson's.
func moneyAndRights(f *figures, t total, in ProfileInput) {
	if f.kind != kindTo {
		usd := func(micros int64) float64 { return float64(micros) / 1e6 }
		f.value(cases.MeasureCost, "Cost", cases.UnitUSD, "attempts", usd(t.CostMicros), t.Attempts)
		var dearest int64
		for _, micros := range t.costOfDay {
			dearest = max(dearest, micros)
		}
		day := f.value(cases.MeasureCostDay, "Cost of the dearest day", cases.UnitUSD, "attempts", usd(dearest), t.Attempts)
		if i := slices.IndexFunc(f.list, func(x cases.Figure) bool { return x.Measure == cases.MeasureForeign }); i >= 0 && f.list[i].Estimate != nil && f.list[i].Estimate.Value > 0.5 {
			alarmAt(day, SpendAlarm, sourceSpend)
		}
		minute := f.value(cases.MeasureCostMinute, "Cost of a minute", cases.UnitUSDMin, "answered calls", over(60*usd(t.CostMicros), int(t.BilledSecs)), t.Answered)
		if t.BilledSecs == 0 {
			minute.Estimate = nil
		}
	}
	f.share(cases.MeasureAttestA, "Signed A", "attempts", t.AttestA, t.Attempts)
	f.share(cases.MeasureAttestB, "Signed B", "attempts", t.AttestB, t.Attempts)
	f.share(cases.MeasureAttestC, "Signed C", "attempts", t.AttestC, t.Attempts)
	f.share(cases.MeasureUnsigned, "Not signed", "attempts", t.Unsigned, t.Attempts)
	x := cases.Figure{Measure: cases.MeasureComplaints, Name: "Complaints for 10,000 calls", Unit: cases.UnitPer10k, N: t.Attempts, Of: "attempts"}
	if t.Attempts >= cases.MinSample {
		low, high := Poisson(in.Complaints)
		per := 10_000 / float64(t.Attempts)
		x.Estimate = &cases.Estimate{Value: float64(in.Complaints) * per, Low: low * per, High: high * per, Interval: true}
	}
	f.add(x)
}
