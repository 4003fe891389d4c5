package desk

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

// poisonAfter is how many attempts at a message may end without a word (the
// process died) before it is filed unread: one bad mail must not stop the rest.
const poisonAfter = 3

// Unfiled is an accepted message in the hands of an attempt.
type Unfiled struct {
	Attempt   cases.Attempt
	MessageID int64
	Lost      int // attempts at it that ended without a word
	// Message is the message as it was accepted just now; nil: it is read.
	Message *cases.Message
}

// File turns accepted messages into reports of cases, or into further messages
// of some, all of them or none. It runs the parser outside the transaction,
// under a guard; what cannot be parsed is still a report, shown as such. One
// message is in memory at a time. Running it twice changes nothing the second
// time.
func (d *Desk) File(ctx context.Context, in ...Unfiled) ([]cases.Filed, error) {
	fs, err := d.filings(ctx, in)
	if err != nil {
		return nil, err
	}
	return d.file(ctx, fs)
}

// file commits what was read.
func (d *Desk) file(ctx context.Context, fs []cases.Filing) ([]cases.Filed, error) {
	filed, err := d.Store.FileMessages(ctx, d.now(), fs)
	if err != nil {
		return nil, fmt.Errorf("file %d messages: %w", len(fs), err)
	}
	return filed, nil
}

// filings reads messages.
func (d *Desk) filings(ctx context.Context, in []Unfiled) ([]cases.Filing, error) {
	var ids []int64
	byID := map[int64]cases.Message{}
	for _, u := range in {
		if u.Message != nil {
			byID[u.MessageID] = *u.Message
			continue
		}
		ids = append(ids, u.MessageID)
	}
	if len(ids) > 0 {
		ms, err := d.Store.Messages(ctx, ids)
		if err != nil {
			return nil, fmt.Errorf("messages %v: %w", ids, err)
		}
		for _, m := range ms {
			byID[m.ID] = m
		}
	}
	fs := make([]cases.Filing, len(in))
	for i, u := range in {
		m, ok := byID[u.MessageID]
		if !ok {
			return nil, cases.NotFound(fmt.Sprintf("message %d", u.MessageID))
		}
		var err error
		if fs[i], err = d.filing(ctx, u, m); err != nil {
			return nil, err
		}
	}
	return fs, nil
}

// filing reads one message.
func (d *Desk) filing(ctx context.Context, u Unfiled, m cases.Message) (cases.Filing, error) {
	f := cases.Filing{Attempt: u.Attempt, Message: m}
	if m.State != cases.MessageAccepted {
		return f, nil
	}
	if u.Lost >= poisonAfter {
		f.Parsed = cases.Parsed{Category: cases.CategoryOther, Unreadable: true,
			Warnings: []string{fmt.Sprintf("%d attempts to read this message ended without a word; it was filed unread", u.Lost)}}
	} else {
		var err error
		if f.Parsed, err = d.parse(ctx, m, nil); err != nil {
			return f, fmt.Errorf("read message %d: %w", m.ID, err)
		}
		if f.Parsed, err = d.answered(ctx, m, f.Parsed); err != nil {
			return f, fmt.Errorf("read the answer in message %d: %w", m.ID, err)
		}
	}
	if f.Parsed.AsksTraceback() && !f.Parsed.Automatic() {
		q := d.Requesters.Request(m, f.Parsed, d.AuthServers, d.Office.Clock(f.Parsed.Reporter.Kind, m.ReceivedAt), d.now())
		f.Request = &q
	}
	if d.answerable(m) && f.Request == nil {
		f.AnswerIn = d.ChatSilence // in the chat, and not by mail as well
	} else {
		f.Acknowledgement = d.acknowledgement(m, f.Parsed, f.Request)
	}
	f.Notices = d.notices(f.Parsed)
	return f, nil
}

// parse chooses the reader by door; asked is what the writer was asked before, of
// a chat. A panic in a parser is a bug, but not one
// that may lose a report.
func (d *Desk) parse(ctx context.Context, m cases.Message, asked []cases.Want) (p cases.Parsed, err error) {
	defer func() {
		if r := recover(); r != nil {
			d.Log.Error("parser panicked", "message", m.ID, "channel", m.Channel, "panic", r, "stack", string(debug.Stack()))
			p = cases.Parsed{Category: cases.CategoryOther, Unreadable: true, Warnings: []string{"reading this message failed; it was filed unread"}}
		}
	}()
	c := intake.Context{Region: m.Meta.Region, Language: m.Meta.Language, ReceivedAt: m.ReceivedAt, Source: m.Source, Asked: asked, AuthServers: d.AuthServers}
	if c.Region == "" {
		c.Region = d.Region
	}
	src := intake.Source{Open: func() (io.ReadCloser, error) { return d.Vault.Open(ctx, m.Kept()) }, Size: m.Size}
	p, err = d.read(m.Channel, m.Meta.ContentType, src, c)
	if p.Category == "" {
		p.Category = cases.CategoryOther
	}
	return p, err
}

// acknowledgement decides whether the writer of a new report is answered. A
// suppressed one is recorded too, with the rule that forbade it, because "why
// did I get no answer" is a question that analysts are asked.
//
// One to somebody who asks for a traceback waits until he is verified.
func (d *Desk) acknowledgement(m cases.Message, p cases.Parsed, q *cases.TracebackRequest) *cases.Sending {
	if m.Channel != cases.ChannelEmail && p.Reporter.Email == "" {
		return nil
	}
	s := &cases.Sending{
		Kind: cases.SendingAcknowledgement, To: p.Reporter.Email, ToDigest: d.digest(p.Reporter.Email),
		MessageID: cases.LetterID(newToken(), d.MailDomain), Language: p.Language, State: cases.SendingPlanned,
	}
	if d.Mailer == nil {
		s.State, s.Note = cases.SendingSuppressed, "no mail server is configured"
		return s
	}
	if ok, why := cases.MayAcknowledge(p, d.Mailer.From()); !ok {
		s.State, s.Note = cases.SendingSuppressed, why
	} else if q != nil && q.State != cases.RequesterVerified {
		s.State, s.Note = cases.SendingHeld, cases.NoteWithheld
	}
	return s
}
