package desk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/safehttp"
	"github.com/abusedesk/abusedesk/internal/testenv"
	"github.com/abusedesk/abusedesk/notify"
)

func ptr[T any](v T) *T { return &v }

// listens makes a peer and a webhook that leads to it.
func (w *world) listens(events ...cases.WebhookEvent) (*testenv.WebhookPeer, cases.Webhook) {
	w.t.Helper()
	if w.desk.Caller == nil {
		w.desk.Caller = notify.NewCaller(safehttp.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, "https://desk.example", time.Now, func(string) {})
	}
	p := testenv.NewWebhookPeer(w.t)
	hook, secret, err := w.desk.CreateWebhook(w.t.Context(), admin, cases.WebhookChange{URL: &p.URL, Events: &events})
	w.must(err)
	p.Trust(secret)
	w.t.Cleanup(func() {
		if bad := p.Refused(); len(bad) != 0 {
			w.t.Errorf("not signed well: %q", bad)
		}
	})
	return p, hook
}

// deliveries are those of a webhook, oldest first.
func (w *world) deliveries(hook cases.Webhook) []cases.WebhookDelivery {
	w.t.Helper()
	p, err := w.desk.WebhookDeliveries(w.t.Context(), admin, cases.WebhookDeliveryQuery{WebhookID: hook.ID, Limit: cases.MaxPage})
	w.must(err)
	slices.Reverse(p.Items)
	return p.Items
}

func (w *world) hook(id int64) cases.Webhook {
	w.t.Helper()
	h, err := w.desk.Webhook(w.t.Context(), admin, id)
	w.must(err)
	return h
}

// told is what a peer heard, in short.
func told(p *testenv.WebhookPeer) []string {
	var out []string
	for _, r := range p.Received() {
		s := r.Type
		for _, k := range []string{"case", "state", "disposition", "restriction"} {
			if v, ok := r.Data[k]; ok {
				s += fmt.Sprint(" ", v)
			}
		}
		out = append(out, s)
	}
	return out
}

func about(number string) string {
	return `{"category":"robocall","caller_number":"` + number + `","description":"They say my card is blocked.","reporter":{"email":"jane@example.org","name":"Jane Doe"}}`
}

func TestWebhooksAreTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.must(w.desk.ImportAccounts(ctx, admin, []cases.Account{{ID: "alpha", Name: "Alpha"}}))
		p, _ := w.listens(cases.WebhookEvents()...)
		narrow, _ := w.listens(cases.WebhookCaseResolved)
		f := w.submit(about("+12025550143"))
		w.submit(about("+12025550143")) // the same case
		w.work()
		insufficient := Judgement{Disposition: cases.DispositionInsufficient, Reason: "Nothing known."}
		_, err := w.desk.Resolve(ctx, ann, f.CaseRef, insufficient)
		w.must(err)
		_, err = w.desk.Reopen(ctx, ann, f.CaseRef, "One more look.")
		w.must(err)
		// A restriction is active when the replicas hold it, and lifted when its time has run out and they have let go.
		until := w.clock().Add(time.Hour)
		r, err := w.desk.Propose(ctx, ann, Proposal{Kind: cases.KindChannelLimit, TargetKind: cases.TargetAccount, Target: "alpha", Value: cases.RestrictionValue{Channels: 2}, Reason: "Too many.", ExpiresAt: &until})
		w.must(err)
		beat := func() {
			w.t.Helper()
			rev, err := w.store.Revision(ctx)
			w.must(err)
			w.must(w.store.Heartbeat(ctx, w.clock(), cases.Replica{ID: "web-1", StartedAt: noon, Revision: rev}))
		}
		beat()
		w.pass(2 * time.Hour)
		_, err = w.store.ExpireRestrictions(ctx, w.clock())
		w.must(err)
		beat()
		_, err = w.desk.Resolve(ctx, ann, f.CaseRef, insufficient)
		w.must(err)
		w.work()
		ref := f.CaseRef
		want := []string{"case.opened " + ref + " new", "case.resolved " + ref + " resolved insufficient", fmt.Sprint("restriction.active active ", r.ID),
			fmt.Sprint("restriction.lifted lifted ", r.ID), "case.resolved " + ref + " resolved insufficient"}
		got := told(p)
		slices.Sort(got) // those that are due together go out together
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if got := told(narrow); !slices.Equal(got, []string{want[1], want[1]}) {
			t.Errorf("one that asked for resolutions was told %q", got)
		}
		seen := map[string]bool{}
		for _, r := range p.Received() {
			if seen[r.ID] {
				t.Errorf("%s came twice", r.ID)
			}
			seen[r.ID] = true
			for _, personal := range []string{"Jane", "jane@", "2025550143", "card is blocked", "Nothing known", "alpha"} {
				if strings.Contains(r.Body, personal) {
					t.Errorf("%s is told %q", r.Body, personal)
				}
			}
		}
	})
}

// What another way than a person's hand resolves is told too.
func TestWebhooksAreToldOfReferrals(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, _ := w.listens(cases.WebhookCaseResolved)
		w.carried(noon)
		w.submit(foreigner("jane@example.org", foreign, ""))
		w.work()
		if got := told(p); len(got) != 1 || !strings.HasSuffix(got[0], "resolved not_ours_referred") {
			t.Errorf("told %q", got)
		}
	})
}

func TestWebhookIsTriedAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, hook := w.listens(cases.WebhookCaseOpened)
		p.Next(testenv.WebhookStatus(500, "try later"), testenv.WebhookCut, testenv.WebhookStatus(429, "", "Retry-After", "1200"))
		w.submit(about("+12025550143"))
		w.work()
		d := w.deliveries(hook)[0]
		if d.State != cases.WebhookPending || d.Attempts != 1 || d.Status != 500 || d.Answer != "try later" || d.NextAt.Sub(*d.AttemptedAt) < 5*time.Second {
			t.Fatalf("after a failure: %+v", d)
		}
		w.work() // not before its time: work moves the clock by a little
		w.pass(6 * time.Second)
		w.work()
		if d = w.deliveries(hook)[0]; d.Attempts != 2 || d.Status != 0 || !strings.Contains(d.Answer, "cut") {
			t.Fatalf("after a cut: %+v", d)
		}
		w.pass(6 * time.Minute)
		w.work()
		if d = w.deliveries(hook)[0]; d.Attempts != 3 || d.NextAt.Sub(*d.AttemptedAt) < 30*time.Minute || w.hook(hook.ID).PausedUntil.Sub(*d.AttemptedAt) != 20*time.Minute {
			t.Fatalf("after a 429: %+v, %+v", d, w.hook(hook.ID))
		}
		w.pass(34 * time.Minute)
		w.work()
		d = w.deliveries(hook)[0]
		got := p.Received()
		if d.State != cases.WebhookDelivered || d.Status != 204 || len(got) != 4 || w.hook(hook.ID).FailingSince != nil {
			t.Fatalf("%+v after %d attempts, webhook %+v", d, len(got), w.hook(hook.ID))
		}
		for _, r := range got {
			if r.ID != d.MessageID || r.Body != got[0].Body {
				t.Errorf("an attempt says %s %s, the first said %s %s", r.ID, r.Body, got[0].ID, got[0].Body)
			}
		}
	})
}

