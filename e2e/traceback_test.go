package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/simulate"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// tracebackCase is what the API says of one.
type tracebackCase struct {
	simulate.Case
	Kind      cases.CaseKind `json:"kind"`
	DueAt     *time.Time     `json:"due_at"`
	Traceback struct {
		Reference  string     `json:"reference"`
		Clock      string     `json:"clock"`
		AnsweredAt *time.Time `json:"answered_at"`
		OnTime     bool       `json:"on_time"`
		Requests   []struct {
			State    string                  `json:"state"`
			How      string                  `json:"how"`
			Evidence cases.RequesterEvidence `json:"evidence"`
		} `json:"requests"`
		Calls []struct {
			Verdict string `json:"verdict"`
		} `json:"calls"`
		Draft string `json:"draft"`
	} `json:"traceback"`
}

// traceback waits for the open case of a requester's reference, and until it is
// ready.
func (d *desk) traceback(api simulate.API, reference string, ready func(tracebackCase) bool) tracebackCase {
	d.t.Helper()
	var page struct{ Items []tracebackCase }
	testenv.Eventually(d.t, 60*time.Second, func() bool {
		err := api.Do(d.t.Context(), http.MethodGet, "/api/v1/cases?kind=traceback&q="+url.QueryEscape(reference), nil, &page)
		return err == nil && len(page.Items) == 1
	}, "the traceback case of %s", reference)
	return d.tracebackOf(api, page.Items[0].Ref, ready)
}

func (d *desk) tracebackOf(api simulate.API, ref string, ready func(tracebackCase) bool) tracebackCase {
	d.t.Helper()
	var c tracebackCase
	testenv.Eventually(d.t, 30*time.Second, func() bool {
		c = tracebackCase{}
		if err := api.Do(d.t.Context(), http.MethodGet, "/api/v1/cases/"+ref, nil, &c); err != nil {
			d.t.Fatal(err)
		}
		return ready(c)
	}, "%s to be ready", ref)
	return c
}

