package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/storetest"
)

func call(method, path, key, body string, header ...string) request {
	return request{method: method, path: path, key: key, body: body, contentType: "application/json", header: header}
}

// names is how every error of the API says which field it is.
func names(field string) string { return `"location":"body.` + field + `"` }

func TestAPIReports(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		file := func(body string, header ...string) request {
			return call("POST", "/api/v1/reports", "", body, append([]string{"Altcha", w.solved()}, header...)...)
		}
		proof := w.solved()
		good := `{"category":"scam","caller_number":"+13125550188","description":"Gift cards.","reporter":{"email":"jo@example.org"}}`
		w.run([]scenario{
			{name: "no JSON", request: file("{"), status: 400, says: []string{`"status":400`}},
			{name: "nothing", request: file(""), status: 400},
			{name: "a list", request: file("[1,2]"), status: 400, says: []string{`"location":"body"`}},
			{name: "a number that is none", request: file(`{"description":"x","caller_number":"hello"}`), status: 422, says: []string{names("caller_number"), `"status":422`}},
			{name: "several fields", request: file(`{"description":"x","callback_number":"12","occurred_at":"yesterday","occurrences":"many","category":"nonsense","reporter":{"email":"mara"}}`), status: 422,
				says: []string{names("callback_number"), names("occurred_at"), names("occurrences"), names("category"), names("reporter.email")}},
			{name: "a time in the future", request: file(`{"description":"x","occurred_at":"2027-01-01T00:00:00Z"}`), status: 422, says: []string{names("occurred_at"), "future"}},
			{name: "an attachment that is no base64", request: file(`{"description":"x","attachments":[{"name":"a","content":"%"}]}`), status: 422, says: []string{names("attachments[0].content")}},
			{name: "too large", request: file(`{"description":"` + strings.Repeat("a", MaxJSONBody) + `"}`), status: 413},
			{name: "NUL and broken UTF-8 in free text", request: file("{\"description\":\"a\\u0000b \xff\"}"), status: 201},
			{name: "an unknown key", request: file(good, "Authorization", "Bearer abk_wrong"), status: 401, says: []string{"not known"}},
			{name: "a key of another kind", request: call("POST", "/api/v1/reports", "policy", good), status: 403},
			{name: "no proof of work", request: call("POST", "/api/v1/reports", "", good), status: 422, says: []string{`"location":"header.Altcha"`, "GET /api/v1/challenge", "is missing"}},
			{name: "a proof that is none", request: file(good, "Altcha", "e30="), status: 422, says: []string{`"location":"header.Altcha"`, "no challenge of ours"}},
			{name: "a proof", request: file(good, "Altcha", proof, "Idempotency-Key", "p1"), status: 201},
			{name: "the same proof for the same report", request: file(good, "Altcha", proof, "Idempotency-Key", "p1"), status: 201},
			{name: "the same proof for another", request: file(good, "Altcha", proof, "Idempotency-Key", "p2"), status: 422, says: []string{"used before"}},
			{name: "the same proof without an Idempotency-Key", request: file(good, "Altcha", proof), status: 422, says: []string{"used before"}},
			{name: "a proof in the body", request: file(strings.Replace(good, "{", `{"altcha":"`+w.solved()+`",`, 1), "Altcha", ""), status: 422, says: []string{"is missing"}},
			{name: "a challenge", request: call("GET", "/api/v1/challenge", "", ""), status: 200, says: []string{`"signature":"`, `"expiresAt":1795525200`, `"algorithm":"SHA-256"`}},
			{name: "filed", request: file(good, "Idempotency-Key", "k1"), status: 201, says: []string{`"case":"AB-2026-`, `"status_url":"http://abuse.example.com/reports/`}},
			{name: "the same again", request: file(good, "Idempotency-Key", "k1"), status: 201, says: []string{`"case":"AB-2026-`}},
			{name: "another body under the same key", request: file(strings.Replace(good, "Gift", "Credit", 1), "Idempotency-Key", "k1"), status: 409, says: []string{"idempotency key"}},
			{name: "the same key of somebody else", request: call("POST", "/api/v1/reports", "reports", good, "Idempotency-Key", "k1"), status: 201},
			{name: "a key that is too long", request: file(good, "Idempotency-Key", strings.Repeat("k", 201)), status: 422, says: []string{"Idempotency-Key"}},
			{name: "the list", request: call("GET", "/api/v1/reports", "read", ""), status: 200, says: []string{`"items":[{`, `"sha256":`, w.ref}, keeps: []string{reporterHim, "Mara"}},
			{name: "a list of chats", request: call("GET", "/api/v1/reports?channel=chat", "read", ""), status: 200, says: []string{`{"items":[]}`}},
			{name: "a channel that is none", request: call("GET", "/api/v1/reports?channel=fax", "read", ""), status: 422},
			{name: "one", request: call("GET", fmt.Sprintf("/api/v1/reports/%d", w.report), "read", ""), status: 200, says: []string{shown, `"role":"caller"`}, keeps: []string{reporterHim}},
			{name: "none", request: call("GET", "/api/v1/reports/999", "read", ""), status: 404, says: []string{`"status":404`}},
		})
		var ids []int64
		for range 2 {
			rec := w.send(file(good, "Idempotency-Key", "k2"))
			var out struct {
				Report int64 `json:"report"`
			}
			if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil || out.Report == 0 {
				t.Fatalf("%d %s", rec.Code, rec.Body)
			}
			ids = append(ids, out.Report)
		}
		if ids[0] != ids[1] {
			t.Errorf("one key made reports %v", ids)
		}
	})
}

