package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/abusedesk/abusedesk/cases"
)

func (s *Server) apiCarrier(api huma.API) {
	reg := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"carrier"}, Security: needsKey, Errors: []int{403, 404, 422}}
	}
	huma.Register(api, reg("list-accounts", "/api/v1/accounts", "Search accounts"), s.apiListAccounts)
	huma.Register(api, reg("get-account", "/api/v1/accounts/{id}", "What is known of an account"), s.apiGetAccount)
	huma.Register(api, reg("get-number", "/api/v1/numbers/{e164}", "What is known of a number"), s.apiGetNumber)
}

func (s *Server) apiListAccounts(ctx context.Context, in *struct {
	PageQuery
	Text string `query:"q" doc:"Words in name and id; all of them"`
}) (*listOutput[cases.Account], error) {
	p, err := s.Desk.Accounts(ctx, actorOf(ctx), in.Text, in.Cursor, in.Limit)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := asPage(p, func(a cases.Account) cases.Account { return a })
	return &out, nil
}

type accountJSON struct {
	cases.Account
	Path         []cases.Account     `json:"resellers" doc:"Nearest first"`
	Connections  []cases.Connection  `json:"connections"`
	Entitlements []cases.Entitlement `json:"entitlements" doc:"At most 250"`
	Restrictions []cases.Restriction `json:"restrictions"`
	Cases        []CaseJSON          `json:"cases"`
}

func (s *Server) apiGetAccount(ctx context.Context, in *struct {
	ID string `path:"id"`
}) (*struct{ Body accountJSON }, error) {
	v, err := s.Desk.AccountView(ctx, actorOf(ctx), in.ID)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &struct{ Body accountJSON }{accountJSON{v.Account, list(v.Path), list(v.Connections), list(v.Entitlements), list(v.Restrictions), casesJSON(v.Cases)}}, nil
}

type numberViewJSON struct {
	E164 string `json:"e164"`
	cases.NumberFacts
	Entitlements []cases.Entitlement `json:"entitlements"`
	Restrictions []cases.Restriction `json:"restrictions"`
	Cases        []CaseJSON          `json:"cases"`
	Lists        []cases.ListEntry   `json:"lists" doc:"That the number is on now"`
	Rate         *cases.RateLine     `json:"rate,omitempty" doc:"What a minute to it costs by our rate decks; absent where they do not know"`
}

func (s *Server) apiGetNumber(ctx context.Context, in *struct {
	E164 string `path:"e164" example:"+12025550143"`
}) (*struct{ Body numberViewJSON }, error) {
	v, err := s.Desk.NumberView(ctx, actorOf(ctx), in.E164)
	if cases.KindOf(err) == cases.KindInvalid {
		err = &locatedError{"path.e164", err}
	}
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	lists, err := s.Desk.ListsOf(ctx, actorOf(ctx), v.E164, s.now())
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := numberViewJSON{v.E164, v.Facts, list(v.Entitlements), list(v.Restrictions), casesJSON(v.Cases), list(lists), nil}
	r, ok, err := s.Desk.Destination(ctx, actorOf(ctx), v.E164)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	if ok {
		out.Rate = &cases.RateLine{Prefix: r.Prefix, Tag: r.Tag, Micros: r.PerMinute}
	}
	return &struct{ Body numberViewJSON }{out}, nil
}

func casesJSON(cs []cases.Case) []CaseJSON {
	out := make([]CaseJSON, 0, len(cs))
	for _, c := range cs {
		out = append(out, caseToJSON(c))
	}
	return out
}

// list is a slice that JSON writes as [], never null.
func list[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}
