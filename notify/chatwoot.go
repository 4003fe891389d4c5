package notify

import (
	"context"
	"net/http"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

// Chatwoot writes into conversations of a Chatwoot (its application API, "Create
// new message"). Safe for concurrent use.
type Chatwoot struct{ ChatConfig }

// Send makes one attempt, as Mailer.Send does.
func (c Chatwoot) Send(ctx context.Context, l cases.Letter) (cases.Outcome, error) {
	text, err := c.text(l)
	if err != nil {
		return cases.Outcome{Refused: true, Note: err.Error()}, nil
	}
	id, err := bearings(l, cases.ChatChatwoot)
	account, conversation, ok := strings.Cut(id, "/")
	if err != nil || !ok {
		return cases.Outcome{Refused: true, Note: l.Sending.To + " names no account and conversation"}, nil
	}
	header := http.Header{}
	header.Set("api_access_token", c.Token)
	return c.post(ctx, "/api/v1/accounts/"+account+"/conversations/"+conversation+"/messages", header, struct {
		Content     string `json:"content"`
		MessageType string `json:"message_type"`
		Private     bool   `json:"private"`
	}{text, "outgoing", false})
}
