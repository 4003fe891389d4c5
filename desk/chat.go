package desk

import (
	"context"
	"fmt"

	"github.com/abusedesk/abusedesk/cases"
)

// TurnChat says in the chat that a report came by what there is to say, once
// the conversation is silent; see cases.Chat.Turn. What it says is recorded
// here and sent by a job of its own.
func (d *Desk) TurnChat(ctx context.Context, at cases.Attempt, reportID int64) error {
	return d.Store.TurnChat(ctx, at, d.now(), reportID, func(c cases.Chat) cases.Turn {
		turn := c.Turn(d.now(), d.ChatSilence)
		if turn.Say != nil {
			d.nameOne(turn.Say)
		}
		return turn
	})
}

// answerable says whether we can answer in the conversation of a message.
func (d *Desk) answerable(m cases.Message) bool {
	return m.Channel == cases.ChannelChat && d.Chats[m.Source] != nil
}

// Answers says whether we can write into the chat that a report came by.
func (d *Desk) Answers(r cases.Report) bool {
	c, _ := cases.ParseConversation(cases.ConversationOf(r.Channel, r.Thread))
	return d.Chats[c.Product] != nil
}

// answered reads a chat message again when something was asked in its
// conversation before: what a bare number or hour means depends on that.
func (d *Desk) answered(ctx context.Context, m cases.Message, p cases.Parsed) (cases.Parsed, error) {
	if !d.answerable(m) || p.Thread == "" {
		return p, nil
	}
	asked, err := d.Store.AskedInChat(ctx, m, p.Thread)
	if err != nil {
		return p, fmt.Errorf("what was asked: %w", err)
	}
	if len(asked) == 0 {
		return p, nil
	}
	return d.parse(ctx, m, asked)
}

// within leaves of the reporters those that we have a way to: chats of products
// that we can answer in, addresses where mail is sent. Who asks for a traceback
// is answered by mail only.
func (d *Desk) within(kind cases.CaseKind, to []cases.Addressee) []cases.Addressee {
	out := make([]cases.Addressee, 0, len(to))
	for _, a := range to {
		if c, _ := cases.ParseConversation(a.Chat); d.Chats[c.Product] == nil || kind == cases.CaseTraceback {
			a.Chat = ""
		}
		if d.Mailer != nil && a.Email != "" || a.Chat != "" || kind == cases.CaseTraceback {
			out = append(out, a)
		}
	}
	return out
}

// from is the address that mail is sent from, "" for none.
func (d *Desk) from() string {
	if d.Mailer == nil {
		return ""
	}
	return d.Mailer.From()
}

// name gives letters the ids that they are known by.
func (d *Desk) name(letters []cases.Sending) {
	for i := range letters {
		d.nameOne(&letters[i])
	}
}

// nameOne gives a letter an id: of a mail one that answers find their report by.
func (d *Desk) nameOne(s *cases.Sending) {
	if s.Channel == cases.ChannelChat {
		s.MessageID = "chat." + newToken()
		return
	}
	s.MessageID = cases.LetterID(newToken(), d.MailDomain)
}
