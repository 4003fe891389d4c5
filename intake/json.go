package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/abusedesk/abusedesk/cases"
)

// maxUploads is how many attachments a JSON body may carry.
const maxUploads = 20

// JSON reads the body of POST /api/v1/reports: an object with category,
// caller_number, callback_number, called_number, occurred_at (RFC 3339),
// occurrences, description, reporter {name, email, phone, kind},
// identity_header, account, attachments [{name, type, content (base64)}]. All of
// them may be absent; unknown ones are passed over. The error is
// cases.KindInvalid with a problem for each field that is wrong; the report is
// filled as well as possible beside it.
func JSON(raw []byte, c Context) (cases.Parsed, error) {
	f := newFields(c)
	o, ok := f.object("body", raw)
	if !ok { // it is a report all the same: somebody wrote something
		f.parsed.Text = clip(toUTF8(raw, ""), func(string) {})
		p, err := f.finish()
		return p, err
	}
	f.structured("", o)
	if r, ok := o["reporter"]; ok && !isNull(r) {
		f.sender("reporter.", r)
	}
	f.uploads("attachments", o["attachments"])
	return f.finish()
}

// structured reads the fields that a report and a chat message share.
func (f *fields) structured(prefix string, o map[string]json.RawMessage) {
	str := func(name string) string { return f.str(prefix+name, o[name]) }
	f.category(prefix+"category", str("category"))
	f.number(prefix+"caller_number", str("caller_number"), "", cases.RoleCaller)
	f.number(prefix+"callback_number", str("callback_number"), "", cases.RoleCallback)
	f.number(prefix+"called_number", str("called_number"), "", cases.RoleCalled)
	f.occurredAt(prefix+"occurred_at", str("occurred_at"), "", "")
	if n := o["occurrences"]; !isNull(n) {
		if value := string(n); value[0] == '"' {
			f.problem(prefix+"occurrences", "Give a whole number, 0 or more.")
		} else {
			f.occurrences(prefix+"occurrences", value)
		}
	}
	if f.parsed.Text == "" {
		f.description(prefix+"description", str("description"))
	}
	f.identity(prefix+"identity_header", str("identity_header"))
	f.account(prefix+"account", str("account"))
}

func (f *fields) sender(prefix string, raw json.RawMessage) {
	o, ok := f.object(prefix[:len(prefix)-1], raw)
	if !ok {
		return
	}
	f.name(prefix+"name", f.str(prefix+"name", o["name"]))
	f.email(prefix+"email", f.str(prefix+"email", o["email"]))
	f.phone(prefix+"phone", f.str(prefix+"phone", o["phone"]), "")
	f.kind(prefix+"kind", f.str(prefix+"kind", o["kind"]))
}

func (f *fields) uploads(field string, raw json.RawMessage) {
	if isNull(raw) {
		return
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		f.problem(field, "This must be a list.")
		return
	}
	if len(list) > maxUploads {
		f.problem(field, fmt.Sprintf("At most %d attachments.", maxUploads))
		list = list[:maxUploads]
	}
	for i, item := range list {
		prefix := fmt.Sprintf("%s[%d]", field, i)
		o, ok := f.object(prefix, item)
		if !ok {
			continue
		}
		content, err := base64.StdEncoding.DecodeString(f.str(prefix+".content", o["content"]))
		if err != nil {
			f.problem(prefix+".content", "This is not base64.")
			continue
		}
		sum := sha256.Sum256(content)
		f.attach(cases.Attachment{Name: fileName(f.str(prefix+".name", o["name"])), Type: oneLine(f.str(prefix+".type", o["type"])),
			Bytes: int64(len(content)), SHA256: hex.EncodeToString(sum[:])})
	}
}

// object reads a JSON object; what is none is a problem of field.
func (f *fields) object(field string, raw json.RawMessage) (map[string]json.RawMessage, bool) {
	var o map[string]json.RawMessage
	d := json.NewDecoder(bytes.NewReader(raw))
	err := d.Decode(&o)
	if err == nil && o != nil {
		if _, err = d.Token(); err == io.EOF {
			return o, true
		}
		err = errors.New("more follows")
	}
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		f.problem(field, fmt.Sprintf("This is not JSON: at byte %d, %v.", syntax.Offset, syntax))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		f.problem(field, "This is not JSON: it ends too early.")
	default:
		f.problem(field, "This must be one JSON object.")
	}
	return nil, false
}

// str reads a string; absent and null are empty.
func (f *fields) str(field string, raw json.RawMessage) string {
	if isNull(raw) {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		f.problem(field, "This must be a string.")
	}
	return s
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }
