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
	// ClosedReason is why it was closed: abuse, nonpayment, customer, other; "" not
	// known. Who was closed for abuse is looked for among those who sign up later.
	ClosedReason string    `json:"closed_reason,omitempty"`
	ClosedAt     time.Time `json:"closed_at,omitzero"`
	UpdatedAt    time.Time `json:"-"`
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

// Coverage says from when to when one source's records are complete.
type Coverage struct {
	Source  string    `json:"source" gorm:"primaryKey"`
	From    time.Time `json:"from" gorm:"column:complete_from"`
	Through time.Time `json:"through" gorm:"column:complete_through"` // the watermark
	// Silent: the source did not answer. Then nobody knows what it covers.
	Silent bool `json:"silent,omitempty" gorm:"-"`
}

// Covers says whether the source is complete for all of [from, to].
func (c Coverage) Covers(from, to time.Time) bool {
	return !c.Silent && !from.Before(c.From) && !to.After(c.Through)
}
