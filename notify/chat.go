package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/safehttp"
)

// Limits of what a chat's API may answer.
const (
	maxSaid       = 300       // bytes of an answer that a sending keeps
	maxRetryAfter = time.Hour // a longer wait is asked for again
)

// ChatConfig says where a chat product is, and as who we write there.
type ChatConfig struct {
	URL   string // of its API, without a trailing slash
	Token string
	Admin string // the teammate in whose name Intercom shows it
	Voice Voice
	// Client asks: the address is the operator's, so that it may be inside.
	Client *http.Client
}

// text is what is written into a conversation.
func (c ChatConfig) text(l cases.Letter) (string, error) {
	_, text, err := compose(l, c.Voice.wordsOf(l))
	return strings.TrimSpace(text), err
}

// post makes one attempt. Until a connection stands nothing was sent; after that
// only an answer says whether the message was taken, and without one nobody knows:
// that is the error.
func (c ChatConfig) post(ctx context.Context, path string, header http.Header, body any) (cases.Outcome, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return cases.Outcome{Refused: true, Note: err.Error()}, nil
	}
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.URL, "/")+path, bytes.NewReader(raw))
	if err != nil {
		return cases.Outcome{Refused: true, Note: err.Error()}, nil
	}
	req.Header = header
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Close = true // one that was left open may be gone when we write, and then nobody knows
	res, err := c.Client.Do(req)
	switch {
	case errors.Is(err, safehttp.ErrAddress):
		return cases.Outcome{Refused: true, Note: err.Error()}, nil
	case err != nil && !connected.Load():
		return cases.Outcome{Retry: true, Note: err.Error()}, nil
	case err != nil:
		return cases.Outcome{}, fmt.Errorf("the chat's answer did not come: %w", err)
	}
	defer res.Body.Close()
	return answered(res), nil
}

// answered reads what the status says (RFC 9110). What is refused is refused for
// good; a server that failed may have shown the message before it did.
func answered(res *http.Response) cases.Outcome {
	said, _ := io.ReadAll(io.LimitReader(res.Body, maxSaid))
	o := cases.Outcome{Note: strings.TrimSpace(res.Status + " " + strings.Join(strings.Fields(strings.ToValidUTF8(string(said), "")), " "))}
	after := res.Header.Get("Retry-After")
	switch code := res.StatusCode; {
	case code >= 200 && code < 300:
		return cases.Outcome{Taken: true, Note: res.Status}
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		o.Retry = true // it is our token that is refused, which somebody will mend
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code == http.StatusTooEarly,
		code == http.StatusServiceUnavailable && after != "":
		o.Retry, o.After = true, min(retryAfter(after, time.Now()), maxRetryAfter)
	case code >= 300 && code < 500:
		o.Refused = true
	}
	return o
}

// bearings are the conversation of a letter, of one product.
func bearings(l cases.Letter, product string) (id string, err error) {
	c, _ := cases.ParseConversation(l.Sending.To)
	if c.Product != product || strings.Trim(c.ID, "0123456789/") != "" {
		return "", fmt.Errorf("%q is no conversation of %s", l.Sending.To, product)
	}
	return c.ID, nil
}
