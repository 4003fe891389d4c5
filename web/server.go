package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gin-gonic/gin"
	"github.com/ulule/limiter/v3"

	"github.com/abusedesk/abusedesk/auth"
	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
	"github.com/abusedesk/abusedesk/internal/altcha"
	"github.com/abusedesk/abusedesk/restrict"
)

// Config is what a Server works with.
type Config struct {
	Desk     *desk.Desk
	Auth     *auth.Service
	Sessions *scs.SessionManager
	Policy   *restrict.Keeper
	Renderer *Renderer
	Limits   limiter.Store // shared between replicas where there is a Redis
	// Challenges are what the public solves before it files.
	Challenges *altcha.Issuer
	Solutions  Solutions
	// BaseURL is how the public reaches us, without a trailing slash.
	BaseURL string
	// TrustedProxies are those whose X-Forwarded-For is believed; none by default.
	TrustedProxies []netip.Prefix
	// WidgetOrigins are the sites whose pages may hold the widget ("https://…").
	WidgetOrigins []string
	// ChatSecrets verify /hooks/chat/standard ("whsec_…"); none: the door is closed.
	ChatSecrets []string
	// ChatwootSecrets verify /hooks/chat/chatwoot, IntercomSecrets (client secrets of
	// the app) /hooks/chat/intercom; none: that door is closed.
	ChatwootSecrets []string
	// ChatwootInboxes are the ids of those whose messages are kept; none: all are.
	ChatwootInboxes []string
	IntercomSecrets []string
	// Ready says whether what we depend on answers, for /readyz.
	Ready   func(context.Context) error
	Metrics http.Handler // nil: served elsewhere
	Observe Observer
	// Demo signs visitors' eyes to the demo's accounts on the sign-in page.
	Demo        []DemoAccount
	Development bool
	Region      string
	Version     string
	Now         func() time.Time
	Log         *slog.Logger
}

// Observer is told how requests fare, for metrics.
type Observer interface {
	Request(route, method string, status int, took time.Duration)
	Policy(action, reason string, took time.Duration)
}

// Server answers HTTP. Safe for concurrent use.
type Server struct {
	Config
	handler  http.Handler
	counts   counts
	patience time.Duration // with the first of two equal requests
}

// New builds the routes.
func New(c Config) (*Server, error) {
	gin.SetMode(gin.ReleaseMode)
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	s := &Server{Config: c, patience: requestPatience}
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	trusted := make([]string, 0, len(c.TrustedProxies))
	for _, p := range c.TrustedProxies {
		trusted = append(trusted, p.String())
	}
	if len(trusted) == 0 {
		trusted = nil // gin trusts everybody unless told otherwise
	}
	if err := e.SetTrustedProxies(trusted); err != nil {
		return nil, fmt.Errorf("trusted proxies: %w", err)
	}
	if err := s.routes(e); err != nil {
		return nil, err
	}
	s.handler = s.sessions(s.crossOrigin(e))
	return s, nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Server) now() time.Time { return s.Now().UTC() }

// sessions loads the session where one can be: the console and its sign-in.
// The API, the doors and the policy endpoint never touch the table.
func (s *Server) sessions(next http.Handler) http.Handler {
	with, seen := s.Sessions.LoadAndSave(next), s.unnoticed(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case slices.Contains(polled, r.URL.Path):
			seen.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/desk"):
			with.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// polled is what an open page asks for by itself, which is no sign of anybody
// there: it must not keep a session from ending when it is idle.
var polled = []string{"/desk/urgent", "/desk/queue/new"}

// unnoticed loads the session and does not prolong it.
func (s *Server) unnoticed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var token string
		if cookie, err := r.Cookie(s.Sessions.Cookie.Name); err == nil {
			token = cookie.Value
		}
		ctx, err := s.Sessions.Load(r.Context(), token)
		if err != nil {
			s.Sessions.ErrorFunc(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// crossOrigin refuses what another site makes a browser send (CSRF). Clients
// that are no browsers send none of the headers it looks at.
func (s *Server) crossOrigin(next http.Handler) http.Handler {
	p := http.NewCrossOriginProtection()
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, problemOf(cases.Forbidden("this request came from another site")))
	}))
	return p.Handler(next)
}
