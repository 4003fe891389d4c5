package web

import (
	"cmp"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

// packFor reads for whom a pack is asked for.
func packFor(report, kind string) (desk.PackFor, error) {
	id, err := strconv.ParseInt(cmp.Or(report, "0"), 10, 64)
	if err != nil || id < 0 {
		return desk.PackFor{}, cases.Invalid(cases.Problem{Field: "report", Message: "choose a request of this case"})
	}
	return desk.PackFor{Report: id, Kind: cases.ReporterKind(kind)}, nil
}

func packPath(ref string) string { return casePath(ref) + "/pack" }

func (s *Server) showPack(c *gin.Context, a cases.Actor) error {
	p, err := s.packPage(c, a)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, p)
}

// packPage is the pack that the address names; one that was not built yet is a page
// that says so.
func (s *Server) packPage(c *gin.Context, a cases.Actor) (PackPage, error) {
	of, err := packFor(cmp.Or(c.Query("report"), c.PostForm("of")), c.Query("for"))
	if err != nil {
		return PackPage{}, err
	}
	v, err := s.Desk.Pack(c.Request.Context(), a, c.Param("ref"), of)
	built := err == nil
	if err != nil && (cases.KindOf(err) != cases.KindNotFound || v.Case.ID == 0) {
		return PackPage{}, err
	}
	x := v.Case
	p := PackPage{Ref: x.Ref, Operator: s.Renderer.options.Operator, Built: built, CaseVer: x.Version, Due: s.due(x), For: reporterWord(v.For.Kind)}
	p.CanBuild = x.MergedInto == 0 && cases.Permit(a, cases.CmdAnswerTraceback) == nil
	p.CanRule = x.MergedInto == 0 && cases.Permit(a, cases.CmdReviewRelease) == nil
	p.packReviews(v)
	if !built {
		return p, nil
	}
	d := v.Document
	p.Version, p.BuiltAt, p.Digest, p.Clock = d.Version, d.BuiltAt, d.Digest, sentence(d.Clock)
	if d.DueAt != nil {
		p.DueAt = *d.DueAt
	}
	p.Complete = Sign{Tone: Cleared, Word: "complete"}
	if !d.Complete {
		p.Complete = Sign{Tone: Doubt, Word: "not complete yet", Reason: packGaps(v)}
	}
	p.Query = "?" + url.Values{"for": {string(v.For.Kind)}}.Encode()
	if v.For.Report != 0 {
		p.Query = "?report=" + strconv.FormatInt(v.For.Report, 10)
		st := requesterState(v.Reports[slices.IndexFunc(v.Reports, func(r desk.PackRequester) bool { return r.Request.ReportID == v.For.Report })].Request.State)
		p.Verified = Sign{Tone: st.Tone, Label: "Requester", Word: strings.ToLower(st.Word)}
	}
	p.Choices = packChoices(v)
	p.Covers = packCovers(d.Covers)
	p.Head = []Fact{{Name: "Request", Value: cmp.Or(d.Pack.Reference, "no reference")}, {Name: "For", Value: sentenceCase(p.For)}, {Name: "Received", Value: stampUTC(d.ReceivedAt)}, {Name: "Built", Value: stampUTC(d.BuiltAt)},
		{Name: "Version", Value: strconv.FormatInt(d.Version, 10)}, {Name: "May be told", Value: p.Covers}, {Name: "SHA-256", Value: d.Digest}}
	if d.DueAt != nil {
		p.Head = slices.Insert(p.Head, 3, Fact{Name: "Answer due", Value: stampUTC(*d.DueAt)})
	}
	for _, one := range d.Pack.Calls {
		p.Calls = append(p.Calls, packCallView(one))
	}
	p.packSending(v, a)
	return p, nil
}

