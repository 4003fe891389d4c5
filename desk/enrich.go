package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// otherCalled is how many numbers of a reporter's other complaints are looked at.
const otherCalled = 5

// numberProducer names what made a finding about a number.
const numberProducer = "numbers 1"

// Enrich checks a report against what the carrier knows: whether the call was
// carried, how calls from the number were signed, who had the right to show
// it, and who the three parties are. It adds findings and asks for an
// assessment; running it again adds newer ones.
func (d *Desk) Enrich(ctx context.Context, at cases.Attempt, reportID int64) error {
	r, err := d.Store.Report(ctx, reportID)
	if err != nil {
		return fmt.Errorf("report %d: %w", reportID, err)
	}
	e, err := d.evidence(ctx, r)
	if err != nil {
		return fmt.Errorf("evidence for report %d: %w", reportID, err)
	}
	corroboration := calls.Corroborate(e)
	parties := calls.IdentifyParties(e, corroboration)
	fs := append(calls.Findings(e), d.numberFindings(e)...)
	looks, err := d.trafficFindings(ctx, r, e, parties, corroboration.At())
	if err != nil {
		return fmt.Errorf("traffic for report %d: %w", reportID, err)
	}
	fs = append(fs, looks...)
	told, err := d.signalFindings(ctx, e)
	if err != nil {
		return fmt.Errorf("complaint data for report %d: %w", reportID, err)
	}
	fs = append(fs, told...)
	traced, err := d.tracedFindings(ctx, r)
	if err != nil {
		return fmt.Errorf("traced calls of report %d: %w", reportID, err)
	}
	fs = append(fs, traced...)
	listed, err := d.listFindings(ctx, e)
	if err != nil {
		return fmt.Errorf("lists for report %d: %w", reportID, err)
	}
	fs = append(fs, listed...)
	signed, err := d.identityFindings(ctx, e)
	if err != nil {
		return fmt.Errorf("identity for report %d: %w", reportID, err)
	}
	fs = append(fs, signed...)
	return d.Store.AddFindings(ctx, at, d.now(), reportID, fs)
}

// evidence looks up what calls.Findings judges.
func (d *Desk) evidence(ctx context.Context, r cases.ReportView) (calls.Evidence, error) {
	e := calls.Evidence{Report: r.Report, Subjects: r.Subjects, Sources: d.CallSources, Accounts: map[string]cases.Account{}, Paths: map[string][]cases.Account{}}
	var err error
	if e.OtherCalled, err = d.Store.OtherCalled(ctx, r.ID, otherCalled); err != nil {
		return e, err
	}
	if e.Coverage, err = d.Store.Coverage(ctx); err != nil {
		return e, err
	}
	if e.Matches, err = d.matching(ctx, &e, calls.Queries(e)); err != nil {
		return e, err
	}
	wider, err := d.matching(ctx, &e, calls.WiderQueries(e))
	if err != nil {
		return e, err
	}
	e.Matches = append(e.Matches, wider...)
	for _, n := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(calls.Callers(r.Subjects), calls.Callbacks(r.Subjects))))) {
		es, err := d.Store.Entitlements(ctx, n)
		if err != nil {
			return e, err
		}
		e.Entitlements = append(e.Entitlements, es...)
	}
	if e.Inbound, err = d.matching(ctx, &e, calls.CallbackQueries(e)); err != nil {
		return e, err
	}
	for _, id := range e.AccountsNamed() {
		a, err := d.Store.Account(ctx, id)
		if errors.Is(err, cases.ErrNotFound) {
			continue // the records name it, nobody imported it: its id has to do
		}
		if err != nil {
			return e, err
		}
		e.Accounts[id] = a
		if e.Paths[id], err = d.Store.AccountPath(ctx, id); err != nil {
			return e, err
		}
	}
	if e.Nearby, err = d.matching(ctx, &e, calls.SampleQueries(e)); err != nil {
		return e, err
	}
	e.Honeypots, err = d.honeypots(ctx, slices.Concat(e.Matches, e.Nearby), r.ReceivedAt)
	return e, err
}

// honeypots finds the called numbers of calls that are honeypots of ours.
func (d *Desk) honeypots(ctx context.Context, cs []cases.Call, at time.Time) (map[string]bool, error) {
	var called []string
	for _, c := range cs {
		if c.To != "" {
			called = append(called, c.To)
		}
	}
	slices.Sort(called)
	called = slices.Compact(called)
	return d.Store.HoneypotsAmong(ctx, called[:min(len(called), maxHoneypots)], at)
}

// maxHoneypots is how many called numbers of one report are looked up.
const maxHoneypots = 1000

// numberFindings says of each shown and callback number what numbering plans
// and our own assignments say.
func (d *Desk) numberFindings(e calls.Evidence) []cases.Finding {
	var out []cases.Finding
	asOf := e.Report.ReceivedAt
	if t := e.Report.OccurredAt(); t.Known() {
		asOf = t.Earliest
	}
	seen := map[string]bool{}
	for _, s := range e.Subjects {
		if s.Role == cases.RoleCalled || seen[s.E164] {
			continue
		}
		seen[s.E164] = true
		n, err := numbers.Parse(s.E164, d.Region)
		f := cases.Finding{ReportID: e.Report.ID, Kind: cases.FindingNumber, Subject: s.E164, Producer: numberProducer, WindowFrom: &asOf, WindowTo: &asOf}
		if err != nil {
			f.Verdict, f.Summary = "unreadable", fmt.Sprintf("%s is not a number that exists: %s.", s.E164, err)
			f.Data.Number = &cases.NumberFacts{Reason: err.Error(), Metadata: numbers.MetadataVersion()}
			out = append(out, f)
			continue
		}
		facts := numberFacts(n)
		for _, x := range cases.EntitledAt(e.Entitlements, asOf) {
			if x.E164 == s.E164 {
				facts.Hosted, facts.Account = true, x.AccountID
			}
		}
		f.Data.Number = &facts
		switch {
		case facts.Hosted:
			f.Verdict, f.Summary = "hosted", fmt.Sprintf("%s was one of our numbers then, in the name of account %s.", numbers.Format(s.E164), facts.Account)
		case !facts.Assignable:
			f.Verdict, f.Summary = "unassignable", fmt.Sprintf("%s cannot have been assigned to anybody: %s.", numbers.Format(s.E164), facts.Reason)
		default:
			f.Verdict, f.Summary = "not_hosted", fmt.Sprintf("%s (%s, %s) is not one of our numbers.", numbers.Format(s.E164), facts.Region, facts.Kind)
		}
		out = append(out, f)
	}
	return out
}
