package simulate

import (
	"math/rand/v2"
	"time"
)

// Hours of the day, in the customer's own time.
type hours [24]float64

var (
	office   = hours{8: 1, 9: 3, 10: 4, 11: 4, 12: 2, 13: 3, 14: 4, 15: 4, 16: 3, 17: 1}
	daytime  = hours{9: 2, 10: 4, 11: 4, 12: 3, 13: 4, 14: 4, 15: 4, 16: 4, 17: 4, 18: 3, 19: 2}
	evening  = hours{8: 1, 10: 1, 12: 1, 14: 1, 17: 2, 18: 3, 19: 3, 20: 2, 21: 1}
	always   = hours{1, 1, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1}
	deepest  = hours{1: 3, 2: 4, 3: 4, 4: 2}
	homework = hours{15: 1, 16: 6, 17: 2}
)

// Zones without summer time, so that the history does not depend on the time
// zone data of the machine.
var (
	east = time.FixedZone("EST", -5*3600)
	west = time.FixedZone("PST", -8*3600)
)

// pattern is one habit of calling: who calls whom, when, and how it ends. Its
// calls in an hour depend on the seed, its id and the hour alone.
type pattern struct {
	id        string
	account   string
	source    string
	inbound   bool // from outside to a number of the account
	perDay    float64
	fixed     bool // not scaled with the size of the history
	weekend   float64
	hours     hours
	zone      *time.Location
	from, to  time.Time               // active in [from, to); zero: always
	our       func(*rand.Rand) string // the number on the customer's side
	their     func(*rand.Rand) string // the number on the other side
	answered  float64                 // share of attempts
	short     float64                 // of the answered, at most 6 s
	mean      float64                 // seconds of the others
	invalid   float64                 // share of attempts to numbers that do not exist
	attest    func(*rand.Rand) string // how the call was signed
	perMinute int64                   // micro-USD
}

func constant(s string) func(*rand.Rand) string { return func(*rand.Rand) string { return s } }

func oneOf(list []string) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return list[r.IntN(len(list))] }
}

// circle is the people that a customer calls again and again.
func circle(seed uint64, n int) func(*rand.Rand) string {
	r := rand.New(rand.NewPCG(seed, 0xc1))
	list := make([]string, n)
	for i := range list {
		list[i] = anyPhone(r)
	}
	return oneOf(list)
}

// signed by other carriers, as calls from outside arrive.
func signedOutside(r *rand.Rand) string {
	switch x := r.Float64(); {
	case x < 0.55:
		return "A"
	case x < 0.65:
		return "B"
	case x < 0.75:
		return "C"
	}
	return ""
}

