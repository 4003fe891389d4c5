package web

import (
	"fmt"
	"testing"
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
