package web

import "time"

// IdentityPart is how a call was signed: every check, and the certificate.
type IdentityPart struct {
	Meaning     string
	Checks      []CheckLine
	Certificate []Fact
}

// CheckLine is one check of a signature.
type CheckLine struct {
	Token   int // which of several; 0 the only one
	Name    string
	Result  Sign
	Reason  string
	Meaning string // of a failure
}

// AttestedDay is how the calls of one day were signed.
type AttestedDay struct {
	Day  time.Time
	N    int
	Bins []Share // A, B, C, unsigned
}

// SignerLine is what one signer signed with one originating identifier.
type SignerLine struct {
	SPC     string
	OrigID  string
	Cases   int
	Others  int // beside the case whose page this is
	Reports int
	First   time.Time
	Last    time.Time
	Refs    []string
	More    int // not named
}

// SignersPage lists signers with several cases. The decision it serves: whom to ask about calls that one of its customers makes?
type SignersPage struct{ Rows []SignerLine }

func (SignersPage) meta() Meta {
	return Meta{Template: "signers", Title: "Same signer", Section: "campaigns"}
}

// AuditPart is what we signed A for an account without a recorded right.
type AuditPart struct {
	Text      string
	Calls     int
	Forwarded int
	Days      []AuditDay
	Numbers   []AuditNumber
}

// AuditDay is one day (UTC) of it.
type AuditDay struct {
	Day   time.Time
	Calls int
}

// AuditNumber is a number that was shown without a right.
type AuditNumber struct {
	Number string
	Calls  int
	Call   string
	At     time.Time
}

// AuditPanel is a day of all accounts.
type AuditPanel struct {
	Word  string // "yesterday"
	Day   time.Time
	Calls int
	Rows  []AuditAccount
}

// AuditAccount is an account in it.
type AuditAccount struct {
	ID, Name, Href string
	Calls, Signed  int
}
