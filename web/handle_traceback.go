package web

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

// traceback is the head of a traceback case; nil of any other.
func (ev evidence) traceback(a cases.Actor, due Due) *TracebackPanel {
	x, t := ev.Case, ev.Case.Facts.Traceback
	if x.Kind != cases.CaseTraceback {
		return nil
	}
	if t == nil {
		t = &cases.TracebackFacts{}
	}
	p := &TracebackPanel{Due: due, Clock: sentence(t.Clock.Why), AnsweredAt: t.AnsweredAt, Answer: answerSign(*t), Draft: desk.DraftAnswer(ev.Dossier)}
	decide := cases.Permit(a, cases.CmdVerifyRequester) == nil
	p.CanDecide, p.CanUndo = decide && !x.Closed(), decide && x.MergedInto == 0
	masked := map[int64]cases.ReportView{}
	for _, r := range ev.Reports {
		masked[r.ID] = r
	}
	p.Withheld = sentence(cases.NoteWithheld)
	for _, q := range ev.Requests {
		v := requesterView(q, masked[q.ReportID])
		v.Verify, v.Refuse, v.Undo = p.CanDecide && q.State != cases.RequesterVerified, p.CanDecide && q.State != cases.RequesterRefused, p.CanUndo && q.State != cases.RequesterUnverified
		p.Requesters = append(p.Requesters, v)
		if q.State == cases.RequesterVerified {
			p.Withheld = ""
			p.Form.Reporters = append([]Choice{{Value: v.Report, Label: v.From, Hint: v.Kind}}, p.Form.Reporters...)
		}
	}
	p.CanAnswer = !x.Closed() && p.Withheld == "" && cases.Permit(a, cases.CmdAnswerTraceback) == nil
	p.Fields, p.Missing = ev.requestFields()
	for i, c := range desk.TracedCalls(ev.Dossier) {
		p.Calls = append(p.Calls, ev.tracedRow(i+1, c))
	}
	p.Form.Text.Value = p.Draft
	if len(p.Form.Reporters) > 0 {
		p.Form.Report.Value = p.Form.Reporters[0].Value
	}
	p.Form.Dispositions = append([]Choice{{Value: "", Label: "Leave the case open"}}, dispositionChoices()...)
	for _, d := range dispositionChoices() {
		if d.Value == string(cases.DispositionInsufficient) || d.Value == string(cases.DispositionMalicious) {
			p.Refuse.Dispositions = append(p.Refuse.Dispositions, d)
		}
	}
	return p
}

func answerSign(t cases.TracebackFacts) Sign {
	switch {
	case t.AnsweredAt.IsZero() && t.Answer != "" && !t.Answer.Delivered():
		return Sign{Tone: Harm, Word: "the answer did not arrive", Reason: sendingState(t.Answer).Word}
	case t.AnsweredAt.IsZero() && t.Answer != "" && t.Answer != cases.SendingSent:
		return Sign{Tone: Unknown, Word: "the answer is on its way", Reason: sendingState(t.Answer).Word}
	case t.AnsweredAt.IsZero():
		return Sign{Tone: Neutral, Word: "not answered yet"}
	case !t.OnTime():
		return Sign{Tone: Harm, Word: "answered late"}
	case t.Clock.Running():
		return Sign{Tone: Cleared, Word: "answered in time"}
	}
	return Sign{Tone: Cleared, Word: "answered"}
}

func requesterState(s cases.RequesterState) State {
	switch s {
	case cases.RequesterVerified:
		return State{string(s), "Verified", Cleared}
	case cases.RequesterRefused:
		return State{string(s), "Refused", Harm}
	}
	return State{string(s), "Not verified", Doubt}
}

