package web

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/storetest"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

var update = flag.Bool("update", false, "write down the answers to the examples")

// story is the order in which the examples are sent, each about what those
// before it made, and what happens in between.
var story = []struct {
	op     string
	before func(w *world)
}{
	{"get-challenge", nil}, {"create-report", nil}, {"list-reports", nil}, {"get-report", nil}, {"list-cases", func(w *world) { w.signedCase() }}, {"get-case", nil},
	{"claim-case", nil}, {"release-case", nil}, {"note-case", nil}, {"correct-report", nil}, {"ask-reporter", func(w *world) { w.desk.Mailer = takesAll{} }}, {"list-events", nil},
	{"preview-restriction", nil}, {"propose-restriction", nil}, {"list-restrictions", nil}, {"get-restriction", nil}, {"lift-restriction", nil},
	{"approve-restriction", func(w *world) { w.propose("analyst") }}, {"reject-restriction", func(w *world) { w.propose("analyst") }},
	{"resolve-case", func(w *world) { w.must(w.desk.Assess(w.t.Context(), cases.Attempt{}, 1)) }}, {"reopen-case", nil}, {"merge-case", nil}, {"unmerge-case", nil},
	{"refer-case", func(w *world) { w.elsewhere() }},
	{"verify-requester", func(w *world) { w.asked(w.t) }}, {"get-traceback-pack", func(w *world) { w.must(w.desk.BuildPack(w.t.Context(), cases.Attempt{}, 4)) }}, {"answer-traceback", nil}, {"undo-requester", nil}, {"refuse-requester", nil},
	{"list-campaigns", func(w *world) {
		one := w.said("+12025550171", script)
		w.said("+12025550172", script)
		w.must(w.desk.Assess(w.t.Context(), cases.Attempt{}, one.CaseID))
	}}, {"get-campaign", nil},
	{"list-accounts", nil}, {"get-account", nil}, {"get-number", func(w *world) { w.customers() }},
	{"list-customers", nil}, {"get-customer", nil}, {"list-matches", func(w *world) {
		w.must(w.desk.ImportAccounts(w.t.Context(), w.staff["admin"].Actor(), []cases.Account{{ID: "acct-2301", Name: "Rapid Outreach", Kind: "business", ParentID: "northtel", OpenedAt: w.now}}))
		w.signsUp("acct-2301")
	}}, {"decide-match", nil}, {"list-providers", nil}, {"get-provider", nil}, {"list-entries", nil}, {"list-sources", nil}, {"list-rate-decks", nil},
	{"profile-account", func(w *world) { w.traffic() }}, {"profile-number", nil}, {"profile-provider", nil}, {"send-calls", nil}, {"ask-policy", func(w *world) { w.must(w.keeper.Refresh(w.t.Context())) }},
	{"create-webhook", func(w *world) { w.desk.Caller = takesAll{} }}, {"list-webhooks", nil}, {"get-webhook", nil}, {"change-webhook", nil}, {"test-webhook", nil}, {"list-deliveries", nil},
	{"rotate-webhook-secret", nil}, {"disable-webhook", nil}, {"enable-webhook", nil}, {"redeliver-dead", nil}, {"redeliver", func(w *world) { w.callWebhooks(1) }}, {"delete-webhook", nil},
}

// takesAll is a mail server, and a peer of webhooks, that takes everything.
type takesAll struct{}

func (takesAll) From() string { return "abuse@carrier.example" }
func (takesAll) Send(context.Context, cases.Letter) (cases.Outcome, error) {
	return cases.Outcome{Taken: true}, nil
}
func (takesAll) Check(string) error { return nil }
func (takesAll) Call(context.Context, cases.WebhookMessage) cases.WebhookAnswer {
	return cases.WebhookAnswer{Status: 204}
}

// elsewhere files a report that is another carrier's to answer for.
func (w *world) elsewhere() {
	w.t.Helper()
	w.desk.AskReferrals = true
	body := `{"category":"robocall","caller_number":"+13105550123","called_number":"+12125550177","occurred_at":"2026-11-24T10:00:00Z","description":"A robot.","reporter":{"email":"jane@example.org","kind":"called_party"}}`
	rec := w.send(call("POST", "/api/v1/reports", "reports", body))
	var out struct{ Report int64 }
	w.must(json.Unmarshal(rec.Body.Bytes(), &out))
	ctx := w.t.Context()
	_, err := w.store.RelayJobs(ctx, w.now, 500, func(_ context.Context, jobs []cases.Job) error {
		for _, j := range jobs {
			if j.Kind == cases.JobEnrich && j.ObjectID == out.Report {
				claimed, err := w.store.ClaimJobs(ctx, w.now, []int64{j.ID})
				w.must(err)
				w.must(w.desk.Enrich(ctx, claimed[0].AttemptAt(), out.Report))
			}
		}
		return nil
	})
	w.must(err)
	w.must(w.desk.Assess(ctx, cases.Attempt{}, out.Report)) // its case has the same number
}