func TestAPICases(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := "/api/v1/cases/" + w.ref
		d, err := w.desk.Dossier(t.Context(), w.staff["analyst"].Actor(), w.ref)
		w.must(err)
		w.run([]scenario{
			{name: "no key", request: call("GET", "/api/v1/cases", "", ""), status: 401, says: []string{"Bearer abk_"}},
			{name: "the list", request: call("GET", "/api/v1/cases", "read", ""), status: 200, says: []string{w.ref, `"priority_reasons":[{`}},
			{name: "by number", request: call("GET", "/api/v1/cases?number=%2B12025550143", "read", ""), status: 200, says: []string{w.ref}},
			{name: "by another number", request: call("GET", "/api/v1/cases?number=%2B13125550188", "read", ""), status: 200, says: []string{`{"items":[]}`}},
			{name: "a cursor that is none", request: call("GET", "/api/v1/cases?cursor=x", "read", ""), status: 422, says: []string{"cursor"}},
			{name: "a limit out of bounds", request: call("GET", "/api/v1/cases?limit=1000", "read", ""), status: 422, says: []string{"limit"}},
			{name: "one", request: call("GET", c, "read", ""), status: 200, says: []string{`"report_list":[{`, `"findings":[{`, `"corroboration":"confirmed"`, `"restrictions":[]`, `"related":[]`}, keeps: []string{reporterHim, "Mara", ":null"}},
			{name: "none", request: call("GET", "/api/v1/cases/AB-2026-999999", "read", ""), status: 404},
			{name: "claim with a key that reads", request: call("POST", c+"/claim", "read", ""), status: 403},
			{name: "claim", request: call("POST", c+"/claim", "cases", ""), status: 200, says: []string{`"state":"open"`}},
			{name: "an empty note", request: call("POST", c+"/notes", "cases", `{"text":""}`), status: 422, says: []string{names("note")}},
			{name: "a note without a text", request: call("POST", c+"/notes", "cases", `{}`), status: 422, says: []string{"text"}},
			{name: "resolve an older version", request: call("POST", c+"/resolve", "cases", `{"version":1,"disposition":"upheld","reason":"x"}`), status: 409},
			{name: "resolve as nonsense", request: call("POST", c+"/resolve", "cases", fmt.Sprintf(`{"version":%d,"disposition":"nonsense","reason":"x"}`, d.Case.Version+1)), status: 422, says: []string{"disposition"}},
			{name: "reopen what is open", request: call("POST", c+"/reopen", "cases", `{"reason":"x"}`), status: 409},
			{name: "merge into itself", request: call("POST", c+"/merge", "cases", `{"into":"`+w.ref+`","reason":"x"}`), status: 422, says: []string{names("into")}},
			{name: "events", request: call("GET", "/api/v1/events", "read", ""), status: 200, says: []string{`"command":"case.claim"`}, keeps: []string{reporterHim}},
			{name: "a body that is no JSON", request: call("POST", c+"/notes", "cases", "{"), status: 400},
		})
	})
}

