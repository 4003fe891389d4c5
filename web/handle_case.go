package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
)

// reportsOnCase is how many reports the page of a case shows; the others are a
// link away.
const reportsOnCase = 20

func (s *Server) showCase(c *gin.Context, a cases.Actor) error {
	p, err := s.casePage(c, a)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, p)
}

// casePage is the case that the address names.
func (s *Server) casePage(c *gin.Context, a cases.Actor) (CasePage, error) {
	ev, err := s.evidence(c, a, c.Param("ref"))
	if err != nil {
		return CasePage{}, err
	}
	x := ev.Case
	what, about := x.Heading()
	p := CasePage{Ref: x.Ref, Category: what, Headline: about, State: caseState(x), Owner: ownerOf(x, a), Due: s.due(x),
		Opened: x.CreatedAt, Version: x.Version, Priority: x.Priority, Factors: factorsOf(x), Strip: ev.strip(), Timeline: ev.timeline(), Can: actsOf(x, a)}
	p.Parts = CaseParts{ReportsTotal: max(x.Reports, len(ev.Reports)), Findings: ev.findings(), Subjects: ev.subjects(), Checklist: ev.checklist()}
	if err := s.providerSubjects(c, a, p.Parts.Subjects); err != nil {
		return CasePage{}, err
	}
	for _, r := range ev.Reports[:min(reportsOnCase, len(ev.Reports))] {
		p.Parts.Reports = append(p.Parts.Reports, caseReport(r, ev.zone, p.Can.Correct))
	}
	if p.Parts.ReportsTotal > len(p.Parts.Reports) {
		p.Parts.ReportsHref = "/desk/reports?case=" + x.Ref
	}
	p.Parts.Traffic = trafficOf(ev.whose, ev.hours, ev.profile, ev.coverage, ev.marks(), ev.now, ev.zone)
	p.Parts.Similar, p.Parts.Campaigns = ev.similar(), ev.campaigns()
	for _, r := range ev.inForce() {
		p.Parts.Restrictions = append(p.Parts.Restrictions, restrictionLine(r, ""))
	}
	for _, r := range ev.Related {
		p.Related = append(p.Related, CaseLink{Ref: r.Ref, Headline: r.Title, State: caseState(cases.Case{State: r.State}), Why: r.Reason, NoMerge: r.Kind != x.Kind})
	}
	p.Traceback = ev.traceback(a, p.Due)
	p.Pack = x.Kind == cases.CaseTraceback || x.Facts.Corroboration == cases.CorroborationConfirmed
	p.Merged, p.Outcome = ev.merged(), ev.outcome()
	p.Lane, p.Counted = laneSign(x), counted(x.Facts, p.Parts.ReportsTotal)
	if r := x.Referral(); r.Proposed {
		p.Referral = &ReferralLine{Reason: r.Reason, Hold: sentence(r.Hold), Can: p.Can.Resolve}
	}
	if n := cmp.Or(x.Facts.Caller, x.Facts.Callback); n != "" && !x.Facts.Ours && !x.Facts.NumberHosted {
		to, err := s.Desk.Responsible(c.Request.Context(), a, n)
		if err != nil {
			return CasePage{}, err
		}
		p.Responsible = responsibleText(to)
	}
	signers, err := s.Desk.Signers(c.Request.Context(), a, x.ID)
	if err != nil {
		return CasePage{}, err
	}
	p.Parts.Signers = signerLines(signers, x.Ref)
	p.Correct.Fields = correctChoices()
	p.Resolve.Dispositions = dispositionChoices()
	p.Ask.Reporters = reportersOf(ev.Reports, ev.Requests, s.Desk.Answers)
	p.Can.Ask = p.Can.Ask && len(p.Ask.Reporters) > 0
	if len(p.Ask.Reporters) > 0 {
		p.Ask.Report.Value = p.Ask.Reporters[0].Value
	}
	p.Restrict = ev.restrictForm()
	return p, nil
}

// counted says how many called numbers bear the reports out.
func counted(f cases.Facts, reports int) string {
	return count(reports, "report", "reports") + ", " + count(f.Corroborated, "called number", "called numbers") + " corroborated"
}

// responsibleText says which carrier answers for a number, as far as is known.
func responsibleText(r cases.Responsible) string {
	switch {
	case r.Carrier != "" && r.AbuseContact != "":
		return r.Carrier + " (numbers that begin with +" + r.Prefix + "), abuse contact " + r.AbuseContact
	case r.Carrier != "":
		return r.Carrier + " (numbers that begin with +" + r.Prefix + ")"
	case r.TollFree:
		return "not known: a toll-free number does not say which company answers for it (its RespOrg)"
	}
	return "not known: no prefix in the table of carriers fits"
}

