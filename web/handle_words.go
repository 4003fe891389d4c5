package web

import (
	"fmt"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// How the domain's names read on a page.

func channelWord(c cases.Channel) string {
	switch c {
	case cases.ChannelWeb:
		return "Web form"
	case cases.ChannelEmail:
		return "E-mail"
	case cases.ChannelChat:
		return "Chat"
	case cases.ChannelAPI:
		return "API"
	case cases.ChannelMonitor:
		return "Monitor"
	}
	return string(c)
}

func reporterWord(k cases.ReporterKind) string {
	switch k {
	case cases.ReporterCalled:
		return "called party"
	case cases.ReporterNumberOwner:
		return "owner of the number"
	case cases.ReporterCustomer:
		return "customer who was broken into"
	case cases.ReporterBrand:
		return "impersonated brand"
	case cases.ReporterCarrier:
		return "carrier"
	case cases.ReporterRegulator:
		return "regulator"
	case cases.ReporterTraceback:
		return "traceback group"
	case cases.ReporterPolice:
		return "law enforcement"
	}
	return "reporter"
}

func roleWord(r cases.NumberRole) string {
	switch r {
	case cases.RoleCaller:
		return "shown"
	case cases.RoleCallback:
		return "to call back"
	case cases.RoleCalled:
		return "called"
	}
	return string(r)
}

// extractWord names what was read out of a text; "" for what is no place in it.
func extractWord(k cases.ExtractKind) string {
	switch k {
	case cases.ExtractCategory:
		return "kind of abuse"
	case cases.ExtractPretext:
		return "pretext"
	case cases.ExtractReporter:
		return "who is writing"
	case cases.ExtractTime:
		return "time of the call"
	case cases.ExtractOccurrences:
		return "how often"
	case cases.ExtractLost:
		return "money lost"
	case cases.ExtractImpersonated:
		return "who was impersonated"
	case cases.ExtractIdentity:
		return "identity header"
	case cases.ExtractLane:
		return "why it is urgent"
	}
	if strings.HasPrefix(string(k), string(cases.ExtractTraceback)) {
		return "traceback request"
	}
	return ""
}

// moneyWord writes an amount: "1,200.50 USD".
func moneyWord(m cases.Money) string {
	if m.Hundredths == 0 {
		return ""
	}
	amount := thousand(int(m.Hundredths / 100))
	if cents := m.Hundredths % 100; cents != 0 {
		amount += fmt.Sprintf(".%02d", cents)
	}
	return strings.TrimSpace(amount + " " + m.Currency)
}

func laneWord(l cases.Lane) string {
	switch l {
	case cases.LaneLife:
		return "threat to life"
	case cases.LaneEmergency:
		return "attack on an emergency centre"
	case cases.LaneTollFraud:
		return "toll fraud going on now"
	case cases.LaneRegulator:
		return "notice of a regulator"
	}
	return string(l)
}

func caseState(c cases.Case) State {
	if c.MergedInto != 0 {
		return State{"merged", "Merged", Neutral}
	}
	switch c.State {
	case cases.StateNew:
		return State{string(c.State), "New", Neutral}
	case cases.StateOpen:
		return State{string(c.State), "Open", Neutral}
	case cases.StateAwaitingReporter:
		return State{string(c.State), "Waiting for the reporter", Unknown}
	case cases.StateAwaitingCustomer:
		return State{string(c.State), "Waiting for the customer", Unknown}
	case cases.StateAwaitingApproval:
		return State{string(c.State), "Waits for approval", Doubt}
	case cases.StateMitigated:
		return State{string(c.State), "Limited, not judged", Doubt}
	case cases.StateResolved:
		return State{string(c.State), dispositionWord(c.Disposition), Cleared}
	}
	return State{string(c.State), string(c.State), Neutral}
}

func dispositionWord(d cases.Disposition) string {
	for _, c := range dispositionChoices() {
		if c.Value == string(d) {
			return c.Label
		}
	}
	return string(d)
}

func dispositionChoices() []Choice {
	return []Choice{
		{Value: string(cases.DispositionUpheld), Label: "Upheld", Hint: "the complaint is right", Words: "upheld"},
		{Value: string(cases.DispositionCompromised), Label: "Compromised", Hint: "the customer was broken into", Words: "compromised"},
		{Value: string(cases.DispositionSpoofed), Label: "Spoofed elsewhere", Hint: "we carried no such call", Words: "spoofed elsewhere"},
		{Value: string(cases.DispositionReferred), Label: "Not ours, referred", Hint: "another carrier has been told", Words: "not ours, referred"},
		{Value: string(cases.DispositionLawful), Label: "Lawful but unwanted", Hint: "within the law", Words: "lawful but unwanted"},
		{Value: string(cases.DispositionInsufficient), Label: "Not enough to tell", Hint: "evidence is missing and cannot be had", Words: "not enough to tell"},
		{Value: string(cases.DispositionMalicious), Label: "False report", Hint: "made to harm the other side", Words: "a false report"},
	}
}

func dispositionTone(d cases.Disposition) Tone {
	switch d {
	case cases.DispositionUpheld, cases.DispositionCompromised:
		return Harm
	case cases.DispositionSpoofed, cases.DispositionLawful, cases.DispositionReferred:
		return Cleared
	case cases.DispositionInsufficient:
		return Unknown
	}
	return Doubt
}

func restrictionState(s cases.RestrictionState) State {
	switch s {
	case cases.RestrictionProposed:
		return State{string(s), "Waits for approval", Doubt}
	case cases.RestrictionApproved:
		return State{string(s), "Approved", Unknown}
	case cases.RestrictionApplying:
		return State{string(s), "Being applied", Unknown}
	case cases.RestrictionActive:
		return State{string(s), "Active", Cleared}
	case cases.RestrictionLifting:
		return State{string(s), "Being lifted", Unknown}
	case cases.RestrictionLifted:
		return State{string(s), "Lifted", Neutral}
	case cases.RestrictionRejected:
		return State{string(s), "Rejected", Neutral}
	case cases.RestrictionFailed:
		return State{string(s), "Failed", Harm}
	case cases.RestrictionDrifted:
		return State{string(s), "Changed elsewhere", Harm}
	}
	return State{string(s), string(s), Neutral}
}

// restrictionWhat says what a restriction does, without on whom.
func restrictionWhat(r cases.Restriction) string {
	switch r.Kind {
	case cases.KindAccountSuspended:
		return "Refuse all outbound calls"
	case cases.KindChannelLimit:
		return "At most " + count(r.Value.Channels, "call", "calls") + " at a time"
	case cases.KindPrefixDenied:
		return "Refuse calls to " + strings.Join(r.Value.Prefixes, ", ")
	case cases.KindCountriesDenied:
		return "Refuse calls to " + strings.Join(r.Value.Countries, ", ")
	case cases.KindCountriesAllowed:
		if len(r.Value.Countries) == 0 {
			return "Refuse calls to every country"
		}
		return "Only calls to " + strings.Join(r.Value.Countries, ", ")
	case cases.KindRateMax:
		return fmt.Sprintf("Refuse calls above US$%s a minute", numbers.FormatMicroUSD(numbers.MicroUSD(r.Value.RateMicros)))
	case cases.KindCallerIDDenied:
		return "Refuse calls that show it"
	}
	return string(r.Kind)
}

func sendingState(s cases.SendingState) State {
	switch s {
	case cases.SendingPlanned:
		return State{string(s), "Planned", Neutral}
	case cases.SendingAttempting:
		return State{string(s), "Under way", Unknown}
	case cases.SendingSent:
		return State{string(s), "Sent", Cleared}
	case cases.SendingRefused:
		return State{string(s), "Refused", Harm}
	case cases.SendingBounced:
		return State{string(s), "Came back", Harm}
	case cases.SendingUnknown:
		return State{string(s), "Unknown", Doubt}
	case cases.SendingSuppressed:
		return State{string(s), "Not sent", Neutral}
	case cases.SendingHeld:
		return State{string(s), "Held back", Doubt}
	}
	return State{string(s), string(s), Neutral}
}

func sendingWord(k cases.SendingKind) string {
	switch k {
	case cases.SendingAcknowledgement:
		return "Acknowledgement"
	case cases.SendingQuestion:
		return "Question"
	case cases.SendingDetails:
		return "Question of the desk’s own"
	case cases.SendingOutcome:
		return "Outcome"
	case cases.SendingTraceback:
		return "Answer to a traceback request"
	case cases.SendingReferral:
		return "Referral"
	case cases.SendingConfirmation:
		return "Link to confirm a form"
	case cases.SendingAlert:
		return "Alert"
	case cases.SendingForward:
		return "Forwarded text message"
	}
	return string(k)
}

func jobWord(k cases.JobKind) string {
	switch k {
	case cases.JobFile:
		return "File a message"
	case cases.JobEnrich:
		return "Check a report"
	case cases.JobAssess:
		return "Assess a case"
	case cases.JobTell:
		return "Tell somebody"
	case cases.JobChat:
		return "Answer in a chat"
	case cases.JobAlert:
		return "Alert a colleague"
	case cases.JobUrgent:
		return "Assess an urgent case"
	case cases.JobMailbox:
		return "Mark a mail as read"
	case cases.JobPack:
		return "Build a traceback pack"
	case cases.JobCampaigns:
		return "Find campaigns"
	case cases.JobWebhook:
		return "Tell another system"
	}
	return string(k)
}
