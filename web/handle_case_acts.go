package web

import (
	"cmp"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

// done returns to the case with a sentence about what was done, or with why it
// could not be: what the state of the case forbids is no fault of the page.
func (s *Server) done(c *gin.Context, err error, text, undo string) error {
	switch cases.KindOf(err) {
	case cases.KindConflict:
		s.toast(c, Doubt, sentence(err.Error()), "")
	default:
		if err != nil {
			return err
		}
		s.toast(c, Cleared, text, undo)
	}
	return see(c, casePath(c.Param("ref")))
}

func (s *Server) claimCase(c *gin.Context, a cases.Actor) error {
	x, err := s.Desk.Claim(c.Request.Context(), a, c.Param("ref"))
	return s.done(c, err, x.Ref+" is yours.", casePath(x.Ref)+"/release")
}

func (s *Server) releaseCase(c *gin.Context, a cases.Actor) error {
	x, err := s.Desk.Release(c.Request.Context(), a, c.Param("ref"))
	return s.done(c, err, x.Ref+" is back in the queue.", casePath(x.Ref)+"/claim")
}

// again draws the case with a dialog as it was sent and what is wrong with it.
// open shows the dialog, puts the problems beside its fields and returns the rest.
func (s *Server) again(c *gin.Context, a cases.Actor, err error, open func(p *CasePage) string) error {
	if statusOf(err) >= http.StatusInternalServerError {
		return err
	}
	p, perr := s.casePage(c, a)
	if perr != nil {
		return perr
	}
	p.Problem = open(&p)
	return s.render(c, statusOf(err), p)
}

func (s *Server) noteCase(c *gin.Context, a cases.Actor) error {
	text := c.PostForm("text")
	_, err := s.Desk.Note(c.Request.Context(), a, c.Param("ref"), text)
	if err == nil {
		return s.done(c, nil, "The note is on the timeline.", "")
	}
	return s.again(c, a, err, func(p *CasePage) string {
		p.Note = NoteForm{Text: Field{Value: text}, Shown: p.Can.Note}
		return beside(err, map[string]*Field{"note": &p.Note.Text})
	})
}

func (s *Server) askReporter(c *gin.Context, a cases.Actor) error {
	text, of := c.PostForm("text"), c.PostForm("report")
	report, err := strconv.ParseInt(cmp.Or(of, "0"), 10, 64)
	if err != nil {
		err = cases.Invalid(cases.Problem{Field: "report", Message: "choose one of the reporters"})
	} else {
		_, err = s.Desk.Ask(c.Request.Context(), a, c.Param("ref"), report, text)
	}
	if err == nil {
		return s.done(c, nil, "The question is on its way.", "")
	}
	return s.again(c, a, err, func(p *CasePage) string {
		f := &p.Ask
		f.Text.Value, f.Report.Value, f.Shown = text, of, p.Can.Ask
		return beside(err, map[string]*Field{"text": &f.Text, "report": &f.Report})
	})
}

// version reads which version of the case was on the page.
func version(c *gin.Context) (int64, error) {
	v, err := strconv.ParseInt(c.PostForm("version"), 10, 64)
	if err != nil || v < 1 {
		return 0, cases.Invalid(cases.Problem{Field: "version", Message: "the page did not say which version of the case it showed; look again"})
	}
	return v, nil
}

func (s *Server) resolveCase(c *gin.Context, a cases.Actor) error {
	disposition, reason := c.PostForm("disposition"), c.PostForm("reason")
	quiet := c.PostForm("tell") == ""
	v, err := version(c)
	if err == nil {
		_, err = s.Desk.Resolve(c.Request.Context(), a, c.Param("ref"), desk.Judgement{Version: v, Disposition: cases.Disposition(disposition), Reason: reason, Quiet: quiet})
	}
	if err == nil {
		return s.done(c, nil, "Resolved as "+dispositionWord(cases.Disposition(disposition))+".", "")
	}
	return s.again(c, a, err, func(p *CasePage) string {
		f := &p.Resolve
		f.Disposition.Value, f.Reason.Value, f.Quiet, f.Shown = disposition, reason, quiet, p.Can.Resolve
		return beside(err, map[string]*Field{"disposition": &f.Disposition, "reason": &f.Reason})
	})
}

// referCase sends the reporters to the carrier that answers for the number.
func (s *Server) referCase(c *gin.Context, a cases.Actor) error {
	v, err := version(c)
	if err == nil {
		_, err = s.Desk.Refer(c.Request.Context(), a, c.Param("ref"), v)
	}
	if cases.KindOf(err) == cases.KindInvalid {
		return s.again(c, a, err, func(*CasePage) string { return sentence(err.Error()) })
	}
	return s.done(c, err, "The reporters are referred, and the case is resolved.", "")
}

func (s *Server) reopenCase(c *gin.Context, a cases.Actor) error {
	reason := c.PostForm("reason")
	_, err := s.Desk.Reopen(c.Request.Context(), a, c.Param("ref"), reason)
	if err == nil {
		return s.done(c, nil, "The case is open again.", "")
	}
	return s.again(c, a, err, func(p *CasePage) string {
		p.Reopen = ReasonForm{Reason: Field{Value: reason}, Shown: p.Can.Reopen}
		return beside(err, map[string]*Field{"reason": &p.Reopen.Reason})
	})
}

func (s *Server) mergeCase(c *gin.Context, a cases.Actor) error {
	into, reason := c.PostForm("into"), c.PostForm("reason")
	err := s.Desk.Merge(c.Request.Context(), a, c.Param("ref"), into, reason)
	if err == nil {
		s.toast(c, Cleared, "Its reports are here now.", "")
		return see(c, casePath(into))
	}
	return s.again(c, a, err, func(p *CasePage) string {
		p.Merge = MergeForm{Into: Field{Value: into}, Reason: Field{Value: reason}, Shown: p.Can.Merge}
		return beside(err, map[string]*Field{"into": &p.Merge.Into, "reason": &p.Merge.Reason})
	})
}

func (s *Server) unmergeCase(c *gin.Context, a cases.Actor) error {
	reason := c.PostForm("reason")
	err := s.Desk.Unmerge(c.Request.Context(), a, c.Param("ref"), reason)
	if err == nil {
		return s.done(c, nil, "Its reports are back.", "")
	}
	return s.again(c, a, err, func(p *CasePage) string {
		p.Unmerge = ReasonForm{Reason: Field{Value: reason}, Shown: p.Can.Unmerge}
		return beside(err, map[string]*Field{"reason": &p.Unmerge.Reason})
	})
}
