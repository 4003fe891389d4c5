package web

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/abusedesk/abusedesk/cases"
)

func (s *Server) apiWebhooks(api huma.API) {
	reg := func(id, method, path, summary, more string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Description: more, Tags: []string{"webhooks"}, Security: needsKey, Errors: []int{403, 404, 409, 422}}
	}
	const all, one = "/api/v1/webhooks", "/api/v1/webhooks/{id}"
	huma.Register(api, reg("list-webhooks", http.MethodGet, all, "List webhooks, oldest first", "There are at most 20: they come on one page."), s.apiListWebhooks)
	create := reg("create-webhook", http.MethodPost, all, "Have events sent to an address", "As Standard Webhooks describes (standardwebhooks.com), at least once. The answer has the secret, "+
		"which is not shown again. The address must be https and public, or in a network that the operator allows.")
	create.DefaultStatus = http.StatusCreated
	huma.Register(api, create, s.apiCreateWebhook)
	huma.Register(api, reg("get-webhook", http.MethodGet, one, "One webhook", ""), s.apiGetWebhook)
	huma.Register(api, reg("change-webhook", http.MethodPatch, one, "Change address, description or events", "What is left out stays."), s.apiChangeWebhook)
	huma.Register(api, reg("delete-webhook", http.MethodDelete, one, "Remove a webhook and its deliveries", ""), s.apiDeleteWebhook)
	huma.Register(api, reg("enable-webhook", http.MethodPost, one+"/enable", "Start sending", "What was given up meanwhile is sent when it is asked for."), s.apiEnableWebhook)
	huma.Register(api, reg("disable-webhook", http.MethodPost, one+"/disable", "Stop sending", "What waits is given up."), s.apiDisableWebhook)
	huma.Register(api, reg("rotate-webhook-secret", http.MethodPost, one+"/rotate-secret", "Make a new secret", "For 24 hours the secret of before signs too. The new one is not shown again."), s.apiRotateWebhook)
	huma.Register(api, reg("test-webhook", http.MethodPost, one+"/test", "Send a test event", "Of type webhook.test, with empty data."), s.apiTestWebhook)
	huma.Register(api, reg("list-deliveries", http.MethodGet, one+"/deliveries", "What it was or is to be told, newest first", "Kept for 30 days."), s.apiListDeliveries)
	huma.Register(api, reg("redeliver-dead", http.MethodPost, one+"/redeliver", "Send again all that was given up", "Under the old message ids."), s.apiRedeliverAll)
	huma.Register(api, reg("redeliver", http.MethodPost, one+"/deliveries/{delivery}/redeliver", "Send one again", "Also one that was delivered, under its old message id."), s.apiRedeliver)
}

// describeWebhooks says what is sent: OpenAPI 3.1 has a place for it.
func describeWebhooks(doc *huma.OpenAPI) {
	schema := doc.Components.Schemas.Schema(reflect.TypeFor[cases.WebhookPayload](), true, "WebhookPayload")
	doc.Webhooks = map[string]*huma.PathItem{}
	for _, e := range append(cases.WebhookEvents(), cases.WebhookTest) {
		var headers []*huma.Param
		for _, h := range []struct{ name, says string }{{"webhook-id", "The same for all attempts: remember it"}, {"webhook-timestamp", "Of the attempt, in seconds since 1970: refuse what is older than five minutes"},
			{"webhook-signature", "v1, and base64 of HMAC-SHA256 over id, timestamp and body, joined by dots; two of them while the secret is replaced"}} {
			headers = append(headers, &huma.Param{Name: h.name, In: "header", Required: true, Description: h.says, Schema: &huma.Schema{Type: huma.TypeString}})
		}
		doc.Webhooks[string(e)] = &huma.PathItem{Post: &huma.Operation{Summary: webhookWords[e], Tags: []string{"webhooks"}, Parameters: headers,
			Description: "Delivered at least once. Answer 2xx within 15 seconds; 410 ends the webhook.",
			RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schema, Example: webhookExample(e)}}},
			Responses:   map[string]*huma.Response{"204": {Description: "Taken"}}}}
	}
}

