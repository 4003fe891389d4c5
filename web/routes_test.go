package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/storetest"
)

// Who may use a route. Roles are sessions of the console, scopes are keys.
var (
	allStaff  = []string{"analyst", "approver", "admin", "auditor"}
	deciders  = []string{"analyst", "approver", "admin"}
	approvers = []string{"approver", "admin"}
	everybody = []string{"nobody"}
	anybody   = []string{"nobody", "read", "cases", "reports", "calls", "policy", "webhooks", "all"}
	readers   = []string{"read", "cases", "all"}
	keepers   = []string{"cases", "all"}
	tellers   = []string{"webhooks", "all"} // who manage webhooks by a key
	overseers = []string{"admin", "auditor"}
	admins    = []string{"admin"}
)

// access is one route: who may use it, and a body with which they can.
type access struct {
	who  []string
	body string
}

// routeAccess is every route there is. A route that is not in it fails the test.
func (w *world) routeAccess() map[string]access {
	restriction := form("kind", "channel_limit", "target", "account:acct-1042", "value", "5", "hours", "1", "reason", "x")
	proposal := `{"kind":"channel_limit","target_kind":"account","target":"acct-1042","value":{"channels":5},"reason":"x"}`
	because := `{"reason":"x"}`
	return map[string]access{
		"GET /": {everybody, ""}, "GET /widget": {everybody, ""}, "GET /widget.js": {everybody, ""}, "GET /assets/*file": {everybody, ""}, "POST /reports": {everybody, form("nonce", nonce, "description", "x")},
		"GET /reports/:token": {everybody, ""}, "POST /reports/:token/details": {everybody, form("details", "x")},
		"GET /reports/:token/confirm/:code": {everybody, ""}, "POST /reports/:token/confirm/:code": {everybody, "x=y"}, "GET /api/v1/challenge": {anybody, ""},
		"GET /healthz": {everybody, ""}, "GET /readyz": {everybody, ""}, "GET /api/docs": {everybody, ""},
		"GET /api/openapi.json": {everybody, ""}, "GET /api/openapi.yaml": {everybody, ""}, "GET /api/openapi-3.0.json": {everybody, ""}, "GET /api/openapi-3.0.yaml": {everybody, ""},
		"GET /metrics":              {[]string{"read", "all"}, ""},
		"POST /policy/v1/calls":     {[]string{"policy", "all"}, `{"to":"911"}`},
		"POST /hooks/chat/standard": {nil, `{}`}, "POST /hooks/chat/chatwoot": {nil, `{}`}, "POST /hooks/chat/intercom": {nil, `{}`}, // by signature, which is tested apart
		"GET /hooks/chat/intercom": {everybody, ""}, "HEAD /hooks/chat/intercom": {everybody, ""},

		"GET /desk/sign-in": {everybody, ""}, "POST /desk/sign-in": {nil, ""}, // by password, likewise
		"POST /desk/sign-out": {nil, ""}, "GET /desk/setup/:secret": {everybody, ""}, "POST /desk/setup/:secret": {everybody, ""},

		"GET /desk": {allStaff, ""}, "GET /desk/queue": {allStaff, ""}, "GET /desk/queue/new": {allStaff, ""}, "GET /desk/urgent": {allStaff, ""}, "POST /desk/queue/claim-next": {deciders, ""},
		"GET /desk/cases/:ref": {allStaff, ""}, "GET /desk/cases/:ref/preview": {allStaff, ""}, "GET /desk/cases/:ref/restrict/blast": {allStaff, ""},
		"POST /desk/cases/:ref/claim": {deciders, ""}, "POST /desk/cases/:ref/release": {deciders, ""}, "POST /desk/cases/:ref/note": {deciders, form("text", "x")},
		"POST /desk/cases/:ref/ask": {deciders, form("text", "x")}, "POST /api/v1/cases/:ref/questions": {keepers, `{"text":"x"}`},
		"POST /desk/cases/:ref/correct": {deciders, form("report", "1", "field", "lane", "value", "")}, "POST /api/v1/cases/:ref/corrections": {keepers, `{"report":1,"field":"lane","value":""}`},
		"POST /desk/cases/:ref/resolve": {deciders, form("version", "1", "disposition", "insufficient", "reason", "x")}, "POST /desk/cases/:ref/refer": {deciders, form("version", "1")}, "POST /desk/cases/:ref/reopen": {deciders, form("reason", "x")},
		"POST /desk/cases/:ref/requester/verify": {deciders, form("how", "x")}, "POST /api/v1/cases/:ref/requester/verify": {keepers, `{"how":"x"}`},
		"POST /desk/cases/:ref/requester/refuse": {deciders, form("disposition", "insufficient", "reason", "x")}, "POST /api/v1/cases/:ref/requester/refuse": {keepers, `{"disposition":"insufficient","reason":"x"}`},
		"POST /desk/cases/:ref/requester/undo": {deciders, form("reason", "x")}, "POST /api/v1/cases/:ref/requester/undo": {keepers, because},
		"POST /desk/cases/:ref/answer": {deciders, form("text", "x", "version", "1")}, "POST /api/v1/cases/:ref/answer": {keepers, `{"text":"x"}`},
		"GET /desk/cases/:ref/pack": {allStaff, ""}, "GET /desk/cases/:ref/pack/as/:format": {allStaff, ""}, "GET /desk/cases/:ref/pack/sent/:digest": {allStaff, ""}, "POST /desk/cases/:ref/pack/build": {deciders, ""},
		"POST /desk/cases/:ref/pack/review": {approvers, form("reviewer", "Counsel", "reviewed_at", "2026-11-23", "basis", "x", "covers", "customer")}, "POST /desk/cases/:ref/pack/send": {deciders, form("version", "1", "pack", "1")},
		"GET /api/v1/cases/:ref/traceback-pack": {readers, ""},
		"POST /desk/cases/:ref/merge":           {deciders, form("into", w.ref, "reason", "x")}, "POST /desk/cases/:ref/unmerge": {deciders, form("reason", "x")},
		"POST /desk/cases/:ref/restrict": {deciders, restriction},
		"GET /desk/restrictions":         {allStaff, ""}, "GET /desk/restrictions/:id": {allStaff, ""}, "POST /desk/restrictions/:id/approve": {approvers, ""},
		"POST /desk/restrictions/:id/reject": {approvers, form("reason", "x")}, "POST /desk/restrictions/:id/lift": {deciders, form("reason", "x")},
		"GET /desk/reports": {allStaff, ""}, "GET /desk/reports/:id": {allStaff, ""}, "POST /desk/reports/:id/reveal": {deciders, ""}, "GET /desk/messages/:id": {allStaff, ""}, "GET /desk/attachments/:id": {allStaff, ""},
		"GET /desk/numbers": {allStaff, ""}, "GET /desk/numbers/:e164": {allStaff, ""}, "GET /desk/accounts": {allStaff, ""}, "GET /desk/accounts/:id": {allStaff, ""},
		"POST /desk/accounts/:id/kyc": {approvers, form("version", "0", "use_case", "reminders")}, "POST /desk/accounts/:id/kyc/open": {deciders, ""}, "POST /desk/accounts/:id/matches/:match": {deciders, form("state", "dismissed", "note", "x")},
		"GET /desk/returners": {allStaff, ""}, "GET /desk/providers": {allStaff, ""}, "GET /desk/providers/:id": {allStaff, ""}, "GET /desk/lists": {allStaff, ""},
		"GET /api/v1/accounts/:id/customers": {readers, ""}, "GET /api/v1/accounts/:id/customer": {readers, ""}, "GET /api/v1/account-matches": {readers, ""},
		"POST /api/v1/accounts/:id/matches/:match/decide": {keepers, `{"state":"dismissed","note":"x"}`}, "GET /api/v1/providers": {readers, ""}, "GET /api/v1/providers/:id": {readers, ""},
		"GET /api/v1/lists": {readers, ""}, "GET /api/v1/lists/sources": {readers, ""}, "GET /api/v1/rate-decks": {readers, ""},
		"GET /desk/signers":   {allStaff, ""},
		"GET /desk/campaigns": {allStaff, ""}, "GET /desk/campaigns/:id": {allStaff, ""}, "GET /api/v1/campaigns": {readers, ""}, "GET /api/v1/campaigns/:id": {readers, ""},
		"GET /desk/sendings": {allStaff, ""}, "POST /desk/sendings/:id/resolve": {deciders, form("outcome", "delivered")},
		"GET /desk/operations": {allStaff, ""}, "POST /desk/operations/jobs/:id/retry": {deciders, ""}, "GET /desk/styleguide": {allStaff, ""},

		"POST /api/v1/reports": {[]string{"nobody", "reports", "cases", "all"}, `{"description":"x"}`}, "GET /api/v1/reports": {readers, ""}, "GET /api/v1/reports/:id": {readers, ""},
		"GET /api/v1/cases": {readers, ""}, "GET /api/v1/cases/:ref": {readers, ""}, "GET /api/v1/events": {[]string{"read", "all"}, ""},
		"POST /api/v1/cases/:ref/claim": {keepers, ""}, "POST /api/v1/cases/:ref/release": {keepers, ""}, "POST /api/v1/cases/:ref/notes": {keepers, `{"text":"x"}`},
		"POST /api/v1/cases/:ref/resolve": {keepers, `{"version":1,"disposition":"insufficient","reason":"x"}`}, "POST /api/v1/cases/:ref/refer": {keepers, `{"version":1}`}, "POST /api/v1/cases/:ref/reopen": {keepers, because},
		"POST /api/v1/cases/:ref/merge": {keepers, `{"into":"` + w.ref + `","reason":"x"}`}, "POST /api/v1/cases/:ref/unmerge": {keepers, because},
		"GET /api/v1/restrictions": {readers, ""}, "GET /api/v1/restrictions/:id": {readers, ""}, "POST /api/v1/restrictions": {keepers, proposal},
		"POST /api/v1/restrictions/preview": {readers, proposal}, "POST /api/v1/restrictions/:id/approve": {keepers, ""}, "POST /api/v1/restrictions/:id/reject": {keepers, because},
		"POST /api/v1/restrictions/:id/lift": {keepers, because},
		"GET /api/v1/accounts":               {readers, ""}, "GET /api/v1/accounts/:id": {readers, ""}, "GET /api/v1/numbers/:e164": {readers, ""},
		"GET /api/v1/accounts/:id/profile": {readers, ""}, "GET /api/v1/numbers/:e164/profile": {readers, ""}, "GET /api/v1/providers/:id/profile": {readers, ""},
		"POST /api/v1/calls": {[]string{"calls", "all"}, `{"source_id":"x"}`},

		"GET /desk/webhooks": {overseers, ""}, "POST /desk/webhooks": {admins, form("url", "https://peer.example/", "events", "case.opened")}, "GET /desk/webhooks/:id": {overseers, ""},
		"POST /desk/webhooks/:id": {admins, form("url", "https://peer.example/", "events", "case.opened")}, "POST /desk/webhooks/:id/enable": {admins, ""}, "POST /desk/webhooks/:id/disable": {admins, ""},
		"POST /desk/webhooks/:id/rotate": {admins, ""}, "POST /desk/webhooks/:id/test": {admins, ""}, "POST /desk/webhooks/:id/delete": {admins, ""}, "POST /desk/webhooks/:id/redeliver": {admins, ""},
		"GET /api/v1/webhooks": {tellers, ""}, "POST /api/v1/webhooks": {tellers, `{"url":"https://peer.example/","events":["case.opened"]}`}, "GET /api/v1/webhooks/:id": {tellers, ""},
		"PATCH /api/v1/webhooks/:id": {tellers, `{"description":"x"}`}, "DELETE /api/v1/webhooks/:id": {tellers, ""}, "POST /api/v1/webhooks/:id/enable": {tellers, ""}, "POST /api/v1/webhooks/:id/disable": {tellers, `{}`},
		"POST /api/v1/webhooks/:id/rotate-secret": {tellers, ""}, "POST /api/v1/webhooks/:id/test": {tellers, ""}, "GET /api/v1/webhooks/:id/deliveries": {tellers, ""},
		"POST /api/v1/webhooks/:id/redeliver": {tellers, ""}, "POST /api/v1/webhooks/:id/deliveries/:delivery/redeliver": {tellers, ""},
	}
}

