package web

import (
	"crypto/sha256"
	"encoding/hex"
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
	if p.Added = c.Query("added") != ""; p.Added {
		p.Heading = s.localeOf(c).T("status.heading")
	}
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
	p, w := s.statusPage(c, st), s.localeOf(c)
	p.Heading = w.T("status.heading")
	p.Details.Value = c.PostForm("details")
	text := strings.TrimSpace(p.Details.Value)
	refuse := func(status int, why string) error {
		p.Details.Error = why
		return s.render(c, status, p)
	}
	switch err := s.limited(c, "report", PublicReports, time.Hour); {
	case err != nil:
		return refuse(statusOf(err), w.T("form.many"))
	case p.Closed || p.Waiting:
		return s.render(c, http.StatusConflict, p)
	case text == "":
		return refuse(http.StatusUnprocessableEntity, w.T("problem.details_empty"))
	case len(text) > intake.MaxDescription:
		return refuse(http.StatusUnprocessableEntity, w.T("problem.too_long", "Limit", intake.MaxDescription))
	}
	sum := sha256.Sum256([]byte(text))
	_, err = s.Desk.Submit(ctx, cases.Delivery{
		Channel: cases.ChannelWeb, DedupKey: "details:" + token + ":" + hex.EncodeToString(sum[:]), Body: strings.NewReader(text), Size: int64(len(text)),
		Meta: cases.Meta{ContentType: "text/plain; charset=utf-8", RemoteIP: c.ClientIP(), Language: spokenBy(c),
			Region: s.Region, Adds: token},
	})
	if err != nil {
		return err
	}
	return see(c, "/reports/"+token+s.framedQuery(c, p.Framed, "added=1"))
}

// statusPage shows a reporter what became of the report: nothing personal, and
// nothing about the customer.
func (s *Server) statusPage(c *gin.Context, st desk.Status) StatusPage {
	w, received := s.localeOf(c), st.Received.ReceivedAt
	p := StatusPage{Token: st.Token, Received: received, StatusURL: s.statusURL(st.Token), Category: w.T("status.your_report"), Heading: w.T("status.heading"),
		Framed: c.Query("widget") != ""}
	if s.now().Sub(received) < justFiled {
		p.Heading = w.T("status.heading.new")
	}
	if st.Report == nil {
		return unfiledPage(w, p, st.Received)
	}
	cs := st.Case
	p.Reference, p.Received = cs.Ref, st.Report.ReceivedAt
	if key := "category." + string(st.Report.Category); w.has(key) {
		p.Category = w.T(key)
	}
	due := w.date(workingDays(p.Received.In(zoneOf(c)), 2), "day")
	resolved := cs.State == cases.StateResolved
	byItself := st.Referred != nil && cs.FirstActAt == nil // nobody looked at it, and nobody needs to
	done := []bool{cs.Facts.Checked > 0 || resolved, cs.FirstActAt != nil || resolved && !byItself, resolved}
	compared := StatusStep{Label: w.T("step.compared"), Note: w.T("step.note.minutes")}
	if st.Report.Category == cases.CategoryTextSpam {
		compared.Label = w.T("step.compared.text")
	}
	looked := StatusStep{Label: w.T("step.looked"), Note: w.T("step.note.day")}
	answer := StatusStep{Label: w.T("step.answer"), Note: w.T("step.note.by", "Day", due)}
	if done[0] {
		compared.Note = w.T("step.note.done")
	}
	if done[1] {
		looked.Note = w.T("step.note.done")
		if cs.FirstActAt != nil {
			looked.Note, looked.At = w.T("step.note.since"), *cs.FirstActAt
		}
	}
	if resolved {
		answer.Note, answer.At = w.T("step.note.given"), *cs.ResolvedAt
		p.Closed, p.Outcome, p.OutcomeTone = true, outcomeText(w, cs.Disposition), Known
		if st.Referred != nil {
			// Answering reopens it: what the letter says, and more.
			p.Closed, p.Outcome = false, referredText(w, *st.Referred, st.Region, st.Report.Category, s.Renderer.options.FormatNumber)
		}
	} else {
		p.Expect = w.T("status.expect", "Day", due)
	}
	p.Steps = steps(receivedStep(w, st.Report.Channel, p.Received), done, compared, looked, answer)
	return p
}

func receivedStep(w *Locale, channel cases.Channel, at time.Time) StatusStep {
	return StatusStep{Label: w.T("step.received"), Note: w.T("channel."+string(channel)) + ",", At: at}
}

// unfiledPage is the status of what is safe and of no case yet.
func unfiledPage(w *Locale, p StatusPage, m cases.Message) StatusPage {
	received := receivedStep(w, m.Channel, m.ReceivedAt)
	later := []StatusStep{{Label: w.T("step.compared")}, {Label: w.T("step.looked")}, {Label: w.T("step.answer")}}
	switch m.State {
	case cases.MessageUnconfirmed:
		p.Heading, p.Reference, p.Waiting = w.T("status.heading.unconfirmed"), w.T("status.reference.none"), true
		p.Expect, p.Else = w.T("status.unconfirmed"), w.T("status.unconfirmed.limit")
		p.Steps = steps(received, nil, append([]StatusStep{{Label: w.T("step.confirmed")}}, later...)...)
	case cases.MessageDropped:
		p.Heading, p.Reference, p.Waiting = w.T("status.heading.dropped"), w.T("status.reference.none"), true
		p.Expect = w.T("status.dropped")
		p.Steps = []StatusStep{received}
		p.Steps[0].Phase = "done"
	default:
		p.Reference, p.Expect = w.T("status.reference.filing"), w.T("status.filing")
		p.Steps = steps(received, nil, append([]StatusStep{{Label: w.T("step.filed"), Note: w.T("step.note.under_way")}}, later...)...)
	}
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
func outcomeText(w *Locale, d cases.Disposition) string {
	if key := "outcome." + string(d); w.has(key) {
		return w.T(key)
	}
	return w.T("outcome.malicious_report")
}