func TestAPIRestrictionsAndPolicy(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		propose := func(pairs ...string) request {
			m := map[string]any{"kind": "account_suspended", "target_kind": "account", "target": "acct-1042", "case": w.ref, "reason": "A campaign.", "expires_at": w.now.Add(24 * time.Hour)}
			for i := 0; i+1 < len(pairs); i += 2 {
				m[pairs[i]] = pairs[i+1]
			}
			b, err := json.Marshal(m)
			w.must(err)
			return call("POST", "/api/v1/restrictions", "cases", string(b))
		}
		ask := func(body string) request { return call("POST", "/policy/v1/calls", "policy", body) }
		dial := func(to string) request {
			return ask(`{"account":"acct-1042","connection":"sbc-7","from":"` + shown + `","to":"` + to + `"}`)
		}
		w.run([]scenario{
			{name: "an unknown account", request: propose("target", "nobody"), status: 422, says: []string{names("target"), "nobody"}},
			{name: "a number that is none", request: propose("kind", "caller_id_denied", "target_kind", "number", "target", "hello"), status: 422, says: []string{names("target")}},
			{name: "a kind that is none", request: propose("kind", "nonsense"), status: 422, says: []string{"kind"}},
			{name: "no reason", request: propose("reason", ""), status: 422, says: []string{names("reason")}},
			{name: "a time that has passed", request: propose("expires_at", "2020-01-01T00:00:00Z"), status: 422, says: []string{names("expires_at")}},
			{name: "the holder of the number", request: propose("target", "acct-2210"), status: 409, says: []string{"only holds the number"}},
			{name: "preview", request: call("POST", "/api/v1/restrictions/preview", "read", `{"kind":"account_suspended","target_kind":"account","target":"acct-1042"}`), status: 200, says: []string{`"last_24_hours":{"calls":49`}},
			{name: "before any restriction", request: dial(called), status: 200, says: []string{`"action":"allow"`}},
			{name: "proposed", request: propose(), status: 201, says: []string{`"id":1`, `"state":"proposed"`}},
			{name: "a proposal refuses nothing", request: dial(called), status: 200, says: []string{`"action":"allow"`}},
			{name: "approved by its own person", request: call("POST", "/api/v1/restrictions/1/approve", "all", ""), status: 403, says: []string{"another than"}},
			{name: "approved by another", request: post("approver", "/desk/restrictions/1/approve", ""), status: 303},
		})
		w.must(w.keeper.Refresh(t.Context()))
		w.must(w.keeper.Refresh(t.Context()))
		w.run([]scenario{
			{name: "active", request: call("GET", "/api/v1/restrictions/1", "read", ""), status: 200, says: []string{`"state":"active"`, `"replica":"web-1"`, `"acknowledged":true`}},
			{name: "refused", request: dial(called), status: 200, says: []string{`"action":"refuse"`, `"restriction":1`, `"sip_code":`, `"reason":"`}},
			{name: "of a connection alone", request: ask(`{"source_ip":"192.0.2.10","from":"x","to":"` + called + `"}`), status: 200, says: []string{`"action":"refuse"`}},
			{name: "emergency", request: dial("911"), status: 200, says: []string{`"action":"allow"`}},
			{name: "emergency as a service", request: dial("urn:service:sos"), status: 200, says: []string{`"action":"allow"`}},
			{name: "another account", request: ask(`{"account":"acct-2210","from":"` + shown + `","to":"` + called + `"}`), status: 200, says: []string{`"action":"allow"`}},
			{name: "no key", request: call("POST", "/policy/v1/calls", "", `{"to":"911"}`), status: 401},
			{name: "another key", request: call("POST", "/policy/v1/calls", "read", `{"to":"911"}`), status: 403},
			{name: "no JSON", request: ask("{"), status: 400},
			{name: "no destination", request: ask(`{"account":"x"}`), status: 422, says: []string{names("to")}},
			{name: "a rate that is none", request: ask(`{"to":"1","rate_per_minute":-1}`), status: 422, says: []string{names("rate_per_minute")}},
			{name: "calls that are none", request: ask(`{"to":"1","active_calls":-1}`), status: 422, says: []string{names("active_calls")}},
			{name: "too large", request: ask(`{"to":"` + strings.Repeat("1", MaxPolicyBody) + `"}`), status: 413},
			{name: "lift without a reason", request: call("POST", "/api/v1/restrictions/1/lift", "cases", `{"reason":""}`), status: 422, says: []string{names("reason")}},
			{name: "lift", request: call("POST", "/api/v1/restrictions/1/lift", "cases", `{"reason":"It stopped."}`), status: 200, says: []string{`"state":"lifting"`}},
			{name: "reject what is no proposal", request: call("POST", "/api/v1/restrictions/1/reject", "cases", `{"reason":"x"}`), status: 409},
		})
	})
}

