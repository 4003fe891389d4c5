package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// dice are thrown again for each hour of each habit.
type dice struct {
	*rand.Rand
	pcg *rand.PCG
}

func newDice() dice {
	pcg := rand.NewPCG(0, 0)
	return dice{rand.New(pcg), pcg}
}

// CallTruth is what is known of one call.
type CallTruth struct {
	Habit string
	Bad   bool
	// Complaint says that somebody reports it, and when.
	Complaint time.Time
}

// starts are when calls of a habit begin in the hour at t, in order; position
// is the first one's.
func (h *habit) starts(d dice, t time.Time) (starts []time.Duration, position uint64) {
	hour := t.Unix() / 3600
	local := t.Add(h.zone)
	rate := h.hourly[local.Hour()]
	if rate == 0 || !h.since.IsZero() && (!t.Add(time.Hour).After(h.since) || !t.Before(h.until)) {
		return nil, 0
	}
	if w := local.Weekday(); w == time.Saturday || w == time.Sunday {
		rate *= h.weekend
	}
	d.pcg.Seed(h.id, uint64(hour))
	// Each hour goes on somewhere else in the range that is dialled through.
	position = uint64(hour) * 977
	n, within := 0, time.Hour
	if h.size > 0 {
		if d.Float64() < rate {
			n = poisson(d.Rand, h.size*math.Exp(0.3*d.NormFloat64()))
			within = min(time.Hour, time.Duration(h.within*float64(time.Minute)))
		}
	} else {
		day := mix(h.id, uint64(local.Unix()/86400))
		// Two even shares make a normal one (Box and Muller).
		z := math.Sqrt(-2*math.Log(1-part(day))) * math.Cos(2*math.Pi*part(mix(day, 1)))
		n = poisson(d.Rand, rate*math.Exp(dayToDay*z-dayToDay*dayToDay/2))
	}
	starts = make([]time.Duration, n)
	for i := range starts {
		if h.evenly {
			starts[i] = within * time.Duration(i) / time.Duration(n)
			starts[i] += time.Duration(d.Float64() * 0.3 * float64(within) / float64(n))
		} else {
			starts[i] = time.Duration(d.Int64N(int64(within)))
		}
		starts[i] = starts[i].Truncate(time.Millisecond)
	}
	slices.Sort(starts)
	return starts, position
}

// hour makes the calls of a habit that begin in the hour at t, in order of
// time. Without ids it is faster, and the calls are otherwise the same.
func (p *Population) hour(h *habit, d dice, t time.Time, ids bool, yield func(cases.Call, CallTruth)) {
	starts, position := h.starts(d, t)
	for i, start := range starts {
		at := t.Add(start)
		c, truth := p.call(h, d, at, position+uint64(i))
		if !h.since.IsZero() && (at.Before(h.since) || !at.Before(h.until)) {
			continue
		}
		if ids {
			c.SourceID = fmt.Sprintf("%012x-%x-%x", h.id>>16, t.Unix()/3600, i)
			c.CallID = fmt.Sprintf("%016x@%s.example.net", mix(h.id, uint64(at.UnixNano())), c.Source)
			c.DialledRaw = c.To[1:]
			if c.Direction == "outbound" && c.AccountID != "" {
				c.Connection = "sip-" + c.AccountID
			}
		}
		yield(c, truth)
	}
}

var providers = [...]string{"meridian", "paragon", "lumen-bridge", "transit-7", "coastal", "bluefield"}

