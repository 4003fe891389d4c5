package intake

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"slices"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

// UnpackFunc is given an attachment and its bytes, to be read before it returns.
// Of one that is kept elsewhere (Attachment.URL) there are none: r is nil. What
// it returns ends the unpacking.
type UnpackFunc func(a cases.Attachment, r io.Reader) error

// Unpack hands over the attachments of a delivery, those that Read lists for it
// and in no particular order. A mail in the mail is passed over: its own
// attachments come by themselves. An archive stays one file. The memory needed
// does not grow with a mail or a form. Size and digest are not filled in: who
// reads the bytes knows them for certain. source is the door, as Context.Source.
func Unpack(channel cases.Channel, source, contentType string, src Source, each UnpackFunc) error {
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		mediaType, _, _ = strings.Cut(contentType, ";")
		mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	}
	switch {
	case channel == cases.ChannelEmail || mediaType == "message/rfc822":
		return unpackMail(src, holding{whole: heldWhole, head: heldHead}, each)
	case mediaType == "multipart/form-data":
		return unpackForm(src, params["boundary"], each)
	case mediaType == "application/x-www-form-urlencoded" || mediaType == "text/plain":
		return nil
	}
	raw, err := src.bytes()
	if err != nil {
		return err
	}
	p, _ := JSON(raw, Context{})
	field := func(o map[string]json.RawMessage) json.RawMessage { return o["attachments"] }
	switch {
	case channel == cases.ChannelChat && source == cases.ChatIntercom:
		p, _ = Intercom(raw, Context{})
	case channel == cases.ChannelChat && source == cases.ChatChatwoot:
		p, _ = Chatwoot(raw, Context{})
	case channel == cases.ChannelChat:
		p, _ = Chat(raw, Context{})
		field = func(o map[string]json.RawMessage) json.RawMessage {
			var data map[string]json.RawMessage
			json.Unmarshal(o["data"], &data)
			return data["attachments"]
		}
	}
	for _, a := range p.Attachments {
		if a.URL != "" {
			if err := each(unmeasured(a), nil); err != nil {
				return err
			}
		}
	}
	var o map[string]json.RawMessage
	json.Unmarshal(raw, &o)
	return unpackUploads(field(o), each)
}

// unmeasured is an attachment as it was named.
func unmeasured(a cases.Attachment) cases.Attachment {
	a.Bytes, a.SHA256 = 0, ""
	return a
}

func unpackMail(src Source, h holding, each UnpackFunc) error {
	m, err := h.read(src, Context{})
	if err != nil {
		return err
	}
	for i, p := range m.kept {
		if p.cut || isMessage(p.mediaType) {
			continue
		}
		if err := each(unmeasured(m.parsed.Attachments[i]), p.decoded()); err != nil {
			return err
		}
	}
	large := slices.DeleteFunc(m.large, func(l largePart) bool { return isMessage(m.kept[l.index].mediaType) })
	if len(large) == 0 {
		return nil
	}
	slices.SortFunc(large, func(a, b largePart) int { return cmp.Compare(a.where.from, b.where.from) })
	return src.through(func(r io.Reader) error {
		at := int64(0)
		for _, l := range large {
			if l.where.from < at { // within another, which went by whole
				continue
			}
			if _, err := io.CopyN(io.Discard, r, l.where.from-at); err != nil {
				return err
			}
			body := io.LimitReader(r, l.where.to-l.where.from)
			if err := each(unmeasured(m.parsed.Attachments[l.index]), newTransferReader(body, l.encoding)); err != nil {
				return err
			}
			if _, err := io.Copy(io.Discard, body); err != nil {
				return err
			}
			at = l.where.to
		}
		return nil
	})
}

func isMessage(mediaType string) bool { return strings.HasPrefix(mediaType, "message/") }

// unpackForm passes over what cannot be read, which filing has said already.
func unpackForm(src Source, boundary string, each UnpackFunc) error {
	in, err := src.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	w := &watched{Reader: io.LimitReader(in, cases.MaxMessageBytes)}
	r := multipart.NewReader(w, boundary)
	for range maxFormParts {
		part, err := r.NextPart()
		if w.err != nil {
			return w.err
		}
		if err != nil {
			return readError(err)
		}
		if part.FileName() == "" {
			continue
		}
		a := cases.Attachment{Name: fileName(part.FileName()), Type: oneLine(part.Header.Get("Content-Type"))}
		if err := each(a, whatThereIs{part, w}); err != nil {
			return err
		}
	}
	return nil
}

// readError is what of an error of multipart is one of the source.
func readError(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) || strings.HasPrefix(err.Error(), "multipart:") {
		return nil
	}
	return err
}

// whatThereIs ends a part that is cut off as one that is whole.
type whatThereIs struct {
	r      io.Reader
	source *watched
}

func (w whatThereIs) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	switch {
	case w.source.err != nil:
		err = w.source.err
	case err != nil && readError(err) == nil:
		err = io.EOF
	}
	return n, err
}

func unpackUploads(raw json.RawMessage, each UnpackFunc) error {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	for _, item := range list[:min(len(list), maxUploads)] {
		f := newFields(Context{}) // whose problems filing has told already
		o, _ := f.object("", item)
		content, err := base64.StdEncoding.DecodeString(f.str("", o["content"]))
		if err != nil || len(content) == 0 {
			continue
		}
		a := cases.Attachment{Name: fileName(f.str("", o["name"])), Type: oneLine(f.str("", o["type"]))}
		if err := each(a, bytes.NewReader(content)); err != nil {
			return err
		}
	}
	return nil
}
