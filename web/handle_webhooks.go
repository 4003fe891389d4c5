package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
)

var webhookWords = map[cases.WebhookEvent]string{
	cases.WebhookCaseOpened:        "A case was opened",
	cases.WebhookCaseResolved:      "A case was resolved",
	cases.WebhookRestrictionActive: "A restriction is in force",
	cases.WebhookRestrictionLifted: "A restriction has ended",
	cases.WebhookTest:              "Test event",
}

func (s *Server) showWebhooks(c *gin.Context, a cases.Actor) error {
	p, err := s.webhooksPage(c, a)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, p)
}

func (s *Server) webhooksPage(c *gin.Context, a cases.Actor) (WebhooksPage, error) {
	ctx := c.Request.Context()
	ws, err := s.Desk.Webhooks(ctx, a)
	if err != nil {
		return WebhooksPage{}, err
	}
	dead, err := s.Desk.DeadDeliveries(ctx, a)
	if err != nil {
		return WebhooksPage{}, err
	}
	p := WebhooksPage{CanAct: cases.Permit(a, cases.CmdManageWebhooks) == nil, Create: webhookForm(cases.Webhook{Events: cases.WebhookEvents()})}
	for _, w := range ws {
		p.Rows = append(p.Rows, webhookLine(c, w, dead[w.ID]))
	}
	return p, nil
}

func webhookLine(c *gin.Context, w cases.Webhook, dead int) WebhookLine {
	l := WebhookLine{ID: strconv.FormatInt(w.ID, 10), URL: w.URL, Description: w.Description, Note: sentence(w.Reason), Dead: dead, State: State{"enabled", "Enabled", Cleared}}
	var words []string
	for _, e := range w.Events {
		words = append(words, string(e))
	}
	l.Events = strings.Join(words, ", ")
	switch {
	case w.State == cases.WebhookDisabled:
		l.State = State{"disabled", "Disabled", Neutral}
		if w.FailingSince != nil {
			l.State.Tone = Harm
		}
	case w.FailingSince != nil:
		l.State = State{"failing", "Failing", Doubt}
		l.Note = "Nothing has arrived since " + w.FailingSince.In(zoneOf(c)).Format("2 January, 15:04") + "; after five days it is disabled."
	}
	return l
}

func webhookForm(w cases.Webhook) WebhookForm {
	f := WebhookForm{URL: Field{Value: w.URL}, Description: Field{Value: w.Description}}
	for _, e := range cases.WebhookEvents() {
		f.Events = append(f.Events, WebhookEventChoice{Name: string(e), Word: webhookWords[e], Checked: w.Wants(e)})
	}
	return f
}

// typed reads a webhook's form, and what it sets.
func (f *WebhookForm) typed(c *gin.Context) cases.WebhookChange {
	url, description, names := c.PostForm("url"), c.PostForm("description"), c.PostFormArray("events")
	events := webhookEvents(names)
	*f = webhookForm(cases.Webhook{URL: url, Description: description, Events: *events})
	return cases.WebhookChange{URL: &url, Description: &description, Events: events}
}

// wrong puts a refusal beside the fields; false where it is about none of them.
func (f *WebhookForm) wrong(err error) bool {
	e, ok := errors.AsType[*cases.Error](err)
	if !ok || e.Kind != cases.KindInvalid {
		return false
	}
	var about Field
	beside(err, map[string]*Field{"url": &f.URL, "description": &f.Description, "events": &about})
	f.EventsError, f.Shown = about.Error, true
	return true
}

