package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
	"github.com/abusedesk/abusedesk/internal/storetest"
)

func get(as, path string) request { return request{method: "GET", path: path, as: as} }
func post(as, path, body string) request {
	return request{method: "POST", path: path, as: as, body: body}
}

func TestSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		in := func(pairs ...string) request { return post("", "/desk/sign-in", form(pairs...)) }
		w.run([]scenario{
			{name: "the page", request: get("", "/desk/sign-in?next=/desk/cases/AB-2026-000001%3Fx"), status: 200, says: []string{`value="/desk/cases/AB-2026-000001?x"`}},
			{name: "next elsewhere", request: get("", "/desk/sign-in?next=//evil.example/desk/"), status: 200, says: []string{`name="next" value="/desk/queue"`}, keeps: []string{"evil"}},
			{name: "next as a scheme", request: get("", "/desk/sign-in?next=javascript:/desk/x"), status: 200, keeps: []string{"javascript"}},
			{name: "next with a backslash", request: get("", `/desk/sign-in?next=/desk/%5C..%5C..%5C`), status: 200, says: []string{`name="next" value="/desk/queue"`}},
			{name: "wrong password", request: in("email", "analyst@northtel.example", "password", "wrong horse battery"), status: 401, says: []string{"do not belong together", `value="analyst@northtel.example"`}, keeps: []string{"wrong horse"}},
			{name: "unknown address", request: in("email", "nobody@northtel.example", "password", password), status: 401, says: []string{"do not belong together"}},
			{name: "right", request: in("email", "Analyst@Northtel.example", "password", password, "next", "/desk/reports"), status: 303, location: "/desk/reports"},
			{name: "right, but elsewhere", request: in("email", "analyst@northtel.example", "password", password, "next", "https://evil.example/desk/"), status: 303, location: "/desk/queue"},
			{name: "from another site", request: request{method: "POST", path: "/desk/sign-in", header: []string{"Sec-Fetch-Site", "cross-site"}}, status: 403},
			{name: "signed in already", request: get("analyst", "/desk/sign-in"), status: 303, location: "/desk/queue"},
			{name: "a fragment without a session", request: request{method: "GET", path: "/desk/queue/new?since=0", header: []string{"HX-Request", "true"}}, status: 401},
			{name: "back to where one was", request: get("", "/desk/reports?q=x"), status: 303, location: "/desk/sign-in?next=%2Fdesk%2Freports%3Fq%3Dx"},
		})
		// The token of before the sign-in is worth nothing after it.
		planted := &http.Cookie{Name: w.server.Sessions.Cookie.Name, Value: w.session(cases.Person{ID: ""}).Value}
		rec := w.send(request{method: "POST", path: "/desk/sign-in", body: form("email", "analyst@northtel.example", "password", password), header: []string{"Cookie", planted.String()}})
		set := rec.Result().Cookies()
		if rec.Code != 303 || len(set) != 1 || set[0].Value == planted.Value || !set[0].HttpOnly || set[0].SameSite != http.SameSiteLaxMode {
			t.Fatalf("%d, cookies %v", rec.Code, set)
		}
		if rec := w.send(request{method: "GET", path: "/desk/queue", header: []string{"Cookie", planted.String()}}); rec.Code != 303 {
			t.Errorf("the planted token is signed in: %d", rec.Code)
		}
		cookie := []string{"Cookie", set[0].Name + "=" + set[0].Value}
		if rec := w.send(request{method: "GET", path: "/desk/queue", header: cookie}); rec.Code != 200 {
			t.Errorf("the new token is not signed in: %d", rec.Code)
		}
		if rec := w.send(request{method: "POST", path: "/desk/sign-out", header: cookie}); rec.Code != 303 {
			t.Errorf("sign-out: %d", rec.Code)
		}
		if rec := w.send(request{method: "GET", path: "/desk/queue", header: cookie}); rec.Code != 303 {
			t.Errorf("after the sign-out: %d", rec.Code)
		}
	})
}

