package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/abusedesk/abusedesk/cases"
)

// hookStandard is the chat door for Standard Webhooks (webhook-id,
// webhook-timestamp, webhook-signature over the raw body, five minutes of
// tolerance). It answers 200 after the commit, also for a redelivery.
func (s *Server) hookStandard(c *gin.Context) error {
	if len(s.ChatSecrets) == 0 {
		return cases.NotFound("this door (no chat secret is configured)")
	}
	raw, err := readAll(c.Request.Body)
	if err != nil {
		return err
	}
	if !s.signedStandard(raw, c.Request.Header) {
		return errSignature
	}
	var envelope struct {
		Type string `json:"type"`
		Data *struct {
			Conversation string `json:"conversation_id"`
		} `json:"data"`
	}
	if err := json.Unmarshal(raw, &envelope); err != nil {
		return &httpError{http.StatusBadRequest, &cases.Error{Kind: cases.KindInvalid, Message: "the body is not JSON", Err: err}}
	}
	switch {
	case envelope.Type == "":
		return cases.Invalid(cases.Problem{Field: "type", Message: "say what happened, for example message.created"})
	case envelope.Type != "message.created":
		return ignoredChat(c, "only message.created is of use here")
	case envelope.Data == nil || envelope.Data.Conversation == "":
		return cases.Invalid(cases.Problem{Field: "data.conversation_id", Message: "say which conversation this belongs to"})
	}
	return s.acceptChat(c, cases.ChatStandard, hookKey("standard", c.GetHeader(standardwebhooks.HeaderWebhookID), raw), raw)
}

// hookKey recognises a redelivery: the sender's id and the same bytes. An id
// that comes again with other bytes is another message, and is not lost.
func hookKey(door, id string, raw []byte) string {
	sum := sha256.Sum256(raw)
	return door + ":" + id + ":" + hex.EncodeToString(sum[:])
}

// signedStandard tries each secret, so that one can be rotated.
func (s *Server) signedStandard(raw []byte, h http.Header) bool {
	for _, secret := range s.ChatSecrets {
		wh, err := standardwebhooks.NewWebhook(secret)
		if err == nil && wh.Verify(raw, h) == nil {
			return true
		}
	}
	return false
}

func (s *Server) statusURL(token string) string { return s.BaseURL + "/reports/" + token }
