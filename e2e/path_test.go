package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/simulate"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// The whole path, step by step: a report becomes a case, the case is checked,
// a restriction that two people decided stops the account's calls and no
// emergency call, and is lifted.
func TestReportToRestrictionToLift(t *testing.T) {
	each(t, func(t *testing.T, s setup) {
		d := newDesk(t, s)
		d.start()
		c := carrier(t)
		d.load(c)
		ana, bob := d.staff("Ana", "analyst", "all"), d.staff("Bob", "approver", "all")
		again := d.key("--name", "another of Ana", "--owner", "ana@carrier.example", "--scopes", "all")
		pbx := d.key("--name", "switch", "--scopes", "policy")
		ctx := t.Context()

		story := simulate.Stories(c)[0]
		report := story.Steps[0].Complaint
		_, receipt, err := d.doors().Deliver(ctx, simulate.DoorAPI, report)
		if err != nil {
			t.Fatal(err)
		}
		if receipt.Case == "" || receipt.Report == "" || receipt.StatusURL == "" {
			t.Fatalf("a report over the API is filed at once, and was answered %+v", receipt)
		}
		ref := receipt.Case

		// Checked: we carried it, for an account that had no right to the number.
		facts := d.wait(ana, ref, "the reported call to be found", func(c simulate.Case) bool { return c.Facts.Corroboration != "" }).Facts
		if facts.Corroboration != cases.CorroborationConfirmed {
			t.Fatalf("corroboration %q, want confirmed", facts.Corroboration)
		}
		p := facts.Parties
		if p == nil || p.Originating != c.Cast.Robocaller || len(p.Path) != 1 || p.Path[0] != "northtel" || p.Holder != "" || p.Entitled {
			t.Fatalf("parties %+v, want %s under northtel, not entitled, and no holder", p, c.Cast.Robocaller)
		}

		ask := func(account, to string) simulate.Answer {
			t.Helper()
			from := c.Cast.CampaignCaller
			if account == c.Cast.Pharmacy {
				from = c.Cast.PharmacyLine
			}
			ans, err := pbx.Ask(ctx, simulate.Probe{Account: account, Connection: "sip-" + account, From: from, To: to})
			if err != nil {
				t.Fatal(err)
			}
			return ans
		}
		victim := report.Called
		if ans := ask(c.Cast.Robocaller, victim); ans.Action != "allow" {
			t.Fatalf("before any restriction: %+v", ans)
		}

		claimed, err := ana.Claim(ctx, ref)
		if err != nil || !strings.HasPrefix(claimed.Assignee, "Ana") {
			t.Fatalf("claimed by %q, %v", claimed.Assignee, err)
		}
		if _, err := bob.Claim(ctx, ref); statusOf(err) != http.StatusConflict {
			t.Errorf("a case that Ana has, claimed by Bob: %v", err)
		}

		// A suspension takes two people, and a second key is not a second person.
		suspension := simulate.Measure{Kind: cases.KindAccountSuspended, TargetKind: cases.TargetAccount, Target: c.Cast.Robocaller, For: 24 * time.Hour, Reason: "A robocall campaign."}
		r, err := ana.Restrict(ctx, ref, suspension, time.Now())
		if err != nil || r.State != cases.RestrictionProposed {
			t.Fatalf("proposed: %+v, %v", r, err)
		}
		for name, key := range map[string]simulate.API{"the first again": ana, "the first by another key": again} {
			if err := key.Approve(ctx, r.ID); statusOf(err) != http.StatusForbidden {
				t.Errorf("approved by %s: %v", name, err)
			}
		}
		if ans := ask(c.Cast.Robocaller, victim); ans.Action != "allow" {
			t.Errorf("a proposal refuses calls already: %+v", ans)
		}
		d.wait(ana, ref, "the case to wait for approval", func(c simulate.Case) bool { return c.State == cases.StateAwaitingApproval })
		if err := bob.Approve(ctx, r.ID); err != nil {
			t.Fatal(err)
		}
		d.waitRestriction(ana, r.ID, cases.RestrictionActive)

		// In force.
		if ans := ask(c.Cast.Robocaller, victim); ans.Action != "refuse" || ans.SIPCode < 400 || ans.Reason == "" || ans.Restriction != r.ID {
			t.Errorf("a call of the suspended account: %+v", ans)
		}
		for _, emergency := range []string{"911", "112", "+1911", "sip:911@pbx.example;user=phone", "urn:service:sos"} {
			if ans := ask(c.Cast.Robocaller, emergency); ans.Action != "allow" {
				t.Errorf("emergency call to %s: %+v", emergency, ans)
			}
		}
		if ans := ask(c.Cast.Pharmacy, victim); ans.Action != "allow" {
			t.Errorf("a call of another account: %+v", ans)
		}
		d.wait(ana, ref, "the case to be mitigated", func(c simulate.Case) bool { return c.State == cases.StateMitigated })

		// A restriction survives a crash, from the first answer on.
		d.process.Kill()
		d.start()
		if ans := ask(c.Cast.Robocaller, victim); ans.Action != "refuse" {
			t.Errorf("after a crash: %+v", ans)
		}

		if err := ana.Lift(ctx, r.ID, "The account has stopped."); err != nil {
			t.Fatal(err)
		}
		d.waitRestriction(ana, r.ID, cases.RestrictionLifted)
		if ans := ask(c.Cast.Robocaller, victim); ans.Action != "allow" {
			t.Errorf("after the lift: %+v", ans)
		}

		// Judged; the version shown decides.
		seen, err := ana.Case(ctx, ref)
		if err != nil {
			t.Fatal(err)
		}
		if err := ana.Resolve(ctx, ref, seen.Version-1, cases.DispositionUpheld, "Old news."); statusOf(err) != http.StatusConflict {
			t.Errorf("a decision on an old version: %v", err)
		}
		if err := ana.Resolve(ctx, ref, seen.Version, cases.DispositionUpheld, "Carried by us, not entitled."); err != nil {
			t.Fatal(err)
		}

		// The reporter sees what happened, and nobody sees the reporter.
		status, page := d.get(receipt.StatusURL)
		if status != http.StatusOK || !strings.Contains(page, ref) {
			t.Errorf("status page: %d without %s", status, ref)
		}
		for _, personal := range []string{report.Reporter.Email, report.Reporter.Name, report.Called, c.Cast.Robocaller} {
			if strings.Contains(page, personal) {
				t.Errorf("the status page shows %q", personal)
			}
		}
		testenv.Eventually(t, 20*time.Second, func() bool { return len(d.sink.to(report.Reporter.Email)) == 1 }, "one acknowledgement to %s", report.Reporter.Email)
		if mail := d.sink.to(report.Reporter.Email)[0].raw; !strings.Contains(mail, ref) {
			t.Errorf("the acknowledgement does not name %s:\n%s", ref, mail)
		}
		d.run("", "audit", "verify")
		d.doctor("", 30*time.Second)
	})
}