func TestWebhookDeadLetters(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p, hook := w.listens(cases.WebhookCaseOpened)
		p.Always(testenv.WebhookStatus(404, "no such hook"))
		for i := range 3 {
			w.submit(about(fmt.Sprintf("+1202555014%d", i)))
		}
		w.work()
		for ds := w.deliveries(hook); ds[0].State == cases.WebhookPending; ds = w.deliveries(hook) {
			w.pass(ds[2].NextAt.Sub(w.clock()) + 3*time.Hour) // past the jitter of all three
			w.work()
		}
		if h := w.hook(hook.ID); h.State != cases.WebhookEnabled || w.clock().Sub(noon) < 75*time.Hour {
			t.Fatalf("after %v: %+v", w.clock().Sub(noon), h)
		}
		w.pass(noon.Add(cases.WebhookDeadAfter).Sub(w.clock()) + time.Minute)
		w.submit(about("+12025550150"))
		w.work()
		if h := w.hook(hook.ID); h.State != cases.WebhookDisabled || !strings.Contains(h.Reason, "five days") {
			t.Fatalf("nothing arrived for %v: %+v", w.clock().Sub(noon), h)
		}
		dead, err := w.desk.DeadDeliveries(ctx, admin)
		w.must(err)
		ds := w.deliveries(hook)
		if dead[hook.ID] != 4 || len(ds) != 4 || ds[0].Attempts != cases.MaxWebhookAttempts || ds[0].Status != 404 || ds[0].Answer != "no such hook" {
			t.Fatalf("%d dead of %+v", dead[hook.ID], ds)
		}
		// Nothing goes to one that is disabled, and nothing is kept for it.
		w.submit(about("+12025550160"))
		if n := len(w.deliveries(hook)); n != len(ds) {
			t.Errorf("%d deliveries of a disabled webhook, want %d", n, len(ds))
		}
		_, err = w.desk.Redeliver(ctx, admin, hook.ID, 0)
		w.refused(err, cases.ErrConflict, "disabled")
		_, err = w.desk.EnableWebhook(ctx, admin, hook.ID)
		w.must(err)
		p.Always(nil)
		before := len(p.Received())
		_, err = w.desk.Redeliver(ctx, admin, hook.ID, ds[1].ID)
		w.must(err)
		w.work()
		if got := p.Received(); len(got) != before+1 || got[before].ID != ds[1].MessageID {
			t.Fatalf("one was sent again: %d came", len(got)-before)
		}
		n, err := w.desk.Redeliver(ctx, admin, hook.ID, 0)
		w.must(err)
		w.work()
		dead, err = w.desk.DeadDeliveries(ctx, admin)
		w.must(err)
		if n != len(ds)-1 || len(dead) != 0 || len(p.Received()) != before+len(ds) {
			t.Errorf("%d of %d sent again, %v dead, %d came", n, len(ds)-1, dead, len(p.Received())-before)
		}
		_, err = w.desk.Redeliver(ctx, admin, hook.ID, 999)
		w.refused(err, cases.ErrNotFound, "delivery 999")
	})
}

func TestWebhookIsGone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, hook := w.listens(cases.WebhookCaseOpened)
		other, _ := w.listens(cases.WebhookCaseOpened)
		p.Next(testenv.WebhookStatus(410, "gone"))
		w.submit(about("+12025550143"))
		w.work()
		w.submit(about("+12025550144"))
		w.work()
		if h := w.hook(hook.ID); h.State != cases.WebhookDisabled || !strings.Contains(h.Reason, "410") || len(p.Received()) != 1 || len(other.Received()) != 2 {
			t.Errorf("%+v, told %d times; the other %d", h, len(p.Received()), len(other.Received()))
		}
		events, err := w.desk.Events(t.Context(), admin, cases.EventQuery{ObjectKind: "webhook", ObjectID: fmt.Sprint(hook.ID)})
		w.must(err)
		if len(events.Items) != 2 || events.Items[0].ActorID != "webhooks" || strings.Contains(fmt.Sprint(events.Items), p.URL) {
			t.Errorf("audit: %+v", events.Items)
		}
	})
}

