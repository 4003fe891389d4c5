package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
)

// healthz says that the process answers; it must not depend on anything else,
// or a database that is down would have every replica restarted.
func (s *Server) healthz(c *gin.Context) error {
	c.JSON(http.StatusOK, gin.H{"status": "ok", "version": s.Version})
	return nil
}

// readyz says whether this replica should get requests.
func (s *Server) readyz(c *gin.Context) error {
	if err := s.Ready(c.Request.Context()); err != nil {
		s.Log.Warn("not ready", "err", err)
		c.JSON(http.StatusServiceUnavailable, gin.H{"status": "not ready", "reason": sentence(err.Error())})
		return nil
	}
	c.JSON(http.StatusOK, gin.H{"status": "ready"})
	return nil
}

// metrics is for this machine and for keys that may read operations: what it
// says of an abuse desk's load is nobody else's business.
func (s *Server) metrics(c *gin.Context) error {
	if s.Metrics == nil {
		return cases.NotFound("this page (metrics are served on ABUSEDESK_METRICS_ADDR)")
	}
	if !fromLoopback(c) {
		a, err := s.keyActor(c)
		if err != nil {
			return err
		}
		if err := cases.Permit(a, cases.CmdReadOperations); err != nil {
			return err
		}
	}
	s.Metrics.ServeHTTP(c.Writer, c.Request)
	return nil
}