// What `make demo` shows: four stories through all doors, decided by script,
// each with its own right end.
func TestStoriesEndInTheirDispositions(t *testing.T) {
	each(t, func(t *testing.T, s setup) {
		d := newDesk(t, s)
		d.start()
		c := carrier(t)
		d.load(c)
		analyst := simulate.Analyst{Analyst: d.staff("Ana", "analyst", "all"), Approver: d.staff("Bob", "approver", "all"), Switch: d.key("--name", "switch", "--scopes", "policy"),
			Poll: 100 * time.Millisecond, Told: func(s simulate.Story, ref, what string) { t.Logf("%s %s: %s", s.Name, ref, what) }}
		ledger, path := newLedger(t)
		player := simulate.Player{Doors: d.doors(), Ledger: ledger, Said: func(s simulate.Story, step simulate.Step, _ simulate.Delivery, _ simulate.Receipt, err error) {
			if err != nil {
				t.Errorf("%s through %s: %v", s.Name, step.Door, err)
			}
		}}
		stories := simulate.Stories(c)
		if err := player.Play(t.Context(), stories); err != nil {
			t.Fatal(err)
		}
		for _, story := range stories {
			// All of its reports in one case, whatever door they came through.
			testenv.Eventually(t, 60*time.Second, func() bool {
				found, err := analyst.Analyst.Cases(t.Context(), url.Values{"number": {story.Number}})
				return err == nil && len(found) == 1 && found[0].Reports == len(story.Steps)
			}, "the %d reports of %s to be in one case", len(story.Steps), story.Name)
			ref, err := analyst.Decide(t.Context(), story)
			if err != nil {
				t.Fatalf("%s: %v", story.Name, err)
			}
			got, err := analyst.Analyst.Case(t.Context(), ref)
			if err != nil || got.State != cases.StateResolved || got.Disposition != story.Plan.Disposition {
				t.Errorf("%s ended as %s %s, %v; want %s", story.Name, got.State, got.Disposition, err, story.Plan.Disposition)
			}
		}
		d.doctor(path, 60*time.Second)
	})
}

// Many first reports of one number at once open one case.
func TestParallelFirstReportsOpenOneCase(t *testing.T) {
	each(t, func(t *testing.T, s setup) {
		d := newDesk(t, s)
		d.start()
		c := carrier(t)
		const n = 100
		refs := make([]string, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				report := simulate.Stories(c)[0].Steps[0].Complaint
				report.Reporter.Email = fmt.Sprintf("p%d@example.net", i)
				_, receipt, err := d.doors().Deliver(t.Context(), simulate.DoorAPI, report)
				if err != nil {
					t.Error(err)
				}
				refs[i] = receipt.Case
			})
		}
		wg.Wait()
		for i, ref := range refs {
			if ref == "" || ref != refs[0] {
				t.Fatalf("report %d is in %q, report 0 in %q", i, ref, refs[0])
			}
		}
		d.doctor("", 60*time.Second)
	})
}

// wait waits until a case is as cond wants it.
func (d *desk) wait(api simulate.API, ref, what string, cond func(simulate.Case) bool) simulate.Case {
	d.t.Helper()
	var c simulate.Case
	testenv.Eventually(d.t, 30*time.Second, func() bool {
		var err error
		c, err = api.Case(d.t.Context(), ref)
		if err != nil {
			d.t.Fatal(err)
		}
		return cond(c)
	}, "%s of %s", what, ref)
	return c
}

func (d *desk) waitRestriction(api simulate.API, id int64, want cases.RestrictionState) {
	d.t.Helper()
	testenv.Eventually(d.t, 30*time.Second, func() bool {
		r, err := api.Restriction(d.t.Context(), id)
		if err != nil {
			d.t.Fatal(err)
		}
		return r.State == want
	}, "restriction %d to be %s", id, want)
}

// statusOf is the HTTP status in an error of the API, 0 for another.
func statusOf(err error) int {
	if a, ok := errors.AsType[*simulate.Answered](err); ok {
		return a.Status
	}
	return 0
}
