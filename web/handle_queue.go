package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// queueViews are the saved views of the queue; the first is what one starts with.
var queueViews = []struct {
	name, label string
	states      []cases.State
}{
	{"", "To do", nil},
	{"mine", "Mine", nil},
	{"unclaimed", "Unclaimed", nil},
	{"urgent", "Urgent", nil},
	{"texts", "Text messages", nil},
	{"tracebacks", "Tracebacks", nil},
	{"waiting", "Waiting", []cases.State{cases.StateAwaitingReporter, cases.StateAwaitingCustomer, cases.StateAwaitingApproval, cases.StateMitigated}},
	{"resolved", "Resolved", []cases.State{cases.StateResolved}},
}

// queueQuery reads which cases are asked for.
func (s *Server) queueQuery(c *gin.Context, a cases.Actor) cases.CaseQuery {
	q := cases.CaseQuery{Cursor: c.Query("cursor"), Limit: cases.DefaultPage}
	view := c.Query("view")
	for _, v := range queueViews {
		if v.name == view {
			q.States = v.states
		}
	}
	switch view {
	case "mine":
		q.Assignee = a.ID
	case "tracebacks":
		q.Kind = cases.CaseTraceback
	case "unclaimed":
		q.Assignee = "-"
	case "urgent":
		q.Urgent = true
	case "texts":
		q.Category = cases.CategoryTextSpam
	}
	text := strings.TrimSpace(c.Query("q"))
	if text != "" && view == "" {
		q.States = cases.States() // who searches means all of them
	}
	if n, err := numbers.Parse(text, s.Region); err == nil {
		q.Number = n.E164
	} else {
		q.Text = text
	}
	return q
}

func (s *Server) showQueue(c *gin.Context, a cases.Actor) error {
	q := s.queueQuery(c, a)
	found, err := s.queue(c.Request.Context(), a, q)
	if err != nil {
		return err
	}
	since, err := s.lastCaseEvent(c.Request.Context(), a)
	if err != nil {
		return err
	}
	p := QueuePage{Query: c.Query("q"), Since: since, CanAct: cases.Permit(a, cases.CmdClaimCase) == nil, Pages: pagesOf(c, found.Next, len(found.Items), "case", "cases")}
	for _, v := range queueViews {
		t := Tab{Label: v.label, Href: "/desk/queue", Current: v.name == c.Query("view")}
		if v.name != "" {
			t.Href += "?view=" + v.name
		}
		p.Views = append(p.Views, t)
	}
	for _, x := range found.Items {
		p.Rows = append(p.Rows, s.queueRow(x, a))
	}
	if len(found.Items) == 0 {
		return s.render(c, http.StatusOK, p)
	}
	p.Rows[0].Current = true
	if p.Preview, err = s.preview(c, a, found.Items[0].Ref); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, p)
}

// queue lists cases; one word that is in no title may be an account.
func (s *Server) queue(ctx context.Context, a cases.Actor, q cases.CaseQuery) (cases.Page[cases.Case], error) {
	found, err := s.Desk.Cases(ctx, a, q)
	if err != nil || len(found.Items) > 0 || q.Cursor != "" || q.Text == "" || strings.ContainsAny(q.Text, " \t") {
		return found, err
	}
	q.Account, q.Text = q.Text, ""
	return s.Desk.Cases(ctx, a, q)
}

func (s *Server) queueRow(x cases.Case, a cases.Actor) QueueRow {
	what, about := x.Heading()
	r := QueueRow{Ref: x.Ref, Priority: x.Priority, Factors: factorsOf(x), Category: what, Headline: about, Reports: x.Reports,
		Called: x.Facts.CalledParties, Corroborated: x.Facts.Corroborated, Lane: laneSign(x), Due: s.due(x), Owner: ownerOf(x, a), State: caseState(x), Number: cmp.Or(x.Facts.Caller, x.Facts.Callback), Signs: signsOf(x.Facts)}
	if x.Kind == cases.CaseTraceback {
		r.Signs = []Sign{r.Signs[0], requesterSign(x.Facts.Traceback)}
	}
	if p := x.Facts.Parties; p != nil && p.Originating != "" {
		r.Account = cmp.Or(p.OriginatingName, p.Originating)
		if len(p.Path) > 0 {
			r.Via = "under " + p.Path[0]
		}
	}
	return r
}

// laneSign says why a case stands above all others; nil when it does not.
func laneSign(x cases.Case) *Sign {
	if x.Lane == "" || x.Closed() {
		return nil
	}
	return &Sign{Tone: Harm, Label: "Urgent", Word: laneWord(x.Lane), Reason: sentence(cases.LaneText(x.Lane)) + " It stands above all others until it is resolved."}
}

func factorsOf(x cases.Case) []Factor {
	var out []Factor
	for _, f := range x.Factors {
		out = append(out, Factor{f.Reason, f.Points})
	}
	return out
}