func TestSignInIsLimited(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	same := []string{"X-Forwarded-For", "203.0.113.77"}
	codes := map[int]int{}
	for range SignIns + 2 {
		codes[w.send(request{method: "POST", path: "/desk/sign-in", body: form("email", "", "password", "x"), header: same}).Code]++
	}
	if codes[401] != SignIns || codes[429] != 2 {
		t.Errorf("answers %v", codes)
	}
}

func TestSetupLink(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.run([]scenario{
			{name: "the page", request: get("", "/desk/setup/some-secret"), status: 200, says: []string{`action="/desk/setup/some-secret"`}},
			{name: "short password", request: post("", "/desk/setup/some-secret", form("name", "Ada", "email", "ada@example.com", "password", "short")), status: 422, says: []string{`id="su-password-error"`, `value="ada@example.com"`}, keeps: []string{`value="short"`}},
			{name: "an admin is there already", request: post("", "/desk/setup/some-secret", form("name", "Ada", "email", "ada@example.com", "password", password)), status: 404},
		})
	})
}

func TestQueueAndCase(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := "/desk/cases/" + w.ref
		w.run([]scenario{
			{name: "the desk", request: get("analyst", "/desk"), status: 303, location: "/desk/queue"},
			{name: "queue", request: get("analyst", "/desk/queue"), status: 200, says: []string{w.ref, "Robocall", "Acme Dialers", "under northtel", "confirmed 1/1", "not entitled", "first act", `class="pane"`, "Ms analyst"}, keeps: []string{"<script>alert"}},
			{name: "by number", request: get("analyst", "/desk/queue?q=202-555-0143"), status: 200, says: []string{w.ref}},
			{name: "by reference", request: get("analyst", "/desk/queue?q="+w.ref), status: 200, says: []string{w.ref}},
			{name: "by account", request: get("analyst", "/desk/queue?q=acct-1042"), status: 200, says: []string{w.ref}},
			{name: "by what is not there", request: get("analyst", "/desk/queue?q=zebra+crossing"), status: 200, says: []string{"Nothing matches"}, keeps: []string{w.ref}},
			{name: "mine", request: get("analyst", "/desk/queue?view=mine"), status: 200, says: []string{"Nothing waits here"}},
			{name: "a cursor of ours it is not", request: get("analyst", "/desk/queue?cursor=nonsense"), status: 422, says: []string{"cursor"}},
			{name: "new since the beginning", request: get("analyst", "/desk/queue/new?since=0"), status: 200, says: []string{"1 new"}, keeps: []string{"<html"}},
			{name: "new since nonsense", request: get("analyst", "/desk/queue/new?since=x"), status: 422},
			{name: "preview", request: get("analyst", c+"/preview"), status: 200, says: []string{w.ref, "A recorded voice", "web form", "Claim"}, keeps: []string{"<html", reporterHim}},
			{name: "case", request: get("analyst", c), status: 200,
				says: []string{"Call happened", "confirmed 1/1", "Carried for", "Acme Dialers", "signed A, not entitled", "Looks like", "answered a day", "<mark>", "Correct…", "m…@example.com",
					"&lt;script&gt;", "Harbor Clinic", "may be a victim", "We carried this call", `id="f-corroboration"`, "account:acct-1042", "connection:sbc-7", "Calls by hour", "filed report"},
				keeps: []string{reporterHim, "Mara Lindqvist", "<script>alert", "account:acct-2210"}},
			{name: "a case in lower case", request: get("analyst", "/desk/cases/"+strings.ToLower(w.ref)), status: 200},
			{name: "a case of another year", request: get("analyst", strings.Replace(c, "2026", "2025", 1)), status: 404},
			{name: "no case", request: get("analyst", "/desk/cases/nonsense"), status: 404, says: []string{"To the queue"}},
			{name: "auditor", request: get("auditor", c), status: 200, keeps: []string{`action="` + c + `/claim"`, `id="resolve"`, `id="restrict"`, `id="note"`}},
		})
	})
}