// Two requests by mail, of the same wording. One is of a known requester and
// signed: it is acknowledged, its answer is drafted from the call records, sent
// and received. The other is forged: nothing is sent until somebody has verified
// the requester by hand.
func TestTracebackRequests(t *testing.T) {
	each(t, func(t *testing.T, s setup) {
		d := newDesk(t, s)
		d.env["MAIL_AUTH_SERVERS"], d.env["TRACEBACK_REQUESTERS"], d.env["TIME_ZONE"] = "mx.carrier.example", "@itg.example", "America/Chicago"
		d.start()
		ana := d.staff("Ana", "analyst", "all")
		ctx := t.Context()
		call := time.Now().UTC().Add(-3 * time.Hour).Truncate(time.Minute)
		d.run("", "import", "accounts", file(t, "accounts.csv", "id,name,email\nacct-7,Acme Dialers,noc@acme.example\n"))
		d.sendCalls(d.key("--name", "switches", "--scopes", "calls"), cases.Ingest{Source: "sbc", CompleteFrom: call.AddDate(0, 0, -35), CompleteThrough: time.Now().UTC(),
			Calls: []cases.Call{{SourceID: "c1", AccountID: "acct-7", Direction: "outbound", From: "+17244428039", To: "+13035550101", StartedAt: call, AnsweredAt: &call, BilledSeconds: 31, SIPCode: 200, Attest: "B"}}})
		request := func(reference, from, results string) {
			d.receive("Received: from out.example by mx.carrier.example; "+time.Now().Format(time.RFC1123Z), "Authentication-Results: "+results,
				"From: Trace Desk <"+from+">", "To: abuse@carrier.example", "Subject: Traceback request "+reference, "Message-ID: <"+reference+"@itg.example>", "Date: "+time.Now().Format(time.RFC1123Z), "",
				"Industry traceback request. Traceback ID: "+reference, "Campaign: Utility-SupplyCharges", "",
				"| Calling number | Called number | Date/Time |",
				"| +17244428039 | +13035550101 | "+call.Format("2006-01-02 15:04")+" UTC |",
				"| +17244428039 | +13035550102 | "+call.Format("2006-01-02 15:04")+" UTC |")
		}
		const known, forger = "trace@itg.example", "boss@itg.example"
		request("TB-20455", known, "mx.carrier.example; dkim=pass header.d=itg.example; dmarc=pass header.from=itg.example")
		request("TB-20456", forger, "mx.carrier.example; dkim=none; dmarc=fail header.from=itg.example")

		if m := d.letter(known, 1); !strings.Contains(m.Header.Get("Subject"), "We have your traceback request TB-20455") {
			t.Errorf("acknowledged with %q", m.Header.Get("Subject"))
		}
		looked := func(c tracebackCase) bool {
			return len(c.Traceback.Calls) == 2 && c.Traceback.Calls[1].Verdict != "" && c.Facts.Checked > 0
		}
		c := d.traceback(ana, "TB-20455", looked)
		if c.Kind != cases.CaseTraceback || c.DueAt == nil || c.DueAt.Before(time.Now().Add(20*time.Hour)) || !strings.Contains(c.Traceback.Clock, "received ") || c.Traceback.Requests[0].State != "verified" || c.Traceback.Requests[0].How != "mail" {
			t.Errorf("%+v, due %v", c.Traceback, c.DueAt)
		}
		for _, want := range []string{"We carried this call.", "our customer with the account acct-7.", "Attestation: B", "Not in our records."} {
			if !strings.Contains(c.Traceback.Draft, want) {
				t.Errorf("the draft does not say %q:\n%s", want, c.Traceback.Draft)
			}
		}
		answer := func(ref, text string, more ...string) error {
			in := map[string]any{"text": text}
			if len(more) > 0 {
				in["disposition"], in["reason"] = more[0], more[1]
			}
			return ana.Do(ctx, http.MethodPost, "/api/v1/cases/"+url.PathEscape(ref)+"/answer", in, nil)
		}
		if err := answer(c.Ref, c.Traceback.Draft, "upheld", "Acme made it."); err != nil {
			t.Fatal(err)
		}
		m := d.letter(known, 2)
		if !strings.HasPrefix(m.Header.Get("Subject"), "Our answer to your traceback request TB-20455") || m.Header.Get("In-Reply-To") != "<TB-20455@itg.example>" || !strings.Contains(d.sink.to(known)[1].raw, "acct-7") {
			t.Errorf("answered with %v\n%s", m.Header, d.sink.to(known)[1].raw)
		}
		c = d.tracebackOf(ana, c.Ref, func(c tracebackCase) bool { return c.Traceback.AnsweredAt != nil })
		if c.State != cases.StateResolved || c.DueAt != nil || !c.Traceback.OnTime {
			t.Errorf("answered: %s, due %v, on time %v", c.State, c.DueAt, c.Traceback.OnTime)
		}

		f := d.traceback(ana, "TB-20456", looked)
		if f.Traceback.Requests[0].State != "unverified" || !strings.Contains(fmt.Sprint(f.Traceback.Requests[0].Evidence.Missing), "DMARC: fail") {
			t.Errorf("forged: %+v", f.Traceback.Requests)
		}
		if err := answer(f.Ref, "Acme"); statusOf(err) != http.StatusConflict || !strings.Contains(fmt.Sprint(err), "before the requester is verified") {
			t.Errorf("answered before: %v", err)
		}
		if _, metrics := d.get("/metrics"); !strings.Contains(metrics, "abusedesk_tracebacks_owed 1") || !strings.Contains(metrics, "abusedesk_tracebacks_overdue 0") {
			t.Error("the metrics do not count the answer that is owed")
		}
		d.doctor("", time.Minute)
		if n := len(d.sink.to(forger)); n != 0 {
			t.Fatalf("%d letters to the forger", n)
		}
		if err := ana.Do(ctx, http.MethodPost, "/api/v1/cases/"+url.PathEscape(f.Ref)+"/requester/verify", map[string]string{"how": "Called back on the number of their site."}, nil); err != nil {
			t.Fatal(err)
		}
		d.letter(forger, 1)
		if err := answer(f.Ref, "It came from Acme Dialers."); err != nil {
			t.Fatal(err)
		}
		d.letter(forger, 2)
		d.doctor("", time.Minute)
		if len(d.sink.to(known)) != 2 || len(d.sink.to(forger)) != 2 {
			t.Errorf("%d and %d letters", len(d.sink.to(known)), len(d.sink.to(forger)))
		}
	})
}
