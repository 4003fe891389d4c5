package intake

import (
	"encoding/json"
	"strconv"

	"github.com/abusedesk/abusedesk/cases"
)

// ChatThread names the conversation of a chat in our own format, so that all
// of its messages are one report.
func ChatThread(conversationID string) string { return "standard:" + conversationID }

// Chat reads the payload of /hooks/chat/standard, whose signature (Standard
// Webhooks) the door has checked:
//
//	{
//	  "type": "message.created",
//	  "timestamp": "2026-03-02T15:04:05Z",
//	  "data": {
//	    "conversation_id": "c-17",           required; its messages are one report
//	    "message_id": "m-3",
//	    "text": "They called me from …",     required unless a number is given
//	    "sender": {"name": "", "email": "", "phone": "", "kind": ""},
//	    "category": "scam", "caller_number": "", "callback_number": "",
//	    "called_number": "", "occurred_at": "", "occurrences": 2,
//	    "identity_header": "", "account": "", "attachments": []
//	  }
//	}
//
// The fields from category on are those of JSON. The error is cases.KindInvalid
// with a problem for each field that is wrong ("data.sender.email"), and the
// report is filled as well as possible beside it.
func Chat(raw []byte, c Context) (cases.Parsed, error) {
	f := newFields(c)
	o, ok := f.object("body", raw)
	if !ok {
		f.parsed.Text = clip(toUTF8(raw, ""), func(string) {})
		return f.finish()
	}
	if kind := f.str("type", o["type"]); kind != "message.created" {
		f.problem("type", "This must be message.created, not "+strconv.Quote(short(kind))+".")
	}
	data, ok := f.object("data", orNull(o["data"]))
	if !ok {
		return f.finish()
	}
	switch id := f.str("data.conversation_id", data["conversation_id"]); {
	case id == "" || len(id) > maxShort:
		f.problem("data.conversation_id", "Say which conversation this belongs to, in 1 to 254 bytes.")
	default:
		f.parsed.Thread = ChatThread(id)
	}
	var written loose
	if json.Unmarshal(orNull(o["timestamp"]), &written) == nil {
		f.writtenAt(written.moment(), 0)
	}
	f.description("data.text", f.str("data.text", data["text"]))
	f.structured("data.", data)
	if s := data["sender"]; !isNull(s) {
		f.sender("data.sender.", s)
	}
	f.uploads("data.attachments", data["attachments"])
	return f.finish()
}

func orNull(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return json.RawMessage("null")
	}
	return raw
}
