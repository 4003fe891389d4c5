package notify

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-message/mail"

	"github.com/abusedesk/abusedesk/cases"
)

// build writes the letter as a mail (RFC 5322). What no person wrote says so
// (RFC 3834), so that no honest machine answers it. The header writer encodes
// and refuses what could break out of a header line.
func (m *Mailer) build(l cases.Letter, now time.Time) ([]byte, error) {
	subject, text, err := compose(l, m.voice.wordsOf(l))
	if err != nil {
		return nil, err
	}
	to, err := mail.ParseAddress(l.Sending.To)
	if err != nil {
		return nil, fmt.Errorf("recipient: %w", err)
	}
	var h mail.Header
	h.SetDate(now)
	h.SetAddressList("From", []*mail.Address{&m.from})
	h.SetAddressList("To", []*mail.Address{{Address: to.Address}})
	h.SetSubject(subject)
	h.SetMessageID(l.Sending.MessageID)
	switch l.Sending.Kind {
	case cases.SendingAcknowledgement:
		h.Set("Auto-Submitted", "auto-replied")
	case cases.SendingOutcome, cases.SendingReferral, cases.SendingConfirmation, cases.SendingAlert, cases.SendingForward:
		h.Set("Auto-Submitted", "auto-generated")
	}
	if l.Sending.Kind == cases.SendingAlert {
		h.Set("Importance", "high") // RFC 2156 section 5.3.4
	}
	if back := m.sender(l); back != m.from.Address {
		h.SetAddressList("Reply-To", []*mail.Address{{Name: m.from.Name, Address: back}})
	}
	h.Set("X-Auto-Response-Suppress", "All") // what Exchange looks at instead
	if theirs := l.Report.Details.Mail.MessageID; !l.Sending.Kind.Notice() && theirs != "" && !strings.ContainsAny(theirs, " \t\r\n<>") {
		h.SetMsgIDList("In-Reply-To", []string{theirs})
		h.SetMsgIDList("References", []string{theirs})
	}
	if len(l.Files) > 0 {
		return withFiles(h, text, l.Files)
	}
	h.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
	h.Set("Content-Transfer-Encoding", "quoted-printable")
	var b bytes.Buffer
	body, err := mail.CreateSingleInlineWriter(&b, h)
	if err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	if _, err := io.WriteString(body, strings.ReplaceAll(text, "\n", "\r\n")); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	if err := body.Close(); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	return b.Bytes(), nil
}

// envelope is where bounces of the letter go (RFC 5321 section 4.5.5). Those of
// a confirmation go nowhere: whoever fills in forms with addresses that are not
// there would make reports of them.
func (m *Mailer) envelope(l cases.Letter) string {
	if l.Sending.Kind == cases.SendingConfirmation {
		return ""
	}
	return m.sender(l)
}

// sender is the address that answers and bounces of the letter come back to.
func (m *Mailer) sender(l cases.Letter) string {
	if !m.cfg.Subaddress {
		return m.from.Address
	}
	return cases.ReplyAddress(m.from.Address, cases.LetterToken(l.Sending.MessageID))
}
