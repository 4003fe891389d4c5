package simulate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/abusedesk/abusedesk/cases"
)

// apiReport is the body of POST /api/v1/reports.
type apiReport struct {
	Category    cases.Category `json:"category"`
	Caller      string         `json:"caller_number,omitempty"`
	Callback    string         `json:"callback_number,omitempty"`
	Called      string         `json:"called_number,omitempty"`
	OccurredAt  string         `json:"occurred_at,omitempty"`
	Occurrences int            `json:"occurrences,omitempty"`
	Description string         `json:"description"`
	Reporter    *cases.Contact `json:"reporter,omitempty"`
}

func composeAPI(c Complaint, key string) (Delivery, error) {
	r := apiReport{Category: c.Category, Caller: c.Caller, Callback: c.Callback, Called: c.Called, Occurrences: c.Occurrences, Description: c.Words}
	if !c.At.IsZero() {
		r.OccurredAt = c.At.UTC().Format(time.RFC3339)
	}
	if c.Reporter != (cases.Contact{}) {
		r.Reporter = &c.Reporter
	}
	body, err := json.Marshal(r)
	if err != nil {
		return Delivery{}, err
	}
	return delivery(DoorAPI, key, body), nil
}

// chatEvent is the payload of a message through Standard Webhooks.
type chatEvent struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      chatData  `json:"data"`
}

type chatData struct {
	Conversation string     `json:"conversation_id"`
	Message      string     `json:"message_id"`
	Text         string     `json:"text"`
	Sender       chatSender `json:"sender"`
}

type chatSender struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
}

func composeChat(c Complaint, key string, now time.Time) (Delivery, error) {
	conversation := c.Conversation
	if conversation == "" {
		conversation = "conv_" + key
	}
	body, err := json.Marshal(chatEvent{Type: "message.created", Timestamp: now.UTC().Truncate(time.Second), Data: chatData{
		Conversation: conversation, Message: "msg_" + key, Text: c.Prose,
		Sender: chatSender{Name: c.Reporter.Name, Email: c.Reporter.Email, Phone: c.Reporter.Phone}}})
	if err != nil {
		return Delivery{}, err
	}
	return delivery(DoorChat, "evt_"+key, body), nil
}

// SignWebhook returns the headers of Standard Webhooks for a body. The time is
// part of what is signed, so that a retry has to be signed anew; the id stays.
func SignWebhook(secret, id string, at time.Time, body []byte) (http.Header, error) {
	wh, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, fmt.Errorf("chat secret: %w", err)
	}
	signature, err := wh.Sign(id, at, body)
	if err != nil {
		return nil, err
	}
	h := http.Header{}
	h.Set(standardwebhooks.HeaderWebhookID, id)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, fmt.Sprint(at.Unix()))
	h.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return h, nil
}

// composeMail writes a mail as a mail program does (RFC 5322, lines of CRLF).
func composeMail(c Complaint, key, to string, now time.Time) (Delivery, error) {
	var b bytes.Buffer
	from := mail.Address{Name: c.Reporter.Name, Address: c.Reporter.Email}
	id := "<" + key + "@mail.example.com>"
	header := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	header("From", from.String())
	header("To", "<"+to+">")
	header("Subject", mime.QEncoding.Encode("utf-8", c.Subject))
	header("Date", now.In(east).Format(time.RFC1123Z))
	header("Message-ID", id)
	header("MIME-Version", "1.0")
	header("Content-Type", `text/plain; charset="utf-8"`)
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	body := quotedprintable.NewWriter(&b)
	if _, err := body.Write([]byte(strings.ReplaceAll(c.Prose, "\n", "\r\n") + "\r\n\r\n" + c.Reporter.Name + "\r\n")); err != nil {
		return Delivery{}, err
	}
	if err := body.Close(); err != nil {
		return Delivery{}, err
	}
	d := delivery(DoorMail, id, b.Bytes())
	d.From = c.Reporter.Email
	return d, nil
}
