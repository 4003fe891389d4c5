package desk

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
)

// MaxCallBatch is how many records one ingest may have.
const MaxCallBatch = 10_000

// CallBatch is a body of call records, one JSON object on each line.
type CallBatch struct {
	Source string
	Body   io.Reader
	// CompleteFrom and CompleteThrough, when set, say that the source has sent
	// every call that started in between, this batch included.
	CompleteFrom    time.Time
	CompleteThrough time.Time
}

// CallResult says what became of a batch.
type CallResult struct {
	cases.Ingested
	Lines   int               // taken
	Refused []calls.LineError // and why
	// Watermark says that coverage was moved. It is not when a line was refused:
	// then the source has not delivered everything yet.
	Watermark bool
}

// IngestCalls keeps call records of one source. Sending them again changes
// nothing; a record with other contents corrects the first. Lines that are
// wrong are refused one by one and stop nothing.
func (d *Desk) IngestCalls(ctx context.Context, a cases.Actor, b CallBatch) (CallResult, error) {
	if err := cases.Permit(a, cases.CmdIngestCalls); err != nil {
		return CallResult{}, err
	}
	var ps []cases.Problem
	if b.Source == "" || len(b.Source) > 100 {
		ps = append(ps, cases.Problem{Field: "source", Message: "say which switch these records come from, in at most 100 characters"})
	}
	switch {
	case b.CompleteThrough.After(d.now().Add(time.Minute)):
		ps = append(ps, cases.Problem{Field: "complete_through", Message: "nobody knows all calls of the future"})
	case !b.CompleteFrom.IsZero() && b.CompleteThrough.Before(b.CompleteFrom):
		ps = append(ps, cases.Problem{Field: "complete_from", Message: "must be before complete_through"})
	}
	if err := cases.Invalid(ps...); err != nil {
		return CallResult{}, err
	}
	good, bad, err := calls.ReadNDJSON(b.Body, calls.Options{Source: b.Source, Region: d.Region, Now: d.now()}, MaxCallBatch)
	if err != nil {
		return CallResult{}, err
	}
	in := cases.Ingest{Source: b.Source, Calls: good}
	res := CallResult{Lines: len(good), Refused: bad, Watermark: len(bad) == 0 && !b.CompleteThrough.IsZero()}
	if res.Watermark {
		in.CompleteFrom, in.CompleteThrough = b.CompleteFrom, b.CompleteThrough
	}
	res.Ingested, err = d.Store.IngestCalls(ctx, d.now(), in)
	return res, err
}

// LoadCalls keeps records that were checked already (calls.Check).
func (d *Desk) LoadCalls(ctx context.Context, a cases.Actor, in cases.Ingest) (cases.Ingested, error) {
	if err := cases.Permit(a, cases.CmdIngestCalls); err != nil {
		return cases.Ingested{}, err
	}
	return d.Store.IngestCalls(ctx, d.now(), in)
}

// ImportAccounts inserts or corrects accounts.
func (d *Desk) ImportAccounts(ctx context.Context, a cases.Actor, in []cases.Account) error {
	if err := cases.Permit(a, cases.CmdImport); err != nil {
		return err
	}
	if err := d.Store.ImportAccounts(ctx, a, d.now(), in); err != nil {
		return err
	}
	// What an account is called and where it is written to are traits like others.
	for chunk := range slices.Chunk(d.accountTraits(in), traitChunk) {
		if err := d.Store.ImportTraits(ctx, a, d.now(), chunk); err != nil {
			return err
		}
	}
	return nil
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

// ImportCarriers inserts or corrects who answers for which numbers.
func (d *Desk) ImportCarriers(ctx context.Context, a cases.Actor, in []cases.CarrierPrefix) error {
	if err := cases.Permit(a, cases.CmdImport); err != nil {
		return err
	}
	return d.Store.ImportCarriers(ctx, a, d.now(), in)
}
