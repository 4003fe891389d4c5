package simulate

import "time"

// This file is the whole of what is assumed about customers of a carrier. The
// figures are judgements of plausible ranges, written down before any classifier was
// tuned; where a published figure exists it is named. Each customer draws his own
// traits from the ranges of his kind, once.

// Truths of a customer.
const (
	TruthHonest      = "honest"
	TruthRobocaller  = "robocaller"
	TruthCompromised = "compromised" // hijacked, and honest himself
)

// DefaultCustomers, DefaultHistory and BaseRate: 50,000 customers and one bad
// among a thousand, seen for four weeks.
const (
	DefaultCustomers = 50_000
	DefaultHistory   = 28 // days
	BaseRate         = 0.001
	maxCustomers     = 100_000 // more would need more numbers than the exchanges have
)

// PopulationEnd is where the history ends unless told otherwise: a Monday, 00:00
// UTC, so that the last week is one whole week. All of the four weeks before
// is winter time in North America.
var PopulationEnd = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)

// span is a range that a trait is drawn from: evenly, or evenly in its
// logarithm where the trait is a count, a rate or a duration (see draw).
type span struct{ from, to float64 }

func just(x float64) span { return span{x, x} }

// Whom a habit calls.
const (
	toCircle   = iota // people called again and again, some more often than others
	toList            // a bought list: a new number each time
	toRandom          // any number of the country, dialled at random
	toSequence        // a range, dialled through in steps of one to four
	toNearby          // a new number each time, in the caller's own area
	toOne             // always the same number
	toAbroad          // a circle in other countries
	toDear            // numbers in one or few countries of high cost
)

// What number a habit shows.
const (
	showOwn       = iota // his numbers, at random
	showMain             // his first
	showRotating         // some of his, others each week
	showNeighbour        // the area code and exchange of whoever is called
	showInvented         // a few numbers that are nobody's
	showVictim           // a number of another, innocent customer of ours
)

// traits are one habit of a kind of customer.
type traits struct {
	name     string
	chance   float64 // share of the kind that has this habit; 0: all
	bad      bool    // what is bad about a bad customer
	inbound  bool    // called by others, rather than calling
	perDay   span    // calls on a working day
	weekend  span    // those of a weekend day, as a share
	hours    hours   // in his own time
	evenly   bool    // a machine with a fixed pace, rather than independent calls
	blasts   span    // not zero: perDay is the size of a blast, and this many are made in a week
	within   span    // minutes that a blast takes, at most 60
	callees  int     // toCircle, …
	circle   span    // how many people
	fresh    span    // share of calls to somebody new
	shows    int     // showOwn, …
	answered span    // shares of attempts; what remains is not answered
	invalid  span
	busy     span
	gaveUp   span // cancelled by the caller
	rejected span
	failed   span
	short    span // of the answered, six seconds or less
	talk     span // mean seconds of the others, log-normal
	message  span // not zero: a recording of this many seconds, which most do not hear to its end
	long     span // of the answered, conversations of longTalk on average
	longTalk span
	hangsUp  span // of the answered, ended by the called party
	signedA  span // shares of attempts; what is neither A nor B is signed C or not at all
	signedB  span
	complain span // of the answered who complain
	active   span // days before the end at which a bad habit began; 0: always was
	ends     span // days before the end at which it stopped
}

// kind is a kind of customer.
type kind struct {
	name    string
	truth   string
	share   float64 // of honest customers; of bad ones each kind has the same share
	numbers span
	// byo is the share of them who show numbers of another carrier, to which
	// they have the right: half of them no others, the rest in ownCalls of their
	// calls. A call that shows such a number is signed B.
	byo    float64
	age    span // days since the account was opened
	habits []traits
}

