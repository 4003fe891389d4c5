package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/abusedesk/abusedesk/cases"
)

func (s *Server) apiCustomers(api huma.API) {
	reg := func(id, method, path, summary, more string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Description: more, Tags: []string{"carrier"}, Security: needsKey, Errors: []int{403, 404, 409, 422}}
	}
	get := func(id, path, summary, more string) huma.Operation {
		return reg(id, http.MethodGet, path, summary, more)
	}
	huma.Register(api, get("list-customers", "/api/v1/accounts/{id}/customers", "The customers directly below an account, by name", "The tree, a level at a time."), s.apiListCustomers)
	huma.Register(api, get("get-customer", "/api/v1/accounts/{id}/customer", "Who an account is", "Accounts that may be the same customer's, marks that it may be of one who was cut off, how it is secured, and the customer's file without what is personal in it."), s.apiGetCustomer)
	huma.Register(api, get("list-matches", "/api/v1/account-matches", "Accounts that may be of customers who were cut off, newest first", "A mark limits nothing."), s.apiListMatches)
	huma.Register(api, reg("decide-match", http.MethodPost, "/api/v1/accounts/{id}/matches/{match}/decide", "Say whether it is the same customer", "A dismissal is remembered. Nothing is limited by it."), s.apiDecideMatch)
	huma.Register(api, get("list-providers", "/api/v1/providers", "Upstream providers, by the name that call records have", ""), s.apiListProviders)
	huma.Register(api, get("get-provider", "/api/v1/providers/{id}", "One upstream provider", "With its standing in the FCC's Robocall Mitigation Database and what that means."), s.apiGetProvider)
	huma.Register(api, get("list-entries", "/api/v1/lists", "Entries of lists, newest first", "Do-not-originate, honeypots and protected numbers."), s.apiListEntries)
	huma.Register(api, get("list-sources", "/api/v1/lists/sources", "Which lists there are", "At most 250: they come on one page."), s.apiListSources)
	huma.Register(api, get("list-rate-decks", "/api/v1/rate-decks", "Versions of rate decks, newest first", "At most 250: they come on one page."), s.apiRateDecks)
}

func (s *Server) apiListCustomers(ctx context.Context, in *struct {
	PageQuery
	ID string `path:"id"`
}) (*listOutput[cases.Account], error) {
	p, err := s.Desk.AccountTree(ctx, actorOf(ctx), in.ID, in.Cursor, in.Limit)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := asPage(p, func(a cases.Account) cases.Account { return a })
	return &out, nil
}

type customerJSON struct {
	Links   []cases.AccountLink  `json:"links"`
	Matches []cases.AccountMatch `json:"matches"`
	File    cases.KYC            `json:"file"`
	Missing []string             `json:"missing" doc:"What the file lacks, in words"`
	Posture []cases.Posture      `json:"posture"`
	Direct  int                  `json:"customers_direct"`
	All     int                  `json:"customers_all"`
}

func (s *Server) apiGetCustomer(ctx context.Context, in *struct {
	ID string `path:"id"`
}) (*struct{ Body customerJSON }, error) {
	if _, err := s.Desk.AccountTree(ctx, actorOf(ctx), in.ID, "", 1); err != nil {
		return nil, s.apiError(ctx, err)
	}
	c, err := s.Desk.Customer(ctx, actorOf(ctx), in.ID, "", 1)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &struct{ Body customerJSON }{customerJSON{list(c.Links), list(c.Matches), c.KYC, list(c.Missing), list(c.Posture), c.Direct, c.All}}, nil
}

func (s *Server) apiListMatches(ctx context.Context, in *struct {
	PageQuery
	State string `query:"state" enum:"open,confirmed,dismissed,withdrawn" doc:"Any, when it is left out"`
}) (*listOutput[cases.AccountMatch], error) {
	p, err := s.Desk.Matches(ctx, actorOf(ctx), cases.MatchState(in.State), in.Cursor, in.Limit)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := asPage(p, func(m cases.AccountMatch) cases.AccountMatch { return m })
	return &out, nil
}

func (s *Server) apiDecideMatch(ctx context.Context, in *struct {
	ID    string `path:"id"`
	Match int64  `path:"match"`
	Body  struct {
		State string `json:"state" enum:"confirmed,dismissed"`
		Note  string `json:"note" doc:"Why"`
	}
}) (*struct{ Body cases.AccountMatch }, error) {
	m, err := s.Desk.DecideMatch(ctx, actorOf(ctx), in.ID, in.Match, cases.MatchState(in.Body.State), in.Body.Note)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &struct{ Body cases.AccountMatch }{m}, nil
}

// ProviderJSON is exported for huma, like CaseJSON.
type ProviderJSON struct {
	cases.Provider
	Refuse  bool   `json:"refuse" doc:"Calls that come directly from it must be refused"`
	Meaning string `json:"meaning" doc:"How it stands, and what that means"`
}

func providerJSON(p cases.Provider) ProviderJSON {
	return ProviderJSON{p, p.RMD.Refusable(), p.Sentence()}
}

func (s *Server) apiListProviders(ctx context.Context, in *struct {
	PageQuery
	Text   string `query:"q" doc:"Words in name, alias and id; all of them"`
	Status string `query:"status" enum:"listed,deficient,removed,not_listed,exempt,unknown"`
	Refuse bool   `query:"refuse" doc:"Only those whose calls must be refused"`
}) (*listOutput[ProviderJSON], error) {
	p, err := s.Desk.Providers(ctx, actorOf(ctx), cases.ProviderQuery{Text: in.Text, Status: cases.RMDStatus(in.Status), Refuse: in.Refuse, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := asPage(p, providerJSON)
	return &out, nil
}

func (s *Server) apiGetProvider(ctx context.Context, in *struct {
	ID string `path:"id"`
}) (*struct{ Body ProviderJSON }, error) {
	p, err := s.Desk.Provider(ctx, actorOf(ctx), in.ID)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &struct{ Body ProviderJSON }{providerJSON(p)}, nil
}

func (s *Server) apiListEntries(ctx context.Context, in *struct {
	PageQuery
	List   string `query:"list" enum:"do_not_originate,honeypot,protected"`
	Source string `query:"source"`
	Number string `query:"number" doc:"Entries that cover it; in any way of writing"`
	Ended  bool   `query:"ended" doc:"Also those that do not hold any more"`
}) (*listOutput[cases.ListEntry], error) {
	p, err := s.Desk.ListEntries(ctx, actorOf(ctx), cases.ListQuery{Kind: cases.ListKind(in.List), Source: in.Source, Number: in.Number, Ended: in.Ended, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := asPage(p, func(e cases.ListEntry) cases.ListEntry { return e })
	return &out, nil
}

func (s *Server) apiListSources(ctx context.Context, _ *struct{}) (*listOutput[cases.ListSource], error) {
	sources, err := s.Desk.ListSources(ctx, actorOf(ctx))
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &listOutput[cases.ListSource]{Body: cases.Page[cases.ListSource]{Items: list(sources)}}, nil
}

func (s *Server) apiRateDecks(ctx context.Context, _ *struct{}) (*listOutput[cases.RateDeck], error) {
	decks, err := s.Desk.RateDecks(ctx, actorOf(ctx))
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &listOutput[cases.RateDeck]{Body: cases.Page[cases.RateDeck]{Items: list(decks)}}, nil
}