func stampUTC(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 UTC") }

func sentenceCase(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func packGaps(v desk.PackView) string {
	var why []string
	if len(v.Document.Pack.Calls) == 0 {
		why = append(why, "no call was found in the request")
	}
	if n := v.Document.Pack.Unanswered; n > 0 {
		why = append(why, count(n, "call was", "calls were")+" not looked up yet")
	}
	for _, b := range v.Blanks {
		why = append(why, fmt.Sprintf("%s of call %d is blank", b.Name, b.Place))
	}
	return strings.Join(why, "; ")
}

func packCovers(cs []cases.PackClass) string {
	if len(cs) == 0 {
		return "nothing without a legal review"
	}
	words := make([]string, len(cs))
	for i, x := range cs {
		words[i] = cases.PackClassWord(x)
	}
	return strings.Join(words, "; ")
}

// packChoices are for whom the pack can be seen: the requests of the case, or the
// kinds of requesters of one that nobody has asked about.
func packChoices(v desk.PackView) []Tab {
	var out []Tab
	for _, r := range v.Reports {
		id := strconv.FormatInt(r.Request.ReportID, 10)
		out = append(out, Tab{Label: r.From, Count: reporterWord(r.Kind), Href: packPath(v.Case.Ref) + "?report=" + id, Current: r.Request.ReportID == v.For.Report})
	}
	if len(v.Reports) == 0 {
		for _, k := range []cases.ReporterKind{cases.ReporterTraceback, cases.ReporterRegulator, cases.ReporterPolice, cases.ReporterCarrier, cases.ReporterCalled} {
			out = append(out, Tab{Label: sentenceCase(reporterWord(k)), Href: packPath(v.Case.Ref) + "?for=" + string(k), Current: k == v.For.Kind})
		}
	}
	return out
}

func packCallView(c cases.PackOneCall) PackCallView {
	out := PackCallView{Place: c.Place, Title: c.Fields[cases.PackCalling].Text() + " to " + c.Fields[cases.PackCalled].Text()}
	for _, f := range cases.PackFields() {
		x := c.Fields[f.Name]
		out.Fields = append(out.Fields, PackFieldView{Title: f.Title, Meaning: f.Meaning, Text: x.Text(), Unknown: x.Value == "", Withheld: x.Withheld})
	}
	for _, l := range c.Legs {
		v := PackLegView{Direction: l.Direction, At: l.StartedAt.UTC().Format("15:04:05"), Party: l.Party, From: l.From, To: l.To, IP: cmp.Or(l.SourceIP, "none"), CallID: cmp.Or(l.CallID, "none"), Attest: cmp.Or(l.Attest, "none"),
			Response: "none", Record: l.Source + " " + l.SourceID}
		if l.SIPCode != 0 {
			v.Response = strconv.Itoa(l.SIPCode)
		}
		out.Legs = append(out.Legs, v)
	}
	return out
}

// packReviews are the legal reviews of the case and what was sent in it.
func (p *PackPage) packReviews(v desk.PackView) {
	p.Review.Report.Value = strconv.FormatInt(v.For.Report, 10)
	for _, x := range cases.PackClasses() {
		p.Review.Covers = append(p.Review.Covers, PackCover{Value: string(x), Word: sentenceCase(cases.PackClassWord(x))})
	}
	of := map[int64]string{0: "any requester of this case"}
	p.Review.Reports = []Choice{{Value: "0", Label: "Any requester of this case"}}
	for _, r := range v.Reports {
		of[r.Request.ReportID] = r.From
		p.Review.Reports = append(p.Review.Reports, Choice{Value: strconv.FormatInt(r.Request.ReportID, 10), Label: r.From, Hint: reporterWord(r.Kind)})
	}
	for _, r := range v.Reviews {
		p.Reviews = append(p.Reviews, PackReview{Reviewer: r.Reviewer, Basis: r.Basis, Covers: packCovers(r.Covers), For: of[r.ReportID], By: r.RecordedBy, At: r.ReviewedAt, Recorded: r.RecordedAt})
	}
	for _, x := range v.Answers {
		r := PackReceipt{To: x.Recipient, By: x.CreatedBy, Note: x.Note, MessageID: x.MessageID, Digest: x.Digest, Version: x.PackVersion, State: sendingState(x.State), Made: x.CreatedAt, Href: packPath(v.Case.Ref) + "/sent/" + x.Digest}
		if x.SettledAt != nil {
			r.Settled = *x.SettledAt
		}
		p.Answers = append(p.Answers, r)
	}
}

// packSending says whether the pack can be sent, and exactly what would be.
func (p *PackPage) packSending(v desk.PackView, a cases.Actor) {
	x := v.Case
	switch {
	case cases.Permit(a, cases.CmdAnswerTraceback) != nil || x.Kind != cases.CaseTraceback:
		return
	case x.Closed():
		p.Withheld = "The case is closed; reopen it to send an answer."
	case !v.Verified:
		p.Withheld = sentence(cases.NoteWithheld)
	case !v.Document.Complete:
		p.Withheld = "The pack is not complete: " + packGaps(v) + "."
	case !slices.Contains(v.Document.Covers, cases.PackCall):
		p.Withheld = "This requester may be told nothing without a legal review."
	}
	p.CanSend = p.Withheld == ""
	p.Send.Text, p.Send.Files = v.Text, []string{v.Document.Name("json"), v.Document.Name("csv")}
	p.Send.Dispositions = append([]Choice{{Value: "", Label: "Leave the case open"}}, dispositionChoices()...)
	for _, r := range v.Reports {
		if r.Request.ReportID == v.For.Report {
			p.Send.To = r.From
		}
	}
}

// downloadPack hands out what the page shows, as JSON or CSV.
func (s *Server) downloadPack(c *gin.Context, a cases.Actor) error {
	of, err := packFor(c.Query("report"), c.Query("for"))
	if err != nil {
		return err
	}
	v, err := s.Desk.Pack(c.Request.Context(), a, c.Param("ref"), of)
	if err != nil {
		return err
	}
	files, err := v.Document.Files()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(files, func(f cases.LetterFile) bool { return strings.HasSuffix(f.Name, "."+c.Param("format")) })
	if i < 0 {
		return cases.NotFound("a pack as " + c.Param("format"))
	}
	handOut(c, files[i])
	return nil
}

func handOut(c *gin.Context, f cases.LetterFile) {
	h := c.Writer.Header()
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("Cache-Control", "no-store")
	c.Data(http.StatusOK, f.Type, f.Body)
}

// showSentPack is exactly what was sent, as text: the letter and then its files.
func (s *Server) showSentPack(c *gin.Context, a cases.Actor) error {
	files, err := s.Desk.SentPack(c.Request.Context(), a, c.Param("ref"), c.Param("digest"))
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, "===== %s =====\n%s\n", f.Name, f.Body)
	}
	handOut(c, cases.LetterFile{Name: "sent-" + c.Param("ref") + ".txt", Type: "text/plain; charset=utf-8", Body: []byte(b.String())})
	return nil
}