func requesterView(q cases.TracebackRequest, r cases.ReportView) RequesterView {
	v := RequesterView{Report: strconv.FormatInt(q.ReportID, 10), From: "nobody said who", Kind: reporterWord(r.ReporterKind), Received: q.ReceivedAt, State: requesterState(q.State),
		Note: q.Note, By: q.DecidedBy, Missing: q.Evidence.Missing}
	if r.Reporter != nil {
		v.From = cmp.Or(r.Reporter.Email, r.Reporter.Phone, r.Reporter.Name, v.From)
	}
	if q.How == cases.VerifiedByMail {
		v.By = "abusedesk"
	}
	if q.DecidedAt != nil {
		v.At = *q.DecidedAt
	}
	if r.Channel != cases.ChannelEmail {
		v.Evidence = []Fact{{Name: "Came by", Value: channelWord(r.Channel)}}
		return v
	}
	e := q.Evidence
	result := func(name, result, domain string) {
		f := Fact{Name: name, Value: cmp.Or(result, "no result")}
		if domain != "" {
			f.Value += " for " + domain
		}
		v.Evidence = append(v.Evidence, f)
	}
	known := "not on the list"
	switch {
	case e.Known == "address":
		known = "the address is on the list"
	case e.Known != "":
		known = e.Known + " is on the list"
	}
	v.Evidence = append(v.Evidence, Fact{Name: "From", Value: cmp.Or(e.Domain, "no domain")}, Fact{Name: "Known requester", Value: known})
	result("DKIM", e.DKIM, e.DKIMDomain)
	result("DMARC", e.DMARC, e.DMARCDomain)
	v.Evidence = append(v.Evidence, Fact{Name: "Stated by", Value: cmp.Or(e.Server, "no server")})
	return v
}

// requestFields is what the requests say, taken together, and what they do not.
func (ev evidence) requestFields() ([]Fact, string) {
	var all cases.Traceback
	for i := len(ev.Reports) - 1; i >= 0; i-- {
		if t := ev.Reports[i].Details.Traceback; t != nil {
			all.Join(*t)
		}
	}
	var out []Fact
	for _, f := range []Fact{{Name: "Reference", Value: all.Reference}, {Name: "Campaign", Value: all.Campaign}, {Name: "Upstream provider", Value: all.Upstream}, {Name: "IP addresses", Value: strings.Join(all.IPs, ", ")}} {
		if f.Value != "" {
			out = append(out, f)
		}
	}
	return out, strings.Join(all.Missing(), ", ")
}

func (ev evidence) tracedRow(place int, c desk.TracedCall) TracedRow {
	row := TracedRow{Place: place, Caller: c.Asked.Caller, Called: c.Asked.Called, At: "not found in the request", CallID: c.Asked.CallID,
		Found: Sign{Tone: Unknown, Word: "not looked up yet"}, Text: "The call history is looked at by itself, usually within seconds."}
	if c.Asked.At.Known() {
		const layout = "2 Jan 2006, 15:04"
		row.At = c.Asked.At.Earliest.In(ev.zone).Format(layout) + " to " + c.Asked.At.Latest.In(ev.zone).Format("15:04")
		if c.Asked.At.Latest.Sub(c.Asked.At.Earliest) > 12*time.Hour {
			row.At = c.Asked.At.Earliest.In(ev.zone).Format(layout) + " to " + c.Asked.At.Latest.In(ev.zone).Format(layout)
		}
	}
	f := c.Finding
	if f == nil {
		return row
	}
	row.Found, row.Text = verdictSign(*f), f.Summary
	if p := f.Data.Parties; p != nil {
		switch {
		case p.Originating != "":
			row.From, row.FromHref = cmp.Or(p.OriginatingName, p.Originating), accountPath(p.Originating)
		case p.Provider != "":
			row.From = p.Provider
		}
	}
	if len(f.Data.Calls) > 0 {
		row.Attest = cmp.Or(f.Data.Calls[0].Attest, "none")
	}
	return row
}

func requesterSign(t *cases.TracebackFacts) Sign {
	if t == nil {
		return Sign{Tone: Unknown, Label: "Requester", Word: "not known yet"}
	}
	s := requesterState(t.Requester)
	return Sign{Tone: s.Tone, Label: "Requester", Word: strings.ToLower(s.Word)}
}

