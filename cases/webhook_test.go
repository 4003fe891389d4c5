package cases

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

var hookAdmin = Actor{Kind: ActorPerson, ID: "p1", Name: "Ada", Role: RoleAdmin, Person: "p1"}

func ptr[T any](v T) *T { return &v }

// The schedule of the specification, with a tenth of jitter at most: the first
// attempt, then nine delays, then a dead letter.
func TestWebhookSchedule(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	want := []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}
	d := WebhookDelivery{State: WebhookPending}
	for i, delay := range want {
		d.Attempts++
		d.Settle(now, WebhookAnswer{Status: 500, Text: "oh"})
		if got := d.NextAt.Sub(now); d.State != WebhookPending || got < delay || got > delay+delay/10 || d.Status != 500 || d.Answer != "oh" {
			t.Errorf("after failure %d: %s, in %v, want %v", i+1, d.State, got, delay)
		}
	}
	d.Attempts++
	if d.Settle(now, WebhookAnswer{Status: 500}); d.State != WebhookDead || d.SettledAt == nil || d.Attempts != MaxWebhookAttempts {
		t.Errorf("after %d failures: %s", d.Attempts, d.State)
	}
}

func TestWebhookAnswers(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name   string
		answer WebhookAnswer
		state  WebhookDeliveryState
		least  time.Duration // until the next attempt
		most   time.Duration
		pause  time.Duration // of the webhook
	}{
		{"200", WebhookAnswer{Status: 200}, WebhookDelivered, 0, 0, 0},
		{"299", WebhookAnswer{Status: 299}, WebhookDelivered, 0, 0, 0},
		{"a redirect is not followed and no success", WebhookAnswer{Status: 302}, WebhookPending, 5 * time.Second, 6 * time.Second, 5 * time.Second},
		{"410", WebhookAnswer{Status: 410}, WebhookDead, 0, 0, 5 * time.Second},
		{"an address that may not be asked", WebhookAnswer{Never: true}, WebhookDead, 0, 0, 5 * time.Second},
		{"no answer", WebhookAnswer{}, WebhookPending, 5 * time.Second, 6 * time.Second, 5 * time.Second},
		{"429 without a time", WebhookAnswer{Status: 429}, WebhookPending, 5 * time.Second, 6 * time.Second, 5 * time.Second},
		{"429", WebhookAnswer{Status: 429, RetryAfter: 10 * time.Minute}, WebhookPending, 10 * time.Minute, 10 * time.Minute, 10 * time.Minute},
		{"503 for a year", WebhookAnswer{Status: 503, RetryAfter: 9000 * time.Hour}, WebhookPending, 24 * time.Hour, 24 * time.Hour, time.Hour},
		{"a 500 that asks for time is not heard", WebhookAnswer{Status: 500, RetryAfter: time.Hour}, WebhookPending, 5 * time.Second, 6 * time.Second, 5 * time.Second},
	}
	for _, tt := range tests {
		d, w := WebhookDelivery{State: WebhookPending, Attempts: 1}, Webhook{State: WebhookEnabled}
		d.Settle(now, tt.answer)
		w.Heard(now, []WebhookAnswer{tt.answer})
		if d.State != tt.state || d.State == WebhookPending && (d.NextAt.Sub(now) < tt.least || d.NextAt.Sub(now) > tt.most) {
			t.Errorf("%s: %s, in %v", tt.name, d.State, d.NextAt.Sub(now))
		}
		var pause time.Duration
		if w.PausedUntil != nil {
			pause = w.PausedUntil.Sub(now)
		}
		if pause != tt.pause || (w.State == WebhookDisabled) != tt.answer.Gone() {
			t.Errorf("%s: the webhook is %s and pauses for %v, want %v", tt.name, w.State, pause, tt.pause)
		}
	}
}