// described is an operation as the description has it.
type described struct {
	method, path string
	OperationID  string `json:"operationId"`
	Parameters   []struct {
		Name    string
		In      string
		Example any
	}
	RequestBody *struct {
		Content map[string]struct{ Example any }
	} `json:"requestBody"`
	Responses map[string]struct {
		Content map[string]struct{ Example any }
	}
}

// description reads what clients read, and prepares its schemas.
func (w *world) description() (map[string]described, *jsonschema.Compiler) {
	w.t.Helper()
	raw := w.send(request{method: "GET", path: "/api/openapi.json"}).Body.Bytes()
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]described
	}
	w.must(json.Unmarshal(raw, &doc))
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		w.t.Errorf("OpenAPI %s", doc.OpenAPI)
	}
	whole, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	w.must(err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	w.must(c.AddResource("https://desk.example/openapi.json", whole))
	ops := map[string]described{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			op.method, op.path = strings.ToUpper(method), path
			ops[op.OperationID] = op
		}
	}
	return ops, c
}

// valid checks a body against the schema at a place of the description.
func valid(c *jsonschema.Compiler, body []byte, place ...string) error {
	for i, p := range place {
		place[i] = url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(p))
	}
	s, err := c.Compile("https://desk.example/openapi.json#/paths/" + strings.Join(place, "/") + "/schema")
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// sent makes the request of an operation's examples.
func (op described) sent(scope string) (request, string) {
	path, query := op.path, url.Values{}
	for _, p := range op.Parameters {
		switch {
		case p.Example == nil:
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(fmt.Sprint(p.Example)))
		case p.In == "query":
			s := fmt.Sprint(p.Example)
			if list, ok := p.Example.([]any); ok {
				s = strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ","), "[]")
			}
			query.Set(p.Name, s)
		}
	}
	r := request{method: op.method, path: path, key: scope}
	if len(query) > 0 {
		r.path += "?" + query.Encode()
	}
	if op.RequestBody == nil {
		return r, ""
	}
	for contentType, c := range op.RequestBody.Content {
		r.contentType = contentType
		if text, ok := c.Example.(string); ok {
			r.body = text
		} else if c.Example != nil {
			b, _ := json.Marshal(c.Example) // it came from JSON
			r.body = string(b)
		}
	}
	return r, r.contentType
}

// scopeOf is a scope that suffices for a path.
func scopeOf(path string) string {
	for prefix, scope := range map[string]string{"/policy/": "policy", "/api/v1/calls": "calls", "/api/v1/webhooks": "webhooks"} {
		if strings.HasPrefix(path, prefix) {
			return scope
		}
	}
	return "all"
}

// Every operation of the description has an example, and its request and answer
// are true: it is sent, what comes back has the status and the schema that the
// description promises, and has the shape of the example's.
func TestExamples(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ops, schemas := w.description()
		told := map[string]bool{}
		for _, step := range story {
			op, ok := ops[step.op]
			if !ok {
				t.Fatalf("there is no operation %s", step.op)
			}
			told[step.op] = true
			if step.before != nil {
				step.before(w)
			}
			r, contentType := op.sent(scopeOf(op.path))
			if strings.Contains(r.path, "{") {
				t.Errorf("%s: a parameter of %s has no example", step.op, r.path)
			}
			if contentType == "application/json" {
				if err := valid(schemas, []byte(r.body), op.path, strings.ToLower(op.method), "requestBody", "content", contentType); err != nil {
					t.Errorf("%s: the request %s: %v", step.op, r.body, err)
				}
			}
			rec := w.send(r)
			if *update {
				write(t, step.op, rec)
				continue
			}
			op.compare(t, schemas, rec)
		}
		for id := range ops {
			if !told[id] {
				t.Errorf("operation %s has no place in the story", id)
			}
		}
	})
}

