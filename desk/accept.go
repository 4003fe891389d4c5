package desk

import (
	"context"
	"fmt"
	"io"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

// Accept keeps deliveries: when it returns without an error their raw bytes
// and what the door knew are committed, and the door may acknowledge. No
// parser has run. Workers file them.
func (d *Desk) Accept(ctx context.Context, in []cases.Delivery) ([]cases.Receipt, error) {
	return d.accept(ctx, in, false)
}

func (d *Desk) accept(ctx context.Context, in []cases.Delivery, fileNow bool) ([]cases.Receipt, error) {
	as, err := d.keep(ctx, in)
	if err != nil {
		return nil, err
	}
	for i := range as {
		as[i].FileNow = fileNow
	}
	return d.commit(ctx, as)
}

// keep puts the bytes of deliveries away.
func (d *Desk) keep(ctx context.Context, in []cases.Delivery) ([]cases.Acceptance, error) {
	now := d.now()
	as := make([]cases.Acceptance, 0, len(in))
	for i, del := range in {
		if del.Size > cases.MaxMessageBytes {
			return nil, tooLarge(del.Size)
		}
		body := del.Body
		var identity *intake.MailIdentity
		if del.Channel == cases.ChannelEmail {
			identity = intake.NewMailIdentity()
			body = io.TeeReader(body, identity)
		}
		kept, err := d.Vault.Keep(ctx, body)
		if err != nil {
			return nil, fmt.Errorf("keep delivery %d: %w", i, err)
		}
		m := cases.Message{
			Channel: del.Channel, Source: del.Source, DedupKey: del.DedupKey, Token: newToken(), SHA256: kept.SHA256, Size: kept.Size,
			Evidence: kept.Inline, BlobKey: kept.BlobKey, Meta: del.Meta, State: cases.MessageAccepted, ReceivedAt: now,
		}
		switch {
		case del.Quarantine != "":
			m.State, m.Note = cases.MessageQuarantined, del.Quarantine
			if m.DedupKey == "" {
				m.DedupKey = "quarantine:" + m.Token
			}
		case m.DedupKey != "":
		case identity != nil:
			m.DedupKey = "mail:" + identity.Sum()
		default:
			m.DedupKey = "once:" + m.Token // nothing to recognise a redelivery by
		}
		as = append(as, cases.Acceptance{Message: m, Cursor: del.Cursor})
	}
	return as, nil
}

func (d *Desk) commit(ctx context.Context, as []cases.Acceptance) ([]cases.Receipt, error) {
	rs, err := d.Store.Accept(ctx, d.now(), as)
	if err != nil {
		return nil, fmt.Errorf("accept %d deliveries: %w", len(as), err)
	}
	return rs, nil
}

func tooLarge(n int64) error {
	return &cases.Error{Kind: cases.KindTooLarge, Message: fmt.Sprintf("%d bytes are more than the %d that one message may have", n, cases.MaxMessageBytes)}
}

// Submitted is what a door that files at once can answer.
type Submitted struct {
	Receipt cases.Receipt
	// Filed is nil when the delivery is safe but not filed yet; a worker will,
	// and the status link of the receipt's token says when.
	Filed *cases.Filed
}

// Submit accepts one delivery and files it at once. An error means that
// nothing was accepted. The same key with other bytes is a conflict.
func (d *Desk) Submit(ctx context.Context, del cases.Delivery) (Submitted, error) {
	as, err := d.keep(ctx, []cases.Delivery{del})
	if err != nil {
		return Submitted{}, err
	}
	as[0].FileNow = true
	r, err := d.accepts.one(ctx, as[0])
	if err != nil {
		return Submitted{}, err
	}
	if r.Other {
		return Submitted{}, errOtherBytes
	}
	if r.Duplicate {
		return d.fileNow(ctx, r, nil), nil
	}
	m := as[0].Message
	m.ID = r.MessageID
	return d.fileNow(ctx, r, &m), nil
}

var errOtherBytes = cases.Conflict("this idempotency key was used before, for another report")

// fileNow files what was just accepted. Accepted is accepted: where filing fails
// the job is there, and a worker tries again. m is the message where it is known.
func (d *Desk) fileNow(ctx context.Context, r cases.Receipt, m *cases.Message) Submitted {
	fs, err := d.filings(ctx, []Unfiled{{Attempt: r.Attempt, MessageID: r.MessageID, Message: m}})
	if err != nil {
		return d.unfiled(r, err)
	}
	filed, err := d.files.one(ctx, fs[0])
	if err != nil {
		return d.unfiled(r, err)
	}
	return Submitted{Receipt: r, Filed: &filed}
}

func (d *Desk) unfiled(r cases.Receipt, err error) Submitted {
	d.Log.Warn("filing at once", "message", r.MessageID, "err", err)
	return Submitted{Receipt: r}
}
