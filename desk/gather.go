package desk

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// gather commits together what callers ask for at the same time: while one
// transaction is under way, those that come wait, and the next takes them all.
// Under load a commit, and the statements that a batch shares, are paid once
// for many; a caller who is alone waits for nobody. A transaction that takes
// long, because it waits for a lock, is overtaken by another after patience.
//
// What is asked for together fails together, so each of a batch that failed is
// tried again alone: one that cannot be done harms no other. A caller who
// leaves does not take it back.
type gather[In, Out any] struct {
	do       func(ctx context.Context, in []In) ([]Out, error)
	max      int // of one batch
	lanes    int // transactions at once, at most
	patience time.Duration

	mu       sync.Mutex
	waiting  []*gathered[In, Out]
	running  int
	watching bool // somebody looks whether what waits has waited for too long
}

type gathered[In, Out any] struct {
	in   In
	out  Out
	err  error
	done chan struct{}
}

// gatherTimeout bounds one batch: what waits longer is locked out by something
// that will not end by itself.
const gatherTimeout = 30 * time.Second

// one asks for in and waits for what came of it, or for the end of ctx: then
// nobody knows yet.
func (g *gather[In, Out]) one(ctx context.Context, in In) (Out, error) {
	x := &gathered[In, Out]{in: in, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, x)
	if g.running == 0 {
		g.running++
		go g.run()
	} else {
		g.watch()
	}
	g.mu.Unlock()
	select {
	case <-x.done:
		return x.out, x.err
	case <-ctx.Done():
		var nobodyKnows Out
		return nobodyKnows, context.Cause(ctx)
	}
}

// watch sees to it that what waits is not held up by what is under way. The lock
// is held.
func (g *gather[In, Out]) watch() {
	if g.watching || g.running == g.lanes {
		return
	}
	g.watching = true
	first := g.waiting[0]
	time.AfterFunc(g.patience, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.watching = false
		if len(g.waiting) == 0 {
			return
		}
		if g.waiting[0] == first { // nobody has taken any since
			g.running++
			go g.run()
		}
		g.watch()
	})
}

// run does what waits until nothing does.
func (g *gather[In, Out]) run() {
	for {
		g.mu.Lock()
		batch := g.waiting[:min(len(g.waiting), g.max)]
		g.waiting = g.waiting[len(batch):]
		if len(batch) == 0 {
			g.waiting = nil
			g.running--
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		if len(batch) > 1 && g.commit(batch) == nil {
			continue
		}
		for i, x := range batch {
			if err := g.commit(batch[i : i+1]); err != nil {
				x.err = err
				close(x.done)
			}
		}
	}
}

// commit does a batch and answers it, or returns why not.
func (g *gather[In, Out]) commit(batch []*gathered[In, Out]) (err error) {
	// No caller's own context: the others go on when he leaves.
	ctx, cancel := context.WithTimeout(context.Background(), gatherTimeout)
	defer cancel()
	in := make([]In, len(batch))
	for i, x := range batch {
		in[i] = x.in
	}
	out, err := g.guarded(ctx, in)
	if err != nil {
		return err
	}
	for i, x := range batch {
		x.out = out[i]
		close(x.done)
	}
	return nil
}

// guarded makes an error of a panic, which here would end the program: there is
// no handler above that recovers.
func (g *gather[In, Out]) guarded(ctx context.Context, in []In) (out []Out, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panicked: %v\n%s", r, debug.Stack())
		}
	}()
	return g.do(ctx, in)
}
