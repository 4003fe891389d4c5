package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

var restrictionViews = []struct {
	name, label string
	states      []cases.RestrictionState
}{
	{"", "In force and waiting", []cases.RestrictionState{cases.RestrictionProposed, cases.RestrictionApproved, cases.RestrictionApplying, cases.RestrictionActive,
		cases.RestrictionLifting, cases.RestrictionDrifted, cases.RestrictionFailed}},
	{"waiting", "Wait for approval", []cases.RestrictionState{cases.RestrictionProposed}},
	{"ended", "Ended", []cases.RestrictionState{cases.RestrictionLifted, cases.RestrictionRejected}},
	{"all", "All", nil},
}

func (s *Server) showRestrictions(c *gin.Context, a cases.Actor) error {
	q := cases.RestrictionQuery{Cursor: c.Query("cursor"), Limit: cases.DefaultPage}
	view, text := c.Query("view"), strings.TrimSpace(c.Query("q"))
	p := RestrictionsPage{Query: c.Query("q")}
	for _, v := range restrictionViews {
		t := Tab{Label: v.label, Href: "/desk/restrictions", Current: v.name == view}
		if v.name != "" {
			t.Href += "?view=" + v.name
		}
		if t.Current && (text == "" || view != "") {
			q.States = v.states
		}
		p.Views = append(p.Views, t)
	}
	if text != "" {
		if id, err := cases.ParseCaseRef(text); err == nil {
			q.CaseID = id
		} else if n, err := numbers.Parse(text, s.Region); err == nil {
			q.Target = n.E164
		} else {
			q.Target = text
		}
	}
	ctx := c.Request.Context()
	found, err := s.Desk.Restrictions(ctx, a, q)
	if err != nil {
		return err
	}
	var ids []int64
	for _, r := range found.Items {
		ids = append(ids, r.CaseID)
	}
	refs, err := s.Desk.CaseRefs(ctx, a, ids)
	if err != nil {
		return err
	}
	for _, r := range found.Items {
		p.Rows = append(p.Rows, restrictionLine(r, refs[r.CaseID]))
	}
	p.Pages = pagesOf(c, found.Next, len(found.Items), "restriction", "restrictions")
	return s.render(c, http.StatusOK, p)
}

// pathID reads the number in a path; what is none names nothing.
func pathID(c *gin.Context, what string) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, cases.NotFound(what + " " + strconv.Quote(c.Param("id")))
	}
	return id, nil
}

func (s *Server) showRestriction(c *gin.Context, a cases.Actor) error {
	p, err := s.restrictionPage(c, a)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, p)
}

func (s *Server) restrictionPage(c *gin.Context, a cases.Actor) (RestrictionPage, error) {
	id, err := pathID(c, "restriction")
	if err != nil {
		return RestrictionPage{}, err
	}
	ctx := c.Request.Context()
	r, replicas, err := s.Desk.Restriction(ctx, a, id)
	if err != nil {
		return RestrictionPage{}, err
	}
	refs, err := s.Desk.CaseRefs(ctx, a, []int64{r.CaseID})
	if err != nil {
		return RestrictionPage{}, err
	}
	events, err := s.Desk.Events(ctx, a, cases.EventQuery{ObjectKind: "restriction", ObjectID: strconv.FormatInt(id, 10), Limit: cases.MaxPage})
	if err != nil {
		return RestrictionPage{}, err
	}
	p := RestrictionPage{Line: restrictionLine(r, refs[r.CaseID]), Revision: r.Revision, Timeline: timelineOf(events.Items), Steps: restrictionSteps(r),
		EmergencyNote: "Calls to emergency numbers pass, whatever is set here."}
	if r.DecidedAt != nil && r.State != cases.RestrictionRejected {
		p.Approver = r.DecidedByName
	}
	if r.State.InForce() || r.State == cases.RestrictionLifting {
		p.Points = points(r, replicas, s.now())
	}
	if r.State == cases.RestrictionProposed {
		approve := r
		switch err := approve.Approve(a, s.now()); {
		case err == nil:
			p.CanApprove = true
		case a.Person == r.ProposedPerson:
			p.CannotApprove = "You proposed it; another approver must decide."
		default:
			p.CannotApprove = sentence(reasonOf(err))
		}
		p.CanReject = cases.Permit(a, cases.CmdRejectRestrict) == nil
	}
	p.CanLift = r.State.InForce() && cases.Permit(a, cases.CmdLiftRestrict) == nil
	return p, nil
}

