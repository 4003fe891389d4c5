package cases

import (
	"slices"
	"time"
)

// Account is a customer; accounts form a tree (reseller, end user).
type Account struct {
	ID        string    `json:"id" gorm:"primaryKey"`
	ParentID  string    `json:"parent_id,omitempty"`
	Name      string    `json:"name"`
	Kind      string    `json:"kind,omitempty"`    // reseller, business, consumer, provider
	Country   string    `json:"country,omitempty"` // alpha-2
	Status    string    `json:"status,omitempty"`  // active, closed
	Protected bool      `json:"protected"`         // hospitals, emergency services: two people always
	Email     string    `json:"email,omitempty"`   // abuse contact
	OpenedAt  time.Time `json:"opened_at,omitzero"`
	UpdatedAt time.Time `json:"-"`
}

// Connection is how a customer's switch reaches ours.
type Connection struct {
	ID         string    `json:"id" gorm:"primaryKey"`
	AccountID  string    `json:"account_id"`
	Name       string    `json:"name"`
	Country    string    `json:"country"` // alpha-2: which emergency numbers hold here
	SourceIPs  []string  `json:"source_ips,omitempty" gorm:"column:source_ips;serializer:json"`
	TechPrefix string    `json:"tech_prefix,omitempty"` // digits in front of the dialled number where customers share an address
	UpdatedAt  time.Time `json:"-"`
}

// EntitlementKind is why an account may show a number.
type EntitlementKind string

const (
	EntitlementAssigned EntitlementKind = "assignment"
	EntitlementLOA      EntitlementKind = "letter_of_authorisation"
	EntitlementVerified EntitlementKind = "verified_caller_id"
	EntitlementRespOrg  EntitlementKind = "resporg"
)

// Entitlement is the right to show a number, with dates. Always ask as of the
// call's time.
type Entitlement struct {
	ID        int64           `json:"-" gorm:"primaryKey"`
	E164      string          `json:"e164"`
	AccountID string          `json:"account_id"`
	Kind      EntitlementKind `json:"kind"`
	From      time.Time       `json:"from" gorm:"column:valid_from"`
	Until     *time.Time      `json:"until,omitempty" gorm:"column:valid_until"` // exclusive; nil: still valid
}

// At says whether the right stood at time t.
func (e Entitlement) At(t time.Time) bool {
	return !t.Before(e.From) && (e.Until == nil || t.Before(*e.Until))
}

// EntitledAt returns those of es that stood at time t.
func EntitledAt(es []Entitlement, t time.Time) []Entitlement {
	return slices.DeleteFunc(slices.Clone(es), func(e Entitlement) bool { return !e.At(t) })
}

// Call is a call detail record: one leg, idempotent by (Source, SourceID, Day).
type Call struct {
	Source        string     `json:"source,omitempty"`
	SourceID      string     `json:"source_id"`
	CallID        string     `json:"call_id,omitempty"` // SIP Call-ID
	CorrelationID string     `json:"correlation_id,omitempty"`
	AccountID     string     `json:"account"`
	Connection    string     `json:"connection,omitempty"`
	Direction     string     `json:"direction"`                      // outbound: from a customer; inbound: to one of our numbers
	From          string     `json:"from" gorm:"column:from_number"` // E.164 as shown
	PAI           string     `json:"pai,omitempty"`
	To            string     `json:"to" gorm:"column:to_number"`
	DialledRaw    string     `json:"dialled,omitempty"`
	Peer          string     `json:"peer,omitempty"` // provider on the other side
	SourceIP      string     `json:"source_ip,omitempty"`
	StartedAt     time.Time  `json:"started_at"`
	AnsweredAt    *time.Time `json:"answered_at,omitempty"`
	EndedAt       *time.Time `json:"ended_at,omitempty"`
	BilledSeconds int        `json:"billed_seconds"`
	PDDMillis     int        `json:"pdd_ms,omitempty"`
	SIPCode       int        `json:"sip_code" gorm:"column:sip_code"`
	Q850          int        `json:"q850,omitempty"`
	HungUpBy      string     `json:"hung_up_by,omitempty"`  // caller, called, network
	CostMicros    int64      `json:"cost_micros,omitempty"` // micro-USD
	Attest        string     `json:"attest,omitempty"`      // A, B, C; "" unsigned
	Verstat       string     `json:"verstat,omitempty"`
	Identity      string     `json:"identity,omitempty"`
}

// Day is the UTC day of the call's start, which partitions and identifies it.
func (c Call) Day() time.Time {
	y, m, d := c.StartedAt.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Answered says whether somebody picked up.
func (c Call) Answered() bool { return c.AnsweredAt != nil || c.SIPCode == 200 }

// Coverage says from when to when one source's records are complete.
type Coverage struct {
	Source  string    `json:"source" gorm:"primaryKey"`
	From    time.Time `json:"from" gorm:"column:complete_from"`
	Through time.Time `json:"through" gorm:"column:complete_through"` // the watermark
}

// Covers says whether the source is complete for all of [from, to].
func (c Coverage) Covers(from, to time.Time) bool {
	return !from.Before(c.From) && !to.After(c.Through)
}

// HourStats are the counts of one key in one hour, folded from raw records.
type HourStats struct {
	KeyKind    string // from, to, account
	Key        string
	Hour       time.Time
	Attempts   int
	Answered   int
	Short      int // answered and at most 6 s (published alarm threshold of a carrier)
	BilledSecs int64
	CostMicros int64
	AttestA    int
	AttestB    int
	AttestC    int
	Unsigned   int
	Callees    []byte // HyperLogLog sketch of distinct called numbers
}
