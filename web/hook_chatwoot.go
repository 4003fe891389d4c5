package web

import (
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

// hookChatwoot is the chat door for Chatwoot: X-Chatwoot-Signature is
// "sha256=" and the HMAC-SHA256 of X-Chatwoot-Timestamp, "." and the raw body
// under the webhook's secret (since its 4.11.2, pull request 13573). A
// redelivery has a new time and signature, and is recognised by the message.
func (s *Server) hookChatwoot(c *gin.Context) error {
	if len(s.ChatwootSecrets) == 0 {
		return cases.NotFound("this door (no secret of Chatwoot is configured)")
	}
	raw, err := readAll(c.Request.Body)
	if err != nil {
		return err
	}
	timestamp := c.GetHeader("X-Chatwoot-Timestamp")
	sent, ok := strings.CutPrefix(c.GetHeader("X-Chatwoot-Signature"), "sha256=")
	if !ok || !signedHex(sha256.New, s.ChatwootSecrets, sent, []byte(timestamp+"."), raw) || !s.fresh(timestamp) {
		return errSignature
	}
	heard, err := intake.HearChatwoot(raw)
	if err != nil {
		return malformed(err)
	}
	if heard.Ignored == "" && len(s.ChatwootInboxes) > 0 && !slices.Contains(s.ChatwootInboxes, heard.Inbox) {
		heard.Ignored = "it is of an inbox that is not the desk’s"
	}
	return s.acceptHeard(c, cases.ChatChatwoot, heard, raw)
}
