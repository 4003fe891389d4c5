package web

import (
	"strings"
	"testing"

	"github.com/abusedesk/abusedesk/cases"
)

// What was said in the widget is a report of the chat channel; it stays in its
// frame and in its language, also when something has to be mended.
func TestWidget(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.server.WidgetOrigins = []string{"https://www.carrier.example"}
		framed := func(r request) string { return w.send(r).Header().Get("Content-Security-Policy") }
		const may = "frame-ancestors 'self' https://www.carrier.example"
		ask := func(pairs ...string) request {
			r := post("", "/reports?lang=fr", form(append([]string{"via", "widget", "category", "robocall", "description", "Une voix.", "nonce", nonce}, pairs...)...))
			return r
		}
		w.run([]scenario{
			{name: "its page", request: get("", "/widget?lang=fr"), status: 200, says: []string{`<html lang="fr"`, `name="via" value="widget"`, `action="/reports?widget=1&amp;lang=fr"`}},
			{name: "a mistake", request: ask("caller_number", "12"), status: 422, says: []string{`<html lang="fr"`, `class="public widget"`, `name="via"`, "trop court", "Une voix."}},
			{name: "filed", request: ask("caller_number", "202 555 0177", "altcha", w.solved()), status: 303, location: "/reports/"},
			{name: "its script", request: get("", "/widget.js"), status: 200, says: []string{"abusedesk-widget"}},
		})
		for _, r := range []request{get("", "/widget"), post("", "/reports?widget=1&lang=fr", "description=%zz"), get("", "/reports/nosuchtoken?widget=1"), ask("caller_number", "12"), get("", "/reports/"+w.token+"?widget=1")} {
			if got := framed(r); !strings.Contains(got, may) {
				t.Errorf("%s %s: %s", r.method, r.path, got)
			}
		}
		for _, r := range []request{get("", "/"), get("", "/reports/"+w.token), post("", "/reports", form("nonce", nonce)), get("", "/desk/sign-in")} {
			if got := framed(r); !strings.Contains(got, "frame-ancestors 'none'") {
				t.Errorf("%s %s: %s", r.method, r.path, got)
			}
		}
		// A proof counts at the door that it was made for, also with the nonce of another.
		answer := w.solved()
		at := func(door ...string) request {
			return post("", "/reports?lang=fr", form(append(door, "category", "robocall", "description", "Une voix.", "caller_number", "202 555 0178", "nonce", "NONCEOFTWODOORS23456", "altcha", answer)...))
		}
		w.run([]scenario{
			{name: "one proof", request: at("via", "widget"), status: 303},
			{name: "at another door", request: at(), status: 422},
		})
		p, err := w.desk.Reports(t.Context(), w.staff["analyst"].Actor(), cases.ReportQuery{Number: "+12025550177"})
		w.must(err)
		if len(p.Items) != 1 || p.Items[0].Channel != cases.ChannelChat || p.Items[0].Text != "Une voix." || p.Items[0].Language != "fr" {
			t.Fatalf("%+v", p.Items)
		}
		details := post("", "/reports/"+w.token+"/details?widget=1&lang=es", form("details", "More."))
		if rec := w.send(details); rec.Header().Get("Location") != "/reports/"+w.token+"?added=1&lang=es&widget=1" {
			t.Errorf("more details lead to %q", rec.Header().Get("Location"))
		}
	})
}
