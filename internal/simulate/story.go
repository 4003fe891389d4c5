package simulate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Step is one report of a story.
type Step struct {
	After     time.Duration // since the story began
	Door      Door
	Complaint Complaint
}

// Story is a sequence of reports about one thing that happened, what is done
// about it, and what it turns out to be.
type Story struct {
	Name   string // campaign, spoofed, hijacked, pharmacy
	Title  string
	Number string // under which its case is found
	Steps  []Step
	Plan   Plan
}

// Plan is how a scripted analyst decides a story.
type Plan struct {
	// Reports and Verdict are what the analyst waits for before touching it.
	Reports     int
	Verdict     cases.Corroboration
	Note        string
	Measures    []Measure
	Disposition cases.Disposition
	Reason      string
}

// Measure is a restriction that the plan calls for, and a call that must be
// refused from the moment it is active.
type Measure struct {
	Kind       cases.RestrictionKind
	TargetKind cases.TargetKind
	Target     string
	Value      cases.RestrictionValue
	For        time.Duration // until it expires; 0: until lifted
	Reason     string
	Second     bool // a second person has to approve
	Probe      Probe
}

// Stories are the four that the demonstration plays, from the carrier's own
// records. Together they take about a minute and a half.
func Stories(c *Carrier) []Story {
	r := rand.New(rand.NewPCG(c.params.Seed, 0x5707))
	return []Story{campaignStory(c, r), hijackedStory(c, r), spoofedStory(c, r), pharmacyStory(c, r)}
}

// campaignStory: many people are called by one recording. The calls are in the
// records, over an account that had no right to show the number.
func campaignStory(c *Carrier, r *rand.Rand) Story {
	cast := c.Cast
	said := CampaignTranscripts("ssa-suspension")
	doors := []Door{DoorForm, DoorMail, DoorChat, DoorAPI, DoorMail, DoorForm, DoorChat, DoorMail, DoorForm, DoorMail, DoorAPI, DoorChat, DoorForm, DoorMail}
	s := Story{Name: "campaign", Title: "a robocall campaign from one account", Number: cast.CampaignCaller}
	for i, call := range cast.CampaignCalls {
		complaint := callReport(r, call, said[i%len(said)].Text, i)
		if i%5 == 1 { // some were told to call back
			complaint.Callback = cast.CampaignCallback
			ask := " They said to call back " + spoken(cast.CampaignCallback, r) + "."
			complaint.Words += ask
			complaint.Prose += ask
		}
		s.Steps = append(s.Steps, Step{time.Duration(i) * 5 * time.Second, doors[i%len(doors)], complaint})
	}
	victim := cast.CampaignCalls[0].To
	s.Plan = Plan{
		Reports: 6, Verdict: cases.CorroborationConfirmed,
		Note: "The reported calls are in our records, from one account, which has no right to show this number.",
		Measures: []Measure{
			{Kind: cases.KindCallerIDDenied, TargetKind: cases.TargetNumber, Target: cast.CampaignCaller, For: 24 * time.Hour,
				Reason: "Shown by an account that is not entitled to it, in calls that people report by the dozen.",
				Probe:  Probe{Account: cast.Robocaller, Connection: "sip-" + cast.Robocaller, From: cast.CampaignCaller, To: victim}},
			{Kind: cases.KindAccountSuspended, TargetKind: cases.TargetAccount, Target: cast.Robocaller, For: 30 * 24 * time.Hour, Second: true,
				Reason: "The account goes on under other numbers of the same exchange; three calls in four are to people it never called before.",
				Probe:  Probe{Account: cast.Robocaller, Connection: "sip-" + cast.Robocaller, From: c.line(cast.Robocaller, 0), To: victim}},
		},
		Disposition: cases.DispositionUpheld,
		Reason:      "Robocalls in the name of the Social Security Administration, carried for this account under a number that is not its own.",
	}
	return s
}

// hijackedStory: a customer finds calls on the bill that nobody made. The
// customer is helped as well as limited.
func hijackedStory(c *Carrier, r *rand.Rand) Story {
	cast := c.Cast
	calls := cast.HijackedCalls
	owner := cases.Contact{Name: "Naomi Feld", Email: "office@harbor-dental.example.com", Kind: cases.ReporterCustomer}
	complaint := func(call cases.Call, subject, words string) Complaint {
		at := call.StartedAt.In(west)
		prose := fmt.Sprintf("%s\n\nThey show the calls as from %s. One of them went to %s on %s.", words, spoken(call.From, r), call.To, at.Format("January 2, 2006 at 3:04 PM")+" PST")
		return Complaint{Category: cases.CategoryTollFraud, Caller: call.From, Called: call.To, At: call.StartedAt.Truncate(time.Minute),
			Subject: subject, Words: words, Prose: prose, Reporter: owner}
	}
	s := Story{Name: "hijacked", Title: "a hijacked telephone system that dials a high-cost prefix at night", Number: cast.HijackedLine}
	s.Steps = []Step{
		{8 * time.Second, DoorForm, complaint(calls[len(calls)-1], "", cast.HijackedName+" here. There are calls to Somalia on our line in the middle of the night. We are a dental practice and closed at 6 pm. Nobody of us made them: this is toll fraud, calls on our bill that we did not make.")},
		{20 * time.Second, DoorMail, complaint(calls[len(calls)-2], "Toll fraud: calls on our bill that we did not make",
			"We are a dental practice, and our phone system was hacked: toll fraud. It dials expensive numbers abroad at night, dozens of calls that are on our bill. Please stop it, we did not make these calls.")},
	}
	s.Plan = Plan{
		Reports: 1, Verdict: cases.CorroborationConfirmed,
		Note: "Three nights of calls to one unallocated range, between one and five in the morning, from a practice that calls in office hours. The customer reports it; credentials must be changed.",
		Measures: []Measure{{Kind: cases.KindPrefixDenied, TargetKind: cases.TargetAccount, Target: cast.Hijacked, Value: cases.RestrictionValue{Prefixes: []string{"+252"}}, For: 7 * 24 * time.Hour,
			Reason: "Toll fraud at night over a hijacked telephone system; the practice's own calls go on.",
			Probe:  Probe{Account: cast.Hijacked, Connection: "sip-" + cast.Hijacked, From: cast.HijackedLine, To: calls[0].To}}},
		Disposition: cases.DispositionCompromised,
		Reason:      "The customer's telephone system was hijacked. The prefix stays closed for a week, until its passwords are changed.",
	}
	return s
}

