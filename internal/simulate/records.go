package simulate

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// callsOf returns the records of a pattern's calls that started in [from, to),
// in order of time.
func (c *Carrier) callsOf(p pattern, from, to time.Time) []cases.Call {
	var out []cases.Call
	id := fnv.New64a()
	id.Write([]byte(p.id))
	for h := from.Truncate(time.Hour); h.Before(to); h = h.Add(time.Hour) {
		r := rand.New(rand.NewPCG(c.params.Seed^id.Sum64(), uint64(h.Unix())))
		starts := make([]time.Duration, poisson(r, p.rate(h)))
		for i := range starts {
			starts[i] = time.Duration(r.Int64N(int64(time.Hour))).Truncate(time.Millisecond)
		}
		slices.Sort(starts)
		for i, start := range starts {
			at := h.Add(start)
			call := c.record(p, at, r)
			call.SourceID = fmt.Sprintf("%s-%d-%d", p.id, h.Unix()/3600, i)
			if at.Before(from) || !at.Before(to) || !p.from.IsZero() && (at.Before(p.from) || !at.Before(p.to)) {
				continue
			}
			out = append(out, call)
		}
	}
	return out
}

// record is one call of a pattern.
func (c *Carrier) record(p pattern, at time.Time, r *rand.Rand) cases.Call {
	our, their := p.our(r), p.their(r)
	call := cases.Call{Source: p.source, CallID: fmt.Sprintf("%016x@%s.example.net", r.Uint64(), p.source), AccountID: p.account, Connection: "sip-" + p.account,
		Direction: "outbound", From: our, To: their, StartedAt: at, PDDMillis: 400 + int(r.ExpFloat64()*900), EgressPeer: "meridian", Attest: p.attest(r)}
	for _, conn := range c.Connections {
		if conn.ID == call.Connection {
			call.SourceIP = conn.SourceIPs[0]
			call.DialledRaw = conn.TechPrefix + their[1:]
		}
	}
	if p.inbound {
		call.Direction, call.From, call.To, call.Connection, call.SourceIP, call.DialledRaw = "inbound", their, our, "", "203.0.113.7", our[1:]
		call.Peer, call.EgressPeer = call.EgressPeer, ""
		if call.Attest != "" {
			call.Verstat = "TN-Validation-Passed-" + call.Attest
		} else {
			call.Verstat = "No-TN-Validation"
		}
	}
	ended := at.Add(time.Duration(call.PDDMillis) * time.Millisecond)
	switch x := r.Float64(); {
	case x < p.answered:
		ring := time.Duration(2+r.ExpFloat64()*6) * time.Second
		answered := at.Add(min(ring, 30*time.Second))
		seconds := duration(r, p)
		ended = answered.Add(time.Duration(seconds) * time.Second)
		call.AnsweredAt, call.BilledSeconds, call.SIPCode, call.Q850 = &answered, seconds, 200, 16
		call.HungUpBy = "called"
		if r.Float64() < 0.5 {
			call.HungUpBy = "caller"
		}
		if !p.inbound {
			call.CostMicros = int64(seconds) * p.perMinute / 60
		}
	case x < p.answered+p.invalid:
		call.SIPCode, call.Q850, call.HungUpBy = 404, 1, "network"
	default:
		code := [...]struct{ sip, q850 int }{{486, 17}, {480, 18}, {480, 19}, {487, 16}, {503, 34}}[r.IntN(5)]
		call.SIPCode, call.Q850, call.HungUpBy = code.sip, code.q850, "network"
		if code.sip == 487 {
			call.HungUpBy = "caller"
		}
		ended = ended.Add(time.Duration(8+r.IntN(24)) * time.Second)
	}
	call.EndedAt = &ended
	return call
}

// longest keeps every call shorter than Lag, so that all have ended when their
// time is declared complete.
const longest = 14 * 60

func duration(r *rand.Rand, p pattern) int {
	if r.Float64() < p.short {
		return 1 + r.IntN(6)
	}
	// Log-normal, as durations of calls are, with the mean asked for.
	const sigma = 0.8
	mu := math.Log(p.mean) - sigma*sigma/2
	return min(max(7, int(math.Exp(mu+sigma*r.NormFloat64()))), longest)
}

func poisson(r *rand.Rand, mean float64) int {
	if mean <= 0 {
		return 0
	}
	if mean > 60 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*r.NormFloat64())))
	}
	n, limit := 0, math.Exp(-mean)
	for p := r.Float64(); p > limit; p *= r.Float64() {
		n++
	}
	return n
}