var (
	anyAge   = span{30, 3650}
	newcomer = span{4, 70}
	aroundIt = hours{6: 1, 7: 2, 8: 2, 9: 2, 10: 2, 11: 3, 12: 3, 13: 2, 14: 2, 15: 2, 16: 3, 17: 4, 18: 4, 19: 4, 20: 3, 21: 3, 22: 3, 23: 2, 0: 2, 1: 1, 2: 1}
	flat     = hours{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
	nights   = hours{0: 3, 1: 4, 2: 5, 3: 5, 4: 4, 5: 2, 22: 1, 23: 2}
	schoolAt = hours{6: 2, 7: 1, 12: 1, 15: 3, 16: 4, 17: 4, 18: 3}
)

// talkers is what ordinary calling is like.
var talkers = traits{callees: toCircle, shows: showOwn, answered: span{0.62, 0.85}, invalid: span{0, 0.02}, busy: span{0.02, 0.06}, gaveUp: span{0.02, 0.09},
	rejected: span{0, 0.02}, failed: span{0, 0.02}, short: span{0.01, 0.07}, talk: span{70, 260}, hangsUp: span{0.4, 0.6}, signedA: span{0.98, 1}, signedB: just(0.02),
	complain: span{0, 2e-5}}

// like is ordinary calling with changes.
func like(change func(*traits)) traits {
	t := talkers
	change(&t)
	return t
}

// smallOffice is what a small business does all day, and what a hijacked one
// goes on doing.
func smallOffice(perDay span) []traits {
	return []traits{
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.circle, t.fresh = "office", perDay, span{0, 0.35}, office, span{30, 400}, span{0.05, 0.3}
		}),
		like(func(t *traits) {
			t.name, t.inbound, t.perDay, t.weekend, t.hours, t.circle, t.fresh, t.signedA, t.signedB = "office-in", true, perDay, span{0, 0.3}, office, span{60, 600}, span{0.1, 0.4}, span{0.4, 0.6}, just(0.1)
		}),
	}
}

