package web

import (
	"context"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
)

// UrgentBar says on every page of the console that urgent cases wait for
// somebody. Nothing is shown while none does.
type UrgentBar struct {
	Count string // capped; "" none
	Word  string // why the most urgent one is
	Href  string // the case, or all of them
	One   bool
}

func (UrgentBar) meta() Meta { return Meta{Template: "urgent"} }

// urgentBar asks which cases have a lane that nobody has acted upon.
func (s *Server) urgentBar(ctx context.Context, a cases.Actor) (UrgentBar, error) {
	found, err := s.Desk.Cases(ctx, a, cases.CaseQuery{Urgent: true, Limit: cases.DefaultPage})
	if err != nil || len(found.Items) == 0 {
		return UrgentBar{}, err
	}
	first := found.Items[0]
	b := UrgentBar{Count: capped(len(found.Items), found.Next != ""), Word: cases.LaneText(first.Lane), Href: "/desk/queue?view=urgent", One: len(found.Items) == 1}
	if b.One {
		b.Href = "/desk/cases/" + url.PathEscape(first.Ref)
	}
	return b, nil
}

// showUrgent is the bar as it is now, for a page that stays open.
func (s *Server) showUrgent(c *gin.Context, a cases.Actor) error {
	b, err := s.urgentBar(c.Request.Context(), a)
	if err != nil {
		return err
	}
	return s.fragment(c, b)
}
