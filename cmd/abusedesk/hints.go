package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
)

// hintChannel says on Redis that a restriction changed.
const hintChannel = "abusedesk:revision"

// hints wake the keeper of this process and, through Redis, those of the other
// replicas. A lost hint costs one poll of the revision.
type hints struct {
	local chan struct{}
	out   chan struct{}
}

func newHints() *hints {
	return &hints{local: make(chan struct{}, 1), out: make(chan struct{}, 1)}
}

// send never blocks.
func (h *hints) send() {
	for _, c := range []chan struct{}{h.local, h.out} {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// run carries hints to Redis and from it until ctx ends.
func (h *hints) run(ctx context.Context, r *redis.Client, log *slog.Logger) {
	sub := r.Subscribe(ctx, hintChannel)
	defer sub.Close()
	in := sub.Channel()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.out:
			pctx, cancel := context.WithTimeout(ctx, time.Second)
			if err := r.Publish(pctx, hintChannel, "").Err(); err != nil {
				log.Debug("hint", "err", err)
			}
			cancel()
		case _, ok := <-in:
			if !ok {
				return
			}
			select {
			case h.local <- struct{}{}:
			default:
			}
		}
	}
}
