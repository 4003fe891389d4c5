package web

import (
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

// asked files a traceback request by mail, for one call that we carried and
// one that we did not, looks it up and returns its case.
func (w *world) asked(t *testing.T) string {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	w.must(err)
	w.desk.Office = cases.Office{Zone: zone}
	text := "Traceback request, traceback ID: TB-20455.\nCampaign: SSA impersonation\n\nCalling number | Called number | Date/Time\n" +
		shown + " | " + called + " | 2026-11-24 10:00 UTC\n" + shown + " | +13035550199 | 2026-11-23 10:00 UTC\n"
	raw := "From: Trace Desk <trace@itg.example>\nTo: abuse@carrier.example\nSubject: Traceback request TB-20455\nMessage-ID: <tb1@itg.example>\nDate: Tue, 24 Nov 2026 11:59:00 +0000\n\n" + text
	rs, err := w.desk.Accept(t.Context(), []cases.Delivery{{Channel: cases.ChannelEmail, Source: "abuse", Body: strings.NewReader(raw), Size: int64(len(raw)), Meta: cases.Meta{Region: "US"}}})
	w.must(err)
	filed, err := w.desk.File(t.Context(), desk.Unfiled{MessageID: rs[0].MessageID})
	w.must(err)
	f := filed[0]
	w.must(w.desk.Enrich(t.Context(), cases.Attempt{}, f.ReportID))
	w.must(w.desk.Assess(t.Context(), cases.Attempt{}, f.CaseID))
	return f.CaseRef
}

func TestTracebackInTheConsole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ref := w.asked(t)
		c := "/desk/cases/" + ref
		w.run([]scenario{
			{name: "queue", request: get("analyst", "/desk/queue"), status: 200, says: []string{ref, w.ref, "Traceback request", "TB-20455", "traceback answer", "not verified", "25"}},
			{name: "queue of tracebacks", request: get("analyst", "/desk/queue?view=tracebacks"), status: 200, says: []string{ref, "Traceback request"}, keeps: []string{w.ref}},
			{name: "case", request: get("analyst", c), status: 200, says: []string{"Answer due", "counts from Tuesday, 24 November, 08:00 EST", "Nothing is answered before the requester is verified", "t…@itg.example", "Not verified", "not on the list", "DKIM", "DMARC",
				"no requesters are configured", "TB-20455", "SSA impersonation", "Not found in the request: upstream provider, IP addresses", "Acme Dialers", "not carried by us", "We carried this call.", "Not in our records.", `id="verify"`, `id="refuse"`, "Related:"},
				keeps: []string{"trace@itg.example", `id="answer"`, `id="ask"`, "Merge into it"}},
			{name: "an abuse case has none of it", request: get("analyst", "/desk/cases/"+w.ref), status: 200, says: []string{"Related:", ref}, keeps: []string{`id="traceback"`, `id="verify"`, "Merge into it"}},
			{name: "auditor", request: get("auditor", c), status: 200, says: []string{"Who asks"}, keeps: []string{`id="verify"`, `id="refuse"`, `id="answer"`, `id="undo-requester"`}},
			{name: "asked before", request: post("analyst", c+"/ask", form("report", "0", "text", "Who are you?")), status: 409},
			{name: "answered before", request: post("analyst", c+"/answer", form("report", "0", "version", "1", "text", "Acme")), status: 409},
			{name: "verified without a word", request: post("analyst", c+"/requester/verify", form("report", "0", "how", " ")), status: 422, says: []string{"ay how you checked", `id="verify-how-error"`}},
			{name: "by an auditor", request: post("auditor", c+"/requester/verify", form("how", "I believe it")), status: 403},
			{name: "of another case", request: post("analyst", "/desk/cases/"+w.ref+"/requester/verify", form("how", "x")), status: 303},
			{name: "verified", request: post("analyst", c+"/requester/verify", form("report", "0", "how", "Called back on the number of their site.")), status: 303, location: c},
			{name: "case, verified", request: get("analyst", c), status: 200, says: []string{"The requester is verified", "Called back on the number of their site.", "Ms analyst", `id="answer"`, `id="undo-requester"`, "verified who asks"}, keeps: []string{"Nothing is answered before", "trace@itg.example"}},
			{name: "an empty answer", request: post("analyst", c+"/answer", form("report", "0", "version", "999", "text", "x")), status: 409},
			{name: "taken back without a word", request: post("analyst", c+"/requester/undo", form("report", "0")), status: 422, says: []string{`id="undo-requester-reason-error"`}},
			{name: "taken back", request: post("analyst", c+"/requester/undo", form("report", "0", "reason", "Wrong number.")), status: 303, location: c},
			{name: "refused as what it cannot be", request: post("analyst", c+"/requester/refuse", form("report", "0", "disposition", "upheld", "reason", "x")), status: 422},
			{name: "refused", request: post("analyst", c+"/requester/refuse", form("report", "0", "disposition", "malicious_report", "reason", "Forged.")), status: 303, location: c},
			{name: "case, refused", request: get("analyst", c), status: 200, says: []string{"Refused", "False report", `id="undo-requester"`}, keeps: []string{`id="verify"`, `id="answer"`}},
		})
	})
}