func TestDecideOnCase(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := "/desk/cases/" + w.ref
		version := func() string {
			d, err := w.desk.Dossier(t.Context(), w.staff["analyst"].Actor(), w.ref)
			w.must(err)
			return fmt.Sprint(d.Case.Version)
		}
		old := version()
		w.run([]scenario{
			{name: "claim from another site", request: request{method: "POST", path: c + "/claim", as: "analyst", header: []string{"Sec-Fetch-Site", "cross-site"}}, status: 403},
			{name: "claim from an older browser elsewhere", request: request{method: "POST", path: c + "/claim", as: "analyst", header: []string{"Origin", "https://evil.example"}}, status: 403},
			{name: "claim as auditor", request: post("auditor", c+"/claim", ""), status: 403, says: []string{"not yours to do", "auditor"}},
			{name: "claim next", request: post("analyst", "/desk/queue/claim-next", ""), status: 303, location: c},
			{name: "the toast, once", request: get("analyst", "/desk/queue"), status: 200, says: []string{w.ref + " is yours.", `action="` + c + `/release"`}},
			{name: "and not again", request: get("analyst", "/desk/queue?view=mine"), status: 200, says: []string{w.ref, ">you<"}, keeps: []string{"is yours."}},
			{name: "claim next with nothing left", request: post("approver", "/desk/queue/claim-next", ""), status: 303, location: "/desk/queue"},
			{name: "claimed by another", request: post("approver", c+"/claim", ""), status: 303, location: c},
			{name: "why not", request: get("approver", c), status: 200, says: []string{"Ms analyst is working on " + w.ref}},
			{name: "release", request: post("analyst", c+"/release", ""), status: 303, location: c},
			{name: "an empty note", request: post("analyst", c+"/note", form("text", "  ")), status: 422, says: []string{`<dialog class="dialog" id="note" aria-labelledby="note-title" data-shown`, `id="note-text-error"`}},
			{name: "a note that is too long", request: post("analyst", c+"/note", form("text", strings.Repeat("n", cases.MaxNote+1))), status: 422, says: []string{"nnnnnnnn", `id="note-text-error"`}},
			{name: "a note", request: post("analyst", c+"/note", form("text", "Asked <b>Acme</b> for consent records.")), status: 303, location: c},
			{name: "the note", request: get("analyst", c), status: 200, says: []string{"Asked &lt;b&gt;Acme", "The note is on the timeline."}, keeps: []string{"<b>Acme"}},
		})
		w.run([]scenario{
			{name: "ask where nothing can be sent", request: post("analyst", c+"/ask", form("text", "Which number?")), status: 409, says: []string{"Which number?", "No mail server", `id="ask" aria-labelledby="ask-title" data-shown`}},
		})
		w.desk.Mailer = silence{}
		w.run([]scenario{
			{name: "ask nothing", request: post("analyst", c+"/ask", form("text", " ")), status: 422, says: []string{`id="ask-text-error"`}},
			{name: "ask about no report", request: post("analyst", c+"/ask", form("text", "Which?", "report", "x")), status: 422, says: []string{`id="ask-report-error"`}},
			{name: "ask about another case's", request: post("analyst", c+"/ask", form("text", "Which?", "report", "999")), status: 422, says: []string{`id="ask-report-error"`}},
			{name: "ask as auditor", request: post("auditor", c+"/ask", form("text", "Which?")), status: 403},
			{name: "ask", request: post("analyst", c+"/ask", form("text", "Which number did <i>they</i> show?", "report", fmt.Sprint(w.report))), status: 303, location: c},
			{name: "asked", request: get("analyst", c), status: 200, says: []string{"The question is on its way.", "Waiting for the reporter", "asked the reporter of report", "&lt;i&gt;they"}, keeps: []string{reporterHim}},
			{name: "the question among what is sent", request: get("analyst", "/desk/sendings"), status: 200, says: []string{"Question", "m…@example.com"}},
			{name: "asked by a key", request: call("POST", "/api/v1/cases/"+w.ref+"/questions", "cases", `{"text":"And when?"}`), status: 200, says: []string{`"awaiting_reporter"`}},
			{name: "asked by a key that may only read", request: call("POST", "/api/v1/cases/"+w.ref+"/questions", "read", `{"text":"And when?"}`), status: 403},
		})
		w.run([]scenario{
			{name: "resolve without a disposition", request: post("analyst", c+"/resolve", form("version", version(), "reason", "Because I typed this.")), status: 422, says: []string{"Because I typed this.", `id="resolve-disposition-error"`, `id="resolve" aria-labelledby="resolve-title" data-shown`}},
			{name: "resolve an older version", request: post("analyst", c+"/resolve", form("version", old, "disposition", "upheld", "reason", "Old news.")), status: 409, says: []string{"Old news.", `value="upheld" checked`, `role="alert"`}},
			{name: "resolve without a version", request: post("analyst", c+"/resolve", form("disposition", "upheld", "reason", "x")), status: 422, says: []string{"which version"}},
			{name: "a form that is too large", request: post("analyst", c+"/note", form("text", strings.Repeat("n", MaxConsoleBody))), status: 413},
			{name: "a form that is none", request: post("analyst", c+"/note", "text=%zz"), status: 400},
		})
		w.run([]scenario{
			{name: "resolve", request: post("analyst", c+"/resolve", form("version", version(), "disposition", "upheld", "reason", "Carried by us, not entitled.")), status: 303, location: c},
			{name: "resolved", request: get("analyst", c), status: 200, says: []string{"Carried by us, not entitled.", "Upheld", `data-opens="reopen"`, "Resolved as Upheld."}, keeps: []string{`id="restrict"`, c + "/claim"}},
			{name: "claim what is closed", request: post("analyst", c+"/claim", ""), status: 303, location: c},
			{name: "reopen without a reason", request: post("analyst", c+"/reopen", form("reason", "")), status: 422, says: []string{`id="reopen" aria-labelledby="reopen-title" data-shown`, `id="reopen-reason-error"`}},
			{name: "reopen", request: post("analyst", c+"/reopen", form("reason", "New evidence.")), status: 303, location: c},
			{name: "reopen what is open", request: post("analyst", c+"/reopen", form("reason", "Again.")), status: 409, says: []string{"is not resolved"}},
		})
	})
}

