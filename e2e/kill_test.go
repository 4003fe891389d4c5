package e2e

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/internal/simulate"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

func newLedger(t testing.TB) (*simulate.Ledger, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	l, err := simulate.OpenLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, path
}

// survive says how hard the kill test is.
type survive struct {
	each    int           // mails, form posts, chat webhooks and API reports
	kills   int           // at least
	flushes int           // of Redis, at least
	pause   time.Duration // between two faults, at most; a quarter at least
	rate    float64       // reports a second over all doors: the load lasts as long as the faults
}

// While reports come in through all doors, the process is killed and started
// again at random, and Redis is emptied. In the end every report that was
// acknowledged is there exactly once, in one case, enriched, and nobody was
// sent two acknowledgements.
func TestNothingIsLostOrDoubledThroughKills(t *testing.T) {
	hard := survive{each: 150, kills: 10, flushes: 3, pause: 3 * time.Second, rate: 20}
	if testenv.Soak() {
		hard = survive{each: 1000, kills: 40, flushes: 10, pause: 8 * time.Second, rate: 16}
	}
	t.Parallel() // with what else mostly waits
	each(t, func(t *testing.T, s setup) {
		t.Parallel()
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		d := newDesk(t, s)
		d.start()
		analyst := d.staff("Ana", "analyst", "all")
		ledger, path := newLedger(t)

		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
		defer cancel()
		// Its acknowledgement is under way when the first kill comes.
		unlucky := carrier(t)
		report := simulate.Stories(unlucky)[2].Steps[0].Complaint
		report.Reporter.Email = silent
		_, receipt, err := d.doors().Deliver(ctx, simulate.DoorAPI, report)
		if err != nil {
			t.Fatal(err)
		}
		testenv.Eventually(t, 30*time.Second, func() bool { return d.sink.unanswered() == 1 }, "the acknowledgement to %s to be under way", silent)

		type outcome struct {
			res simulate.LoadResult
			err error
		}
		ended := make(chan outcome, 1)
		doors := d.doors()
		go func() {
			res, err := simulate.Load(ctx, simulate.LoadConfig{Doors: doors, Ledger: ledger, Seed: seed, Form: hard.each, API: hard.each, Mail: hard.each, Chat: hard.each,
				Concurrency: 12, Rate: hard.rate})
			ended <- outcome{res, err}
		}()

		r := rand.New(rand.NewPCG(seed, 2))
		var kills, flushes int
		var load *outcome
		for kills < hard.kills || s.redis != nil && flushes < hard.flushes {
			wait := time.NewTimer(hard.pause/4 + time.Duration(r.Int64N(int64(hard.pause*3/4))))
			select {
			case o := <-ended:
				load = &o
				ended = nil
			case <-wait.C:
			}
			wait.Stop()
			if s.redis != nil && r.IntN(4) == 0 {
				if err := s.redis.Flush(); err != nil {
					t.Fatal(err)
				}
				flushes++
				continue
			}
			d.process.Kill()
			kills++
			d.launch() // not waiting until it is ready: it may be killed before
		}
		d.ready()
		if load == nil {
			o := <-ended
			load = &o
		}
		t.Logf("%d kills, %d flushes: %+v", kills, flushes, load.res)
		if total := 4 * hard.each; load.err != nil || load.res.Acknowledged != total {
			t.Fatalf("%d of %d acknowledged: %v %v", load.res.Acknowledged, total, load.err, load.res.Errors)
		}

		d.doctor(path, 8*time.Minute)
		sum, bad, err := simulate.Check(t.Context(), path, apiFinder{d, analyst})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("ledger: %+v", sum)
		for _, f := range bad {
			t.Error(f)
		}
		for to, n := range d.sink.perRecipient() {
			if n > 1 {
				t.Errorf("%s was sent %d acknowledgements", to, n)
			}
		}
		if n := len(d.sink.perRecipient()); n == 0 {
			t.Error("nobody was sent an acknowledgement")
		}
		filed, err := d.mailbox.Messages(mailUser, "Filed")
		if err != nil || len(filed) != hard.each {
			t.Errorf("%d of %d mails lie in Filed, %v", len(filed), hard.each, err)
		}
		d.unknownIsShown(d.signIn("Ana"), receipt.Case)
		if n := d.sink.unanswered(); n != 1 {
			t.Errorf("an acknowledgement of unknown outcome was attempted %d times", n)
		}
		d.run("", "audit", "verify")
	})
}

// apiFinder looks reports up over the API by the digest of their bytes, beside
// what the program's own checker says. It cannot see enrichment or sendings.
type apiFinder struct {
	d   *desk
	key simulate.API
}

func (f apiFinder) ReportsOf(ctx context.Context, e simulate.Entry) ([]simulate.Found, error) {
	var page struct {
		Items []struct {
			ID   int64  `json:"id"`
			Case string `json:"case"`
		} `json:"items"`
	}
	if err := f.key.Do(ctx, http.MethodGet, "/api/v1/reports?"+url.Values{"sha256": {e.SHA256}}.Encode(), nil, &page); err != nil {
		return nil, err
	}
	var out []simulate.Found
	for _, r := range page.Items {
		found := simulate.Found{Report: r.ID, Enriched: true}
		if r.Case != "" {
			found.Cases = []string{r.Case}
		}
		out = append(out, found)
	}
	return out, nil
}