func TestAPICarrierAndCalls(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		record := func(id, account string) string {
			return `{"source_id":"` + id + `","account":"` + account + `","direction":"outbound","from":"` + shown + `","to":"` + called + `","started_at":"2026-11-24T11:00:00Z","sip_code":200}`
		}
		lines := func(query, body string) request {
			return request{method: "POST", path: "/api/v1/calls?" + query, key: "calls", body: body, contentType: "application/x-ndjson"}
		}
		w.run([]scenario{
			{name: "an account", request: call("GET", "/api/v1/accounts/acct-1042", "read", ""), status: 200, says: []string{"Acme Dialers", `"resellers":[{"id":"northtel"`, w.ref}},
			{name: "no account", request: call("GET", "/api/v1/accounts/nobody", "read", ""), status: 404},
			{name: "accounts", request: call("GET", "/api/v1/accounts?q=harbor", "read", ""), status: 200, says: []string{"acct-2210"}, keeps: []string{"acct-1042"}},
			{name: "a number", request: call("GET", "/api/v1/numbers/+12025550143", "read", ""), status: 200, says: []string{`"hosted":true`, "acct-2210"}},
			{name: "no number", request: call("GET", "/api/v1/numbers/hello", "read", ""), status: 422, says: []string{`"location":"path.e164"`}},
			{name: "calls", request: lines("source=sbc", record("n1", "acct-1042")+"\n"+record("n2", "acct-1042")), status: 200, says: []string{`"new":2`, `"refused":0`}},
			{name: "calls again", request: lines("source=sbc", record("n1", "acct-1042")), status: 200, says: []string{`"new":0`, `"unchanged":1`}},
			{name: "a line that is wrong", request: lines("source=sbc&complete_through=2026-11-24T11:30:00Z", record("n3", "acct-1042")+"\n{\"source_id\":\"n4\"}\nnonsense"), status: 200,
				says: []string{`"new":1`, `"refused":2`, `{"line":1,"status":"accepted"}`, `"field":"started_at"`, `"complete_through_moved":false`}},
			{name: "no source", request: lines("", record("n5", "acct-1042")), status: 422, says: []string{"source"}},
			{name: "a watermark that is none", request: lines("source=sbc&complete_through=soon", record("n5", "acct-1042")), status: 422, says: []string{"complete_through"}},
			{name: "a watermark in the future", request: lines("source=sbc&complete_through=2030-01-01T00:00:00Z", record("n5", "acct-1042")), status: 422, says: []string{`"location":"query.complete_through"`}},
		})
	})
}

