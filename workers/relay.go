package workers

import (
	"context"
	"time"
)

// Relay limits.
const (
	relayBatch = 500
	relayBusy  = 10 * time.Millisecond  // between looks while there is something to do
	relayIdle  = 100 * time.Millisecond // while there is not
	relayError = time.Second
)

// relay hands committed jobs to the queue until ctx ends. Every replica runs
// one; SKIP LOCKED keeps them from each other.
func (p *Pool) relay(ctx context.Context) {
	wait := time.NewTimer(0)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		n, err := p.Jobs.RelayJobs(ctx, p.now(), relayBatch, p.enqueue)
		p.Observe.Loop("relay", n, err)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			p.Log.Warn("relay", "err", err)
			wait.Reset(relayError)
		case n > 0:
			wait.Reset(relayBusy)
		default:
			wait.Reset(relayIdle)
		}
	}
}
