package cases

import (
	"strings"
	"testing"
	"time"
)

// The clock of a New York office. Thursday, 26 November 2026, is Thanksgiving;
// clocks change on 8 March and 1 November 2026.
func TestOfficeClock(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	office := Office{Zone: zone, Holiday: func(day time.Time) bool {
		_, m, d := day.Date()
		return m == time.November && d == 26 || m == time.December && d == 25
	}}
	const layout = "2006-01-02 15:04:05 MST"
	tests := []struct {
		name, received, from, due, why string
	}{
		{"in business hours", "2026-11-24 10:00:00 EST", "2026-11-24 10:00:00 EST", "2026-11-25 10:00:00 EST", "received Tuesday, 24 November, 10:00 EST, in business hours"},
		{"as the office opens", "2026-11-24 08:00:00 EST", "2026-11-24 08:00:00 EST", "2026-11-25 08:00:00 EST", "in business hours"},
		{"a second before it opens", "2026-11-24 07:59:59 EST", "2026-11-24 08:00:00 EST", "2026-11-25 08:00:00 EST", "out of business hours, counts from Tuesday, 24 November, 08:00 EST"},
		{"a second before it closes", "2026-11-23 17:29:59 EST", "2026-11-23 17:29:59 EST", "2026-11-24 17:29:59 EST", "in business hours"},
		{"as it closes", "2026-11-23 17:30:00 EST", "2026-11-24 08:00:00 EST", "2026-11-25 08:00:00 EST", "out of business hours"},
		{"Friday evening", "2026-11-20 18:10:00 EST", "2026-11-23 08:00:00 EST", "2026-11-24 08:00:00 EST", "received Friday, 20 November, 18:10 EST, out of business hours, counts from Monday, 23 November, 08:00 EST"},
		{"Saturday", "2026-11-21 12:00:00 EST", "2026-11-23 08:00:00 EST", "2026-11-24 08:00:00 EST", "counts from Monday"},
		{"the example of the rule: Friday, 3 p.m.", "2026-11-20 15:00:00 EST", "2026-11-20 15:00:00 EST", "2026-11-23 15:00:00 EST", "does not run on days"},
		{"before a holiday", "2026-11-25 14:00:00 EST", "2026-11-25 14:00:00 EST", "2026-11-27 14:00:00 EST", "does not run on days"},
		{"the evening before a holiday", "2026-11-25 20:00:00 EST", "2026-11-27 08:00:00 EST", "2026-11-30 08:00:00 EST", "counts from Friday"},
		{"on a holiday, in hours", "2026-11-26 11:00:00 EST", "2026-11-27 08:00:00 EST", "2026-11-30 08:00:00 EST", "out of business hours"},
		{"clocks go forward in between", "2026-03-06 16:00:00 EST", "2026-03-06 16:00:00 EST", "2026-03-09 16:00:00 EDT", ""},
		{"out of hours, clocks go forward in between", "2026-03-07 09:00:00 EST", "2026-03-09 08:00:00 EDT", "2026-03-10 08:00:00 EDT", "counts from Monday, 9 March, 08:00 EDT"},
		{"clocks go back in between", "2026-10-30 18:00:00 EDT", "2026-11-02 08:00:00 EST", "2026-11-03 08:00:00 EST", ""},
		{"in the hour that there is twice", "2026-11-01 01:30:00 EST", "2026-11-02 08:00:00 EST", "2026-11-03 08:00:00 EST", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at := func(s string) time.Time {
				v, err := time.ParseInLocation(layout, s, zone)
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			for _, kind := range []ReporterKind{ReporterTraceback, ReporterRegulator, ReporterPolice} {
				c := office.Clock(kind, at(tt.received).UTC())
				if !c.From.Equal(at(tt.from)) || !c.Due.Equal(at(tt.due)) || !strings.Contains(c.Why, tt.why) || !c.Running() {
					t.Errorf("%s: from %s, due %s, %q", kind, c.From.In(zone).Format(layout), c.Due.In(zone).Format(layout), c.Why)
				}
			}
		})
	}
	if c := office.Clock(ReporterCarrier, time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)); c.Running() || c.Why == "" {
		t.Errorf("a carrier's request: %+v", c)
	}
	// Clocks that change in the middle of the week: 24 hours are 24 hours.
	cairo, err := time.LoadLocation("Africa/Cairo") // forward on Friday, 24 April 2026, 00:00
	if err != nil {
		t.Fatal(err)
	}
	c := Office{Zone: cairo}.Clock(ReporterTraceback, time.Date(2026, 4, 23, 10, 0, 0, 0, cairo))
	if got := c.Due.Sub(c.From); got != AnswerWithin || c.Due.In(cairo).Hour() != 11 {
		t.Errorf("%s later, at %s", got, c.Due.In(cairo))
	}
	// A calendar without business days does not hang.
	if c := (Office{Holiday: func(time.Time) bool { return true }}).Clock(ReporterTraceback, time.Date(2026, 4, 23, 10, 0, 0, 0, time.UTC)); !c.Running() {
		t.Errorf("%+v", c)
	}
}