func TestTracebackByAPI(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ref := w.asked(t)
		c := "/api/v1/cases/" + ref
		send := func(path, key, body string) request {
			return request{method: "POST", path: c + path, key: key, body: body, contentType: "application/json"}
		}
		w.run([]scenario{
			{name: "list", request: request{method: "GET", path: "/api/v1/cases?kind=traceback", key: "read"}, status: 200, says: []string{ref, `"kind":"traceback"`, `"due_at":"2026-11-25T13:00:00Z"`}, keeps: []string{`"ref":"` + w.ref}},
			{name: "list of abuse", request: request{method: "GET", path: "/api/v1/cases?kind=abuse", key: "read"}, status: 200, says: []string{w.ref}, keeps: []string{`"ref":"` + ref}},
			{name: "no such kind", request: request{method: "GET", path: "/api/v1/cases?kind=parking", key: "read"}, status: 422, says: []string{"kind"}},
			{name: "case", request: request{method: "GET", path: c, key: "read"}, status: 200, says: []string{`"reference":"TB-20455"`, `"state":"unverified"`, `"verdict":"confirmed"`, `"verdict":"not_seen"`, "We carried this call.", `"counts_from":"2026-11-24T13:00:00Z"`}, keeps: []string{"trace@itg.example"}},
			{name: "an abuse case", request: request{method: "GET", path: "/api/v1/cases/" + w.ref, key: "read"}, status: 200, says: []string{`"kind":"abuse"`}, keeps: []string{`"traceback":{`}},
			{name: "answered before", request: send("/answer", "cases", `{"text":"Acme"}`), status: 409, says: []string{"before the requester is verified"}},
			{name: "asked before", request: send("/questions", "cases", `{"text":"Who?"}`), status: 409},
			{name: "reading is not verifying", request: send("/requester/verify", "read", `{"how":"x"}`), status: 403},
			{name: "verified without a word", request: send("/requester/verify", "cases", `{"how":""}`), status: 422, says: []string{"how"}},
			{name: "verified", request: send("/requester/verify", "cases", `{"how":"Called back."}`), status: 200, says: []string{`"requester":"unverified"`}},
			{name: "twice", request: send("/requester/verify", "cases", `{"how":"Called back."}`), status: 409},
			{name: "undone", request: send("/requester/undo", "cases", `{"reason":"Wrong number."}`), status: 200},
			{name: "refused", request: send("/requester/refuse", "cases", `{"disposition":"insufficient","reason":"Nobody answers."}`), status: 200, says: []string{`"state":"resolved"`}},
			{name: "of an abuse case", request: request{method: "POST", path: "/api/v1/cases/" + w.ref + "/answer", key: "cases", body: `{"text":"x"}`, contentType: "application/json"}, status: 409, says: []string{"no traceback case"}},
		})
	})
}