// packAgain draws the page with a dialog as it was sent.
func (s *Server) packAgain(c *gin.Context, a cases.Actor, err error, open func(p *PackPage) string) error {
	if statusOf(err) >= http.StatusInternalServerError || statusOf(err) == http.StatusForbidden || statusOf(err) == http.StatusNotFound {
		return err
	}
	p, perr := s.packPage(c, a)
	if perr != nil {
		return err
	}
	p.Problem = open(&p)
	return s.render(c, statusOf(err), p)
}

func (s *Server) buildPack(c *gin.Context, a cases.Actor) error {
	k, err := s.Desk.RebuildPack(c.Request.Context(), a, c.Param("ref"))
	if err != nil && cases.KindOf(err) != cases.KindConflict {
		return err
	}
	if err != nil {
		s.toast(c, Doubt, sentence(err.Error()), "")
	} else {
		s.toast(c, Cleared, "The pack is up to date: version "+strconv.FormatInt(k.Version, 10)+".", "")
	}
	return see(c, packPath(c.Param("ref")))
}

func (s *Server) reviewPack(c *gin.Context, a cases.Actor) error {
	r := cases.LegalReview{Reviewer: c.PostForm("reviewer"), Basis: c.PostForm("basis")}
	for _, x := range c.PostFormArray("covers") {
		r.Covers = append(r.Covers, cases.PackClass(x))
	}
	var err error
	if r.ReportID, err = requestNamed(c); err == nil {
		if day := c.PostForm("reviewed_at"); day != "" {
			if r.ReviewedAt, err = time.ParseInLocation(time.DateOnly, day, zoneOf(c)); err != nil {
				err = cases.Invalid(cases.Problem{Field: "reviewed_at", Message: "write it as 2026-11-24"})
			}
		}
	}
	if err == nil {
		_, err = s.Desk.ReviewRelease(c.Request.Context(), a, c.Param("ref"), r)
	}
	if err == nil {
		s.toast(c, Cleared, "The legal review is recorded.", "")
		return see(c, packPath(c.Param("ref")))
	}
	return s.packAgain(c, a, err, func(p *PackPage) string {
		f := &p.Review
		f.Reviewer.Value, f.Basis.Value, f.At.Value, f.Report.Value, f.Shown = r.Reviewer, r.Basis, c.PostForm("reviewed_at"), c.PostForm("report"), p.CanRule
		for i := range f.Covers {
			f.Covers[i].Checked = slices.Contains(r.Covers, cases.PackClass(f.Covers[i].Value))
		}
		covers := Field{}
		rest := beside(err, map[string]*Field{"reviewer": &f.Reviewer, "basis": &f.Basis, "reviewed_at": &f.At, "report": &f.Report, "covers": &covers})
		f.CoversError = covers.Error
		return rest
	})
}

func (s *Server) sendPack(c *gin.Context, a cases.Actor) error {
	in := desk.PackSending{Note: c.PostForm("note"), Disposition: cases.Disposition(c.PostForm("disposition")), Reason: c.PostForm("reason")}
	var err error
	if in.Report, err = requestNamed(c); err == nil {
		in.Version, err = version(c)
	}
	if err == nil {
		if in.Pack, err = strconv.ParseInt(c.PostForm("pack"), 10, 64); err != nil || in.Pack < 1 {
			err = cases.Invalid(cases.Problem{Field: "pack", Message: "the page did not say which version of the pack it showed; look again"})
		}
	}
	if err == nil {
		_, err = s.Desk.SendPack(c.Request.Context(), a, c.Param("ref"), in)
	}
	if err == nil {
		s.toast(c, Cleared, "The pack is on its way.", "")
		return see(c, packPath(c.Param("ref")))
	}
	return s.packAgain(c, a, err, func(p *PackPage) string {
		f := &p.Send
		f.Note.Value, f.Disposition.Value, f.Reason.Value, f.Shown = in.Note, string(in.Disposition), in.Reason, p.CanSend
		return beside(err, map[string]*Field{"note": &f.Note, "disposition": &f.Disposition, "reason": &f.Reason})
	})
}