// kinds of customers. The shares of the honest add up to one.
var kinds = []kind{
	{name: "residential", truth: TruthHonest, share: 0.44, numbers: just(1), age: anyAge, habits: []traits{
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.circle, t.fresh, t.talk = "family", span{0.5, 7}, span{0.8, 1.5}, evening, span{8, 40}, span{0.03, 0.2}, span{90, 420}
		}),
		// Family abroad, also where calls are dear: all their lives, and often at night.
		like(func(t *traits) {
			t.name, t.chance, t.perDay, t.weekend, t.hours, t.callees, t.circle, t.talk = "family-abroad", 0.03, span{0.3, 5}, span{0.8, 2}, aroundIt, toAbroad, span{2, 8}, span{300, 1200}
		}),
		like(func(t *traits) {
			t.name, t.inbound, t.perDay, t.weekend, t.hours, t.circle, t.fresh = "family-in", true, span{0.5, 6}, span{0.8, 1.5}, evening, span{8, 40}, span{0.05, 0.4}
		}),
	}},
	{name: "small_business", truth: TruthHonest, share: 0.355, numbers: span{1, 5}, byo: 0.1, age: anyAge, habits: append(smallOffice(span{4, 60}),
		like(func(t *traits) {
			t.name, t.chance, t.perDay, t.weekend, t.hours, t.callees, t.circle, t.talk = "suppliers-abroad", 0.06, span{0.5, 8}, span{0, 0.5}, flat, toAbroad, span{3, 20}, span{120, 500}
		}))},
	// Open in the evening, at night and at weekends.
	{name: "hospitality", truth: TruthHonest, share: 0.07, numbers: span{1, 4}, byo: 0.1, age: anyAge, habits: []traits{
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.circle, t.fresh, t.talk = "guests", span{4, 60}, span{0.8, 1.6}, aroundIt, span{30, 300}, span{0.3, 0.8}, span{40, 150}
		}),
	}},
	{name: "sleeping", truth: TruthHonest, share: 0.063, numbers: span{1, 2}, age: anyAge, habits: []traits{
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.circle = "rarely", span{0.02, 0.5}, just(0.5), daytime, span{4, 20}
		}),
	}},
	{name: "medium_business", truth: TruthHonest, share: 0.02, numbers: span{8, 60}, byo: 0.15, age: anyAge, habits: append(smallOffice(span{60, 500}),
		like(func(t *traits) {
			t.name, t.chance, t.perDay, t.weekend, t.hours, t.callees, t.circle, t.talk = "branches-abroad", 0.2, span{2, 30}, span{0.1, 0.6}, flat, toAbroad, span{5, 60}, span{150, 600}
		}))},
	{name: "reseller", truth: TruthHonest, share: 0.005, numbers: span{30, 160}, byo: 0.4, age: anyAge, habits: []traits{
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.circle, t.fresh = "end-users", span{150, 1200}, span{0.3, 0.7}, always, span{800, 9000}, span{0.1, 0.4}
		}),
		like(func(t *traits) {
			t.name, t.chance, t.perDay, t.weekend, t.hours, t.callees, t.circle, t.talk = "end-users-abroad", 0.5, span{5, 60}, span{0.5, 1}, always, toAbroad, span{10, 80}, span{120, 500}
		}),
	}},
	// Predictive diallers: many short and abandoned calls, lists with dead numbers in
	// them, the numbers of those on whose behalf they call. US rules allow 3 % of
	// answered calls abandoned by the dialler (47 CFR 64.1200(a)(7)).
	{name: "call_centre", truth: TruthHonest, share: 0.004, numbers: span{3, 60}, byo: 0.45, age: anyAge, habits: []traits{
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.callees, t.circle, t.fresh = "dialler", span{200, 2500}, span{0, 0.6}, daytime, toCircle, span{3000, 40000}, span{0.2, 0.7}
			t.answered, t.invalid, t.gaveUp, t.rejected, t.short = span{0.28, 0.55}, span{0.01, 0.07}, span{0.04, 0.22}, span{0.01, 0.05}, span{0.06, 0.24}
			t.talk, t.hangsUp, t.complain = span{60, 300}, span{0.5, 0.75}, span{5e-5, 7e-4}
		}),
	}},
	{name: "telemarketing", truth: TruthHonest, share: 0.003, numbers: span{1, 20}, byo: 0.2, age: span{20, 2000}, habits: []traits{
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.callees = "sales", span{40, 900}, span{0, 0.4}, daytime, toList
			t.answered, t.invalid, t.gaveUp, t.rejected, t.short = span{0.22, 0.42}, span{0.02, 0.08}, span{0.05, 0.2}, span{0.02, 0.08}, span{0.1, 0.26}
			t.talk, t.hangsUp, t.complain = span{35, 140}, span{0.6, 0.85}, span{2e-4, 2e-3}
		}),
	}},
	{name: "collections", truth: TruthHonest, share: 0.003, numbers: span{2, 25}, byo: 0.1, age: anyAge, habits: []traits{
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.circle, t.fresh = "debtors", span{60, 900}, span{0.2, 0.8}, daytime, span{300, 6000}, span{0.02, 0.15}
			t.answered, t.invalid, t.gaveUp, t.rejected, t.short = span{0.18, 0.4}, span{0.02, 0.08}, span{0.05, 0.2}, span{0.03, 0.12}, span{0.12, 0.34}
			t.talk, t.hangsUp, t.complain = span{40, 180}, span{0.6, 0.85}, span{3e-4, 2e-3}
		}),
	}},
	// Random-digit dialling is honest, and finds as many dead numbers as a robocaller.
	{name: "pollster", truth: TruthHonest, share: 0.001, numbers: span{1, 12}, age: anyAge, habits: []traits{
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.callees = "survey", span{150, 1500}, span{0.5, 1.2}, evening, toRandom
			t.answered, t.invalid, t.gaveUp, t.rejected, t.short = span{0.12, 0.28}, span{0.12, 0.3}, span{0.05, 0.15}, span{0.03, 0.08}, span{0.15, 0.35}
			t.talk, t.hangsUp, t.complain = span{60, 400}, span{0.6, 0.85}, span{1e-4, 9e-4}
		}),
	}},
	// Reminders are recordings: short, unanswered by talk, to people who asked for them.
	{name: "pharmacy", truth: TruthHonest, share: 0.01, numbers: span{1, 8}, byo: 0.1, age: anyAge, habits: append(smallOffice(span{10, 80}),
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.circle, t.fresh, t.shows, t.evenly = "reminders", span{25, 450}, span{0.2, 0.8}, daytime, span{300, 6000}, span{0, 0.08}, showMain, true
			t.answered, t.invalid, t.short, t.message, t.hangsUp, t.complain = span{0.5, 0.75}, span{0.005, 0.03}, span{0.05, 0.22}, span{14, 35}, span{0.45, 0.85}, span{0, 1.5e-4}
		}))},
	// Alerts are blasts of recordings, to the same parents each time.
	{name: "school", truth: TruthHonest, share: 0.006, numbers: span{2, 12}, age: anyAge, habits: append(smallOffice(span{15, 100}),
		like(func(t *traits) {
			t.name, t.perDay, t.blasts, t.within, t.hours, t.circle, t.shows, t.evenly = "alerts", span{150, 2500}, span{0.5, 4}, span{5, 40}, schoolAt, span{400, 3000}, showMain, true
			t.answered, t.invalid, t.busy, t.short, t.message, t.hangsUp, t.complain = span{0.5, 0.75}, span{0.01, 0.04}, span{0.02, 0.06}, span{0.1, 0.35}, span{15, 40}, span{0.6, 0.9}, span{0, 1e-4}
		}))},
	// Warning a district dials its exchanges through: in sequence, with dead numbers.
	{name: "emergency_notification", truth: TruthHonest, share: 0.001, numbers: span{1, 4}, age: anyAge, habits: []traits{
		like(func(t *traits) {
			t.name, t.perDay, t.blasts, t.within, t.hours, t.callees, t.shows, t.evenly = "warnings", span{300, 4000}, span{0.3, 1.5}, span{10, 60}, always, toSequence, showMain, true
			t.answered, t.invalid, t.busy, t.short, t.message, t.hangsUp, t.complain = span{0.4, 0.7}, span{0.05, 0.25}, span{0.02, 0.06}, span{0.1, 0.35}, span{15, 45}, span{0.6, 0.9}, span{0, 5e-5}
		}),
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.circle, t.fresh = "office", span{5, 40}, span{0.2, 0.6}, office, span{20, 200}, span{0.05, 0.2}
		}),
	}},
	// A car is at the door: it rings twice and stops, day and night.
	{name: "taxi_dispatch", truth: TruthHonest, share: 0.004, numbers: span{1, 4}, age: anyAge, habits: []traits{
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.callees, t.shows = "arrivals", span{60, 700}, span{0.9, 1.6}, aroundIt, toNearby, showMain
			t.answered, t.gaveUp, t.short, t.talk, t.hangsUp, t.complain = span{0.35, 0.65}, span{0.15, 0.45}, span{0.15, 0.45}, span{14, 35}, span{0.4, 0.7}, span{0, 6e-5}
		}),
	}},
	// Bridges that dial out, and people who sit in one bridge all day.
	{name: "conferencing", truth: TruthHonest, share: 0.003, numbers: span{2, 30}, byo: 0.2, age: anyAge, habits: []traits{
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.circle, t.fresh, t.talk = "dial-out", span{30, 400}, span{0.05, 0.3}, always, span{200, 4000}, span{0.2, 0.5}, span{900, 2600}
			t.answered = span{0.7, 0.9}
		}),
		like(func(t *traits) {
			t.name, t.chance, t.perDay, t.weekend, t.hours, t.callees, t.circle, t.talk = "dial-out-abroad", 0.5, span{3, 60}, span{0.05, 0.5}, flat, toAbroad, span{20, 300}, span{900, 2600}
		}),
		like(func(t *traits) {
			t.name, t.inbound, t.perDay, t.weekend, t.hours, t.circle, t.fresh, t.talk, t.answered = "bridge-in", true, span{60, 900}, span{0.05, 0.3}, always, span{300, 6000}, span{0.2, 0.5}, span{900, 2600}, span{0.95, 1}
		}),
	}},
	{name: "bridge_sitter", truth: TruthHonest, share: 0.003, numbers: span{1, 3}, age: anyAge, habits: []traits{
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.callees, t.talk, t.answered = "bridge", span{5, 60}, span{0, 0.4}, office, toOne, span{1500, 3600}, span{0.93, 1}
		}),
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.circle, t.fresh = "office", span{3, 30}, span{0, 0.3}, office, span{20, 100}, span{0.05, 0.2}
		}),
	}},
	// An alarm panel or a meter calls its centre day and night, for seconds.
	{name: "telemetry", truth: TruthHonest, share: 0.004, numbers: span{1, 3}, age: anyAge, habits: []traits{
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.callees, t.shows, t.evenly = "panel", span{4, 200}, just(1), flat, toOne, showMain, true
			t.answered, t.short, t.talk, t.hangsUp, t.complain = span{0.96, 1}, span{0.3, 1}, span{8, 25}, span{0, 0.2}, just(0)
		}),
	}},
	{name: "fax_sender", truth: TruthHonest, share: 0.001, numbers: span{1, 3}, age: anyAge, habits: []traits{
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.circle, t.fresh, t.evenly = "faxes", span{20, 300}, span{0, 0.4}, office, span{100, 2500}, span{0.02, 0.2}, true
			t.answered, t.busy, t.short, t.talk, t.hangsUp, t.complain = span{0.55, 0.8}, span{0.08, 0.2}, span{0.03, 0.25}, span{35, 90}, span{0, 0.2}, span{0, 8e-5}
		}),
	}},
	// A lawful recorded campaign to those who agreed to it.
	{name: "political", truth: TruthHonest, share: 0.001, numbers: span{1, 6}, age: span{20, 800}, habits: []traits{
		like(func(t *traits) {
			t.name, t.perDay, t.blasts, t.within, t.hours, t.circle, t.fresh, t.evenly = "appeals", span{200, 3000}, span{0.5, 3}, span{30, 60}, evening, span{2000, 20000}, span{0.05, 0.4}, true
			t.answered, t.invalid, t.rejected, t.short, t.message, t.hangsUp, t.complain = span{0.3, 0.5}, span{0.01, 0.05}, span{0.01, 0.05}, span{0.15, 0.4}, span{20, 45}, span{0.7, 0.92}, span{2e-4, 1.2e-3}
		}),
	}},
	// An honest change: a branch abroad is opened, and its calls are new.
	{name: "new_branch_abroad", truth: TruthHonest, share: 0.002, numbers: span{2, 20}, age: anyAge, habits: append(smallOffice(span{15, 200}),
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.callees, t.circle, t.talk, t.active = "branch", span{3, 40}, span{0, 0.6}, flat, toAbroad, span{3, 25}, span{120, 600}, span{1, 14}
		}))},
	// Another: a first campaign to old customers, by a business that made none before.
	{name: "first_campaign", truth: TruthHonest, share: 0.001, numbers: span{1, 5}, age: anyAge, habits: append(smallOffice(span{8, 80}),
		like(func(t *traits) {
			t.name, t.perDay, t.weekend, t.hours, t.circle, t.fresh, t.active = "campaign", span{60, 500}, span{0, 0.4}, daytime, span{500, 5000}, span{0, 0.15}, span{1, 10}
			t.answered, t.short, t.talk, t.hangsUp, t.complain = span{0.35, 0.6}, span{0.08, 0.22}, span{30, 120}, span{0.5, 0.75}, span{1e-4, 8e-4}
		}))},

	// A recording to as many as can be dialled.
	{name: "blaster", truth: TruthRobocaller, numbers: span{1, 4}, age: newcomer, habits: []traits{{
		name: "blast", bad: true, perDay: span{1200, 12000}, weekend: span{0.3, 1}, hours: daytime, callees: toList, shows: showInvented,
		answered: span{0.15, 0.36}, invalid: span{0.04, 0.15}, busy: span{0.02, 0.06}, gaveUp: span{0.03, 0.25}, rejected: span{0.02, 0.08}, failed: span{0, 0.05},
		short: span{0.3, 0.7}, message: span{18, 40}, hangsUp: span{0.75, 0.97}, signedA: span{0, 0.1}, signedB: span{0.3, 0.8}, complain: span{8e-4, 5e-3}, active: span{1, 12}, ends: span{0, 3},
	}}},
	{name: "blaster_showing_a_victim", truth: TruthRobocaller, numbers: span{1, 4}, age: newcomer, habits: []traits{{
		name: "blast", bad: true, perDay: span{800, 8000}, weekend: span{0.3, 1}, hours: daytime, callees: toList, shows: showVictim,
		answered: span{0.18, 0.4}, invalid: span{0.04, 0.15}, busy: span{0.02, 0.06}, gaveUp: span{0.03, 0.25}, rejected: span{0.02, 0.08}, failed: span{0, 0.05},
		short: span{0.25, 0.6}, message: span{18, 40}, hangsUp: span{0.75, 0.97}, signedA: span{0, 0.1}, signedB: span{0.3, 0.8}, complain: span{8e-4, 5e-3}, active: span{1, 12}, ends: span{0, 3},
	}}},
	// Dials an area through, number by number.
	{name: "range_dialler", truth: TruthRobocaller, numbers: span{1, 6}, age: newcomer, habits: []traits{{
		name: "range", bad: true, perDay: span{300, 4000}, weekend: span{0.3, 1}, hours: daytime, evenly: true, callees: toSequence, shows: showMain,
		answered: span{0.15, 0.38}, invalid: span{0.1, 0.3}, busy: span{0.02, 0.06}, gaveUp: span{0.03, 0.2}, rejected: span{0.02, 0.08}, failed: span{0, 0.05},
		short: span{0.25, 0.6}, message: span{18, 40}, hangsUp: span{0.75, 0.97}, signedA: span{0.3, 1}, signedB: just(0.5), complain: span{6e-4, 4e-3}, active: span{1, 15}, ends: span{0, 3},
	}}},
	{name: "neighbour_spoofer", truth: TruthRobocaller, numbers: span{1, 4}, age: newcomer, habits: []traits{{
		name: "neighbours", bad: true, perDay: span{600, 9000}, weekend: span{0.3, 1}, hours: daytime, callees: toList, shows: showNeighbour,
		answered: span{0.25, 0.48}, invalid: span{0.04, 0.15}, busy: span{0.02, 0.06}, gaveUp: span{0.02, 0.15}, rejected: span{0.01, 0.06}, failed: span{0, 0.05},
		short: span{0.25, 0.55}, message: span{18, 40}, hangsUp: span{0.75, 0.97}, signedA: span{0, 0.1}, signedB: span{0.2, 0.7}, complain: span{8e-4, 5e-3}, active: span{1, 20}, ends: span{0, 3},
	}}},
	// Hundreds of numbers of his own, a few calls from each.
	{name: "snowshoe", truth: TruthRobocaller, numbers: span{80, 350}, age: newcomer, habits: []traits{{
		name: "snowshoe", bad: true, perDay: span{500, 6000}, weekend: span{0.2, 1}, hours: daytime, callees: toList, shows: showOwn,
		answered: span{0.2, 0.42}, invalid: span{0.03, 0.12}, busy: span{0.02, 0.06}, gaveUp: span{0.02, 0.18}, rejected: span{0.02, 0.06}, failed: span{0, 0.04},
		short: span{0.2, 0.45}, message: span{18, 40}, hangsUp: span{0.72, 0.95}, signedA: span{0.9, 1}, signedB: just(0.1), complain: span{6e-4, 4e-3}, active: span{2, 25}, ends: span{0, 3},
	}}},
	// Stays under the published thresholds: few calls, few short ones, numbers of his own.
	{name: "slow", truth: TruthRobocaller, numbers: span{2, 12}, age: span{10, 200}, habits: []traits{{
		name: "slow", bad: true, perDay: span{60, 350}, weekend: span{0.2, 1}, hours: daytime, callees: toList, shows: showOwn,
		answered: span{0.22, 0.45}, invalid: span{0.03, 0.12}, busy: span{0.02, 0.06}, gaveUp: span{0.02, 0.12}, rejected: span{0.02, 0.06}, failed: span{0, 0.03},
		short: span{0.08, 0.145}, message: span{18, 40}, hangsUp: span{0.72, 0.95}, signedA: span{0.5, 1}, signedB: just(0.5), complain: span{1e-3, 6e-3}, active: span{5, 60}, ends: span{0, 2},
	}}},
	// People, not recordings: most hang up, a few are talked to for long.
	{name: "talking_scam", truth: TruthRobocaller, numbers: span{2, 15}, age: span{8, 120}, habits: []traits{
		{
			name: "scam", bad: true, perDay: span{100, 1200}, weekend: span{0.1, 0.8}, hours: daytime, callees: toList, shows: showRotating,
			answered: span{0.2, 0.4}, invalid: span{0.02, 0.1}, busy: span{0.02, 0.06}, gaveUp: span{0.03, 0.15}, rejected: span{0.02, 0.08}, failed: span{0, 0.03},
			short: span{0.12, 0.35}, talk: span{12, 35}, long: span{0.02, 0.1}, longTalk: span{600, 2400}, hangsUp: span{0.7, 0.93}, signedA: span{0.5, 1}, signedB: just(0.5), complain: span{1e-3, 6e-3},
			active: span{4, 60}, ends: span{0, 2},
		},
		{
			name: "callbacks", bad: true, inbound: true, perDay: span{5, 60}, weekend: span{0.1, 0.8}, hours: daytime, callees: toRandom, shows: showMain,
			answered: span{0.8, 0.95}, short: span{0.05, 0.2}, talk: span{200, 900}, hangsUp: span{0.4, 0.6}, signedA: span{0.4, 0.6}, signedB: just(0.1), active: span{4, 60}, ends: span{0, 2},
		},
	}},
	// A dialler behind a small office, working while it is closed.
	{name: "hijacked_burst", truth: TruthCompromised, numbers: span{1, 20}, byo: 0.1, age: anyAge, habits: append(smallOffice(span{5, 150}), traits{
		name: "night", bad: true, perDay: span{30, 220}, weekend: span{1, 2.5}, hours: nights, callees: toDear, shows: showMain, answered: span{0.75, 0.96}, busy: span{0, 0.04}, failed: span{0, 0.08},
		short: span{0, 0.04}, talk: span{240, 1300}, hangsUp: span{0.05, 0.4}, signedA: span{0.98, 1}, signedB: just(0.02), active: span{0.6, 5}, ends: span{0, 0.5},
	})},
	{name: "hijacked_drip", truth: TruthCompromised, numbers: span{1, 20}, byo: 0.1, age: anyAge, habits: append(smallOffice(span{8, 150}), traits{
		name: "drip", bad: true, perDay: span{6, 25}, weekend: span{1, 2}, hours: nights, callees: toDear, shows: showMain, answered: span{0.75, 0.96}, busy: span{0, 0.04}, failed: span{0, 0.08},
		short: span{0, 0.04}, talk: span{180, 900}, hangsUp: span{0.05, 0.4}, signedA: span{0.98, 1}, signedB: just(0.02), active: span{2.5, 9}, ends: span{0, 0.5},
	})},
}