// traffic fills in the patterns and scales them to the number of calls wanted.
func (c *Carrier) traffic() {
	a := constant("A")
	cast, seed := c.Cast, c.params.Seed
	day := func(n int) time.Time { return c.through.AddDate(0, 0, n) }
	shown := func(r *rand.Rand) string { // one number mostly, the rest invented
		if r.Float64() < 0.7 {
			return cast.CampaignCaller
		}
		return phone("216", 8000+r.IntN(400))
	}
	c.patterns = []pattern{
		{id: "campaign", account: cast.Robocaller, perDay: 3000, weekend: 1, hours: daytime, from: day(-6), to: c.through, our: shown, their: anyPhone,
			answered: 0.34, short: 0.55, mean: 24, invalid: 0.11, attest: constant("B")},
		{id: "acme-own", account: cast.Robocaller, perDay: 40, hours: office, our: oneOf(c.lines(cast.Robocaller)), their: circle(seed+1, 60), answered: 0.6, short: 0.1, mean: 140, attest: a},
		{id: "reminders", account: cast.Pharmacy, perDay: 150, weekend: 0.6, hours: daytime, our: constant(cast.PharmacyLine), their: circle(seed+2, 1400),
			answered: 0.66, short: 0.08, mean: 27, invalid: 0.01, attest: a},
		{id: "pharmacy-shops", account: cast.Pharmacy, perDay: 50, weekend: 0.6, hours: daytime, our: oneOf(c.lines(cast.Pharmacy)[1:]), their: circle(seed+3, 400), answered: 0.7, short: 0.05, mean: 110, attest: a},
		{id: "dental", account: cast.Hijacked, perDay: 60, hours: office, our: oneOf(c.lines(cast.Hijacked)), their: circle(seed+4, 500), answered: 0.72, short: 0.05, mean: 95, attest: a},
		{id: "dental-in", account: cast.Hijacked, inbound: true, perDay: 55, hours: office, our: constant(cast.HijackedLine), their: circle(seed+4, 500), answered: 0.85, short: 0.04, mean: 120, attest: signedOutside},
		{id: "night", account: cast.Hijacked, perDay: 74, fixed: true, weekend: 1, hours: deepest, from: day(-3), to: c.through, our: constant(cast.HijackedLine), their: premium,
			answered: 0.91, short: 0, mean: 540, attest: a, perMinute: 480_000},
		{id: "bakery", account: cast.SpoofVictim, perDay: 10, weekend: 1, hours: always, our: constant(c.line(cast.SpoofVictim, 1)), their: circle(seed+5, 40), answered: 0.8, short: 0.02, mean: 80, attest: a},
		{id: "bakery-in", account: cast.SpoofVictim, inbound: true, perDay: 22, weekend: 1, hours: daytime, our: constant(cast.SpoofedNumber), their: circle(seed+6, 200), answered: 0.9, short: 0.02, mean: 70, attest: signedOutside},
		// People who missed a call that showed the bakery's number call it back.
		{id: "bakery-callbacks", account: cast.SpoofVictim, inbound: true, perDay: 70, weekend: 1, hours: daytime, from: day(-5), to: c.through, our: constant(cast.SpoofedNumber), their: anyPhone, answered: 0.5, short: 0.3, mean: 35, attest: signedOutside},
		{id: "hospital", account: "st-anne", perDay: 130, weekend: 0.7, hours: always, our: oneOf(c.lines("st-anne")), their: circle(seed+7, 900), answered: 0.74, short: 0.04, mean: 130, attest: a},
		{id: "hospital-in", account: "st-anne", inbound: true, perDay: 150, weekend: 0.7, hours: always, our: oneOf(c.lines("st-anne")), their: circle(seed+7, 900), answered: 0.93, short: 0.03, mean: 160, attest: signedOutside},
		{id: "support", account: "summit-support", perDay: 330, weekend: 0.4, hours: daytime, our: oneOf(c.lines("summit-support")), their: circle(seed+8, 5000), answered: 0.58, short: 0.09, mean: 240, invalid: 0.02, attest: a},
		{id: "school-alerts", account: "oakridge-schools", perDay: 110, hours: homework, our: constant(c.line("oakridge-schools", 0)), their: circle(seed+9, 1200), answered: 0.7, short: 0.12, mean: 26, attest: a},
		{id: "solar", account: "brightline-solar", perDay: 70, hours: daytime, our: oneOf(c.lines("brightline-solar")), their: anyPhone, answered: 0.3, short: 0.25, mean: 60, invalid: 0.04, attest: a},
		{id: "attorneys", account: "pine-legal", perDay: 35, hours: office, our: oneOf(c.lines("pine-legal")), their: circle(seed+10, 90), answered: 0.65, short: 0.04, mean: 300, attest: a},
		{id: "vet", account: "lakeside-vet", perDay: 25, weekend: 0.5, hours: office, our: oneOf(append(c.lines("lakeside-vet"), cast.Reassigned)), their: circle(seed+11, 150), answered: 0.7, short: 0.04, mean: 100, attest: a},
		{id: "plumber", account: "rios-plumbing", perDay: 18, weekend: 0.8, hours: always, our: oneOf(c.lines("rios-plumbing")), their: circle(seed+12, 80), answered: 0.75, short: 0.05, mean: 85, attest: a},
		{id: "okafor", account: "j-okafor", perDay: 6, weekend: 1.3, hours: evening, our: constant(c.line("j-okafor", 0)), their: circle(seed+13, 20), answered: 0.8, short: 0.03, mean: 260, attest: a},
	}
	expected, fixed := 0.0, 0.0
	for i := range c.patterns {
		p := &c.patterns[i]
		for _, cu := range customers {
			if cu.id == p.account {
				p.source = cu.source
			}
		}
		p.zone = east
		if p.source == SwitchWest {
			p.zone = west
		}
		if p.perMinute == 0 {
			p.perMinute = 9_000
		}
		n := 0.0
		for h := c.from; h.Before(c.through); h = h.Add(time.Hour) {
			n += p.rate(h)
		}
		if p.fixed {
			fixed += n
		} else {
			expected += n
		}
	}
	scale := (float64(c.params.Calls) - fixed) / expected
	for i := range c.patterns {
		if !c.patterns[i].fixed {
			c.patterns[i].perDay *= scale
		}
	}
}

func (c *Carrier) pattern(id string) pattern {
	for _, p := range c.patterns {
		if p.id == id {
			return p
		}
	}
	panic("no pattern " + id)
}

// rate is the mean number of calls in the hour that begins at h.
func (p pattern) rate(h time.Time) float64 {
	if !p.from.IsZero() && (h.Add(time.Hour).Before(p.from) || !h.Before(p.to)) {
		return 0
	}
	local := h.In(p.zone)
	sum := 0.0
	for _, w := range p.hours {
		sum += w
	}
	n := p.perDay * p.hours[local.Hour()] / sum
	if d := local.Weekday(); d == time.Saturday || d == time.Sunday {
		n *= p.weekend
	}
	return n
}
