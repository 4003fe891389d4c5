package web

import (
	"encoding/csv"
	"strconv"
	"strings"
	"testing"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

// The pack of a request: seen, downloaded, held back, reviewed, sent, and its receipt.
func TestPackInTheConsole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ref := w.asked(t)
		c := "/desk/cases/" + ref
		w.must(w.store.ImportKYC(t.Context(), cases.System("import"), w.now, []cases.KYC{{AccountID: "acct-1042", LegalName: "Acme Dialers LLC", Address: "1 Main Street"}}, nil))
		id, err := cases.ParseCaseRef(ref)
		w.must(err)
		secret := []string{"Acme Dialers LLC", "Main Street", "trace@itg.example"}
		w.run([]scenario{
			{name: "not built yet", request: get("analyst", c+"/pack"), status: 200, says: []string{"No pack was built yet", "Build it now"}, keeps: []string{"pack/as/", "Send the answer"}},
			{name: "nothing to download", request: get("analyst", c+"/pack/as/json"), status: 404},
			{name: "an auditor builds none", request: post("auditor", c+"/pack/build", form()), status: 403},
			{name: "built", request: post("analyst", c+"/pack/build", form()), status: 303, location: c + "/pack"},
			{name: "pack", request: get("analyst", c+"/pack"), status: 200, says: []string{"complete", "not verified", "Answer due", "TB-20455", "acct-1042", "Nothing is answered before the requester is verified",
				"withheld: it needs a recorded legal review (the customer’s name, address and contact)", "not in our records: no such call is among them", "ingress", "pack/as/csv?report=", "data-print", "25 Nov"}, keeps: append(secret, `id="send-pack"`, `id="review-pack"`)},
			{name: "no such request", request: get("analyst", c+"/pack?report=999"), status: 422},
			{name: "no such format", request: get("analyst", c+"/pack/as/pdf"), status: 404},
			{name: "JSON", request: get("analyst", c+"/pack/as/json"), status: 200, says: []string{`"format": "abusedesk traceback pack 1"`, `"complete": true`}, keeps: secret},
			{name: "an analyst reviews nothing", request: post("analyst", c+"/pack/review", form("report", "0", "reviewer", "Counsel", "reviewed_at", "2026-11-23", "basis", "x", "covers", "customer")), status: 403},
			{name: "an empty review", request: post("approver", c+"/pack/review", form("report", "0")), status: 422, says: []string{`id="review-pack-reviewer-error"`, `id="review-pack-basis-error"`, `id="review-pack-reviewed_at-error"`, `id="review-pack-covers-error"`, "data-shown"}},
			{name: "sent before he is verified", request: post("analyst", c+"/pack/send", form("report", "0", "version", "1", "pack", "1")), status: 409},
			{name: "verified", request: post("analyst", c+"/requester/verify", form("report", "0", "how", "Called back.")), status: 303},
			{name: "reviewed", request: post("approver", c+"/pack/review", form("report", "0", "reviewer", "M. Roe, counsel", "reviewed_at", "2026-11-23", "basis", "Subpoena 24-1133", "covers", "customer")), status: 303, location: c + "/pack"},
			{name: "after the review", request: get("approver", c+"/pack"), status: 200, says: []string{"Acme Dialers LLC", "1 Main Street", "Subpoena 24-1133", "recorded by Ms approver"}, keeps: []string{"trace@itg.example"}},
		})
		v, err := w.desk.Pack(t.Context(), w.staff["analyst"].Actor(), ref, deskAny)
		w.must(err)
		rows, err := csv.NewReader(strings.NewReader(w.send(get("analyst", c+"/pack/as/csv")).Body.String())).ReadAll()
		w.must(err)
		if len(rows) != 3 || len(rows[0]) != len(cases.PackFields())+3 {
			t.Fatalf("%d rows of %d", len(rows), len(rows[0]))
		}
		w.withMail()
		x, err := w.store.Case(t.Context(), id)
		w.must(err)
		w.run([]scenario{
			{name: "what will be sent", request: get("analyst", c+"/pack"), status: 200, says: []string{`id="send-pack"`, "Our answer to your traceback request TB-20455", "traceback-" + ref + "-1.csv"}},
			{name: "another version", request: post("analyst", c+"/pack/send", form("report", "0", "version", itoa(x.Version), "pack", "7")), status: 409, says: []string{"built anew"}},
			{name: "sent", request: post("analyst", c+"/pack/send", form("report", itoa(v.For.Report), "version", itoa(x.Version), "pack", "1", "note", "With regards.")), status: 303, location: c + "/pack"},
			{name: "no receipt yet", request: get("analyst", c+"/pack"), status: 200, says: []string{"No receipt yet.", "Message-ID"}},
		})
		answers, err := w.store.PackAnswers(t.Context(), id)
		w.must(err)
		w.run([]scenario{
			{name: "what was sent", request: get("auditor", c+"/pack/sent/"+answers[0].Digest), status: 200, says: []string{"With regards.", "===== traceback-" + ref + "-1.json =====", "1 Main Street"}},
			{name: "what was not", request: get("auditor", c+"/pack/sent/abc"), status: 404},
			{name: "of a case that nobody asked about", request: get("analyst", "/desk/cases/"+w.ref+"/pack"), status: 200, says: []string{"No pack was built yet"}},
			{name: "API", request: call("GET", "/api/v1/cases/"+ref+"/traceback-pack", "read", ""), status: 200, says: []string{`"legal_reviews":[1]`}},
			{name: "API, none", request: call("GET", "/api/v1/cases/"+w.ref+"/traceback-pack", "read", ""), status: 404},
		})
		w.must(w.desk.BuildPack(t.Context(), cases.Attempt{}, 1))
		w.run([]scenario{
			{name: "another carrier", request: get("analyst", "/desk/cases/"+w.ref+"/pack?for=carrier"), status: 200, says: []string{"nobody has asked yet", "a customer of ours (withheld)"}, keeps: []string{"acct-1042", `id="send-pack"`}},
			{name: "the consortium", request: get("analyst", "/desk/cases/"+w.ref+"/pack"), status: 200, says: []string{"acct-1042"}},
			{name: "nobody", request: get("analyst", "/desk/cases/"+w.ref+"/pack?for=aunt"), status: 422},
		})
	})
}

var deskAny = desk.PackFor{}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
