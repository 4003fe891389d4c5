package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
)

// BuildPack builds the traceback pack of a case ahead of any request for it, seals it
// and completes the attempt. One that says nothing new is not kept again. A merged
// case has none of its own.
func (d *Desk) BuildPack(ctx context.Context, at cases.Attempt, caseID int64) error {
	c, err := d.Store.Case(ctx, caseID)
	if err != nil {
		return fmt.Errorf("pack of case %d: %w", caseID, err)
	}
	if c.MergedInto != 0 {
		return d.Store.FinishJob(ctx, at, d.now())
	}
	_, err = d.buildPack(ctx, at, caseID)
	return err
}

func (d *Desk) buildPack(ctx context.Context, at cases.Attempt, caseID int64) (cases.KeptPack, error) {
	dos, err := d.Store.Dossier(ctx, caseID)
	if err != nil {
		return cases.KeptPack{}, fmt.Errorf("pack of case %d: %w", caseID, err)
	}
	// The dossier shows the last findings of any kind; a pack needs the last of each call.
	if dos.Findings, err = d.Store.PackFindings(ctx, caseID); err != nil {
		return cases.KeptPack{}, fmt.Errorf("findings for the pack of case %d: %w", caseID, err)
	}
	in := packedCalls(dos)
	l := &packLookup{d: d, providers: map[string]*cases.Provider{}, accounts: map[string]*cases.Account{}, kyc: map[string]cases.KYC{}}
	for i := range in[:min(len(in), cases.MaxPackCalls)] {
		if err := l.fill(ctx, dos, &in[i]); err != nil {
			return cases.KeptPack{}, fmt.Errorf("call %d of the pack of case %d: %w", i+1, caseID, err)
		}
	}
	p := calls.PackOf(dos.Case, in)
	k := cases.KeptPack{CaseID: caseID, BuiltAt: d.now(), ReceivedAt: dos.Case.CreatedAt, Calls: len(p.Calls), Complete: p.Complete()}
	for _, r := range dos.Reports {
		if r.ReceivedAt.After(k.ReceivedAt) {
			k.ReceivedAt = r.ReceivedAt
		}
	}
	if k.Digest, err = p.Digest(); err != nil {
		return cases.KeptPack{}, err
	}
	body, err := json.Marshal(p)
	if err != nil {
		return cases.KeptPack{}, err
	}
	if k.Kept, err = d.Vault.Keep(ctx, bytes.NewReader(body)); err != nil {
		return cases.KeptPack{}, fmt.Errorf("seal the pack of case %d: %w", caseID, err)
	}
	newest, added, err := d.Store.KeepPack(ctx, at, d.now(), k)
	if err == nil && !added {
		err = d.Vault.Discard(ctx, k.Kept)
	}
	return newest, err
}

// packedCalls are the calls that a case's pack tells of: those that its requests ask
// about, or, where nobody has asked yet, the confirmed ones of its reports, oldest
// first, each once.
func packedCalls(dos cases.Dossier) []calls.PackedCall {
	reports := map[int64]cases.ReportView{}
	for _, r := range dos.Reports {
		reports[r.ID] = r
	}
	signed := func(c calls.PackedCall) calls.PackedCall {
		for i, f := range dos.Findings {
			if f.Kind == cases.PackIdentityFinding && f.ReportID == c.Report.ID {
				c.Identity = &dos.Findings[i]
				break
			}
		}
		return c
	}
	var out []calls.PackedCall
	if dos.Case.Kind == cases.CaseTraceback {
		for _, t := range TracedCalls(dos) {
			out = append(out, signed(calls.PackedCall{Report: reports[t.Report], Asked: t.Asked, Finding: t.Finding}))
		}
		return out
	}
	seen := map[string]bool{}
	for _, r := range slices.Backward(dos.Reports) {
		i := slices.IndexFunc(dos.Findings, func(f cases.Finding) bool { return f.Kind == cases.FindingCorroboration && f.ReportID == r.ID })
		if i < 0 || dos.Findings[i].Verdict != string(cases.CorroborationConfirmed) {
			continue
		}
		c := calls.PackedCall{Report: r, Asked: cases.TracedCall{At: r.OccurredAt()}, Finding: &dos.Findings[i]}
		for _, j := range dos.Findings { // the parties are a finding of their own there
			if j.Kind == cases.FindingParties && j.ReportID == r.ID {
				f := dos.Findings[i]
				f.Data.Parties = j.Data.Parties
				c.Finding = &f
				break
			}
		}
		best, found := c.Best()
		if key := best.Source + "\x00" + best.SourceID; !found || seen[key] {
			continue
		} else {
			seen[key] = true
		}
		out = append(out, signed(c))
	}
	return out
}

// packLookup asks for each provider and account once in a pack.
type packLookup struct {
	d         *Desk
	providers map[string]*cases.Provider
	accounts  map[string]*cases.Account
	kyc       map[string]cases.KYC
}

// fill looks up what the records say of a call.
func (l *packLookup) fill(ctx context.Context, dos cases.Dossier, c *calls.PackedCall) error {
	best, found := c.Best()
	if !found {
		return nil
	}
	e := calls.Evidence{Coverage: []cases.Coverage{{Source: best.Source}}}
	var err error
	if c.Records, err = l.d.matching(ctx, &e, calls.PackQueries(best)); err != nil {
		return err
	}
	c.Silent = e.Coverage[0].Silent
	c.Providers = map[string]cases.Provider{}
	for _, r := range calls.PackRecords(best, c.Records) {
		for _, id := range []string{r.Peer, r.EgressPeer} {
			p, err := l.provider(ctx, id)
			if err != nil {
				return err
			}
			if p != nil {
				c.Providers[id] = *p
			}
		}
	}
	if p := c.Finding.Data.Parties; p != nil && p.Originating != "" {
		if c.Account, c.KYC, err = l.account(ctx, p.Originating); err != nil {
			return err
		}
	}
	hours, err := l.d.Store.HourStats(ctx, "from", best.From, best.StartedAt.Add(-24*time.Hour), best.StartedAt.Truncate(time.Hour).Add(time.Hour))
	if err != nil {
		return err
	}
	n := 0
	for _, h := range hours {
		n += h.Attempts
	}
	c.Around = &n
	return nil
}

func (l *packLookup) provider(ctx context.Context, id string) (*cases.Provider, error) {
	if p, ok := l.providers[id]; ok || id == "" {
		return p, nil
	}
	p, err := l.d.Store.Provider(ctx, id)
	if errors.Is(err, cases.ErrNotFound) {
		l.providers[id] = nil
		return nil, nil //nolint:nilnil // not imported: the pack says so
	}
	l.providers[id] = &p
	return &p, err
}

func (l *packLookup) account(ctx context.Context, id string) (*cases.Account, cases.KYC, error) {
	if a, ok := l.accounts[id]; ok {
		return a, l.kyc[id], nil
	}
	var at *cases.Account
	a, err := l.d.Store.Account(ctx, id)
	switch {
	case err == nil:
		at = &a
	case !errors.Is(err, cases.ErrNotFound):
		return nil, cases.KYC{}, err
	}
	k, err := l.d.Store.KYC(ctx, id)
	l.accounts[id], l.kyc[id] = at, k
	return at, k, err
}
