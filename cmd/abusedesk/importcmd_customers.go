package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/csvload"
)

type importTraitsCmd struct {
	File string `arg:""`
}

func (c importTraitsCmd) Run(p *process) error {
	return p.load(c.File, func(ctx context.Context, a *app, r io.Reader) (csvload.Result, error) {
		return csvload.Traits(r, a.desk.CheckTrait, func(in []cases.GivenTrait) error { return a.desk.ImportTraits(ctx, operator, in) })
	})
}

type importKYCCmd struct {
	File string `arg:""`
}

func (c importKYCCmd) Run(p *process) error {
	return p.load(c.File, func(ctx context.Context, a *app, r io.Reader) (csvload.Result, error) {
		return csvload.KYC(r, time.Now().UTC(), func(in []cases.KYC) error { return a.desk.ImportKYC(ctx, operator, in) })
	})
}

type importPostureCmd struct {
	File string `arg:""`
}

func (c importPostureCmd) Run(p *process) error {
	return p.load(c.File, func(ctx context.Context, a *app, r io.Reader) (csvload.Result, error) {
		return csvload.Posture(r, time.Now().UTC(), func(in []cases.Posture) error { return a.desk.ImportPosture(ctx, operator, in) })
	})
}

type importProvidersCmd struct {
	File     string `arg:""`
	Format   string `help:"rmd: an export of the FCC's Robocall Mitigation Database, from which providers that are known here get their standing." enum:",rmd" default:""`
	AsOf     string `help:"With --format rmd: when the export was made; without it, now." placeholder:"TIME"`
	Complete bool   `help:"With --format rmd: the file is the whole database, so that a provider with a registration number that is not in it is not listed."`
}

func (c importProvidersCmd) Run(p *process) error {
	if c.Format == "rmd" {
		return c.filings(p)
	}
	return p.load(c.File, func(ctx context.Context, a *app, r io.Reader) (csvload.Result, error) {
		return csvload.Providers(r, filepath.Base(c.File), time.Now().UTC().Truncate(time.Microsecond), func(in []cases.Provider) error { return a.desk.ImportProviders(ctx, operator, in) })
	})
}

// minRMD is how many filings a whole copy has at least: the database has had
// thousands since its first year.
const minRMD = 1000

// filings reads a copy of the database. It is a few thousand rows and counts as a
// whole, so that it is held in memory.
func (c importProvidersCmd) filings(p *process) error {
	given, err := whenWritten("--as-of", c.AsOf)
	if err != nil {
		return usageError{err}
	}
	asOf := time.Now().UTC().Truncate(time.Microsecond)
	if given != nil {
		asOf = *given
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return usageError{err}
	}
	return p.load(c.File, func(ctx context.Context, a *app, r io.Reader) (csvload.Result, error) {
		bar := progress(p.errOut, info.Size(), "filings")
		var filings []cases.RMDFiling
		res, err := csvload.Filings(io.TeeReader(r, bar), func(f cases.RMDFiling) error {
			filings = append(filings, f)
			return ctx.Err()
		})
		bar.Finish()
		if err != nil {
			return res, err
		}
		whole := c.Complete
		switch {
		case whole && res.Skipped > 0:
			whole = false
			fmt.Fprintf(p.out, "no provider was taken for missing: %d rows could not be read, and it may be on one of them\n", res.Skipped)
		case whole && len(filings) < minRMD:
			whole = false
			fmt.Fprintf(p.out, "no provider was taken for missing: the file has %d filings, and the database has thousands\n", len(filings))
		}
		sum, err := a.desk.ImportFilings(ctx, operator, filepath.Base(c.File), asOf, whole, filings)
		if err != nil {
			return res, err
		}
		fmt.Fprintf(p.out, "%d filings; of our providers %d were recognised by number, %d by registration number, %d by name; %d are not listed; of %d nothing can be said\n",
			sum.Filings, sum.ByNumber, sum.ByFRN, sum.ByName, sum.Missing, sum.Unknown)
		if sum.Several > 0 {
			fmt.Fprintf(p.out, "%d times a further filing was one of the same provider; the best recognised, then the latest counts\n", sum.Several)
		}
		return res, nil
	})
}
