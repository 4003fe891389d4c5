package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
	"github.com/abusedesk/abusedesk/intake"
)

// justFiled is how long a report counts as one that was filed just now.
const justFiled = 2 * time.Minute

func (s *Server) showStatus(c *gin.Context) error {
	st, err := s.Desk.Status(c.Request.Context(), c.Param("token"))
	if err != nil {
		return unknownReport(err)
	}
	p := s.statusPage(c, st)
	p.Added = c.Query("added") != ""
	p.JustFiled = p.JustFiled && !p.Added
	return s.render(c, http.StatusOK, p)
}

func unknownReport(err error) error {
	if cases.KindOf(err) == cases.KindNotFound {
		return cases.NotFound("a report with this link")
	}
	return err
}

// addDetails takes a further message of a report from its status page.
func (s *Server) addDetails(c *gin.Context) error {
	if err := readForm(c, MaxFormBody); err != nil {
		return err
	}
	token, ctx := c.Param("token"), c.Request.Context()
	st, err := s.Desk.Status(ctx, token)
	if err != nil {
		return unknownReport(err)
	}
	p := s.statusPage(c, st)
	p.JustFiled = false
	p.Details.Value = c.PostForm("details")
	text := strings.TrimSpace(p.Details.Value)
	refuse := func(status int, why string) error {
		p.Details.Error = why
		return s.render(c, status, p)
	}
	switch err := s.limited(c, "report", PublicReports, time.Hour); {
	case err != nil:
		return refuse(statusOf(err), sentence(err.Error()))
	case p.Closed:
		return s.render(c, http.StatusConflict, p)
	case text == "":
		return refuse(http.StatusUnprocessableEntity, "Write something first.")
	case len(text) > intake.MaxDescription:
		return refuse(http.StatusUnprocessableEntity, fmt.Sprintf("At most %d bytes of text.", intake.MaxDescription))
	}
	sum := sha256.Sum256([]byte(text))
	_, err = s.Desk.Submit(ctx, cases.Delivery{
		Channel: cases.ChannelWeb, DedupKey: "details:" + token + ":" + hex.EncodeToString(sum[:]), Body: strings.NewReader(text), Size: int64(len(text)),
		Meta: cases.Meta{ContentType: "text/plain; charset=utf-8", RemoteIP: c.ClientIP(), Language: preferred(c.GetHeader("Accept-Language")),
			Region: s.Region, Adds: token},
	})
	if err != nil {
		return err
	}
	return see(c, "/reports/"+token+"?added=1")
}

// statusPage shows a reporter what became of the report: nothing personal, and
// nothing about the customer.
func (s *Server) statusPage(c *gin.Context, st desk.Status) StatusPage {
	received := st.Received.ReceivedAt
	p := StatusPage{Token: st.Token, Received: received, StatusURL: s.statusURL(st.Token), Category: "Your report", JustFiled: s.now().Sub(received) < justFiled}
	if st.Report == nil {
		p.Reference = "being filed"
		p.Expect = "Your report is safe and is being filed. Look again in a moment for its reference."
		p.Steps = steps(StatusStep{Label: "Received", Note: channelWord(st.Received.Channel) + ",", At: received}, nil,
			StatusStep{Label: "Filed", Note: "under way"}, StatusStep{Label: "Compared with our call records"}, StatusStep{Label: "Looked at by a person"}, StatusStep{Label: "Answer"})
		return p
	}
	cs := st.Case
	p.Reference, p.Received = cs.Ref, st.Report.ReceivedAt
	for _, x := range (ReportFormPage{}).Categories() {
		if x.Value == string(st.Report.Category) {
			p.Category = x.Label
		}
	}
	due := workingDays(p.Received.In(zoneOf(c)), 2).Format("Monday, 2 January")
	resolved := cs.State == cases.StateResolved
	byItself := st.Referred != nil && cs.FirstActAt == nil // nobody looked at it, and nobody needs to
	done := []bool{cs.Facts.Checked > 0 || resolved, cs.FirstActAt != nil || resolved && !byItself, resolved}
	compared := StatusStep{Label: "Compared with our call records", Note: "usually within minutes"}
	if st.Report.Category == cases.CategoryTextSpam {
		compared.Label = "Looked up whose number it is"
	}
	looked := StatusStep{Label: "Looked at by a person", Note: "usually within a day"}
	answer := StatusStep{Label: "Answer", Note: "by " + due}
	if done[0] {
		compared.Note = "done"
	}
	if done[1] {
		looked.Note = "done"
		if cs.FirstActAt != nil {
			looked.Note, looked.At = "since", *cs.FirstActAt
		}
	}
	if resolved {
		answer.Note, answer.At = "given", *cs.ResolvedAt
		p.Closed, p.Outcome, p.OutcomeTone = true, outcomeText(cs.Disposition), Known
		if st.Referred != nil {
			// Answering reopens it: what the letter says, and more.
			p.Closed, p.Outcome = false, referredText(*st.Referred, st.Region, st.Report.Category, s.Renderer.options.FormatNumber)
		}
	} else {
		p.Expect = "We aim to answer " + answerBy + ", by " + due + "."
	}
	p.Steps = steps(StatusStep{Label: "Received", Note: channelWord(st.Report.Channel) + ",", At: p.Received}, done, compared, looked, answer)
	return p
}

// steps says which step is done, which is being taken, and which come later.
func steps(first StatusStep, done []bool, more ...StatusStep) []StatusStep {
	first.Phase = "done"
	out := []StatusStep{first}
	now := true
	for i, x := range more {
		switch {
		case i < len(done) && done[i]:
			x.Phase = "done"
		case now:
			x.Phase, now = "now", false
		default:
			x.Phase = "later"
		}
		out = append(out, x)
	}
	return out
}

// workingDays is n days of Monday to Friday after t.
func workingDays(t time.Time, n int) time.Time {
	for n > 0 {
		t = t.AddDate(0, 0, 1)
		if d := t.Weekday(); d != time.Saturday && d != time.Sunday {
			n--
		}
	}
	return t
}

// outcomeText is what a reporter is told of a judgement.
func outcomeText(d cases.Disposition) string {
	switch d {
	case cases.DispositionUpheld:
		return "We carried these calls, and what you reported is right. We act on it with the customer who made them; who that is we may not say."
	case cases.DispositionCompromised:
		return "The calls came from a customer whose telephone system or account had been broken into."
	case cases.DispositionSpoofed:
		return "We did not carry these calls. Whoever made them showed a number that belongs to somebody else, who has nothing to do with them."
	case cases.DispositionReferred:
		return "The call came through another carrier, which has been told."
	case cases.DispositionLawful:
		return "The call was unwanted, and it was allowed. You can ask the caller to stop."
	case cases.DispositionInsufficient:
		return "We could not find enough to tell what happened. If it goes on, report it again: the time and the number that was called help most."
	}
	return "We looked into it and found no abuse of our network."
}
