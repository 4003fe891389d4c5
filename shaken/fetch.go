package shaken

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// MinCache is the least time for which a fetched chain is used again: a provider's
// certificate server must not see each of our calls.
const MinCache = 24 * time.Hour

const (
	retryAfter = time.Minute // after a fetch that failed
	maxFetched = 4096        // addresses remembered
)

// Fetcher gets what is served at an address that X5UPolicy allows. The
// implementation must check the host's address when it dials, refuse redirects,
// read at most MaxChainBytes and keep to ctx.
type Fetcher interface {
	Fetch(ctx context.Context, address string) ([]byte, error)
}

// Fetched is a Certificates that fetches and remembers. It suits calls of the
// moment; for past calls put an archive in front of it. Safe for concurrent use;
// calls for one address wait for the same fetch.
type Fetched struct {
	from Fetcher
	now  func() time.Time

	mu   sync.Mutex
	have map[string]*fetched
}

type fetched struct {
	done   chan struct{} // closed when chains or err is set
	chains []*Chain
	err    error
	until  time.Time
}

// NewFetched makes one with an empty memory.
func NewFetched(from Fetcher, now func() time.Time) *Fetched {
	return &Fetched{from: from, now: now, have: map[string]*fetched{}}
}

// Chains implements Certificates. What is served now is returned whatever the
// time of the call: the path check decides whether it was valid then.
func (f *Fetched) Chains(ctx context.Context, x5u string, at time.Time) ([]*Chain, error) {
	if err := X5UPolicy(x5u); err != nil {
		return nil, fmt.Errorf("not fetched: %w", err)
	}
	f.mu.Lock()
	e := f.have[x5u]
	if e != nil && (e.until.IsZero() || f.now().Before(e.until)) {
		f.mu.Unlock()
		select {
		case <-e.done:
			if inHaste(e.err) && ctx.Err() == nil {
				return f.Chains(ctx, x5u, at)
			}
			return e.chains, e.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	e = &fetched{done: make(chan struct{})}
	for old := range f.have {
		if len(f.have) < maxFetched {
			break
		}
		delete(f.have, old)
	}
	f.have[x5u] = e
	f.mu.Unlock()

	raw, err := f.from.Fetch(ctx, x5u)
	if err == nil {
		e.chains, err = ParseChains(raw)
	}
	e.err = err
	f.mu.Lock()
	e.until = f.now().Add(MinCache)
	if err != nil {
		e.until = f.now().Add(retryAfter)
		if inHaste(err) {
			delete(f.have, x5u)
		}
	}
	f.mu.Unlock()
	close(e.done)
	return e.chains, e.err
}

// inHaste reports whether a fetch ended because its caller would not wait, which
// is no property of the address.
func inHaste(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
