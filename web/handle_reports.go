package web

import (
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

func (s *Server) showReports(c *gin.Context, a cases.Actor) error {
	channel, text := cases.Channel(c.Query("channel")), strings.TrimSpace(c.Query("q"))
	q := cases.ReportQuery{Channel: channel, Cursor: c.Query("cursor"), Limit: cases.DefaultPage}
	p := ReportsPage{Query: c.Query("q"), Views: []Tab{{Label: "All", Href: "/desk/reports", Current: channel == ""}}}
	for _, x := range []cases.Channel{cases.ChannelWeb, cases.ChannelEmail, cases.ChannelChat, cases.ChannelAPI} {
		p.Views = append(p.Views, Tab{Label: channelWord(x), Href: "/desk/reports?channel=" + string(x), Current: x == channel})
	}
	if ref := c.Query("case"); ref != "" {
		text, p.Query = ref, ref
	}
	known := true
	switch n, err := numbers.Parse(text, s.Region); {
	case text == "":
	case isSHA256(text):
		q.SHA256 = strings.ToLower(text)
	case err == nil:
		q.Number = n.E164
	default:
		q.CaseID, err = cases.ParseCaseRef(text)
		known = err == nil
	}
	if known {
		found, err := s.Desk.Reports(c.Request.Context(), a, q)
		if err != nil {
			return err
		}
		for _, v := range found.Items {
			p.Rows = append(p.Rows, reportLine(v))
		}
		p.Pages = pagesOf(c, found.Next, len(found.Items), "report", "reports")
	}
	return s.render(c, http.StatusOK, p)
}

func isSHA256(text string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && len(b) == 32
}

func reportLine(v cases.ReportView) ReportLine {
	l := ReportLine{ID: strconv.FormatInt(v.ID, 10), Channel: channelWord(v.Channel), Category: cases.CategoryTitle(v.Category), Received: v.ReceivedAt,
		Reporter: reporterWord(v.ReporterKind), CaseRef: v.CaseRef, Excerpt: excerpt(v.Text, 160)}
	if v.Unreadable {
		l.Excerpt = "could not be understood"
	}
	for _, role := range []cases.NumberRole{cases.RoleCaller, cases.RoleCallback} {
		if i := slices.IndexFunc(v.Subjects, func(x cases.Subject) bool { return x.Role == role }); i >= 0 {
			l.Number = v.Subjects[i].E164
			break
		}
	}
	return l
}

// maxRaw is how much of a message a page shows; the download has all of it.
const maxRaw = 32 << 10

// showReport shows a report. The bytes of a message are shown when they are
// asked for, because they hold personal data and reading them is logged.
func (s *Server) showReport(c *gin.Context, a cases.Actor) error {
	id, err := pathID(c, "report")
	if err != nil {
		return err
	}
	v, err := s.Desk.Report(c.Request.Context(), a, id)
	if err != nil {
		return err
	}
	p := s.reportPage(c, a, v)
	asked := c.Query("message")
	if asked == "" {
		return s.render(c, http.StatusOK, p)
	}
	i := slices.IndexFunc(v.Messages, func(m cases.Message) bool { return strconv.FormatInt(m.ID, 10) == asked })
	if i < 0 {
		return cases.NotFound("this message")
	}
	_, body, err := s.Desk.RawMessage(c.Request.Context(), a, v.Messages[i].ID)
	if err != nil {
		return err
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, maxRaw+1))
	if err != nil {
		return err
	}
	m := &p.Messages[i]
	m.Open, m.Cut = true, len(raw) > maxRaw
	m.Raw = readable(raw[:min(len(raw), maxRaw)])
	return s.render(c, http.StatusOK, p)
}

// readable is bytes as text that does nothing: what is no text, steers a
// terminal or turns the direction of writing becomes a mark.
func readable(raw []byte) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return -1
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(string(raw), string(unicode.ReplacementChar)))
}

func (s *Server) reportPage(c *gin.Context, a cases.Actor, v cases.ReportView) ReportPage {
	p := ReportPage{ID: strconv.FormatInt(v.ID, 10), CaseRef: v.CaseRef, Category: cases.CategoryTitle(v.Category), Report: caseReport(v, zoneOf(c), false), Warnings: v.Details.Warnings,
		CanReveal: v.Reporter != nil && cases.Permit(a, cases.CmdRevealReporter) == nil}
	p.Report.RawHref = ""
	fact := func(name, value string) {
		if value != "" {
			p.Facts = append(p.Facts, Fact{Name: name, Value: value})
		}
	}
	for _, x := range v.Subjects {
		p.Facts = append(p.Facts, Fact{Name: "Number " + roleWord(x.Role), Number: x.E164})
	}
	fact("Told time", p.Report.Occurred)
	if v.Occurrences > 0 {
		fact("How often", thousand(v.Occurrences))
	}
	fact("Urgent", laneWord(v.Lane))
	fact("Pretext", v.Pretext)
	fact("Impersonated", v.Details.Impersonated)
	fact("Money lost", moneyWord(v.Details.Lost))
	fact("Subject", v.Subject)
	fact("Language", v.Language)
	fact("Account named", v.Account)
	fact("Identity header", v.Identity)
	for _, x := range []string{"dkim", "spf", "dmarc"} {
		fact(strings.ToUpper(x), v.Details.Auth[x])
	}
	fact("Linked because", v.LinkReason)
	fact("Read by", v.Details.Parser)
	for _, m := range v.Messages {
		p.Messages = append(p.Messages, MessageLine{ID: strconv.FormatInt(m.ID, 10), Channel: channelWord(m.Channel), Received: m.ReceivedAt, Bytes: m.Size, SHA256: m.SHA256, Href: messagePath(m.ID)})
	}
	return p
}

// revealReporter shows who reported, once, on the answer itself: it is kept
// nowhere, and that it was looked at is logged.
func (s *Server) revealReporter(c *gin.Context, a cases.Actor) error {
	id, err := pathID(c, "report")
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	who, err := s.Desk.RevealReporter(ctx, a, id)
	if err != nil {
		return err
	}
	v, err := s.Desk.Report(ctx, a, id)
	if err != nil {
		return err
	}
	p := s.reportPage(c, a, v)
	p.CanReveal = false
	for _, f := range []Fact{{Name: "Name", Value: who.Name}, {Name: "E-mail", Value: who.Email}, {Name: "Phone", Number: who.Phone}} {
		if f.Value != "" || f.Number != "" {
			p.Reporter = append(p.Reporter, f)
		}
	}
	return s.render(c, http.StatusOK, p)
}

// rawMessage hands out the bytes of a message so that nothing in them can act:
// never as what they say they are, never within a page, never in our origin.
func (s *Server) rawMessage(c *gin.Context, a cases.Actor) error {
	id, err := pathID(c, "message")
	if err != nil {
		return err
	}
	m, body, err := s.Desk.RawMessage(c.Request.Context(), a, id)
	if err != nil {
		return err
	}
	defer body.Close()
	h := c.Writer.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fmt.Sprintf("message-%d.txt", m.ID)}))
	h.Set("Content-Length", strconv.FormatInt(m.Size, 10))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	c.Status(http.StatusOK)
	if _, err := io.Copy(c.Writer, body); err != nil {
		s.Log.Warn("raw message", "message", m.ID, "err", err)
	}
	return nil
}