// spoofedFromOutside is what others do to numbers of our customers: calls that
// show one reach us from a provider, for customers of ours and in transit.
var spoofedFromOutside = traits{
	name: "spoofed", bad: true, perDay: span{150, 2500}, weekend: span{0.3, 1}, hours: daytime, callees: toList, shows: showVictim,
	answered: span{0.18, 0.4}, invalid: span{0.04, 0.15}, busy: span{0.02, 0.06}, gaveUp: span{0.03, 0.25}, rejected: span{0.02, 0.08}, failed: span{0, 0.05},
	short: span{0.25, 0.6}, message: span{18, 40}, hangsUp: span{0.75, 0.97}, signedA: span{0, 0.05}, signedB: span{0.05, 0.3}, complain: span{1e-3, 6e-3}, active: span{1, 12}, ends: span{0, 3},
}

// Of others.
const (
	victimRate = 0.001 // share of honest customers whose number is shown from outside
	// malignedRate is the share of honest customers whom somebody reports out of
	// spite, several times, for calls that they did make.
	malignedRate   = 0.0005
	toOurCustomers = 0.4 // of calls from outside that show a victim's number; the rest is in transit
	dayToDay       = 0.3 // standard deviation of the logarithm of a day's calls
	neighbourly    = 0.04
	// hearsAll is the share of those who do not hang up at once on a recording
	// and hear all of it, or their answering machine does.
	hearsAll = 0.4
)

var (
	maligned = span{3, 8}     // reports
	ownCalls = span{0.1, 0.9} // share of calls
)
