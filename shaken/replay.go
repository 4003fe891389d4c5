package shaken

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"
)

// Replays remembers on which call a token was first seen. RFC 8224 section 12.1:
// within its freshness a token could be sent again. Implementations are safe for
// concurrent use.
type Replays interface {
	// First records that a call carried a token and returns the call on which the
	// token was seen first, which is the same call if it is new. The key is the
	// digest of the octets that were signed, not of the signature: of every ECDSA
	// signature there is a second valid one.
	First(ctx context.Context, key [32]byte, call string, at time.Time) (string, error)
}

// Memory is a Replays in memory, for one process. It forgets tokens of calls more
// than four times Freshness before the latest, and beyond its size the oldest.
type Memory struct {
	mu    sync.Mutex
	max   int
	seen  map[[32]byte]sighting
	queue [][32]byte // in the order seen
	last  time.Time
}

type sighting struct {
	call string
	at   time.Time
}

// NewMemory makes a Memory for at most max tokens.
func NewMemory(most int) *Memory {
	return &Memory{max: max(most, 1), seen: map[[32]byte]sighting{}}
}

// First implements Replays. It never returns an error.
func (m *Memory) First(_ context.Context, key [32]byte, call string, at time.Time) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at.After(m.last) {
		m.last = at
	}
	for len(m.queue) > 0 && m.last.Sub(m.seen[m.queue[0]].at) > 4*Freshness {
		m.forget()
	}
	if s, ok := m.seen[key]; ok {
		return s.call, nil
	}
	if len(m.queue) == m.max {
		m.forget()
	}
	m.seen[key] = sighting{call, at}
	m.queue = append(m.queue, key)
	return call, nil
}

func (m *Memory) forget() {
	delete(m.seen, m.queue[0])
	m.queue = m.queue[1:]
}

// checkReplay looks only at tokens whose signature is good: anybody can make up
// the others.
func (t *token) checkReplay(ctx context.Context, call Call, replays Replays) {
	switch {
	case replays == nil || call.ID == "":
		t.report(CheckReplay, Skipped, "Other calls were not searched for the same token.")
		return
	case t.result(CheckSignature) != Pass:
		t.report(CheckReplay, Skipped, "Only a token with a good signature is searched for on other calls.")
		return
	}
	first, err := replays.First(ctx, sha256.Sum256([]byte(t.signed)), call.ID, call.At)
	switch {
	case err != nil:
		t.report(CheckReplay, Undecided, "Other calls could not be searched for the same token.")
	case first != call.ID:
		t.report(CheckReplay, Fail, "The same token was seen on another call, %s.", quote(first))
	default:
		t.report(CheckReplay, Pass, "The token was not seen on another call.")
	}
}
