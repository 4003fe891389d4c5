package intake_test

import (
	"fmt"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

// tracebackForms are ways in which requests are written. The arguments are the
// reference, calling and called number, time and campaign.
var tracebackForms = []string{
	"Industry Traceback Group\n\nTraceback ID: %[1]s\nCalling Number: %[2]s\nCalled Number: %[3]s\nDate/Time: %[4]s\nCampaign: %[5]s\nPlease identify the upstream provider within 24 hours.",
	"This is a traceback request from the registered traceback consortium. Traceback number: %[1]s. Campaign: %[5]s. Calling party: %[2]s. Called party: %[3]s. Call date: %[4]s. Call-ID: 4711-a@198.51.100.7. Source IP: 198.51.100.7:5060.",
	"Traceback request\n| Traceback ID | %[1]s |\n| Campaign | %[5]s |\n| Calling number | %[2]s |\n| Called number | %[3]s |\n| Date and time | %[4]s |",
	"Traceback request %[1]s\n\nReference\t%[1]s\nCaller ID\t%[2]s\nDestination number\t%[3]s\nTime\t%[4]s\nCampaign\t%[5]s",
}

// Real rows in each form: every field must come back.
func TestTracebackRequests(t *testing.T) {
	rows := readCSV(t, "testdata/tracebacks.csv")
	right, fields := 0, 0
	for i, row := range rows {
		day, err := time.Parse("2006-01-02", row[3])
		if err != nil {
			t.Fatal(err)
		}
		call := day.Add(15*time.Hour + 4*time.Minute + 5*time.Second)
		reference, called := fmt.Sprint(10000+i), fmt.Sprintf("+1303456%04d", 1000+i)
		for f, form := range tracebackForms {
			text := fmt.Sprintf(form, reference, row[0], called, call.Format("2006-01-02 15:04:05")+" UTC", row[1])
			p := intake.Text(text, intake.Context{Region: "US", ReceivedAt: day.AddDate(0, 0, 3)})
			checkParsed(t, p)
			if p.Traceback == nil {
				t.Errorf("form %d, %v: no traceback", f, row)
				continue
			}
			got := []string{string(p.Category), string(p.Reporter.Kind), p.Traceback.Reference, p.Traceback.Campaign, p.Number(cases.RoleCaller), p.Number(cases.RoleCalled), p.OccurredAt.Earliest.Format(time.RFC3339)}
			want := []string{"traceback", "traceback", reference, row[1], row[0], called, call.Add(-5*time.Minute - 5*time.Second).Format(time.RFC3339)}
			for k := range want {
				fields++
				if got[k] == want[k] {
					right++
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("form %d (-want +got):\n%s", f, diff)
			}
			if strings.Contains(form, "Call-ID") && (p.Traceback.CallID != "4711-a@198.51.100.7" || !cmp.Equal(p.Traceback.IPs, []string{"198.51.100.7"})) {
				t.Errorf("form %d: %+v", f, p.Traceback)
			}
		}
	}
	t.Logf("%d of %d fields", right, fields)
}

func TestTracebackSubject(t *testing.T) {
	raw := "From: tracebacks@example.org\r\nSubject: Traceback Request 20455 - response needed\r\n\r\nCall from +12024561414 to +13034561414 on 2026-03-02 at 15:04 UTC.\r\n"
	if _, err := mail.ReadMessage(strings.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	p := intake.Mail([]byte(raw), us)
	if p.Traceback == nil || p.Traceback.Reference != "20455" || p.Category != cases.CategoryTraceback {
		t.Errorf("%+v, %+v", p.Category, p.Traceback)
	}
	if p := intake.Text("Please stop the robocalls from 202-456-1414", us); p.Traceback != nil {
		t.Errorf("%+v", p.Traceback)
	}
}
