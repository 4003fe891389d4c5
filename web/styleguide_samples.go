package web

import "time"

// Invented content for the style guide and for the tests that draw every page. Numbers are from the ranges kept for fiction.

func sampleStrip() []StripCell {
	return []StripCell{
		{Question: "Call happened", Tone: Known, Answer: "confirmed 27/31", Detail: "In our records, within 90 seconds of what was told", Href: "#f-calls"},
		{Question: "Carried for", Tone: Neutral, Answer: "Acme Dialers", Detail: "under reseller Northtel, customer since March 2025", Href: "#subjects"},
		{Question: "Signed", Tone: Doubt, Answer: "A, valid · not entitled", Detail: "Shown number is held by Harbor Clinic", Href: "#f-identity"},
		{Question: "Looks like", Tone: Harm, Answer: "robocaller 0.93", Detail: "Short calls, sequential dialling, n = 4,112", Href: "#calls"},
		{Question: "At risk", Tone: Unknown, Answer: "unknown", Detail: "No live counts for the last hour.", Ask: "/desk/cases/AB-2026-004217/enrich", AskWord: "Look now"},
	}
}

func sampleFactors() []Factor {
	return []Factor{{"Calls confirmed in our records", 34}, {"Still going on", 22}, {"31 reports in 3 hours", 18}, {"Impersonates a government office", 14}, {"Account new to the desk", 4}}
}

func sampleRows(now time.Time) []QueueRow {
	row := func(ref string, priority int, category, headline, number, account, via string, reports, called int, left time.Duration, owner Person, signs ...Sign) QueueRow {
		return QueueRow{Ref: ref, Priority: priority, Factors: sampleFactors(), Category: category, Headline: headline, Number: number, Account: account, Via: via, Reports: reports, Called: called, Corroborated: called / 2,
			Due: Due{What: "first act", At: now.Add(left), Left: left}, Owner: owner, Signs: signs, State: State{"new", "New", Neutral}}
	}
	me := Person{Name: "Dana Reyes", Me: true}
	rows := []QueueRow{
		row("AB-2026-004217", 92, "Robocall", "SSA suspension", "+12025550143", "Acme Dialers", "reseller Northtel", 31, 27, 3*time.Hour+12*time.Minute, me,
			Sign{Known, "Call", "confirmed", "27 of 31 reports match a call that we carried"}, Sign{Doubt, "", "signed A, not entitled", "Acme Dialers has no right to show this number"}, Sign{Harm, "Looks like", "robocaller", "0.93"}),
		row("AB-2026-004221", 88, "Toll fraud", "night calls to a high-cost prefix", "+13125550188", "Lakeside Dental", "", 1, 0, 24*time.Minute, Person{},
			Sign{Known, "Call", "confirmed", "46 calls to +252 since 01:10"}, Sign{Cleared, "", "signed A, entitled", ""}, Sign{Doubt, "Looks like", "hijacked PBX", "0.81"}),
		row("AB-2026-004209", 71, "Scam", "bank security department", "+14155550132", "Bright Voice LLC", "reseller Northtel", 9, 8, -70*time.Minute, Person{Name: "Sam Okafor"},
			Sign{Known, "Call", "probable", "8 calls within ten minutes of what was told"}, Sign{Doubt, "", "signed C", "A gateway signed it"}, Sign{Unknown, "Looks like", "too few calls", "n = 14"}),
		row("AB-2026-004215", 54, "Spoofed number", "owner among the reporters", "+16175550119", "", "", 12, 0, 26*time.Hour, Person{},
			Sign{Cleared, "Call", "not carried by us", "Our records for those hours are complete"}, Sign{Unknown, "", "no signature seen", ""}),
		row("AB-2026-004198", 23, "Robocall", "pharmacy reminder", "+12065550177", "Cedar Pharmacy", "", 2, 2, 44*time.Hour, Person{},
			Sign{Known, "Call", "confirmed", "Two calls, both answered"}, Sign{Cleared, "", "signed A, entitled", ""}, Sign{Cleared, "Looks like", "appointment reminders", "0.88"}),
		row("AB-2026-004190", 18, "Text spam", "parcel fee", "", "", "", 1, 1, 50*time.Hour, Person{}, Sign{Unknown, "Call", "unknown", "No time was told"}),
	}
	rows[0].Current = true
	return rows
}

