package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/calls/formats"
	"github.com/abusedesk/abusedesk/cases"
)

type importCallsCmd struct {
	File            string    `arg:"" optional:"" help:"The file; none for telnyx-api."`
	Source          string    `required:"" help:"Which switch the records come from."`
	Format          string    `help:"${callFormats}, or telnyx-api; without it CSV or NDJSON of our own, by the first character." placeholder:"FORMAT"`
	Mapping         string    `help:"JSON file: columns of the format mapped, and rules for any; see docs/operate.md." placeholder:"FILE"`
	Zone            string    `help:"Time zone of times that are written without, such as America/New_York." placeholder:"ZONE"`
	Direction       string    `help:"outbound (from a customer) or inbound (to one of our numbers), where neither record nor rule says so." placeholder:"WAY"`
	Account         string    `help:"The account, where neither record nor rule says so." placeholder:"ID"`
	Connection      string    `help:"The connection, where neither record nor rule says so." placeholder:"ID"`
	Again           bool      `help:"Read a file that was imported once more."`
	Since           time.Time `help:"For telnyx-api: calls that started from then (RFC 3339)…" placeholder:"TIME"`
	Until           time.Time `help:"… until before then." placeholder:"TIME"`
	CompleteFrom    time.Time `help:"With --complete-through: the file holds every call that started in between (RFC 3339)." placeholder:"TIME"`
	CompleteThrough time.Time `placeholder:"TIME"`
}

const telnyxAPI = "telnyx-api"

func (c importCallsCmd) Run(p *process) error {
	o := formats.Options{Format: c.Format, Direction: c.Direction, Account: c.Account, Connection: c.Connection}
	var mapping []byte
	var err error
	if c.Mapping != "" {
		if mapping, err = os.ReadFile(c.Mapping); err != nil {
			return usageError{err}
		}
		if o.Mapping, err = formats.ParseMapping(mapping); err != nil {
			return usageError{fmt.Errorf("%s: %w", c.Mapping, err)}
		}
	}
	if c.Zone != "" {
		if o.Zone, err = formats.LoadZone(c.Zone); err != nil {
			return usageError{fmt.Errorf("--zone: %w", err)}
		}
	}
	if c.Format == telnyxAPI {
		return c.pull(p, o, mapping)
	}
	if c.File == "" {
		return usageError{errors.New("say which file")}
	}
	f, err := os.Open(c.File)
	if err != nil {
		return usageError{err}
	}
	defer f.Close()
	if o.Format == "" {
		if o.Format, err = ownFormat(f); err != nil {
			return err
		}
	}
	if err := o.Check(); err != nil {
		return usageError{err}
	}
	return p.with(func(ctx context.Context, a *app) error {
		o.Options = calls.Options{Source: c.Source, Region: a.cfg.Region, Now: time.Now().UTC()}
		sum := sha256.New()
		size, err := io.Copy(sum, f)
		if err != nil {
			return err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		at, err := a.desk.ImportFile(ctx, operator, cases.ImportFile{Kind: cases.ImportCalls, Source: c.Source, SHA256: hex.EncodeToString(sum.Sum(nil)), Reading: c.reading(o, mapping)})
		switch {
		case err != nil:
			return err
		case at.DoneAt != nil && !c.Again:
			fmt.Fprintf(p.out, "this file was imported on %s; --again reads it once more\n", at.DoneAt.Format(time.DateOnly))
			if !c.CompleteThrough.IsZero() { // a promise that was forgotten then
				return (&callLoader{a: a, out: p.out, at: at}).finish(ctx, c)
			}
			reportCalls(p.out, at)
			return nil
		case at.DoneAt != nil:
			at = at.Again()
		case at.Rows > 0:
			fmt.Fprintf(p.out, "going on after record %d\n", at.Rows)
		}
		at.Format = o.Format
		bar := progress(p.errOut, size, "calls")
		loader := callLoader{a: a, out: p.out, at: at}
		err = formats.Load(io.TeeReader(f, bar), o, at.Rows, func(b formats.Batch) error { return loader.take(ctx, b, "") })
		bar.Finish()
		if err != nil {
			return err
		}
		return loader.finish(ctx, c)
	})
}

// ownFormat tells our own CSV and NDJSON apart.
func ownFormat(f *os.File) (string, error) {
	b := make([]byte, 4096)
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if strings.HasPrefix(strings.TrimLeft(string(b[:n]), " \t\r\n\ufeff"), "{") {
		return "ndjson", nil
	}
	return "csv", nil
}

// reading is all that decides what a record of the file becomes.
func (c importCallsCmd) reading(o formats.Options, mapping []byte) string {
	parts := []string{o.Format}
	for _, x := range []struct{ name, value string }{{"zone", c.Zone}, {"direction", c.Direction}, {"account", c.Account}, {"connection", c.Connection}} {
		if x.value != "" {
			parts = append(parts, x.name+"="+x.value)
		}
	}
	if mapping != nil {
		sum := sha256.Sum256(mapping)
		parts = append(parts, "mapping="+hex.EncodeToString(sum[:8]))
	}
	return strings.Join(parts, " ")
}

// callLoader commits batches, each with the place behind it.
type callLoader struct {
	a     *app
	out   io.Writer
	at    cases.ImportFile
	named int
}

func (l *callLoader) take(ctx context.Context, b formats.Batch, place string) error {
	if err := ctx.Err(); err != nil {
		return err // what was taken is committed
	}
	for _, e := range b.Errors {
		if l.named++; l.named <= formats.MaxErrors {
			fmt.Fprintln(l.out, lineError(e))
		}
	}
	var err error
	l.at, _, err = l.a.desk.ImportCalls(ctx, operator, l.at, b.Calls, cases.ImportStep{Rows: b.Rows, Skipped: b.Refused, Ignored: b.Ignored, Place: place})
	return err
}

func lineError(e formats.LineError) string {
	var ps []string
	for _, p := range e.Problems {
		ps = append(ps, p.Field+" "+p.Message)
	}
	return fmt.Sprintf("line %d: %s", e.Line, strings.Join(ps, "; "))
}

func (l *callLoader) finish(ctx context.Context, c importCallsCmd) error {
	at, moved, err := l.a.desk.FinishImport(ctx, operator, l.at, cases.Ingest{CompleteFrom: c.CompleteFrom.UTC(), CompleteThrough: c.CompleteThrough.UTC()})
	if err != nil {
		return err
	}
	reportCalls(l.out, at)
	if !moved && !c.CompleteThrough.IsZero() {
		fmt.Fprintf(l.out, "the watermark was not moved: %d rows were not taken, so the records are not complete\n", at.Refused())
	}
	return nil
}

// reportCalls says what became of the records, and why.
func reportCalls(w io.Writer, f cases.ImportFile) {
	ignored := 0
	for _, n := range f.Ignored {
		ignored += n
	}
	fmt.Fprintf(w, "%d rows: %d taken, %d skipped", f.Rows, f.Kept, f.Refused())
	if ignored > 0 {
		fmt.Fprintf(w, ", %d that are no calls", ignored)
	}
	fmt.Fprintln(w)
	byReason(w, f.Skipped)
	byReason(w, f.Ignored)
}

// byReason lists counts, the largest first.
func byReason(w io.Writer, of map[string]int) {
	var reasons []string
	for why := range of {
		reasons = append(reasons, why)
	}
	slices.SortFunc(reasons, func(a, b string) int { return cmp.Or(of[b]-of[a], cmp.Compare(a, b)) })
	for _, why := range reasons {
		fmt.Fprintf(w, "%10d %s\n", of[why], why)
	}
}
