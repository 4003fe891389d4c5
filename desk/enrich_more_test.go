package desk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// The reporter does not say which of his numbers rang; in another report he did.
func TestEnrichLooksAtTheReportersOtherComplaints(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.carrier()
		at := noon.Add(-2 * time.Hour)
		w.carried(noon.Add(-time.Hour), call("1", shown, victim, at), call("2", shown, "+13125550155", at))
		tell := func(body, email string) cases.Filed {
			return w.submit(strings.TrimSuffix(body, "}") + fmt.Sprintf(`, "reporter": {"email": %q, "kind": "called_party"}}`, email))
		}
		tell(report("+12025550188", victim, at.Format(time.RFC3339)), "jane@example.org")
		without := fmt.Sprintf(`{"category": "robocall", "caller_number": %q, "occurred_at": %q}`, shown, at.Format(time.RFC3339))
		hers, another := tell(without, "jane@example.org"), tell(without, "joe@example.org")
		w.work()
		if f := w.latest(hers, cases.FindingCorroboration); f.Verdict != "probable" || len(f.Data.Called) != 1 || f.Data.Called[0] != victim || !strings.Contains(f.Summary, "another complaint of the same reporter") {
			t.Errorf("%s, reached %v: %s", f.Verdict, f.Data.Called, f.Summary)
		}
		if f := w.latest(another, cases.FindingCorroboration); len(f.Data.Called) != 0 {
			t.Errorf("of somebody else %v are known to have rung: %s", f.Data.Called, f.Summary)
		}
	})
}

// A number to call back that is ours is asked about through the calls that came in.
func TestEnrichAsksWhoCalledBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.carrier()
		back := call("in", victim, own, noon.Add(-time.Hour))
		back.Direction, back.Connection, back.Peer = "inbound", "", "meridian"
		w.carried(noon.Add(-time.Minute), back)
		about := w.submit(fmt.Sprintf(`{"category": "scam", "callback_number": %q, "called_number": %q, "occurred_at": %q}`, own, victim, noon.Add(-2*time.Hour).Format(time.RFC3339)))
		w.work()
		f := w.latest(about, cases.FindingCallback)
		if f.Verdict != "called_back" || f.Subject != own || !strings.Contains(f.Summary, "Acme Dialers (acme) by assignment") {
			t.Errorf("%s of %s: %s", f.Verdict, f.Subject, f.Summary)
		}
		c := w.dossier(about.CaseRef).Case
		if c.Facts.CallbackHolder != "acme" || c.Facts.CalledBack != 1 {
			t.Errorf("facts %+v", c.Facts)
		}
		var said bool
		for _, x := range c.Factors {
			said = said || strings.Contains(x.Reason, "called back a number of ours")
		}
		if !said {
			t.Errorf("the priority does not count it: %+v", c.Factors)
		}
		if f := w.latest(about, cases.FindingNumber); f.Verdict != "hosted" {
			t.Errorf("the number is %s: %s", f.Verdict, f.Summary)
		}
	})
}

// A switch that is to send its records and has not said how far they are complete
// makes it impossible to say that a call was not carried.
func TestEnrichWaitsForEverySwitch(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.carrier()
		w.carried(noon)
		w.desk.CallSources = []string{"sbc", "sbc2"}
		about := w.submit(report(shown, victim, noon.Add(-2*time.Hour).Format(time.RFC3339)))
		w.work()
		if f := w.latest(about, cases.FindingCorroboration); f.Verdict != "unknown" || !strings.Contains(strings.Join(f.Data.Missing, " "), "sbc2") {
			t.Errorf("%s, missing %v", f.Verdict, f.Data.Missing)
		}
		w.desk.CallSources = []string{"sbc"}
		about = w.submit(report(shown, victim, noon.Add(-2*time.Hour).Format(time.RFC3339)))
		w.work()
		if f := w.latest(about, cases.FindingCorroboration); f.Verdict != "not_seen" {
			t.Errorf("%s: %s", f.Verdict, f.Summary)
		}
	})
}

