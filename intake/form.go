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
// category, caller_number, callback_number, called_number, each with a country
// (caller_country and so on, alpha-2) for what has no country code, occurred_at
// with zone (an IANA name), occurrences, description, identity_header, account,
// reporter_name, reporter_email, reporter_phone, reporter_kind, and files. Other
// fields are passed over. The error is of the source, or cases.KindInvalid with a
// problem for each field that is wrong; the report is filled as well as possible
// beside it. Files are read through and not held.
func Form(src Source, contentType string, c Context) (cases.Parsed, error) {
	f := newFields(c)
	values, err := f.formValues(src, contentType)
	if broken, ok := errors.AsType[*sourceError](err); ok {
		return f.parsed, broken.err
	}
	if err != nil {
		f.wrong("body", ProblemForm, "This is no form: "+err.Error())
	}
	f.category("category", values.Get("category"))
	f.number("caller_number", values.Get("caller_number"), values.Get("caller_country"), cases.RoleCaller)
	f.number("callback_number", values.Get("callback_number"), values.Get("callback_country"), cases.RoleCallback)
	f.number("called_number", values.Get("called_number"), values.Get("called_country"), cases.RoleCalled)
	f.occurredAt("occurred_at", values.Get("occurred_at"), "zone", values.Get("zone"))
	f.occurrences("occurrences", values.Get("occurrences"))
	f.description("description", values.Get("description"))
	f.identity("identity_header", values.Get("identity_header"))
	f.account("account", values.Get("account"))
	f.name("reporter_name", values.Get("reporter_name"))
	f.email("reporter_email", values.Get("reporter_email"))
	f.phone("reporter_phone", values.Get("reporter_phone"), values.Get("called_country"))
	f.kind("reporter_kind", values.Get("reporter_kind"))
	return f.finish()
}

// sourceError tells a source that failed from a form that is wrong.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }

// watched remembers how a source ended.
type watched struct {
	io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

func (f *fields) formValues(src Source, contentType string) (url.Values, error) {
	mediaType, params, _ := mime.ParseMediaType(contentType)
	if mediaType != "multipart/form-data" {
		raw, err := src.bytes()
		if err != nil {
			return nil, &sourceError{err}
		}
		values, err := url.ParseQuery(string(raw))
		if err != nil {
			err = errors.New("a percent sign or semicolon is out of place")
		}
		return values, err
	}
	body, err := src.Open()
	if err != nil {
		return nil, &sourceError{err}
	}
	defer body.Close()
	w := &watched{Reader: body}
	values, err := f.formParts(multipart.NewReader(w, params["boundary"]))
	if w.err != nil {
		err = &sourceError{w.err}
	}
	return values, err
}

func (f *fields) formParts(r *multipart.Reader) (url.Values, error) {
	values := url.Values{}
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

// SourceOf makes a source of bytes that are held.
func SourceOf(raw []byte) Source {
	return Source{Size: int64(len(raw)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }}
}
