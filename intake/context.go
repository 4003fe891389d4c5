package intake

import (
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
	// AuthServers are the names (authserv-id) by which the operator's own
	// mail servers state authentication results; none: see authResults.
	AuthServers []string
}

// Read reads a delivery as its channel and content type say. It never fails:
// the doors that can answer at once check with JSON, Form and Chat first, and
// everything that was accepted becomes a report.
func Read(channel cases.Channel, contentType string, raw []byte, c Context) cases.Parsed {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		mediaType, _, _ = strings.Cut(contentType, ";")
		mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	}
	isForm := mediaType == "application/x-www-form-urlencoded" || mediaType == "multipart/form-data"
	var p cases.Parsed
	switch {
	case channel == cases.ChannelEmail || mediaType == "message/rfc822":
		return Mail(raw, c)
	case channel == cases.ChannelChat:
		p, err = Chat(raw, c)
	case isForm:
		p, err = Form(raw, contentType, c)
	case mediaType == "text/plain":
		return Text(string(raw), c)
	default:
		p, err = JSON(raw, c)
	}
	if err != nil {
		p.Warnings = append(p.Warnings, err.Error())
	}
	return p
}