func TestChatHook(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		// The library compares with the clock of the machine.
		signed := func(id, body, secret string, at time.Time) request {
			wh, err := standardwebhooks.NewWebhook(secret)
			w.must(err)
			signature, err := wh.Sign(id, at, []byte(body))
			w.must(err)
			return call("POST", "/hooks/chat/standard", "", body, "Webhook-Id", id, "Webhook-Timestamp", fmt.Sprint(at.Unix()), "Webhook-Signature", signature)
		}
		now := time.Now()
		message := `{"type":"message.created","data":{"conversation_id":"c-17","text":"They showed 312 555 0188."}}`
		changed := signed("e3", message, chatSecret, now)
		changed.body = strings.Replace(message, "0188", "0189", 1)
		other := "whsec_" + base64.StdEncoding.EncodeToString([]byte("another secret of 24 bytes"))
		w.run([]scenario{
			{name: "no signature", request: call("POST", "/hooks/chat/standard", "", message), status: 401, says: []string{"signature"}},
			{name: "another secret", request: signed("e1", message, other, now), status: 401},
			{name: "an old signature", request: signed("e2", message, chatSecret, now.Add(-time.Hour)), status: 401},
			{name: "a changed body", request: changed, status: 401},
			{name: "no JSON", request: signed("e4", "nonsense", chatSecret, now), status: 400},
			{name: "no conversation", request: signed("e5", `{"type":"message.created","data":{"text":"x"}}`, chatSecret, now), status: 422, says: []string{names("data.conversation_id")}},
			{name: "no type", request: signed("e6", `{}`, chatSecret, now), status: 422, says: []string{names("type")}},
			{name: "another event", request: signed("e7", `{"type":"conversation.closed"}`, chatSecret, now), status: 200, says: []string{"ignored"}},
			{name: "taken", request: signed("e8", message, chatSecret, now), status: 200, says: []string{"accepted", "/reports/"}},
			{name: "delivered again", request: signed("e8", message, chatSecret, now), status: 200, says: []string{"duplicate"}},
			{name: "too large", request: call("POST", "/hooks/chat/standard", "", strings.Repeat("a", MaxHookBody+1)), status: 413},
		})
		if got, err := w.desk.Reports(t.Context(), w.staff["analyst"].Actor(), cases.ReportQuery{Channel: cases.ChannelChat}); err != nil || len(got.Items) != 0 {
			t.Errorf("the door filed %d reports itself, %v: workers do", len(got.Items), err)
		}
	})
}

func TestProbes(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	w.run([]scenario{
		{name: "health", request: get("", "/healthz"), status: 200, says: []string{`"status":"ok"`, `"version":"test"`}},
		{name: "ready", request: get("", "/readyz"), status: 200},
		{name: "metrics without a key", request: get("", "/metrics"), status: 401},
		{name: "metrics with a key", request: call("GET", "/metrics", "read", ""), status: 200, says: []string{"abusedesk_up"}},
	})
	for forwarded, want := range map[string]int{"": 200, "198.51.100.7": 401} {
		local := httptest.NewRequest("GET", "/metrics", nil)
		local.RemoteAddr = "127.0.0.1:4711"
		if forwarded != "" {
			local.Header.Set("X-Forwarded-For", forwarded) // a proxy on this machine asks for somebody else
		}
		rec := httptest.NewRecorder()
		w.server.ServeHTTP(rec, local)
		if rec.Code != want {
			t.Errorf("metrics from this machine for %q: %d, want %d", forwarded, rec.Code, want)
		}
	}
	w.server.Ready = func(context.Context) error { return io.ErrUnexpectedEOF }
	w.run([]scenario{{name: "not ready", request: get("", "/readyz"), status: 503, says: []string{"not ready"}}})
}

