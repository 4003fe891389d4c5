package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/storetest"
)

// Whatever is wrong with a request, the answer is a problem (RFC 9457) that
// names where it is.
func TestAPIErrorsNameTheField(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		at := func(location string) []string { return []string{`"location":"` + location + `"`} }
		c := "/api/v1/cases/" + w.ref
		plain := call("POST", c+"/notes", "cases", `{"text":"x"}`)
		plain.contentType = "text/plain"
		tests := []scenario{
			{name: "no such path", request: call("GET", "/api/v1/nothing", "read", ""), status: 404},
			{name: "another method", request: call("PUT", c, "read", ""), status: 405},
			{name: "another type", request: plain, status: 415},
			{name: "no JSON", request: call("POST", c+"/notes", "cases", "{"), status: 400, says: at("body")},
			{name: "too large", request: call("POST", c+"/notes", "cases", `{"text":"`+strings.Repeat("x", 2<<20)+`"}`), status: 413},
			{name: "no body", request: call("POST", c+"/notes", "cases", ""), status: 400},
			{name: "an unknown field", request: call("POST", c+"/notes", "cases", `{"text":"x","mood":"bad"}`), status: 422, says: at("body.mood")},
			{name: "a missing field", request: call("POST", c+"/notes", "cases", `{}`), status: 422, says: []string{`"location":"body"`, "text"}},
			{name: "a field of another type", request: call("POST", c+"/notes", "cases", `{"text":7}`), status: 422, says: at("body.text")},
			{name: "a cursor", request: call("GET", "/api/v1/cases?cursor=x", "read", ""), status: 422, says: at("query.cursor")},
			{name: "a cursor of another list", request: call("GET", "/api/v1/reports?cursor=MSAy", "read", ""), status: 422, says: at("query.cursor")},
			{name: "a limit", request: call("GET", "/api/v1/cases?limit=0", "read", ""), status: 422, says: at("query.limit")},
			{name: "a limit in words", request: call("GET", "/api/v1/cases?limit=ten", "read", ""), status: 422, says: at("query.limit")},
			{name: "a state", request: call("GET", "/api/v1/cases?state=closed", "read", ""), status: 422, says: []string{"query.state"}},
			{name: "a disposition", request: call("GET", "/api/v1/cases?disposition=guilty", "read", ""), status: 422, says: []string{"query.disposition"}},
			{name: "a category", request: call("GET", "/api/v1/cases?category=fax", "read", ""), status: 422, says: at("query.category")},
			{name: "a number", request: call("GET", "/api/v1/cases?number=hello", "read", ""), status: 422, says: at("query.number")},
			{name: "a time", request: call("GET", "/api/v1/cases?opened_after=yesterday", "read", ""), status: 422, says: at("query.opened_after")},
			{name: "a number in the path", request: call("GET", "/api/v1/numbers/hello", "read", ""), status: 422, says: []string{`"location":"path.e164"`}},
			{name: "an id in the path", request: call("GET", "/api/v1/restrictions/x", "read", ""), status: 422, says: at("path.id")},
			{name: "a case as a filter", request: call("GET", "/api/v1/restrictions?case=x", "read", ""), status: 422, says: at("query.case")},
			{name: "a case in the path", request: call("GET", "/api/v1/cases/x", "read", ""), status: 404},
			{name: "a case of another year", request: call("GET", "/api/v1/cases/AB-2025-000001", "read", ""), status: 404},
		}
		w.run(tests)
		for _, tt := range tests {
			rec := w.send(tt.request)
			if got := rec.Header().Get("Content-Type"); got != "application/problem+json" || !strings.Contains(rec.Body.String(), fmt.Sprintf(`"status":%d`, tt.status)) {
				t.Errorf("%s: %s %s", tt.name, got, rec.Body)
			}
		}
	})
}

