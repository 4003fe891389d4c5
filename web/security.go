package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/ulule/limiter/v3"

	"github.com/abusedesk/abusedesk/cases"
)

// Limits of requests.
const (
	MaxFormBody  = 1 << 20 // the public form without files
	MaxJSONBody  = 4 << 20
	MaxHookBody  = 1 << 20
	MaxCallsBody = 32 << 20
	// PublicReports is how many reports one address (IPv6: one /64) may file in
	// an hour without a key.
	PublicReports = 60
	// UnprovedReports is how many forms without a proof of work it may send in an
	// hour.
	UnprovedReports = 6
	// Confirmations is how many links one mail address is sent in an hour.
	Confirmations = 3
	// SignIns is how many sign-ins one address may try in a quarter of an hour.
	SignIns = 20
)

const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"

// What a page may run in the background: nothing, but the form its proof of work.
const (
	noWorkers     = "; worker-src 'none'"
	workersOfOurs = "; worker-src 'self'"
)

// secure sets what every answer carries.
func (s *Server) secure(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", contentPolicy+noWorkers)
	if c.Query("widget") != "" && strings.HasPrefix(c.Request.URL.Path, "/reports") {
		s.framed(c) // what goes wrong there is said in the frame too
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	if strings.HasPrefix(s.BaseURL, "https://") {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if !strings.HasPrefix(c.Request.URL.Path, "/assets/") {
		h.Set("Cache-Control", "no-store")
	}
}

// observe times requests by route, never by path, which could hold a token.
func (s *Server) observe(c *gin.Context) {
	started := time.Now()
	c.Next()
	route := c.FullPath()
	if route == "" {
		route = "none"
	}
	s.Observe.Request(route, c.Request.Method, c.Writer.Status(), time.Since(started))
}

// recover turns a panic into a 500 without its text.
func (s *Server) recover(c *gin.Context) {
	defer func() {
		if r := recover(); r != nil {
			if r == http.ErrAbortHandler {
				panic(r)
			}
			s.Log.Error("handler panicked", "request", requestID(c), "route", c.FullPath(), "panic", r, "stack", stack())
			s.answerError(c, errInternal)
			c.Abort()
		}
	}()
	c.Next()
}

// bodyLimit bounds what is read of a request.
func bodyLimit(n int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.Request.ContentLength > n {
			writeProblem(c.Writer, problemOf(bodyTooLarge(n)))
			c.Abort()
			return
		}
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, n)
	}
}

func bodyTooLarge(n int64) error {
	return &cases.Error{Kind: cases.KindTooLarge, Message: "a request here may have at most " + strconv.FormatInt(n, 10) + " bytes"}
}

// limited allows one address n requests per period of the named act.
func (s *Server) limited(c *gin.Context, act string, n int64, period time.Duration) error {
	return s.limitedBy(c, act+":"+addressKey(c.ClientIP()), n, period)
}

// limitedBy allows n requests per period for what key names.
func (s *Server) limitedBy(c *gin.Context, key string, n int64, period time.Duration) error {
	l := limiter.New(s.Limits, limiter.Rate{Period: period, Limit: n})
	got, err := l.Get(c.Request.Context(), key)
	if err != nil {
		s.Log.Warn("rate limit", "err", err) // a limiter that is down must not close the public's door
		return nil
	}
	if got.Reached {
		c.Header("Retry-After", strconv.FormatInt(max(1, got.Reset-s.Now().Unix()), 10))
		return errTooMany
	}
	return nil
}