func TestWebhookThatIsDead(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	fails := []WebhookAnswer{{Status: 500}, {}}
	w := Webhook{State: WebhookEnabled}
	for range 30 {
		w.Heard(now, fails)
	}
	if w.PausedUntil.Sub(now) != time.Minute {
		t.Errorf("pauses for %v", w.PausedUntil.Sub(now))
	}
	w.Heard(now.Add(WebhookDeadAfter-time.Second), fails)
	if w.State != WebhookEnabled {
		t.Fatal("disabled too early")
	}
	w.Heard(now.Add(WebhookDeadAfter-time.Second), append(fails, WebhookAnswer{Status: 204}))
	if w.FailingSince != nil || w.Failures != 0 || w.PausedUntil != nil {
		t.Errorf("one that arrived is not heard: %+v", w)
	}
	w.Heard(now, fails)
	w.TakeEvents()
	if w.Heard(now.Add(WebhookDeadAfter), fails); w.State != WebhookDisabled || !strings.Contains(w.Reason, "five days") || len(w.TakeEvents()) != 1 {
		t.Errorf("after five days: %s, %q", w.State, w.Reason)
	}
	if err := w.Enable(hookAdmin, now); err != nil || w.Reason != "" || w.FailingSince != nil || !w.Ready(now) {
		t.Errorf("enabled: %v, %+v", err, w)
	}
}

func TestWebhookChange(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	good := WebhookChange{URL: ptr(" https://peer.example/hook?token=secret "), Description: ptr("ticketing"), Events: &[]WebhookEvent{WebhookCaseOpened, WebhookCaseOpened}}
	fine := func(string) error { return nil }
	var w Webhook
	if err := w.Change(hookAdmin, now, good, fine); err != nil || w.State != WebhookEnabled || len(w.Events) != 1 || strings.Contains(w.URL, " ") {
		t.Fatalf("%v, %+v", err, w)
	}
	events := w.TakeEvents()
	if len(events) != 1 || events[0].Reason != "created" || strings.Contains(events[0].Data["events"]+events[0].Data["state"], "token") {
		t.Errorf("audit: %+v", events)
	}
	for field, x := range map[string]WebhookChange{
		"url": {URL: ptr("http://10.0.0.1")}, "description": {Description: ptr(strings.Repeat("x", MaxWebhookWords+1))},
		"events": {Events: &[]WebhookEvent{"case.closed"}}, "events ": {Events: &[]WebhookEvent{}}, "url ": {URL: ptr("https://x.example/" + strings.Repeat("x", MaxWebhookURL))},
	} {
		c := w
		err := c.Change(hookAdmin, now, x, func(string) error { return errors.New("not public") })
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != KindInvalid || e.Problems[0].Field != strings.TrimSpace(field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	ann := Actor{Kind: ActorPerson, ID: "p2", Role: RoleApprover}
	for name, act := range map[string]func(*Webhook) error{
		"change": func(w *Webhook) error { return w.Change(ann, now, good, fine) }, "enable": func(w *Webhook) error { return w.Enable(ann, now) },
		"disable": func(w *Webhook) error { return w.Disable(ann, now, "") }, "rotate": func(w *Webhook) error { return w.Rotate(ann, now, WebhookSecret{}) },
	} {
		if err := act(&w); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s by an approver: %v", name, err)
		}
	}
}

func TestWebhookRotation(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	w := Webhook{Secrets: []WebhookSecret{{SHA256: "a"}}}
	names := func(at time.Time) (out []string) {
		for _, s := range w.Signing(at) {
			out = append(out, s.SHA256)
		}
		return out
	}
	for _, fresh := range []string{"b", "c"} {
		if err := w.Rotate(hookAdmin, now, WebhookSecret{SHA256: fresh}); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(now); !slices.Equal(got, []string{"c", "b"}) {
		t.Errorf("during the rotation %v sign", got)
	}
	if got := names(now.Add(WebhookOverlap)); !slices.Equal(got, []string{"c"}) {
		t.Errorf("after the rotation %v sign", got)
	}
}

func TestEventsThatAreTold(t *testing.T) {
	for command, want := range map[string]WebhookEvent{"case.open": WebhookCaseOpened, "case.resolve": WebhookCaseResolved, "restriction.active": WebhookRestrictionActive,
		"restriction.lifted": WebhookRestrictionLifted, "restriction.lift": "", "case.reopen": "", "report.file": ""} {
		d, ok := Event{Command: command, ObjectKind: "restriction", ObjectID: "17", CaseID: 3, Data: map[string]string{"disposition": "upheld"}}.Webhook()
		if ok != (want != "") || d.Event != want {
			t.Errorf("%s tells %q", command, d.Event)
		}
		if ok && (d.CaseID != 3 || d.RestrictionID != 17 || d.Disposition != DispositionUpheld) {
			t.Errorf("%s: %+v", command, d)
		}
	}
}