func sampleTraffic(now time.Time) *Traffic {
	hour := now.Truncate(time.Hour)
	calls := TimeSeries{Title: "Calls by hour", Unit: "calls", N: 4112, Series: []string{"calls", "answered over 6 s"}, Tones: []string{"accent", "cleared"}, MarkOf: "report"}
	var grid [7][24]int
	for i := range 72 {
		at := hour.Add(time.Duration(i-72) * time.Hour)
		busy := max(0, 9-abs(at.Hour()-14)) * (3 + i/12)
		calls.Points = append(calls.Points, Point{At: at, Values: []int{busy, busy / 4}})
		grid[(int(at.Weekday())+6)%7][at.Hour()] += busy
	}
	for _, back := range []int{5, 9, 10, 29, 31, 52} {
		calls.Marks = append(calls.Marks, hour.Add(-time.Duration(back)*time.Hour))
	}
	return &Traffic{
		Subject: "Acme Dialers", Window: "last 7 days", Coverage: Sign{Cleared, "", "records complete", "Up to 09:40 today"}, Calls: calls,
		ByHour:      HeatFigure{Title: "Hour and weekday", N: 4112, Grid: grid},
		Durations:   Histogram{Title: "Durations", N: 1310, Note: "answered", Bins: []Share{{"0–6 s", 802, Harm}, {"–15", 241, Neutral}, {"–30", 122, Neutral}, {"–60", 88, Neutral}, {"–120", 41, Neutral}, {"longer", 16, Neutral}}},
		Destination: Histogram{Title: "Destinations", N: 4112, Bins: []Share{{"New York", 2210, Neutral}, {"New Jersey", 1320, Unknown}, {"elsewhere", 582, Neutral}}},
		Attestation: Histogram{Title: "Attestation", N: 4112, Bins: []Share{{"A", 3900, Cleared}, {"B", 180, Doubt}, {"C", 20, Harm}, {"unsigned", 12, Unknown}}},
		Stats: []Stat{{"Answered", "32 %", "30–33 %, n = 4,112", Neutral}, {"6 s or less", "61 %", "58–64 % of answered, n = 1,310", Harm}, {"Sequential dialling", "74 %", "usual: under 5 %", Harm},
			{"Numbers shown", "38", "one for every 108 calls", Doubt}},
	}
}

func abs(n int) int { return max(n, -n) }

func sampleFindings(now time.Time) []Finding {
	return []Finding{
		{ID: "f-calls", Kind: "Call history", Verdict: Sign{Known, "", "confirmed", "27 of 31 reports match"}, Text: "27 of 31 reports match a call that we carried; the other four name no time.", At: now.Add(-30 * time.Minute), Window: "±10 minutes around each told time", By: "corroboration 1",
			Facts: []Fact{{Name: "Originating account", Value: "Acme Dialers", Href: "/desk/accounts/acct-1042"}, {Name: "Ingress", Value: "own customer, connection sbc-7"}, {Name: "Example", Number: "+12025550143"}}},
		{ID: "f-identity", Kind: "Identity", Verdict: Sign{Doubt, "", "A, not entitled", ""}, Text: "Signed A by us, though the account had no right to show the number at that time.", At: now.Add(-30 * time.Minute), By: "entitlement 1",
			Facts: []Fact{{Name: "Entitled holder", Value: "Harbor Clinic", Href: "/desk/accounts/acct-2210"}, {Name: "Attestation", Value: "A 27 of 27, n = 27"}}},
		{ID: "f-number", Kind: "Number shown", Verdict: Sign{Cleared, "", "in service", ""}, Text: "Assigned to Harbor Clinic since 2 February 2024. A holder of a number that others show is a victim.", At: now.Add(-31 * time.Minute), By: "numbers 1"},
		{ID: "f-live", Kind: "Live calls", Verdict: Sign{Unknown, "", "unknown", ""}, Text: "No live counts came in during the last hour.", At: now.Add(-31 * time.Minute), By: "calls 1"},
	}
}

func sampleTimeline(now time.Time) []Event {
	return []Event{
		{At: now.Add(-4 * time.Minute), Kind: "people", Who: "Dana Reyes", What: "proposed to refuse calls that show +1 202 555 0143 for 24 hours", Why: "27 confirmed calls, no entitlement, still going on.", Tone: Doubt},
		{At: now.Add(-22 * time.Minute), Kind: "people", Who: "Dana Reyes", What: "claimed the case"},
		{At: now.Add(-30 * time.Minute), Kind: "machine", Who: "corroboration", What: "confirmed 27 of 31 reports in the call history", Tone: Harm},
		{At: now.Add(-31 * time.Minute), Kind: "outward", Who: "mail", What: "acknowledged the report to m…@example.com"},
		{At: now.Add(-32 * time.Minute), Kind: "machine", Who: "intake", What: "opened the case from report R-88121"},
	}
}

func sampleRestrictForm() RestrictForm {
	return RestrictForm{
		Kind: Field{Value: "refuse"}, Target: Field{Value: "number:+12025550143"}, Hours: Field{Value: "24"},
		Kinds: []Choice{{Value: "refuse", Label: "Refuse calls", Words: "Refuse calls"}, {Value: "channels", Label: "Limit calls at a time", Words: "Allow at most {value} calls at a time"}, {Value: "rate", Label: "Limit calls a minute", Words: "Allow at most {value} calls a minute"}},
		Targets: []Choice{{Value: "number:+12025550143", Label: "Calls that show +1 202 555 0143", Hint: "caller ID shown", Words: "that show +1 202 555 0143"},
			{Value: "account:acct-1042", Label: "Acme Dialers", Hint: "originating account", Words: "of Acme Dialers"}},
		Lengths:    []Choice{{Value: "1", Label: "1 hour", Words: "for 1 hour"}, {Value: "24", Label: "24 hours", Words: "for 24 hours"}, {Value: "168", Label: "7 days", Words: "for 7 days"}, {Value: "720", Label: "30 days", Words: "for 30 days"}},
		ValueKinds: "channels|rate",
		Blast: BlastRadius{Ready: true, Windows: []BlastWindow{{"last 24 h", 1204, 391, 1180, 0.97}, {"last 7 days", 4112, 1310, 3980, 0.91}},
			Warnings: []string{"12 of these calls lasted over ten minutes: they may be real conversations."}, Approval: "An approver other than you must agree."},
	}
}