// webhookExample is a body of an event.
func webhookExample(e cases.WebhookEvent) cases.WebhookPayload {
	const console = "https://abuse.carrier.example/desk/"
	p := cases.WebhookPayload{Type: e, Timestamp: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	switch e {
	case cases.WebhookCaseOpened:
		p.Data = cases.WebhookData{Case: "AB-2026-004217", State: string(cases.StateNew), URL: console + "cases/AB-2026-004217"}
	case cases.WebhookCaseResolved:
		p.Data = cases.WebhookData{Case: "AB-2026-004217", State: string(cases.StateResolved), Disposition: cases.DispositionUpheld, URL: console + "cases/AB-2026-004217"}
	case cases.WebhookRestrictionActive, cases.WebhookRestrictionLifted:
		p.Data = cases.WebhookData{Case: "AB-2026-004217", State: string(cases.RestrictionActive), Restriction: 81, Kind: cases.KindChannelLimit, Target: cases.TargetAccount, URL: console + "restrictions/81"}
		if e == cases.WebhookRestrictionLifted {
			p.Data.State = string(cases.RestrictionLifted)
		}
	}
	return p
}

// WebhookJSON is exported for huma, like CaseJSON.
type WebhookJSON struct {
	ID           int64      `json:"id"`
	URL          string     `json:"url"`
	Description  string     `json:"description,omitempty"`
	Events       []string   `json:"events"`
	State        string     `json:"state" enum:"enabled,disabled"`
	Reason       string     `json:"reason,omitempty" doc:"Why it is disabled"`
	FailingSince *time.Time `json:"failing_since,omitempty" doc:"Nothing has arrived since; after five days it is disabled"`
	PausedUntil  *time.Time `json:"paused_until,omitempty" doc:"Nothing is tried before: attempts failed, or it asked for time"`
	CreatedAt    time.Time  `json:"created_at"`
	UpdatedAt    time.Time  `json:"updated_at"`
}

func webhookToJSON(w cases.Webhook) WebhookJSON {
	j := WebhookJSON{w.ID, w.URL, w.Description, []string{}, string(w.State), w.Reason, w.FailingSince, w.PausedUntil, w.CreatedAt, w.UpdatedAt}
	for _, e := range w.Events {
		j.Events = append(j.Events, string(e))
	}
	return j
}

type webhookSecretJSON struct {
	WebhookJSON
	Secret string `json:"secret,omitempty" doc:"Verifies the signatures; shown this once. Absent where the same request is answered again after a crash: rotate it then"`
}

type deliveryJSON struct {
	ID          int64      `json:"id"`
	MessageID   string     `json:"message_id" doc:"The webhook-id header, the same for all attempts"`
	Event       string     `json:"event"`
	At          time.Time  `json:"at" doc:"When it happened"`
	State       string     `json:"state" enum:"pending,delivered,dead"`
	Attempts    int        `json:"attempts"`
	NextAt      *time.Time `json:"next_at,omitempty" doc:"Of a pending one"`
	Status      int        `json:"status,omitempty" doc:"HTTP status of the last answer; absent: there was none"`
	Answer      string     `json:"answer,omitempty" doc:"The beginning of the last answer, or why there was none"`
	AttemptedAt *time.Time `json:"attempted_at,omitempty"`
}

func deliveryToJSON(d cases.WebhookDelivery) deliveryJSON {
	j := deliveryJSON{d.ID, d.MessageID, string(d.Event), d.At, string(d.State), d.Attempts, nil, d.Status, d.Answer, d.AttemptedAt}
	if d.State == cases.WebhookPending {
		j.NextAt = &d.NextAt
	}
	return j
}

// WebhookID is exported for huma, like CaseRef.
type WebhookID struct {
	ID int64 `path:"id" minimum:"1"`
}

type webhookOutput struct{ Body WebhookJSON }

type webhookSecretOutput struct{ Body webhookSecretJSON }

func (s *Server) webhookOut(ctx context.Context, w cases.Webhook, err error) (*webhookOutput, error) {
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &webhookOutput{webhookToJSON(w)}, nil
}

func (s *Server) apiListWebhooks(ctx context.Context, _ *struct{}) (*listOutput[WebhookJSON], error) {
	ws, err := s.Desk.Webhooks(ctx, actorOf(ctx))
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := asPage(cases.Page[cases.Webhook]{Items: ws}, webhookToJSON)
	return &out, nil
}

func (s *Server) apiCreateWebhook(ctx context.Context, in *struct {
	Body struct {
		URL         string   `json:"url" doc:"https://…"`
		Description string   `json:"description,omitempty" doc:"For those who look after it, at most 200 bytes"`
		Events      []string `json:"events" doc:"case.opened, case.resolved, restriction.active, restriction.lifted"`
	}
}) (*webhookSecretOutput, error) {
	w, secret, err := s.Desk.CreateWebhook(ctx, actorOf(ctx), cases.WebhookChange{URL: &in.Body.URL, Description: &in.Body.Description, Events: webhookEvents(in.Body.Events)})
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &webhookSecretOutput{webhookSecretJSON{webhookToJSON(w), secret}}, nil
}

func webhookEvents(names []string) *[]cases.WebhookEvent {
	es := make([]cases.WebhookEvent, len(names))
	for i, n := range names {
		es[i] = cases.WebhookEvent(n)
	}
	return &es
}

func (s *Server) apiGetWebhook(ctx context.Context, in *WebhookID) (*webhookOutput, error) {
	w, err := s.Desk.Webhook(ctx, actorOf(ctx), in.ID)
	return s.webhookOut(ctx, w, err)
}

func (s *Server) apiChangeWebhook(ctx context.Context, in *struct {
	WebhookID
	Body struct {
		URL         *string   `json:"url,omitempty"`
		Description *string   `json:"description,omitempty"`
		Events      *[]string `json:"events,omitempty"`
	}
}) (*webhookOutput, error) {
	x := cases.WebhookChange{URL: in.Body.URL, Description: in.Body.Description}
	if in.Body.Events != nil {
		x.Events = webhookEvents(*in.Body.Events)
	}
	w, err := s.Desk.ChangeWebhook(ctx, actorOf(ctx), in.ID, x)
	return s.webhookOut(ctx, w, err)
}

func (s *Server) apiDeleteWebhook(ctx context.Context, in *WebhookID) (*struct{}, error) {
	return nil, s.nothing(ctx, s.Desk.DeleteWebhook(ctx, actorOf(ctx), in.ID))
}

// nothing is the answer of what has nothing to say.
func (s *Server) nothing(ctx context.Context, err error) error {
	if err != nil {
		return s.apiError(ctx, err)
	}
	return nil
}

func (s *Server) apiEnableWebhook(ctx context.Context, in *WebhookID) (*webhookOutput, error) {
	w, err := s.Desk.EnableWebhook(ctx, actorOf(ctx), in.ID)
	return s.webhookOut(ctx, w, err)
}

func (s *Server) apiDisableWebhook(ctx context.Context, in *struct {
	WebhookID
	Body struct {
		Reason string `json:"reason,omitempty" doc:"At most 200 bytes"`
	}
}) (*webhookOutput, error) {
	w, err := s.Desk.DisableWebhook(ctx, actorOf(ctx), in.ID, in.Body.Reason)
	return s.webhookOut(ctx, w, err)
}

func (s *Server) apiRotateWebhook(ctx context.Context, in *WebhookID) (*webhookSecretOutput, error) {
	w, secret, err := s.Desk.RotateWebhook(ctx, actorOf(ctx), in.ID)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &webhookSecretOutput{webhookSecretJSON{webhookToJSON(w), secret}}, nil
}

func (s *Server) apiTestWebhook(ctx context.Context, in *WebhookID) (*struct{}, error) {
	return nil, s.nothing(ctx, s.Desk.TestWebhook(ctx, actorOf(ctx), in.ID))
}

func (s *Server) apiListDeliveries(ctx context.Context, in *struct {
	WebhookID
	PageQuery
	State string `query:"state" enum:"pending,delivered,dead" doc:"Without it any"`
}) (*listOutput[deliveryJSON], error) {
	p, err := s.Desk.WebhookDeliveries(ctx, actorOf(ctx), cases.WebhookDeliveryQuery{WebhookID: in.ID, State: cases.WebhookDeliveryState(in.State), Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := asPage(p, deliveryToJSON)
	return &out, nil
}

type redeliveredOutput struct {
	Body struct {
		Deliveries int `json:"deliveries" doc:"How many are sent again"`
	}
}

func (s *Server) redelivered(ctx context.Context, n int, err error) (*redeliveredOutput, error) {
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := &redeliveredOutput{}
	out.Body.Deliveries = n
	return out, nil
}

func (s *Server) apiRedeliverAll(ctx context.Context, in *WebhookID) (*redeliveredOutput, error) {
	n, err := s.Desk.Redeliver(ctx, actorOf(ctx), in.ID, 0)
	return s.redelivered(ctx, n, err)
}

func (s *Server) apiRedeliver(ctx context.Context, in *struct {
	WebhookID
	Delivery int64 `path:"delivery" minimum:"1"`
}) (*redeliveredOutput, error) {
	n, err := s.Desk.Redeliver(ctx, actorOf(ctx), in.ID, in.Delivery)
	return s.redelivered(ctx, n, err)
}
