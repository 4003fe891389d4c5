package web

import (
	"cmp"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// total adds up hours.
func total(hours []cases.HourStats) cases.HourStats {
	var t cases.HourStats
	for _, h := range hours {
		t.Attempts += h.Attempts
		t.Answered += h.Answered
		t.Short += h.Short
		t.BilledSecs += h.BilledSecs
		t.AttestA += h.AttestA
		t.AttestB += h.AttestB
		t.AttestC += h.AttestC
		t.Unsigned += h.Unsigned
	}
	return t
}

// since are the hours that began at from or later.
func since(hours []cases.HourStats, from time.Time) []cases.HourStats {
	for i, h := range hours {
		if !h.Hour.Before(from) {
			return hours[i:]
		}
	}
	return nil
}

// trafficOf draws seven days of calls; nil without any. marks are the times of
// reports.
func trafficOf(subject string, hours []cases.HourStats, profile cases.Profile, coverage []cases.Coverage, marks []time.Time, now time.Time, zone *time.Location) *Traffic {
	t := total(hours)
	if t.Attempts == 0 {
		return nil
	}
	out := &Traffic{Subject: subject, Window: "last 7 days", Coverage: coverageSign(coverage, now, zone)}
	out.Calls = TimeSeries{Title: "Calls by hour", Unit: "calls", N: t.Attempts, Series: []string{"calls", "answered over 6 s"}, Tones: []string{"accent", "cleared"}, MarkOf: "report"}
	out.ByHour = HeatFigure{Title: "Hour and weekday", N: t.Attempts}
	byHour := map[time.Time]cases.HourStats{}
	for _, h := range hours {
		byHour[h.Hour.UTC()] = h
		local := h.Hour.In(zone)
		out.ByHour.Grid[(int(local.Weekday())+6)%7][local.Hour()] += h.Attempts
	}
	// Hours without a call are points too, else the line bridges them.
	for at := hours[0].Hour.UTC(); !at.After(hours[len(hours)-1].Hour); at = at.Add(time.Hour) {
		h := byHour[at]
		out.Calls.Points = append(out.Calls.Points, Point{At: at, Values: []int{h.Attempts, max(0, h.Answered-h.Short)}})
	}
	for _, m := range marks {
		if !m.Before(hours[0].Hour) && !m.After(now) {
			out.Calls.Marks = append(out.Calls.Marks, m)
		}
	}
	if t.Answered > 0 {
		out.Durations = Histogram{Title: "Durations", N: t.Answered, Note: "answered", Bins: []Share{{"0–6 s", t.Short, Doubt}, {"longer", max(0, t.Answered-t.Short), Neutral}}}
	}
	out.Attestation = Histogram{Title: "Attestation", N: t.Attempts, Bins: []Share{{"A", t.AttestA, Cleared}, {"B", t.AttestB, Doubt}, {"C", t.AttestC, Harm}, {"unsigned", t.Unsigned, Unknown}}}
	out.Attested = attestedByDay(hours, zone)
	out.Stats, out.Figures = profileStats(profile), profileRows(profile)
	if len(profile.Countries) > 1 {
		out.Destination = Histogram{Title: "Countries called", N: t.Attempts}
		rest := t.Attempts
		for _, x := range profile.Countries[:min(len(profile.Countries), 5)] {
			rest -= x.Calls
			out.Destination.Bins = append(out.Destination.Bins, Share{Label: cmp.Or(x.Country, "unknown"), Count: x.Calls})
		}
		if rest > 0 {
			out.Destination.Bins = append(out.Destination.Bins, Share{Label: "others", Count: rest})
		}
	}
	return out
}

// coverageSign says up to when every source has sent its records.
func coverageSign(cs []cases.Coverage, now time.Time, zone *time.Location) Sign {
	if len(cs) == 0 {
		return Sign{Tone: Unknown, Word: "coverage unknown", Reason: "no source says up to when its records are complete"}
	}
	oldest := cs[0]
	for _, c := range cs[1:] {
		if c.Through.Before(oldest.Through) {
			oldest = c
		}
	}
	s := Sign{Tone: Cleared, Word: "records complete", Reason: "up to " + oldest.Through.In(zone).Format("2 Jan, 15:04") + ", by " + oldest.Source}
	if now.Sub(oldest.Through) > 2*time.Hour {
		s.Tone, s.Word = Doubt, "records late"
	}
	return s
}
