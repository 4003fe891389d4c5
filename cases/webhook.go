package cases

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WebhookEvent names what other systems can be told of.
type WebhookEvent string

const (
	WebhookCaseOpened        WebhookEvent = "case.opened"
	WebhookCaseResolved      WebhookEvent = "case.resolved" // again after each reopening
	WebhookRestrictionActive WebhookEvent = "restriction.active"
	WebhookRestrictionLifted WebhookEvent = "restriction.lifted"
	// WebhookTest is sent to one webhook when a person asks for it.
	WebhookTest WebhookEvent = "webhook.test"
)

// WebhookEvents lists those that a webhook can ask for.
func WebhookEvents() []WebhookEvent {
	return []WebhookEvent{WebhookCaseOpened, WebhookCaseResolved, WebhookRestrictionActive, WebhookRestrictionLifted}
}

// webhookCommands are the audit entries that are told. Whoever changes a case or
// a restriction writes one, whatever made him do it.
var webhookCommands = map[string]WebhookEvent{"case.open": WebhookCaseOpened, string(CmdResolveCase): WebhookCaseResolved,
	"restriction.active": WebhookRestrictionActive, "restriction.lifted": WebhookRestrictionLifted}

// Webhook is what is told of an audit entry; false for one that is not told.
func (e Event) Webhook() (WebhookDelivery, bool) {
	told, ok := webhookCommands[e.Command]
	if !ok {
		return WebhookDelivery{}, false
	}
	d := WebhookDelivery{Event: told, At: e.At, CaseID: e.CaseID, Disposition: Disposition(e.Data["disposition"])}
	if e.ObjectKind == "restriction" {
		d.RestrictionID, _ = strconv.ParseInt(e.ObjectID, 10, 64)
	}
	return d, true
}

// WebhookState says whether anything is sent.
type WebhookState string

const (
	WebhookEnabled  WebhookState = "enabled"
	WebhookDisabled WebhookState = "disabled" // Reason says by whom or why
)

// Limits of webhooks.
const (
	MaxWebhooks     = 20
	MaxWebhookURL   = 2_000 // bytes
	MaxWebhookWords = 200   // bytes of a description
	// WebhookOverlap is how long the secret of before a rotation signs too.
	WebhookOverlap = 24 * time.Hour
	// WebhookDeadAfter is how long nothing may arrive before a webhook is disabled.
	WebhookDeadAfter = 5 * 24 * time.Hour
	// WebhookKeep is how long deliveries are kept.
	WebhookKeep = 30 * 24 * time.Hour
	// WebhookAtOnce bounds the attempts at one webhook that are under way, over all replicas.
	WebhookAtOnce = 5
	// WebhookTimeout bounds an attempt from the dial to the end of the answer.
	WebhookTimeout = 15 * time.Second
	// WebhookLease is how long an attempt is taken to be under way. It is past the
	// timeout, so that only one whose process died is begun again.
	WebhookLease = 30 * time.Second
)

// WebhookSecret is a secret as it is kept: sealed like evidence.
type WebhookSecret struct {
	Sealed []byte `json:"sealed"`
	SHA256 string `json:"sha256"`
	// Until is when one that was replaced no longer signs; nil: it is the current one.
	Until *time.Time `json:"until,omitempty"`
}

// Webhook is an address that is told of events (Standard Webhooks).
type Webhook struct {
	ID          int64 `gorm:"primaryKey"`
	URL         string
	Description string
	Events      []WebhookEvent  `gorm:"serializer:json"`
	Secrets     []WebhookSecret `gorm:"serializer:json"` // the current one first
	State       WebhookState
	Reason      string // of a disabled one
	// FailingSince is when the first attempt failed after which none succeeded.
	FailingSince *time.Time
	Failures     int        // rounds in a row in which nothing arrived
	PausedUntil  *time.Time // nothing is tried before
	CreatedBy    string
	CreatedAt    time.Time
	UpdatedAt    time.Time

	events []Event
}

// WebhookChange is what a person may set; a nil field stays as it is.
type WebhookChange struct {
	URL         *string
	Description *string
	Events      *[]WebhookEvent
}

