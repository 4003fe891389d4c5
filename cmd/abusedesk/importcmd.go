package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/csvload"
)

type importCmd struct {
	Accounts  importAccountsCmd  `cmd:"" help:"Accounts and their connections, CSV."`
	Numbers   importNumbersCmd   `cmd:"" help:"Rights to show numbers, CSV."`
	Calls     importCallsCmd     `cmd:"" help:"Call records, as our API or as switches and carriers write them."`
	Carriers  importCarriersCmd  `cmd:"" help:"Which carrier answers for which numbers, CSV."`
	Traits    importTraitsCmd    `cmd:"" help:"What customers left behind when they signed up, CSV. The values are not kept."`
	KYC       importKYCCmd       `cmd:"" name:"kyc" help:"The files on knowing customers, CSV."`
	Posture   importPostureCmd   `cmd:"" help:"How accounts are secured, CSV."`
	Providers importProvidersCmd `cmd:"" help:"Upstream providers, CSV, or their standing in the Robocall Mitigation Database."`
	DNO       importDNOCmd       `cmd:"" name:"dno" help:"Numbers that nobody may call with (do not originate), CSV."`
	Honeypots importHoneypotsCmd `cmd:"" help:"Numbers of ours that nobody was given, CSV."`
	Protected importProtectedCmd `cmd:"" help:"Numbers of hospitals, authorities and emergency centres, CSV."`
	Rates     importRatesCmd     `cmd:"" help:"A rate deck: Tag,Prefix,Rate, CSV."`
	Reports   importReportsCmd   `cmd:"" help:"Complaints of the FTC or the FCC about numbers that we host or carried, CSV."`
}

// load opens the file, runs the loader on the open database and prints what
// became of the rows. Rows that are wrong are passed over and named.
func (p *process) load(file string, loader func(ctx context.Context, a *app, r io.Reader) (csvload.Result, error)) error {
	f, err := os.Open(file)
	if err != nil {
		return usageError{err}
	}
	defer f.Close()
	return p.with(func(ctx context.Context, a *app) error {
		res, err := loader(ctx, a, f)
		for _, e := range res.Errors {
			fmt.Fprintln(p.out, e)
		}
		fmt.Fprintf(p.out, "%d rows: %d taken, %d skipped\n", res.Rows, res.Taken, res.Skipped)
		return err
	})
}

type importAccountsCmd struct {
	File string `arg:""`
}

func (c importAccountsCmd) Run(p *process) error {
	return p.load(c.File, func(ctx context.Context, a *app, r io.Reader) (csvload.Result, error) {
		return csvload.Accounts(r, csvload.AccountSink{
			Accounts:    func(in []cases.Account) error { return a.desk.ImportAccounts(ctx, operator, in) },
			Connections: func(in []cases.Connection) error { return a.desk.ImportConnections(ctx, operator, in) },
		})
	})
}

type importNumbersCmd struct {
	File string `arg:""`
}

func (c importNumbersCmd) Run(p *process) error {
	return p.load(c.File, func(ctx context.Context, a *app, r io.Reader) (csvload.Result, error) {
		return csvload.Numbers(r, a.cfg.Region, func(in []cases.Entitlement) error { return a.desk.ImportEntitlements(ctx, operator, in) })
	})
}

type importCarriersCmd struct {
	File string `arg:""`
}

func (c importCarriersCmd) Run(p *process) error {
	return p.load(c.File, func(ctx context.Context, a *app, r io.Reader) (csvload.Result, error) {
		return csvload.Carriers(r, func(in []cases.CarrierPrefix) error { return a.desk.ImportCarriers(ctx, operator, in) })
	})
}
