package cases

import (
	"fmt"
	"time"
)

// AnswerWithin is the time in which a traceback request has to be answered
// (47 CFR 64.1200(n)(1)).
const AnswerWithin = 24 * time.Hour

// Business hours of 47 CFR 64.1200(n)(1), since local midnight.
const (
	opens  = 8 * time.Hour
	closes = 17*time.Hour + 30*time.Minute
)

// maxClosed bounds how many days in a row can be no business days: longer than
// any run of holidays, so that a calendar that never opens ends the search.
const maxClosed = 31

// Office is where the desk works: what its clock of traceback answers goes by.
type Office struct {
	Zone *time.Location // nil: UTC
	// Holiday says whether a day (in Zone) is no business day although it is no
	// weekend; nil: none is. It may be called from several goroutines.
	Holiday func(day time.Time) bool
}

// Clock is the time in which an answer is due. The zero Clock has no limit.
type Clock struct {
	From time.Time `json:"from,omitzero"` // what it counts from
	Due  time.Time `json:"due,omitzero"`
	Why  string    `json:"why,omitempty"` // what it counts from, in words
}

// Running says whether there is a limit at all.
func (c Clock) Running() bool { return !c.Due.IsZero() }

// Clocked says whom the limit protects: the Commission, law enforcement and the
// registered consortium. Other carriers ask as neighbours do.
func Clocked(k ReporterKind) bool {
	return k == ReporterTraceback || k == ReporterRegulator || k == ReporterPolice
}

// Clock is that of a request by kind which was received at a time. In business
// hours (08:00 to 17:30, Monday to Friday, no federal holiday; local time of the
// office) it counts from the receipt, else from 08:00 of the next business day.
// It does not run on days that are none: what would be due on one is due at the
// same time of the next business day ("received at 3 p.m. on a Friday, due at
// 3 p.m. on the following Monday").
func (o Office) Clock(kind ReporterKind, received time.Time) Clock {
	if !Clocked(kind) {
		return Clock{Why: "no limit: it counts for the FCC, law enforcement and the registered consortium only"}
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	local := received.In(o.Zone)
	from, open := local, o.business(local)
	at := sinceMidnight(local)
	switch {
	case open && at >= opens && at < closes:
	case open && at < opens:
		from = on(local, opens)
	default:
		from = on(o.next(local), opens)
	}
	due := from.Add(AnswerWithin)
	if !o.business(due) {
		due = on(o.next(due), sinceMidnight(due))
	}
	c := Clock{From: from.UTC(), Due: due.UTC()}
	const layout = "Monday, 2 January, 15:04 MST"
	c.Why = "received " + local.Format(layout) + ", in business hours, counts from then"
	if !from.Equal(local) {
		c.Why = fmt.Sprintf("received %s, out of business hours, counts from %s", local.Format(layout), from.Format(layout))
	}
	if gap := due.Sub(from); gap > AnswerWithin+2*time.Hour { // more than a change of the clocks
		c.Why += "; it does not run on days that are no business days"
	}
	return c
}

// business says whether a day of the office is one of work.
func (o Office) business(day time.Time) bool {
	if w := day.Weekday(); w == time.Saturday || w == time.Sunday {
		return false
	}
	return o.Holiday == nil || !o.Holiday(day)
}

// next is noon of the business day after day: noon, because every day has one.
func (o Office) next(day time.Time) time.Time {
	next := on(day, 12*time.Hour)
	for range maxClosed {
		if next = next.AddDate(0, 0, 1); o.business(next) {
			break
		}
	}
	return next
}

// sinceMidnight is the time of day on the wall.
func sinceMidnight(t time.Time) time.Duration {
	h, m, s := t.Clock()
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(t.Nanosecond())
}

// on is a time of day of t's day, as the clock on the wall shows it.
func on(t time.Time, at time.Duration) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, int(at/time.Hour), int(at%time.Hour/time.Minute), int(at%time.Minute/time.Second), int(at%time.Second), t.Location())
}
