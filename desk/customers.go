package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// CheckTrait says what is wrong with a trait of an import.
func (d *Desk) CheckTrait(t cases.GivenTrait) error {
	switch {
	case t.AccountID == "":
		return cases.Invalid(cases.Problem{Field: "account", Message: "is required"})
	case !slices.Contains(cases.GivenTraits(), t.Kind):
		return cases.Invalid(cases.Problem{Field: "kind", Message: fmt.Sprintf("must be one of %v", cases.GivenTraits())})
	case len(t.Value) > cases.MaxTraitValue:
		return cases.Invalid(cases.Problem{Field: "value", Message: fmt.Sprintf("is longer than %d bytes", cases.MaxTraitValue)})
	case len(d.traits(t)) == 0:
		return cases.Invalid(cases.Problem{Field: "value", Message: "has nothing in it that tells two customers apart"})
	case t.FirstSeen.After(d.now().Add(24 * time.Hour)):
		return cases.Invalid(cases.Problem{Field: "first_seen", Message: "is in the future"})
	}
	return nil
}

// traits makes the digests of a trait's normal forms: under the installation's salt,
// so that a copy of the database tells nobody who our customers are.
func (d *Desk) traits(t cases.GivenTrait) []cases.AccountTrait {
	value := t.Value
	if t.Kind == cases.TraitPhone {
		n, err := numbers.Parse(value, d.Region)
		if err != nil {
			return nil
		}
		value = n.E164
	}
	if t.FirstSeen.IsZero() {
		t.FirstSeen = d.now()
	}
	var out []cases.AccountTrait
	for _, k := range cases.TraitKeys(t.Kind, value) {
		out = append(out, cases.AccountTrait{AccountID: t.AccountID, Kind: k.Kind, Digest: d.digest("trait\x00" + string(k.Kind) + "\x00" + k.Value), Shown: traitHint(k.Kind, value, k.Value), FirstSeen: t.FirstSeen})
	}
	return out
}

// traitHint tells two traits of a kind apart without saying what they are.
func traitHint(kind cases.TraitKind, value, normal string) string {
	last := func(n int) string { return "…" + normal[max(len(normal)-n, 0):] }
	switch kind {
	case cases.TraitEmail:
		return maskAddress(value)
	case cases.TraitPhone:
		return maskPhone(value)
	case cases.TraitPayment, cases.TraitDevice:
		if len(normal) >= 8 {
			return last(4)
		}
	case cases.TraitMailDomain, cases.TraitWebsite:
		return normal
	case cases.TraitNetwork:
		return normal
	}
	return ""
}

// ImportTraits keeps traits of accounts as digests, and looks at once who may be a
// customer that was cut off.
func (d *Desk) ImportTraits(ctx context.Context, a cases.Actor, in []cases.GivenTrait) error {
	if err := cases.Permit(a, cases.CmdImport); err != nil {
		return err
	}
	var out []cases.AccountTrait
	for _, t := range in {
		if err := d.CheckTrait(t); err != nil {
			return err
		}
		out = append(out, d.traits(t)...)
	}
	for chunk := range slices.Chunk(out, traitChunk) {
		if err := d.Store.ImportTraits(ctx, a, d.now(), chunk); err != nil {
			return err
		}
	}
	return nil
}

// traitChunk keeps an import below the store's bound: a trait has up to three
// normal forms.
const traitChunk = 4000

// accountTraits are those that an account itself has.
func (d *Desk) accountTraits(in []cases.Account) []cases.AccountTrait {
	var out []cases.AccountTrait
	for _, x := range in {
		for kind, value := range map[cases.TraitKind]string{cases.TraitName: x.Name, cases.TraitEmail: x.Email} {
			out = append(out, d.traits(cases.GivenTrait{AccountID: x.ID, Kind: kind, Value: value, FirstSeen: x.OpenedAt})...)
		}
	}
	return out
}

// kycTraits are those that a customer's file has.
func (d *Desk) kycTraits(k cases.KYC) []cases.AccountTrait {
	var out []cases.AccountTrait
	for kind, value := range map[cases.TraitKind]string{cases.TraitName: k.LegalName, cases.TraitTaxID: k.Registration, cases.TraitAddress: k.Address} {
		out = append(out, d.traits(cases.GivenTrait{AccountID: k.AccountID, Kind: kind, Value: value})...)
	}
	return out
}

// Matches lists marks that accounts may be of customers who were cut off.
func (d *Desk) Matches(ctx context.Context, a cases.Actor, state cases.MatchState, cursor string, limit int) (cases.Page[cases.AccountMatch], error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.Page[cases.AccountMatch]{}, err
	}
	return d.Store.Matches(ctx, state, cursor, limit)
}

