package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/safehttp"
	"github.com/abusedesk/abusedesk/internal/testenv"
	"github.com/abusedesk/abusedesk/notify"
)

// call sends what is due to webhooks, as a worker would.
func (w *world) callWebhooks(id int64) {
	w.t.Helper()
	w.must(w.desk.CallWebhook(w.t.Context(), cases.Attempt{}, id))
}

func (w *world) mayCall() {
	w.desk.Caller = notify.NewCaller(safehttp.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, w.server.BaseURL, time.Now, func(string) {})
}

var whsec = regexp.MustCompile(`whsec_[A-Za-z0-9+/=]{40,}`)

func TestWebhooksInTheConsole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mayCall()
		peer := testenv.NewWebhookPeer(t)
		add := func(pairs ...string) request { return post("admin", "/desk/webhooks", form(pairs...)) }
		w.run([]scenario{
			{name: "none", request: get("admin", "/desk/webhooks"), status: 200, says: []string{"Nobody else is told", `data-opens="create"`}},
			{name: "an auditor looks only", request: get("auditor", "/desk/webhooks"), status: 200, keeps: []string{"data-opens=\"create\""}},
			{name: "an analyst has no link there", request: get("analyst", "/desk/queue"), status: 200, keeps: []string{"/desk/webhooks"}},
			{name: "an address inside", request: add("url", "http://10.0.0.7/", "events", "case.opened", "description", "tickets"), status: 422, says: []string{"must begin with https", "data-shown", `value="tickets"`, `value="case.opened" checked`}},
			{name: "no event", request: add("url", peer.URL), status: 422, says: []string{"Choose at least one.", "data-shown"}},
		})
		rec := w.send(add("url", peer.URL, "events", "case.resolved"))
		secret := whsec.FindString(strings.ReplaceAll(rec.Body.String(), "&#43;", "+"))
		if rec.Code != 200 || secret == "" || rec.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("%d, secret %q, %v", rec.Code, secret, rec.Header())
		}
		peer.Trust(secret)
		peer.Always(testenv.WebhookStatus(500, "<script>alert(1)</script>"))
		w.run([]scenario{
			{name: "the page does not show it again", request: get("admin", "/desk/webhooks/1"), status: 200, says: []string{peer.URL, "Send a test event"}, keeps: []string{"whsec_"}},
			{name: "a test event", request: post("admin", "/desk/webhooks/1/test", ""), status: 303, location: "/desk/webhooks/1"},
		})
		w.callWebhooks(1)
		w.run([]scenario{
			{name: "what came of it", request: get("admin", "/desk/webhooks/1"), status: 200, says: []string{"Test event", "500 Internal Server Error: &lt;script&gt;", ">again ", "Failing"}, keeps: []string{"<script>alert"}},
			{name: "change to nothing", request: post("admin", "/desk/webhooks/1", form("url", "", "events", "case.opened")), status: 422, says: []string{"This address may not be asked"}},
			{name: "change", request: post("admin", "/desk/webhooks/1", form("url", peer.URL, "events", "case.opened", "description", "switch")), status: 303},
			{name: "disable", request: post("admin", "/desk/webhooks/1/disable", ""), status: 303},
			{name: "disabled", request: get("admin", "/desk/webhooks/1"), status: 200, says: []string{"Disabled by Ms admin", "Given up", `data-opens="delete"`}, keeps: []string{"Send again"}},
			{name: "redeliver while it is disabled", request: post("admin", "/desk/webhooks/1/redeliver", ""), status: 303},
			{name: "enable", request: post("admin", "/desk/webhooks/1/enable", ""), status: 303},
			{name: "a delivery that is none", request: post("admin", "/desk/webhooks/1/redeliver", form("delivery", "x")), status: 404},
			{name: "redeliver one", request: post("admin", "/desk/webhooks/1/redeliver", form("delivery", "1")), status: 303},
		})
		peer.Always(nil)
		w.callWebhooks(1)
		w.run([]scenario{
			{name: "delivered", request: get("admin", "/desk/webhooks/1?view=delivered"), status: 200, says: []string{"204 No Content", "Delivered", "a case was opened", "switch"}},
			{name: "a new secret", request: post("admin", "/desk/webhooks/1/rotate", ""), status: 200, says: []string{"whsec_", "signs too until"}},
			{name: "delete", request: post("admin", "/desk/webhooks/1/delete", ""), status: 303, location: "/desk/webhooks"},
			{name: "it is gone", request: get("admin", "/desk/webhooks/1"), status: 404},
		})
		got := peer.Received()
		if len(got) != 2 || got[0].ID != got[1].ID || len(peer.Refused()) != 0 {
			t.Errorf("received %+v, refused %q", got, peer.Refused())
		}
	})
}

