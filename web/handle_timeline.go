package web

import (
	"net/url"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

func casePath(ref string) string   { return "/desk/cases/" + url.PathEscape(ref) }
func accountPath(id string) string { return "/desk/accounts/" + url.PathEscape(id) }

// timeline is what happened to the case, newest first.
func (ev evidence) timeline() []Event { return timelineOf(ev.Events) }

func timelineOf(events []cases.Event) []Event {
	out := make([]Event, 0, len(events))
	for _, e := range events {
		out = append(out, eventOf(e))
	}
	return out
}

func eventOf(e cases.Event) Event {
	x := Event{At: e.At, Kind: "machine", Who: e.ActorName, What: eventWords(e), Why: e.Reason}
	switch e.ActorKind {
	case cases.ActorPerson, cases.ActorKey:
		x.Kind = "people"
	case cases.ActorReporter:
		x.Who = "A reporter"
	case cases.ActorSystem:
		x.Who = "abusedesk"
	}
	switch {
	case strings.HasPrefix(e.Command, "sending.") && e.Command != string(cases.CmdResolveSending):
		x.Kind = "outward"
	case e.Command == string(cases.CmdResolveCase):
		x.Tone = dispositionTone(cases.Disposition(e.Data["disposition"]))
	case e.Command == string(cases.CmdProposeRestrict):
		x.Tone = Doubt
	case e.Command == "restriction.active":
		x.Tone = Cleared
	}
	switch e.ObjectKind {
	case "report":
		x.Href = "/desk/reports/" + url.PathEscape(e.ObjectID)
	case "campaign":
		x.Href = "/desk/campaigns/" + url.PathEscape(e.ObjectID)
	case "restriction":
		x.Href = "/desk/restrictions/" + url.PathEscape(e.ObjectID)
	}
	return x
}

// eventWords says what was done, to follow the name of who did it.
func eventWords(e cases.Event) string {
	d := e.Data
	switch e.Command {
	case "case.open":
		return "opened the case"
	case "report.file":
		return "filed report " + e.ObjectID + " by " + strings.ToLower(channelWord(cases.Channel(d["channel"])))
	case "report.message":
		return "added to report " + e.ObjectID
	case string(cases.CmdReadRaw):
		return "read the raw message of report " + e.ObjectID
	case string(cases.CmdRevealReporter):
		return "looked at who sent report " + e.ObjectID
	case string(cases.CmdClaimCase):
		return "claimed the case"
	case string(cases.CmdReleaseCase):
		return "gave the case back"
	case string(cases.CmdNoteCase):
		return "noted"
	case string(cases.CmdResolveCase):
		return "resolved the case as " + strings.ToLower(dispositionWord(cases.Disposition(d["disposition"])))
	case string(cases.CmdReopenCase):
		return "reopened the case"
	case string(cases.CmdMergeCase):
		if d["into"] != "" {
			return "merged the case into " + d["into"]
		}
		return "merged " + d["from"] + " into this case"
	case string(cases.CmdUnmergeCase):
		if d["out_of"] != "" {
			return "took the case out of " + d["out_of"] + " again"
		}
		return "took " + d["back"] + " out of this case again"
	case "case.state":
		return "moved the case to: " + strings.ToLower(caseState(cases.Case{State: cases.State(d["to"])}).Word)
	case "case.assess":
		return "set the priority to " + d["priority"]
	case string(cases.CmdProposeRestrict):
		return "proposed: " + d["what"]
	case string(cases.CmdApproveRestrict):
		return "approved restriction " + e.ObjectID
	case string(cases.CmdRejectRestrict):
		return "rejected restriction " + e.ObjectID
	case string(cases.CmdLiftRestrict):
		return "lifts restriction " + e.ObjectID
	case "restriction.apply":
		return "applies restriction " + e.ObjectID + " as revision " + d["revision"]
	case "restriction.active":
		return "read restriction " + e.ObjectID + " back from " + d["points"] + " points: it is active"
	case "restriction.lifted":
		return "lifted restriction " + e.ObjectID
	case string(cases.CmdResolveSending):
		return "looked into a sending: " + strings.ToLower(sendingState(cases.SendingState(d["state"])).Word)
	case string(cases.CmdAskReporter):
		return "asked the reporter of report " + d["report"]
	case string(cases.CmdCorrectReport):
		return "corrected report " + d["report"] + ": " + fieldWord(cases.ExtractKind(d["field"]))
	case "campaign.open":
		return "found another case with the same script"
	case "campaign.join":
		return "found report " + d["report"] + " to tell of the script of campaign " + e.ObjectID
	case "campaign.unite":
		return "united campaign " + e.ObjectID + " with campaign " + d["into"]
	case string(cases.CmdVerifyRequester):
		return "verified who asks in report " + d["report"]
	case "requester.refuse":
		return "refused who asks in report " + d["report"]
	case "requester.undo":
		return "took back what was decided about who asks in report " + d["report"]
	case string(cases.CmdAnswerTraceback):
		return "answered the traceback request of report " + d["report"]
	case "reporter.bounced":
		return "gave up an address: mail to it came back"
	case "sending.sent":
		return "sent " + article(d["kind"])
	case "sending.refused":
		return "was refused " + article(d["kind"])
	case "sending.bounced":
		return strings.TrimSuffix("got back "+article(d["kind"])+": "+d["status"], ": ")
	case "sending.unknown":
		return "does not know whether " + article(d["kind"]) + " arrived"
	case "sending.suppressed":
		return "did not send " + article(d["kind"])
	}
	return e.Command + " " + e.ObjectKind + " " + e.ObjectID
}

func article(kind string) string {
	word := strings.ToLower(sendingWord(cases.SendingKind(kind)))
	if strings.ContainsAny(word[:1], "aeiou") {
		return "an " + word
	}
	return "a " + word
}
