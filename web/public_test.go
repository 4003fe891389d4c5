package web

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
	"github.com/abusedesk/abusedesk/internal/storetest"
)

const nonce = "ABCDEFGHIJKLMNOPQRST"

func TestPublicForm(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		post := func(pairs ...string) request {
			return request{method: "POST", path: "/reports", body: form(append([]string{"nonce", nonce, "category", "robocall", "description", "It rang & rang."}, pairs...)...)}
		}
		big := request{method: "POST", path: "/reports", body: "description=" + strings.Repeat("a", MaxFormBody)}
		w.run([]scenario{
			{name: "the form", request: request{method: "GET", path: "/"}, status: 200, says: []string{`name="nonce" value="`, `action="/reports"`, "call your emergency number"}},
			{name: "the form in a zone", request: request{method: "GET", path: "/", header: []string{"Cookie", "zone=Asia%2FTokyo; theme=dark"}}, status: 200,
				says: []string{`<option value="Asia/Tokyo" selected>Asia/Tokyo`, `data-theme="dark"`}},
			{name: "a zone that is none", request: request{method: "GET", path: "/", header: []string{"Cookie", "zone=../../etc/passwd; theme=%22%3E"}}, status: 200, keeps: []string{"passwd", `data-theme="`}},
			{name: "a number that is none", request: post("caller_number", "hello there", "called_number", called, "reporter_name", "<b>Mara</b>"), status: 422,
				says: []string{`id="r-caller_number-error"`, `value="hello there"`, "It rang &amp; rang.", nonce, "&lt;b&gt;Mara"}, keeps: []string{"<b>Mara"}},
			{name: "a time in the future", request: post("occurred_at", "2027-01-01T10:00", "zone", "America/New_York"), status: 422,
				says: []string{`id="r-occurred_at-error"`, `value="2027-01-01T10:00"`, `value="America/New_York" selected`}},
			{name: "a zone that does not exist", request: post("occurred_at", "2026-11-01T10:00", "zone", "Mars/Olympus"), status: 422, says: []string{`id="r-zone-error"`}},
			{name: "an unknown category", request: request{method: "POST", path: "/reports", body: form("nonce", nonce, "category", "nonsense", "description", "x")}, status: 422, says: []string{"There is no category"}},
			{name: "an address that is none", request: post("reporter_email", "mara"), status: 422, says: []string{`id="r-reporter_email-error"`, `value="mara"`}},
			{name: "an occurrence in words", request: post("occurrences", "many"), status: 422, says: []string{`id="r-occurrences-error"`}},
			{name: "nothing said", request: request{method: "POST", path: "/reports", body: form("nonce", nonce, "category", "scam")}, status: 422, says: []string{"Say what happened"}},
			{name: "broken encoding", request: request{method: "POST", path: "/reports", body: "category=%zz&nonce=%&description=still+here"}, status: 422, says: []string{"still here"}},
			{name: "no nonce", request: request{method: "POST", path: "/reports", body: form("category", "robocall", "description", "It rang.")}, status: 422, says: []string{"send it again", "It rang."}},
			{name: "too large", request: big, status: 413, says: []string{"too large"}},
			{name: "from another site", request: request{method: "POST", path: "/reports", body: form("nonce", nonce, "description", "x"), header: []string{"Sec-Fetch-Site", "cross-site"}}, status: 403},
			{name: "a proof of work that is none", request: post("altcha", "e30=", "reporter_name", "Mara"), status: 422, says: []string{"send the form again", `value="Mara"`}},
			{name: "filed", request: post("caller_number", "202 555 0143", "altcha", w.solved()), status: 303, location: "/reports/"},
			{name: "an unknown status page", request: request{method: "GET", path: "/reports/nosuchtoken"}, status: 404, says: []string{"nothing here"}},
			{name: "an unknown page", request: request{method: "GET", path: "/nothing"}, status: 404},
			{name: "a method that is not taken", request: request{method: "DELETE", path: "/reports"}, status: 405},
			{name: "details to nowhere", request: request{method: "POST", path: "/reports/nosuchtoken/details", body: form("details", "x")}, status: 404},
		})
	})
}

