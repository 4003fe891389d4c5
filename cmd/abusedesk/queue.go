package main

import (
	"crypto/rand"
	"fmt"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// openRedis connects to the configured Redis, or starts one in this process.
// Nothing is lost with either: the database is the truth. The embedded one
// listens on a free loopback port with a password nobody else knows.
func openRedis(url string) (*redis.Options, func(), error) {
	if url != "" {
		o, err := redis.ParseURL(url)
		if err != nil {
			return nil, nil, usageError{fmt.Errorf("ABUSEDESK_REDIS_URL: %w", err)}
		}
		return o, func() {}, nil
	}
	m := miniredis.NewMiniRedis()
	password := rand.Text()
	m.RequireAuth(password)
	m.ClockTTL(true) // else nothing ever expires in it
	if err := m.Start(); err != nil {
		return nil, nil, fmt.Errorf("start the in-process queue: %w", err)
	}
	return &redis.Options{Addr: m.Addr(), Password: password, Protocol: 2}, m.Close, nil
}
