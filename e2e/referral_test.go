package e2e

import (
	"io"
	"mime/quotedprintable"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/simulate"
)

// A mail about a number that is neither ours nor called through us is sent on to
// the carrier of the imported table, one about a threat to somebody's life alerts
// the desk once, and one about text messages goes to those who route them.
func TestReferralAndAlert(t *testing.T) {
	each(t, func(t *testing.T, s setup) {
		const duty, messaging = "duty@carrier.example", "messaging@carrier.example"
		d := newDesk(t, s)
		d.env["ALERT_MAIL"], d.env["TEXT_ABUSE_MAIL"] = duty, messaging
		d.start()
		ana := d.staff("Ana", "analyst", "all")
		d.run("", "import", "carriers", "../internal/csvload/testdata/carriers.csv")
		now := time.Now().UTC()
		d.run("", "import", "calls", file(t, "calls.ndjson", `{"source_id":"1","account":"acme","direction":"outbound","from":"+12025550100","to":"+12125550101","started_at":"`+
			now.Add(-time.Hour).Format(time.RFC3339)+`","sip_code":200}`+"\n"),
			"--source", "sbc", "--complete-from", now.AddDate(0, 0, -90).Format(time.RFC3339), "--complete-through", now.Format(time.RFC3339))

		const jane, joe, ann = "jane@example.org", "joe@example.org", "ann@example.org"
		write := func(from, id, subject, text string) {
			d.receive("From: "+from, "To: abuse@carrier.example", "Subject: "+subject, "Message-ID: <"+id+">", "", text)
		}
		write(jane, "1@example.org", "robocall", "I got a robocall from +1 310 555 0123 on "+now.AddDate(0, 0, -3).Format("January 2, 2006")+" at 10:00 am. They called my number +1 212 555 0177.")
		referral := d.letter(jane, 2)
		body, err := io.ReadAll(quotedprintable.NewReader(referral.Body))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Pacific Voice", "abuse@pacific.example", "not one of our numbers", "reportfraud.ftc.gov", "consumercomplaints.fcc.gov"} {
			if !strings.Contains(string(body), want) {
				t.Errorf("the referral does not say %q:\n%s", want, body)
			}
		}
		if h := referral.Header; h.Get("Auto-Submitted") != "auto-generated" {
			t.Errorf("header %v", h)
		}
		subject := d.letter(jane, 1).Header.Get("Subject")
		ref := subject[strings.Index(subject, "AB-"):strings.LastIndex(subject, ")")]
		d.wait(ana, ref, "the case to be resolved", func(c simulate.Case) bool { return c.State == cases.StateResolved })
		// She answers, and a person looks again.
		d.receive("From: "+jane, "To: abuse@carrier.example", "Subject: Re: "+ref, "Message-ID: <2@example.org>", "In-Reply-To: "+referral.Header.Get("Message-ID"), "", "But it was one of yours.")
		d.wait(ana, ref, "her answer to reopen it", func(c simulate.Case) bool { return c.State == cases.StateNew })

		const threat = "I got a call from 202-555-0143. He said he will kill me and my family tonight."
		write(joe, "3@example.org", "help", threat)
		alert := d.letter(duty, 1)
		if h := alert.Header; !strings.Contains(h.Get("Subject"), "Urgent") || h.Get("Importance") != "high" || h.Get("In-Reply-To") != "" {
			t.Errorf("header %v", h)
		}
		body, err = io.ReadAll(quotedprintable.NewReader(alert.Body))
		if err != nil || !strings.Contains(string(body), "/desk/cases/AB-") || !strings.Contains(string(body), "kill me") || strings.Contains(string(body), joe) {
			t.Errorf("%v:\n%s", err, body)
		}
		write(ann, "4@example.org", "help", threat) // answered, so that it was read
		d.letter(ann, 1)
		write(ann, "5@example.org", "spam text", "I got a spam text message from +1 310 555 0199: your parcel waits, click the link.")
		forwarded := d.letter(messaging, 1)
		if b, err := io.ReadAll(quotedprintable.NewReader(forwarded.Body)); err != nil || !strings.Contains(string(b), "your parcel waits") || strings.Contains(string(b), ann) {
			t.Errorf("%v:\n%s", err, b)
		}
		if n := len(d.sink.to(duty)); n != 1 {
			t.Errorf("%d alerts", n)
		}
		var found struct {
			Items []struct {
				Lane string `json:"lane"`
			} `json:"items"`
		}
		if err := ana.Do(t.Context(), http.MethodGet, "/api/v1/cases", nil, &found); err != nil || len(found.Items) == 0 || found.Items[0].Lane != string(cases.LaneLife) {
			t.Errorf("the queue begins with %+v, %v", found.Items, err)
		}

		d.doctor("", time.Minute)
	})
}
