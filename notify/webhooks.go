package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/safehttp"
)

// maxAnswer is how much of an answer is read and shown, in bytes.
const maxAnswer = 400

// Caller sends webhooks as https://www.standardwebhooks.com describes them.
// Safe for concurrent use.
type Caller struct {
	client  *http.Client
	outside safehttp.Config
	baseURL string
	now     func() time.Time
	count   func(outcome string)
}

// NewCaller prepares one. outside is what may be asked, baseURL where the
// console is, count is told how each attempt ended.
func NewCaller(outside safehttp.Config, baseURL string, now func() time.Time, count func(outcome string)) *Caller {
	outside.Timeout = cases.WebhookTimeout
	return &Caller{client: safehttp.New(outside), outside: outside, baseURL: strings.TrimSuffix(baseURL, "/"), now: now, count: count}
}

// Check says what is wrong with an address.
func (c *Caller) Check(url string) error { return c.outside.Check(url) }

// payload is the body of a webhook.
func (c *Caller) payload(m cases.WebhookMessage) ([]byte, error) {
	d := m.Delivery
	p := cases.WebhookPayload{Type: d.Event, Timestamp: d.At.UTC(), Data: cases.WebhookData{Case: m.CaseRef}}
	switch d.Event {
	case cases.WebhookCaseOpened:
		p.Data.State = string(cases.StateNew)
	case cases.WebhookCaseResolved:
		p.Data.State, p.Data.Disposition = string(cases.StateResolved), d.Disposition
	case cases.WebhookRestrictionActive:
		p.Data.State = string(cases.RestrictionActive)
	case cases.WebhookRestrictionLifted:
		p.Data.State = string(cases.RestrictionLifted)
	}
	if m.CaseRef != "" {
		p.Data.URL = c.baseURL + "/desk/cases/" + m.CaseRef
	}
	if r := m.Restriction; r != nil {
		p.Data.Restriction, p.Data.Kind, p.Data.Target = r.ID, r.Kind, r.TargetKind
		p.Data.URL = fmt.Sprintf("%s/desk/restrictions/%d", c.baseURL, r.ID)
	}
	return json.Marshal(p)
}

// Call makes one attempt. The time that is signed is that of the attempt, so
// that the other side can refuse what somebody replays.
func (c *Caller) Call(ctx context.Context, m cases.WebhookMessage) cases.WebhookAnswer {
	a := c.call(ctx, m)
	switch {
	case a.Delivered():
		c.count("delivered")
	case a.Gone():
		c.count("gone")
	case a.Never:
		c.count("refused_address")
	case a.Status == 0:
		c.count("no_answer")
	default:
		c.count("failed")
	}
	return a
}

func (c *Caller) call(ctx context.Context, m cases.WebhookMessage) cases.WebhookAnswer {
	body, err := c.payload(m)
	if err != nil {
		return cases.WebhookAnswer{Text: err.Error()}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(body))
	if err != nil {
		return cases.WebhookAnswer{Text: "the address cannot be read", Never: true}
	}
	at := c.now()
	var signatures []string
	for _, secret := range m.Secrets {
		wh, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return cases.WebhookAnswer{Text: "the secret cannot be read"}
		}
		s, err := wh.Sign(m.Delivery.MessageID, at, body)
		if err != nil {
			return cases.WebhookAnswer{Text: "the body cannot be signed"}
		}
		signatures = append(signatures, s)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "abusedesk-webhooks")
	// As the specification writes them, in lower case; servers do not care.
	req.Header.Set(standardwebhooks.HeaderWebhookID, m.Delivery.MessageID)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	res, err := c.client.Do(req)
	if err != nil {
		return cases.WebhookAnswer{Text: why(err), Never: errors.Is(err, safehttp.ErrAddress)}
	}
	defer res.Body.Close()
	// The status is the answer; a body that breaks off changes nothing in it.
	text, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return cases.WebhookAnswer{Status: res.StatusCode, RetryAfter: retryAfter(res.Header.Get("Retry-After"), at), Text: plain(text)}
}

// why puts a failure in words that say nothing of the address, which may hold a
// password.
func why(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, safehttp.ErrAddress):
		return "this address may not be asked: it is not public, and not among the allowed networks"
	case errors.As(err, &dns):
		return "the server's name cannot be found"
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("no answer within %d seconds", int(cases.WebhookTimeout.Seconds()))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was cut before the answer"
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return "no connection: " + op.Err.Error()
	}
	return "no answer: the connection failed"
}

// plain makes the beginning of an answer fit to be shown.
func plain(b []byte) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r == '\r' {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(string(b), "?")))
}

// retryAfter reads the header in either form (RFC 9110, section 10.2.3); 0 for none.
func retryAfter(h string, now time.Time) time.Duration {
	if n, err := strconv.ParseInt(h, 10, 32); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(h); err == nil {
		return max(t.Sub(now), 0)
	}
	return 0
}