// What webhooks send is what the description says of them, for every event.
func TestDescribedWebhooks(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	w.mayCall()
	peer := testenv.NewWebhookPeer(t)
	admin := w.staff["admin"].Actor()
	_, secret, err := w.desk.CreateWebhook(t.Context(), admin, cases.WebhookChange{URL: &peer.URL, Events: new(cases.WebhookEvents())})
	w.must(err)
	peer.Trust(secret)
	w.must(w.desk.TestWebhook(t.Context(), admin, 1))
	w.said("+12025550171", "x")
	rec := w.send(call("POST", "/api/v1/cases/"+w.ref+"/resolve", "cases", `{"disposition":"upheld","reason":"x"}`))
	limit := w.send(call("POST", "/api/v1/restrictions", "cases", `{"kind":"channel_limit","target_kind":"account","target":"acct-2210","value":{"channels":5},"reason":"x"}`))
	if rec.Code != 200 || limit.Code != 201 {
		t.Fatal(rec.Body, limit.Body)
	}
	w.must(w.keeper.Refresh(t.Context()))
	w.must(w.keeper.Refresh(t.Context()))
	w.callWebhooks(1)

	raw := w.send(request{method: "GET", path: "/api/openapi.json"}).Body.Bytes()
	var doc struct {
		Webhooks map[string]struct{ Post described }
	}
	w.must(json.Unmarshal(raw, &doc))
	_, schemas := w.description()
	s, err := schemas.Compile("https://desk.example/openapi.json#/components/schemas/WebhookPayload")
	w.must(err)
	sent := map[string]bool{}
	for _, h := range peer.Received() {
		sent[h.Type] = true
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(h.Body))
		w.must(err)
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: %v", h.Body, err)
		}
		example := doc.Webhooks[h.Type].Post.RequestBody.Content["application/json"].Example
		for name := range h.Data {
			if _, ok := example.(map[string]any)["data"].(map[string]any)[name]; !ok {
				t.Errorf("%s has %s, and its example has not", h.Type, name)
			}
		}
	}
	if len(doc.Webhooks) != len(cases.WebhookEvents())+1 || len(sent) < 3 {
		t.Errorf("%d described, sent %v", len(doc.Webhooks), sent)
	}
}

// compare holds an answer against the description and its example.
func (op described) compare(t *testing.T, schemas *jsonschema.Compiler, rec *httptest.ResponseRecorder) {
	t.Helper()
	status := fmt.Sprint(rec.Code)
	promised, ok := op.Responses[status]
	if !ok || rec.Code >= 300 {
		t.Errorf("%s: %d, promised %v: %s", op.OperationID, rec.Code, slices.Sorted(maps.Keys(op.Responses)), rec.Body)
		return
	}
	c, ok := promised.Content["application/json"]
	if !ok {
		if rec.Body.Len() != 0 {
			t.Errorf("%s: an answer that is not described: %s", op.OperationID, rec.Body)
		}
		return
	}
	want, err := json.Marshal(c.Example)
	if err != nil || c.Example == nil {
		t.Errorf("%s: no example of a %s", op.OperationID, status)
		return
	}
	for name, body := range map[string][]byte{"answer": rec.Body.Bytes(), "example": want} {
		if err := valid(schemas, body, op.path, strings.ToLower(op.method), "responses", status, "content", "application/json"); err != nil {
			t.Errorf("%s: the %s: %v\n%.300s", op.OperationID, name, err, body)
		}
	}
	var got any
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(shape(c.Example), shape(got)); diff != "" {
		t.Errorf("%s: the answer is not like the example; run with -update (-example +answer):\n%s", op.OperationID, diff)
	}
}

// shape is a JSON value without what differs from run to run: names and types
// stay, and of a list the first element.
func shape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			out[k] = shape(x)
		}
		return out
	case []any:
		if len(v) > 0 {
			return []any{shape(v[0])}
		}
		return []any{}
	}
	return fmt.Sprintf("%T", v)
}

func write(t *testing.T, op string, rec *httptest.ResponseRecorder) {
	t.Helper()
	path := filepath.Join("examples", op+".json")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var x example
	if err := json.Unmarshal(raw, &x); err != nil {
		t.Fatal(err)
	}
	x.Status, x.Answer = rec.Code, bytes.ReplaceAll(bytes.TrimSpace(rec.Body.Bytes()), []byte(" <script>alert(1)</script>"), nil)
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(x); err != nil {
		t.Fatal(err)
	}
	if rec.Code >= 300 {
		t.Errorf("%s: %d %s", op, rec.Code, rec.Body)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// traffic is a busy morning: thirty calls that acct-1042 made and thirty that
// came in to it from a provider.
func (w *world) traffic() {
	w.t.Helper()
	var cs []cases.Call
	for i := range 30 {
		at := w.now.Add(-3*time.Hour + time.Duration(i*i)*time.Second)
		end := at.Add(time.Duration(3+i) * time.Second)
		out := cases.Call{Source: "sbc", SourceID: fmt.Sprint("busy-", i), AccountID: "acct-1042", Connection: "sip-1042", Direction: "outbound", From: shown, To: fmt.Sprintf("+1617555%04d", 200+i),
			ToCountry: "US", EgressPeer: "meridian", StartedAt: at, AnsweredAt: &at, EndedAt: &end, BilledSeconds: 3 + i, PDDMillis: 900, SIPCode: 200, HungUpBy: "called", CostMicros: 4000, Attest: "A"}
		in := out
		in.SourceID, in.Direction, in.From, in.To, in.Peer, in.EgressPeer, in.Attest = fmt.Sprint("back-", i), "inbound", out.To, shown, "meridian", "", "B"
		cs = append(cs, out, in)
	}
	_, err := w.desk.LoadCalls(w.t.Context(), cases.System("import"), cases.Ingest{Source: "sbc", Calls: cs})
	w.must(err)
}