// reportersOf are those who can be written to, each once, newest first: who left
// an address, or came by a chat that we can answer in.
//
// Who asks for a traceback and is not verified is left out.
func reportersOf(reports []cases.ReportView, requests []cases.TracebackRequest, answers func(cases.Report) bool) []Choice {
	var out []Choice
	seen := map[string]bool{}
	for _, r := range reports {
		withheld := slices.ContainsFunc(requests, func(q cases.TracebackRequest) bool { return q.ReportID == r.ID && q.State != cases.RequesterVerified })
		inChat := answers(r.Report)
		who, label := r.Thread, "in the chat"
		if r.Reporter != nil {
			who, label = strconv.FormatInt(r.Reporter.ID, 10), cmp.Or(r.Reporter.Email, r.Reporter.Name, label)
		}
		if withheld || !inChat && (r.Reporter == nil || r.Reporter.Email == "") || seen[who] || len(out) == reportsOnCase {
			continue
		}
		hint := reporterWord(r.ReporterKind)
		if inChat {
			hint += ", by chat"
		}
		seen[who] = true
		out = append(out, Choice{Value: strconv.FormatInt(r.ID, 10), Label: label, Hint: hint})
	}
	return out
}

// marks are the times of reports, on the chart of calls.
func (ev evidence) marks() []time.Time {
	var out []time.Time
	for _, r := range ev.Reports {
		out = append(out, r.ReceivedAt)
	}
	return out
}

// similar are the other cases of the same account or number.
func (ev evidence) similar() []CaseLink {
	why := "same number"
	if ev.originating() != "" {
		why = "same account"
	}
	var out []CaseLink
	for _, x := range ev.others {
		if x.ID != ev.Case.ID && len(out) < 5 {
			out = append(out, caseLink(x, why))
		}
	}
	return out
}

func caseLink(x cases.Case, why string) CaseLink {
	return CaseLink{Ref: x.Ref, Headline: x.Title, State: caseState(x), Opened: x.CreatedAt, Reports: x.Reports, Why: why}
}

// inForce are the restrictions of the case, and those in force on its account
// or number for other reasons.
func (ev evidence) inForce() []cases.Restriction {
	out := slices.Clone(ev.Restrictions)
	for _, r := range ev.restrictions {
		if r.State.InForce() && !slices.ContainsFunc(out, func(o cases.Restriction) bool { return o.ID == r.ID }) {
			out = append(out, r)
		}
	}
	return out
}

// merged says which case this one was merged into; nil when it was not.
func (ev evidence) merged() *CaseLink {
	if ev.Case.MergedInto == 0 {
		return nil
	}
	for _, e := range ev.Events {
		if e.Command == string(cases.CmdMergeCase) && e.Data["into"] != "" && e.ObjectID == ev.Case.Ref {
			return &CaseLink{Ref: e.Data["into"], Why: e.Reason}
		}
	}
	return &CaseLink{}
}

// outcome says how a resolved case ended, and who said so.
func (ev evidence) outcome() *Outcome {
	x := ev.Case
	if x.State != cases.StateResolved || x.ResolvedAt == nil {
		return nil
	}
	o := &Outcome{Disposition: dispositionWord(x.Disposition), Tone: dispositionTone(x.Disposition), At: *x.ResolvedAt}
	for _, e := range ev.Events {
		if e.Command == string(cases.CmdResolveCase) {
			o.By, o.Reason = e.ActorName, e.Reason
			break
		}
	}
	return o
}

// actsOf are the commands that a may give on the case as it is.
func actsOf(x cases.Case, a cases.Actor) CaseActs {
	may := func(cmd cases.Command) bool { return cases.Permit(a, cmd) == nil }
	open := !x.Closed()
	return CaseActs{
		Claim:    open && x.Assignee == "" && may(cases.CmdClaimCase),
		Release:  open && x.Assignee != "" && may(cases.CmdReleaseCase),
		Note:     may(cases.CmdNoteCase),
		Correct:  x.MergedInto == 0 && may(cases.CmdCorrectReport),
		Ask:      open && may(cases.CmdAskReporter),
		Resolve:  open && may(cases.CmdResolveCase),
		Reopen:   x.State == cases.StateResolved && x.MergedInto == 0 && may(cases.CmdReopenCase),
		Restrict: open && may(cases.CmdProposeRestrict),
		Merge:    open && may(cases.CmdMergeCase),
		Unmerge:  x.MergedInto != 0 && may(cases.CmdUnmergeCase),
	}
}

// restrictionLine is a restriction in a list; caseRef is "" where it goes
// without saying.
func restrictionLine(r cases.Restriction, caseRef string) RestrictionLine {
	l := RestrictionLine{ID: strconv.FormatInt(r.ID, 10), What: restrictionWhat(r), State: restrictionState(r.State), By: r.ProposedByName, Reason: r.Reason,
		CaseRef: caseRef, Created: r.ProposedAt, Target: string(r.TargetKind) + " " + r.TargetID}
	if r.TargetKind == cases.TargetNumber {
		l.Number = r.TargetID
	}
	if r.ExpiresAt != nil {
		l.Until = *r.ExpiresAt
	}
	if l.By == "" {
		l.By = cmp.Or(r.ProposedBy, "not known")
	}
	return l
}
