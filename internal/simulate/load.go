package simulate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// LoadConfig says what load to make.
type LoadConfig struct {
	Doors  *Doors
	Ledger *Ledger // required: without it nothing is proved
	Seed   uint64

	Form, API, Mail, Chat int // how many through each door

	// Concurrency is how many reporters are under way at once, default 8.
	Concurrency int
	// Rate is how many new reports begin each second over all doors; 0: as
	// fast as the desk takes them.
	Rate float64
	// Backoff is the pause after an attempt without an answer, default 200 ms.
	// Attempts go on, with the same bytes under the same key, until one is
	// answered or the context ends.
	Backoff time.Duration

	// Campaign makes all reports name one caller, so that they meet in one
	// case; else each names a caller of its own.
	Campaign string
	// Before ends the time in which the reported calls happened; zero: now.
	Before time.Time
	// Progress is told, if set, after each delivery that came to an end.
	Progress func(done, total int)
}

// LoadResult counts how deliveries ended.
type LoadResult struct {
	Acknowledged int
	Refused      int
	Unfinished   int // the context ended first
	Errors       []error
	Took         time.Duration
}

// Load makes many reports and does not give up on any while the desk dies,
// restarts, or is too busy. It returns when every delivery was acknowledged or
// refused, or the context ended. The error is the ledger's.
func Load(ctx context.Context, c LoadConfig) (LoadResult, error) {
	if c.Ledger == nil {
		return LoadResult{}, &LedgerError{errors.New("a load without a ledger proves nothing")}
	}
	if c.Concurrency <= 0 {
		c.Concurrency = 8
	}
	if c.Backoff <= 0 {
		c.Backoff = 200 * time.Millisecond
	}
	if c.Before.IsZero() {
		c.Before = c.Doors.now()
	}
	began := time.Now()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	type task struct {
		door Door
		n    int
	}
	total := c.Form + c.API + c.Mail + c.Chat
	tasks := make(chan task)
	go func() {
		defer close(tasks)
		for n, door := range c.order(total) {
			if c.Rate > 0 && pause(ctx, time.Duration(float64(time.Second)/c.Rate)) != nil {
				return
			}
			select {
			case tasks <- task{door, n}:
			case <-ctx.Done():
				return
			}
		}
	}()

	var mu sync.Mutex
	var res LoadResult
	var wg sync.WaitGroup
	for range c.Concurrency {
		wg.Go(func() {
			for t := range tasks {
				s := sender{doors: c.Doors, ledger: c.Ledger, backoff: c.Backoff}
				_, _, err := s.deliver(ctx, t.door, c.complaint(t.n), fmt.Sprintf("load-%x-%d-%s", c.Seed, t.n, NewKey()))
				mu.Lock()
				switch {
				case err == nil:
					res.Acknowledged++
				case final(err):
					res.Refused++
					if len(res.Errors) < 20 {
						res.Errors = append(res.Errors, err)
					}
					if _, broken := errors.AsType[*LedgerError](err); broken {
						stop(err)
					}
				}
				done := res.Acknowledged + res.Refused
				mu.Unlock()
				if c.Progress != nil {
					c.Progress(done, total)
				}
			}
		})
	}
	wg.Wait()
	res.Unfinished = total - res.Acknowledged - res.Refused
	res.Took = time.Since(began)
	if err, ok := errors.AsType[*LedgerError](context.Cause(ctx)); ok {
		return res, err
	}
	return res, nil
}

// order mixes the doors evenly, the same way for the same seed.
func (c LoadConfig) order(total int) []Door {
	sorted := make([]Door, 0, total)
	for _, q := range []struct {
		door Door
		n    int
	}{{DoorForm, c.Form}, {DoorAPI, c.API}, {DoorMail, c.Mail}, {DoorChat, c.Chat}} {
		for range q.n {
			sorted = append(sorted, q.door)
		}
	}
	r := rand.New(rand.NewPCG(c.Seed, 0x10ad))
	r.Shuffle(len(sorted), func(i, j int) { sorted[i], sorted[j] = sorted[j], sorted[i] })
	return sorted
}

// complaint n of the load. No two have the same bytes in any door.
func (c LoadConfig) complaint(n int) Complaint {
	r := rand.New(rand.NewPCG(c.Seed, uint64(n)))
	caller := c.Campaign
	if caller == "" {
		caller = phone(areaCodes[n%len(areaCodes)], 300+n/len(areaCodes))
	}
	all := transcripts()
	call := cases.Call{From: caller, To: anyPhone(r), StartedAt: c.Before.Add(-time.Duration(60+r.IntN(20*60)) * time.Minute).UTC().Truncate(time.Minute)}
	complaint := callReport(r, call, all[r.IntN(len(all))].Text, n)
	complaint.Occurrences = 0
	complaint.Reporter.Email = fmt.Sprintf("load.%x.%d@example.net", c.Seed, n)
	return complaint
}
