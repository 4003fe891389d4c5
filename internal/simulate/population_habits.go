package simulate

import (
	"math"
	"math/rand/v2"
	"time"
)

// habit is one of a customer's habits: his own draw from the ranges of traits.
type habit struct {
	*traits
	id           uint64 // of the seed, the customer and the habit
	account      string
	m            *member
	zone         time.Duration
	hourly       [24]float64 // calls in each hour of a working day; of a blast: chance that it is then
	weekend      float64
	size, within float64 // of blasts
	circle       float64
	fresh        float64
	answered     float64
	invalid      float64
	busy         float64
	gaveUp       float64
	rejected     float64
	failed       float64
	short        float64
	talk         float64
	message      float64
	long         float64
	longTalk     float64
	hangsUp      float64
	signedA      float64
	signedB      float64
	complain     float64
	since, until time.Time // zero: always
	lands        []land
	shown        []string // invented, rotating or a victim's numbers
}

// habits draws those of a member. What is drawn does not depend on which habits
// he has: each has its own dice.
func (p *Population) habits(i int) []habit {
	m := &p.members[i]
	var out []habit
	for k := range m.kind.habits {
		t := &m.kind.habits[k]
		id := mix(mix(p.params.Seed, uint64(i)), uint64(k))
		r := rand.New(rand.NewPCG(id, 0xab17))
		if t.chance > 0 && r.Float64() >= t.chance {
			continue
		}
		h := habit{traits: t, id: id, account: accountID(i), m: m, zone: zoneOf(int(m.npa)), weekend: t.weekend.even(r), within: t.within.log(r), circle: math.Round(t.circle.log(r)), fresh: t.fresh.even(r),
			answered: t.answered.even(r), invalid: t.invalid.even(r), busy: t.busy.even(r), gaveUp: t.gaveUp.even(r), rejected: t.rejected.even(r), failed: t.failed.even(r),
			short: t.short.even(r), talk: t.talk.log(r), message: t.message.even(r), long: t.long.even(r), longTalk: t.longTalk.log(r), hangsUp: t.hangsUp.even(r),
			signedA: t.signedA.even(r), signedB: t.signedB.even(r), complain: t.complain.even(r)}
		if m.byo && !t.inbound && !t.bad {
			h.signedA, h.signedB = m.ownCalls, 1-m.ownCalls
		}
		perDay := t.perDay.log(r)
		weight := 0.0
		for _, w := range t.hours {
			weight += w
		}
		m.spite(&h, perDay, r)
		if blasts := t.blasts.log(r); blasts > 0 {
			h.size, h.weekend = perDay, 0.2
			perDay = blasts / 5
		}
		for x, w := range t.hours {
			h.hourly[x] = perDay * w / weight
		}
		p.period(&h, r)
		h.lands = landsOf(t.callees, r)
		p.draw(&h, r)
		out = append(out, h)
	}
	return out
}

// period draws when a habit began and stopped: within the history, a day of it
// at least before it stopped.
func (p *Population) period(h *habit, r *rand.Rand) {
	began, ended := h.active.log(r), h.ends.even(r)
	if began == 0 {
		return
	}
	days := func(x float64) time.Duration { return time.Duration(x * 24 * float64(time.Hour)) }
	began = max(began, ended+0.6)
	h.since, h.until = p.params.End.Add(-days(began)), p.params.End.Add(-days(ended))
	if h.m.opened.After(h.since) && !h.m.opened.After(h.until.Add(-24*time.Hour)) {
		h.since = h.m.opened
	}
}

func landsOf(callees int, r *rand.Rand) []land {
	switch callees {
	case toAbroad:
		from := abroad[:commonLands]
		if r.IntN(8) == 0 {
			from = abroad
		}
		n := 1 + r.IntN(3)
		out := make([]land, n)
		for i := range out {
			out[i] = from[r.IntN(len(from))]
		}
		if len(from) > commonLands { // at least one of the dear ones
			out[0] = abroad[commonLands+r.IntN(len(abroad)-commonLands)]
		}
		return out
	case toDear:
		n := 1 + r.IntN(3)
		out := make([]land, n)
		for i, at := range r.Perm(len(dear))[:n] {
			out[i] = dear[at]
		}
		return out
	}
	return nil
}

// draw fills in the numbers that a habit shows.
func (p *Population) draw(h *habit, r *rand.Rand) {
	switch h.shows {
	case showInvented:
		for range 1 + r.IntN(10) {
			h.shown = append(h.shown, person(r.Uint64(), -1).number)
		}
	case showRotating:
		// A third of his numbers in a week.
		for k := range int(h.m.numbers) {
			h.shown = append(h.shown, h.m.number(k))
		}
	case showVictim:
		victim := h.m.spoofs
		for victim < 0 {
			if i := r.IntN(p.params.Customers); p.members[i].kind.truth == TruthHonest || p.params.Customers < 10 {
				victim = int32(i)
			}
		}
		h.shown = []string{p.members[victim].number(0)}
	}
}

// own is a number of the member, or of someone else as the habit shows it.
func (h *habit) show(r *rand.Rand, to destination, week int64) string {
	switch h.shows {
	case showMain:
		return h.m.number(0)
	case showNeighbour:
		line := r.IntN(9800) + 200
		b := []byte(to.number)
		for i := 11; i > 7; i-- {
			b[i] = byte('0' + line%10)
			line /= 10
		}
		return string(b)
	case showInvented, showVictim:
		return h.shown[r.IntN(len(h.shown))]
	case showRotating:
		n := max(1, len(h.shown)/3)
		return h.shown[(int(week)*n+r.IntN(n))%len(h.shown)]
	}
	return h.m.number(r.IntN(int(h.m.numbers)))
}

// dial is who is called next; position counts the calls of the habit.
func (h *habit) dial(r *rand.Rand, position uint64) destination {
	switch h.callees {
	case toRandom, toList:
		return person(r.Uint64(), -1)
	case toNearby:
		return person(r.Uint64(), int(h.m.npa))
	case toOne:
		return person(h.id, -1)
	case toSequence:
		// Steps of one to four, 2.5 on average; the area in one exchange after the other.
		at := position*5/2 + uint64(r.IntN(2))
		return destination{northAmerican(int(h.m.npa), 1+int(at/9800%4), int(at%9800)+200), "US", 7000}
	case toAbroad, toDear:
		l := h.lands[r.IntN(len(h.lands))]
		if h.callees == toDear {
			// A few dozen numbers, whose owner is paid.
			return l.number(mix(h.id, uint64(r.IntN(40))))
		}
		return l.number(mix(h.id, h.acquaintance(r)))
	}
	if r.Float64() < h.fresh {
		return person(r.Uint64(), h.place(r))
	}
	a := h.acquaintance(r)
	npa := -1
	if mix(h.id, a)%10 < 7 {
		npa = int(h.m.npa)
	}
	return person(mix(h.id, a), npa)
}

// place: seven of ten live in the same area.
func (h *habit) place(r *rand.Rand) int {
	if r.IntN(10) < 7 {
		return int(h.m.npa)
	}
	return -1
}

// acquaintance is one of the circle, the first called most.
func (h *habit) acquaintance(r *rand.Rand) uint64 {
	x := r.Float64()
	return uint64(h.circle * x * math.Sqrt(x))
}
