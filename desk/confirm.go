package desk

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/abusedesk/abusedesk/cases"
)

// CanConfirm says whether a sender can be asked by mail to confirm what he sent.
func (d *Desk) CanConfirm() bool { return d.Mailer != nil }

// MayConfirm says whether the sender of what was parsed may be written to, and if
// not, which rule forbids it.
func (d *Desk) MayConfirm(p cases.Parsed) (bool, string) {
	return cases.MayAcknowledge(p, d.Mailer.From())
}

// Hold keeps a delivery like Accept, and does not file it: its sender is mailed a
// link, and what is behind that calls Confirm. The letter is recorded with the
// bytes and goes out once; a redelivery gets the first one's receipt, and no
// second letter. The same key with other bytes is a conflict.
func (d *Desk) Hold(ctx context.Context, del cases.Delivery, to, language string) (cases.Receipt, error) {
	as, err := d.keep(ctx, []cases.Delivery{del})
	if err != nil {
		return cases.Receipt{}, err
	}
	as[0].Message.State = cases.MessageUnconfirmed
	as[0].Confirm = &cases.Sending{Kind: cases.SendingConfirmation, To: to, ToDigest: d.digest(to), Language: language, State: cases.SendingPlanned,
		MessageID: cases.NoticeID(newToken(), d.MailDomain)}
	rs, err := d.commit(ctx, as)
	if err != nil {
		return cases.Receipt{}, err
	}
	if rs[0].Other {
		return cases.Receipt{}, errOtherBytes
	}
	return rs[0], nil
}

// Unconfirmed finds what a confirmation link is about: a delivery that waits, or
// one that waited. A link that is not ours finds nothing.
func (d *Desk) Unconfirmed(ctx context.Context, token, code string) (cases.Message, error) {
	m, err := d.Store.MessageByToken(ctx, token)
	if err != nil {
		return m, err
	}
	if !hmac.Equal([]byte(code), []byte(d.confirmCode(m.Token))) {
		return m, cases.NotFound("this report")
	}
	return m, nil
}

// Confirm files a delivery that waited for its sender, once. The link of one that
// was dropped finds nothing.
func (d *Desk) Confirm(ctx context.Context, token, code string) (Submitted, error) {
	m, err := d.Unconfirmed(ctx, token, code)
	if err != nil {
		return Submitted{}, err
	}
	r, err := d.Store.ConfirmMessage(ctx, d.now(), m.ID)
	if err != nil {
		return Submitted{}, fmt.Errorf("confirm message %d: %w", m.ID, err)
	}
	return d.fileNow(ctx, r, nil), nil
}

// confirmCode is what only who was mailed it knows: the token of the status page
// is told to whoever sends the form.
func (d *Desk) confirmCode(token string) string {
	m := hmac.New(sha256.New, d.Salt)
	m.Write([]byte("confirm:" + token))
	return hex.EncodeToString(m.Sum(nil)[:16])
}

// tellConfirmation sends the link, unless nobody waits for it any more.
func (d *Desk) tellConfirmation(ctx context.Context, at cases.Attempt, s cases.Sending) error {
	m, err := d.Store.Message(ctx, s.DeliveryID)
	if err != nil {
		return fmt.Errorf("message of sending %d: %w", s.ID, err)
	}
	if m.State != cases.MessageUnconfirmed && s.State == cases.SendingPlanned {
		return d.Store.SettleSending(ctx, at, d.now(), s.ID, cases.SendingSuppressed, "the message does not wait for it any more")
	}
	return d.attempt(ctx, at, cases.Letter{Sending: s, Confirm: "/reports/" + m.Token + "/confirm/" + d.confirmCode(m.Token)})
}
