package cases

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// MaxSharing is how many accounts may have a trait in common for it to link two
// of them: what more share is a free proxy, an office tower or a reseller.
const MaxSharing = 50

// Thresholds of a link, as the probability that two accounts are one customer.
const (
	// ReturnerScore is from where on somebody is told. It is chosen on the training
	// seeds of TestReturners; see there for what it means on others.
	ReturnerScore = 0.7
	LinkScore     = 0.5 // from where on a link is shown
)

// ReturnBefore is how long before he was cut off somebody's next account counts
// as a return: who sees it coming prepares.
const ReturnBefore = 30 * 24 * time.Hour

// SharedTrait is a trait that two accounts have in common.
type SharedTrait struct {
	Kind  TraitKind `json:"kind"`
	Shown string    `json:"shown,omitempty"`
	// Accounts is how many have it, these two included.
	Accounts int `json:"accounts"`
	// Reseller says that it is a reseller's above them, or of customers of one
	// reseller only, three or more: then it is likely the reseller's.
	Reseller bool `json:"reseller,omitempty"`
}

// AccountLink is how likely two accounts are one customer, and why.
type AccountLink struct {
	AccountID string        `json:"account"`
	Name      string        `json:"name,omitempty"`
	Status    string        `json:"status,omitempty"`
	Score     float64       `json:"score"`  // 0…1
	Shared    []SharedTrait `json:"shared"` // what weighs most first
}

// traitWeight is the logarithm of how much more often one customer's two accounts
// share a trait than those of two people who happen to be candidates. It is a
// judgement, checked on the training seeds.
var traitWeight = map[TraitKind]float64{
	TraitPayment: 8, TraitTaxID: 9.5, TraitDocument: 9.5, TraitDevice: 7.5, TraitEmail: 10, TraitPhone: 8, TraitWebsite: 5, TraitMailDomain: 4.5,
	TraitAddress: 3.5, TraitAddressNear: 2.5, TraitIP: 3, TraitNetwork: 1, TraitName: 5, TraitNameNear: 3.5,
}

// traitGroup are traits of which one follows from another, or from living together.
var traitGroup = map[TraitKind]string{
	TraitEmail: "mail", TraitMailDomain: "mail", TraitWebsite: "mail",
	TraitAddress: "place", TraitAddressNear: "place", TraitIP: "place", TraitNetwork: "place",
	TraitName: "name", TraitNameNear: "name",
}

// atHome is what people who live together share more often: a card, a device, a
// telephone. So much less do these weigh between two of one family name at one
// address whose names differ otherwise, and the address then weighs nothing.
var atHome = map[TraitKind]float64{TraitPayment: 3.5, TraitDevice: 3.5, TraitPhone: 3.5, TraitMailDomain: 3.5, TraitWebsite: 3.5}

// Of each group the strongest trait counts in full and the others this much.
const groupedWeight = 0.2

// linkPrior is the logarithm of the odds before anything is looked at.
const linkPrior = -6.5

// LinkAccounts says how likely accounts that share traits are one customer's. It
// is naive Bayes over groups of traits that depend on each other. A trait weighs
// less the more accounts have it, with the logarithm of their number, down to
// nothing at MaxSharing: as many others could be meant. One of a reseller weighs
// next to nothing. Who seems to live together is
// expected to share more (atHome). It never says more than 0.99.
func LinkAccounts(shared []SharedTrait) (float64, []SharedTrait) {
	type weighed struct {
		SharedTrait
		w float64
	}
	var ws []weighed
	home := household(shared)
	for _, t := range shared {
		if t.Accounts > MaxSharing || t.Kind == TraitFamilyName || home && traitGroup[t.Kind] == "place" {
			continue
		}
		w := traitWeight[t.Kind] * (1 - math.Log(float64(max(t.Accounts-1, 1)))/math.Log(MaxSharing))
		if home {
			w -= atHome[t.Kind]
		}
		if t.Reseller {
			w *= 0.1
		}
		if w > 0 {
			ws = append(ws, weighed{t, w})
		}
	}
	slices.SortFunc(ws, func(a, b weighed) int { return cmp.Or(cmp.Compare(b.w, a.w), cmp.Compare(a.Kind, b.Kind)) })
	sum, seen := linkPrior, map[string]bool{}
	var out []SharedTrait
	for _, x := range ws {
		group := cmp.Or(traitGroup[x.Kind], string(x.Kind))
		if seen[group] {
			x.w *= groupedWeight
		}
		seen[group] = true
		sum += x.w
		out = append(out, x.SharedTrait)
	}
	if len(out) == 0 {
		return 0, nil
	}
	return min(math.Round(100/(1+math.Exp(-sum)))/100, 0.99), out
}

// household says whether two seem to live together: one address and one family
// name, and not one name.
func household(shared []SharedTrait) bool {
	has := func(kinds ...TraitKind) bool {
		return slices.ContainsFunc(shared, func(t SharedTrait) bool { return slices.Contains(kinds, t.Kind) })
	}
	return has(TraitFamilyName) && has(TraitAddress, TraitAddressNear) && !has(TraitName, TraitNameNear)
}