// A second click, also of a browser that makes up a new multipart boundary,
// lands on the report of the first; the same form with other contents does not.
func TestDoubleSubmit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		before := w.reports()
		pairs := []string{"nonce", nonce, "category", "scam", "description", "They wanted gift cards.", "caller_number", "+13125550188", "altcha", w.solved()}
		body := form(pairs...)
		first := w.send(request{method: "POST", path: "/reports", body: body})
		second := w.send(request{method: "POST", path: "/reports", body: body})
		if first.Code != 303 || second.Code != 303 || first.Header().Get("Location") != second.Header().Get("Location") {
			t.Fatalf("%d %q, then %d %q", first.Code, first.Header().Get("Location"), second.Code, second.Header().Get("Location"))
		}
		w.run([]scenario{
			{name: "other contents", request: request{method: "POST", path: "/reports", body: strings.Replace(body, "gift", "credit", 1)}, status: 409, says: []string{"sent this form once already", "credit cards"}, keeps: []string{nonce}},
			{name: "its status page", request: request{method: "GET", path: first.Header().Get("Location")}, status: 200, says: []string{"We have your report", "AB-2026-"}, keeps: []string{"13125550188", "gift cards"}},
		})
		pairs[len(pairs)-1] = w.solved() // as a page that was opened anew sends it
		if third := w.send(request{method: "POST", path: "/reports", body: form(pairs...)}); third.Code != 303 || third.Header().Get("Location") != first.Header().Get("Location") {
			t.Errorf("with another proof: %d %q", third.Code, third.Header().Get("Location"))
		}
		pairs[1] = "ANOTHERNONCE12345678"
		if other := w.send(request{method: "POST", path: "/reports", body: form(pairs...)}); other.Code != 422 {
			t.Errorf("the same proof for another form: %d", other.Code)
		}
		parts := func(boundary, word string) request {
			var b bytes.Buffer
			m := multipart.NewWriter(&b)
			m.SetBoundary(boundary)
			m.WriteField("nonce", "ABCDEFGHIJKLMNOPQRSU")
			m.WriteField("category", "text_spam")
			m.WriteField("description", word)
			f, _ := m.CreateFormFile("file", "shot.png")
			f.Write([]byte("\x89PNG"))
			m.Close()
			return request{method: "POST", path: "/reports", body: b.String(), contentType: m.FormDataContentType()}
		}
		first, second = w.send(parts("one", "A parcel fee.")), w.send(parts("another", "A parcel fee."))
		if first.Code != 303 || second.Code != 303 || first.Header().Get("Location") != second.Header().Get("Location") {
			t.Errorf("multipart: %d %q, then %d %q", first.Code, first.Header().Get("Location"), second.Code, second.Header().Get("Location"))
		}
		if third := w.send(parts("third", "Another fee.")); third.Code != 409 || !strings.Contains(third.Body.String(), "Another fee.") {
			t.Errorf("multipart with other contents: %d", third.Code)
		}
		if got := w.reports() - before; got != 2 {
			t.Errorf("%d reports were filed, want 2", got)
		}
	})
}

// reports counts them.
func (w *world) reports() int {
	p, err := w.desk.Reports(w.t.Context(), w.staff["analyst"].Actor(), cases.ReportQuery{Limit: cases.MaxPage})
	w.must(err)
	return len(p.Items)
}

// What is written on the status page joins the report, once, and shows nobody.
func TestStatusPage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		before := w.reports()
		path := "/reports/" + w.token
		add := request{method: "POST", path: path + "/details", body: form("details", "They called again from 312 555 0188.")}
		personal := []string{reporterHim, "Mara", called, "1617", "Acme", "acct-1042", "social security"}
		w.run([]scenario{
			{name: "the page", request: request{method: "GET", path: path}, status: 200, says: []string{w.ref, "Compared with our call records", "We aim to answer", path + "/details"}, keeps: personal},
			{name: "nothing to add", request: request{method: "POST", path: path + "/details", body: form("details", " ")}, status: 422, says: []string{"Write something first"}},
			{name: "too much to add", request: request{method: "POST", path: path + "/details", body: form("details", strings.Repeat("a", 20001))}, status: 422, says: []string{"at most 20000"}},
			{name: "added", request: add, status: 303, location: path + "?added=1"},
			{name: "added twice", request: add, status: 303, location: path + "?added=1"},
			{name: "the page after", request: request{method: "GET", path: path + "?added=1"}, status: 200, says: []string{"Added."}, keeps: append([]string{"3125550188"}, personal...)},
		})
		v, err := w.desk.Report(t.Context(), w.staff["analyst"].Actor(), w.report)
		w.must(err)
		if len(v.Messages) != 2 || !strings.Contains(v.Text, "They called again") || w.reports() != before {
			t.Errorf("the report has %d messages and says %q; %d reports more", len(v.Messages), v.Text, w.reports()-before)
		}
		c, err := w.desk.Dossier(t.Context(), w.staff["analyst"].Actor(), w.ref)
		w.must(err)
		_, err = w.desk.Resolve(t.Context(), w.staff["analyst"].Actor(), w.ref, desk.Judgement{Version: c.Case.Version, Disposition: cases.DispositionUpheld, Reason: "Acme did it."})
		w.must(err)
		w.run([]scenario{
			{name: "resolved", request: request{method: "GET", path: path}, status: 200, says: []string{"What we found", "what you reported is right", "report it again"}, keeps: append(personal, "/details")},
			{name: "too late", request: add, status: 409, says: []string{"This report is closed"}},
		})
	})
}

