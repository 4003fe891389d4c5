package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/abusedesk/abusedesk/internal/simulate"
)

type doctorCmd struct {
	Invariants bool   `help:"Read the whole database and check what must never be so."`
	Ledger     string `help:"Hold a sender's ledger against the database." placeholder:"FILE"`
}

func (c doctorCmd) Run(p *process) error {
	return p.with(func(ctx context.Context, a *app) error {
		bad := 0
		say := func(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }
		if err := a.store.Ping(ctx); err != nil {
			return err
		}
		say("database: %s, schema up to date", a.store.Dialect())
		if err := a.verifyCDR(ctx); err != nil {
			return err
		}
		if a.cdr != nil {
			if c, err := a.cdr.Coverage(ctx); err != nil {
				say("call records of %s: no answer: %v", a.cdr.Name(), err)
			} else {
				say("call records of %s: complete from %s to %s", a.cdr.Name(), c.From.Format(time.RFC3339), c.Through.Format(time.RFC3339))
			}
		}
		ops, err := a.store.Operations(ctx, time.Now().UTC())
		if err != nil {
			return err
		}
		say("jobs: %d waiting, %d running, %d dead; quarantined messages: %d", ops.Pending, ops.Running, len(ops.Dead), len(ops.Quarantined))
		for _, m := range ops.Mailboxes {
			say("mailbox %s: %d received, last error %q", m.Name, m.Received, m.LastError)
		}
		say("restrictions: revision %d", ops.Revision)
		for _, r := range ops.Replicas {
			say("replica %s: revision %d, live %v", r.ID, r.Revision, r.Live(time.Now()))
		}
		say("audit: %d sealed, %d not sealed yet", ops.Sealed, ops.UnsealedTail)
		if c.Invariants {
			vs, err := a.store.Invariants(ctx, time.Now().UTC())
			if err != nil {
				return fmt.Errorf("invariants: %w", err)
			}
			for _, v := range vs {
				say("VIOLATED %s: %s: %s", v.Rule, v.Object, v.Detail)
			}
			if bad += len(vs); len(vs) == 0 {
				say("invariants: all hold")
			}
		}
		if c.Ledger != "" {
			if _, err := os.Stat(c.Ledger); err != nil {
				return usageError{err}
			}
			sum, fs, err := simulate.Check(ctx, c.Ledger, finder{a})
			if err != nil {
				return fmt.Errorf("ledger: %w", err)
			}
			for _, f := range fs {
				say("LEDGER %s", f)
			}
			say("ledger: %d deliveries, %d acknowledged, %d unknown, %d refused, %d torn lines; %d findings", sum.Deliveries, sum.Acknowledged, sum.Unknown, sum.Refused, sum.Torn, len(fs))
			bad += len(fs)
		}
		if bad > 0 {
			return errors.New("something is wrong; see above")
		}
		return nil
	})
}

// finder looks up deliveries of a ledger in the database.
type finder struct{ a *app }

// ReportsOf implements simulate.Finder.
func (f finder) ReportsOf(ctx context.Context, e simulate.Entry) ([]simulate.Found, error) {
	ds, err := f.a.store.Deliveries(ctx, e.SHA256, e.Key)
	if err != nil {
		return nil, err
	}
	out := make([]simulate.Found, 0, len(ds))
	for _, d := range ds {
		out = append(out, simulate.Found{Report: d.ReportID, Cases: d.Cases, Enriched: d.Enriched, Sent: d.Sent})
	}
	return out, nil
}
