package cases

import "time"

// SendingKind is what is said.
type SendingKind string

const (
	SendingAcknowledgement SendingKind = "acknowledgement" // your report is here
	SendingQuestion        SendingKind = "question"        // what an analyst wants to know
	SendingOutcome         SendingKind = "outcome"         // how the case ended
	SendingDetails         SendingKind = "details"         // what the desk itself asks in a chat: see Wants
	SendingTraceback       SendingKind = "traceback_answer"
	SendingReferral        SendingKind = "referral"     // not ours: who answers for it, and where to report
	SendingConfirmation    SendingKind = "confirmation" // the link that files a form without a proof of work

	// Letters to colleagues, once for each case, lane and address. What comes
	// back for them is no reporter's answer.
	SendingAlert   SendingKind = "alert"   // an urgent case has come in
	SendingForward SendingKind = "forward" // reported text messages, for those who route them
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
	SendingBounced    SendingState = "bounced"    // it was taken and came back (RFC 3464)
	SendingUnknown    SendingState = "unknown"    // we may or may not have been heard
	SendingSuppressed SendingState = "suppressed" // a rule forbade it; Note says which
	SendingHeld       SendingState = "held"       // an acknowledgement that waits until the requester is verified
)

// Sending is one message to the outside, recorded before it is attempted.
type Sending struct {
	ID          int64 `gorm:"primaryKey"`
	Kind        SendingKind
	CaseID      int64
	ReportID    int64
	DeliveryID  int64   // the message that a confirmation is about, which is of no report yet; else 0
	Channel     Channel // ChannelEmail, or ChannelChat: into the conversation that To names
	To          string  `gorm:"column:recipient"`
	ToDigest    string  // salted, for the audit log and the hourly limit
	MessageID   string  // stable, unguessable; replies find their report by it
	Language    string
	Text        string      // what the analyst wrote; of a question, or the answer to a traceback request
	Disposition Disposition // what the case turned out to be; of an outcome
	Lane        Lane        // of an alert
	Wants       []Want      `gorm:"serializer:json"` // of a question of the desk's own
	Turn        int         // which of those it is, from 1
	State       SendingState
	Note        string
	CreatedAt   time.Time
	AttemptedAt *time.Time
	SettledAt   *time.Time
	// Answer is the traceback pack that goes with it; nil none.
	Answer *PackAnswer `gorm:"-"`
}

// AcknowledgeEvery is the least time between two acknowledgements to one sender.
const AcknowledgeEvery = time.Hour

// Delivered says that nothing is known against the arrival of a sending. A
// question that was not delivered is not answered either.
func (s SendingState) Delivered() bool {
	return s != SendingRefused && s != SendingBounced && s != SendingSuppressed
}

// Outcome is what a mail server or a chat said to a sending. All false means that it is
// neither taken nor refused for good, and not to be tried again by itself.
type Outcome struct {
	Taken   bool
	Refused bool // for good (5xx)
	// Retry is set when it certainly was not taken and may be tried later
	// (no connection, 4xx before the data, 429), and After how long not before; 0
	// did not say.
	Retry bool
	After time.Duration
	Note  string
}

// Notice says that it goes to colleagues.
func (k SendingKind) Notice() bool { return k == SendingAlert || k == SendingForward }

// Letter is everything that the words of a sending need.
type Letter struct {
	Sending Sending
	Case    Case
	Report  Report
	// Responsible is who answers for the number that the report is about; of a
	// referral.
	Responsible Responsible
	// Region is the reporter's country, alpha-2: that of the called number, else
	// ours.
	Region string
	// Confirm is the path of the page of a confirmation.
	Confirm string
	// Files go with the letter, by mail alone.
	Files []LetterFile
}
