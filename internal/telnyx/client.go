// Package telnyx asks version 2 of Telnyx's API. It must not know what its
// answers are for.
package telnyx

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// BaseURL is where the API is.
const BaseURL = "https://api.telnyx.com/v2"

const (
	maxBody   = 8 << 20 // bytes of an answer
	retries   = 2       // after the first attempt, as Telnyx's own client does
	firstWait = 500 * time.Millisecond
	// maxWait is how long a rate limit is waited for. The API counts by the minute.
	maxWait = 90 * time.Second
)

// Config says whom to ask and as whom.
type Config struct {
	BaseURL string // "" is BaseURL
	Key     string
	HTTP    *http.Client
	Now     func() time.Time
	// Wait returns after d, or with the error of ctx; nil waits by the clock.
	Wait func(ctx context.Context, d time.Duration) error
}

// Client asks the API. Safe for concurrent use.
type Client struct{ Config }

// New returns a client.
func New(c Config) *Client {
	c.BaseURL = strings.TrimRight(cmp.Or(c.BaseURL, BaseURL), "/")
	if c.Wait == nil {
		c.Wait = wait
	}
	return &Client{c}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Error is what the API says of a request that it refuses.
type Error struct {
	Status int
	Errors []struct {
		Code   string `json:"code"`
		Title  string `json:"title"`
		Detail string `json:"detail"`
	} `json:"errors"`
}

func (e *Error) Error() string {
	s := fmt.Sprintf("Telnyx answers %d", e.Status)
	for i, x := range e.Errors {
		if i == 3 {
			break
		}
		s += fmt.Sprintf("; %s (%s)", strings.TrimSpace(x.Title+" "+x.Detail), x.Code)
	}
	if e.Status == http.StatusUnauthorized {
		s += ": is the API key right?"
	}
	return s
}

// Temporary says whether asking again can help: 408, 409, 429 and 5xx.
func (e *Error) Temporary() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooManyRequests:
		return true
	}
	return e.Status >= 500
}

// get asks for path and decodes the answer into v. What is temporary, a broken
// connection included, is tried again twice; a rate limit is waited for. The
// error is a cases.Error of kind unavailable where it was temporary to the end,
// and wraps *Error where the API has answered.
func (c *Client) get(ctx context.Context, path string, query url.Values, v any) error {
	pause := firstWait
	for attempt := 0; ; attempt++ {
		after, err := c.once(ctx, path, query, v)
		if err == nil || ctx.Err() != nil {
			return cmp.Or(err, ctx.Err())
		}
		said, answered := errors.AsType[*Error](err)
		switch {
		case answered && !said.Temporary():
			return fmt.Errorf("GET %s: %w", path, err)
		case attempt == retries:
			return &cases.Error{Kind: cases.KindUnavailable, Message: "Telnyx cannot be asked now", Err: fmt.Errorf("GET %s: %w", path, err)}
		}
		if after == 0 {
			after, pause = pause, 2*pause
		}
		if err := c.Wait(ctx, min(after, maxWait)); err != nil {
			return err
		}
	}
}

// once makes one attempt; after is how long the API asks to wait.
func (c *Client) once(ctx context.Context, path string, query url.Values, v any) (after time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.BaseURL+path+"?"+query.Encode(), nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+c.Key)
	r.Header.Set("Accept", "application/json")
	res, err := c.HTTP.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	switch {
	case err != nil:
		return 0, err
	case len(body) > maxBody:
		return 0, fmt.Errorf("the answer is longer than %d bytes", maxBody)
	case res.StatusCode != http.StatusOK:
		e := &Error{Status: res.StatusCode}
		_ = json.Unmarshal(body, e) // a proxy on the way answers in its own words
		return c.after(res.Header), e
	}
	if err := json.Unmarshal(body, v); err != nil {
		return 0, fmt.Errorf("the answer is not what was asked for: %w", err)
	}
	return 0, nil
}

// after reads how long to wait: x-ratelimit-reset is in seconds, or the time
// itself in seconds since 1970.
func (c *Client) after(h http.Header) time.Duration {
	for _, name := range []string{"Retry-After", "X-Ratelimit-Reset"} {
		n, err := strconv.ParseFloat(h.Get(name), 64)
		switch {
		case err != nil || n < 0:
		case n > 1e9:
			return max(time.Unix(int64(n), 0).Sub(c.Now()), time.Second)
		default:
			return max(time.Duration(n*float64(time.Second)), firstWait)
		}
	}
	return 0
}