// due is the promise of a first act, while nobody has acted; of a traceback case
// with a clock that of its answer, until it is given.
func (s *Server) due(x cases.Case) Due {
	if x.DueAt != nil && x.Facts.Traceback.Owed() && !x.Closed() {
		return Due{What: "traceback answer", At: *x.DueAt, Left: x.DueAt.Sub(s.now())}
	}
	if x.DueAt == nil || x.FirstActAt != nil || x.Closed() {
		return Due{}
	}
	return Due{What: "first act", At: *x.DueAt, Left: x.DueAt.Sub(s.now())}
}

func ownerOf(x cases.Case, a cases.Actor) Person {
	return Person{Name: x.AssigneeName, Me: x.Assignee != "" && x.Assignee == a.ID}
}

// pagesOf links to the next stretch of a list and back to its start.
func pagesOf(c *gin.Context, next string, n int, one, many string) Pages {
	p := Pages{}
	link := func(cursor string) string {
		q := c.Request.URL.Query()
		q.Del("cursor")
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		if len(q) == 0 {
			return c.Request.URL.Path
		}
		return c.Request.URL.Path + "?" + q.Encode()
	}
	if c.Query("cursor") != "" {
		p.Newer = link("")
	}
	if next != "" {
		p.Older = link(next)
	}
	if p.Newer != "" || p.Older != "" {
		p.Note = count(n, one, many) + " here"
	}
	return p
}

// lastCaseEvent is where the log of cases stands, to count what opens later.
func (s *Server) lastCaseEvent(ctx context.Context, a cases.Actor) (string, error) {
	p, err := s.Desk.Events(ctx, a, cases.EventQuery{ObjectKind: "case", Limit: 1})
	if err != nil || len(p.Items) == 0 {
		return "0", err
	}
	return strconv.FormatInt(p.Items[0].ID, 10), nil
}

// showNewWork counts the cases that were opened since the list was drawn.
func (s *Server) showNewWork(c *gin.Context, a cases.Actor) error {
	since, err := strconv.ParseInt(c.Query("since"), 10, 64)
	if err != nil {
		return cases.Invalid(cases.Problem{Field: "since", Message: "is not one that we gave out"})
	}
	p, err := s.Desk.Events(c.Request.Context(), a, cases.EventQuery{ObjectKind: "case", Limit: cases.MaxPage})
	if err != nil {
		return err
	}
	w := NewWork{Since: c.Query("since"), Href: "/desk/queue"}
	for _, e := range p.Items {
		if e.ID > since && e.Command == "case.open" {
			w.Count++
		}
	}
	return s.fragment(c, w)
}

func (s *Server) showPreview(c *gin.Context, a cases.Actor) error {
	p, err := s.preview(c, a, c.Param("ref"))
	if err != nil {
		return err
	}
	return s.fragment(c, *p)
}

func (s *Server) preview(c *gin.Context, a cases.Actor, ref string) (*CasePreview, error) {
	ev, err := s.evidence(c, a, ref)
	if err != nil {
		return nil, err
	}
	x := ev.Case
	what, about := x.Heading()
	p := &CasePreview{Ref: x.Ref, Category: what, Headline: about, State: caseState(x), Owner: ownerOf(x, a), Due: s.due(x),
		Opened: x.CreatedAt, Version: x.Version, Strip: ev.strip(), Priority: x.Priority, Factors: factorsOf(x), Subjects: ev.subjects(),
		CanClaim: actsOf(x, a).Claim}
	if len(ev.Reports) > 0 {
		r := ev.Reports[0]
		p.Excerpt, p.From = excerpt(r.Text, 400), channelWord(r.Channel)+", "+reporterWord(r.ReporterKind)+", "+duration(s.now().Sub(r.ReceivedAt))+" ago"
	}
	events := ev.timeline()
	p.Latest = events[:min(3, len(events))]
	return p, nil
}

// excerpt is the start of a text, cut between words.
func excerpt(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= most {
		return text
	}
	cut := strings.LastIndexByte(text[:most], ' ')
	if cut <= 0 {
		cut = most
	}
	return strings.ToValidUTF8(text[:cut], "") + " …"
}

// claimNext takes the most urgent case that nobody has. When somebody is faster
// the next one is tried.
func (s *Server) claimNext(c *gin.Context, a cases.Actor) error {
	if err := cases.Permit(a, cases.CmdClaimCase); err != nil {
		return err
	}
	ctx := c.Request.Context()
	free, err := s.Desk.Cases(ctx, a, cases.CaseQuery{Assignee: "-", States: []cases.State{cases.StateNew, cases.StateOpen}})
	if err != nil {
		return err
	}
	for _, x := range free.Items {
		switch _, err := s.Desk.Claim(ctx, a, x.Ref); cases.KindOf(err) {
		case "":
			if err != nil {
				return err
			}
			s.toast(c, Cleared, x.Ref+" is yours.", "/desk/cases/"+url.PathEscape(x.Ref)+"/release")
			return see(c, "/desk/cases/"+url.PathEscape(x.Ref))
		case cases.KindConflict:
		default:
			return err
		}
	}
	s.toast(c, Neutral, "Nothing waits for somebody to take it.", "")
	return see(c, "/desk/queue")
}