// Details of a report that is not filed yet wait for it instead of becoming a
// report of their own.
func TestDetailsBeforeFiling(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		before := w.reports()
		rs, err := w.desk.Accept(t.Context(), []cases.Delivery{{Channel: cases.ChannelWeb, DedupKey: "nonce:late", Body: strings.NewReader("category=scam&description=x"), Size: 27,
			Meta: cases.Meta{ContentType: "application/x-www-form-urlencoded"}}})
		w.must(err)
		path := "/reports/" + rs[0].Token
		w.run([]scenario{
			{name: "the page", request: request{method: "GET", path: path}, status: 200, says: []string{"being filed", "Your report is safe"}},
			{name: "details", request: request{method: "POST", path: path + "/details", body: form("details", "and more")}, status: 303},
		})
		if w.reports() != before {
			t.Error("the details were filed as a report")
		}
	})
}

func TestPublicIsLimited(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	same := []string{"X-Forwarded-For", "203.0.113.9"}
	var last int
	for range PublicReports + 1 {
		rec := w.send(request{method: "POST", path: "/reports", body: form("description", "kept"), header: same})
		if last = rec.Code; last == 429 {
			if !strings.Contains(rec.Body.String(), "kept") || rec.Header().Get("Retry-After") == "" {
				t.Error("what was typed is lost, or nobody says until when")
			}
		}
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("after %d reports: %d", PublicReports+1, last)
	}
	if rec := w.send(request{method: "POST", path: "/reports", body: form("description", "x"), header: []string{"X-Forwarded-For", "203.0.113.10"}}); rec.Code == 429 {
		t.Error("another address is limited too")
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	for _, r := range []request{{method: "GET", path: "/"}, {method: "GET", path: "/desk/queue", as: "analyst"}, {method: "GET", path: "/nothing"}, {method: "GET", path: "/api/docs"}, {method: "GET", path: "/api/v1/cases"}} {
		h := w.send(r).Header()
		if p := h.Get("Content-Security-Policy"); !strings.Contains(p, "default-src 'none'") || strings.Contains(p, "unsafe") {
			t.Errorf("%s: policy %q", r.path, p)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", r.path, h)
		}
	}
	form := w.send(request{method: "GET", path: "/"}).Body.String()
	for _, m := range regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`).FindAllStringSubmatch(form, -1) {
		rec := w.send(request{method: "GET", path: m[1]})
		if rec.Code != 200 || !strings.Contains(rec.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %q", m[1], rec.Code, rec.Header().Get("Cache-Control"))
		}
	}
}

// A fault of ours is told without its text: to people as a page with what to
// quote, to machines as a problem.
func TestPanicsAreNotTold(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	e := gin.New()
	e.Use(w.server.recover)
	boom := func(*gin.Context) { panic("the secret is 42") }
	e.GET("/boom", boom)
	e.GET("/api/v1/boom", boom)
	for path, want := range map[string]string{"/boom": "text/html; charset=utf-8", "/api/v1/boom": "application/problem+json"} {
		rec := httptest.NewRecorder()
		e.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
		if rec.Code != 500 || rec.Header().Get("Content-Type") != want || strings.Contains(rec.Body.String(), "secret") {
			t.Errorf("%s: %d %q\n%s", path, rec.Code, rec.Header().Get("Content-Type"), rec.Body)
		}
		if path == "/boom" && !regexp.MustCompile(`quote <span class="ref">[a-z2-7]{10}<`).MatchString(rec.Body.String()) {
			t.Errorf("nothing to quote: %s", rec.Body)
		}
	}
}
