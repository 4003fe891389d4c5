package web

import "time"

// WebhooksPage lists who else is told. The decision it serves: does one of them need a hand?
type WebhooksPage struct {
	Rows   []WebhookLine
	CanAct bool
	Create WebhookForm
}

func (WebhooksPage) meta() Meta {
	return Meta{Template: "webhooks", Title: "Webhooks", Section: "webhooks"}
}

// WebhookLine is a webhook in the list.
type WebhookLine struct {
	ID          string
	URL         string
	Description string
	Events      string
	State       State
	Note        string // why it is disabled, or since when nothing has arrived
	Dead        int    // deliveries that were given up
}

// WebhookForm is what a person sets of a webhook.
type WebhookForm struct {
	URL         Field
	Description Field
	Events      []WebhookEventChoice
	EventsError string
	Shown       bool
}

// WebhookEventChoice is an event with its box.
type WebhookEventChoice struct {
	Name    string
	Word    string
	Checked bool
}

// WebhookPage is one webhook. The decisions it serves: is it right, and is something to be sent again?
type WebhookPage struct {
	Line       WebhookLine
	Secret     string // shown this once, after it was made
	Overlap    time.Time
	Facts      []Fact
	Views      []Tab
	Deliveries []DeliveryLine
	Pages      Pages
	Edit       WebhookForm
	Enabled    bool
	CanAct     bool
}

func (WebhookPage) meta() Meta {
	return Meta{Template: "webhook", Title: "Webhook", Section: "webhooks"}
}

// DeliveryLine is one event that a webhook was or is to be told.
type DeliveryLine struct {
	ID       string
	Event    string
	At       time.Time
	Message  string
	State    State
	Attempts int
	Answer   string // "500: no room"
	Next     time.Time
	CanSend  bool
}
