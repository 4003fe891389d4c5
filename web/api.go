package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// api describes and serves /api/v1. The description is at /api/openapi.json.
func (s *Server) api(e *gin.Engine) huma.API {
	config := huma.DefaultConfig("abusedesk", s.Version)
	config.OpenAPIPath = "/api/openapi"
	config.DocsPath = "" // ours, with bundled assets, is a route of its own
	config.SchemasPath = ""
	config.CreateHooks = nil // no $schema links in bodies
	config.Info.Description = "File reports, read and decide cases, put restrictions on outbound traffic, and send call records. " +
		"Errors are application/problem+json (RFC 9457) and name the field. Lists are {items, next_cursor}."
	config.Servers = []*huma.Server{{URL: s.BaseURL}}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key": {Type: "http", Scheme: "bearer", Description: "An API key, abk_…, made with `abusedesk apikey create`."},
	}
	api := humagin.New(e, config)
	api.UseMiddleware(s.identifyAPI(api))
	s.apiReports(api)
	s.apiChallenge(api)
	s.apiCases(api)
	s.apiCampaigns(api)
	s.apiTracebacks(api)
	s.apiPacks(api)
	s.apiRestrictions(api)
	s.apiCarrier(api)
	s.apiProfiles(api)
	s.apiCustomers(api)
	s.apiCalls(api)
	s.apiWebhooks(api)
	s.describePolicy(api)
	describeIdempotency(api.OpenAPI())
	describeWebhooks(api.OpenAPI())
	return api
}

// describeIdempotency adds the header to every operation that takes it.
func describeIdempotency(doc *huma.OpenAPI) {
	longest := cases.MaxRequestKey
	for path, item := range doc.Paths {
		if op := item.Post; op != nil && strings.HasPrefix(path, "/api/v1/") && path != "/api/v1/reports" && path != "/api/v1/calls" {
			op.Parameters = append(op.Parameters, &huma.Param{Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &longest},
				Description: "Send the same key when you send the same request again: it is carried out once, and answered as the first time (kept for 24 hours). " +
					"With another request it is 409. One that was refused had no effect and frees its key."})
		}
	}
}

// needsKey marks an operation that only a key may call.
var needsKey = []map[string][]string{{"key": {}}}

type (
	apiActor     struct{}
	apiGin       struct{}
	apiOperation struct{}
)

// identifyAPI finds out who calls. Without a key the caller is the public,
// which cases.Permit lets do one thing.
func (s *Server) identifyAPI(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		c := humagin.Unwrap(ctx)
		actor := cases.Actor{Kind: cases.ActorReporter, Name: "the public"}
		if bearer(c) != "" || len(ctx.Operation().Security) > 0 {
			a, err := s.keyActor(c)
			if err != nil {
				ctx.SetHeader("WWW-Authenticate", "Bearer")
				writeProblem(c.Writer, problemOf(err))
				return
			}
			actor = a
		}
		next(huma.WithValue(huma.WithValue(huma.WithValue(ctx, apiActor{}, actor), apiGin{}, c), apiOperation{}, ctx.Operation()))
	}
}

func actorOf(ctx context.Context) cases.Actor {
	a, _ := ctx.Value(apiActor{}).(cases.Actor)
	return a
}

// ginOf is the request behind an operation, for what only it knows: the peer.
func ginOf(ctx context.Context) *gin.Context { return ctx.Value(apiGin{}).(*gin.Context) }

// apiError hands an error to huma, logging what the client is not told.
func (s *Server) apiError(ctx context.Context, err error) error {
	m := problemOf(err)
	if m.Status >= http.StatusInternalServerError {
		s.Log.Error("api", "actor", actorOf(ctx).ID, "err", err)
	}
	op, _ := ctx.Value(apiOperation{}).(*huma.Operation)
	for _, d := range m.Errors {
		d.Location = located(op, d.Location)
	}
	return m
}

// located says of a field that is a parameter where it is: the domain knows
// names, and not how they were sent.
func located(op *huma.Operation, location string) string {
	name, ok := strings.CutPrefix(location, "body.")
	if !ok || op == nil {
		return location
	}
	for _, p := range op.Parameters {
		if p.Name == name && (p.In == "query" || p.In == "path") {
			return p.In + "." + name
		}
	}
	return location
}

// e164 reads a number of a filter, written in any way; "" is none.
func (s *Server) e164(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	n, err := numbers.Parse(text, s.Region)
	if err != nil {
		return "", cases.Invalid(cases.Problem{Field: "number", Message: err.Error()})
	}
	return n.E164, nil
}

// caseFilter reads the reference of a filter; "" is none.
func caseFilter(ref string) (int64, error) {
	if ref == "" {
		return 0, nil
	}
	id, err := cases.ParseCaseRef(ref)
	if err != nil {
		return 0, cases.Invalid(cases.Problem{Field: "case", Message: "this is no reference of a case"})
	}
	return id, nil
}

// apiDocs draws the description with assets of our own.
func (s *Server) apiDocs(c *gin.Context) error {
	return s.render(c, http.StatusOK, APIDocsPage{SpecURL: "/api/openapi.json"})
}

// PageQuery is how every list is paged.
type PageQuery struct {
	Cursor string `query:"cursor" doc:"next_cursor of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"250" default:"25" doc:"How many at most"`
}

type listOutput[T any] struct {
	Body cases.Page[T]
}

func asPage[D, T any](p cases.Page[D], f func(D) T) listOutput[T] {
	out := listOutput[T]{Body: cases.Page[T]{Items: make([]T, 0, len(p.Items)), Next: p.Next}}
	for _, x := range p.Items {
		out.Body.Items = append(out.Body.Items, f(x))
	}
	return out
}