func TestMergeAndUnmerge(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		rec := w.send(request{method: "POST", path: "/reports", body: form("nonce", nonce, "category", "scam", "caller_number", "+13125550188", "description", "x")})
		st, err := w.desk.Status(t.Context(), strings.TrimPrefix(rec.Header().Get("Location"), "/reports/"))
		w.must(err)
		from, into := "/desk/cases/"+st.Case.Ref, "/desk/cases/"+w.ref
		w.run([]scenario{
			{name: "into what is none", request: post("analyst", from+"/merge", form("into", "AB-2026-999999", "reason", "Same script.")), status: 404, says: []string{"Same script."}},
			{name: "into itself", request: post("analyst", from+"/merge", form("into", st.Case.Ref, "reason", "x")), status: 422, says: []string{`id="merge-into-error"`}},
			{name: "without a reason", request: post("analyst", from+"/merge", form("into", w.ref)), status: 422, says: []string{`id="merge-reason-error"`, `value="` + w.ref + `"`}},
			{name: "merge", request: post("analyst", from+"/merge", form("into", w.ref, "reason", "Same script.")), status: 303, location: into},
			{name: "merged", request: get("analyst", from), status: 200, says: []string{"This case is part of", w.ref, "Same script.", `data-opens="unmerge"`}},
			{name: "the status page goes along", request: get("", rec.Header().Get("Location")), status: 200, says: []string{w.ref}},
			{name: "unmerge as auditor", request: post("auditor", from+"/unmerge", form("reason", "x")), status: 403},
			{name: "unmerge", request: post("analyst", from+"/unmerge", form("reason", "Another voice.")), status: 303, location: from},
			{name: "unmerge again", request: post("analyst", from+"/unmerge", form("reason", "Another voice.")), status: 409},
		})
	})
}

