package web

import (
	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/restrict"
)

func blastWindow(label string, d restrict.Damage) BlastWindow {
	return BlastWindow{Label: label, Calls: d.Calls, Answered: d.Answered, Parties: d.Destinations, Share: d.Share()}
}

// whoMustAgree says whether a second person is needed, and whether a restriction
// in force does the same already.
func (s *Server) whoMustAgree(c *gin.Context, a cases.Actor, r cases.Restriction, b *BlastRadius) {
	protected := false
	var on []cases.Restriction
	switch r.TargetKind {
	case cases.TargetAccount:
		if v, err := s.Desk.AccountView(c.Request.Context(), a, r.TargetID); err == nil {
			protected, on = v.Account.Protected, v.Restrictions
		}
	default:
		if p, err := s.Desk.Restrictions(c.Request.Context(), a, cases.RestrictionQuery{Target: r.TargetID}); err == nil {
			on = p.Items
		}
	}
	b.Approval = "One person is enough: it is on its way at once."
	if second, why := r.NeedsSecond(protected); second {
		b.Approval = "An approver other than you must agree: " + why + "."
	}
	for _, o := range on {
		if o.State.InForce() && o.Kind == r.Kind && o.TargetKind == r.TargetKind {
			b.Overlap = "In force already: " + restrictionWhat(o) + "."
			return
		}
	}
}
