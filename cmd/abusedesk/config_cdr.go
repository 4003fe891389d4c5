package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
	"github.com/abusedesk/abusedesk/store"
	"github.com/abusedesk/abusedesk/store/cdr"
	"github.com/abusedesk/abusedesk/workers"
)

// cdrConfig is a call database of the carrier's own.
type cdrConfig struct {
	URL  string `env:"CDR_DATABASE_URL"`
	File string `env:"CDR_MAPPING"`

	mapping cdr.Mapping
}

func (c *cdrConfig) check(bad func(name, format string, args ...any)) {
	switch {
	case c.URL == "" && c.File == "":
		return
	case c.URL == "" || c.File == "":
		bad("CDR_MAPPING", "set it together with CDR_DATABASE_URL: reading a call database needs both")
		return
	}
	b, err := os.ReadFile(c.File)
	if err == nil {
		c.mapping, err = cdr.ParseMapping(b)
	}
	if err != nil {
		bad("CDR_MAPPING", "%v", err)
	}
	if _, err := cdr.Open(cdr.Config{URL: c.URL, Mapping: c.mapping}); err != nil {
		bad("CDR_DATABASE_URL", "%v", err)
	}
}

// openCDR makes the source; nothing is asked of it yet.
func (a *app) openCDR() error {
	if a.cfg.CDR.URL == "" {
		return nil
	}
	var err error
	a.cdr, err = cdr.Open(cdr.Config{URL: a.cfg.CDR.URL, Mapping: a.cfg.CDR.mapping, Now: time.Now, Check: func(c cases.Call) (cases.Call, error) {
		return calls.Check(c, calls.Options{Source: a.cfg.CDR.mapping.Source, Region: a.cfg.Region, Now: time.Now().UTC()})
	}})
	return err
}

// verifyCDR ends a start with a mapping that does not fit. A database that is away
// is waited for: until then, what hangs on its records is unknown.
func (a *app) verifyCDR(ctx context.Context) error {
	if a.cdr == nil {
		return nil
	}
	err := a.cdr.Verify(ctx)
	if cases.KindOf(err) == cases.KindInvalid {
		return usageError{fmt.Errorf("%sCDR_MAPPING: %w", prefix, err)}
	}
	if err != nil {
		a.log.Warn("call records elsewhere", "source", a.cdr.Name(), "err", err)
	}
	return nil
}

// history is the store with the call records that are kept elsewhere.
func (a *app) history() desk.Store {
	if a.cdr == nil {
		return a.store
	}
	return a.joined()
}

func (a *app) joined() desk.Joined {
	return desk.Joined{Store: a.store, Sources: []desk.CallSource{a.cdr}, Log: a.log}
}

// upkeep is the store's, which looks again at reports by the watermarks of all
// sources.
func (a *app) upkeep() workers.Upkeep {
	if a.cdr == nil {
		return a.store
	}
	return joinedUpkeep{Store: a.store, joined: a.joined()}
}

type joinedUpkeep struct {
	*store.Store
	joined desk.Joined
}

func (u joinedUpkeep) RecheckReports(ctx context.Context, now time.Time, limit int, elsewhere ...cases.Coverage) (int, error) {
	return u.joined.RecheckReports(ctx, now, limit, elsewhere...)
}
