package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

const maxFormParts = 100

// Form reads the body of the public form, urlencoded or multipart/form-data:
// category, caller_number, callback_number, called_number, occurred_at with zone
// (an IANA name), occurrences, description, identity_header, account,
// reporter_name, reporter_email, reporter_phone, reporter_kind, and files. Other
// fields are passed over. The error is cases.KindInvalid with a problem for each
// field that is wrong; the report is filled as well as possible beside it.
func Form(raw []byte, contentType string, c Context) (cases.Parsed, error) {
	f := newFields(c)
	values, err := f.formValues(raw, contentType)
	if err != nil {
		f.problem("body", "This is no form: "+err.Error())
	}
	f.category("category", values.Get("category"))
	f.number("caller_number", values.Get("caller_number"), cases.RoleCaller)
	f.number("callback_number", values.Get("callback_number"), cases.RoleCallback)
	f.number("called_number", values.Get("called_number"), cases.RoleCalled)
	f.occurredAt("occurred_at", values.Get("occurred_at"), "zone", values.Get("zone"))
	f.occurrences("occurrences", values.Get("occurrences"))
	f.description("description", values.Get("description"))
	f.identity("identity_header", values.Get("identity_header"))
	f.account("account", values.Get("account"))
	f.name("reporter_name", values.Get("reporter_name"))
	f.email("reporter_email", values.Get("reporter_email"))
	f.phone("reporter_phone", values.Get("reporter_phone"))
	f.kind("reporter_kind", values.Get("reporter_kind"))
	return f.finish()
}

func (f *fields) formValues(raw []byte, contentType string) (url.Values, error) {
	mediaType, params, _ := mime.ParseMediaType(contentType)
	if mediaType != "multipart/form-data" {
		values, err := url.ParseQuery(string(raw))
		if err != nil {
			err = errors.New("a percent sign or semicolon is out of place")
		}
		return values, err
	}
	values := url.Values{}
	r := multipart.NewReader(bytes.NewReader(raw), params["boundary"])
	for range maxFormParts {
		part, err := r.NextPart()
		if err == io.EOF {
			return values, nil
		}
		if err != nil {
			return values, errors.New("it is cut off or has no boundary")
		}
		name := part.FormName()
		if file := part.FileName(); file != "" {
			digest := sha256.New()
			n, err := io.Copy(digest, part)
			if err != nil {
				return values, errors.New("it is cut off")
			}
			f.attach(cases.Attachment{Name: fileName(file), Type: oneLine(part.Header.Get("Content-Type")), Bytes: n, SHA256: hex.EncodeToString(digest.Sum(nil))})
			continue
		}
		value, err := io.ReadAll(io.LimitReader(part, MaxText))
		if err != nil {
			return values, errors.New("it is cut off")
		}
		if strings.TrimSpace(string(value)) != "" {
			values.Add(name, string(value))
		}
	}
	return values, errors.New("it has too many fields")
}