// MatchesOf lists the marks of an account, of either side.
func (d *Desk) MatchesOf(ctx context.Context, a cases.Actor, account string) ([]cases.AccountMatch, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return nil, err
	}
	return d.Store.MatchesOf(ctx, account)
}

// DecideMatch confirms or dismisses a mark. It limits nothing: a restriction is
// another command.
func (d *Desk) DecideMatch(ctx context.Context, a cases.Actor, account string, id int64, state cases.MatchState, note string) (cases.AccountMatch, error) {
	if err := cases.Permit(a, cases.CmdDecideMatch); err != nil {
		return cases.AccountMatch{}, err
	}
	now := d.now()
	return d.Store.UpdateMatch(ctx, a, now, account, id, func(m *cases.AccountMatch) error { return m.Decide(a, now, state, note) })
}

// maxLinks is how many linked accounts are shown.
const maxLinks = 20

// Customer is what is known of who an account is; the file is masked.
type Customer struct {
	Links   []cases.AccountLink
	Matches []cases.AccountMatch
	KYC     cases.KYC
	Missing []string // of the file, in words
	Posture []cases.Posture
	Below   cases.Page[cases.Account]
	// Direct and All count the customers below it.
	Direct, All int
}

// Customer gathers it; cursor is a place among the customers below it.
func (d *Desk) Customer(ctx context.Context, a cases.Actor, account, cursor string, limit int) (Customer, error) {
	var c Customer
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return c, err
	}
	var err error
	if c.Links, err = d.Store.AccountLinks(ctx, account, maxLinks); err != nil {
		return c, err
	}
	if c.Matches, err = d.Store.MatchesOf(ctx, account); err != nil {
		return c, err
	}
	if c.KYC, err = d.Store.KYC(ctx, account); err != nil {
		return c, err
	}
	c.Missing = c.KYC.Missing(d.now())
	c.KYC = c.KYC.Masked()
	known, err := d.Store.Posture(ctx, account)
	if err != nil {
		return c, err
	}
	c.Posture = cases.WholePosture(account, known)
	if c.Direct, c.All, err = d.Store.CountAccountsBelow(ctx, account); err != nil {
		return c, err
	}
	c.Below, err = d.Store.AccountsBelow(ctx, account, cursor, limit)
	return c, err
}

// AccountTree is a level of the tree: the customers directly below an account.
func (d *Desk) AccountTree(ctx context.Context, a cases.Actor, account, cursor string, limit int) (cases.Page[cases.Account], error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.Page[cases.Account]{}, err
	}
	if _, err := d.Store.Account(ctx, account); err != nil {
		return cases.Page[cases.Account]{}, err
	}
	return d.Store.AccountsBelow(ctx, account, cursor, limit)
}

// RevealKYC shows a customer's file whole, and logs that it was looked at.
func (d *Desk) RevealKYC(ctx context.Context, a cases.Actor, account string) (cases.KYC, error) {
	if err := cases.Permit(a, cases.CmdReadKYC); err != nil {
		return cases.KYC{}, err
	}
	if _, err := d.Store.Account(ctx, account); err != nil {
		return cases.KYC{}, err
	}
	k, err := d.Store.KYC(ctx, account)
	if err != nil {
		return k, err
	}
	return k, d.Store.Record(ctx, cases.NewEvent(d.now(), a, string(cases.CmdReadKYC), "account", account, ""))
}

// EditKYC replaces a customer's file; k.Version is what the editor saw.
func (d *Desk) EditKYC(ctx context.Context, a cases.Actor, k cases.KYC) error {
	if err := cases.Permit(a, cases.CmdEditKYC); err != nil {
		return err
	}
	if err := k.Check(d.now()); err != nil {
		return err
	}
	if k.VerifiedAt != nil {
		k.VerifiedBy = cmp.Or(k.VerifiedBy, a.Name)
	}
	return d.Store.WriteKYC(ctx, a, d.now(), k, d.kycTraits(k))
}

// ImportKYC writes the files of customers.
func (d *Desk) ImportKYC(ctx context.Context, a cases.Actor, in []cases.KYC) error {
	if err := cases.Permit(a, cases.CmdImport); err != nil {
		return err
	}
	var traits []cases.AccountTrait
	for i := range in {
		if err := in[i].Check(d.now()); err != nil {
			return err
		}
		traits = append(traits, d.kycTraits(in[i])...)
	}
	return d.Store.ImportKYC(ctx, a, d.now(), in, traits)
}

// ImportPosture keeps how accounts are secured.
func (d *Desk) ImportPosture(ctx context.Context, a cases.Actor, in []cases.Posture) error {
	if err := cases.Permit(a, cases.CmdImport); err != nil {
		return err
	}
	return d.Store.ImportPosture(ctx, a, d.now(), in)
}