func TestRestrictions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := "/desk/cases/" + w.ref
		typed := func(pairs ...string) string {
			v := url.Values{"kind": {"channel_limit"}, "target": {"account:acct-1042"}, "value": {"2"}, "hours": {"24"}, "reason": {"Still going on."}, "version": {"1"}}
			for i := 0; i+1 < len(pairs); i += 2 {
				v.Set(pairs[i], pairs[i+1])
			}
			return v.Encode()
		}
		blast := func(pairs ...string) request { return get("analyst", c+"/restrict/blast?"+typed(pairs...)) }
		w.run([]scenario{
			{name: "blast of nothing", request: get("analyst", c+"/restrict/blast"), status: 200, says: []string{"Choose what and whom"}, keeps: []string{"<html"}},
			{name: "blast of a suspension", request: blast("kind", "account_suspended"), status: 200, says: []string{"last 24 h", "49\u00a0calls", "An approver other than you must agree"}},
			{name: "blast of a limit", request: blast(), status: 200, says: []string{"0\u00a0calls", "One person is enough"}},
			{name: "blast of a word", request: blast("value", "two"), status: 200, says: []string{"in digits"}},
			{name: "blast on the holder", request: blast("target", "account:acct-2210"), status: 200, says: []string{"only holds the number"}},
			{name: "no limit", request: post("analyst", c+"/restrict", typed("value", "")), status: 422, says: []string{`id="restrict-value-error"`, "Still going on.", `id="restrict" aria-labelledby="restrict-title" data-shown`}},
			{name: "no reason", request: post("analyst", c+"/restrict", typed("reason", "")), status: 422, says: []string{`id="restrict-reason-error"`, `value="2"`}},
			{name: "too long", request: post("analyst", c+"/restrict", typed("hours", "99999999")), status: 422, says: []string{`id="restrict-hours-error"`}},
			{name: "a prefix that is none", request: post("analyst", c+"/restrict", typed("kind", "prefix_denied", "value", "252, somewhere")), status: 422, says: []string{"is not a prefix"}},
			{name: "a kind that cannot lie there", request: post("analyst", c+"/restrict", typed("kind", "caller_id_denied")), status: 422, says: []string{`id="restrict-kind-error"`}},
			{name: "an account that is none", request: post("analyst", c+"/restrict", typed("target", "account:nobody")), status: 422, says: []string{"There is no account", `id="restrict-target-error"`}},
			{name: "the holder of the number", request: post("analyst", c+"/restrict", typed("target", "account:acct-2210")), status: 409, says: []string{"only holds the number"}},
			{name: "as auditor", request: post("auditor", c+"/restrict", typed()), status: 403},
			{name: "one person's limit", request: post("analyst", c+"/restrict", typed("kind", "prefix_denied", "value", "+252, +261")), status: 303, location: c},
			{name: "on its way", request: get("analyst", c), status: 200, says: []string{"on its way to every switch", "Refuse calls to &#43;252, &#43;261"}},
			{name: "a suspension", request: post("analyst", c+"/restrict", typed("kind", "account_suspended", "value", "")), status: 303, location: c},
			{name: "waits", request: get("analyst", c), status: 200, says: []string{"an approver other than you must agree", "Waits for approval"}},
		})
		found, err := w.desk.Restrictions(t.Context(), w.staff["analyst"].Actor(), cases.RestrictionQuery{})
		w.must(err)
		suspension, limit := fmt.Sprintf("/desk/restrictions/%d", found.Items[0].ID), fmt.Sprintf("/desk/restrictions/%d", found.Items[1].ID)
		w.run([]scenario{
			{name: "the list", request: get("analyst", "/desk/restrictions"), status: 200, says: []string{"Refuse all outbound calls", w.ref, "Ms analyst"}},
			{name: "those that wait", request: get("analyst", "/desk/restrictions?view=waiting"), status: 200, says: []string{suspension}, keeps: []string{limit + `"`}},
			{name: "those of a case", request: get("analyst", "/desk/restrictions?q="+w.ref), status: 200, says: []string{suspension, limit}},
			{name: "those of another account", request: get("analyst", "/desk/restrictions?q=acct-2210"), status: 200, keeps: []string{suspension}},
			{name: "the proposal", request: get("analyst", suspension), status: 200, says: []string{"You proposed it", "Still going on."}, keeps: []string{suspension + "/approve"}},
			{name: "seen by an approver", request: get("approver", suspension), status: 200, says: []string{suspension + "/approve"}},
			{name: "seen by an auditor", request: get("auditor", suspension), status: 200, keeps: []string{suspension + "/approve", `data-opens="reject"`}},
			{name: "approved by who proposed it", request: post("analyst", suspension+"/approve", ""), status: 403},
			{name: "rejected without a reason", request: post("approver", suspension+"/reject", form("reason", "")), status: 422, says: []string{`id="reject-reason-error"`, `id="reject" aria-labelledby="reject-title" data-shown`}},
			{name: "approved", request: post("approver", suspension+"/approve", ""), status: 303, location: suspension},
			{name: "approved again", request: post("admin", suspension+"/approve", ""), status: 303, location: suspension},
			{name: "why not", request: get("admin", suspension), status: 200, says: []string{"only a proposed one can be approved"}},
		})
		w.must(w.keeper.Refresh(t.Context()))
		w.must(w.keeper.Refresh(t.Context()))
		w.run([]scenario{
			{name: "in force", request: get("approver", suspension), status: 200, says: []string{"Active", "web-1", "Holds it", "Ms approver", "Calls to emergency numbers pass"}},
			{name: "lifted without a reason", request: post("analyst", suspension+"/lift", form("reason", " ")), status: 422, says: []string{`id="lift-reason-error"`}},
			{name: "lifted", request: post("analyst", suspension+"/lift", form("reason", "It has stopped.")), status: 303, location: suspension},
			{name: "none", request: get("analyst", "/desk/restrictions/999"), status: 404},
			{name: "nonsense", request: get("analyst", "/desk/restrictions/x"), status: 404},
		})
	})
}

