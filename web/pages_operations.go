package web

import "time"

// SendingsPage shows everything said to the outside. The decision it serves: did the unknown ones arrive?
type SendingsPage struct {
	Views   []Tab
	Query   string
	Unknown []Sending // always on top: an attempt whose end nobody saw
	Rows    []Sending
	Pages   Pages
	CanAct  bool
}

func (SendingsPage) meta() Meta {
	return Meta{Template: "sendings", Title: "Outward", Section: "outward"}
}

// Sending is one attempt to tell somebody something.
type Sending struct {
	ID       string
	Kind     string // "Acknowledgement"
	Channel  string
	To       string // masked
	Subject  string
	CaseRef  string
	State    State
	At       time.Time
	Attempts int
	Error    string
	// Look says where to find out what became of it: the Message-ID in the mail server's log.
	Look string
}

// OperationsPage is the machine's own health. The decision it serves: does something need a hand?
type OperationsPage struct {
	Stats      []Stat
	Dead       []JobLine
	Quarantine []QuarantineLine
	Replicas   []ReplicaLine
	Mailboxes  []MailboxLine
	Audit      []AuditPanel
	CanAct     bool
}

func (OperationsPage) meta() Meta {
	return Meta{Template: "operations", Title: "Operations", Section: "operations"}
}

// JobLine is a job that failed for good.
type JobLine struct {
	ID       string
	Kind     string
	Subject  string
	CaseRef  string
	Attempts int
	Error    string
	At       time.Time
}

// QuarantineLine is an accepted message that could not be filed by itself.
type QuarantineLine struct {
	ID       string
	Channel  string
	Received time.Time
	Bytes    int64
	SHA256   string
	Error    string
}

// ReplicaLine is a process of the service.
type ReplicaLine struct {
	Name     string
	Roles    string
	Version  string
	Beat     time.Time
	Revision int64
	Leases   string
	State    State
}

// MailboxLine is a mailbox that is read.
type MailboxLine struct {
	Name    string
	State   State
	Holder  string
	Last    time.Time // last message or check
	Backlog int
	Note    string
}
