package web

import "time"

// RestrictionsPage lists limits on traffic. The decision it serves: what must be approved, mended or lifted?
type RestrictionsPage struct {
	Views []Tab
	Query string
	Rows  []RestrictionLine
	Pages Pages
}

func (RestrictionsPage) meta() Meta {
	return Meta{Template: "restrictions", Title: "Restrictions", Section: "restrictions"}
}

// RestrictionPage is one restriction with where it is in force.
type RestrictionPage struct {
	Line     RestrictionLine
	Value    string
	Revision int64
	Steps    []StatusStep // proposed, approved, applying, active, lifting, lifted
	Points   []EnforcementPoint
	Stopped  []BlastWindow // refused so far
	Blast    BlastRadius   // as estimated when it was proposed
	Timeline []Event
	Approver string // who approved; empty while it waits
	// CannotApprove says why this reader may not: "You proposed it; another approver must decide."
	CannotApprove          string
	CanApprove, CanReject  bool
	CanLift                bool
	Reason                 Field // for reject and lift
	RejectShown, LiftShown bool
	EmergencyNote          string // "Calls to emergency numbers pass."
	Version                int64
}

func (p RestrictionPage) meta() Meta {
	return Meta{Template: "restriction", Title: p.Line.What + ": " + p.Line.Target, Section: "restrictions"}
}

// EnforcementPoint is a replica or a provider that has to hold the restriction.
type EnforcementPoint struct {
	Name         string
	Kind         string // "replica", "provider"
	Acknowledged int64  // revision read back
	At           time.Time
	State        State
}

// ReportsPage lists complaints.
type ReportsPage struct {
	Views []Tab
	Query string
	Rows  []ReportLine
	Pages Pages
}

func (ReportsPage) meta() Meta {
	return Meta{Template: "reports", Title: "Reports", Section: "reports"}
}

// ReportLine is one complaint in a list.
type ReportLine struct {
	ID       string
	Channel  string
	Category string
	Received time.Time
	Number   string
	Reporter string
	CaseRef  string
	Excerpt  string
	State    State
}

// ReportPage is one complaint with its messages.
type ReportPage struct {
	ID       string
	CaseRef  string
	Category string
	Report   CaseReport
	Facts    []Fact
	Messages []MessageLine
	Warnings []string
	// CanReveal offers to show who reported; Reporter is who, once it was asked.
	CanReveal bool
	Reporter  []Fact
}

func (p ReportPage) meta() Meta {
	return Meta{Template: "report", Title: "Report " + p.ID, Section: "reports"}
}

// MessageLine is one delivery of a report. Raw is its bytes as text, cut to what a page can hold; control characters are
// replaced by the caller.
type MessageLine struct {
	ID       string
	Channel  string
	Received time.Time
	Bytes    int64
	SHA256   string
	Raw      string
	Cut      bool
	Href     string // download
	Open     bool
}

// NumbersPage finds a number.
type NumbersPage struct {
	Query   string
	Problem string
	Rows    []NumberLine
}

func (NumbersPage) meta() Meta {
	return Meta{Template: "numbers", Title: "Numbers", Section: "numbers"}
}

// NumberLine is a number in a list.
type NumberLine struct {
	Number  string
	Detail  string // country, kind
	Account string
	Cases   int
	Last    time.Time
}

// NumberPage is everything known of one number. The decision it serves: is its holder the caller or a victim?
type NumberPage struct {
	Number string
	Detail string // "United States, New York, geographic"
	// Complaints is what public complaint data say of it; "" nothing.
	Complaints     string
	ComplaintFacts []Fact
	Responsible    string // who answers for it, in a sentence; "" it is ours
	Warnings       []string
	Holders        []HolderLine
	Traffic        *Traffic
	Cases          []CaseLink
	Restrictions   []RestrictionLine
	CanRestrict    bool
	Lists          []ListLine
	Rate           string // of a minute to it, by our rate decks; "" they do not know
}

func (p NumberPage) meta() Meta { return Meta{Template: "number", Title: p.Number, Section: "numbers"} }

// HolderLine is one entitlement to show a number.
type HolderLine struct {
	Account string
	Href    string
	Kind    string
	From    time.Time
	Until   time.Time
	Now     bool
}

// AccountsPage finds an account.
type AccountsPage struct {
	Query string
	Views []Tab
	Rows  []AccountLine
	Pages Pages
}

func (AccountsPage) meta() Meta {
	return Meta{Template: "accounts", Title: "Accounts", Section: "accounts"}
}

// AccountLine is an account in a list.
type AccountLine struct {
	ID     string
	Name   string
	Kind   string // "reseller", "end user"
	Parent string
	State  State
}

// AccountPage is one customer. The decision it serves: is this account abusing, or was it broken into?
type AccountPage struct {
	ID           string
	Name         string
	Kind         string
	State        State
	Path         []AccountLine // from the root reseller down
	Children     []AccountLine
	Facts        []Fact
	Numbers      []HolderLine // Account holds the number here
	NumbersTotal int
	Profiles     []Fact
	Traffic      *Traffic
	Cases        []CaseLink
	Restrictions []RestrictionLine
	CanRestrict  bool
	Customer     CustomerParts
	Audit        *AuditPart
}

func (p AccountPage) meta() Meta {
	return Meta{Template: "account", Title: p.Name, Section: "accounts"}
}
