package notify

import (
	"context"
	"net/http"

	"github.com/abusedesk/abusedesk/cases"
)

// intercomVersion is the version of Intercom's API that is spoken here.
const intercomVersion = "2.11"

// Intercom writes into conversations of an Intercom workspace (its REST API,
// "Reply to a conversation"). Safe for concurrent use.
type Intercom struct{ ChatConfig }

// Send makes one attempt, as Mailer.Send does.
func (c Intercom) Send(ctx context.Context, l cases.Letter) (cases.Outcome, error) {
	text, err := c.text(l)
	if err != nil {
		return cases.Outcome{Refused: true, Note: err.Error()}, nil
	}
	id, err := bearings(l, cases.ChatIntercom)
	if err != nil {
		return cases.Outcome{Refused: true, Note: err.Error()}, nil
	}
	header := http.Header{}
	header.Set("Authorization", "Bearer "+c.Token)
	header.Set("Intercom-Version", intercomVersion)
	return c.post(ctx, "/conversations/"+id+"/reply", header, struct {
		MessageType string `json:"message_type"`
		Type        string `json:"type"`
		Admin       string `json:"admin_id"`
		Body        string `json:"body"`
	}{"comment", "admin", c.Admin, text})
}
