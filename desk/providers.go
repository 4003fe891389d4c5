package desk

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// ImportProviders inserts or corrects upstream providers.
func (d *Desk) ImportProviders(ctx context.Context, a cases.Actor, in []cases.Provider) error {
	if err := cases.Permit(a, cases.CmdImport); err != nil {
		return err
	}
	return d.Store.ImportProviders(ctx, a, d.now(), in)
}

// Provider finds by the name that call records have. One that hands calls to us
// and that nobody imported is known by that name only.
func (d *Desk) Provider(ctx context.Context, a cases.Actor, id string) (cases.Provider, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.Provider{}, err
	}
	p, err := d.Store.Provider(ctx, id)
	if !errors.Is(err, cases.ErrNotFound) {
		return p, err
	}
	hours, herr := d.Store.HourStats(ctx, "provider", id, d.now().Add(-peersSince), d.now())
	if herr == nil && len(hours) > 0 {
		return cases.Provider{ID: id, Name: id}, nil
	}
	return p, cmp.Or(herr, err)
}

// Providers lists providers by id.
func (d *Desk) Providers(ctx context.Context, a cases.Actor, q cases.ProviderQuery) (cases.Page[cases.Provider], error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.Page[cases.Provider]{}, err
	}
	return d.Store.Providers(ctx, q)
}

// peersShown is how many providers that nobody imported are named, and peersSince
// how far back records are looked at for them.
const (
	peersShown = 20
	peersSince = 30 * 24 * time.Hour
)

// PeersUnknown names providers that hand calls to us and that nobody imported.
func (d *Desk) PeersUnknown(ctx context.Context, a cases.Actor) ([]string, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return nil, err
	}
	return d.Store.PeersUnknown(ctx, d.now().Add(-peersSince), peersShown)
}

// ImportFilings brings the standing of providers up to date with a copy of the
// Robocall Mitigation Database, of which hand passes each filing on. whole says
// that the copy is complete: then a provider that has a registration number or was
// listed, and is not in it, is not listed. asOf is when the copy was made.
func (d *Desk) ImportFilings(ctx context.Context, a cases.Actor, source string, asOf time.Time, whole bool, filings []cases.RMDFiling) (cases.RMDImport, error) {
	var sum cases.RMDImport
	if err := cases.Permit(a, cases.CmdImport); err != nil {
		return sum, err
	}
	err := d.Store.UpdateProviders(ctx, a, d.now(), source, func(all []cases.Provider) ([]cases.Provider, map[string]int) {
		var changed []cases.Provider
		changed, sum = cases.ApplyFilings(all, filings, source, asOf, whole)
		return changed, map[string]int{"filings": sum.Filings, "by_number": sum.ByNumber, "by_frn": sum.ByFRN, "by_name": sum.ByName, "missing": sum.Missing, "unknown": sum.Unknown}
	})
	return sum, err
}
