package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

func (s *Server) showForm(c *gin.Context) error {
	return s.renderForm(c, http.StatusOK, s.emptyForm(c))
}

// renderForm draws the form, whose proof of work runs in a worker.
func (s *Server) renderForm(c *gin.Context, status int, p ReportFormPage) error {
	c.Header("Content-Security-Policy", contentPolicy+workersOfOurs)
	p.OneByOne = p.OneByOne || c.Query("widget") != "" // also when nothing of it could be read
	if p.OneByOne {
		s.framed(c)
	}
	return s.render(c, status, p)
}

// fileReport takes the public form. A structured field that is wrong brings the
// form back with what was typed; free text is always taken.
func (s *Server) fileReport(c *gin.Context) error {
	// What is large is not even read from whoever has sent enough.
	large := c.Request.ContentLength < 0 || c.Request.ContentLength > MaxFormBody
	if large {
		if err := s.limited(c, "report", PublicReports, time.Hour); err != nil {
			page := s.emptyForm(c)
			page.Problem = s.localeOf(c).T("form.many")
			return s.renderForm(c, statusOf(err), page)
		}
	}
	f, err := readReportForm(c)
	defer f.close()
	if err != nil {
		return err
	}
	if s.switchLanguage(c, f.values.Get("language")) {
		return s.renderForm(c, http.StatusOK, s.typedForm(c, f))
	}
	w := s.localeOf(c)
	// again brings the form back with what was typed and what is wrong with it;
	// drawing it costs more than filing, so that it is not drawn for nothing.
	again := func(status int, wrong func(*ReportFormPage)) error {
		page := s.typedForm(c, f)
		wrong(&page)
		return s.renderForm(c, status, page)
	}
	problem := func(key string) func(*ReportFormPage) {
		return func(p *ReportFormPage) { p.Problem = w.T(key) }
	}
	if !large {
		if err := s.limited(c, "report", PublicReports, time.Hour); err != nil {
			return again(statusOf(err), problem("form.many"))
		}
	}
	if f.tooMuch.Name != "" {
		return again(http.StatusRequestEntityTooLarge, func(p *ReportFormPage) { p.Files.Error = w.problem(f.tooMuch) })
	}
	language := spokenBy(c)
	parsed, err := intake.Form(f.source(), f.contentType, intake.Context{Region: s.Region, Language: language, ReceivedAt: s.now()})
	if cases.KindOf(err) == cases.KindInvalid {
		return again(statusOf(err), func(p *ReportFormPage) { p.wrong(w, err) })
	}
	if err != nil {
		return err
	}
	nonce := f.nonce()
	if nonce == "" {
		return again(http.StatusUnprocessableEntity, problem("form.incomplete"))
	}
	del := cases.Delivery{
		Channel: cases.ChannelWeb, DedupKey: "nonce:" + nonce, Body: f.reader(), Size: f.size,
		Meta: cases.Meta{ContentType: f.contentType, RemoteIP: c.ClientIP(), Language: language, Region: s.Region, RequestSHA: f.sum()},
	}
	if f.oneByOne() {
		del.Channel, del.Source = cases.ChannelChat, viaWidget // a carrier without a chat of its own has one so
	}
	proof := f.values.Get("altcha")
	if proof == "" {
		return s.fileUnproved(c, f, del, parsed)
	}
	err = s.prove(c.Request.Context(), proof, string(del.Channel)+":"+del.DedupKey)
	if unproved(err) {
		return again(http.StatusUnprocessableEntity, problem("form.proof"))
	}
	if err != nil {
		return err
	}
	sub, err := s.Desk.Submit(c.Request.Context(), del)
	return s.filed(c, f, sub.Receipt, err)
}

// fileUnproved takes a form of a browser without script, which cannot prove that
// it is no machine: its sender confirms it by mail or, where there is none, fewer
// of them are taken.
func (s *Server) fileUnproved(c *gin.Context, f *reportForm, del cases.Delivery, parsed cases.Parsed) error {
	w, ctx, page := s.localeOf(c), c.Request.Context(), s.typedForm(c, f)
	refuse := func(status int, field *Field, key string) error {
		field.Error = w.T(key)
		return s.renderForm(c, status, page)
	}
	if s.Desk.CanConfirm() {
		if parsed.Reporter.Email == "" {
			return refuse(http.StatusUnprocessableEntity, &page.Email, "form.email_needed")
		}
		if ok, _ := s.Desk.MayConfirm(parsed); !ok {
			return refuse(http.StatusUnprocessableEntity, &page.Email, "form.email_refused")
		}
	}
	if err := s.limited(c, "unproved", UnprovedReports, time.Hour); err != nil {
		page.Problem = w.T("form.many")
		return s.renderForm(c, statusOf(err), page)
	}
	if !s.Desk.CanConfirm() {
		sub, err := s.Desk.Submit(ctx, del)
		return s.filed(c, f, sub.Receipt, err)
	}
	if err := s.limitedBy(c, "confirmation:"+hashed(parsed.Reporter.Email), Confirmations, time.Hour); err != nil {
		return refuse(statusOf(err), &page.Email, "form.many_letters")
	}
	r, err := s.Desk.Hold(ctx, del, parsed.Reporter.Email, w.Tag)
	return s.filed(c, f, r, err)
}

func hashed(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// filed leads on to the status page.
func (s *Server) filed(c *gin.Context, f *reportForm, r cases.Receipt, err error) error {
	if cases.KindOf(err) == cases.KindConflict {
		page := s.typedForm(c, f)
		page.Nonce = s.emptyForm(c).Nonce
		page.Problem = s.localeOf(c).T("form.again")
		return s.renderForm(c, http.StatusConflict, page)
	}
	if err != nil {
		return err
	}
	return see(c, "/reports/"+r.Token+s.framedQuery(c, f.oneByOne(), ""))
}

// showConfirm asks for a press of a button: what looks at links in mails must not
// confirm anything.
func (s *Server) showConfirm(c *gin.Context) error {
	m, err := s.Desk.Unconfirmed(c.Request.Context(), c.Param("token"), c.Param("code"))
	if err != nil {
		return unknownReport(err)
	}
	if m.State != cases.MessageUnconfirmed {
		return see(c, "/reports/"+m.Token)
	}
	return s.render(c, http.StatusOK, ConfirmPage{Path: "/reports/" + m.Token + "/confirm/" + c.Param("code")})
}

func (s *Server) confirmReport(c *gin.Context) error {
	sub, err := s.Desk.Confirm(c.Request.Context(), c.Param("token"), c.Param("code"))
	if err != nil {
		return unknownReport(err)
	}
	return see(c, "/reports/"+sub.Receipt.Token)
}

// spokenBy is the language that a reader chose on a page of ours, else preferred.
func spokenBy(c *gin.Context) string {
	if tag, err := c.Cookie(languageCookie); err == nil && plainTag(tag) {
		return tag
	}
	return preferred(c.GetHeader("Accept-Language"))
}

// preferred is the first language that a browser asks for; "" for none.
func preferred(accept string) string {
	tag, _, _ := strings.Cut(accept, ",")
	tag, _, _ = strings.Cut(tag, ";")
	if tag = strings.TrimSpace(tag); !plainTag(tag) {
		return ""
	}
	return tag
}

func plainTag(tag string) bool {
	return len(tag) <= 35 && strings.Trim(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}
