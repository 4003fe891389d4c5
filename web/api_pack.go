package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/abusedesk/abusedesk/cases"
)

func (s *Server) apiPacks(api huma.API) {
	huma.Register(api, huma.Operation{OperationID: "get-traceback-pack", Method: http.MethodGet, Path: "/api/v1/cases/{ref}/traceback-pack", Summary: "The traceback pack of a case",
		Description: "Built as soon as each call of a request was looked up, or once a call of any other case is confirmed; before that it is 404. Each call has every mandatory field: with its value, or with why there is none. " +
			"What goes beyond the traceback fields is withheld until a legal review is recorded. An account of a customer is told to the FCC, law enforcement and the registered consortium only.",
		Tags: []string{"tracebacks"}, Security: needsKey, Errors: []int{403, 404, 422}}, s.apiPack)
}

func (s *Server) apiPack(ctx context.Context, in *struct {
	CaseRef
	Report int64  `query:"report" minimum:"0" doc:"Whose requester; absent: the newest verified one, else the newest"`
	For    string `query:"for" enum:"traceback,regulator,law_enforcement,carrier,called_party,number_owner,hacked_customer,impersonated_brand" doc:"What the requester will be, of a case in which nobody has asked; absent: the registered consortium"`
}) (*struct{ Body cases.PackDocument }, error) {
	of, err := packFor("", in.For)
	if err == nil {
		of.Report = in.Report
		v, perr := s.Desk.Pack(ctx, actorOf(ctx), in.Ref, of)
		if perr == nil {
			return &struct{ Body cases.PackDocument }{v.Document}, nil
		}
		err = perr
	}
	return nil, s.apiError(ctx, err)
}
