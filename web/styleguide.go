package web

import "time"

// StyleguidePage shows every component once, in development, for people and for the accessibility test.
type StyleguidePage struct {
	Views    []Tab
	Chips    []Sign
	States   []State
	Dues     []Due
	Owner    Person
	Strip    []StripCell
	Rows     []QueueRow
	Field    Field
	Wrong    Field
	Chosen   Field
	Choices  []Choice
	Notices  []Sign
	Traffic  *Traffic
	Findings []Finding
	Timeline []Event
	Steps    []StatusStep
	Restrict RestrictForm
}

func (StyleguidePage) meta() Meta {
	return Meta{Template: "styleguide", Title: "Style guide", Section: "styleguide", Wide: true}
}

// styleguide is the page with invented content as of now.
func styleguide(now time.Time) StyleguidePage {
	return StyleguidePage{
		Views:  []Tab{{Label: "All", Href: "#", Count: "1,000+", Current: true}, {Label: "Mine", Href: "#", Count: "4"}, {Label: "Unclaimed", Href: "#", Count: "212"}},
		Chips:  []Sign{{Known, "Call", "confirmed", "27 of 31 reports match a call that we carried"}, {Harm, "Looks like", "robocaller", "61 % of answered calls last 6 s or less"}, {Doubt, "Signed", "A, not entitled", "The account had no right to show this number"}, {Cleared, "Call", "not carried by us", "Our records for that hour are complete"}, {Unknown, "Call", "unknown", "The records for that hour have not come in"}, {Neutral, "", "neutral", ""}},
		States: []State{{"new", "New", Neutral}, {"awaiting_approval", "Waits for approval", Doubt}, {"active", "Active", Cleared}, {"failed", "Failed", Harm}, {"applying", "Applying", Unknown}},
		Dues:   []Due{{"first act", now.Add(192 * time.Minute), 192 * time.Minute}, {"first act", now.Add(20 * time.Minute), 20 * time.Minute}, {"answer", now.Add(-70 * time.Minute), -70 * time.Minute}},
		Owner:  Person{Name: "Dana Reyes", Me: true},
		Strip:  sampleStrip(),
		Rows:   sampleRows(now)[:3],
		Field:  Field{},
		Wrong:  Field{Value: "555-01", Error: "This number is too short. Write it with its area code."},
		Chosen: Field{Value: "b"},
		Choices: []Choice{{Value: "a", Label: "1 hour", Words: "for 1 hour"}, {Value: "b", Label: "24 hours", Words: "for 24 hours"},
			{Value: "c", Label: "7 days", Words: "for 7 days"}},
		Notices:  []Sign{{Harm, "", "Calls are still going out: 312 people an hour.", ""}, {Doubt, "", "You proposed it; another approver must decide.", ""}, {Cleared, "", "Added. The person who works on it sees what you wrote.", ""}, {Unknown, "", "The records for that hour have not come in yet.", ""}},
		Traffic:  sampleTraffic(now),
		Findings: sampleFindings(now),
		Timeline: sampleTimeline(now),
		Steps: []StatusStep{{Label: "Received", Note: "by the form", At: now.Add(-2 * time.Hour), Phase: "done"}, {Label: "Being looked into", Note: "since", At: now.Add(-time.Hour), Phase: "now"},
			{Label: "Answer", Note: "by 27 November", Phase: "later"}},
		Restrict: sampleRestrictForm(),
	}
}