// An approver is not the second person of his own proposal either.
func TestApproverIsNotHisOwnSecond(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.propose("admin")
		path := fmt.Sprintf("/desk/restrictions/%d", r.ID)
		w.run([]scenario{
			{name: "on the page", request: get("admin", path), status: 200, says: []string{"You proposed it; another approver must decide."}, keeps: []string{path + "/approve"}},
			{name: "by hand", request: post("admin", path+"/approve", ""), status: 403, says: []string{"another than Ms admin"}},
			{name: "by key", request: request{method: "POST", path: fmt.Sprintf("/api/v1/restrictions/%d/approve", r.ID), key: "all"}, status: 403, says: []string{"another than"}},
			{name: "by somebody else", request: post("approver", path+"/approve", ""), status: 303},
		})
	})
}

func TestReportsAndRaw(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		report := fmt.Sprintf("/desk/reports/%d", w.report)
		v, err := w.desk.Report(t.Context(), w.staff["analyst"].Actor(), w.report)
		w.must(err)
		id, sum := v.Messages[0].ID, v.Messages[0].SHA256
		w.run([]scenario{
			{name: "the list", request: get("analyst", "/desk/reports"), status: 200, says: []string{report, w.ref, "Web form"}, keeps: []string{reporterHim}},
			{name: "of a channel", request: get("analyst", "/desk/reports?channel=email"), status: 200, keeps: []string{report}},
			{name: "of a number", request: get("analyst", "/desk/reports?q=%2B12025550143"), status: 200, says: []string{report}},
			{name: "of a case", request: get("analyst", "/desk/reports?case="+w.ref), status: 200, says: []string{report}},
			{name: "of a digest", request: get("analyst", "/desk/reports?q="+sum), status: 200, says: []string{report}},
			{name: "of a word", request: get("analyst", "/desk/reports?q=zebra"), status: 200, says: []string{"No reports here"}, keeps: []string{report}},
			{name: "the report", request: get("analyst", report), status: 200, says: []string{sum, "m…@example.com", report + "/reveal", "Number shown"}, keeps: []string{reporterHim, "Mara", "caller_number="}},
			{name: "its bytes", request: get("analyst", fmt.Sprintf("%s?message=%d", report, id)), status: 200, says: []string{"caller_number=%2B12025550143"}},
			{name: "the bytes of another report", request: get("analyst", report+"?message=99999"), status: 404},
			{name: "who reported", request: post("analyst", report+"/reveal", ""), status: 200, says: []string{reporterHim, "Mara Lindqvist"}},
			{name: "who reported, as auditor", request: post("auditor", report+"/reveal", ""), status: 403, keeps: []string{reporterHim}},
			{name: "afterwards", request: get("analyst", report), status: 200, keeps: []string{reporterHim}},
			{name: "no report", request: get("analyst", "/desk/reports/999"), status: 404},
		})
		rec := w.send(get("analyst", fmt.Sprintf("/desk/messages/%d", id)))
		h := rec.Header()
		if rec.Code != 200 || !strings.HasPrefix(h.Get("Content-Type"), "text/plain") || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") ||
			h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || int64(rec.Body.Len()) != v.Messages[0].Size {
			t.Errorf("raw: %d %v, %d bytes", rec.Code, h, rec.Body.Len())
		}
		events, err := w.desk.Events(t.Context(), w.staff["analyst"].Actor(), cases.EventQuery{ObjectKind: "report"})
		w.must(err)
		logged := map[string]int{}
		for _, e := range events.Items {
			logged[e.Command]++
		}
		if logged[string(cases.CmdReadRaw)] != 2 || logged[string(cases.CmdRevealReporter)] != 1 {
			t.Errorf("logged %v", logged)
		}
	})
}