func TestAPIWebhooks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mayCall()
		peer := testenv.NewWebhookPeer(t)
		const all = "/api/v1/webhooks"
		hooks := func(method, path, body string) request { return call(method, all+path, "webhooks", body) }
		w.run([]scenario{
			{name: "none", request: hooks("GET", "", ""), status: 200, says: []string{`{"items":[]}`}},
			{name: "an address inside", request: hooks("POST", "", `{"url":"https://169.254.169.254/","events":["case.opened"]}`), status: 422, says: []string{names("url")}},
			{name: "an event that is none", request: hooks("POST", "", `{"url":"https://x.example/","events":["case.closed"]}`), status: 422, says: []string{names("events"), "case.closed"}},
			{name: "a key that reads", request: call("GET", all, "read", ""), status: 403},
		})
		rec := w.send(hooks("POST", "", fmt.Sprintf(`{"url":%q,"events":["case.opened"],"description":"tickets"}`, peer.URL)))
		var made struct {
			ID     int64
			Secret string
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &made); err != nil || rec.Code != http.StatusCreated || !whsec.MatchString(made.Secret) {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
		peer.Trust(made.Secret)
		peer.Next(testenv.WebhookStatus(410, "no more"))
		w.run([]scenario{
			{name: "the secret is not shown again", request: hooks("GET", "/1", ""), status: 200, says: []string{`"state":"enabled"`, `"description":"tickets"`}, keeps: []string{"whsec_", "secret"}},
			{name: "change the events alone", request: hooks("PATCH", "/1", `{"events":["case.resolved"]}`), status: 200, says: []string{`"events":["case.resolved"]`, `"description":"tickets"`}},
			{name: "test", request: hooks("POST", "/1/test", ""), status: 204},
			{name: "what waits", request: hooks("GET", "/1/deliveries?state=pending", ""), status: 200, says: []string{`"event":"webhook.test"`, `"message_id":"msg_`, `"next_at":`}},
			{name: "a state that is none", request: hooks("GET", "/1/deliveries?state=lost", ""), status: 422, says: []string{"state"}},
			{name: "redeliver what waits", request: hooks("POST", "/1/deliveries/1/redeliver", ""), status: 409},
		})
		w.callWebhooks(1)
		w.run([]scenario{
			{name: "gone", request: hooks("GET", "/1", ""), status: 200, says: []string{`"state":"disabled"`, "410 Gone"}},
			{name: "the answer", request: hooks("GET", "/1/deliveries", ""), status: 200, says: []string{`"state":"dead"`, `"status":410`, `"answer":"no more"`}},
			{name: "enable", request: hooks("POST", "/1/enable", ""), status: 200, says: []string{`"state":"enabled"`}, keeps: []string{"reason"}},
			{name: "redeliver all", request: hooks("POST", "/1/redeliver", ""), status: 200, says: []string{`"deliveries":1`}},
		})
		w.callWebhooks(1)
		w.run([]scenario{
			{name: "delivered", request: hooks("GET", "/1/deliveries?state=delivered", ""), status: 200, says: []string{`"status":204`}},
			{name: "rotate", request: hooks("POST", "/1/rotate-secret", ""), status: 200, says: []string{`"secret":"whsec_`}},
			{name: "disable", request: hooks("POST", "/1/disable", `{"reason":"moving house"}`), status: 200, says: []string{"moving house"}},
			{name: "delete", request: hooks("DELETE", "/1", ""), status: 204},
			{name: "it is gone", request: hooks("GET", "/1", ""), status: 404},
			{name: "an id that is none", request: hooks("GET", "/x", ""), status: 422, says: []string{"id"}},
		})
	})
}