// routed makes the path of a route about things that exist.
func (w *world) routed(route string) string {
	_, path, _ := strings.Cut(route, " ")
	id := "1"
	if strings.Contains(path, "accounts/:id") {
		id = "acct-1042"
	}
	if strings.Contains(path, "providers/:id") {
		id = "carrier-x"
	}
	if strings.Contains(path, "campaigns/:id") {
		id = "2" // the second report began it
	}
	if strings.HasPrefix(route, "DELETE ") || strings.HasSuffix(route, "/delete") {
		id = "99" // what is there is needed
	}
	asset, err := w.server.Renderer.assets.path("app.css")
	w.must(err)
	path = strings.NewReplacer("/assets/*file", asset, ":ref", w.ref, ":id", id, ":token", w.token, ":secret", "some-secret", ":e164", shown, ":delivery", "1", ":match", "1", ":format", "csv", ":digest", "x").Replace(path)
	switch route {
	case "GET /reports/:token/confirm/:code", "POST /reports/:token/confirm/:code":
		path = w.held()
	case "GET /desk/queue/new":
		path += "?since=0"
	case "POST /api/v1/calls":
		path += "?source=sbc"
	}
	return path
}

// Every route is tried by everybody: nobody, each role and each kind of key.
// Who may not is refused before anything is looked at; who may is not refused.
func TestEveryRouteByEverybody(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	w.propose("analyst") // restriction 1
	hook, _, err := w.desk.CreateWebhook(t.Context(), w.staff["admin"].Actor(), cases.WebhookChange{URL: new("https://peer.example/"), Events: new(cases.WebhookEvents())})
	w.must(err)
	w.must(w.desk.TestWebhook(t.Context(), w.staff["admin"].Actor(), hook.ID)) // delivery 1
	w.said("+12025550171", script)
	w.said("+12025550172", script)
	w.attach("notes.txt", "text/plain", "They called.") // attachment 1
	w.customers()                                       // mark 1 of acct-1042
	w.must(w.desk.BuildPack(t.Context(), cases.Attempt{}, 1))
	table := w.routeAccess()
	e := gin.New()
	if err := w.server.routes(e); err != nil {
		t.Fatal(err)
	}
	served := map[string]bool{}
	for _, r := range e.Routes() {
		served[r.Method+" "+r.Path] = true
	}
	for route := range table {
		if !served[route] {
			t.Errorf("%s is in the table and is not served", route)
		}
	}
	scopes := []string{}
	for _, s := range cases.Scopes() {
		scopes = append(scopes, string(s))
	}
	for route := range served {
		a, ok := table[route]
		if !ok {
			t.Errorf("%s is not in the table: say who may use it", route)
			continue
		}
		method, _, _ := strings.Cut(route, " ")
		path := w.routed(route)
		for _, who := range slices.Concat(everybody, allStaff, scopes) {
			r := request{method: method, path: path, body: a.body}
			if strings.HasPrefix(a.body, "{") {
				r.contentType = "application/json"
			}
			switch {
			case slices.Contains(allStaff, who):
				r.as, w.cookies[who] = who, w.session(w.staff[who]) // the one before may have been signed out
			case who != everybody[0]:
				r.key = who
			}
			may := slices.Contains(a.who, who) || slices.Contains(a.who, "nobody") && (r.as != "" || !strings.HasPrefix(path, "/api/v1/"))
			rec := w.send(r)
			if got := refused(rec.Code, rec.Header()); got == may {
				t.Errorf("%s by %s: %d %s, may: %v\n%.300s", route, who, rec.Code, rec.Header().Get("Location"), may, rec.Body)
			}
			if may && !slices.Contains([]int{200, 201, 202, 204, 303, 409, 422}, rec.Code) && !(strings.Contains(route, "/setup/") || strings.Contains(route, "/jobs/") || strings.Contains(route, "/pack/sent/") || strings.HasPrefix(route, "DELETE ") || strings.HasSuffix(route, "/delete")) {
				t.Errorf("%s by %s: %d, so that nothing is known of who may\n%.300s", route, who, rec.Code, rec.Body)
			}
		}
	}
}

