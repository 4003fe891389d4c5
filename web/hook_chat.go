package web

import (
	"bytes"
	"crypto/hmac"
	"encoding/hex"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

// signatureAge is how far the time of a signed notification may be from ours,
// either way.
const signatureAge = 5 * time.Minute

// acceptChat keeps a chat message under the key by which its redelivery is
// recognised, and answers 200 after the commit, also for a redelivery.
func (s *Server) acceptChat(c *gin.Context, source, key string, raw []byte) error {
	rs, err := s.Desk.Accept(c.Request.Context(), []cases.Delivery{{
		Channel: cases.ChannelChat, Source: source, DedupKey: key, Body: bytes.NewReader(raw), Size: int64(len(raw)),
		Meta: cases.Meta{ContentType: "application/json", RemoteIP: c.ClientIP(), Region: s.Region},
	}})
	if err != nil {
		return err
	}
	status := "accepted"
	if rs[0].Duplicate {
		status = "duplicate"
	}
	c.JSON(http.StatusOK, gin.H{"status": status, "status_url": s.statusURL(rs[0].Token)})
	return nil
}

// ignoredChat answers 200, so that it is not delivered again, and says why
// nothing was kept.
func ignoredChat(c *gin.Context, reason string) error {
	c.JSON(http.StatusOK, gin.H{"status": "ignored", "reason": reason})
	return nil
}

// acceptHeard keeps what the door of a product let in, unless nobody who could
// report wrote it.
func (s *Server) acceptHeard(c *gin.Context, source string, heard intake.Heard, raw []byte) error {
	if heard.Ignored != "" {
		return ignoredChat(c, heard.Ignored)
	}
	return s.acceptChat(c, source, source+":"+heard.Key, raw)
}

// signedHex says whether a hexadecimal HMAC of the parts, under any of the
// secrets, is the one that was sent. It takes as long for a wrong one as for a
// right one.
func signedHex(newHash func() hash.Hash, secrets []string, sent string, parts ...[]byte) bool {
	got, err := hex.DecodeString(sent)
	if err != nil {
		return false
	}
	ok := false
	for _, secret := range secrets {
		m := hmac.New(newHash, []byte(secret))
		for _, p := range parts {
			m.Write(p)
		}
		if hmac.Equal(m.Sum(nil), got) {
			ok = true
		}
	}
	return ok
}

// fresh says whether a time in seconds is near enough to ours.
func (s *Server) fresh(timestamp string) bool {
	n, err := strconv.ParseInt(strings.TrimSpace(timestamp), 10, 64)
	return err == nil && s.now().Sub(time.Unix(n, 0)).Abs() <= signatureAge
}