// The calls of the account that made the reported one are classified, once for all
// the reports of a case in ten minutes; those of the holder of the number are not.
func TestEnrichClassifiesWhoCalled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.carrier()
		var cs []cases.Call
		for i := range 600 { // short calls in a burst to ever new numbers, of which most are not answered or do not exist
			at := noon.Add(-3*time.Hour + time.Duration(i)*2*time.Second)
			c := call(fmt.Sprint("r", i), shown, fmt.Sprintf("+1312%03d%04d", 300+i%300, i*7%10000), at)
			end := at.Add(4 * time.Second)
			c.EndedAt, c.BilledSeconds, c.HungUpBy, c.Attest, c.PDDMillis = &end, 4, "called", "C", 800
			switch i % 4 {
			case 1, 2:
				c.AnsweredAt, c.SIPCode, c.BilledSeconds, c.HungUpBy = nil, 480, 0, ""
			case 3:
				c.AnsweredAt, c.SIPCode, c.BilledSeconds, c.HungUpBy = nil, 404, 0, ""
			}
			cs = append(cs, c)
		}
		cs[300].To = victim
		w.carried(noon.Add(-time.Hour), cs...)
		body := report(shown, victim, cs[300].StartedAt.Format(time.RFC3339))
		first := w.submit(body)
		w.work()
		f := w.latest(first, cases.FindingTraffic)
		if f.Subject != "acme" || f.Verdict != string(cases.ClassRobocaller) || f.Data.Traffic == nil || !f.Data.Traffic.Accuses() || len(f.Data.Traffic.Reasons) == 0 || f.Data.Sample != 600 {
			t.Errorf("%s of %s (%d): %s", f.Verdict, f.Subject, f.Data.Sample, f.Summary)
		}
		c := w.dossier(first.CaseRef).Case
		if c.Facts.Traffic != cases.ClassRobocaller || c.Facts.TrafficSure < 0.5 {
			t.Errorf("facts %+v", c.Facts)
		}
		looks := func() (n int) {
			for _, x := range w.dossier(first.CaseRef).Findings {
				if x.Kind == cases.FindingTraffic {
					n++
				}
			}
			return n
		}
		w.submit(body)
		w.work()
		if n := looks(); n != 1 {
			t.Errorf("%d looks at the account within ten minutes", n)
		}
		w.pass(11 * time.Minute)
		w.submit(body)
		w.work()
		if n := looks(); n != 2 {
			t.Errorf("%d looks at the account, the second after ten minutes", n)
		}
		v, err := w.desk.AccountView(t.Context(), ann, "acme")
		w.must(err)
		if v.Class.Class != cases.ClassRobocaller || v.Class.Account != "acme" {
			t.Errorf("the account looks like %+v", v.Class)
		}
		// The clinic holds the number and has not called.
		v, err = w.desk.AccountView(t.Context(), ann, "clinic")
		w.must(err)
		if v.Class.Accuses() {
			t.Errorf("the holder is accused: %+v", v.Class)
		}
		nv, err := w.desk.NumberView(t.Context(), ann, shown)
		w.must(err)
		if nv.Class.Accuses() {
			t.Errorf("by its number: %+v", nv.Class)
		}
	})
}

// Calls to honeypots count, also those before and after the reported one.
func TestEnrichCountsHoneypots(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.carrier()
		const pot = "+13125550170"
		_, err := w.store.ImportList(t.Context(), admin, noon.AddDate(0, 0, -1), noon.AddDate(0, 0, -1), []cases.ListEntry{{Kind: cases.ListHoneypot, Digits: pot[1:], Exact: true, Source: "ours", AddedAt: noon.AddDate(0, 0, -1)}})
		w.must(err)
		at := noon.Add(-2 * time.Hour)
		w.carried(noon.Add(-time.Hour), call("1", shown, victim, at), call("2", shown, pot, at.Add(-3*time.Hour)), call("3", own, pot, at))
		about := w.submit(report(shown, victim, at.Format(time.RFC3339)))
		w.work()
		if f := w.latest(about, cases.FindingCorroboration); f.Data.Honeypots != 1 || !strings.Contains(f.Summary, "honeypots of ours") {
			t.Errorf("%d honeypots: %s", f.Data.Honeypots, f.Summary)
		}
	})
}