// Whoever dies between the claim and the answer loses nothing: the event comes
// again under its id.
func TestWebhookAfterACrash(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, hook := w.listens(cases.WebhookCaseOpened)
		w.submit(about("+12025550143"))
		j := w.only(cases.JobWebhook)
		_, ds, err := w.store.ClaimWebhook(t.Context(), j.at, w.clock(), hook.ID)
		w.must(err)
		if len(ds) != 1 {
			t.Fatalf("%d claimed", len(ds))
		}
		// A second replica finds nothing to do meanwhile, and looks again in time.
		_, again, err := w.store.ClaimWebhook(t.Context(), cases.Attempt{}, w.clock(), hook.ID)
		if err != nil || len(again) != 0 {
			t.Fatalf("claimed twice: %v, %v", again, err)
		}
		w.pass(cases.AttemptLease + time.Second)
		_, err = w.store.SweepJobs(t.Context(), w.clock(), time.Second)
		w.must(err)
		w.work()
		if got := p.Received(); len(got) != 1 || got[0].ID != ds[0].MessageID || w.deliveries(hook)[0].State != cases.WebhookDelivered {
			t.Errorf("came %+v, delivery %+v", got, w.deliveries(hook)[0])
		}
		// The one that died wakes up and says that it failed.
		w.must(w.store.SettleWebhook(t.Context(), w.clock(), hook.ID, []cases.WebhookSettled{{Delivery: ds[0], Answer: cases.WebhookAnswer{Status: 500}}}))
		if d := w.deliveries(hook)[0]; d.State != cases.WebhookDelivered || d.Status != 204 {
			t.Errorf("the late word counts: %+v", d)
		}
		if err := w.desk.CallWebhook(t.Context(), j.at, hook.ID); !errors.Is(err, cases.ErrFenced) {
			t.Errorf("its job: %v", err)
		}
	})
}

// What was under way when its webhook was disabled, and died, waits for nothing.
func TestWebhookDisabledUnderWay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, hook := w.listens(cases.WebhookCaseOpened)
		w.submit(about("+12025550143"))
		_, ds, err := w.store.ClaimWebhook(t.Context(), cases.Attempt{}, w.clock(), hook.ID)
		w.must(err)
		if len(ds) != 1 {
			t.Fatalf("%d claimed", len(ds))
		}
		if n, err := w.store.PruneDeliveries(t.Context(), w.clock().Add(time.Second), 100); err != nil || n != 0 {
			t.Errorf("%d that wait are forgotten, %v", n, err)
		}
		_, err = w.desk.DisableWebhook(t.Context(), admin, hook.ID, "moved")
		w.must(err)
		if d := w.deliveries(hook)[0]; d.State != cases.WebhookPending {
			t.Errorf("it is over before it has ended: %+v", d)
		}
		w.pass(cases.WebhookLease + time.Second)
		w.work()
		if d := w.deliveries(hook)[0]; d.State != cases.WebhookDead || len(p.Received()) != 0 {
			t.Errorf("%+v, told %q", d, told(p))
		}
	})
}

// A secret that cannot be opened is no failure of the peer.
func TestWebhookFaultOfOurs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, hook := w.listens(cases.WebhookCaseOpened)
		w.submit(about("+12025550143"))
		vault := w.desk.Vault
		w.desk.Vault = sealedShut{vault}
		if err := w.desk.CallWebhook(t.Context(), w.only(cases.JobWebhook).at, hook.ID); err == nil {
			t.Fatal("it was called")
		}
		if d := w.deliveries(hook)[0]; d.State != cases.WebhookPending || d.Attempts != 0 {
			t.Errorf("%+v", d)
		}
		w.desk.Vault = vault
		w.pass(cases.AttemptLease + time.Second)
		_, err := w.store.SweepJobs(t.Context(), w.clock(), time.Second)
		w.must(err)
		w.work()
		if d := w.deliveries(hook)[0]; d.State != cases.WebhookDelivered || d.Attempts != 1 || len(p.Received()) != 1 {
			t.Errorf("%+v, told %q", d, told(p))
		}
	})
}

