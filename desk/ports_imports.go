package desk

import (
	"context"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// ImportBook keeps how far imports have come, so that one which was stopped goes
// on where it committed.
type ImportBook interface {
	// ImportFile finds by kind, source, digest and reading; cases.ErrNotFound: not
	// begun.
	ImportFile(ctx context.Context, key cases.ImportFile) (cases.ImportFile, error)
	// ImportCalls commits a batch together with the place behind it; f is the place
	// before, and another one a conflict.
	ImportCalls(ctx context.Context, now time.Time, f cases.ImportFile, in cases.Ingest, step cases.ImportStep) (cases.ImportFile, cases.Ingested, error)
	FinishImport(ctx context.Context, a cases.Actor, now time.Time, f cases.ImportFile) (cases.ImportFile, error)
}
