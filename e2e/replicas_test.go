package e2e

import (
	"syscall"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/simulate"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// leaseTimeout is how long work that a paused replica had begun can stay with
// it, with time to do it then.
const leaseTimeout = cases.AttemptLease + 40*time.Second

// Two replicas share mailbox, queue and restrictions. Each in turn is paused
// until its leases have passed to the other and then wakes up: as a holder
// that does not know what it missed. Nothing is read twice or lost.
func TestPausedReplicaWakesUpRefused(t *testing.T) {
	t.Parallel()
	s := postgres(t)
	a := newDesk(t, s)
	a.start()
	b := a.replica()
	b.start()
	replicas := map[string]*desk{"first": a, "second": b}
	ledger, path := newLedger(t)
	sent := 0
	mails := func(n int) {
		t.Helper()
		res, err := simulate.Load(t.Context(), simulate.LoadConfig{Doors: a.doors(), Ledger: ledger, Seed: uint64(sent), Mail: n})
		if err != nil || res.Acknowledged != n {
			t.Fatalf("%+v, %v", res, err)
		}
		sent += n
	}
	filed := func(patience time.Duration) {
		t.Helper()
		moved := 0
		defer func() {
			if t.Failed() {
				t.Logf("%d of %d were moved", moved, sent)
			}
		}()
		testenv.Eventually(t, patience, func() bool {
			got, err := a.mailbox.Messages(mailUser, "Filed")
			moved = len(got)
			return err == nil && moved == sent
		}, "%d mails to be read and moved", sent)
	}
	mails(10)
	filed(30 * time.Second)
	for name, paused := range replicas {
		if err := syscall.Kill(paused.process.Pid(), syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		mails(20)
		filed(leaseTimeout) // whoever held the mailbox, the other one has it now
		if err := syscall.Kill(paused.process.Pid(), syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		mails(20)
		filed(30 * time.Second)
		paused.ready()
		t.Logf("%s replica was paused, %d mails so far", name, sent)
	}
	a.doctor(path, time.Minute)
	for to, n := range a.sink.perRecipient() {
		if n > 1 {
			t.Errorf("%s was sent %d acknowledgements", to, n)
		}
	}
}

// A restriction is active when every live replica refuses by it; a replica that
// slept through the change does not let a single call out on what it knew.
func TestRestrictionReachesEveryReplica(t *testing.T) {
	t.Parallel()
	s := postgres(t)
	a := newDesk(t, s)
	a.env["POLICY_FAIL_MODE"] = "closed"
	a.start()
	b := a.replica()
	b.start()
	c := carrier(t)
	a.load(c)
	ana := a.staff("Ana", "analyst", "all")
	secret := a.key("--name", "switch", "--scopes", "policy")
	ask := func(d *desk) simulate.Answer {
		t.Helper()
		ans, err := simulate.API{BaseURL: d.baseURL, Key: secret.Key}.Ask(t.Context(), simulate.Probe{Account: c.Cast.Hijacked, Connection: "sip-" + c.Cast.Hijacked, From: c.Cast.HijackedLine, To: simulate.PremiumPrefix + "100123"})
		if err != nil {
			t.Fatal(err)
		}
		return ans
	}
	for _, d := range []*desk{a, b} {
		testenv.Eventually(t, 30*time.Second, func() bool { return ask(d).Action == "allow" }, "calls to go out before")
	}
	measure := simulate.Measure{Kind: cases.KindPrefixDenied, TargetKind: cases.TargetAccount, Target: c.Cast.Hijacked, Value: cases.RestrictionValue{Prefixes: []string{simulate.PremiumPrefix}}, For: time.Hour, Reason: "Toll fraud."}
	r, err := ana.Restrict(t.Context(), "", measure, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	a.waitRestriction(ana, r.ID, cases.RestrictionActive)
	for _, d := range []*desk{a, b} {
		if ans := ask(d); ans.Action != "refuse" || ans.Restriction != r.ID {
			t.Errorf("an active restriction on a replica: %+v", ans)
		}
	}
	if err := ana.Lift(t.Context(), r.ID, "Over."); err != nil {
		t.Fatal(err)
	}
	a.waitRestriction(ana, r.ID, cases.RestrictionLifted)

	// The second one sleeps until it no longer counts, and a restriction
	// becomes active without it.
	if err := syscall.Kill(b.process.Pid(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if r, err = ana.Restrict(t.Context(), "", measure, time.Now()); err != nil {
		t.Fatal(err)
	}
	a.waitRestriction(ana, r.ID, cases.RestrictionActive)
	if slept := time.Since(began); slept < cases.ReplicaTimeout/2 {
		t.Errorf("active after %v, while a live replica had not acknowledged", slept)
	}
	if err := syscall.Kill(b.process.Pid(), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(3 * time.Second); time.Now().Before(until); {
		if ans := ask(b); ans.Action != "refuse" {
			t.Fatalf("the replica that slept lets a call out: %+v", ans)
		}
	}
	if ans := ask(b); ans.Restriction != r.ID {
		t.Errorf("awake for three seconds, it still answers by its fail mode: %+v", ans)
	}
	a.doctor("", 30*time.Second)
}