type sealedShut struct{ Vault }

func (sealedShut) Open(context.Context, cases.Kept) (io.ReadCloser, error) {
	return nil, errors.New("no key")
}

func TestWebhookAttemptsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, hook := w.listens(cases.WebhookCaseOpened)
		var under, most atomic.Int32
		full := make(chan struct{})
		p.Always(func(rw http.ResponseWriter, _ *http.Request) {
			if n := under.Add(1); n > most.Load() {
				most.Store(n)
				if n == cases.WebhookAtOnce {
					close(full)
				}
			}
			<-full
			under.Add(-1)
			rw.WriteHeader(http.StatusOK)
		})
		for i := range 3 * cases.WebhookAtOnce {
			w.submit(about(fmt.Sprintf("+120255501%02d", i)))
		}
		_, ds, err := w.store.ClaimWebhook(t.Context(), cases.Attempt{}, w.clock(), hook.ID)
		if err != nil || len(ds) != cases.WebhookAtOnce {
			t.Fatalf("%d attempts begun at once, %v", len(ds), err)
		}
		w.pass(cases.WebhookLease)
		w.work()
		if n := most.Load(); n != cases.WebhookAtOnce || len(p.Received()) != 3*cases.WebhookAtOnce {
			t.Errorf("%d at once, %d came", n, len(p.Received()))
		}
		for _, d := range w.deliveries(hook) {
			if d.State != cases.WebhookDelivered {
				t.Errorf("%+v", d)
			}
		}
	})
}

func TestWebhookManagement(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p, hook := w.listens(cases.WebhookCaseOpened)
		// A new secret: both sign for a day.
		_, fresh, err := w.desk.RotateWebhook(ctx, admin, hook.ID)
		w.must(err)
		w.must(w.desk.TestWebhook(ctx, admin, hook.ID))
		w.work()
		p.Trust(fresh)
		w.must(w.desk.TestWebhook(ctx, admin, hook.ID))
		w.work()
		if got := told(p); !slices.Equal(got, []string{"webhook.test", "webhook.test"}) {
			t.Errorf("told %q", got)
		}
		for _, s := range w.hook(hook.ID).Secrets {
			if strings.Contains(string(s.Sealed), strings.TrimPrefix(fresh, "whsec_")) && len(s.Sealed) == len(fresh) {
				t.Error("the secret is kept as it is")
			}
		}
		// What waits ends when the webhook is disabled.
		w.submit(about("+12025550143"))
		_, err = w.desk.DisableWebhook(ctx, admin, hook.ID, "moving house")
		w.must(err)
		w.work()
		if ds := w.deliveries(hook); ds[2].State != cases.WebhookDead || !strings.Contains(ds[2].Answer, "disabled") || len(p.Received()) != 2 {
			t.Errorf("%+v", ds)
		}
		w.refused(w.desk.TestWebhook(ctx, admin, hook.ID), cases.ErrConflict, "disabled")
		// What is older than 30 days is forgotten.
		n, err := w.store.PruneDeliveries(ctx, noon, 100)
		if err != nil || n != 0 {
			t.Errorf("pruned %d, %v", n, err)
		}
		if n, err = w.store.PruneDeliveries(ctx, w.clock().Add(time.Second), 2); err != nil || n != 2 || len(w.deliveries(hook)) != 1 {
			t.Errorf("pruned %d, %v", n, err)
		}
		w.must(w.desk.DeleteWebhook(ctx, admin, hook.ID))
		_, err = w.desk.Webhook(ctx, admin, hook.ID)
		w.refused(err, cases.ErrNotFound, "webhook")
		w.submit(about("+12025550144"))

		for i := range cases.MaxWebhooks + 1 {
			_, _, err = w.desk.CreateWebhook(ctx, admin, cases.WebhookChange{URL: ptr(fmt.Sprintf("https://peer%d.example/", i)), Events: &[]cases.WebhookEvent{cases.WebhookCaseResolved}})
			if i < cases.MaxWebhooks {
				w.must(err)
			}
		}
		w.refused(err, cases.ErrConflict, "as many as there can be")
		_, _, err = w.desk.CreateWebhook(ctx, admin, cases.WebhookChange{URL: ptr("http://192.168.1.1/"), Events: &[]cases.WebhookEvent{cases.WebhookCaseResolved}})
		w.refused(err, cases.ErrInvalid, "url")
	})
}

