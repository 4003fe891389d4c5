package workers

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

// packRequests is how many traceback requests are seeded, and packWithin how long
// each may take from its receipt to a complete pack.
const (
	packRequests = 100
	packWithin   = time.Minute
)

// requestForms are four ways in which requests are written. The arguments are the
// reference, calling and called number, time and campaign.
var requestForms = []string{
	"Industry Traceback Group\n\nTraceback ID: %[1]s\nCalling Number: %[2]s\nCalled Number: %[3]s\nDate/Time: %[4]s\nCampaign: %[5]s\nPlease identify the upstream provider within 24 hours.",
	"This is a traceback request from the registered traceback consortium. Traceback number: %[1]s. Campaign: %[5]s. Calling party: %[2]s. Called party: %[3]s. Call date: %[4]s. Call-ID: 4711-a@198.51.100.7. Source IP: 198.51.100.7:5060.",
	"Traceback request\n| Traceback ID | %[1]s |\n| Campaign | %[5]s |\n| Calling number | %[2]s |\n| Called number | %[3]s |\n| Date and time | %[4]s |",
	"Traceback request %[1]s\n\nReference\t%[1]s\nCaller ID\t%[2]s\nDestination number\t%[3]s\nTime\t%[4]s\nCampaign\t%[5]s",
}

// asking is one seeded request, and what we carried of its call.
type asking struct {
	reference, caller, called, campaign string
	at                                  time.Time
	form                                int
	kind                                string // transit, customer, unsigned, none
}

// seedRequests draws requests about the numbers and campaigns of real ones
// (intake/testdata/tracebacks.csv), always the same.
func seedRequests(t *testing.T, noon time.Time) []asking {
	t.Helper()
	raw, err := os.ReadFile("../intake/testdata/tracebacks.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(7, 2026))
	out := make([]asking, packRequests)
	for i := range out {
		row := rows[1+i%(len(rows)-1)]
		out[i] = asking{reference: fmt.Sprint("TB-", 30000+i), caller: row[0], called: fmt.Sprintf("+1303456%04d", 1000+i), campaign: row[1], form: i % len(requestForms),
			at: noon.Add(-time.Duration(1+rng.IntN(9*24*60)) * time.Minute).Truncate(time.Second), kind: []string{"transit", "customer", "unsigned", "none"}[rng.IntN(4)]}
	}
	return out
}

// carried are the records of a request's call, and some of others around it.
func (q asking) carried(i int) []cases.Call {
	answered, ended := q.at.Add(6*time.Second), q.at.Add(40*time.Second)
	call := cases.Call{Source: "sbc", SourceID: fmt.Sprint("c", i), CorrelationID: fmt.Sprint("x", i), CallID: fmt.Sprintf("%d@switch.example", i), From: q.caller, To: q.called, StartedAt: q.at, AnsweredAt: &answered,
		EndedAt: &ended, BilledSeconds: 34, SIPCode: 200, Attest: "B", Identity: "eyJhbGciOiJFUzI1NiJ9.e30.c2ln;info=<https://cert.example/1.pem>;alg=ES256;ppt=shaken"}
	other := call
	other.SourceID, other.CorrelationID, other.CallID, other.To, other.StartedAt = fmt.Sprint("o", i), "", "", fmt.Sprintf("+1303999%04d", i), q.at.Add(-time.Hour)
	other.Direction, other.AccountID = "outbound", "acct-9"
	switch q.kind {
	case "transit":
		in := call
		in.SourceID, in.Direction, in.Peer, in.SourceIP = call.SourceID+"-in", "inbound", "carrier-x", "198.51.100.7"
		call.Direction, call.EgressPeer, call.StartedAt = "outbound", "carrier-z", q.at.Add(time.Second)
		return []cases.Call{in, call, other}
	case "customer":
		call.Direction, call.AccountID, call.SourceIP, call.EgressPeer = "outbound", "acct-7", "203.0.113.9", "carrier-z"
	case "unsigned":
		call.Direction, call.Peer, call.Attest, call.Identity = "inbound", "px-77", "", "" // nobody imported it
	default:
		return []cases.Call{other}
	}
	return []cases.Call{call, other}
}

// A hundred requests by mail, all at once, through the whole pool: each has a
// complete pack within a minute of its receipt, and no mandatory field of any is
// blank. Median and worst are printed.
func TestHundredTracebackRequestsAreAnswerableInAMinute(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, sys, noon := t.Context(), cases.System("import"), w.clock.Now()
		w.must(w.desk.ImportAccounts(ctx, sys, []cases.Account{{ID: "acct-7", Name: "Acme Dialers", Status: "active", Email: "noc@acme.example"}, {ID: "acct-9", Name: "Other", Status: "active"}}))
		w.must(w.store.ImportProviders(ctx, sys, noon, []cases.Provider{{ID: "carrier-x", Name: "Carrier X", TracebackContact: "trace@x.example", OCN: "123A", SPC: "709J", UpdatedAt: noon}}))
		asked := seedRequests(t, noon)
		var records []cases.Call
		for i, q := range asked {
			records = append(records, q.carried(i)...)
		}
		_, err := w.desk.LoadCalls(ctx, sys, cases.Ingest{Source: "sbc", Calls: records, CompleteFrom: noon.AddDate(0, 0, -40), CompleteThrough: noon})
		w.must(err)

		p, _ := w.pool("a")
		w.start(p)
		var ds []cases.Delivery
		for i, q := range asked {
			text := fmt.Sprintf(requestForms[q.form], q.reference, q.caller, q.called, q.at.Format("2006-01-02 15:04:05")+" UTC", q.campaign)
			raw := fmt.Sprintf("From: Trace Desk <trace%d@itg.example>\r\nTo: abuse@desk.example\r\nDate: Tue, 24 Nov 2026 11:59:00 +0000\r\nMessage-ID: <%d@itg.example>\r\nSubject: Traceback request %s\r\n\r\n%s\r\n",
				i, i, q.reference, strings.ReplaceAll(text, "\n", "\r\n"))
			ds = append(ds, cases.Delivery{Channel: cases.ChannelEmail, Source: "abuse", Body: strings.NewReader(raw), Size: int64(len(raw)), Meta: cases.Meta{Region: "US"}})
		}
		w.clock.run()
		begun := time.Now()
		_, err = w.desk.Accept(ctx, ds)
		w.must(err)

		refs := map[string]string{} // reference to case
		took := map[string]time.Duration{}
		kinds := map[string]int{}
		w.eventually(func() bool {
			page, err := w.desk.Cases(ctx, ann, cases.CaseQuery{Kind: cases.CaseTraceback, Limit: cases.MaxPage})
			w.must(err)
			for _, c := range page.Items {
				if c.Facts.Traceback != nil && c.Facts.Traceback.Reference != "" {
					refs[c.Facts.Traceback.Reference] = c.Ref
				}
			}
			for reference, ref := range refs {
				if took[reference] != 0 {
					continue
				}
				if v, err := w.desk.Pack(ctx, ann, ref, desk.PackFor{}); err == nil && v.Document.Complete {
					took[reference] = time.Since(begun)
				}
			}
			return len(took) == packRequests
		}, "not every request has a complete pack")
		var all []time.Duration
		for _, q := range asked {
			d, ok := took[q.reference]
			if !ok || d > packWithin {
				t.Errorf("%s (form %d): %s, complete %v", q.reference, q.form, d, ok)
			}
			all = append(all, d)
			v, err := w.desk.Pack(ctx, ann, refs[q.reference], desk.PackFor{})
			w.must(err)
			if n := len(v.Document.Pack.Calls); n != 1 || len(v.Blanks) > 0 {
				t.Fatalf("%s (form %d, %s): %d calls, blank %v", q.reference, q.form, q.kind, n, v.Blanks)
			}
			q.check(t, v.Document.Pack.Calls[0])
			kinds[q.kind]++
		}
		slices.Sort(all)
		t.Logf("%d requests at once (%v): complete pack after %s at the median, %s at worst", len(all), kinds, all[len(all)/2].Round(time.Millisecond), all[len(all)-1].Round(time.Millisecond))
	})
}

