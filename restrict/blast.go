package restrict

import (
	"cmp"
	"container/heap"
	"maps"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// Radius is what a restriction would have stopped, had it been in force.
type Radius struct {
	Day  Damage `json:"last_24_hours"`
	Week Damage `json:"last_7_days"`
	// Sample is how many calls were looked at; with Truncated there were more, and
	// Since is the oldest of those looked at.
	Sample    int       `json:"sample"`
	Truncated bool      `json:"truncated"`
	Since     time.Time `json:"since,omitzero"`
}

// Damage is a Radius over one window up to now.
type Damage struct {
	Calls        int      `json:"calls"` // attempts that would have been refused
	Answered     int      `json:"answered"`
	Seconds      int64    `json:"billed_seconds"`
	Destinations int      `json:"destinations"` // distinct called numbers
	Countries    []string `json:"countries"`    // of those, sorted
	Of           int      `json:"of"`           // calls in the window, refused or not
	Emergency    int      `json:"emergency"`    // emergency calls in the window: none of them is in Calls
	Unpriced     int      `json:"unpriced"`     // the price is capped, and that of these calls is not known: not in Calls
}

// Minutes of conversation that would not have taken place.
func (d Damage) Minutes() float64 { return float64(d.Seconds) / 60 }

// Share of the calls in the window, 0 to 1; 0 without calls.
func (d Damage) Share() float64 {
	if d.Of == 0 {
		return 0
	}
	return float64(d.Calls) / float64(d.Of)
}

// Blast replays the calls of the past seven days against a restriction. calls
// are the traffic that it would lie on (with that of sub-accounts), in any order;
// inbound ones are passed over. conns give the country whose emergency numbers
// hold and the tech prefix. truncated is passed on. r must have passed
// Restriction.Validate; the radius of any other is empty, with no sample.
//
// A channel limit is replayed in time: a call is refused when as many of those
// that were let through are still in progress.
func Blast(calls []cases.Call, r cases.Restriction, conns []cases.Connection, e *numbers.Emergency, rates *numbers.RateDeck, now time.Time, truncated bool) Radius {
	u, err := newRule(r)
	if err != nil {
		return Radius{}
	}
	byID := make(map[string]cases.Connection, len(conns))
	for _, c := range conns {
		byID[c.ID] = c
	}
	weekAgo, dayAgo := now.Add(-7*24*time.Hour), now.Add(-24*time.Hour)
	past := slices.DeleteFunc(slices.Clone(calls), func(c cases.Call) bool {
		return c.Direction == "inbound" || c.StartedAt.Before(weekAgo) || c.StartedAt.After(now)
	})
	slices.SortStableFunc(past, func(a, b cases.Call) int { return a.StartedAt.Compare(b.StartedAt) })
	out := Radius{Sample: len(past), Truncated: truncated}
	if len(past) > 0 {
		out.Since = past[0].StartedAt
	}
	day, week := newTally(), newTally()
	var inProgress ends
	for _, c := range past {
		for len(inProgress) > 0 && !inProgress[0].After(c.StartedAt) {
			heap.Pop(&inProgress)
		}
		conn := byID[c.Connection]
		w := wouldBe(c, r, u, conn, e, rates, len(inProgress))
		if w.concerned && w.reason == ReasonNone {
			heap.Push(&inProgress, ended(c))
		}
		week.add(c, w)
		if !c.StartedAt.Before(dayAgo) {
			day.add(c, w)
		}
	}
	out.Day, out.Week = day.damage(), week.damage()
	return out
}

// verdict is what would have become of one call.
type verdict struct {
	concerned bool // the restriction lies on it
	emergency bool
	unpriced  bool
	reason    ReasonCode
}

func wouldBe(c cases.Call, r cases.Restriction, u *rule, conn cases.Connection, e *numbers.Emergency, rates *numbers.RateDeck, active int) verdict {
	v := verdict{concerned: true}
	switch r.TargetKind {
	case cases.TargetConnection:
		v.concerned = c.Connection == r.TargetID
	case cases.TargetNumber:
		v.concerned = callerNumber(user(c.From), conn.Country) == r.TargetID
	}
	dialled := cmp.Or(c.DialledRaw, c.To)
	v.emergency = e.Match(dialled, conn.Country, conn.TechPrefix) || e.Match(c.To, conn.Country, conn.TechPrefix)
	if v.emergency || !v.concerned {
		return v
	}
	to := cmp.Or(c.To, c.DialledRaw)
	k := call{dialled: to, to: user(to), country: conn.Country, active: active, rate: -1, deck: rates, failMode: FailOpen}
	if c.BilledSeconds > 0 && c.CostMicros > 0 {
		k.rate = c.CostMicros * 60 / int64(c.BilledSeconds)
	}
	v.reason = u.refuses(&k)
	v.unpriced = k.rateUnknown
	return v
}

// ended is when a call stopped to occupy a channel.
func ended(c cases.Call) time.Time {
	if c.EndedAt != nil {
		return *c.EndedAt
	}
	start := c.StartedAt
	if c.AnsweredAt != nil {
		start = *c.AnsweredAt
	}
	return start.Add(time.Duration(c.BilledSeconds) * time.Second)
}

// tally adds up one window.
type tally struct {
	d            Damage
	destinations map[string]struct{}
}

func newTally() *tally { return &tally{destinations: map[string]struct{}{}} }

func (t *tally) add(c cases.Call, w verdict) {
	t.d.Of++
	if w.emergency {
		t.d.Emergency++
	}
	if w.unpriced {
		t.d.Unpriced++
	}
	if w.reason == ReasonNone {
		return
	}
	t.d.Calls++
	if c.Answered() {
		t.d.Answered++
	}
	t.d.Seconds += int64(c.BilledSeconds)
	t.destinations[cmp.Or(c.To, c.DialledRaw)] = struct{}{}
}

func (t *tally) damage() Damage {
	t.d.Destinations = len(t.destinations)
	countries := map[string]struct{}{}
	for n := range t.destinations {
		if c := numbers.Country(n); c != "" {
			countries[c] = struct{}{}
		}
	}
	t.d.Countries = slices.Sorted(maps.Keys(countries))
	return t.d
}

// ends is a heap of the times at which calls in progress end.
type ends []time.Time

func (h ends) Len() int           { return len(h) }
func (h ends) Less(i, j int) bool { return h[i].Before(h[j]) }
func (h ends) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *ends) Push(x any)        { *h = append(*h, x.(time.Time)) }
func (h *ends) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
