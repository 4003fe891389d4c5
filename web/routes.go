package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
)

// routes is every route there is.
func (s *Server) routes(e *gin.Engine) error {
	e.Use(s.recover, s.observe, s.secure)
	e.NoRoute(s.page(func(*gin.Context) error { return cases.NotFound("this page") }))
	e.NoMethod(s.page(func(*gin.Context) error {
		return &httpError{http.StatusMethodNotAllowed, cases.Forbidden("this address does not take that method")}
	}))

	// Probes.
	e.GET("/healthz", s.json(s.healthz))
	e.GET("/readyz", s.json(s.readyz))
	e.GET("/metrics", s.json(s.metrics))

	// Machines: the API (/api/v1/…, /api/openapi.json) brings its own routes.
	s.api(e)
	e.GET("/api/docs", s.page(s.apiDocs))
	e.POST("/policy/v1/calls", bodyLimit(MaxPolicyBody), s.json(s.policy))
	e.POST("/hooks/chat/standard", bodyLimit(MaxHookBody), s.json(s.hookStandard))

	s.pages(e)
	return nil
}

// handler does one thing and returns what went wrong.
type handler func(*gin.Context) error

// json answers errors as application/problem+json.
func (s *Server) json(h handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := h(c); err != nil {
			s.logFault(c, err)
			writeProblem(c.Writer, problemOf(err))
			c.Abort()
		}
	}
}

// page answers errors as a page, or as a problem to clients that want JSON.
func (s *Server) page(h handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		err := h(c)
		if err == nil {
			return
		}
		s.logFault(c, err)
		c.Abort()
		if c.Writer.Written() {
			return
		}
		if p := c.Request.URL.Path; strings.HasPrefix(p, "/api/") || strings.HasPrefix(p, "/hooks/") || strings.HasPrefix(p, "/policy/") {
			writeProblem(c.Writer, problemOf(err))
			return
		}
		s.errorPage(c, err)
	}
}

// logFault logs what is ours to mend; what the client did wrong is his.
func (s *Server) logFault(c *gin.Context, err error) {
	if statusOf(err) >= http.StatusInternalServerError && !errors.Is(err, c.Request.Context().Err()) {
		s.Log.Error("request", "route", c.FullPath(), "method", c.Request.Method, "err", err)
	}
}