func TestReadable(t *testing.T) {
	for raw, want := range map[string]string{
		"a\r\nb\tc": "a\nb\tc", "\x00\x1b[31m": "\ufffd\ufffd[31m", "\xff\xfe": "\ufffd", "abc\u202ecba": "abc\ufffdcba", "": "",
	} {
		if got := readable([]byte(raw)); got != want {
			t.Errorf("%q reads %q, want %q", raw, got, want)
		}
	}
}

func TestCarrierPages(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.run([]scenario{
			{name: "numbers", request: get("analyst", "/desk/numbers"), status: 200, says: []string{"/desk/numbers/&#43;12025550143", "Harbor Clinic"}},
			{name: "a number in any way of writing", request: get("analyst", "/desk/numbers?q=(202)+555-0143"), status: 303, location: "/desk/numbers/+12025550143"},
			{name: "what is no number", request: get("analyst", "/desk/numbers?q=hello"), status: 200, says: []string{`role="alert"`, `value="hello"`}},
			{name: "a number", request: get("analyst", "/desk/numbers/+12025550143"), status: 200, says: []string{"acct-2210", "assignment", w.ref, "Calls by hour", "Being its holder is no evidence"}},
			{name: "a number of others", request: get("analyst", "/desk/numbers/+4930901820"), status: 200, says: []string{"Nobody of ours"}},
			{name: "no number", request: get("analyst", "/desk/numbers/hello"), status: 404},
			{name: "accounts", request: get("analyst", "/desk/accounts?q=acme"), status: 200, says: []string{"/desk/accounts/acct-1042"}, keeps: []string{"Harbor"}},
			{name: "an account", request: get("analyst", "/desk/accounts/acct-1042"), status: 200, says: []string{"Acme Dialers", "/desk/accounts/northtel", "Calls by hour", "192.0.2.10", w.ref, "records complete"}},
			{name: "a reseller", request: get("analyst", "/desk/accounts/northtel"), status: 200, says: []string{"/desk/accounts/acct-1042"}},
			{name: "no account", request: get("analyst", "/desk/accounts/nobody"), status: 404},
		})
	})
}

