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