func TestAPIFilters(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		other := w.said("+12025550171", "Somebody shouts.")
		w.must(func() error {
			_, err := w.desk.Note(t.Context(), w.staff["approver"].Actor(), w.ref, "x")
			return err
		}())
		rec := w.send(call("POST", "/api/v1/cases/"+w.ref+"/resolve", "cases", `{"disposition":"upheld","reason":"x","quiet":true}`))
		if rec.Code != 200 {
			t.Fatal(rec.Body)
		}
		limit := `{"kind":"channel_limit","target_kind":"account","target":"acct-1042","value":{"channels":5},"reason":"x"}`
		if rec := w.send(call("POST", "/api/v1/restrictions", "cases", limit)); rec.Code != 201 {
			t.Fatal(rec.Body)
		}
		none := []string{`{"items":[]}`}
		now, later := w.now.Format(time.RFC3339), w.now.Add(time.Second).Format(time.RFC3339)
		list := func(path string) request { return call("GET", "/api/v1/"+path, "read", "") }
		ref := []string{`"ref":"` + w.ref + `"`}
		w.run([]scenario{
			{name: "resolved", request: list("cases?state=resolved"), status: 200, says: ref},
			{name: "open", request: list("cases"), status: 200, says: []string{other.CaseRef}, keeps: ref},
			{name: "any of two states", request: list("cases?state=resolved,new"), status: 200, says: append(ref, other.CaseRef)},
			{name: "upheld", request: list("cases?disposition=upheld,compromised"), status: 200, says: ref, keeps: []string{other.CaseRef}},
			{name: "insufficient", request: list("cases?disposition=insufficient"), status: 200, says: none},
			{name: "upheld and new", request: list("cases?disposition=upheld&state=new"), status: 200, says: none},
			{name: "opened since", request: list("cases?opened_after=" + now), status: 200, says: []string{other.CaseRef}},
			{name: "opened later", request: list("cases?opened_after=" + later), status: 200, says: none},
			{name: "opened before", request: list("cases?opened_before=" + now), status: 200, says: none},
			{name: "as people write a number", request: list("cases?number=(202)+555-0171"), status: 200, says: []string{other.CaseRef}},
			{name: "reports of a case", request: list("reports?case=" + w.ref), status: 200, says: ofCase(w.ref), keeps: []string{other.CaseRef}},
			{name: "reports of a category", request: list("reports?category=scam"), status: 200, says: none},
			{name: "reports received later", request: list("reports?received_after=" + later), status: 200, says: none},
			{name: "reports received before", request: list("reports?received_before=" + later + "&category=robocall"), status: 200, says: ofCase(w.ref)},
			{name: "restrictions of no case", request: list("restrictions?case=AB-2026-000099"), status: 200, says: none},
			{name: "restrictions of the kind that there is", request: list("restrictions?kind=channel_limit&state=applying,active"), status: 200, says: []string{`"kind":"channel_limit"`}},
			{name: "restrictions of a kind", request: list("restrictions?kind=account_suspended"), status: 200, says: none},
			{name: "events of a command", request: list("events?command=case.note&case=" + w.ref), status: 200, says: []string{`"command":"case.note"`, `"actor":"Ms approver"`}, keeps: []string{"case.open"}},
			{name: "events of an actor", request: list("events?actor=p-approver&after=" + now), status: 200, says: []string{"case.note"}, keeps: []string{"case.open"}},
			{name: "events of later", request: list("events?after=" + later), status: 200, says: none},
			{name: "events of an auditor's key", request: call("GET", "/api/v1/events", "reports", ""), status: 403},
		})
	})
}

func ofCase(ref string) []string { return []string{`"case":"` + ref + `"`} }

// A page is not moved by what comes in while somebody turns pages.
func TestAPIPagesAreStable(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for i := range 4 {
			w.said(fmt.Sprintf("+1202555018%d", i), "x")
		}
		for _, path := range []string{"reports", "events", "cases"} {
			seen := map[string]int{}
			for cursor, n := "", 0; ; n++ {
				var page struct {
					Items []map[string]any `json:"items"`
					Next  string           `json:"next_cursor"`
				}
				rec := w.send(call("GET", "/api/v1/"+path+"?limit=2&cursor="+cursor, "read", ""))
				w.must(json.Unmarshal(rec.Body.Bytes(), &page))
				for _, x := range page.Items {
					id := fmt.Sprint(x["id"], x["ref"])
					if seen[id]++; seen[id] > 1 {
						t.Errorf("%s: %s came twice", path, id)
					}
				}
				w.said(fmt.Sprintf("+1202556%04d", len(path)*100+n), "y") // goes before the cursor
				if cursor = page.Next; cursor == "" || n > 40 {
					break
				}
			}
			if path != "events" && len(seen) < 5 {
				t.Errorf("%s: %d of 5 came", path, len(seen))
			}
		}
	})
}

// The values that the description allows are those of the domain.
func TestDescribedValues(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	doc := w.server.api(gin.New()).OpenAPI()
	allowed := func(path, name string) (out []string) {
		for _, p := range doc.Paths[path].Get.Parameters {
			if s := p.Schema; p.Name == name {
				if s.Type == huma.TypeArray {
					s = s.Items
				}
				for _, v := range s.Enum {
					out = append(out, fmt.Sprint(v))
				}
			}
		}
		return out
	}
	check := func(path, name string, want []string) {
		if got := allowed(path, name); !reflect.DeepEqual(got, want) {
			t.Errorf("%s of %s: %q, want %q", name, path, got, want)
		}
	}
	check("/api/v1/cases", "state", texts(cases.States()))
	check("/api/v1/cases", "disposition", texts(cases.Dispositions()))
	check("/api/v1/cases", "category", texts(cases.Categories()))
	check("/api/v1/reports", "category", texts(cases.Categories()))
	for path, item := range doc.Paths {
		if item.Post == nil || !strings.HasPrefix(path, "/api/v1/") || path == "/api/v1/calls" {
			continue
		}
		takes := false
		for _, p := range item.Post.Parameters {
			takes = takes || p.Name == "Idempotency-Key"
		}
		if !takes {
			t.Errorf("%s %s does not say that it takes an Idempotency-Key", http.MethodPost, path)
		}
	}
}

func texts[T ~string](in []T) (out []string) {
	for _, x := range in {
		out = append(out, string(x))
	}
	return out
}
