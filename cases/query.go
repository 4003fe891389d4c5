package cases

import "time"

// Limits of listings.
const (
	DefaultPage = 25
	MaxPage     = 250
	MaxDossier  = 200 // reports and timeline entries shown at once on a case
)

// Page is one stretch of a list. Next is the cursor of the following stretch,
// "" at the end; it stays valid while rows come and go.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next_cursor,omitempty"`
}

// CaseQuery selects cases. The order is by Rank, then newest first.
type CaseQuery struct {
	Kind     CaseKind // "" any
	States   []State  // empty: all but resolved and merged
	Assignee string   // staff id; "-" nobody
	Category Category
	// Dispositions are of resolved cases: any of; empty any.
	Dispositions []Disposition
	Opened       Span
	Urgent       bool   // only those with a lane that waits for a person
	Number       string // E.164, in any role but called
	Account      string // originating account
	Provider     string // that handed the calls to us
	Text         string // AND of words in title and reference
	Cursor       string
	Limit        int
}

// Span is from After, inclusive, to Before, exclusive; a zero end is open.
type Span struct{ After, Before time.Time }

// ReportQuery selects reports, newest first.
type ReportQuery struct {
	Channel  Channel
	Category Category
	Received Span
	Number   string
	CaseID   int64
	SHA256   string // of one of its messages
	// Reference is the sender's own id for one of its messages.
	Reference string
	Cursor    string
	Limit     int
}

// RestrictionQuery selects restrictions, newest first.
type RestrictionQuery struct {
	States []RestrictionState
	Kind   RestrictionKind
	Target string
	CaseID int64
	Cursor string
	Limit  int
}

// EventQuery selects audit entries, newest first.
type EventQuery struct {
	CaseID     int64
	ObjectKind string
	ObjectID   string
	Command    string
	ActorID    string
	At         Span
	Cursor     string
	Limit      int
}

// CallQuery selects call records by who and when. At least one number is given;
// a call matches when every given number does.
type CallQuery struct {
	From     string // E.164 as shown
	To       string
	Account  string
	Earliest time.Time
	Latest   time.Time
	Limit    int
}

// ReportView is a report with what belongs to it.
type ReportView struct {
	Report
	CaseRef    string
	CaseID     int64
	LinkReason string
	MovedFrom  int64
	Subjects   []Subject
	Reporter   *Reporter // masked unless revealed
	Messages   []Message // without their bytes, in the order in which they were written
	Said       []Sending // into the chat that the report came by, oldest first
	// Files are the attachments that are unpacked; Unpacking says that some are not yet.
	Files     []AttachmentView
	Unpacking bool
}

// Dossier is everything about a case that a decision needs.
type Dossier struct {
	Case         Case
	Reports      []ReportView // newest first, at most MaxDossier; Case.Reports has the count
	Findings     []Finding    // newest first, at most MaxDossier
	Restrictions []Restriction
	Sendings     []Sending
	Requests     []TracebackRequest // of a traceback case, oldest first
	Related      []Related
	Campaigns    []CaseCampaign // that it shares with other cases
	Events       []Event        // newest first, at most MaxDossier
}

// Related is another case that shares a key: a merge is proposed where it is of
// the same kind.
type Related struct {
	CaseID int64
	Ref    string
	Kind   CaseKind
	Title  string
	State  State
	Reason string
}

// AccountView is what is known of an account.
type AccountView struct {
	Account      Account
	Path         []Account // resellers above it, nearest first
	Children     []Account // at most MaxPage
	Connections  []Connection
	Entitlements []Entitlement // at most MaxPage
	Restrictions []Restriction
	Cases        []Case
	Traffic      []HourStats    // last seven days by hour
	Profile      Profile        // of them
	Class        Classification // of the profile
}

// ProviderTraffic is what a provider handed to us.
type ProviderTraffic struct {
	Traffic []HourStats // last seven days by hour
	Profile Profile     // of them
}

// NumberView is what is known of a number.
type NumberView struct {
	E164         string
	Facts        NumberFacts
	Entitlements []Entitlement
	Restrictions []Restriction
	Cases        []Case
	Reports      []ReportView
	Traffic      []HourStats    // as caller, last seven days by hour
	Profile      Profile        // of them
	Class        Classification // of the profile
	Signals      SignalStats    // of public complaint data
}

// PolicyState is what a replica needs to answer the policy endpoint.
type PolicyState struct {
	Revision     int64
	Restrictions []Restriction     // in force
	Parents      map[string]string // account → reseller
	Connections  []Connection
}

// Operations is how the machine is doing.
type Operations struct {
	Pending      int // jobs waiting, capped at MaxPage*40
	Running      int
	Dead         []Job
	Quarantined  []Message
	Mailboxes    []MailboxProgress
	Replicas     []Replica
	Revision     int64
	Leases       []Lease
	Sealed       int64      // length of the audit chain
	UnsealedTail int        // committed events not yet chained
	OldestTail   *time.Time // its oldest
	Checkpoint   *Checkpoint
	Coverage     []Coverage
	DirtyHours   int
}
