package web

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

const script = "This is the legal department of the social security administration. Your number has been suspended because of suspicious activity in the state of Texas."

// said files a report of a script from a number and places it.
func (w *world) said(caller, text string) cases.Filed {
	w.t.Helper()
	ctx := w.t.Context()
	body := url.Values{"category": {"robocall"}, "caller_number": {caller}, "description": {text}}.Encode()
	sub, err := w.desk.Submit(ctx, cases.Delivery{Channel: cases.ChannelWeb, DedupKey: caller, Body: strings.NewReader(body), Size: int64(len(body)),
		Meta: cases.Meta{ContentType: "application/x-www-form-urlencoded", Region: "US"}})
	w.must(err)
	w.must(w.desk.PlaceScripts(ctx, cases.Attempt{}))
	w.must(w.desk.Assess(ctx, cases.Attempt{}, sub.Filed.CaseID))
	return *sub.Filed
}

func TestCampaigns(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.run([]scenario{
			{name: "none yet", request: get("auditor", "/desk/campaigns"), status: 200, says: []string{"No campaigns yet", `href="/desk/campaigns" aria-current="page"`}},
			{name: "nor by the API", request: call("GET", "/api/v1/campaigns", "read", ""), status: 200, says: []string{`{"items":[]}`}},
		})
		one := w.said("+12025550171", "<i>I heard</i>: "+script)
		two := w.said("+12025550172", script+" Press 1 <script>alert(2)</script>")
		w.must(w.desk.Assess(t.Context(), cases.Attempt{}, one.CaseID))
		_, err := w.desk.Resolve(t.Context(), w.staff["analyst"].Actor(), two.CaseRef, desk.Judgement{Disposition: cases.DispositionInsufficient, Reason: "x"})
		w.must(err)
		page, api := fmt.Sprint("/desk/campaigns/", one.ReportID), fmt.Sprint("/api/v1/campaigns/", one.ReportID)
		w.run([]scenario{
			{name: "the list", request: get("auditor", "/desk/campaigns"), status: 200, says: []string{page, "1 open, 1 resolved", "&lt;i&gt;I heard"}, keeps: []string{"<i>I heard", "alert(2)"}},
			{name: "a cursor that is none", request: get("analyst", "/desk/campaigns?cursor=x"), status: 422},
			{name: "the campaign", request: get("auditor", page), status: 200, says: []string{one.CaseRef, two.CaseRef, "the wording above", "85 %", "Not enough to tell", `<mark title="in most cases">`, "legal department",
				"+1 202 555 0171", "+1 202 555 0172", "shown", "No call of it is matched", "Reports over time"}, keeps: []string{"<script>alert", "<i>I heard"}},
			{name: "the case", request: get("auditor", "/desk/cases/"+one.CaseRef), status: 200, says: []string{`id="campaign"`, "Same script as " + two.CaseRef + ", 85 %", page, "The same script is told in 1",
				"+1 202 555 0172", "Not enough to tell", "same script as 1 other case", "found another case with the same script"}},
			{name: "the other case", request: get("analyst", "/desk/cases/"+two.CaseRef), status: 200, says: []string{page, "same script as " + one.CaseRef + ", 85 %", fmt.Sprint("found report ", two.ReportID)}},
			{name: "a case of another script", request: get("analyst", "/desk/cases/"+w.ref), status: 200, keeps: []string{`id="campaign"`, page}},
			{name: "no campaign", request: get("analyst", "/desk/campaigns/999"), status: 404},
			{name: "a report that began none", request: get("analyst", fmt.Sprint("/desk/campaigns/", two.ReportID)), status: 404},
			{name: "nonsense", request: get("analyst", "/desk/campaigns/x"), status: 404},
			{name: "the API's list", request: call("GET", "/api/v1/campaigns", "read", ""), status: 200, says: []string{fmt.Sprintf(`"id":%d`, one.ReportID), `"cases":2`, `"reports":2`, `"numbers":2`, `"open":1`, `"resolved":1`}},
			{name: "the API's campaign", request: call("GET", api, "read", ""), status: 200, says: []string{one.CaseRef, two.CaseRef, `"likeness":0.85`, `"common":true`, `"dispositions":{"insufficient":1}`, `"account_list":[]`}, keeps: []string{":null"}},
			{name: "the API's case", request: call("GET", "/api/v1/cases/"+two.CaseRef, "read", ""), status: 200, says: []string{fmt.Sprintf(`"campaigns":[{"id":%d,"cases":2,"reports":2,"others":[{"ref":%q`, one.ReportID, one.CaseRef), `"script_cases":1`}},
			{name: "the API's case without one", request: call("GET", "/api/v1/cases/"+w.ref, "read", ""), status: 200, says: []string{`"campaigns":[]`}},
			{name: "no campaign by the API", request: call("GET", "/api/v1/campaigns/999", "read", ""), status: 404, says: []string{`"status":404`}},
			{name: "a key that may not read", request: call("GET", api, "policy", ""), status: 403},
		})
		// Two campaigns turn out to be one: what led to the younger leads to the older.
		const sequel = "Before we file a case against you talk to our officer at the federal building, who can explain how the matter is settled without a warrant."
		younger := w.said("+12025550173", sequel)
		w.said("+12025550174", sequel)
		w.said("+12025550175", script+" "+sequel)
		w.run([]scenario{
			{name: "the case, of which others know nothing", request: get("analyst", "/desk/cases/"+one.CaseRef), status: 200, says: []string{"through other wordings", "The whole campaign"}},
			{name: "the old address", request: get("analyst", fmt.Sprint("/desk/campaigns/", younger.ReportID)), status: 303, location: page},
			{name: "the old address of the API", request: call("GET", fmt.Sprint("/api/v1/campaigns/", younger.ReportID), "read", ""), status: 200, says: []string{fmt.Sprintf(`"id":%d`, one.ReportID), `"cases":5`}},
			{name: "all of it", request: get("analyst", page), status: 200, says: []string{younger.CaseRef, "officer at the federal building"}},
		})
	})
}

// Times are counted in the reader's days, all of them.
func TestBins(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2026, 11, 24, 12, 30, 0, 0, time.UTC)
	for _, span := range []time.Duration{0, time.Minute, 5 * time.Hour, 20 * time.Hour, 3 * 24 * time.Hour, 40 * 24 * time.Hour, 150 * 24 * time.Hour, 600 * 24 * time.Hour, 9 * 365 * 24 * time.Hour} {
		times := []time.Time{end, end, end.Add(-span / 3), end.Add(-span)}
		n := 0
		got := bins(times, berlin)
		for _, b := range got {
			n += b.Count
		}
		if n != len(times) || len(got) > mostBins+1 && span < 2*365*24*time.Hour || got[0].Count == 0 || got[len(got)-1].Count == 0 {
			t.Errorf("%v: %v", span, got)
		}
	}
	if got := bins([]time.Time{end}, berlin); got[0].Label != "13:00" {
		t.Errorf("%v", got)
	}
}
