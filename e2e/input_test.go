package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/internal/altcha"
	"github.com/abusedesk/abusedesk/internal/simulate"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// Wrong input at each door is refused with the field's name where there is
// one, what can be taken is taken, and nothing is a 500.
func TestBadInputAtEachDoor(t *testing.T) {
	each(t, func(t *testing.T, s setup) {
		d := newDesk(t, s)
		d.start()
		calls, policy, analyst := d.key("--name", "calls", "--scopes", "calls"), d.key("--name", "policy", "--scopes", "policy"), d.staff("Ana", "analyst", "all")
		future := time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)

		form := func(pairs ...string) string {
			v := url.Values{"nonce": {d.nonce()}, "category": {"robocall"}, "description": {"It rang."}}
			for i := 0; i+1 < len(pairs); i += 2 {
				v.Set(pairs[i], pairs[i+1])
			}
			return v.Encode()
		}
		const formType, jsonType, lines = "application/x-www-form-urlencoded", "application/json", "application/x-ndjson"
		key := func(a simulate.API) []string { return []string{"Authorization", "Bearer " + a.Key} }
		big := strings.Repeat("a", 65<<20)

		for _, c := range []struct {
			name, path, contentType, body string
			header                        []string
			status                        []int
			says                          string // in the answer; "" anything
		}{
			{"form: number that is none", "/reports", formType, form("caller_number", "not a number"), nil, []int{422}, "caller_number"},
			{"form: time in the future", "/reports", formType, form("occurred_at", future), nil, []int{422}, "occurred_at"},
			{"form: unknown category", "/reports", formType, form("category", "nonsense"), nil, []int{422}, "category"},
			{"form: broken encoding", "/reports", formType, "category=%zz&nonce=%", nil, []int{400, 422}, ""},
			{"form: no nonce", "/reports", formType, "category=robocall&description=x", nil, []int{400, 422}, ""},
			{"form: too large", "/reports", formType, "description=" + big, nil, []int{413}, ""},
			{"form: from another site", "/reports", formType, form(), []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, []int{403}, ""},
			{"form: unknown status page", "GET /reports/nosuchtoken", "", "", nil, []int{404}, ""},

			{"API: no JSON", "/api/v1/reports", jsonType, "{", nil, []int{400, 422}, "JSON"},
			{"API: array", "/api/v1/reports", jsonType, "[1,2]", nil, []int{400, 422}, ""},
			{"API: number that is none", "/api/v1/reports", jsonType, `{"category":"robocall","description":"x","caller_number":"hello"}`, nil, []int{422}, "caller_number"},
			{"API: callback that is none", "/api/v1/reports", jsonType, `{"category":"robocall","description":"x","callback_number":"12"}`, nil, []int{422}, "callback_number"},
			{"API: time in the future", "/api/v1/reports", jsonType, `{"category":"robocall","description":"x","occurred_at":"` + future + `"}`, nil, []int{422}, "occurred_at"},
			{"API: time that is none", "/api/v1/reports", jsonType, `{"category":"robocall","description":"x","occurred_at":"yesterday"}`, nil, []int{422}, "occurred_at"},
			{"API: unknown category", "/api/v1/reports", jsonType, `{"category":"nonsense","description":"x"}`, nil, []int{422}, "category"},
			{"API: occurrences as words", "/api/v1/reports", jsonType, `{"category":"robocall","description":"x","occurrences":"many"}`, nil, []int{422}, "occurrences"},
			{"API: too large", "/api/v1/reports", jsonType, `{"description":"` + big + `"}`, nil, []int{413}, ""},
			{"API: no proof of work", "/api/v1/reports", jsonType, `{"category":"robocall","description":"x"}`, nil, []int{422}, "Altcha"},
			{"API: bad key", "/api/v1/reports", jsonType, `{"category":"robocall","description":"x"}`, []string{"Authorization", "Bearer abk_wrong"}, []int{401}, ""},
			{"API: NUL and broken UTF-8 in free text are taken", "/api/v1/reports", jsonType, "{\"category\":\"robocall\",\"description\":\"a\\u0000b\\ud800 \xff\"}", []string{"Altcha", d.proof()}, []int{201, 202, 400}, ""},

			{"chat: no signature", "/hooks/chat/standard", jsonType, chat("hello"), nil, []int{401}, ""},
			{"chat: wrong signature", "/hooks/chat/standard", jsonType, chat("hello"), signed(t, "whsec_d3Jvbmcga2V5IHdyb25nIGtleQ==", "evt_1", time.Now(), chat("hello")), []int{401}, ""},
			{"chat: changed body", "/hooks/chat/standard", jsonType, chat("other"), signed(t, chatSecret, "evt_2", time.Now(), chat("hello")), []int{401}, ""},
			{"chat: old signature", "/hooks/chat/standard", jsonType, chat("hello"), signed(t, chatSecret, "evt_3", time.Now().Add(-time.Hour), chat("hello")), []int{401}, ""},
			{"chat: no JSON", "/hooks/chat/standard", jsonType, "nonsense", signed(t, chatSecret, "evt_4", time.Now(), "nonsense"), []int{400}, ""},
			{"chat: no conversation", "/hooks/chat/standard", jsonType, `{"type":"message.created","data":{"text":"x"}}`, signed(t, chatSecret, "evt_5", time.Now(), `{"type":"message.created","data":{"text":"x"}}`), []int{422}, "conversation_id"},
			{"chat: another event", "/hooks/chat/standard", jsonType, `{"type":"ping"}`, signed(t, chatSecret, "evt_6", time.Now(), `{"type":"ping"}`), []int{200}, ""},
			{"chat: too large", "/hooks/chat/standard", jsonType, big, nil, []int{413}, ""},
			{"Chatwoot: no signature", "/hooks/chat/chatwoot", jsonType, `{"event":"message_created"}`, nil, []int{401}, ""},
			{"Chatwoot: too large", "/hooks/chat/chatwoot", jsonType, big, nil, []int{413}, ""},
			{"Intercom: wrong signature", "/hooks/chat/intercom", jsonType, `{"topic":"ping"}`, []string{"X-Hub-Signature", "sha1=00"}, []int{401}, ""},
			{"Intercom: looks first", "GET /hooks/chat/intercom", "", "", nil, []int{200}, ""},

			{"calls: no key", "/api/v1/calls?source=x", lines, "{}", nil, []int{401}, ""},
			{"calls: key without the scope", "/api/v1/calls?source=x", lines, "{}", key(policy), []int{403}, ""},
			{"calls: no source", "/api/v1/calls", lines, "{}", key(calls), []int{422}, "source"},
			{"calls: watermark that is none", "/api/v1/calls?source=x&complete_through=soon", lines, "{}", key(calls), []int{422}, "complete_through"},

			{"policy: no key", "/policy/v1/calls", jsonType, `{"to":"911"}`, nil, []int{401}, ""},
			{"policy: key without the scope", "/policy/v1/calls", jsonType, `{"to":"911"}`, key(calls), []int{403}, ""},
			{"policy: no JSON", "/policy/v1/calls", jsonType, "{", key(policy), []int{400}, ""},
			{"policy: no destination", "/policy/v1/calls", jsonType, `{"account":"x"}`, key(policy), []int{422}, "to"},
			{"policy: too large", "/policy/v1/calls", jsonType, big, key(policy), []int{413}, ""},
			{"policy: unknown account is answered", "/policy/v1/calls", jsonType, `{"account":"nobody","from":"+12025552671","to":"+12025552672"}`, key(policy), []int{200}, `"action"`},

			{"restriction: unknown account", "/api/v1/restrictions", jsonType, `{"kind":"account_suspended","target_kind":"account","target":"nobody","reason":"x"}`, key(analyst), []int{422}, "target"},
			{"restriction: kind that the target has not", "/api/v1/restrictions", jsonType, `{"kind":"channel_limit","target_kind":"number","target":"+12025552671","reason":"x"}`, key(analyst), []int{422}, "kind"},
			{"restriction: past expiry", "/api/v1/restrictions", jsonType, `{"kind":"caller_id_denied","target_kind":"number","target":"+12025552671","reason":"x","expires_at":"2020-01-01T00:00:00Z"}`, key(analyst), []int{422}, "expires_at"},
			{"case: none of that name", "/api/v1/cases/AB-2020-999999/claim", jsonType, "", key(analyst), []int{404}, ""},
			{"case: name that is none", "/api/v1/cases/x/claim", jsonType, "", key(analyst), []int{404}, ""},
			{"cases: broken cursor", "GET /api/v1/cases?cursor=%21%21", "", "", key(analyst), []int{400, 422}, "cursor"},
			{"accounts: unknown", "GET /api/v1/accounts/nobody", "", "", key(analyst), []int{404}, ""},
			{"numbers: none", "GET /api/v1/numbers/hello", "", "", key(analyst), []int{404, 422}, ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				var status int
				var answer string
				if path, isGet := strings.CutPrefix(c.path, "GET "); isGet {
					status, answer = d.get(path, c.header...)
				} else {
					status, answer = d.post(c.path, c.contentType, c.body, c.header...)
				}
				for _, want := range c.status {
					if status == want && strings.Contains(answer, c.says) {
						return
					}
				}
				t.Errorf("answered %d, want %v naming %q:\n%.600s", status, c.status, c.says, answer)
			})
		}

		t.Run("calls: a bad line does not cost the good ones", func(t *testing.T) {
			good := `{"source_id":"%s","account":"x","direction":"outbound","from":"+12025552671","to":"+12025552672","started_at":"2026-11-01T10:00:00Z","billed_seconds":0,"sip_code":486}`
			body := fmt.Sprintf(good, "g1") + "\n{\"source_id\":\n" + `{"source_id":"b2","started_at":"2999-01-01T00:00:00Z"}` + "\n" + fmt.Sprintf(good, "g2") + "\n"
			status, answer := d.post("/api/v1/calls?source=lines", lines, body, key(calls)...)
			if status != http.StatusOK && status != http.StatusMultiStatus && status != 422 {
				t.Fatalf("answered %d: %s", status, answer)
			}
			if !json.Valid([]byte(strings.Split(strings.TrimSpace(answer), "\n")[0])) {
				t.Errorf("the answer is not JSON: %.300s", answer)
			}
		})
		t.Run("the same key with another body is a conflict", func(t *testing.T) {
			one, two := `{"category":"robocall","description":"one"}`, `{"category":"robocall","description":"two"}`
			headers := []string{"Idempotency-Key", "k1", "Altcha", d.proof()}
			first, a1 := d.post("/api/v1/reports", jsonType, one, headers...)
			again, a2 := d.post("/api/v1/reports", jsonType, one, headers...)
			other, a3 := d.post("/api/v1/reports", jsonType, two, headers...)
			if first != 201 || again != 201 || other != 409 || a1 != a2 {
				t.Errorf("first %d %s, again %d %s, other %d %s", first, a1, again, a2, other, a3)
			}
		})
		t.Run("a mail that nobody can read is a report all the same", func(t *testing.T) {
			raws := []string{
				"\x00\x01\x02 no header at all \xff\xfe",
				"From: \r\nSubject: =?unknown-charset?Q?=FF=FE?=\r\nContent-Type: multipart/mixed; boundary=\"x\"\r\n\r\n--x\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe never closed",
				"From: a@example.com\r\nAuto-Submitted: auto-replied\r\nMessage-ID: \r\n\r\nout of office",
				"From: a@example.com\r\nMessage-ID: <same@example.com>\r\n\r\none",
				"From: a@example.com\r\nMessage-ID: <same@example.com>\r\n\r\ntwo, with the same Message-ID",
			}
			for _, raw := range raws {
				if err := d.mailbox.Deliver(mailUser, []byte(raw)); err != nil {
					t.Fatal(err)
				}
			}
			testenv.Eventually(t, 60*time.Second, func() bool {
				_, answer := d.get("/api/v1/reports?channel=email&limit=250", key(analyst)...)
				var page struct{ Items []struct{ ID int64 } }
				return json.Unmarshal([]byte(answer), &page) == nil && len(page.Items) == len(raws)
			}, "%d reports from %d mails", len(raws), len(raws))
			testenv.Eventually(t, 30*time.Second, func() bool {
				filed, err := d.mailbox.Messages(mailUser, "Filed")
				return err == nil && len(filed) == len(raws)
			}, "the mails to be moved")
		})
		d.doctor("", 60*time.Second)
		if out := d.process.Output(); strings.Contains(out, "panic") {
			t.Errorf("something panicked:\n%s", out)
		}
	})
}

