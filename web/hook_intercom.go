package web

import (
	"crypto/sha1" // what Intercom signs with
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

// hookIntercom is the chat door for Intercom: X-Hub-Signature is "sha1=" and the
// HMAC-SHA1 of the raw body under the app's client secret. The format signs no
// time, so that an old notification cannot be told from a late one; it is
// recognised by its message and files nothing twice.
func (s *Server) hookIntercom(c *gin.Context) error {
	if len(s.IntercomSecrets) == 0 {
		return errNoIntercom
	}
	raw, err := readAll(c.Request.Body)
	if err != nil {
		return err
	}
	sent, ok := strings.CutPrefix(c.GetHeader("X-Hub-Signature"), "sha1=")
	if !ok || !signedHex(sha1.New, s.IntercomSecrets, sent, raw) {
		return errSignature
	}
	heard, err := intake.HearIntercom(raw)
	if err != nil {
		return malformed(err)
	}
	return s.acceptHeard(c, cases.ChatIntercom, heard, raw)
}

var errNoIntercom = cases.NotFound("this door (no client secret of Intercom is configured)")

// probeIntercom answers the look that Intercom takes at an address before it
// keeps it.
func (s *Server) probeIntercom(c *gin.Context) error {
	if len(s.IntercomSecrets) == 0 {
		return errNoIntercom
	}
	c.Status(http.StatusOK)
	return nil
}