func TestOperationsAndSendings(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.run([]scenario{
			{name: "sendings", request: get("analyst", "/desk/sendings"), status: 200, says: []string{"Acknowledgement", "No mail server is configured", "m…@example.com", w.ref}, keeps: []string{reporterHim}},
			{name: "unknown ones", request: get("analyst", "/desk/sendings?view=unknown"), status: 200, says: []string{"Nothing has been sent yet"}},
			{name: "decide what is not unknown", request: post("analyst", "/desk/sendings/1/resolve", form("outcome", "delivered")), status: 303, location: "/desk/sendings"},
			{name: "why not", request: get("analyst", "/desk/sendings"), status: 200, says: []string{"only one whose outcome is unknown"}},
			{name: "decide nonsense", request: post("analyst", "/desk/sendings/1/resolve", form("outcome", "maybe")), status: 422, says: []string{"outcome"}},
			{name: "decide as auditor", request: post("auditor", "/desk/sendings/1/resolve", form("outcome", "delivered")), status: 403},
			{name: "operations", request: get("analyst", "/desk/operations"), status: 200, says: []string{"web-1", "Audit log sealed", "Calls of sbc"}},
			{name: "retry nothing", request: post("analyst", "/desk/operations/jobs/99999/retry", ""), status: 404},
			{name: "retry as auditor", request: post("auditor", "/desk/operations/jobs/1/retry", ""), status: 403},
			{name: "style guide", request: get("analyst", "/desk/styleguide"), status: 200},
		})
		// A sending whose end nobody saw is decided by looking.
		ctx := t.Context()
		at, err := w.sendUnknown()
		w.must(err)
		path := fmt.Sprintf("/desk/sendings/%d/resolve", at)
		w.run([]scenario{
			{name: "shown on top", request: get("analyst", "/desk/sendings"), status: 200, says: []string{"Nobody saw how these ended", path, "Message-ID"}},
			{name: "the rail counts it", request: get("approver", "/desk/numbers"), status: 200, says: []string{`<span class="count is-doubt">1</span>`}},
			{name: "it arrived", request: post("analyst", path, form("outcome", "delivered")), status: 303},
			{name: "noted", request: get("analyst", "/desk/sendings"), status: 200, says: []string{"Noted: it arrived."}, keeps: []string{path}},
		})
		x, err := w.store.Sending(ctx, at)
		w.must(err)
		if x.State != cases.SendingSent {
			t.Errorf("the sending is %s", x.State)
		}
	})
}

// silence is a mail server that takes a mail and never says so.
type silence struct{}

func (silence) From() string { return "abuse@northtel.example" }
func (silence) Send(context.Context, cases.Letter) (cases.Outcome, error) {
	return cases.Outcome{}, errors.New("the connection broke after the message was sent")
}

// sendUnknown makes a sending whose end nobody saw.
func (w *world) sendUnknown() (int64, error) {
	ctx, c := w.t.Context(), w.desk.Config
	c.Mailer = silence{}
	d := desk.New(c)
	body := form("category", "scam", "description", "x", "reporter_email", "jo@example.org")
	if _, err := d.Submit(ctx, cases.Delivery{Channel: cases.ChannelWeb, DedupKey: "nonce:jo", Body: strings.NewReader(body), Size: int64(len(body)),
		Meta: cases.Meta{ContentType: "application/x-www-form-urlencoded"}}); err != nil {
		return 0, err
	}
	planned, err := d.Sendings(ctx, w.staff["analyst"].Actor(), cases.SendingPlanned, "", 1)
	if err != nil || len(planned.Items) != 1 {
		return 0, fmt.Errorf("%d sendings are planned: %w", len(planned.Items), err)
	}
	// The counts of the rail are some seconds old at most.
	w.now = w.now.Add(countsFor)
	return planned.Items[0].ID, d.Tell(ctx, cases.Attempt{}, planned.Items[0].ID)
}