// call is one call of a habit.
func (p *Population) call(h *habit, d dice, at time.Time, position uint64) (cases.Call, CallTruth) {
	to := h.dial(d.Rand, position)
	shown := h.show(d.Rand, to, at.Unix()/(7*86400))
	c := cases.Call{Source: SwitchEast, Direction: "outbound", From: shown, To: to.number, ToCountry: to.country, StartedAt: at,
		EgressPeer: providers[d.IntN(3)], PDDMillis: 300 + int(d.ExpFloat64()*900)}
	if h.zone <= -7*time.Hour {
		c.Source = SwitchWest
	}
	switch {
	case h.m.spoofs >= 0:
		c.Peer = providers[3+h.m.spoofs%3]
		if d.Float64() < toOurCustomers {
			i := d.IntN(p.params.Customers)
			c.Direction, c.EgressPeer, c.AccountID = "inbound", "", accountID(i)
			c.To = p.members[i].number(d.IntN(int(p.members[i].numbers)))
		}
	case h.inbound:
		c.Direction, c.From, c.To, c.ToCountry = "inbound", c.To, c.From, "US"
		c.Peer, c.EgressPeer, c.AccountID = c.EgressPeer, "", h.account
	default:
		c.AccountID = h.account
	}
	switch x := d.Float64(); {
	case x < h.signedA:
		c.Attest = "A"
	case x < h.signedA+h.signedB:
		c.Attest = "B"
	case d.Float64() < 0.7:
		c.Attest = "C"
	}
	truth := CallTruth{Habit: h.name, Bad: h.bad}
	h.end(d, &c, to.rate)
	if c.AnsweredAt != nil && d.Float64() < h.complain {
		truth.Complaint = c.EndedAt.Add(time.Duration(d.ExpFloat64() * 8 * float64(time.Hour)))
	}
	return c, truth
}

// end says how a call ends.
func (h *habit) end(d dice, c *cases.Call, rate int64) {
	rang := c.StartedAt.Add(time.Duration(c.PDDMillis) * time.Millisecond)
	ended := rang
	c.RateMicros = rate
	x := d.Float64()
	below := func(share float64) bool {
		x -= share
		return x < 0
	}
	fails := func(sip, q850 int, by string, after time.Duration) {
		c.SIPCode, c.Q850, c.HungUpBy = sip, q850, by
		ended = ended.Add(after)
	}
	ringing := time.Duration(1+d.ExpFloat64()*8) * time.Second
	switch {
	case below(h.answered):
		seconds := h.seconds(d)
		answered := rang.Add(min(ringing, 40*time.Second))
		c.AnsweredAt, c.ProgressAt = &answered, &rang
		ended = answered.Add(time.Duration(seconds) * time.Second)
		c.BilledSeconds, c.SIPCode, c.Q850, c.HungUpBy = seconds, 200, 16, "caller"
		if d.Float64() < h.hangsUp {
			c.HungUpBy = "called"
		}
		if c.Direction == "outbound" {
			c.CostMicros = int64(seconds) * rate / 60
		}
	case below(h.invalid):
		fails(404, 1, "network", 0)
	case below(h.failed):
		fails(503, 34, "network", 0)
	case below(h.busy):
		fails(486, 17, "network", 0)
	case below(h.gaveUp):
		c.ProgressAt = &rang
		fails(487, 16, "caller", ringing)
	case below(h.rejected):
		c.ProgressAt = &rang
		fails(603, 21, "called", ringing/2)
	default:
		c.ProgressAt = &rang
		fails(480, 19, "network", 30*time.Second)
	}
	c.EndedAt = &ended
}

const (
	talkSpread = 1.0 // standard deviation of the logarithm of a conversation's length
	longestUS  = 4 * 3600
)

// seconds is how long an answered call lasts.
func (h *habit) seconds(d dice) int {
	x := d.Float64()
	switch {
	case x < h.short:
		return 1 + d.IntN(6)
	case x < h.short+h.long:
		return lasting(d, h.longTalk, 0.6)
	case h.message == 0:
		return lasting(d, h.talk, talkSpread)
	case d.Float64() < hearsAll:
		return int(h.message) + d.IntN(4)
	}
	return min(7+int(d.ExpFloat64()*h.message*0.4), int(h.message))
}

func lasting(d dice, mean, spread float64) int {
	return min(max(7, int(mean*math.Exp(spread*d.NormFloat64()-spread*spread/2))), longestUS)
}