// The description is whole: every route of the API is in it and nothing else,
// every reference leads somewhere, every path parameter is described.
func TestOpenAPI(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	rec := w.send(get("", "/api/openapi.json"))
	var spec struct {
		OpenAPI string `json:"openapi"`
		Info    struct{ Title, Version string }
		Paths   map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Summary     string
			Parameters  []struct {
				Name, In string
				Required bool
				Schema   map[string]any
			}
			RequestBody *struct {
				Content map[string]struct{ Schema map[string]any }
			} `json:"requestBody"`
			Responses map[string]struct{ Description string }
			Security  []map[string][]string
		}
		Components struct {
			Schemas         map[string]any
			SecuritySchemes map[string]any `json:"securitySchemes"`
		}
	}
	var whole any
	if err := json.Unmarshal(rec.Body.Bytes(), &spec); err != nil {
		t.Fatal(err)
	}
	w.must(json.Unmarshal(rec.Body.Bytes(), &whole))
	if !strings.HasPrefix(spec.OpenAPI, "3.1.") || spec.Info.Title == "" || spec.Info.Version == "" {
		t.Errorf("openapi %q, info %+v", spec.OpenAPI, spec.Info)
	}
	described, ids := map[string]bool{}, map[string]bool{}
	for path, operations := range spec.Paths {
		for method, o := range operations {
			described[strings.ToUpper(method)+" "+strings.NewReplacer("{", ":", "}", "").Replace(path)] = true
			if o.OperationID == "" || ids[o.OperationID] || o.Summary == "" || len(o.Responses) == 0 {
				t.Errorf("%s %s: id %q (twice: %v), summary %q, %d responses", method, path, o.OperationID, ids[o.OperationID], o.Summary, len(o.Responses))
			}
			ids[o.OperationID] = true
			var inPath []string
			for _, p := range o.Parameters {
				if p.In == "path" {
					inPath = append(inPath, "{"+p.Name+"}")
					if !p.Required {
						t.Errorf("%s %s: %s is not required", method, path, p.Name)
					}
				}
				if len(p.Schema) == 0 {
					t.Errorf("%s %s: %s has no schema", method, path, p.Name)
				}
			}
			if strings.Count(path, "{") != len(inPath) || slices.ContainsFunc(inPath, func(p string) bool { return !strings.Contains(path, p) }) {
				t.Errorf("%s %s: path parameters %v", method, path, inPath)
			}
			if o.RequestBody != nil && len(o.RequestBody.Content) == 0 {
				t.Errorf("%s %s: a body of no kind", method, path)
			}
			for code, r := range o.Responses {
				if r.Description == "" {
					t.Errorf("%s %s %s: no description", method, path, code)
				}
			}
			for _, need := range o.Security {
				for name := range need {
					if spec.Components.SecuritySchemes[name] == nil {
						t.Errorf("%s %s: security %s is not described", method, path, name)
					}
				}
			}
		}
	}
	var walk func(v any)
	walk = func(v any) {
		switch x := v.(type) {
		case map[string]any:
			if ref, ok := x["$ref"].(string); ok {
				name, local := strings.CutPrefix(ref, "#/components/schemas/")
				if !local || spec.Components.Schemas[name] == nil {
					t.Errorf("reference to nothing: %s", ref)
				}
			}
			for _, y := range x {
				walk(y)
			}
		case []any:
			for _, y := range x {
				walk(y)
			}
		}
	}
	walk(whole)
	e := gin.New()
	w.must(w.server.routes(e))
	for _, r := range e.Routes() {
		route := r.Method + " " + r.Path
		if isAPI := strings.HasPrefix(r.Path, "/api/v1/") || strings.HasPrefix(r.Path, "/policy/"); isAPI != described[route] {
			t.Errorf("%s: described %v", route, described[route])
		}
		delete(described, route)
	}
	for route := range described {
		t.Errorf("%s is described and not served", route)
	}
	if rec := w.send(get("", "/api/docs")); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `data-spec="/api/openapi.json"`) {
		t.Errorf("docs: %d", rec.Code)
	}
}
