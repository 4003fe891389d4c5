package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// listLabel is a kind of list as a heading.
func listLabel(k cases.ListKind) string {
	switch k {
	case cases.ListDNO:
		return "Do not originate"
	case cases.ListHoneypot:
		return "Honeypots"
	case cases.ListProtected:
		return "Protected"
	}
	return "All lists"
}

// showLists finds numbers on lists, and says which lists there are.
func (s *Server) showLists(c *gin.Context, a cases.Actor) error {
	ctx := c.Request.Context()
	kind := cases.ListKind(c.Query("list"))
	q := cases.ListQuery{Kind: kind, Source: c.Query("source"), Number: strings.TrimSpace(c.Query("q")), Ended: c.Query("ended") != "", Cursor: c.Query("cursor")}
	p := ListsPage{Query: c.Query("q")}
	found, err := s.Desk.ListEntries(ctx, a, q)
	if q.Number != "" && cases.KindOf(err) == cases.KindInvalid {
		p.Problem = sentence(reasonOf(err))
		err = nil
	}
	if err != nil {
		return err
	}
	p.Pages = pagesOf(c, found.Next, len(found.Items), "entry", "entries")
	for _, e := range found.Items {
		p.Rows = append(p.Rows, s.listLine(e))
	}
	for _, k := range append([]cases.ListKind{""}, cases.ListKinds()...) {
		href := "/desk/lists"
		if k != "" {
			href += "?list=" + string(k)
		}
		p.Views = append(p.Views, Tab{Label: listLabel(k), Href: href, Current: k == kind})
	}
	with := c.Request.URL.Query()
	with.Del("cursor")
	if p.Ended = (Tab{Label: "Show what has ended too", Current: q.Ended}); q.Ended {
		p.Ended.Label = "Show only what holds"
		with.Del("ended")
	} else {
		with.Set("ended", "1")
	}
	p.Ended.Href = "/desk/lists?" + with.Encode()
	sources, err := s.Desk.ListSources(ctx, a)
	if err != nil {
		return err
	}
	for _, x := range sources {
		if kind == "" || kind == x.Kind {
			p.Sources = append(p.Sources, ListSourceLine{List: listLabel(x.Kind), Source: x.Source, Entries: x.Entries, Ended: x.Ended, At: x.SeenAt,
				Href: "/desk/lists?" + url.Values{"list": {string(x.Kind)}, "source": {x.Source}}.Encode()})
		}
	}
	decks, err := s.Desk.RateDecks(ctx, a)
	if err != nil {
		return err
	}
	inForce := map[int64]bool{}
	for _, d := range cases.DecksAt(decks, s.now()) {
		inForce[d.ID] = true
	}
	for _, d := range decks {
		line := DeckLine{Name: d.Name, From: d.ValidFrom, Rates: d.Rates, State: State{"replaced", "Replaced", Neutral}}
		switch {
		case inForce[d.ID]:
			line.State = State{"in_force", "In force", Cleared}
		case d.ValidFrom.After(s.now()):
			line.State = State{"coming", "Not yet", Neutral}
		}
		p.Decks = append(p.Decks, line)
	}
	return s.render(c, http.StatusOK, p)
}

func (s *Server) listLine(e cases.ListEntry) ListLine {
	l := ListLine{List: listLabel(e.Kind), Source: e.Source, Since: e.AddedAt, Detail: e.Note, State: State{"holds", "Holds", Neutral}}
	if e.Kind == cases.ListProtected {
		l.Detail = strings.Trim(cases.ProtectedTitle(e.Category)+", "+e.Note, ", ")
	}
	if l.Number = "+" + e.Digits; !e.Exact {
		l.Number, l.Prefix = "", "+"+e.Digits+"…"
	}
	if e.ExpiresAt != nil {
		l.Until = *e.ExpiresAt
	}
	if e.EndedAt != nil && (l.Until.IsZero() || e.EndedAt.Before(l.Until)) {
		l.Until = *e.EndedAt
	}
	if !e.At(s.now()) {
		l.State = State{"ended", "Ended", Unknown}
	}
	return l
}

// listed fills in on which lists a number is, and what calling it costs.
func (s *Server) listed(c *gin.Context, a cases.Actor, p *NumberPage) error {
	ctx := c.Request.Context()
	es, err := s.Desk.ListsOf(ctx, a, p.Number, s.now())
	if err != nil {
		return err
	}
	for _, e := range es {
		p.Lists = append(p.Lists, s.listLine(e))
		if e.Kind != cases.ListHoneypot {
			p.Warnings = append(p.Warnings, cases.ListHit{E164: p.Number, Role: cases.RoleCaller, Entry: e}.Sentence(numbers.Format(p.Number)))
		}
	}
	r, ok, err := s.Desk.Destination(ctx, a, p.Number)
	if ok {
		p.Rate = "US$ " + numbers.FormatMicroUSD(r.PerMinute) + " a minute (" + strings.Trim(r.Tag+", prefix "+r.Prefix, ", ") + ")"
	}
	return err
}