func (s *Server) createWebhook(c *gin.Context, a cases.Actor) error {
	var f WebhookForm
	w, secret, err := s.Desk.CreateWebhook(c.Request.Context(), a, f.typed(c))
	if f.wrong(err) {
		p, perr := s.webhooksPage(c, a)
		if perr != nil {
			return perr
		}
		p.Create = f
		return s.render(c, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return s.acted(c, err, "", "/desk/webhooks")
	}
	return s.showSecret(c, a, w.ID, secret)
}

// showSecret answers with the page itself: the secret is nowhere to be fetched from later.
func (s *Server) showSecret(c *gin.Context, a cases.Actor, id int64, secret string) error {
	p, err := s.webhookPage(c, a, id)
	if err != nil {
		return err
	}
	p.Secret = secret
	c.Header("Cache-Control", "no-store")
	return s.render(c, http.StatusOK, p)
}

func (s *Server) showWebhook(c *gin.Context, a cases.Actor) error {
	id, err := pathID(c, "webhook")
	if err != nil {
		return err
	}
	p, err := s.webhookPage(c, a, id)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, p)
}

func (s *Server) webhookPage(c *gin.Context, a cases.Actor, id int64) (WebhookPage, error) {
	ctx := c.Request.Context()
	w, err := s.Desk.Webhook(ctx, a, id)
	if err != nil {
		return WebhookPage{}, err
	}
	dead, err := s.Desk.DeadDeliveries(ctx, a)
	if err != nil {
		return WebhookPage{}, err
	}
	view := cases.WebhookDeliveryState(c.Query("view"))
	found, err := s.Desk.WebhookDeliveries(ctx, a, cases.WebhookDeliveryQuery{WebhookID: id, State: view, Cursor: c.Query("cursor")})
	if err != nil {
		return WebhookPage{}, err
	}
	at := fmt.Sprintf("/desk/webhooks/%d", id)
	p := WebhookPage{Line: webhookLine(c, w, dead[id]), CanAct: cases.Permit(a, cases.CmdManageWebhooks) == nil, Enabled: w.State == cases.WebhookEnabled,
		Edit: webhookForm(w), Pages: pagesOf(c, found.Next, len(found.Items), "delivery", "deliveries"),
		Facts: []Fact{{Name: "Address", Value: w.URL}, {Name: "Told of", Value: toldOf(w)}, {Name: "For", Value: cmp.Or(w.Description, "not said")}, {Name: "Made", Value: "by " + w.CreatedBy + " on " + w.CreatedAt.In(zoneOf(c)).Format("2 January 2006")}}}
	for _, secret := range w.Signing(s.now()) {
		if secret.Until != nil {
			p.Overlap = *secret.Until
		}
	}
	for _, v := range []cases.WebhookDeliveryState{"", cases.WebhookPending, cases.WebhookDelivered, cases.WebhookDead} {
		t := Tab{Label: "All", Href: at, Current: v == view}
		if v != "" {
			t.Label, t.Href = deliveryState(v).Word, at+"?view="+string(v)
		}
		p.Views = append(p.Views, t)
	}
	for _, d := range found.Items {
		p.Deliveries = append(p.Deliveries, deliveryLine(d, p.Enabled && p.CanAct))
	}
	return p, nil
}

// toldOf names the events of a webhook as a person reads them.
func toldOf(w cases.Webhook) string {
	var words []string
	for _, e := range w.Events {
		words = append(words, strings.ToLower(webhookWords[e][:1])+webhookWords[e][1:])
	}
	return strings.Join(words, ", ")
}

func deliveryState(x cases.WebhookDeliveryState) State {
	switch x {
	case cases.WebhookDelivered:
		return State{string(x), "Delivered", Cleared}
	case cases.WebhookDead:
		return State{string(x), "Given up", Harm}
	}
	return State{string(x), "Waiting", Unknown}
}

func deliveryLine(d cases.WebhookDelivery, can bool) DeliveryLine {
	l := DeliveryLine{ID: strconv.FormatInt(d.ID, 10), Event: cmp.Or(webhookWords[d.Event], string(d.Event)), At: d.At, Message: d.MessageID, State: deliveryState(d.State),
		Attempts: d.Attempts, Answer: d.Answer, CanSend: can && d.State != cases.WebhookPending}
	if d.Status != 0 {
		l.Answer = strings.TrimSuffix(fmt.Sprintf("%d %s: %s", d.Status, http.StatusText(d.Status), d.Answer), ": ")
	}
	if d.State == cases.WebhookPending && d.Attempts > 0 {
		l.Next = d.NextAt
	}
	return l
}
