package cases

import (
	"slices"
	"strings"
	"time"
)

// Addressee is a reporter who could be written to about one of his reports.
type Addressee struct {
	ReportID   int64
	ReporterID int64
	Channel    Channel
	ReceivedAt time.Time
	Language   string      // of the report
	Email      string      // as the report gave it; "" none
	Chat       string      // the conversation that the report came by, see ConversationOf; "" none that we can answer in
	Mail       MailHeaders // of the report's first message
	BouncedAt  *time.Time  // mail to that address came back for good
	Referred   bool        // was sent to another carrier in this case already
	// Requester is whether it is known who asks, of a traceback request; "" it is none.
	Requester RequesterState
}

// MayWrite says whether anything may be sent to the addressee at all, and if
// not, which rule forbids it. ours is the address we send from. The rules are
// those against loops (RFC 3834 section 2), and they hold for a letter that a
// person wrote too: where a machine writes, nobody reads. The hourly limit of
// acknowledgements is the store's, because only there can it be enforced
// between replicas.
func (a Addressee) MayWrite(ours string) (bool, string) {
	if why := withheld(a.Requester); why != "" {
		return false, why
	}
	if a.Chat != "" {
		return true, "" // who opened a conversation with us reads it
	}
	switch h := a.Mail; {
	case a.Email == "":
		return false, "no address to answer to"
	case IsOurs(a.Email, ours):
		return false, "the mail came from ourselves"
	case h.AutoSubmitted:
		return false, "the mail was sent by a machine (Auto-Submitted)"
	case h.NullSender:
		return false, "the mail has no return path (a bounce)"
	case h.List:
		return false, "the mail came through a list or in bulk"
	case isDaemon(a.Email):
		return false, "the sender is a mail system"
	case a.BouncedAt != nil:
		return false, NoteBounced
	}
	return true, ""
}

// NoteBounced is the note of what is not sent to an address that bounced.
const NoteBounced = "mail to that address came back"

// MayAcknowledge is MayWrite for the writer of a mail that is being filed.
func MayAcknowledge(p Parsed, ours string) (bool, string) {
	return Addressee{Email: p.Reporter.Email, Mail: p.Mail}.MayWrite(ours)
}

// Askable are those of to, newest report first, who may be written to: each
// reporter once, by his newest report that allows it.
func Askable(to []Addressee, ours string) []Addressee {
	var out []Addressee
	for _, a := range onePerReporter(to, ours) {
		if ok, _ := a.MayWrite(ours); ok {
			out = append(out, a)
		}
	}
	return out
}

// Outcomes are the letters that tell each reporter once how the case ended.
// One that may not be sent is suppressed and says why, because "why did nobody
// tell me" is a question that analysts are asked. Who reported in bad faith is
// told nothing: it would only teach him.
func Outcomes(to []Addressee, ours string, d Disposition) []Sending {
	if d == DispositionMalicious {
		return nil
	}
	var out []Sending
	for _, a := range onePerReporter(to, ours) {
		s := a.letter(SendingOutcome)
		s.Disposition = d
		if ok, why := a.MayWrite(ours); !ok {
			s.State, s.Note = SendingSuppressed, why
		}
		out = append(out, s)
	}
	return out
}

// letter is one to the addressee: into the chat that the report came by, else by
// mail.
func (a Addressee) letter(k SendingKind) Sending {
	s := Sending{Kind: k, Channel: ChannelEmail, ReportID: a.ReportID, To: a.Email, Language: a.Language, State: SendingPlanned}
	if a.Chat != "" {
		s.Channel, s.To = ChannelChat, a.Chat
	}
	return s
}

// onePerReporter keeps the newest report of each reporter that allows an
// answer, else the newest; who gave no address and has no chat is left out.
func onePerReporter(to []Addressee, ours string) []Addressee {
	var out []Addressee
	type reporter struct {
		id   int64
		chat string // of somebody who left no address: a name alone is known anew with each report
	}
	index := map[reporter]int{}
	for _, a := range to {
		if a.Email == "" && a.Chat == "" {
			continue
		}
		who := reporter{id: a.ReporterID}
		if a.Email == "" && a.Chat != "" {
			who = reporter{chat: a.Chat}
		}
		i, known := index[who]
		if !known {
			index[who] = len(out)
			out = append(out, a)
			continue
		}
		if old, _ := out[i].MayWrite(ours); !old {
			if ok, _ := a.MayWrite(ours); ok {
				out[i] = a
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Addressee) int { return b.ReceivedAt.Compare(a.ReceivedAt) })
	return out
}

// IsOurs says whether an address is the one we send from, with or without a
// token of ours in it.
func IsOurs(address, ours string) bool {
	return equalFold(untagged(address), untagged(ours))
}

// untagged is an address without what follows the first "+" of its local part
// (RFC 5233).
func untagged(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address
	}
	local, _, _ := strings.Cut(address[:at], "+")
	return local + address[at:]
}
