package web

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/abusedesk/abusedesk/cases"
)

// files brings a JSON report, checks it and assesses its case.
func (w *world) files(body string) *cases.Filed {
	w.t.Helper()
	sub, err := w.desk.Submit(w.t.Context(), cases.Delivery{Channel: cases.ChannelAPI, Body: strings.NewReader(body), Size: int64(len(body)),
		Meta: cases.Meta{ContentType: "application/json", Region: "US"}})
	w.must(err)
	w.works()
	return sub.Filed
}

// works does what is due, as workers would.
func (w *world) works() {
	w.t.Helper()
	ctx := w.t.Context()
	for {
		var jobs []cases.Job
		_, err := w.store.RelayJobs(ctx, w.now.Add(cases.AssessDelay), 500, func(_ context.Context, due []cases.Job) error { jobs = due; return nil })
		w.must(err)
		if len(jobs) == 0 {
			return
		}
		for _, j := range jobs {
			claimed, err := w.store.ClaimJobs(ctx, w.now, []int64{j.ID})
			w.must(err)
			switch j.Kind {
			case cases.JobEnrich:
				err = w.desk.Enrich(ctx, claimed[0].AttemptAt(), j.ObjectID)
			case cases.JobAssess, cases.JobUrgent:
				err = w.desk.Assess(ctx, claimed[0].AttemptAt(), j.ObjectID)
			}
			w.must(err)
		}
	}
}

// An urgent case is announced on every page until somebody takes it, and stands
// first whatever its points.
func TestUrgentOnEveryPage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := w.files(`{"category": "harassment", "caller_number": "+13105550144", "description": "He said he will kill me and my family tonight."}`)
		c := "/desk/cases/" + f.CaseRef
		const waits = "1 urgent case waits"
		var pages []scenario
		for _, path := range []string{"/desk/queue", "/desk/restrictions", "/desk/reports", "/desk/numbers", "/desk/accounts", "/desk/sendings", "/desk/operations", "/desk/cases/" + w.ref} {
			pages = append(pages, scenario{name: path, request: get("auditor", path), status: 200, says: []string{waits, `href="` + c + `"`, "life is threatened"}})
		}
		w.run(append(pages,
			scenario{name: "live", request: get("analyst", "/desk/urgent"), status: 200, says: []string{waits}, keeps: []string{"<html"}},
			scenario{name: "the public", request: get("", "/"), status: 200, keeps: []string{waits}},
			scenario{name: "its lane", request: get("analyst", c), status: 200, says: []string{"threat to life"}},
			scenario{name: "urgent only", request: get("analyst", "/desk/queue?view=urgent"), status: 200, says: []string{f.CaseRef, "threat to life"}, keeps: []string{w.ref}},
		))
		rec := w.send(get("analyst", "/desk/queue"))
		if a, b := strings.Index(rec.Body.String(), `value="`+f.CaseRef), strings.Index(rec.Body.String(), `value="`+w.ref); a < 0 || b < a {
			t.Errorf("the urgent case is at %d, the other at %d", a, b)
		}
		w.run([]scenario{
			{name: "api", request: request{method: "GET", path: "/api/v1/cases?urgent=true", key: "read"}, status: 200, says: []string{`"lane":"threat_to_life"`, `"called_corroborated":0`}, keeps: []string{w.ref}},
			{name: "api, the other case", request: request{method: "GET", path: "/api/v1/cases/" + w.ref, key: "read"}, status: 200, says: []string{`"called_corroborated":1`, `"reports":1`}},
			{name: "the other case", request: get("analyst", "/desk/cases/"+w.ref), status: 200, says: []string{"1\u00a0report, 1\u00a0called number corroborated"}},
			{name: "claim", request: post("analyst", c+"/claim", form("version", "0")), status: 303},
			{name: "taken", request: get("analyst", "/desk/urgent"), status: 200, keeps: []string{"urgent"}},
			{name: "taken, a page", request: get("analyst", "/desk/queue"), status: 200, keeps: []string{waits}},
		})
	})
}

// What is another carrier's is proposed with one click, and the reporter reads
// who answers for the number on his page.
func TestReferOnCasePage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.desk.AskReferrals = true
		w.must(w.desk.ImportCarriers(t.Context(), cases.System("import"), []cases.CarrierPrefix{{Prefix: "1310", Carrier: "Pacific Voice", AbuseContact: "abuse@pacific.example"}}))
		f := w.files(`{"category": "robocall", "caller_number": "+13105550123", "called_number": "+16175550119", "occurred_at": "2026-11-23T10:00:00Z"}`)
		texts := w.files(`{"category": "text_spam", "caller_number": "+18005550123", "description": "Your parcel waits"}`)
		dossier, err := w.desk.Dossier(t.Context(), w.staff["analyst"].Actor(), f.CaseRef)
		w.must(err)
		c := "/desk/cases/" + f.CaseRef
		w.run([]scenario{
			{name: "proposed", request: get("analyst", c), status: 200, says: []string{"Another carrier’s, it seems", "have none of the reported calls", "Refer the reporters and resolve", "Pacific Voice", "abuse@pacific.example"}},
			{name: "an auditor reads it", request: get("auditor", c), status: 200, says: []string{"Another carrier’s, it seems"}, keeps: []string{"Refer the reporters and resolve"}},
			{name: "one of ours is not", request: get("analyst", "/desk/cases/"+w.ref), status: 200, keeps: []string{"Another carrier’s", "Responsible carrier"}},
			{name: "nor can it be", request: post("analyst", "/desk/cases/"+w.ref+"/refer", form("version", "1")), status: 303},
			{name: "number", request: get("analyst", "/desk/numbers/+13105550199"), status: 200, says: []string{"Responsible carrier", "Pacific Voice"}},
			{name: "a toll-free number", request: get("analyst", "/desk/numbers/+18335550161"), status: 200, says: []string{"a toll-free number does not say which company answers for it"}},
			{name: "text messages", request: get("analyst", "/desk/queue?view=texts"), status: 200, says: []string{texts.CaseRef, "a text message"}, keeps: []string{f.CaseRef, w.ref}},
			{name: "a text message", request: get("analyst", "/desk/cases/"+texts.CaseRef), status: 200, says: []string{"Call history says nothing about it", "a person decides"}, keeps: []string{"not carried by us"}},
			{name: "without a version", request: post("analyst", c+"/refer", ""), status: 422},
			{name: "referred", request: post("analyst", c+"/refer", form("version", strconv.FormatInt(dossier.Case.Version, 10))), status: 303, location: c},
			{name: "resolved", request: get("analyst", c), status: 200, says: []string{"Not ours"}, keeps: []string{"Refer the reporters and resolve"}},
			{name: "the reporter's page", request: get("", "/reports/"+f.Token), status: 200, says: []string{"Pacific Voice", "abuse@pacific.example", "not one of our numbers", "Federal Trade Commission", "can be false", `name="details"`}},
		})
		if s, err := w.desk.Status(t.Context(), f.Token); err != nil || s.Referred == nil {
			t.Errorf("%+v, %v", s, err)
		}
	})
}
