package web

import "time"

// QueuePage is the work, most urgent first. The decision it serves: what do I take next?
type QueuePage struct {
	Views []Tab
	Query string
	Rows  []QueueRow
	Pages Pages
	// Since is the cursor from which "4 new" is counted (GET /desk/queue/new?since=…).
	Since string
	// Preview is the current row's case, drawn at the right on wide screens; nil when there is none.
	Preview *CasePreview
	CanAct  bool
}

func (QueuePage) meta() Meta {
	return Meta{Template: "queue", Title: "Queue", Section: "queue", Wide: true}
}

// QueueRow is one case on two lines.
type QueueRow struct {
	Ref      string
	Priority int // 0 to 100
	Factors  []Factor
	Category string // "Robocall"
	Headline string // "SSA suspension"
	Reports  int
	Called   int // distinct called parties, as reported
	// Corroborated counts the called numbers to which a reported call is known to
	// have gone; it is what complaints are counted by.
	Corroborated int
	Lane         *Sign // why it stands above all others; nil when it does not
	Due          Due
	Owner        Person
	State        State
	Number       string // E.164 of the number shown; empty when unknown
	Account      string
	Via          string // "reseller Northtel"
	Signs        []Sign
	Current      bool
}

// Factor is one reason of a priority.
type Factor struct {
	Label  string
	Points int
}

// NewWork is the fragment above the list: how many came since it was drawn.
type NewWork struct {
	Count int
	Since string
	Href  string
}

func (NewWork) meta() Meta { return Meta{Template: "new-work"} }

// CasePreview is the fragment at the right of the queue.
type CasePreview struct {
	Ref      string
	Category string
	Headline string
	State    State
	Owner    Person
	Due      Due
	Opened   time.Time
	Version  int64
	Strip    []StripCell
	Priority int
	Factors  []Factor
	Excerpt  string // of the newest report
	From     string // "web form, called party, 2 h ago"
	Subjects []Subject
	Latest   []Event
	CanClaim bool
}

func (CasePreview) meta() Meta { return Meta{Template: "case-preview"} }
