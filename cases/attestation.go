package cases

import (
	"slices"
	"time"
)

// Limits of auditing our own attestation.
const (
	// MaxAuditedCalls is how many calls of an account and hour that we signed A
	// without a recorded right are looked at one by one; of more the count says "at
	// least".
	MaxAuditedCalls = 2000
	// MaxAuditedNumbers is how many numbers of an hour are named.
	MaxAuditedNumbers = 20
)

// AttestationAudit is what became of comparing the calls of an account that we
// signed A in an hour with the recorded rights. A means that we know the customer
// and that he may show the number (ATIS-1000074 section 5.2.3): where no right of
// the account, or of a reseller above it, stood at the time of the call, our word
// was given without a record to stand on.
type AttestationAudit struct {
	AccountID string    `json:"account"`
	Hour      time.Time `json:"hour"`
	SignedA   int       `json:"signed_a"`
	// WithoutRight leaves out the calls that were forwarded: those carry a PASSporT
	// of the type div (RFC 8946) and show the number of the first caller.
	WithoutRight int             `json:"without_right"`
	Forwarded    int             `json:"forwarded"`
	Numbers      []AuditedNumber `json:"numbers" gorm:"serializer:json"` // the most used first
}

// AuditedNumber is a number that was shown without a right.
type AuditedNumber struct {
	E164  string    `json:"number"`
	Calls int       `json:"calls"`
	Call  string    `json:"call"` // the source and id of one of them
	At    time.Time `json:"at"`   // of that one
}

// UnentitledHour is an account's hour with its calls that were signed A and that
// no recorded right covers, before forwarded ones are told apart.
type UnentitledHour struct {
	AccountID string
	Hour      time.Time
	SignedA   int
	Calls     []Call // at most MaxAuditedCalls
}

// Audit makes the result; forwarded tells of a call whether it carries a div
// PASSporT.
func (u UnentitledHour) Audit(forwarded func(Call) bool) AttestationAudit {
	a := AttestationAudit{AccountID: u.AccountID, Hour: u.Hour, SignedA: u.SignedA, Numbers: []AuditedNumber{}}
	for _, c := range u.Calls {
		if forwarded(c) {
			a.Forwarded++
			continue
		}
		a.WithoutRight++
		i := slices.IndexFunc(a.Numbers, func(n AuditedNumber) bool { return n.E164 == c.From })
		if i < 0 {
			a.Numbers = append(a.Numbers, AuditedNumber{E164: c.From, Call: c.Source + "/" + c.SourceID, At: c.StartedAt})
			i = len(a.Numbers) - 1
		}
		a.Numbers[i].Calls++
	}
	slices.SortStableFunc(a.Numbers, func(x, y AuditedNumber) int { return y.Calls - x.Calls })
	a.Numbers = a.Numbers[:min(len(a.Numbers), MaxAuditedNumbers)]
	return a
}

// AttestationDay sums an account's audits of one day (UTC).
type AttestationDay struct {
	AccountID    string    `json:"account"`
	Name         string    `json:"name,omitempty"`
	Day          time.Time `json:"day"`
	SignedA      int       `json:"signed_a"` // in the hours that have calls without a right
	WithoutRight int       `json:"without_right"`
	Forwarded    int       `json:"forwarded"`
}

// AuditCursor is how far an audit has come: every hour before Hour, and of Hour
// the accounts up to AccountID.
type AuditCursor struct {
	Name      string
	Hour      time.Time
	AccountID string
}
