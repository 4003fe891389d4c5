package testenv

import (
	"crypto/hmac"
	"crypto/sha1" // what Intercom signs with
	"encoding/hex"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// intercom speaks as Intercom does: notifications of its webhooks as "Webhook
// notifications" and the conversation model have them, signed with HMAC-SHA1
// under the client secret, and its REST API "Reply to a conversation".
type intercom struct{}

func (intercom) note(p *ChatPeer, conversation, id int64, who, text string, at time.Time) map[string]any {
	author := map[string]any{"type": "lead", "id": "5ee3d479d1cf3dedbee23d68", "name": "Ada Moreno", "email": "ada@example.org"}
	topic := "conversation.user.replied"
	if who == "desk" {
		author, topic = map[string]any{"type": "admin", "id": p.Admin, "name": "Abuse desk", "email": "abuse@carrier.example"}, "conversation.admin.replied"
	}
	message := map[string]any{"id": decimal(id), "body": "<p>" + html.EscapeString(text) + "</p>", "author": author, "attachments": []any{}, "redacted": false}
	parts := []any{}
	if p.first[conversation] == nil {
		topic = "conversation.user.created"
		message["type"], message["delivered_as"], message["subject"], message["url"] = "conversation", "customer_initiated", "", "https://carrier.example/help"
		message["created_at"] = at.Unix()
		p.first[conversation] = message
	} else {
		message["type"], message["part_type"], message["created_at"], message["updated_at"] = "conversation_part", "comment", at.Unix(), at.Unix()
		parts = append(parts, message)
	}
	first := p.first[conversation]
	return map[string]any{
		"type": "notification_event", "app_id": "lkqcyt9t", "id": "notif_" + decimal(id), "topic": topic, "created_at": at.Unix(), "links": map[string]any{}, "self": nil,
		"data": map[string]any{"type": "notification_event_data", "item": map[string]any{
			"type": "conversation", "id": decimal(conversation), "created_at": first["created_at"], "updated_at": at.Unix(), "open": true, "state": "open", "read": false,
			"source": first, "contacts": map[string]any{"type": "contact.list", "contacts": []any{map[string]any{"type": "contact", "id": "5ee3d479d1cf3dedbee23d68"}}},
			"conversation_parts": map[string]any{"type": "conversation_part.list", "conversation_parts": parts, "total_count": len(parts)}}},
	}
}

func (intercom) again(body map[string]any, attempt int, at time.Time) {
	body["delivery_attempts"], body["delivery_status"], body["delivered_at"], body["first_sent_at"] = attempt, "pending", 0, at.Unix()
}

func (intercom) sign(p *ChatPeer, h http.Header, body []byte, _ time.Time) {
	m := hmac.New(sha1.New, []byte(p.Secret))
	m.Write(body)
	h.Set("X-Hub-Signature", "sha1="+hex.EncodeToString(m.Sum(nil)))
}

var intercomPath = regexp.MustCompile(`^/conversations/([0-9]+)/reply$`)

func (intercom) asked(p *ChatPeer, r *http.Request) (int64, string, int) {
	m := intercomPath.FindStringSubmatch(r.URL.Path)
	if r.Header.Get("Authorization") != "Bearer "+p.Token {
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
		MessageType string `json:"message_type"`
		Type        string `json:"type"`
		Admin       string `json:"admin_id"`
		Body        string `json:"body"`
	}
	if !exact(r, &body) || r.Header.Get("Intercom-Version") == "" || body.MessageType != "comment" || body.Type != "admin" || body.Admin != p.Admin || body.Body == "" {
		return 0, "", http.StatusUnprocessableEntity
	}
	return conversation, body.Body, 0
}

func (intercom) took(_ *ChatPeer, conversation, id int64, text string) any {
	return map[string]any{"type": "conversation", "id": decimal(conversation), "conversation_parts": map[string]any{"conversation_parts": []any{
		map[string]any{"type": "conversation_part", "id": decimal(id), "part_type": "comment", "body": "<p>" + html.EscapeString(text) + "</p>"}}}}
}
