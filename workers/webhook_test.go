package workers

import (
	"net/netip"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/safehttp"
	"github.com/abusedesk/abusedesk/internal/testenv"
	"github.com/abusedesk/abusedesk/notify"
)

var boss = cases.Actor{Kind: cases.ActorPerson, ID: "p_adm", Name: "Adm", Role: cases.RoleAdmin, Person: "p_adm"}

// Webhooks that hang, as many as there can be, hold up neither filing nor mail,
// and the one that answers is told.
func TestWebhooksThatHangHoldNothingUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.desk.Caller = notify.NewCaller(safehttp.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, "https://desk.example", time.Now, func(string) {})
		done := make(chan struct{})
		hanging, answering := testenv.NewWebhookPeer(t), testenv.NewWebhookPeer(t)
		hanging.Always(testenv.WebhookHang(done))
		listen := func(p *testenv.WebhookPeer) string {
			_, secret, err := w.desk.CreateWebhook(t.Context(), boss, cases.WebhookChange{URL: &p.URL, Events: &[]cases.WebhookEvent{cases.WebhookCaseOpened}})
			w.must(err)
			return secret
		}
		var secrets []string
		for range webhookCallers - 1 { // all of them but one
			secrets = append(secrets, listen(hanging))
		}
		hanging.Trust(secrets...)
		answering.Trust(listen(answering))
		p, seen := w.pool("one") // four workers
		w.clock.run()
		w.start(p)
		t.Cleanup(func() { close(done) }) // before the pool is stopped
		began := time.Now()
		w.accept(1)
		w.eventually(func() bool { return len(hanging.Received()) == webhookCallers-1 }, "all that hang to be asked")
		w.accept(40)
		w.eventually(func() bool {
			return ask(seen, func() int { return seen.outcomes["enrich done"] }) >= 40 && w.reports() >= 40
		}, "the rest to be filed and looked at")
		w.eventually(func() bool { return len(answering.Received()) >= 40 }, "the webhook that answers to be told")
		if took := time.Since(began); took > cases.WebhookTimeout-3*time.Second {
			t.Errorf("it took %v: somebody waited for those that hang", took)
		}
		if n := ask(seen, func() int { return seen.outcomes["tell done"] }); n == 0 && w.mail.sent == 0 {
			t.Error("no letter was sent")
		}
	})
}
