package cases

import "time"

// SendingKind is what is said.
type SendingKind string

const (
	SendingAcknowledgement SendingKind = "acknowledgement"
	SendingOutcome         SendingKind = "outcome"
)

// SendingState is how far a message to the outside has come. It is attempted
// at most once; an attempt whose outcome is unknown is shown and resolved by
// looking, never repeated blindly.
type SendingState string

const (
	SendingPlanned    SendingState = "planned"
	SendingAttempting SendingState = "attempting" // recorded before the first byte goes out
	SendingSent       SendingState = "sent"       // the server took it
	SendingRefused    SendingState = "refused"    // the server said no for good
	SendingUnknown    SendingState = "unknown"    // we may or may not have been heard
	SendingSuppressed SendingState = "suppressed" // a rule forbade it; Note says which
)

// Sending is one message to the outside, recorded before it is attempted.
type Sending struct {
	ID          int64 `gorm:"primaryKey"`
	Kind        SendingKind
	CaseID      int64
	ReportID    int64
	To          string `gorm:"column:recipient"`
	ToDigest    string // salted, for the audit log and the hourly limit
	MessageID   string // stable, unguessable; replies find their report by it
	Language    string
	State       SendingState
	Note        string
	CreatedAt   time.Time
	AttemptedAt *time.Time
	SettledAt   *time.Time
}

// MayAcknowledge says whether an acknowledgement may be sent to the writer of
// a mail at all, and if not, which loop rule forbids it. ours is the address
// we send from. The hourly limit per sender is the store's, because only there
// can it be enforced between replicas.
func MayAcknowledge(p Parsed, ours string) (bool, string) {
	switch h := p.Mail; {
	case p.Reporter.Email == "":
		return false, "no address to answer to"
	case equalFold(p.Reporter.Email, ours):
		return false, "the mail came from ourselves"
	case h.AutoSubmitted:
		return false, "the mail was sent by a machine (Auto-Submitted)"
	case h.NullSender:
		return false, "the mail has no return path (a bounce)"
	case h.List:
		return false, "the mail came through a list or in bulk"
	case isDaemon(p.Reporter.Email):
		return false, "the sender is a mail system"
	}
	return true, ""
}

// AcknowledgeEvery is the least time between two acknowledgements to one sender.
const AcknowledgeEvery = time.Hour

// Outcome is what a mail server said to a sending. All false means that it is
// neither taken nor refused for good, and not to be tried again by itself.
type Outcome struct {
	Taken   bool
	Refused bool // for good (5xx)
	// Retry is set when it certainly was not taken and may be tried later
	// (no connection, 4xx before the data).
	Retry bool
	Note  string
}

// Letter is everything that the words of a sending need.
type Letter struct {
	Sending Sending
	Case    Case
	Report  Report
}
