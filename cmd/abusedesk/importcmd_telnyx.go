package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/calls/formats"
	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/safehttp"
	"github.com/abusedesk/abusedesk/internal/telnyx"
)

// pullWindow is how much time is asked for at once: pages far down are slow, and
// a window that is done is not asked for again.
const pullWindow = time.Hour

// telnyxConfig is the API of Telnyx.
type telnyxConfig struct {
	Key     string `env:"TELNYX_API_KEY"`
	BaseURL string `env:"TELNYX_BASE_URL" envDefault:"https://api.telnyx.com/v2"`

	own safehttp.Config
}

func (c *telnyxConfig) check(outside safehttp.Config, bad func(name, format string, args ...any)) {
	c.own.Allow = slices.Concat(inside, outside.Allow)
	c.own.Timeout = 30 * time.Second
	if err := c.own.Check(c.BaseURL); err != nil {
		bad("TELNYX_BASE_URL", "%v", err)
	}
	if u, err := url.Parse(c.BaseURL); err == nil && u.RawQuery != "" {
		bad("TELNYX_BASE_URL", "has a query in it")
	}
}

// pull imports what Telnyx's API holds of the calls that started in [since,
// until). The place is committed with each page, so that a run that was stopped
// goes on there; one that was done is asked for again, since records come late.
func (c importCallsCmd) pull(p *process, o formats.Options, mapping []byte) error {
	switch {
	case c.File != "":
		return usageError{errors.New("telnyx-api reads no file")}
	case c.Since.IsZero() || !c.Until.After(c.Since):
		return usageError{errors.New("telnyx-api needs --since and, after it, --until")}
	case !c.CompleteThrough.IsZero() && (c.CompleteThrough.After(c.Until) || !c.CompleteFrom.IsZero() && c.CompleteFrom.Before(c.Since)):
		return usageError{errors.New("--complete-from and --complete-through must be within --since and --until")}
	}
	o.Format = "telnyx-csv" // the same fields, and what is checked of options
	if err := o.Check(); err != nil {
		return usageError{err}
	}
	o.Format = telnyxAPI
	return p.with(func(ctx context.Context, a *app) error {
		if a.cfg.Telnyx.Key == "" {
			return usageError{errors.New("ABUSEDESK_TELNYX_API_KEY is not set")}
		}
		if c.Until.After(time.Now()) {
			return usageError{errors.New("--until is in the future")}
		}
		o.Options = calls.Options{Source: c.Source, Region: a.cfg.Region, Now: time.Now().UTC()}
		asked := sha256.Sum256([]byte(a.cfg.Telnyx.BaseURL + " " + c.Since.UTC().Format(time.RFC3339Nano) + " " + c.Until.UTC().Format(time.RFC3339Nano)))
		at, err := a.desk.ImportFile(ctx, operator, cases.ImportFile{Kind: cases.ImportCalls, Source: c.Source, SHA256: hex.EncodeToString(asked[:]), Reading: c.reading(o, mapping)})
		if err != nil {
			return err
		}
		if at.DoneAt != nil {
			at = at.Again()
		}
		at.Format = telnyxAPI
		x := puller{client: telnyx.New(telnyx.Config{BaseURL: a.cfg.Telnyx.BaseURL, Key: a.cfg.Telnyx.Key, HTTP: safehttp.New(a.cfg.Telnyx.own), Now: time.Now}),
			o: o, callLoader: callLoader{a: a, out: p.out, at: at}, since: c.Since.UTC(), until: c.Until.UTC(), page: 1}
		if at.Place != "" {
			if err := x.goOn(at.Place); err != nil {
				return err
			}
			fmt.Fprintf(p.out, "going on after record %d, with the calls from %s\n", at.Rows, x.since.Format(time.RFC3339))
		}
		bar := progress(p.errOut, int64(c.Until.Sub(c.Since)/time.Second), "seconds of calls")
		err = x.run(ctx, func(done time.Time) { _ = bar.Set64(int64(done.Sub(c.Since) / time.Second)) })
		bar.Finish()
		if err != nil {
			return err
		}
		return x.finish(ctx, c)
	})
}

// puller asks for one page after the other.
type puller struct {
	callLoader
	client       *telnyx.Client
	o            formats.Options
	since, until time.Time // what is still to be asked for
	page         int       // the next, of the first window
}

// place is where to go on.
func (x *puller) place() string { return x.since.Format(time.RFC3339Nano) + " " + strconv.Itoa(x.page) }

func (x *puller) goOn(place string) error {
	begin, page, _ := strings.Cut(place, " ")
	var err error
	if x.since, err = time.Parse(time.RFC3339Nano, begin); err == nil {
		x.page, err = strconv.Atoi(page)
	}
	if err != nil {
		return fmt.Errorf("the import's place %q: %w", place, err)
	}
	return nil
}

func (x *puller) run(ctx context.Context, progress func(done time.Time)) error {
	for x.since.Before(x.until) {
		end := x.since.Truncate(pullWindow).Add(pullWindow)
		if end.After(x.until) {
			end = x.until
		}
		p, err := x.client.DetailRecords(ctx, x.since, end, x.page)
		if err != nil {
			return err
		}
		var records []formats.Record
		for _, r := range p.Records {
			records = append(records, formats.Telnyx(r.Get, x.o))
		}
		b := formats.Collect(x.o, records, x.at.Rows)
		// A page that is not full, or the last one, ends the window; before what
		// was promised has come, it ends the run.
		seen := (x.page-1)*telnyx.PageSize + len(p.Records)
		last := len(p.Records) < telnyx.PageSize || p.Meta.Pages > 0 && x.page >= p.Meta.Pages
		if last && seen < p.Meta.Results {
			return fmt.Errorf("of the calls from %s to %s Telnyx holds %d records and gave %d", x.since.Format(time.RFC3339), end.Format(time.RFC3339), p.Meta.Results, seen)
		}
		if x.page++; last {
			x.since, x.page = end, 1
			progress(end)
		}
		if err := x.take(ctx, b, x.place()); err != nil {
			return err
		}
	}
	return nil
}
