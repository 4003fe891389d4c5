package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/csvload"
)

// importListCmd is what the imports of lists have in common.
type importListCmd struct {
	File       string `arg:""`
	ListSource string `help:"Who says so; a newer list of the same source can replace what the older said. Without it, the file's name." placeholder:"NAME"`
	Expires    string `help:"When entries that state no expiry end: a date, or a time with zone." placeholder:"TIME"`
	Replace    bool   `help:"End the entries of this source that the file does not have."`
}

type (
	importDNOCmd       struct{ importListCmd }
	importHoneypotsCmd struct{ importListCmd }
	importProtectedCmd struct{ importListCmd }
)

func (c importDNOCmd) Run(p *process) error       { return c.run(p, cases.ListDNO) }
func (c importHoneypotsCmd) Run(p *process) error { return c.run(p, cases.ListHoneypot) }
func (c importProtectedCmd) Run(p *process) error { return c.run(p, cases.ListProtected) }

func (c importListCmd) run(p *process, kind cases.ListKind) error {
	c.ListSource = cmp.Or(c.ListSource, named(c.File))
	seen := time.Now().UTC().Truncate(time.Microsecond)
	expiry, err := whenWritten("--expires", c.Expires)
	if err != nil {
		return usageError{err}
	}
	return p.load(c.File, func(ctx context.Context, a *app, r io.Reader) (csvload.Result, error) {
		var sum cases.ListChange
		res, err := csvload.List(r, csvload.ListOptions{Kind: kind, Source: c.ListSource, Region: a.cfg.Region, Expiry: expiry, Now: seen}, func(in []cases.ListEntry) error {
			change, err := a.desk.ImportList(ctx, operator, seen, in)
			sum.Added, sum.Kept = sum.Added+change.Added, sum.Kept+change.Kept
			return err
		})
		if err != nil {
			return res, err
		}
		switch {
		case c.Replace && res.Skipped > 0:
			fmt.Fprintf(p.out, "nothing was ended: %d rows could not be read, and what is on them would be lost\n", res.Skipped)
		case c.Replace && res.Taken == 0:
			fmt.Fprintln(p.out, "nothing was ended: the file has no entries")
		case c.Replace:
			if sum.Ended, err = a.desk.EndList(ctx, operator, kind, c.ListSource, seen, sum); err != nil {
				return res, err
			}
		}
		fmt.Fprintf(p.out, "%d new, %d were there, %d ended\n", sum.Added, sum.Kept, sum.Ended)
		return res, nil
	})
}

// named is what a file is called without its folder and kind.
func named(file string) string {
	return strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
}

// whenWritten reads a time, or a day, of an option; nil for "".
func whenWritten(option, s string) (*time.Time, error) {
	if s == "" {
		return nil, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.Parse(time.DateOnly, s)
	}
	if err != nil {
		return nil, fmt.Errorf("%s must be a date as in 2027-01-31 or a time with zone as in 2027-01-31T00:00:00Z", option)
	}
	t = t.UTC()
	return &t, nil
}

type importRatesCmd struct {
	File       string `arg:""`
	ListSource string `help:"Name of the deck, such as the carrier whose prices they are; without it, the file's." placeholder:"NAME"`
	ValidFrom  string `help:"From when the prices hold: a date, or a time with zone; without it, from now on." placeholder:"TIME"`
}

func (c importRatesCmd) Run(p *process) error {
	from, err := whenWritten("--valid-from", c.ValidFrom)
	if err != nil {
		return usageError{err}
	}
	deck := cases.RateDeck{Name: cmp.Or(c.ListSource, named(c.File))}
	if from != nil {
		deck.ValidFrom = *from
	}
	return p.load(c.File, func(ctx context.Context, a *app, r io.Reader) (csvload.Result, error) {
		rates, res, err := csvload.Rates(r)
		if err != nil {
			return res, err
		}
		kept, err := a.desk.ImportRates(ctx, operator, deck, rates)
		if err != nil {
			res.Taken = 0
			return res, err
		}
		fmt.Fprintf(p.out, "deck %s: %d prefixes, from %s\n", kept.Name, kept.Rates, kept.ValidFrom.Format(time.RFC3339))
		return res, nil
	})
}
