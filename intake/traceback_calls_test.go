package intake_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

// tracebackTables are ways in which several calls are asked about. The rows of a
// table are calling number, called number, time.
var tracebackTables = []struct {
	name, head, row string
}{
	{"bars", "Traceback request 20455\n\n| # | Date/Time (UTC) | Calling number | Called number | Call-ID |\n|---|---|---|---|---|\n", "| %[4]d | %[3]s UTC | %[1]s | %[2]s | c%[4]d@198.51.100.7 |\n"},
	{"tabs, called first", "Traceback request 20455\n\nCalled Number\tCalling Number\tCall Date\tCall-ID\n", "%[2]s\t%[1]s\t%[3]s UTC\tc%[4]d@198.51.100.7\n"},
	{"commas", "Industry traceback request, traceback ID: 20455\n\ncall time,ani,dnis,call-id\n", "%[3]s UTC,%[1]s,%[2]s,c%[4]d@198.51.100.7\n"},
	{"blocks", "Traceback request\nTraceback ID: 20455\n\n", "Calling Number: %[1]s\nCalled Number: %[2]s\nDate/Time: %[3]s UTC\nCall-ID: c%[4]d@198.51.100.7\n\n"},
	{"blocks, the time first", "Traceback request\nTraceback ID: 20455\n\n", "Date/Time: %[3]s UTC\nCall-ID: c%[4]d@198.51.100.7\nCalling Number: %[1]s\nCalled Number: %[2]s\n\n"},
}

// Real calling numbers, several to a request: every row comes back whole, in its
// order, and no called number is taken for a calling one.
func TestTracedCalls(t *testing.T) {
	rows := readCSV(t, "testdata/tracebacks.csv")
	for _, shape := range tracebackTables {
		t.Run(shape.name, func(t *testing.T) {
			for at := 0; at+5 <= len(rows); at += 5 {
				var text strings.Builder
				text.WriteString(shape.head)
				var want []cases.TracedCall
				var received time.Time
				for i, row := range rows[at : at+5] {
					day, err := time.Parse("2006-01-02", row[3])
					if err != nil {
						t.Fatal(err)
					}
					call := day.Add(time.Duration(10+i)*time.Hour + 4*time.Minute + 5*time.Second)
					c := cases.TracedCall{Caller: row[0], Called: fmt.Sprintf("+1303456%04d", 1000+at+i), CallID: fmt.Sprintf("c%d@198.51.100.7", i+1),
						At: cases.TimeRange{Earliest: call.Add(-5*time.Minute - 5*time.Second), Latest: call.Add(5*time.Minute - 5*time.Second)}}
					want = append(want, c)
					fmt.Fprintf(&text, shape.row, c.Caller, c.Called, call.Format("2006-01-02 15:04:05"), i+1)
					if call.After(received) {
						received = call
					}
				}
				p := intake.Text(text.String(), intake.Context{Region: "US", ReceivedAt: received.AddDate(0, 0, 3)})
				checkParsed(t, p)
				if p.Traceback == nil || p.Traceback.Reference != "20455" {
					t.Fatalf("%+v\n%s", p.Traceback, text.String())
				}
				if diff := cmp.Diff(want, p.Traceback.Calls); diff != "" {
					t.Fatalf("(-want +got):\n%s\n%s", diff, text.String())
				}
				for _, n := range p.Numbers {
					if called := strings.HasPrefix(n.E164, "+1303456"); called != (n.Role == cases.RoleCalled) {
						t.Errorf("%s is %s", n.E164, n.Role)
					}
				}
			}
		})
	}
}

// A text about one call has one, with what it says, and what it does not say is
// missing.
func TestOneTracedCall(t *testing.T) {
	p := intake.Text("Traceback request 20455: who sent us the call from 202-555-0143? Call-ID: abc@198.51.100.7", us)
	if p.Traceback == nil || len(p.Traceback.Calls) != 1 || p.Traceback.Calls[0].Caller != "+12025550143" || p.Traceback.Calls[0].CallID != "abc@198.51.100.7" {
		t.Fatalf("%+v", p.Traceback)
	}
	if m := strings.Join(p.Traceback.Calls[0].Missing(), ", "); m != "called number, time of the call" {
		t.Errorf("missing %q", m)
	}
}

// Two numbers of who asks, below his name, are no call.
func TestSignatureIsNoTracedCall(t *testing.T) {
	p := intake.Text("Traceback request 20455\n\nCalling Number: +1 724 442 8039\nCalled Number: +1 303 555 0101\nDate/Time: 2026-03-02 15:04 UTC\n\nRegards\nTrace Desk\nTel +1 202 456 1414 | Fax +1 202 456 1415", us)
	if p.Traceback == nil || len(p.Traceback.Calls) != 1 || p.Traceback.Calls[0].Caller != "+17244428039" || p.Traceback.Calls[0].Called != "+13035550101" {
		t.Errorf("%+v", p.Traceback)
	}
}
