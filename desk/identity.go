package desk

import (
	"context"
	"fmt"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/shaken"
)

// MaterialFetcher gets certificates and revocation lists from addresses that
// shaken.X5UPolicy allows. It looks at the address that it dials, follows no
// redirect and reads at most that many bytes; more is an error.
type MaterialFetcher interface {
	FetchMaterial(ctx context.Context, address string, most int64) ([]byte, error)
}

// KeepTrustList archives the configured trust list as it is now; 0 when none is
// configured.
func (d *Desk) KeepTrustList(ctx context.Context) (int, error) {
	if d.Roots == nil {
		return 0, nil
	}
	raw, err := d.Roots()
	if err != nil {
		return 0, fmt.Errorf("trust list: %w", err)
	}
	if _, err := shaken.ParseTrust(raw); err != nil {
		return 0, fmt.Errorf("trust list: %w", err)
	}
	_, err = d.Store.ArchiveMaterial(ctx, d.now(), cases.IdentityMaterial{Kind: cases.MaterialRoots, Address: RootsAddress, Content: raw})
	return 1, err
}

// auditPasses are the rounds of auditing our own attestation: soon, and once more
// when late records, corrections and rights have come.
var auditPasses = []struct {
	name  string
	after time.Duration
}{{"first", time.Hour}, {"second", 26 * time.Hour}}

// AuditAttestation compares the next hours of accounts with calls that we signed A
// with the rights that stood at their time, at most limit in each pass, and says
// how many it looked at.
func (d *Desk) AuditAttestation(ctx context.Context, limit int) (int, error) {
	n := 0
	for _, pass := range auditPasses {
		hours, to, err := d.Store.UnentitledHours(ctx, d.now(), pass.name, d.now().Add(-pass.after), limit)
		if err != nil {
			return n, fmt.Errorf("audit of attestation: %w", err)
		}
		audits := make([]cases.AttestationAudit, len(hours))
		for i, h := range hours {
			audits[i] = h.Audit(forwarded)
		}
		if err := d.Store.KeepAudits(ctx, d.now(), to, audits); err != nil {
			return n, err
		}
		n = max(n, len(hours))
	}
	return n, nil
}

// forwarded says whether a call carries a PASSporT of a diversion (RFC 8946): it
// then shows the number of the first caller, and whoever forwarded it needs no
// right to that.
func forwarded(c cases.Call) bool {
	values := shaken.HeadersIn(c.Identity)
	if len(values) == 0 {
		return false
	}
	r := shaken.Verify(context.Background(), shaken.Call{Identity: values}, shaken.Evidence{})
	found := []*shaken.Passport{r.Passport}
	for _, x := range r.Identities {
		found = append(found, x.Passport)
	}
	for _, p := range found {
		if p != nil && (p.Type == shaken.TypeDiv || p.Type == shaken.TypeDivO) {
			return true
		}
	}
	return false
}

// Attested is what we signed for an account without a recorded right, by hour, the
// latest first.
func (d *Desk) Attested(ctx context.Context, a cases.Actor, account string) ([]cases.AttestationAudit, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return nil, err
	}
	return d.Store.AuditsOf(ctx, account, d.now().Add(-ProfileWindow))
}

// AttestedWithoutRight sums by account what we signed A without a recorded right on
// the day (UTC) that is days before today.
func (d *Desk) AttestedWithoutRight(ctx context.Context, a cases.Actor, days int) (time.Time, []cases.AttestationDay, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return time.Time{}, nil, err
	}
	day := d.now().Truncate(24*time.Hour).AddDate(0, 0, -days)
	out, err := d.Store.AuditTotals(ctx, day, day.AddDate(0, 0, 1), cases.DefaultPage)
	return day, out, err
}

// Signers lists what several cases share a signer and an originating identifier of;
// of one case, when id is not 0, all that its reports prove.
func (d *Desk) Signers(ctx context.Context, a cases.Actor, caseID int64) ([]cases.SignerCluster, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return nil, err
	}
	return d.Store.SignerClusters(ctx, caseID, cases.MaxPage)
}

// HoursOf counts the calls of a key by hour in the last seven days.
func (d *Desk) HoursOf(ctx context.Context, a cases.Actor, kind ProfileKind, key string) ([]cases.HourStats, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return nil, err
	}
	return d.Store.HourStats(ctx, string(kind), key, d.now().Add(-ProfileWindow), d.now())
}
