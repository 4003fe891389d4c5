package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
	"github.com/abusedesk/abusedesk/restrict"
)

func (s *Server) apiRestrictions(api huma.API) {
	reg := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"restrictions"}, Security: needsKey, Errors: []int{403, 404, 409, 422}}
	}
	huma.Register(api, reg("list-restrictions", http.MethodGet, "/api/v1/restrictions", "List restrictions, newest first"), s.apiListRestrictions)
	huma.Register(api, reg("get-restriction", http.MethodGet, "/api/v1/restrictions/{id}", "One restriction and where it is enforced"), s.apiGetRestriction)
	create := reg("propose-restriction", http.MethodPost, "/api/v1/restrictions", "Propose a restriction")
	create.DefaultStatus = http.StatusCreated
	create.Description = "Tightening a limit takes one person and is on its way at once; a suspension, or a limit of nothing, waits for a second."
	huma.Register(api, create, s.apiPropose)
	huma.Register(api, reg("preview-restriction", http.MethodPost, "/api/v1/restrictions/preview", "What it would have stopped"), s.apiPreview)
	huma.Register(api, reg("approve-restriction", http.MethodPost, "/api/v1/restrictions/{id}/approve", "The second person's word"), s.apiApprove)
	huma.Register(api, reg("reject-restriction", http.MethodPost, "/api/v1/restrictions/{id}/reject", "End a proposal"), s.apiReject)
	huma.Register(api, reg("lift-restriction", http.MethodPost, "/api/v1/restrictions/{id}/lift", "Take a restriction back"), s.apiLift)
}

type restrictionOutput struct{ Body cases.Restriction }

func (s *Server) restrictionOut(ctx context.Context, r cases.Restriction, err error) (*restrictionOutput, error) {
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &restrictionOutput{r}, nil
}

func (s *Server) apiListRestrictions(ctx context.Context, in *struct {
	PageQuery
	State  []string `query:"state" enum:"proposed,approved,applying,active,lifting,lifted,rejected,failed,drifted" doc:"Any of; without it all"`
	Kind   string   `query:"kind" enum:"account_suspended,channel_limit,prefix_denied,countries_denied,countries_allowed,destination_rate_max,caller_id_denied"`
	Target string   `query:"target" doc:"Account, connection or E.164"`
	Case   string   `query:"case" doc:"Reference of the case they belong to"`
}) (*listOutput[cases.Restriction], error) {
	id, err := caseFilter(in.Case)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	q := cases.RestrictionQuery{Kind: cases.RestrictionKind(in.Kind), CaseID: id, Target: in.Target, Cursor: in.Cursor, Limit: in.Limit}
	for _, st := range in.State {
		q.States = append(q.States, cases.RestrictionState(st))
	}
	p, err := s.Desk.Restrictions(ctx, actorOf(ctx), q)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := asPage(p, func(r cases.Restriction) cases.Restriction { return r })
	return &out, nil
}

type pointJSON struct {
	Replica      string    `json:"replica"`
	Live         bool      `json:"live"`
	Revision     int64     `json:"revision"`
	Acknowledged bool      `json:"acknowledged"`
	Heartbeat    time.Time `json:"heartbeat"`
}

// RestrictionID is exported for huma, like CaseRef.
type RestrictionID struct {
	ID int64 `path:"id"`
}

func (s *Server) apiGetRestriction(ctx context.Context, in *RestrictionID) (*struct {
	Body struct {
		cases.Restriction
		Points []pointJSON `json:"points"`
	}
}, error) {
	r, reps, err := s.Desk.Restriction(ctx, actorOf(ctx), in.ID)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := &struct {
		Body struct {
			cases.Restriction
			Points []pointJSON `json:"points"`
		}
	}{}
	out.Body.Restriction, out.Body.Points = r, []pointJSON{}
	for _, p := range reps {
		live := p.Live(s.now())
		out.Body.Points = append(out.Body.Points, pointJSON{p.ID, live, p.Revision, live && p.Revision >= r.Revision, p.Heartbeat})
	}
	return out, nil
}

type proposalBody struct {
	Kind       string                 `json:"kind" enum:"account_suspended,channel_limit,prefix_denied,countries_denied,countries_allowed,destination_rate_max,caller_id_denied"`
	TargetKind string                 `json:"target_kind" enum:"account,connection,number"`
	Target     string                 `json:"target" doc:"Account id, connection id or number"`
	Value      cases.RestrictionValue `json:"value,omitempty"`
	Case       string                 `json:"case,omitempty" doc:"Reference of the case it belongs to"`
	Reason     string                 `json:"reason,omitempty"`
	ExpiresAt  *time.Time             `json:"expires_at,omitempty" doc:"At most 90 days ahead; absent is until lifted"`
}

func (b proposalBody) proposal() desk.Proposal {
	return desk.Proposal{Kind: cases.RestrictionKind(b.Kind), TargetKind: cases.TargetKind(b.TargetKind), Target: b.Target, Value: b.Value,
		Case: b.Case, Reason: b.Reason, ExpiresAt: b.ExpiresAt}
}

func (s *Server) apiPropose(ctx context.Context, in *struct{ Body proposalBody }) (*restrictionOutput, error) {
	r, err := s.Desk.Propose(ctx, actorOf(ctx), in.Body.proposal())
	return s.restrictionOut(ctx, r, err)
}

func (s *Server) apiPreview(ctx context.Context, in *struct{ Body proposalBody }) (*struct{ Body restrict.Radius }, error) {
	_, radius, err := s.Desk.BlastRadius(ctx, actorOf(ctx), in.Body.proposal())
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &struct{ Body restrict.Radius }{radius}, nil
}

func (s *Server) apiApprove(ctx context.Context, in *RestrictionID) (*restrictionOutput, error) {
	r, err := s.Desk.Approve(ctx, actorOf(ctx), in.ID)
	return s.restrictionOut(ctx, r, err)
}

type restrictionReason struct {
	RestrictionID
	Body struct {
		Reason string `json:"reason"`
	}
}

func (s *Server) apiReject(ctx context.Context, in *restrictionReason) (*restrictionOutput, error) {
	r, err := s.Desk.Reject(ctx, actorOf(ctx), in.ID, in.Body.Reason)
	return s.restrictionOut(ctx, r, err)
}

func (s *Server) apiLift(ctx context.Context, in *restrictionReason) (*restrictionOutput, error) {
	r, err := s.Desk.Lift(ctx, actorOf(ctx), in.ID, in.Body.Reason)
	return s.restrictionOut(ctx, r, err)
}