// Sign is a trait in words.
func (t SharedTrait) Sign() string {
	s := traitWord[t.Kind]
	if t.Shown != "" {
		s += " (" + t.Shown + ")"
	}
	if t.Accounts > 2 {
		s += fmt.Sprintf(", which %d accounts have", t.Accounts)
	}
	return s
}

var traitWord = map[TraitKind]string{
	TraitPayment: "same card or bank account", TraitDevice: "same device", TraitEmail: "same e-mail address", TraitMailDomain: "same mail domain", TraitPhone: "same telephone",
	TraitAddress: "same address", TraitAddressNear: "same house, spelt differently", TraitIP: "same IP address", TraitNetwork: "same network", TraitTaxID: "same tax or registration number",
	TraitDocument: "same identity document", TraitWebsite: "same website", TraitName: "same name", TraitNameNear: "name that sounds alike",
}

// CutOff is why an account counts as one that was stopped for abuse.
type CutOff string

const (
	CutOffClosed    CutOff = "closed"    // closed for abuse
	CutOffUpheld    CutOff = "upheld"    // a case about its calls was upheld
	CutOffSuspended CutOff = "suspended" // a suspension is in force
)

// Reasons why an account was closed.
const (
	ClosedForAbuse = "abuse"
)

// MatchState is what became of a mark.
type MatchState string

const (
	MatchOpen      MatchState = "open"
	MatchConfirmed MatchState = "confirmed" // it is he: an analyst says so
	MatchDismissed MatchState = "dismissed" // it is not, and is not asked again
	MatchWithdrawn MatchState = "withdrawn" // what spoke for it is gone
)

// AccountMatch is the mark that an account may be of a customer who was cut off.
// It limits nothing: an analyst confirms or dismisses it.
type AccountMatch struct {
	ID        int64         `json:"id" gorm:"primaryKey"`
	AccountID string        `json:"account"`
	OtherID   string        `json:"other"` // that was cut off
	Score     float64       `json:"score"`
	Reasons   []SharedTrait `json:"reasons" gorm:"serializer:json"`
	CutOff    CutOff        `json:"cut_off"`
	CutOffAt  *time.Time    `json:"cut_off_at,omitempty"`
	Calls     int64         `json:"calls"` // that the account had made when it was recognised
	State     MatchState    `json:"state"`
	FoundAt   time.Time     `json:"found_at"`
	DecidedBy string        `json:"decided_by,omitempty"`
	DecidedAt *time.Time    `json:"decided_at,omitempty"`
	Note      string        `json:"note,omitempty"`
	UpdatedAt time.Time     `json:"-"`
	// Names of the two, for lists.
	Name      string `json:"name,omitempty" gorm:"-:migration;<-:false"`
	OtherName string `json:"other_name,omitempty" gorm:"-:migration;<-:false"`
}

// Sentence says what the mark means.
func (m AccountMatch) Sentence() string {
	why := map[CutOff]string{CutOffClosed: "closed for abuse", CutOffUpheld: "whose calls were found to be abuse", CutOffSuspended: "which is suspended"}[m.CutOff]
	if m.CutOffAt != nil {
		why += " on " + m.CutOffAt.UTC().Format("2 January 2006")
	}
	var signs []string
	for _, r := range m.Reasons {
		signs = append(signs, r.Sign())
	}
	return fmt.Sprintf("May be the customer of %s, %s: %s. Probability %.2f.", cmp.Or(m.OtherName, m.OtherID), why, strings.Join(signs, "; "), m.Score)
}

// Decide confirms or dismisses the mark.
func (m *AccountMatch) Decide(a Actor, now time.Time, state MatchState, note string) error {
	if err := Permit(a, CmdDecideMatch); err != nil {
		return err
	}
	if state != MatchConfirmed && state != MatchDismissed {
		return Invalid(Problem{Field: "state", Message: "must be confirmed or dismissed"})
	}
	if strings.TrimSpace(note) == "" || len(note) > 1000 {
		return Invalid(Problem{Field: "note", Message: "say why, in at most 1,000 characters"})
	}
	if m.State == state {
		return Conflict("somebody was faster: it is " + string(state) + " already")
	}
	m.State, m.Note, m.DecidedBy, m.DecidedAt, m.UpdatedAt = state, strings.TrimSpace(note), a.Name, &now, now
	return nil
}

// Returns says whether an account that was opened at a time can be the return of
// a customer who was cut off at another.
func Returns(opened time.Time, cutOff *time.Time) bool {
	return cutOff == nil || !opened.Before(cutOff.Add(-ReturnBefore))
}

// TraitHolder is an account that has a trait.
type TraitHolder struct{ AccountID, ParentID string }

// Share makes the trait that a and b have in common of all who have it.
func Share(kind TraitKind, shown string, holders []TraitHolder, a, b TraitHolder) SharedTrait {
	t := SharedTrait{Kind: kind, Shown: shown, Accounts: len(holders)}
	siblings, above := true, false
	for _, h := range holders {
		siblings = siblings && h.ParentID == a.ParentID
		above = above || h.AccountID == a.ParentID || h.AccountID == b.ParentID
	}
	t.Reseller = above || siblings && a.ParentID != "" && len(holders) >= 3
	return t
}
