package mailbox

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/abusedesk/abusedesk/cases"
)

// Grant is how access tokens are had from a token endpoint: with a refresh token
// (RFC 6749 section 6), or without one by the client's credentials (section 4.4).
type Grant struct {
	TokenURL     string // https; plain http to loopback only
	ClientID     string
	ClientSecret string // may be empty with a refresh token: a public client
	Scope        string // several are separated by spaces; empty is the endpoint's own choice
	RefreshToken string
}

// Tokens has the access tokens of one grant and keeps the current one in memory.
// All mailboxes of a grant share it: a token endpoint that hands out another
// refresh token with each access token may refuse the one before. The newest is
// used from then on, and is forgotten with the process.
//
// It is safe for concurrent use and makes one request at a time.
type Tokens struct {
	grant Grant
	host  string
	http  *http.Client
	now   func() time.Time

	mu      sync.Mutex
	refresh string
	access  string
	until   time.Time // zero is until it is refused
}

const (
	// tokenTimeout bounds one request to a token endpoint.
	tokenTimeout = 30 * time.Second
	// early is how long before its end a token is not used any more: for clocks
	// that differ and sign-ins that take their time.
	early = time.Minute
)

// NewTokens checks a grant. Its error is a cases.Error with one problem for each
// field, under the field's name in the environment; it repeats no secret.
func NewTokens(g Grant) (*Tokens, error) {
	var problems []cases.Problem
	bad := func(field, message string) {
		problems = append(problems, cases.Problem{Field: field, Message: message})
	}
	u, err := url.Parse(g.TokenURL)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		bad("TOKEN_URL", "use https://host/path of the token endpoint")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		bad("TOKEN_URL", "the client's secret is sent there: use https://")
	}
	if g.ClientID == "" {
		bad("CLIENT_ID", "it is missing")
	}
	if g.ClientSecret == "" && g.RefreshToken == "" {
		bad("CLIENT_SECRET", "it is missing, and there is no REFRESH_TOKEN")
	}
	if len(problems) > 0 {
		return nil, cases.Invalid(problems...)
	}
	return &Tokens{
		grant: g, host: u.Host, now: time.Now, refresh: g.RefreshToken,
		http: &http.Client{
			Timeout: tokenTimeout,
			// A redirected request would hand the secrets to somebody else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// token returns an access token, and whether it was made just now.
func (t *Tokens) token(ctx context.Context) (token string, fresh bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.access != "" && (t.until.IsZero() || t.now().Before(t.until)) {
		return t.access, false, nil
	}
	got, err := t.request(ctx)
	if err != nil {
		said := t.explain(err)
		if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok && e.ErrorCode == "invalid_grant" {
			t.refresh = t.grant.RefreshToken // next time; a rotated one may have ended before it
		}
		return "", false, said
	}
	t.access, t.until = got.AccessToken, got.Expiry
	if !t.until.IsZero() {
		t.until = t.until.Add(-early)
	}
	if got.RefreshToken != "" {
		t.refresh = got.RefreshToken
	}
	return t.access, true, nil
}

// discard makes sure that a token which a server refused is not used again.
func (t *Tokens) discard(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.access == token {
		t.access = ""
	}
}

func (t *Tokens) request(ctx context.Context) (*oauth2.Token, error) {
	c := clientcredentials.Config{
		TokenURL: t.grant.TokenURL, ClientID: t.grant.ClientID, ClientSecret: t.grant.ClientSecret, Scopes: strings.Fields(t.grant.Scope),
		// Finding out which way the endpoint prefers would double each request that fails.
		AuthStyle: oauth2.AuthStyleInParams,
	}
	if t.refresh != "" {
		// oauth2.Config refreshes without a scope, and Microsoft's endpoint then
		// chooses for which of its services the token is.
		c.EndpointParams = url.Values{"grant_type": {"refresh_token"}, "refresh_token": {t.refresh}}
	}
	return c.Token(context.WithValue(ctx, oauth2.HTTPClient, t.http))
}

// explain says what went wrong with a request. What the endpoint sent is repeated
// only as far as RFC 6749 section 5.2 means it for people.
func (t *Tokens) explain(err error) error {
	if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		if e.ErrorCode == "" || e.Response.StatusCode >= 500 || e.Response.StatusCode == http.StatusTooManyRequests {
			return unavailable("the token endpoint "+t.host+" answers "+e.Response.Status, nil)
		}
		text := e.ErrorCode
		if e.ErrorDescription != "" {
			text += " (" + e.ErrorDescription + ")"
		}
		return &cases.Error{Kind: cases.KindForbidden, Message: "the token endpoint " + t.host + " refused: " + t.quote(text)}
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // without the URL
	}
	return unavailable("ask the token endpoint "+t.host, err)
}

// quote puts an endpoint's words on one line of bounded length, without secrets.
func (t *Tokens) quote(text string) string {
	for _, secret := range []string{t.grant.ClientSecret, t.grant.RefreshToken, t.refresh} {
		if secret != "" {
			text = strings.NewReplacer(secret, "…", url.QueryEscape(secret), "…").Replace(text)
		}
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if r := []rune(text); len(r) > 300 {
		text = string(r[:300]) + "…"
	}
	return text
}
