package desk

import (
	"context"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// signalProducer names what made a finding about complaint data.
const signalProducer = "signals 1"

// SignalFile is how far the import of a file of complaints has come; the zero
// place where it has not begun.
func (d *Desk) SignalFile(ctx context.Context, a cases.Actor, sha256 string) (cases.ImportFile, error) {
	return d.ImportFile(ctx, a, cases.ImportFile{Kind: cases.ImportSignals, SHA256: sha256})
}

// ImportSignals takes the next rows of a file of complaints; f is the place
// before them, and what it returns the place behind.
func (d *Desk) ImportSignals(ctx context.Context, a cases.Actor, f cases.ImportFile, in []cases.Signal, rows int, skipped map[string]int, done bool) (cases.ImportFile, error) {
	if err := cases.Permit(a, cases.CmdImport); err != nil {
		return f, err
	}
	return d.Store.ImportSignals(ctx, a, d.now(), f, in, rows, skipped, done)
}

// signalFindings says what complaint data hold about the shown and the callback
// numbers of a report.
func (d *Desk) signalFindings(ctx context.Context, e calls.Evidence) ([]cases.Finding, error) {
	var about []string
	for _, s := range e.Subjects {
		if s.Role != cases.RoleCalled {
			about = append(about, s.E164)
		}
	}
	now := d.now()
	stats, err := d.Store.SignalStats(ctx, now, about)
	if err != nil {
		return nil, err
	}
	var out []cases.Finding
	from := now.Add(-cases.SignalWindow)
	for _, n := range about {
		s, ok := stats[n]
		if !ok {
			continue
		}
		delete(stats, n) // a number in two roles is told of once
		out = append(out, cases.Finding{ReportID: e.Report.ID, Kind: cases.FindingSignals, Subject: n, Verdict: "complained_of", Summary: s.Summary(numbers.Format(n)),
			Data: cases.FindingData{Signals: &s}, WindowFrom: &from, WindowTo: &now, Producer: signalProducer})
	}
	return out, nil
}
