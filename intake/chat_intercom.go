package intake

import (
	"encoding/json"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

// intercomEvent is a notification of an Intercom webhook, as far as it is of use.
// Its item is the conversation: source is its first message (conversation_message
// before version 2), conversation_parts what was added since.
type intercomEvent struct {
	Type  loose
	Topic loose
	Data  maybe[struct {
		Item maybe[intercomConversation]
	}]
}

type intercomConversation struct {
	ID        loose
	CreatedAt loose `json:"created_at"`
	User      maybe[intercomAuthor]
	Source    maybe[intercomPart]
	First     maybe[intercomPart] `json:"conversation_message"`
	Parts     maybe[struct {
		Parts maybe[[]maybe[intercomPart]] `json:"conversation_parts"`
	}] `json:"conversation_parts"`
}

type intercomPart struct {
	ID          loose
	PartType    loose `json:"part_type"`
	Subject     loose
	Body        loose // HTML
	CreatedAt   loose `json:"created_at"`
	Author      maybe[intercomAuthor]
	Attachments maybe[[]maybe[intercomFile]]
}

type intercomAuthor struct{ Type, Name, Email, Phone loose }

type intercomFile struct {
	Name        loose
	URL         loose
	ContentType loose `json:"content_type"`
	Size        loose `json:"filesize"`
}

// Topics of Intercom that bring messages of those who report.
const (
	intercomCreated = "conversation.user.created"
	intercomReplied = "conversation.user.replied"
)

// outside says that no teammate and no bot wrote it.
func (p intercomPart) outside() bool {
	switch p.Author.is.Type {
	case "user", "lead", "contact", "visitor":
		return p.PartType != "note"
	}
	return false
}

// messages are what those outside wrote of what this notification is about: the
// first message of a new conversation, else the added parts.
func (c intercomConversation) messages(topic loose) []intercomPart {
	first := c.Source.is
	if first.ID == "" {
		first = c.First.is
	}
	first.CreatedAt, first.ID = c.CreatedAt, "0" // before all parts, whose ids count up
	if topic == intercomCreated && first.outside() {
		return []intercomPart{first}
	}
	var out []intercomPart
	for _, p := range c.Parts.is.Parts.is {
		if p.is.outside() {
			out = append(out, p.is)
		}
	}
	return out
}

// HearIntercom reads as much of an Intercom notification as its door must know.
// The error is cases.KindInvalid and names the field.
func HearIntercom(raw []byte) (Heard, error) {
	var e intercomEvent
	if err := json.Unmarshal(raw, &e); err != nil {
		return Heard{}, &cases.Error{Kind: cases.KindInvalid, Message: "the body is not a JSON object", Err: err}
	}
	item := e.Data.is.Item.is
	written := item.messages(e.Topic)
	switch {
	case e.Topic == "":
		return Heard{}, cases.Invalid(cases.Problem{Field: "topic", Message: "say what happened, as in conversation.user.replied"})
	case e.Topic == "ping":
		return Heard{Ignored: "a ping, which is answered"}, nil
	case e.Topic != intercomCreated && e.Topic != intercomReplied:
		return Heard{Ignored: "only conversation.user.created and conversation.user.replied are of use here"}, nil
	case item.ID.digits() == "":
		return Heard{}, cases.Invalid(cases.Problem{Field: "data.item.id", Message: "say which conversation this belongs to"})
	case len(written) == 0:
		return Heard{Ignored: "a teammate or a bot wrote it"}, nil
	}
	ids, says := []string{string(item.ID)}, []string(nil)
	for _, p := range written {
		ids, says = append(ids, string(p.ID)), append(says, string(p.Body))
		for _, a := range p.Attachments.is {
			says = append(says, string(a.is.Name))
		}
	}
	return Heard{Key: hookKey(ids, says...)}, nil
}

// Intercom reads a notification of an Intercom webhook, which the door has let in.
func Intercom(raw []byte, c Context) (cases.Parsed, error) {
	f := newFields(c)
	var e intercomEvent
	if json.Unmarshal(raw, &e) != nil {
		f.problem("body", "This must be one JSON object.")
		f.words(string(raw))
		return f.finish()
	}
	item := e.Data.is.Item.is
	f.parsed.Thread = item.ID.digits()
	who := item.User.is
	var texts []string
	for i, p := range item.messages(e.Topic) {
		if i == 0 {
			f.writtenAt(p.CreatedAt.moment(), p.ID.seq())
		}
		for _, s := range []string{oneLine(htmlToText(string(p.Subject))), htmlToText(string(p.Body))} {
			if s != "" {
				texts = append(texts, s)
			}
		}
		if a := p.Author.is; a.Email != "" || who.Email == "" && a.Name != "" {
			who = a
		}
		for _, a := range p.Attachments.is {
			f.linked(string(a.is.Name), string(a.is.ContentType), string(a.is.Size), string(a.is.URL))
		}
	}
	if f.parsed.Written.At.IsZero() {
		f.writtenAt(e.Data.is.Item.is.CreatedAt.moment(), 0)
	}
	f.words(strings.Join(texts, "\n\n"))
	f.contact(string(who.Name), string(who.Email), string(who.Phone))
	return f.told()
}
