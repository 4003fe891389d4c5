package notify

import (
	"bytes"
	"fmt"
	"mime"
	"strings"

	"github.com/emersion/go-message/mail"

	"github.com/abusedesk/abusedesk/cases"
)

// withFiles writes a mail of a text and files (RFC 2046 section 5.1.3).
func withFiles(h mail.Header, text string, files []cases.LetterFile) ([]byte, error) {
	var b bytes.Buffer
	w, err := mail.CreateWriter(&b, h)
	if err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	var t mail.InlineHeader
	t.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
	t.Set("Content-Transfer-Encoding", "quoted-printable")
	body, err := w.CreateSingleInline(t)
	if err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	if _, err := body.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n"))); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	if err := body.Close(); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	for _, f := range files {
		kind, params, err := mime.ParseMediaType(f.Type)
		if err != nil {
			return nil, fmt.Errorf("type of %s: %w", f.Name, err)
		}
		var a mail.AttachmentHeader
		a.SetContentType(kind, params)
		a.SetFilename(f.Name)
		a.Set("Content-Transfer-Encoding", "base64") // so that not a byte of it changes on the way
		part, err := w.CreateAttachment(a)
		if err != nil {
			return nil, fmt.Errorf("write mail: %w", err)
		}
		if _, err := part.Write(f.Body); err != nil {
			return nil, fmt.Errorf("write mail: %w", err)
		}
		if err := part.Close(); err != nil {
			return nil, fmt.Errorf("write mail: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	return b.Bytes(), nil
}
