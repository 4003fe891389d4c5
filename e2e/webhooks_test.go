package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/simulate"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// Another system is told of a case and of a restriction from their beginning to
// their end, also when the desk is killed before the event has arrived, and is
// told again when it asks.
func TestWebhooksOut(t *testing.T) {
	each(t, func(t *testing.T, s setup) {
		t.Parallel() // it mostly waits
		d := newDesk(t, s)
		d.env["ALLOW_NETWORKS"] = "127.0.0.0/8"
		d.start()
		d.run("", "import", "accounts", file(t, "accounts.csv", "id,name\nalpha,Alpha\n"))
		admin, analyst, ctx := d.staff("Ada", "admin", "webhooks"), d.staff("Ana", "analyst", "cases"), t.Context()
		peer := testenv.NewWebhookPeer(t)
		var hook struct {
			ID     int64
			Secret string
		}
		do := func(by simulate.API, method, path string, in, out any) {
			t.Helper()
			if err := by.Do(ctx, method, path, in, out); err != nil {
				t.Fatal(err)
			}
		}
		do(admin, http.MethodPost, "/api/v1/webhooks", map[string]any{"url": peer.URL, "events": cases.WebhookEvents()}, &hook)
		peer.Trust(hook.Secret)
		peer.Next(testenv.WebhookStatus(500, "not yet"))

		told := func(n int) testenv.Webhook {
			t.Helper()
			testenv.Eventually(t, 40*time.Second, func() bool { return len(peer.Received()) >= n }, "attempt %d at the webhook", n)
			return peer.Received()[n-1]
		}
		expect := func(h testenv.Webhook, event string, fields ...any) {
			t.Helper()
			for i := 0; i+1 < len(fields); i += 2 {
				if fmt.Sprint(h.Data[fields[i].(string)]) != fmt.Sprint(fields[i+1]) {
					t.Errorf("%s: %v is %v, want %v", h.Body, fields[i], h.Data[fields[i].(string)], fields[i+1])
				}
			}
			if h.Type != event {
				t.Errorf("told %s, want %s", h.Body, event)
			}
		}
		_, receipt, err := d.doors().Deliver(ctx, simulate.DoorAPI, simulate.Stories(carrier(t))[0].Steps[0].Complaint)
		if err != nil {
			t.Fatal(err)
		}
		first := told(1)
		var page struct {
			Items []struct {
				ID        int64
				MessageID string `json:"message_id"`
				Status    int
			}
		}
		at := fmt.Sprintf("/api/v1/webhooks/%d/deliveries", hook.ID)
		testenv.Eventually(t, 10*time.Second, func() bool {
			do(admin, http.MethodGet, at+"?state=pending", nil, &page)
			return len(page.Items) == 1 && page.Items[0].Status == 500
		}, "the failure to be noted")
		d.process.Kill() // what was accepted has not arrived
		d.start()
		again := told(2)
		expect(again, "case.opened", "case", receipt.Case, "state", "new")
		if again.ID != first.ID || again.Body != first.Body {
			t.Errorf("the second attempt is %s %s, the first was %s %s", again.ID, again.Body, first.ID, first.Body)
		}

		var r struct{ ID int64 }
		do(analyst, http.MethodPost, "/api/v1/restrictions", map[string]any{"kind": "channel_limit", "target_kind": "account", "target": "alpha", "value": map[string]int{"channels": 2}, "reason": "too many"}, &r)
		expect(told(3), "restriction.active", "restriction", r.ID, "state", "active", "kind", "channel_limit")
		do(analyst, http.MethodPost, fmt.Sprintf("/api/v1/restrictions/%d/lift", r.ID), map[string]string{"reason": "over"}, nil)
		expect(told(4), "restriction.lifted", "restriction", r.ID, "state", "lifted")
		do(analyst, http.MethodPost, "/api/v1/cases/"+receipt.Case+"/resolve", map[string]any{"disposition": "insufficient", "reason": "nothing known"}, nil)
		resolved := told(5)
		expect(resolved, "case.resolved", "case", receipt.Case, "disposition", "insufficient", "url", d.baseURL+"/desk/cases/"+receipt.Case)

		testenv.Eventually(t, 10*time.Second, func() bool {
			do(admin, http.MethodGet, at+"?state=delivered", nil, &page)
			return len(page.Items) == 4
		}, "four events to be delivered")
		do(admin, http.MethodPost, fmt.Sprintf("%s/%d/redeliver", at, page.Items[0].ID), nil, nil)
		if h := told(6); h.ID != resolved.ID || h.ID != page.Items[0].MessageID {
			t.Errorf("redelivered %s, want %s", h.ID, resolved.ID)
		}
		if len(peer.Refused()) != 0 {
			t.Errorf("not signed well: %q", peer.Refused())
		}
		d.run("", "doctor", "--invariants") // it need not be at rest: the job that was killed is leased for a minute
	})
}