// requestNamed reads which request a form is about.
func requestNamed(c *gin.Context) (int64, error) {
	id, err := strconv.ParseInt(cmp.Or(c.PostForm("report"), "0"), 10, 64)
	if err != nil {
		return 0, cases.Invalid(cases.Problem{Field: "report", Message: "choose a request of this case"})
	}
	return id, nil
}

func (s *Server) verifyRequester(c *gin.Context, a cases.Actor) error {
	how := c.PostForm("how")
	report, err := requestNamed(c)
	if err == nil {
		_, err = s.Desk.VerifyRequester(c.Request.Context(), a, c.Param("ref"), report, how)
	}
	if err == nil || cases.KindOf(err) == cases.KindConflict {
		return s.done(c, err, "The requester is verified. What was held back goes out now.", "")
	}
	return s.again(c, a, err, func(p *CasePage) string {
		if p.Traceback == nil {
			return sentence(err.Error())
		}
		f := &p.Traceback.Verify
		f.Report.Value, f.How.Value, f.Shown = c.PostForm("report"), how, p.Traceback.CanDecide
		return beside(err, map[string]*Field{"how": &f.How})
	})
}

func (s *Server) refuseRequester(c *gin.Context, a cases.Actor) error {
	disposition, reason := c.PostForm("disposition"), c.PostForm("reason")
	report, err := requestNamed(c)
	if err == nil {
		_, err = s.Desk.RefuseRequester(c.Request.Context(), a, c.Param("ref"), report, cases.Disposition(disposition), reason)
	}
	if err == nil || cases.KindOf(err) == cases.KindConflict {
		return s.done(c, err, "The requester is refused. Nothing is sent.", "")
	}
	return s.again(c, a, err, func(p *CasePage) string {
		if p.Traceback == nil {
			return sentence(err.Error())
		}
		f := &p.Traceback.Refuse
		f.Report.Value, f.Disposition.Value, f.Reason.Value, f.Shown = c.PostForm("report"), disposition, reason, p.Traceback.CanDecide
		return beside(err, map[string]*Field{"disposition": &f.Disposition, "reason": &f.Reason})
	})
}

func (s *Server) undoRequester(c *gin.Context, a cases.Actor) error {
	reason := c.PostForm("reason")
	report, err := requestNamed(c)
	if err == nil {
		_, err = s.Desk.UndoRequester(c.Request.Context(), a, c.Param("ref"), report, reason)
	}
	if err == nil || cases.KindOf(err) == cases.KindConflict {
		return s.done(c, err, "That is taken back. Nothing is answered until the requester is verified.", "")
	}
	return s.again(c, a, err, func(p *CasePage) string {
		if p.Traceback == nil {
			return sentence(err.Error())
		}
		f := &p.Traceback.Undo
		f.Report.Value, f.Reason.Value, f.Shown = c.PostForm("report"), reason, p.Traceback.CanUndo
		return beside(err, map[string]*Field{"reason": &f.Reason})
	})
}

func (s *Server) answerTraceback(c *gin.Context, a cases.Actor) error {
	in := desk.TracebackAnswer{Text: c.PostForm("text"), Disposition: cases.Disposition(c.PostForm("disposition")), Reason: c.PostForm("reason")}
	var err error
	if in.Report, err = requestNamed(c); err == nil {
		in.Version, err = version(c)
	}
	if err == nil {
		_, err = s.Desk.AnswerTraceback(c.Request.Context(), a, c.Param("ref"), in)
	}
	if err == nil {
		return s.done(c, nil, "The answer is on its way.", "")
	}
	return s.again(c, a, err, func(p *CasePage) string {
		if p.Traceback == nil {
			return sentence(err.Error())
		}
		f := &p.Traceback.Form
		f.Report.Value, f.Text.Value, f.Disposition.Value, f.Reason.Value = fmt.Sprint(in.Report), in.Text, string(in.Disposition), in.Reason
		f.Shown = p.Traceback.CanAnswer
		return beside(err, map[string]*Field{"text": &f.Text, "report": &f.Report, "disposition": &f.Disposition, "reason": &f.Reason})
	})
}
