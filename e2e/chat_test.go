package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/simulate"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// chatReport is a report that came by chat, as the API tells of it.
type chatReport struct {
	Case    string `json:"case"`
	Text    string `json:"text"`
	Numbers []struct {
		E164 string  `json:"e164"`
		Role string  `json:"role"`
		Sure float64 `json:"confidence"`
	} `json:"numbers"`
	OccurredAt *struct{ Earliest, Latest time.Time } `json:"occurred_at"`
	Messages   []struct{ ID int64 }                  `json:"messages"`
}

// A conversation whose messages come out of order and twice is one report; the
// desk asks in it for what is missing, understands the answer, and tells there
// how it ended, everything once, also when it is told to come again.
func TestAConversationFromTheFirstWordToTheOutcome(t *testing.T) {
	t.Parallel() // with what else mostly waits
	each(t, func(t *testing.T, s setup) {
		t.Parallel()
		peers := []*testenv.ChatPeer{testenv.Chatwoot(t), testenv.Intercom(t)}
		d := newDesk(t, s)
		d.env["CHAT_SILENCE"] = "1s"
		d.env["CHATWOOT_URL"], d.env["CHATWOOT_TOKEN"], d.env["CHATWOOT_WEBHOOK_SECRET"] = peers[0].URL, peers[0].Token, peers[0].Secret
		d.env["INTERCOM_URL"], d.env["INTERCOM_TOKEN"], d.env["INTERCOM_ADMIN"], d.env["INTERCOM_CLIENT_SECRET"] = peers[1].URL, peers[1].Token, peers[1].Admin, peers[1].Secret
		d.start()
		ana := d.staff("Ana", "analyst", "all")
		for _, p := range peers {
			d.converse(ana, p)
		}
		d.doctor("", time.Minute)
		if letters := d.sink.to("ada@example.org"); len(letters) != 0 {
			t.Errorf("%d letters by mail, although she is in a chat", len(letters))
		}
	})
}

func (d *desk) converse(ana simulate.API, p *testenv.ChatPeer) {
	d.t.Helper()
	const conversation = 17
	before := d.chatReports(ana)
	deliver := func(n *testenv.ChatNotification, want string) {
		d.t.Helper()
		if code, body := p.Deliver(d.t, d.baseURL, n); code != http.StatusOK || !strings.Contains(body, want) {
			d.t.Errorf("%s: %d %s, want it %s", p.Product, code, body, want)
		}
	}
	said := func(n int, what string) string {
		d.t.Helper()
		testenv.Eventually(d.t, 20*time.Second, func() bool { return len(p.Said(conversation)) >= n }, "%s: %s", p.Product, what)
		return p.Said(conversation)[n-1]
	}
	began := time.Now().Add(-time.Minute)
	var told []*testenv.ChatNotification
	for i, text := range []string{"Hello, a robocall from your network!", "It was about my car's warranty.", "Please stop them."} {
		told = append(told, p.Say(conversation, text, began.Add(time.Duration(i)*10*time.Second), nil))
	}
	p.Moods(testenv.ChatMood{Status: http.StatusTooManyRequests, RetryAfter: "1"})
	deliver(told[1], "accepted")
	deliver(told[2], "accepted")
	deliver(told[0], "accepted")
	deliver(told[1], "duplicate")
	question := said(1, "a question")
	if !strings.Contains(question, "which number called you") || !strings.Contains(question, "when it was") || !strings.Contains(question, d.baseURL+"/reports/") {
		d.t.Errorf("%s is asked %q", p.Product, question)
	}
	for _, echo := range p.Echoes() {
		deliver(echo, "ignored") // what we said is no report
	}
	deliver(told[0], "duplicate")
	deliver(p.Say(conversation, "202-555-0143, yesterday around 3", time.Now(), nil), "accepted")
	var r chatReport
	testenv.Eventually(d.t, 20*time.Second, func() bool {
		all := d.chatReports(ana)
		if len(all) == len(before) {
			return false
		}
		r = all[0]
		return len(r.Numbers) > 0 && r.OccurredAt != nil
	}, "%s: the answer to be understood", p.Product)
	want := "Hello, a robocall from your network!\n\nIt was about my car's warranty.\n\nPlease stop them.\n\n202-555-0143, yesterday around 3"
	if n := r.Numbers[0]; r.Text != want || len(r.Messages) != 4 || n.E164 != "+12025550143" || n.Role != "caller" || n.Sure != 0.9 || len(d.chatReports(ana)) != len(before)+1 {
		d.t.Errorf("%s: %+v", p.Product, r)
	}
	seen, err := ana.Case(d.t.Context(), r.Case)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := ana.Do(d.t.Context(), http.MethodPost, "/api/v1/cases/"+url.PathEscape(r.Case)+"/questions", map[string]string{"text": "Was it a recording?"}, nil); err != nil {
		d.t.Fatal(err)
	}
	if text := said(2, "a person's question"); !strings.Contains(text, "Was it a recording?") {
		d.t.Errorf("%s is asked %q", p.Product, text)
	}
	deliver(p.Say(conversation, "Yes, it was.", time.Now(), nil), "accepted")
	d.wait(ana, r.Case, "the answer to be found", func(c simulate.Case) bool { return c.State == cases.StateOpen })
	if seen, err = ana.Case(d.t.Context(), r.Case); err != nil {
		d.t.Fatal(err)
	}
	if err := ana.Resolve(d.t.Context(), r.Case, seen.Version, cases.DispositionInsufficient, "Nothing to go by."); err != nil {
		d.t.Fatal(err)
	}
	if text := said(3, "the outcome"); !strings.Contains(text, "could not find enough") || len(p.Said(conversation)) != 3 {
		d.t.Errorf("%s is told %q", p.Product, p.Said(conversation))
	}
	if p.Tries() != 4 {
		d.t.Errorf("%s: %d requests for three messages and one refusal", p.Product, p.Tries())
	}
}

// chatReports are those that came by chat, newest first.
func (d *desk) chatReports(ana simulate.API) []chatReport {
	d.t.Helper()
	var page struct{ Items []chatReport }
	if err := ana.Do(d.t.Context(), http.MethodGet, "/api/v1/reports?channel=chat", nil, &page); err != nil {
		d.t.Fatal(err)
	}
	return page.Items
}
