package cases

import (
	"math/rand/v2"
	"net/http"
	"time"
)

// WebhookDeliveryState is how far a delivery has come.
type WebhookDeliveryState string

const (
	WebhookPending   WebhookDeliveryState = "pending"   // to be tried at NextAt
	WebhookDelivered WebhookDeliveryState = "delivered" // answered 2xx
	WebhookDead      WebhookDeliveryState = "dead"      // given up; sent again only when somebody asks for it
)

// WebhookDelivery is one event for one webhook. It holds ids and no copies: what
// is sent is made of it when it is sent, and is the same each time.
//
// It is delivered at least once: an answer that gets lost is not known of, and
// the event comes again under the same MessageID.
type WebhookDelivery struct {
	ID            int64 `gorm:"primaryKey"`
	WebhookID     int64
	MessageID     string // webhook-id, the same for all attempts
	Event         WebhookEvent
	At            time.Time // when it happened
	CaseID        int64
	RestrictionID int64
	Disposition   Disposition
	State         WebhookDeliveryState
	Attempts      int // since it was asked for, or asked for again
	NextAt        time.Time
	ClaimedUntil  *time.Time // an attempt is under way
	Status        int        // HTTP status of the last answer; 0: there was none
	Answer        string     // the beginning of the last answer, or why there was none
	AttemptedAt   *time.Time
	SettledAt     *time.Time
	CreatedAt     time.Time
}

// WebhookPayload is the body that is sent. It is thin on purpose, and holds no
// personal data: who wants more asks the API.
type WebhookPayload struct {
	Type      WebhookEvent `json:"type"`
	Timestamp time.Time    `json:"timestamp" doc:"When it happened"`
	Data      WebhookData  `json:"data"`
}

// WebhookData says what an event is about.
type WebhookData struct {
	Case        string          `json:"case,omitempty" doc:"Reference; of a restriction that of its case, if it has one"`
	State       string          `json:"state,omitempty" doc:"Of the case or the restriction, as it was then"`
	Disposition Disposition     `json:"disposition,omitempty" doc:"Of a resolved case"`
	Restriction int64           `json:"restriction,omitempty"`
	Kind        RestrictionKind `json:"kind,omitempty" doc:"Of the restriction"`
	Target      TargetKind      `json:"target_kind,omitempty" doc:"What the restriction lies on: account, connection, number"`
	URL         string          `json:"url,omitempty" doc:"Of the page in the console"`
}

// WebhookMessage is what is sent.
type WebhookMessage struct {
	URL         string
	Secrets     []string // whsec_…; each signs
	Delivery    WebhookDelivery
	CaseRef     string
	Restriction *Restriction // of a restriction's event
}

// WebhookAnswer is what came back.
type WebhookAnswer struct {
	Status     int           // 0: no answer
	RetryAfter time.Duration // of the header; 0: none
	Text       string        // the beginning of the answer, or why there was none
	// Never says that the address may not be asked: trying again is useless.
	Never bool
}

// Delivered says whether the other side has taken the event.
func (a WebhookAnswer) Delivered() bool { return a.Status >= 200 && a.Status < 300 }

// Gone says that the other side wants nothing any more.
func (a WebhookAnswer) Gone() bool { return a.Status == http.StatusGone }

// webhookDelays are the waits after failure n, from 1: the schedule that the
// Standard Webhooks specification gives as its example (section "Deliverability
// and reliability"). The first attempt is made at once.
var webhookDelays = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

// MaxWebhookAttempts is how often an event is tried, over about three days.
var MaxWebhookAttempts = len(webhookDelays) + 1

// Bounds of what a Retry-After may ask for: of one event, and of the webhook.
const (
	maxRetryAfter = 24 * time.Hour
	maxPause      = time.Hour
)

// Settle records the answer to the attempt that Attempts counts. Up to a tenth
// is added to each delay, so that what failed together does not come together.
func (d *WebhookDelivery) Settle(now time.Time, a WebhookAnswer) {
	d.ClaimedUntil, d.Status, d.Answer = nil, a.Status, a.Text
	switch {
	case a.Delivered():
		d.State, d.SettledAt = WebhookDelivered, &now
	case a.Gone() || a.Never || d.Attempts >= MaxWebhookAttempts:
		d.State, d.SettledAt = WebhookDead, &now
	default:
		wait := webhookDelays[max(d.Attempts-1, 0)]
		wait = max(wait+rand.N(wait/10), a.waits(maxRetryAfter))
		d.NextAt = now.Add(wait)
	}
}

// waits is how long the other side asked to be left alone (RFC 9110, section
// 10.2.3), where its status makes that a matter of load.
func (a WebhookAnswer) waits(most time.Duration) time.Duration {
	if a.Status == http.StatusTooManyRequests || a.Status == http.StatusServiceUnavailable {
		return min(a.RetryAfter, most)
	}
	return 0
}

// Heard is what a round of attempts says of the webhook itself. One that wants
// nothing any more, or that nothing has reached for WebhookDeadAfter, is
// disabled. While nothing arrives there are pauses between the rounds, up to a
// minute long, so that one that hangs does not take the others' turns.
func (w *Webhook) Heard(now time.Time, answers []WebhookAnswer) {
	if len(answers) == 0 {
		return
	}
	var arrived, gone bool
	var pause time.Duration
	for _, a := range answers {
		arrived, gone = arrived || a.Delivered(), gone || a.Gone()
		pause = max(pause, a.waits(maxPause))
	}
	w.UpdatedAt = now
	if arrived {
		w.FailingSince, w.Failures = nil, 0
	} else {
		w.Failures++
		if w.FailingSince == nil {
			w.FailingSince = &now
		}
		pause = max(pause, min(time.Duration(w.Failures)*5*time.Second, time.Minute))
	}
	w.PausedUntil = nil
	if pause > 0 {
		until := now.Add(pause)
		w.PausedUntil = &until
	}
	switch {
	case w.State == WebhookDisabled:
	case gone:
		w.end(now, "the address answered 410 Gone")
	case w.FailingSince != nil && now.Sub(*w.FailingSince) >= WebhookDeadAfter:
		w.end(now, "nothing has arrived for five days")
	}
}

func (w *Webhook) end(now time.Time, why string) {
	w.State, w.Reason = WebhookDisabled, why
	w.record(now, System("webhooks"), "disabled: "+why)
}

// WebhookDeliveryQuery selects the deliveries of a webhook, newest first.
type WebhookDeliveryQuery struct {
	WebhookID int64
	State     WebhookDeliveryState // "" is any
	Cursor    string
	Limit     int
}

// WebhookSettled is an attempt that has been made.
type WebhookSettled struct {
	Delivery WebhookDelivery // as it was claimed
	Answer   WebhookAnswer
}
