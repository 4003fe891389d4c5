package web

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

func (s *Server) showForm(c *gin.Context) error {
	zone, _ := c.Cookie("zone")
	if zone != "" {
		zone = zoneOf(c).String()
	}
	return s.render(c, http.StatusOK, emptyForm(zone))
}

// fileReport takes the public form. A structured field that is wrong brings the
// form back with what was typed; free text is always taken.
func (s *Server) fileReport(c *gin.Context) error {
	f, err := readReportForm(c)
	if err != nil {
		return err
	}
	page := f.page()
	if err := s.limited(c, "report", PublicReports, time.Hour); err != nil {
		page.Problem = sentence(err.Error())
		return s.render(c, statusOf(err), page)
	}
	language := preferred(c.GetHeader("Accept-Language"))
	if _, err := intake.Form(f.raw, f.contentType, intake.Context{Region: s.Region, Language: language, ReceivedAt: s.now()}); err != nil {
		page.wrong(err)
		return s.render(c, statusOf(err), page)
	}
	nonce := f.nonce()
	if nonce == "" {
		page.Problem = "The form was not complete. Please send it again."
		return s.render(c, http.StatusUnprocessableEntity, page)
	}
	if proof := f.values.Get("altcha"); proof != "" {
		err := s.prove(c.Request.Context(), proof, "nonce:"+nonce)
		if unproved(err) {
			page.Problem = "Your browser's proof that you are no machine has run out or was used before. Please send the form again."
			return s.render(c, http.StatusUnprocessableEntity, page)
		}
		if err != nil {
			return err
		}
	}
	sub, err := s.Desk.Submit(c.Request.Context(), cases.Delivery{
		Channel: cases.ChannelWeb, DedupKey: "nonce:" + nonce, Body: bytes.NewReader(f.raw), Size: int64(len(f.raw)),
		Meta: cases.Meta{ContentType: f.contentType, RemoteIP: c.ClientIP(), Language: language, Region: s.Region, RequestSHA: f.sum()},
	})
	if cases.KindOf(err) == cases.KindConflict {
		page.Nonce = emptyForm("").Nonce
		page.Problem = "You have sent this form once already, and that report is safe. Send it again if this is another one."
		return s.render(c, http.StatusConflict, page)
	}
	if err != nil {
		return err
	}
	return see(c, "/reports/"+sub.Receipt.Token)
}

// preferred is the first language that a browser asks for; "" for none.
func preferred(accept string) string {
	tag, _, _ := strings.Cut(accept, ",")
	tag, _, _ = strings.Cut(tag, ";")
	if tag = strings.TrimSpace(tag); len(tag) > 35 || strings.Trim(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
		return ""
	}
	return tag
}