// reasonOf is what the domain says, without what is for the log.
func reasonOf(err error) string {
	if e, ok := errors.AsType[*cases.Error](err); ok && e.Message != "" {
		return e.Message
	}
	return err.Error()
}

// points are the live replicas that have to hold the restriction.
func points(r cases.Restriction, replicas []cases.Replica, now time.Time) []EnforcementPoint {
	var out []EnforcementPoint
	for _, x := range replicas {
		if !x.Live(now) {
			continue
		}
		e := EnforcementPoint{Name: x.ID, Kind: "replica", State: State{"applying", "Not yet", Unknown}}
		if x.Revision >= r.Revision {
			e.Acknowledged, e.At = x.Revision, x.Heartbeat
			e.State = State{"active", "Holds it", Cleared}
			if r.State == cases.RestrictionLifting {
				e.State = State{"lifted", "Let go", Cleared}
			}
		}
		out = append(out, e)
	}
	return out
}

// restrictionSteps is the way of a restriction and how far it is on it.
func restrictionSteps(r cases.Restriction) []StatusStep {
	first := StatusStep{Label: "Proposed", Note: r.ProposedByName + ",", At: r.ProposedAt}
	if r.State == cases.RestrictionRejected {
		rejected := StatusStep{Label: "Rejected", Note: r.DecidedByName + ","}
		if r.DecidedAt != nil {
			rejected.At = *r.DecidedAt
		}
		return steps(first, []bool{true}, rejected)
	}
	approved := StatusStep{Label: "Approved", Note: "waits for an approver"}
	active := StatusStep{Label: "Active", Note: "when every live replica has read it back"}
	lifted := StatusStep{Label: "Lifted", Note: "when somebody lifts it"}
	if r.ExpiresAt != nil {
		lifted.Note = "by itself on " + r.ExpiresAt.UTC().Format("2 January")
	}
	done := []bool{r.DecidedAt != nil, r.ActiveAt != nil, r.LiftedAt != nil}
	if r.DecidedAt != nil {
		approved.Note, approved.At = r.DecidedByName+",", *r.DecidedAt
	}
	if r.ActiveAt != nil {
		active.Note, active.At = "since", *r.ActiveAt
	}
	if r.State == cases.RestrictionLifting {
		lifted.Note = "under way: " + r.LiftReason
	}
	if r.LiftedAt != nil {
		lifted.Note, lifted.At = r.LiftReason+",", *r.LiftedAt
	}
	return steps(first, done, approved, active, lifted)
}

func (s *Server) approveRestriction(c *gin.Context, a cases.Actor) error {
	id, err := pathID(c, "restriction")
	if err != nil {
		return err
	}
	r, err := s.Desk.Approve(c.Request.Context(), a, id)
	return s.decided(c, err, func() string { return restrictionWhat(r) + ": approved, and on its way." })
}

// decided returns to the restriction with a sentence about what was done.
func (s *Server) decided(c *gin.Context, err error, text func() string) error {
	switch {
	case cases.KindOf(err) == cases.KindConflict:
		s.toast(c, Doubt, sentence(reasonOf(err)), "")
	case err != nil:
		return err
	default:
		s.toast(c, Cleared, text(), "")
	}
	return see(c, "/desk/restrictions/"+c.Param("id"))
}

func (s *Server) rejectRestriction(c *gin.Context, a cases.Actor) error {
	return s.endRestriction(c, a, "rejected", func(id int64, reason string) error {
		_, err := s.Desk.Reject(c.Request.Context(), a, id, reason)
		return err
	})
}

func (s *Server) liftRestriction(c *gin.Context, a cases.Actor) error {
	return s.endRestriction(c, a, "being lifted", func(id int64, reason string) error {
		_, err := s.Desk.Lift(c.Request.Context(), a, id, reason)
		return err
	})
}

// endRestriction rejects or lifts for a reason, and asks again where the reason
// will not do.
func (s *Server) endRestriction(c *gin.Context, a cases.Actor, became string, end func(id int64, reason string) error) error {
	id, err := pathID(c, "restriction")
	if err != nil {
		return err
	}
	reason := c.PostForm("reason")
	if err = end(id, reason); cases.KindOf(err) != cases.KindInvalid {
		return s.decided(c, err, func() string { return fmt.Sprintf("Restriction %d is %s.", id, became) })
	}
	p, perr := s.restrictionPage(c, a)
	if perr != nil {
		return perr
	}
	p.Reason.Value = reason
	beside(err, map[string]*Field{"reason": &p.Reason})
	p.RejectShown, p.LiftShown = p.CanReject, p.CanLift
	return s.render(c, http.StatusUnprocessableEntity, p)
}
