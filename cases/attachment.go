package cases

import "time"

// AttachmentState is what became of an attachment.
type AttachmentState string

const (
	AttachmentStored   AttachmentState = "stored"   // its bytes are kept by their digest
	AttachmentInfected AttachmentState = "infected" // kept, and handed to nobody
	AttachmentRefused  AttachmentState = "refused"  // its bytes could not be had; Note says why
)

// Scanned is what a virus scanner said of a file.
type Scanned struct {
	Found   string // what it is infected with; "" clean or not looked at
	Skipped string // why it was not looked at
}

// StoredFile is an attachment's bytes, kept once however often they come.
type StoredFile struct {
	Kept
	Type string // as its bytes say, not its sender; RFC 6838, without parameters
	// Scan is what the virus scanner said, in words; "" there is none.
	Scan string
}

// UnpackedFile is one attachment of a message.
type UnpackedFile struct {
	Attachment // as it was named; Type is what the sender says
	State      AttachmentState
	Note       string
	File       StoredFile // of one that is stored or infected
}

// AttachmentView is an attachment as it is kept.
type AttachmentView struct {
	ID        int64
	ReportID  int64
	MessageID int64
	Name      string
	Declared  string // the sender's word for its type
	Type      string // what its bytes are; "" not known
	Size      int64
	SHA256    string
	State     AttachmentState
	Note      string
	Scan      string
	// Elsewhere is how many other reports have the same file.
	Elsewhere int
	CreatedAt time.Time
}

// Shown is how an attachment may be shown in a page: "image", "audio", or "" not
// at all. Only what browsers draw or play without running anything in it.
func (a AttachmentView) Shown() string {
	if a.State != AttachmentStored {
		return ""
	}
	switch a.Type {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return "image"
	case "audio/mpeg", "audio/wav", "audio/ogg", "audio/mp4", "audio/x-m4a", "audio/aac", "audio/flac", "audio/webm":
		return "audio"
	}
	return ""
}
