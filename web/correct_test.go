package web

import (
	"fmt"
	"testing"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/storetest"
)

func TestCorrectReport(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c, report := "/desk/cases/"+w.ref, fmt.Sprint(w.report)
		fix := func(field, number, value string) string {
			return form("report", report, "field", field, "number", number, "value", value)
		}
		api := func(report, field, value string) string {
			return fmt.Sprintf(`{"report":%s,"field":"%s","value":"%s"}`, report, field, value)
		}
		w.run([]scenario{
			{name: "what can be chosen", request: get("analyst", c), status: 200, says: []string{`action="` + c + `/correct"`, `<input type="hidden" name="number" value="&#43;12025550143">`, "It is no number of this call", "threat to life"}},
			{name: "an auditor only reads", request: get("auditor", c), status: 200, says: []string{"<mark title="}, keeps: []string{"/correct", `id="correct"`}},
			{name: "by an auditor", request: post("auditor", c+"/correct", fix("number", "+12025550143", "callback")), status: 403},
			{name: "in one click", request: post("analyst", c+"/correct", fix("number", "+12025550143", "callback")), status: 303, location: c},
			{name: "done", request: get("analyst", c), status: 200, says: []string{"Corrected. The report is checked anew.", "number to call back", "corrected report " + report}},
			{name: "the same again", request: post("analyst", c+"/correct", fix("number", "+12025550143", "callback")), status: 303, location: c},
			{name: "says so", request: get("analyst", c), status: 200, says: []string{"This is what the report says already"}},
			{name: "a value that is none", request: post("analyst", c+"/correct", fix("money_lost", "", "<b>lots</b>")), status: 422, says: []string{`id="correct" aria-labelledby="correct-title" data-shown`, `id="correct-value-error"`, "&lt;b&gt;lots", `name="report" value="` + report + `"`}},
			{name: "a number that is none", request: post("analyst", c+"/correct", fix("number", "banana", "caller")), status: 422, says: []string{`id="correct-number-error"`}},
			{name: "a report that is none", request: post("analyst", c+"/correct", form("report", "x", "field", "lane", "value", "")), status: 404},
			{name: "by a key", request: call("POST", "/api/v1/cases/"+w.ref+"/corrections", "cases", api(report, "category", "scam")), status: 200},
			{name: "by a key that may only read", request: call("POST", "/api/v1/cases/"+w.ref+"/corrections", "read", api(report, "category", "other")), status: 403},
			{name: "a field that is none", request: call("POST", "/api/v1/cases/"+w.ref+"/corrections", "cases", api(report, "colour", "red")), status: 422, says: []string{"must be one of: number, category"}},
			{name: "no report of the case", request: call("POST", "/api/v1/cases/"+w.ref+"/corrections", "cases", api("999", "category", "scam")), status: 404},
			{name: "the report", request: get("analyst", "/desk/reports/"+report), status: 200, says: []string{"Scam"}},
		})
	})
}

// What an open page asks for by itself keeps no session alive.
func TestPollsDoNotProlongASession(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	for path, prolongs := range map[string]bool{"/desk/queue": true, "/desk/urgent": false, "/desk/queue/new?since=0": false} {
		rec := w.send(get("analyst", path))
		if got := rec.Header().Get("Set-Cookie") != ""; rec.Code != 200 || got != prolongs {
			t.Errorf("%s: %d, prolongs the session: %v", path, rec.Code, got)
		}
	}
	if rec := w.send(get("", "/desk/urgent")); rec.Code == 200 {
		t.Error("a poll without a session was answered")
	}
}

// Nothing that is shown has a name of the program's for want of a word.
func TestEveryKindHasAWord(t *testing.T) {
	for _, k := range []cases.SendingKind{cases.SendingAcknowledgement, cases.SendingQuestion, cases.SendingOutcome, cases.SendingReferral, cases.SendingAlert, cases.SendingForward, cases.SendingTraceback} {
		if word := sendingWord(k); word == string(k) {
			t.Errorf("sending %s", k)
		}
	}
	for _, k := range []cases.JobKind{cases.JobFile, cases.JobEnrich, cases.JobAssess, cases.JobTell, cases.JobAlert, cases.JobUrgent, cases.JobCampaigns, cases.JobPack, cases.JobMailbox} {
		if word := jobWord(k); word == string(k) {
			t.Errorf("job %s", k)
		}
	}
	for kind, want := range map[cases.SendingKind]string{cases.SendingReferral: "a referral", cases.SendingAlert: "an alert", cases.SendingForward: "a forwarded text message", cases.SendingQuestion: "a question", cases.SendingOutcome: "an outcome"} {
		if got := article(string(kind)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for _, k := range cases.CorrectableKinds() {
		if fieldWord(k) == "" || fixOf(cases.ReportView{}, k, "", "x") == nil {
			t.Errorf("%s cannot be corrected", k)
		}
	}
	if fixOf(cases.ReportView{}, cases.ExtractTraceback+".ips", "", "192.0.2.1") != nil {
		t.Error("a correction is offered that is always refused")
	}
}
