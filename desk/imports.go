package desk

import (
	"context"
	"errors"

	"github.com/abusedesk/abusedesk/cases"
)

// ImportFile is how far an import has come; the zero place where it has not
// begun.
func (d *Desk) ImportFile(ctx context.Context, a cases.Actor, key cases.ImportFile) (cases.ImportFile, error) {
	if err := cases.Permit(a, cases.CmdImport); err != nil {
		return cases.ImportFile{}, err
	}
	f, err := d.Store.ImportFile(ctx, key)
	if errors.Is(err, cases.ErrNotFound) {
		return key, nil
	}
	return f, err
}

// ImportCalls takes the next records of an import; they were checked already
// (calls.Check). f is the place before them, and what it returns the place behind.
func (d *Desk) ImportCalls(ctx context.Context, a cases.Actor, f cases.ImportFile, in []cases.Call, step cases.ImportStep) (cases.ImportFile, cases.Ingested, error) {
	if err := cases.Permit(a, cases.CmdIngestCalls); err != nil {
		return f, cases.Ingested{}, err
	}
	return d.Store.ImportCalls(ctx, d.now(), f, cases.Ingest{Source: f.Source, Calls: in}, step)
}

// FinishImport ends an import of calls. The promise of completeness that came with
// it is kept first, unless a record was refused; it says whether it was.
func (d *Desk) FinishImport(ctx context.Context, a cases.Actor, f cases.ImportFile, promise cases.Ingest) (cases.ImportFile, bool, error) {
	if err := cases.Permit(a, cases.CmdIngestCalls); err != nil {
		return f, false, err
	}
	moved := !promise.CompleteThrough.IsZero() && f.Refused() == 0
	if moved {
		promise.Source, promise.Calls = f.Source, nil
		if _, err := d.Store.IngestCalls(ctx, d.now(), promise); err != nil {
			return f, false, err
		}
	}
	f, err := d.Store.FinishImport(ctx, a, d.now(), f)
	return f, moved, err
}