// refused says whether an answer is a refusal: 401, 403, or the way to the sign-in.
func refused(status int, h http.Header) bool {
	return status == 401 || status == 403 || status == 303 && strings.HasPrefix(h.Get("Location"), "/desk/sign-in")
}

// Each route of the console sends who has no session to the sign-in, and does nothing.
func TestConsoleNeedsASession(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for route := range w.routeAccess() {
			path := w.routed(route)
			if !strings.HasPrefix(path, "/desk") || strings.HasPrefix(path, "/desk/sign-") || strings.HasPrefix(path, "/desk/setup/") {
				continue
			}
			method, _, _ := strings.Cut(route, " ")
			for name, header := range map[string][]string{"no session": nil, "a made-up session": {"Cookie", "abusedesk=made-up"}, "a key": {"Authorization", "Bearer " + w.keys["all"]}} {
				rec := w.send(request{method: method, path: path, header: header})
				if rec.Code != 303 || !strings.HasPrefix(rec.Header().Get("Location"), "/desk/sign-in") || rec.Body.Len() > 100 {
					t.Errorf("%s with %s: %d %q, %d bytes", route, name, rec.Code, rec.Header().Get("Location"), rec.Body.Len())
				}
			}
		}
		// Somebody who was let go is out at once.
		fired := cases.Person{ID: "p-fired", Email: "fired@northtel.example", Name: "F", Role: cases.RoleAdmin, PasswordHash: "x", CreatedAt: w.now, DisabledAt: &w.now}
		w.must(w.store.CreatePerson(t.Context(), cases.System("test"), fired))
		if rec := w.send(request{method: "GET", path: "/desk/queue", header: []string{"Cookie", fmt.Sprint(w.session(fired))}}); rec.Code != 303 {
			t.Errorf("who was let go: %d", rec.Code)
		}
	})
}