// Change applies x; check says what is wrong with an address.
func (w *Webhook) Change(a Actor, now time.Time, x WebhookChange, check func(url string) error) error {
	if err := Permit(a, CmdManageWebhooks); err != nil {
		return err
	}
	var ps []Problem
	if x.URL != nil {
		w.URL = strings.TrimSpace(*x.URL)
		if len(w.URL) > MaxWebhookURL {
			ps = append(ps, Problem{"url", fmt.Sprintf("at most %d bytes", MaxWebhookURL)})
		} else if err := check(w.URL); err != nil {
			ps = append(ps, Problem{"url", err.Error()})
		}
	}
	if x.Description != nil {
		if w.Description = strings.TrimSpace(*x.Description); len(w.Description) > MaxWebhookWords {
			ps = append(ps, Problem{"description", fmt.Sprintf("at most %d bytes", MaxWebhookWords)})
		}
	}
	if x.Events != nil {
		w.Events = nil
		for _, e := range *x.Events {
			if !slices.Contains(WebhookEvents(), e) {
				ps = append(ps, Problem{"events", fmt.Sprintf("there is no event %q", string(e))})
			} else if !slices.Contains(w.Events, e) {
				w.Events = append(w.Events, e)
			}
		}
		if len(*x.Events) == 0 {
			ps = append(ps, Problem{"events", "choose at least one"})
		}
	}
	if len(ps) > 0 {
		return Invalid(ps...)
	}
	what := "changed"
	if w.CreatedAt.IsZero() {
		w.State, w.CreatedBy, w.CreatedAt, what = WebhookEnabled, a.Name, now, "created"
	}
	w.record(now, a, what)
	return nil
}

// record appends to the audit log. The address is not in it: it may hold a
// password of its own.
func (w *Webhook) record(now time.Time, a Actor, reason string) {
	var events []string
	for _, e := range w.Events {
		events = append(events, string(e))
	}
	e := NewEvent(now, a, string(CmdManageWebhooks), "webhook", strconv.FormatInt(w.ID, 10), reason)
	e.Data = map[string]string{"state": string(w.State), "events": strings.Join(events, ",")}
	w.events = append(w.events, e)
	w.UpdatedAt = now
}

// TakeEvents hands over what has happened since the last call.
func (w *Webhook) TakeEvents() []Event { e := w.events; w.events = nil; return e }

// Wants says whether the webhook is told of an event.
func (w Webhook) Wants(e WebhookEvent) bool { return slices.Contains(w.Events, e) }

// Enable starts or restarts sending; doing it twice changes nothing.
func (w *Webhook) Enable(a Actor, now time.Time) error {
	if err := Permit(a, CmdManageWebhooks); err != nil || w.State == WebhookEnabled {
		return err
	}
	w.State, w.Reason = WebhookEnabled, ""
	w.FailingSince, w.Failures, w.PausedUntil = nil, 0, nil
	w.record(now, a, "enabled")
	return nil
}

// Disable stops sending; doing it twice changes nothing.
func (w *Webhook) Disable(a Actor, now time.Time, reason string) error {
	if err := Permit(a, CmdManageWebhooks); err != nil || w.State == WebhookDisabled {
		return err
	}
	if reason = strings.TrimSpace(reason); reason == "" {
		reason = "disabled by " + a.Name
	}
	if len(reason) > MaxWebhookWords {
		return Invalid(Problem{"reason", fmt.Sprintf("at most %d bytes", MaxWebhookWords)})
	}
	w.State, w.Reason = WebhookDisabled, reason
	w.record(now, a, "disabled: "+reason)
	return nil
}

// Rotate makes fresh the secret that signs; the one before signs too for
// WebhookOverlap, so that the other side can change over. Older ones end.
func (w *Webhook) Rotate(a Actor, now time.Time, fresh WebhookSecret) error {
	if err := Permit(a, CmdManageWebhooks); err != nil {
		return err
	}
	until := now.Add(WebhookOverlap)
	secrets := []WebhookSecret{fresh}
	if len(w.Secrets) > 0 {
		old := w.Secrets[0]
		old.Until = &until
		secrets = append(secrets, old)
	}
	w.Secrets = secrets
	w.record(now, a, "secret rotated")
	return nil
}

// Signing are the secrets that sign at a time, the current one first.
func (w Webhook) Signing(now time.Time) []WebhookSecret {
	var out []WebhookSecret
	for _, s := range w.Secrets {
		if s.Until == nil || s.Until.After(now) {
			out = append(out, s)
		}
	}
	return out
}

// Ready says whether something may be sent now.
func (w Webhook) Ready(now time.Time) bool {
	return w.State == WebhookEnabled && (w.PausedUntil == nil || !w.PausedUntil.After(now))
}
