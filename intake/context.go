package intake

import (
	"bytes"
	"io"
	"mime"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// The limits that the package comment lists.
const (
	MaxHeaderBytes  = 256 << 10
	MaxHeaderFields = 2000
	MaxParts        = 500
	MaxDepth        = 12
	MaxText         = 256 << 10
	MaxAttachments  = 100
	MaxNumbers      = 100
)

// version is written into every report; it grows when the same bytes would be
// read differently.
const version = "intake/4"

// Context is what the door knew, and what bare numbers and times are read by.
type Context struct {
	// Region is where the reporter is, alpha-2: "2025550143" is a number there.
	Region string
	// Language is the reporter's preferred one, BCP 47; "" unknown.
	Language string
	// ReceivedAt is what "yesterday" is relative to.
	ReceivedAt time.Time
	// Source is the door, of a chat the product: cases.ChatIntercom and so on.
	Source string
	// Asked is what the writer was asked before he wrote this, of a chat.
	Asked []cases.Want
	// AuthServers are the names (authserv-id) by which the operator's own
	// mail servers state authentication results; none: see authResults.
	AuthServers []string
}

// Source is the bytes of a delivery as they are kept.
type Source struct {
	// Open begins to read them, and again for a large mail.
	Open func() (io.ReadCloser, error)
	Size int64
}

// Read reads a delivery as its channel and content type say. Whatever its bytes
// are it does not fail: the doors that can answer at once check with JSON, Form
// and Chat first, and everything that was accepted becomes a report. An error is
// one of the source. Large mails and the files of forms are not held as a whole;
// all else is.
func Read(channel cases.Channel, contentType string, src Source, c Context) (cases.Parsed, error) {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		mediaType, _, _ = strings.Cut(contentType, ";")
		mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	}
	if channel == cases.ChannelEmail || mediaType == "message/rfc822" {
		return mailFrom(src, c, holding{whole: heldWhole, head: heldHead})
	}
	isForm := mediaType == "application/x-www-form-urlencoded" || mediaType == "multipart/form-data"
	if isForm {
		p, err := Form(src, contentType, c)
		return warned(p, err)
	}
	raw, err := src.bytes()
	if err != nil {
		return cases.Parsed{}, err
	}
	var p cases.Parsed
	switch {
	case channel == cases.ChannelChat && c.Source == cases.ChatIntercom:
		p, err = Intercom(raw, c)
	case channel == cases.ChannelChat && c.Source == cases.ChatChatwoot:
		p, err = Chatwoot(raw, c)
	case channel == cases.ChannelChat:
		p, err = Chat(raw, c)
	case mediaType == "text/plain":
		return Text(string(raw), c), nil
	default:
		p, err = JSON(raw, c)
	}
	return warned(p, err)
}

// warned makes of what is wrong in a report a warning of it; other errors are of
// the source.
func warned(p cases.Parsed, err error) (cases.Parsed, error) {
	if err == nil {
		return p, nil
	}
	if cases.KindOf(err) != cases.KindInvalid {
		return cases.Parsed{}, err
	}
	p.Warnings = append(p.Warnings, err.Error())
	return p, nil
}

// bytes reads a source whole. How much that may be was bounded when it came.
func (s Source) bytes() ([]byte, error) {
	r, err := s.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	// At once as large as it is: growing would take twice the memory.
	var raw bytes.Buffer
	raw.Grow(int(min(max(s.Size, 0), cases.MaxMessageBytes)) + bytes.MinRead)
	if _, err := raw.ReadFrom(io.LimitReader(r, cases.MaxMessageBytes+1)); err != nil {
		return nil, err
	}
	return raw.Bytes(), nil
}