// check holds a pack against what was seeded: complete is not enough, it has to be
// right.
func (q asking) check(t *testing.T, c cases.PackOneCall) {
	t.Helper()
	want := map[cases.PackName]string{cases.PackReference: q.reference, cases.PackCampaign: q.campaign, cases.PackCalling: q.caller, cases.PackCalled: q.called, cases.PackVerdict: "confirmed",
		cases.PackTimeFound: q.at.Format(time.RFC3339), cases.PackDuration: "34", cases.PackResponse: "200"}
	switch q.kind {
	case "transit":
		want[cases.PackUpstream], want[cases.PackUpContact], want[cases.PackUpIdentity], want[cases.PackDownstream] = "Carrier X (carrier-x)", "trace@x.example", "OCN 123A; SPC 709J", "carrier-z"
		want[cases.PackSourceIP], want[cases.PackAttestation] = "198.51.100.7", "B"
	case "customer":
		want[cases.PackOriginating], want[cases.PackSourceIP], want[cases.PackAttestation] = "acct-7", "203.0.113.9", "B"
	case "unsigned":
		want[cases.PackUpstream], want[cases.PackAttestation] = "px-77", "none: the call was not signed"
	case "none":
		for _, n := range []cases.PackName{cases.PackTimeFound, cases.PackDuration, cases.PackResponse} {
			delete(want, n)
		}
		want[cases.PackVerdict] = "not_seen"
		if s := c.Fields[cases.PackUpstream].Text(); !strings.HasPrefix(s, "not in our records: no such call is among them") {
			t.Errorf("%s: upstream %q", q.reference, s)
		}
	}
	for n, s := range want {
		if got := c.Fields[n].Text(); got != s {
			t.Errorf("%s (form %d, %s): %s is %q, want %q", q.reference, q.form, q.kind, n, got, s)
		}
	}
	for _, f := range cases.PackFields() {
		if c.Fields[f.Name].Blank() {
			t.Errorf("%s: %s is blank", q.reference, f.Name)
		}
	}
}