// Webhooks that come and go while cases are opened hold nobody up.
func TestWebhooksDeletedWhileToldOf(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.desk.Caller = notify.NewCaller(safehttp.Config{}, "https://desk.example", time.Now, func(string) {})
		done := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				hook, _, err := w.desk.CreateWebhook(t.Context(), admin, cases.WebhookChange{URL: ptr("https://peer.example/"), Events: ptr(cases.WebhookEvents())})
				if err == nil {
					err = w.desk.DeleteWebhook(t.Context(), admin, hook.ID)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
		for i := range 60 {
			w.submit(about(fmt.Sprintf("+120255502%02d", i)))
		}
		close(done)
		wg.Wait()
	})
}

func TestWebhookPermissions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		_, hook := w.listens(cases.WebhookCaseOpened)
		reads := map[string]func(cases.Actor) error{
			"list": func(a cases.Actor) error { _, err := w.desk.Webhooks(ctx, a); return err },
			"show": func(a cases.Actor) error { _, err := w.desk.Webhook(ctx, a, hook.ID); return err },
			"deliveries": func(a cases.Actor) error {
				_, err := w.desk.WebhookDeliveries(ctx, a, cases.WebhookDeliveryQuery{WebhookID: hook.ID})
				return err
			},
			"dead": func(a cases.Actor) error { _, err := w.desk.DeadDeliveries(ctx, a); return err },
		}
		acts := map[string]func(cases.Actor) error{
			"create": func(a cases.Actor) error {
				_, _, err := w.desk.CreateWebhook(ctx, a, cases.WebhookChange{})
				return err
			},
			"change": func(a cases.Actor) error {
				_, err := w.desk.ChangeWebhook(ctx, a, hook.ID, cases.WebhookChange{})
				return err
			},
			"enable":    func(a cases.Actor) error { _, err := w.desk.EnableWebhook(ctx, a, hook.ID); return err },
			"disable":   func(a cases.Actor) error { _, err := w.desk.DisableWebhook(ctx, a, hook.ID, ""); return err },
			"rotate":    func(a cases.Actor) error { _, _, err := w.desk.RotateWebhook(ctx, a, hook.ID); return err },
			"delete":    func(a cases.Actor) error { return w.desk.DeleteWebhook(ctx, a, hook.ID) },
			"test":      func(a cases.Actor) error { return w.desk.TestWebhook(ctx, a, hook.ID) },
			"redeliver": func(a cases.Actor) error { _, err := w.desk.Redeliver(ctx, a, hook.ID, 0); return err },
		}
		for name, act := range acts {
			for _, a := range []cases.Actor{ann, bob, dave, {}, {Kind: cases.ActorReporter}, {Kind: cases.ActorKey, Role: cases.RoleIntegration, Scopes: []cases.Scope{cases.ScopeRead, cases.ScopeCases}}} {
				if err := act(a); !errors.Is(err, cases.ErrForbidden) {
					t.Errorf("%s by %s %s: %v", name, a.Kind, a.Role, err)
				}
			}
		}
		for name, read := range reads {
			for _, a := range []cases.Actor{ann, bob, {}} {
				if err := read(a); !errors.Is(err, cases.ErrForbidden) {
					t.Errorf("%s by %s: %v", name, a.Role, err)
				}
			}
			w.must(read(dave))
		}
	})
}
