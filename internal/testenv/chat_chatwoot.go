package testenv

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// chatwoot speaks as Chatwoot does: webhook payloads as its "How to use webhooks"
// and Message#webhook_data have them, signed as pull request 13573 describes,
// and the application API "Create new message".
type chatwoot struct{}

const chatwootAccount = 3

func (chatwoot) note(p *ChatPeer, conversation, id int64, who, text string, at time.Time) map[string]any {
	contact := map[string]any{"id": 89, "name": "Ada Moreno", "email": "ada@example.org", "phone_number": "+12025550171", "identifier": nil,
		"avatar": "", "thumbnail": "", "blocked": false, "additional_attributes": map[string]any{}, "custom_attributes": map[string]any{},
		"account": map[string]any{"id": chatwootAccount, "name": "Carrier"}}
	sender, kind := any(contact), "incoming"
	if who == "desk" {
		sender, kind = map[string]any{"id": 7, "name": "Abuse desk", "email": "abuse@carrier.example", "type": "user"}, "outgoing"
	}
	if p.first[conversation] == nil {
		p.first[conversation] = map[string]any{}
	}
	meta := map[string]any{"type": "contact"}
	for k, v := range contact {
		meta[k] = v
	}
	return map[string]any{
		"event": "message_created", "id": id, "content": text, "created_at": at.UTC().Format("2006-01-02T15:04:05.000Z"), "message_type": kind, "content_type": "text",
		"content_attributes": map[string]any{}, "additional_attributes": map[string]any{}, "private": false, "source_id": nil, "sender": sender,
		"account": map[string]any{"id": chatwootAccount, "name": "Carrier"}, "inbox": map[string]any{"id": 5, "name": "Abuse"},
		"conversation": map[string]any{"id": conversation, "inbox_id": 5, "status": "open", "channel": "Channel::WebWidget", "can_reply": true, "unread_count": 1,
			"additional_attributes": map[string]any{"browser_language": "en", "referer": "https://carrier.example/help"}, "labels": []any{}, "messages": []any{},
			"meta": map[string]any{"sender": meta, "assignee": nil, "hmac_verified": false}, "created_at": at.Unix(), "timestamp": at.Unix()},
	}
}

func (chatwoot) sign(p *ChatPeer, h http.Header, body []byte, at time.Time) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	m := hmac.New(sha256.New, []byte(p.Secret))
	m.Write([]byte(timestamp + "."))
	m.Write(body)
	h.Set("X-Chatwoot-Timestamp", timestamp)
	h.Set("X-Chatwoot-Signature", "sha256="+hex.EncodeToString(m.Sum(nil)))
	h.Set("X-Chatwoot-Delivery", "7f0c1a52-0d4c-4a9f-9d0e-6a1a4d9e2b10")
}

func (chatwoot) again(map[string]any, int, time.Time) {} // only the headers change

var chatwootPath = regexp.MustCompile(`^/api/v1/accounts/3/conversations/([0-9]+)/messages$`)

func (chatwoot) asked(p *ChatPeer, r *http.Request) (int64, string, int) {
	m := chatwootPath.FindStringSubmatch(r.URL.Path)
	if r.Header.Get("api_access_token") != p.Token {
		return 0, "", http.StatusUnauthorized
	}
	if m == nil || r.Method != http.MethodPost {
		return 0, "", http.StatusNotFound
	}
	conversation, _ := strconv.ParseInt(m[1], 10, 64)
	if p.first[conversation] == nil {
		return 0, "", http.StatusNotFound
	}
	var body struct {
		Content     string `json:"content"`
		MessageType string `json:"message_type"`
		Private     *bool  `json:"private"`
	}
	if !exact(r, &body) || body.Content == "" || body.MessageType != "outgoing" || body.Private == nil || *body.Private {
		return 0, "", http.StatusUnprocessableEntity
	}
	return conversation, body.Content, 0
}

func (chatwoot) took(_ *ChatPeer, conversation, id int64, text string) any {
	return map[string]any{"id": id, "content": text, "conversation_id": conversation, "message_type": 1, "private": false}
}