// spoofedStory: a number of ours is shown by calls that we never carried. Its
// owner is among those who complain.
func spoofedStory(c *Carrier, r *rand.Rand) Story {
	cast := c.Cast
	said := CampaignTranscripts("amazon-suspicious-charge")
	doors := []Door{DoorMail, DoorForm, DoorAPI, DoorChat, DoorForm, DoorMail}
	s := Story{Name: "spoofed", Title: "a number spoofed elsewhere", Number: cast.SpoofedNumber}
	for i, door := range doors {
		call := cases.Call{From: cast.SpoofedNumber, To: anyPhone(r), StartedAt: c.through.Add(-time.Duration(3*60+r.IntN(26*60)) * time.Minute).Truncate(time.Minute)}
		s.Steps = append(s.Steps, Step{time.Duration(12+7*i) * time.Second, door, callReport(r, call, said[i%len(said)].Text, 20+i)})
	}
	words := "This is Maple Street Bakery. People call us all day because our number was on their phone. We never called them. Somebody shows our number."
	at := c.through.Add(-3 * time.Hour).Truncate(time.Minute)
	s.Steps = append(s.Steps, Step{40 * time.Second, DoorForm, Complaint{Category: cases.CategorySpoofedMyNumber, Caller: cast.SpoofedNumber, At: at, Occurrences: 30, Words: words,
		Prose: words, Reporter: cases.Contact{Name: "Adele Moreau", Email: "hello@maple-bakery.example.com", Kind: cases.ReporterNumberOwner}}})
	s.Plan = Plan{
		Reports: len(s.Steps), Verdict: cases.CorroborationNotSeen,
		Note:        "Our records are complete for those hours and hold no call from this number to any of the people who report it. Its owner complains too.",
		Disposition: cases.DispositionSpoofed,
		Reason:      "The calls were made elsewhere. The bakery is a victim: nothing is put on its line.",
	}
	return s
}

// pharmacyStory: reminders that are unwanted, and allowed.
func pharmacyStory(c *Carrier, r *rand.Rand) Story {
	cast := c.Cast
	said := "This is Cedar Pharmacy with a reminder. Your prescription is ready. To have it delivered, press 1. To stop these reminders, press 9."
	s := Story{Name: "pharmacy", Title: "a mistaken complaint about a pharmacy's reminders", Number: cast.PharmacyLine}
	for i, call := range cast.ReminderCalls {
		s.Steps = append(s.Steps, Step{time.Duration(25+20*i) * time.Second, []Door{DoorForm, DoorMail}[i%2], callReport(r, call, said, 40+i)})
	}
	s.Plan = Plan{
		Reports: 1, Verdict: cases.CorroborationConfirmed,
		Note:        "Confirmed, shown by the account that is entitled to the number and signed A. Reminders to the pharmacy's own customers, who can stop them with a key.",
		Disposition: cases.DispositionLawful,
		Reason:      "Reminders that the reporter once asked for. The pharmacy was not limited; the reporter is told how to stop them.",
	}
	return s
}

// Elsewhere is report n of the endless rest: calls that other carriers made,
// with the wordings of all the campaigns.
func Elsewhere(c *Carrier, n int) (Door, Complaint) {
	r := rand.New(rand.NewPCG(c.params.Seed^0xe15e, uint64(n)))
	var english []Transcript
	for _, t := range transcripts() {
		if t.Language == "en" && t.Callback == "" && !strings.Contains(t.Text, "call us") {
			english = append(english, t)
		}
	}
	call := cases.Call{From: anyPhone(r), To: anyPhone(r), StartedAt: c.through.Add(-time.Duration(2*60+r.IntN(40*60)) * time.Minute).Truncate(time.Minute)}
	doors := []Door{DoorForm, DoorMail, DoorChat, DoorAPI}
	return doors[n%len(doors)], callReport(r, call, english[r.IntN(len(english))].Text, 60+n)
}