var nonceField = regexp.MustCompile(`name="nonce"[^>]*value="([^"]+)"`)

func (d *desk) nonce() string {
	d.t.Helper()
	_, page := d.get("/")
	m := nonceField.FindStringSubmatch(page)
	if m == nil {
		d.t.Fatalf("no nonce in the form:\n%.1000s", page)
	}
	return m[1]
}

// proof solves a challenge of the desk.
func (d *desk) proof() string {
	d.t.Helper()
	_, answer := d.get("/api/v1/challenge")
	var c altcha.Challenge
	if err := json.Unmarshal([]byte(answer), &c); err != nil {
		d.t.Fatalf("no challenge: %v\n%.300s", err, answer)
	}
	proof, err := altcha.Solve(c)
	if err != nil {
		d.t.Fatal(err)
	}
	return proof
}

func chat(text string) string {
	body, _ := json.Marshal(map[string]any{"type": "message.created", "timestamp": time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		"data": map[string]any{"conversation_id": "c1", "message_id": "m1", "text": text, "sender": map[string]string{"name": "Dana"}}})
	return string(body)
}

func signed(t *testing.T, secret, id string, at time.Time, body string) []string {
	h, err := simulate.SignWebhook(secret, id, at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	var pairs []string
	for k := range h {
		pairs = append(pairs, k, h.Get(k))
	}
	return pairs
}
