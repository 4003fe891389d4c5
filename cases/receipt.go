package cases

import "time"

// MailReceipt says where in a mailbox a message was read, so that it can be
// marked or moved there. Several can point to one message: a mail that came
// through an alias too is there twice.
type MailReceipt struct {
	ID          int64 `gorm:"primaryKey"`
	Mailbox     string
	UIDValidity uint32
	UID         uint32
	MessageID   int64
	ReceivedAt  time.Time
	ActedAt     *time.Time
}

// MailAct is the attempt that did to a received mail what its mailbox says.
type MailAct struct {
	Attempt   Attempt
	ReceiptID int64
}
