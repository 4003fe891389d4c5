package web

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/net/html"
)

func testRenderer(t *testing.T) *Renderer {
	t.Helper()
	r, err := NewRenderer(RenderOptions{Operator: "Northtel abuse desk"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestEveryPage draws every template and holds it to what the policy of the pages allows and what screen readers need.
// With ABUSEDESK_PAGES_DIR set it leaves the pages there for `npm run shots`.
func TestEveryPage(t *testing.T) {
	r := testRenderer(t)
	folder := os.Getenv("ABUSEDESK_PAGES_DIR")
	seen := map[string]bool{}
	for _, d := range everyPage() {
		t.Run(d.name, func(t *testing.T) {
			view := testView()
			if d.view != nil {
				d.view(&view)
			}
			rec := httptest.NewRecorder()
			if err := r.Render(rec, d.status, view, d.page); err != nil {
				t.Fatal(err)
			}
			if rec.Code != d.status {
				t.Errorf("status %d, want %d", rec.Code, d.status)
			}
			seen[d.page.meta().Template] = true
			body := rec.Body.Bytes()
			for _, problem := range markupProblems(t, body) {
				t.Error(problem)
			}
			if folder != "" {
				if err := os.WriteFile(filepath.Join(folder, d.name+".html"), body, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	for _, page := range []string{"report-form", "widget", "status", "confirm", "sign-in", "setup", "error", "queue", "new-work", "case-preview", "case", "blast", "restrictions", "restriction", "reports", "report", "numbers", "number", "accounts", "account", "returners", "providers", "provider", "lists", "campaigns", "campaign", "sendings", "operations", "webhooks", "webhook", "styleguide", "api-docs"} {
		if !seen[page] {
			t.Errorf("template %s was not drawn", page)
		}
	}
}

// markupProblems names everything that a strict policy would block, doubled ids, dangling references and unlabelled fields.
func markupProblems(t *testing.T, body []byte) []string {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var problems []string
	ids, labelled := map[string]bool{}, map[string]bool{}
	type ref struct{ attribute, id string }
	var refs []ref
	var fields []*html.Node
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		attr := map[string]string{}
		for _, a := range n.Attr {
			attr[a.Key] = a.Val
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") {
				problems = append(problems, "attribute "+a.Key+" on <"+n.Data+">")
			}
			if (a.Key == "href" || a.Key == "src" || a.Key == "action") && (strings.HasPrefix(a.Val, "javascript:") || strings.HasPrefix(a.Val, "http") || strings.Contains(a.Val, "ZgotmplZ")) {
				problems = append(problems, a.Key+"="+a.Val)
			}
			if strings.Contains(a.Val, "ZgotmplZ") || strings.Contains(a.Val, "%!") || strings.Contains(a.Val, "<no value>") {
				problems = append(problems, "unfilled "+a.Key+"="+a.Val)
			}
		}
		switch {
		case n.Data == "style", n.Data == "script" && attr["src"] == "", n.Data == "iframe":
			problems = append(problems, "inline <"+n.Data+">")
		case n.Data == "label" && attr["for"] != "":
			labelled[attr["for"]] = true
			refs = append(refs, ref{"for", attr["for"]})
		case n.Data == "input" && attr["type"] != "hidden" && attr["type"] != "radio" && attr["type"] != "checkbox", n.Data == "select", n.Data == "textarea":
			fields = append(fields, n)
		}
		if id := attr["id"]; id != "" {
			if ids[id] {
				problems = append(problems, "id twice: "+id)
			}
			ids[id] = true
		}
		for _, name := range []string{"aria-describedby", "aria-labelledby", "data-opens", "popovertarget"} {
			for _, id := range strings.Fields(attr[name]) {
				refs = append(refs, ref{name, id})
			}
		}
	}
	for _, r := range refs {
		if !ids[r.id] {
			problems = append(problems, r.attribute+" points at nothing: "+r.id)
		}
	}
	for _, n := range fields {
		id := ""
		for _, a := range n.Attr {
			if a.Key == "id" {
				id = a.Val
			}
		}
		if !labelled[id] {
			problems = append(problems, "<"+n.Data+"> without a label: "+id)
		}
	}
	if text := string(body); strings.Contains(text, "<no value>") || strings.Contains(text, "%!") || strings.Contains(text, "ZgotmplZ") {
		problems = append(problems, "an unfilled place in the text")
	}
	return problems
}

func TestMarkupProblemsAreFound(t *testing.T) {
	for _, bad := range []string{`<p style="x">`, `<script>1</script>`, `<a onclick="x">`, `<style></style>`, `<a href="javascript:x">`, `<i id=a></i><i id=a></i>`, `<input aria-describedby=none>`, `<label for=none>`} {
		if len(markupProblems(t, []byte(bad))) == 0 {
			t.Errorf("%s passes", bad)
		}
	}
}

func TestUntrustedTextStaysText(t *testing.T) {
	body, err := testRenderer(t).Bytes(testView(), casePage())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(body, []byte("&lt;script&gt;alert(1)")) || bytes.Contains(body, []byte("<script>alert")) {
		t.Error("a report's text is not escaped")
	}
}

func TestTimesAreInTheReadersZone(t *testing.T) {
	r := testRenderer(t)
	page := StatusPage{Reference: "AB-1", Received: time.Date(2026, 7, 1, 23, 30, 0, 0, time.FixedZone("", 2*3600))}
	for zone, want := range map[string]string{"UTC": "1 July 2026, 21:30", "America/New_York": "1 July 2026, 17:30", "Asia/Tokyo": "2 July 2026, 06:30"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		body, err := r.Bytes(View{Zone: loc}, page)
		if err != nil {
			t.Fatal(err)
		}
		whole := `<time datetime="2026-07-01T21:30:00Z" title="2026-07-01 23:30:00 +02:00">` + want + `</time>`
		if !bytes.Contains(body, []byte(whole)) {
			t.Errorf("%s: no %s", zone, whole)
		}
	}
}

func TestZoneSetsAreBounded(t *testing.T) {
	r := testRenderer(t)
	for i := range 3 * maxZones {
		if _, err := r.Bytes(View{Zone: time.FixedZone("z"+strings.Repeat("x", i), i)}, ErrorPage{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.zones) > maxZones {
		t.Errorf("%d sets kept", len(r.zones))
	}
}

func TestNothingIsWrittenWhenATemplateFails(t *testing.T) {
	rec := httptest.NewRecorder()
	if err := testRenderer(t).Render(rec, 200, View{}, brokenPage{}); err == nil {
		t.Fatal("no error")
	}
	if rec.Body.Len() != 0 || len(rec.Header()) != 0 {
		t.Error("something was written")
	}
}

// brokenPage has none of the fields that its template needs.
type brokenPage struct{}

func (brokenPage) meta() Meta { return Meta{Template: "status"} }

func TestWithoutBuiltAssets(t *testing.T) {
	_, err := newRenderer(RenderOptions{}, fstest.MapFS{".gitkeep": {}})
	if err != errNoAssets {
		t.Errorf("got %v", err)
	}
	if _, err = newRenderer(RenderOptions{}, fstest.MapFS{"manifest.json": {Data: []byte(`{"app.css":"a.css"}`)}}); err == nil {
		t.Error("a manifest without the script passes")
	}
}

func TestAssetsAreServed(t *testing.T) {
	r := testRenderer(t)
	path, err := r.assets.path("app.css")
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]int{path: 200, "/assets/manifest.json": 404, "/assets/.gitkeep": 404, "/assets/../go.mod": 404, "/assets/none.css": 404, "/assets/": 404} {
		rec := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.URL.Path = target
		r.Assets().ServeHTTP(rec, request)
		if rec.Code != want {
			t.Errorf("%s: %d, want %d", target, rec.Code, want)
		}
		if want == 200 && (rec.Header().Get("Cache-Control") == "" || !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/css")) {
			t.Errorf("headers %v", rec.Header())
		}
	}
}
