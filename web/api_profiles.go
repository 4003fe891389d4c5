package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

func (s *Server) apiProfiles(api huma.API) {
	reg := func(id, path, summary, description string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Description: description, Tags: []string{"carrier"}, Security: needsKey, Errors: []int{403, 404, 422}}
	}
	const figures = "Figures of the calls of a window, each with the observations behind it and its 95 % interval; estimate is absent where there are fewer than 20. What passes a published threshold says so in alarm: evidence to look at, no verdict."
	huma.Register(api, reg("profile-account", "/api/v1/accounts/{id}/profile", "What an account's calls look like", figures), s.apiProfileAccount)
	huma.Register(api, reg("profile-number", "/api/v1/numbers/{e164}/profile", "What the calls of a number look like", figures+" Anybody can show a number: its profile as caller says nothing of who holds it."), s.apiProfileNumber)
	huma.Register(api, reg("profile-provider", "/api/v1/providers/{id}/profile", "What a provider hands to us looks like", figures), s.apiProfileProvider)
}

// ProfileQuery is the window of a profile.
type ProfileQuery struct {
	From time.Time `query:"from" doc:"Seven days before the end where it is not given; 31 days at most"`
	To   time.Time `query:"to" doc:"Now where it is not given"`
}

type profileOutput struct{ Body cases.Profile }

func (s *Server) apiProfile(ctx context.Context, kind desk.ProfileKind, key, location string, q ProfileQuery) (*profileOutput, error) {
	p, err := s.Desk.Profile(ctx, actorOf(ctx), kind, key, q.From, q.To)
	if e, ok := errors.AsType[*cases.Error](err); ok && e.Kind == cases.KindInvalid {
		if len(e.Problems) == 1 && e.Problems[0].Field == "from" {
			location = "query.from"
		}
		err = &locatedError{location, err}
	}
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	p.Figures, p.Countries = list(p.Figures), list(p.Countries)
	return &profileOutput{p}, nil
}

func (s *Server) apiProfileAccount(ctx context.Context, in *struct {
	ID string `path:"id"`
	ProfileQuery
}) (*profileOutput, error) {
	return s.apiProfile(ctx, desk.ProfileAccount, in.ID, "path.id", in.ProfileQuery)
}

func (s *Server) apiProfileNumber(ctx context.Context, in *struct {
	E164 string `path:"e164" example:"+12025550143"`
	As   string `query:"as" enum:"caller,called" default:"caller" doc:"caller: calls that showed it, whoever made them; called: calls in to it, when it is ours"`
	ProfileQuery
}) (*profileOutput, error) {
	kind := desk.ProfileShown
	if in.As == "called" {
		kind = desk.ProfileReached
	}
	return s.apiProfile(ctx, kind, in.E164, "path.e164", in.ProfileQuery)
}

func (s *Server) apiProfileProvider(ctx context.Context, in *struct {
	ID string `path:"id" doc:"As the call records have it" maxLength:"320"`
	ProfileQuery
}) (*profileOutput, error) {
	return s.apiProfile(ctx, desk.ProfileProvider, in.ID, "path.id", in.ProfileQuery)
}
