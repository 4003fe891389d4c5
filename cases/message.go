package cases

import (
	"io"
	"time"
)

// Channel is the door a report came through.
type Channel string

const (
	ChannelWeb     Channel = "web"
	ChannelEmail   Channel = "email"
	ChannelChat    Channel = "chat"
	ChannelAPI     Channel = "api"
	ChannelMonitor Channel = "monitor"
)

// Limits of a message.
const (
	MaxMessageBytes = 64 << 20  // a delivery larger than this is refused (413) or quarantined (mail)
	InlineEvidence  = 256 << 10 // raw bytes up to this live in the database with the message
)

// MessageState is how far a delivery has come.
type MessageState string

const (
	MessageAccepted    MessageState = "accepted"    // raw bytes committed, not yet read
	MessageFiled       MessageState = "filed"       // part of a report
	MessageQuarantined MessageState = "quarantined" // could not be fetched whole; shown, kept
	MessageUnconfirmed MessageState = "unconfirmed" // kept, and filed once its sender has followed the link that was mailed to him
	MessageDropped     MessageState = "dropped"     // was not confirmed in time: a tombstone with the digest
)

// ConfirmWithin is how long an unconfirmed message is kept.
const ConfirmWithin = 7 * 24 * time.Hour

// Message is one delivery. Its raw bytes are never changed until retention or
// erasure leaves a tombstone with the digest.
type Message struct {
	ID        int64 `gorm:"primaryKey"`
	Channel   Channel
	Source    string // which mailbox, hook or key brought it
	DedupKey  string // what makes a redelivery the same: identity digest, webhook id, idempotency key
	Token     string // unguessable; the status link works from the moment of acceptance
	SHA256    string // hex, of the raw bytes
	Size      int64
	Evidence  []byte // envelope, when small enough
	BlobKey   string // where the envelope is otherwise
	Meta      Meta   `gorm:"serializer:json"`
	State     MessageState
	ReportID  int64 // 0 until filed
	Note      string
	Reference string // the sender's own id for it, such as a mail's Message-ID; for looking up, never for telling apart
	// Automatic: written by a machine, such as a bounce or an out-of-office answer.
	Automatic bool
	// TextAt is where its words begin in the text of its report; -1 they are not there.
	TextAt     int
	WrittenAt  *time.Time // of a chat message; nil: when it was received
	WrittenSeq int64      // tells those of one moment apart
	ReceivedAt time.Time
	FiledAt    *time.Time
}

// Kept is where the raw bytes are.
func (m Message) Kept() Kept {
	return Kept{SHA256: m.SHA256, Size: m.Size, Inline: m.Evidence, BlobKey: m.BlobKey}
}

// Meta is what the door knew about a delivery beyond its bytes.
type Meta struct {
	ContentType string `json:"content_type,omitempty"`
	RemoteIP    string `json:"remote_ip,omitempty"`
	Language    string `json:"language,omitempty"` // preferred, BCP 47
	Region      string `json:"region,omitempty"`   // of the connection, alpha-2: how bare numbers are read
	Actor       string `json:"actor,omitempty"`    // key id for API deliveries with a key
	RequestSHA  string `json:"request_sha256,omitempty"`
	// Adds is the token of the report that this is a further message of, where
	// the door knows it: what is written on a status page.
	Adds    string            `json:"adds,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
}

// MailCursor is where a mail was read: progress moves in the transaction that
// commits its bytes.
type MailCursor struct {
	Mailbox     string
	UIDValidity uint32
	UID         uint32
	Epoch       int64 // of the mailbox's lease
}

// Delivery is what a door hands to Accept. Body is read once, to the end.
type Delivery struct {
	Channel  Channel
	Source   string
	DedupKey string // empty: derived from the bytes
	Body     io.Reader
	Size     int64 // expected; -1 when not known
	Meta     Meta
	Cursor   *MailCursor
	// Quarantine, when not empty, says why the message could not be fetched
	// whole; what there is of it is kept and shown.
	Quarantine string
}

// Receipt is given for a delivery once it is committed.
type Receipt struct {
	MessageID int64
	Token     string
	SHA256    string
	// Duplicate says that this delivery was here before; the other fields are
	// those of the first one. Other says that the same key came with other bytes.
	Duplicate bool
	Other     bool
	// Attempt is the right to file it at once; zero when a worker does.
	Attempt Attempt
}

// MailboxProgress is how far one mailbox has been read.
type MailboxProgress struct {
	Name        string `gorm:"primaryKey"`
	UIDValidity uint32
	LastUID     uint32
	Received    int64 // mails committed since the mailbox is known
	LastSuccess *time.Time
	LastError   string
	ErrorAt     *time.Time
}

// Kept is where the raw bytes of a delivery went.
type Kept struct {
	SHA256  string // hex, of the raw bytes
	Size    int64
	Inline  []byte // sealed envelope, when small
	BlobKey string // where the envelope is otherwise
}
