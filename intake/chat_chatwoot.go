package intake

import (
	"encoding/json"

	"github.com/abusedesk/abusedesk/cases"
)

// chatwootEvent is a notification of a Chatwoot webhook, as far as it is of use:
// an event of a message carries the message, its conversation and its account.
type chatwootEvent struct {
	Event        loose `json:"event"`
	ID           loose `json:"id"`
	Content      loose `json:"content"`
	MessageType  loose `json:"message_type"` // incoming, outgoing, activity, template; or 0 to 3
	Private      loose `json:"private"`
	CreatedAt    loose `json:"created_at"`
	Sender       maybe[chatwootContact]
	Account      maybe[struct{ ID loose }]
	Inbox        maybe[struct{ ID loose }]
	Conversation maybe[chatwootConversation]
	Attachments  maybe[[]maybe[chatwootFile]]
}

type chatwootConversation struct {
	ID         loose
	DisplayID  loose `json:"display_id"`
	Attributes maybe[struct {
		Language loose `json:"browser_language"`
	}] `json:"additional_attributes"`
	Meta maybe[struct{ Sender maybe[chatwootContact] }]
}

type chatwootContact struct {
	Type, Name, Email loose
	Phone             loose `json:"phone_number"`
}

type chatwootFile struct {
	ID          loose
	FileType    loose `json:"file_type"` // image, audio, video, file, …
	Extension   loose
	ContentType loose `json:"content_type"`
	Size        loose `json:"file_size"`
	URL         loose `json:"data_url"`
}

// id is the conversation's number within its account, which its API goes by.
func (c chatwootConversation) id() string {
	if c.DisplayID != "" {
		return c.DisplayID.digits()
	}
	return c.ID.digits()
}

// ignored says why the event is no message of somebody who could report.
func (e chatwootEvent) ignored() string {
	switch {
	case e.Event != "message_created":
		return "only message_created is of use here"
	case e.MessageType == "outgoing" || e.MessageType == "1":
		return "it was written by the desk or an agent"
	case e.MessageType != "incoming" && e.MessageType != "0":
		return "no person wrote it"
	case e.Private == "true":
		return "it is a private note"
	case e.Sender.is.Type != "" && e.Sender.is.Type != "contact":
		return "its sender is no contact"
	}
	return ""
}

// HearChatwoot reads as much of a Chatwoot webhook as its door must know. The
// error is cases.KindInvalid and names the field.
func HearChatwoot(raw []byte) (Heard, error) {
	var e chatwootEvent
	if err := json.Unmarshal(raw, &e); err != nil {
		return Heard{}, &cases.Error{Kind: cases.KindInvalid, Message: "the body is not a JSON object", Err: err}
	}
	account, conversation := e.Account.is.ID.digits(), e.Conversation.is.id()
	switch ignored := e.ignored(); {
	case e.Event == "":
		return Heard{}, cases.Invalid(cases.Problem{Field: "event", Message: "say what happened, as in message_created"})
	case ignored != "":
		return Heard{Ignored: ignored}, nil
	case account == "":
		return Heard{}, cases.Invalid(cases.Problem{Field: "account.id", Message: "say which account this belongs to"})
	case conversation == "":
		return Heard{}, cases.Invalid(cases.Problem{Field: "conversation.id", Message: "say which conversation this belongs to"})
	}
	says := []string{string(e.Content)}
	if e.ID == "" {
		says = append(says, string(raw))
	}
	for _, a := range e.Attachments.is {
		says = append(says, string(a.is.ID))
	}
	return Heard{Key: hookKey([]string{account, conversation, string(e.ID)}, says...), Inbox: e.Inbox.is.ID.digits()}, nil
}

// Chatwoot reads a message_created of a Chatwoot webhook, which the door has let in.
func Chatwoot(raw []byte, c Context) (cases.Parsed, error) {
	f := newFields(c)
	var e chatwootEvent
	if json.Unmarshal(raw, &e) != nil {
		f.problem("body", "This must be one JSON object.")
		f.words(string(raw))
		return f.finish()
	}
	if account, conversation := e.Account.is.ID.digits(), e.Conversation.is.id(); account != "" && conversation != "" {
		f.parsed.Thread = account + "/" + conversation
	}
	if f.context.Language == "" {
		f.context.Language = short(string(e.Conversation.is.Attributes.is.Language))
	}
	f.writtenAt(e.CreatedAt.moment(), e.ID.seq())
	f.words(string(e.Content))
	who := e.Sender.is
	if known := e.Conversation.is.Meta.is.Sender.is; who.Email == "" && who.Phone == "" {
		who.Email, who.Phone = known.Email, known.Phone
		if who.Name == "" {
			who.Name = known.Name
		}
	}
	f.contact(string(who.Name), string(who.Email), string(who.Phone))
	for _, a := range e.Attachments.is {
		f.linked("", a.is.mediaType(), string(a.is.Size), string(a.is.URL))
	}
	return f.told()
}

// mediaType is what Chatwoot says of a file; it is looked at when it is fetched.
func (a chatwootFile) mediaType() string {
	switch a.FileType {
	case "image", "audio", "video":
		if a.ContentType == "" && a.Extension != "" {
			return string(a.FileType + "/" + a.Extension)
		}
	}
	return string(a.ContentType)
}
