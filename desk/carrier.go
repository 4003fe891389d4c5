package desk

import (
	"context"

	"github.com/abusedesk/abusedesk/cases"
)

// MaxCallBatch is how many records one ingest may have.
const MaxCallBatch = 10_000

// IngestCalls keeps call records of one source. Sending them again changes
// nothing; a record with other contents corrects the first.
func (d *Desk) IngestCalls(ctx context.Context, a cases.Actor, in cases.Ingest) (cases.Ingested, error) {
	if err := cases.Permit(a, cases.CmdIngestCalls); err != nil {
		return cases.Ingested{}, err
	}
	if in.Source == "" {
		return cases.Ingested{}, cases.Invalid(cases.Problem{Field: "source", Message: "say which switch these records come from"})
	}
	if len(in.Calls) > MaxCallBatch {
		return cases.Ingested{}, &cases.Error{Kind: cases.KindTooLarge, Message: "at most 10,000 records in one batch"}
	}
	return d.Store.IngestCalls(ctx, d.now(), in)
}

// ImportAccounts inserts or corrects accounts.
func (d *Desk) ImportAccounts(ctx context.Context, a cases.Actor, in []cases.Account) error {
	if err := cases.Permit(a, cases.CmdImport); err != nil {
		return err
	}
	return d.Store.ImportAccounts(ctx, a, d.now(), in)
}

// ImportConnections inserts or corrects connections.
func (d *Desk) ImportConnections(ctx context.Context, a cases.Actor, in []cases.Connection) error {
	if err := cases.Permit(a, cases.CmdImport); err != nil {
		return err
	}
	return d.Store.ImportConnections(ctx, a, d.now(), in)
}

// ImportEntitlements inserts or corrects rights to show numbers.
func (d *Desk) ImportEntitlements(ctx context.Context, a cases.Actor, in []cases.Entitlement) error {
	if err := cases.Permit(a, cases.CmdImport); err != nil {
		return err
	}
	return d.Store.ImportEntitlements(ctx, a, d.now(), in)
}
