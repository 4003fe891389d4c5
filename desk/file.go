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

// File turns an accepted message into a report of a case, or into a further
// message of one. It runs the parser outside the transaction, under a guard;
// what cannot be parsed is still a report, shown as such. lost is how many
// attempts at it ended without a word. Running it twice changes nothing the second time.
func (d *Desk) File(ctx context.Context, at cases.Attempt, messageID int64, lost int) (cases.Filed, error) {
	m, err := d.Store.Message(ctx, messageID)
	if err != nil {
		return cases.Filed{}, fmt.Errorf("message %d: %w", messageID, err)
	}
	f := cases.Filing{Message: m}
	if m.State == cases.MessageAccepted {
		raw, err := d.raw(ctx, m)
		if err != nil {
			return cases.Filed{}, err
		}
		if lost >= poisonAfter {
			f.Parsed = cases.Parsed{Category: cases.CategoryOther, Unreadable: true,
				Warnings: []string{fmt.Sprintf("%d attempts to read this message ended without a word; it was filed unread", lost)}}
		} else {
			f.Parsed = d.parse(m, raw)
		}
		f.Acknowledgement = d.acknowledgement(m, f.Parsed)
	}
	filed, err := d.Store.FileMessage(ctx, at, d.now(), f)
	if err != nil {
		return cases.Filed{}, fmt.Errorf("file message %d: %w", messageID, err)
	}
	return filed, nil
}

// raw reads a message's bytes back. Their number was bounded when they came.
func (d *Desk) raw(ctx context.Context, m cases.Message) ([]byte, error) {
	r, err := d.Vault.Open(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("open message %d: %w", m.ID, err)
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, cases.MaxMessageBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read message %d: %w", m.ID, err)
	}
	return raw, nil
}

// parse chooses the reader by door. A panic in a parser is a bug, but not one
// that may lose a report.
func (d *Desk) parse(m cases.Message, raw []byte) (p cases.Parsed) {
	defer func() {
		if r := recover(); r != nil {
			d.Log.Error("parser panicked", "message", m.ID, "channel", m.Channel, "panic", r, "stack", string(debug.Stack()))
			p = cases.Parsed{Category: cases.CategoryOther, Unreadable: true, Warnings: []string{"reading this message failed; it was filed unread"}}
		}
	}()
	c := intake.Context{Region: m.Meta.Region, Language: m.Meta.Language, ReceivedAt: m.ReceivedAt, AuthServers: d.AuthServers}
	if c.Region == "" {
		c.Region = d.Region
	}
	p = d.read(m.Channel, m.Meta.ContentType, raw, c)
	if p.Category == "" {
		p.Category = cases.CategoryOther
	}
	return p
}

// acknowledgement decides whether the writer of a new report is answered. A
// suppressed one is recorded too, with the rule that forbade it, because "why
// did I get no answer" is a question that analysts are asked.
func (d *Desk) acknowledgement(m cases.Message, p cases.Parsed) *cases.Sending {
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
	}
	return s
}
