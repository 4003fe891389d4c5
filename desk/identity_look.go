package desk

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/shaken"
)

// maxFetches is how many addresses are asked for one call: a header can name
// sixteen.
const maxFetches = 4

// RootsAddress is where the trust list is archived as coming from.
const RootsAddress = "ABUSEDESK_SHAKEN_ROOTS"

// look gathers, for one call, what it is verified against as of its time.
type look struct {
	d        *Desk
	claim    claim
	fetched  int
	awaiting []string

	trust   *shaken.Trust
	trustOf *cases.IdentityMaterial
	crls    []*shaken.CRL
	crlOf   []cases.IdentityMaterial
	files   map[string]cases.IdentityMaterial // by the digest of the first certificate
	// later says that what was served at an address at the time of the call is not
	// on file, and only what was served later is.
	later bool
	err   error // of the archive
}

func (d *Desk) lookFor(x claim) *look {
	return &look{d: d, claim: x, files: map[string]cases.IdentityMaterial{}}
}

// verify checks the claim. What is on file only from after the call can prove a
// signature, and never that one is bad: the certificate, or the list, may have been
// another one then.
func (l *look) verify(ctx context.Context) (shaken.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	if len(l.claim.values) == 0 {
		return shaken.Verify(ctx, l.claim.call, shaken.Evidence{}), nil
	}
	trustLater, err := l.findTrust(ctx)
	if err != nil {
		return shaken.Report{}, err
	}
	ev := shaken.Evidence{Certificates: l, Trust: l.trust}
	first := shaken.Verify(ctx, l.claim.call, ev)
	if l.err != nil {
		return first, l.err
	}
	if l.later && has(first, shaken.CheckSignature, shaken.Fail) {
		ev.Certificates = notThen{}
	}
	if c := first.Certificate; trustLater && c != nil && has(first, shaken.CheckPath, shaken.Fail) && !l.claim.call.At.Before(c.NotBefore) && !l.claim.call.At.After(c.NotAfter) {
		ev.Trust, l.trustOf = nil, nil
	}
	if err := l.findCRLs(ctx, first); err != nil {
		return first, err
	}
	ev.CRLs = l.crls
	if l.claim.record != nil {
		ev.Replays = tokens{l.d.Store, l.claim}
	}
	return shaken.Verify(ctx, l.claim.call, ev), l.err
}

// has says whether a check of any token came out so.
func has(r shaken.Report, name shaken.CheckName, result shaken.Result) bool {
	return slices.ContainsFunc(r.Checks, func(c shaken.Check) bool { return c.Name == name && c.Result == result })
}

// notThen says that the certificate of that time is not on file.
type notThen struct{}

func (notThen) Chains(context.Context, string, time.Time) ([]*shaken.Chain, error) {
	return nil, errors.New("the one that was served when the call was made is not on file, and a later one did not sign this token")
}

// Chains implements shaken.Certificates from the archive. What has not been fetched
// for a day is fetched first, so that what is served now is known for later calls.
func (l *look) Chains(ctx context.Context, x5u string, at time.Time) ([]*shaken.Chain, error) {
	if err := shaken.X5UPolicy(x5u); err != nil {
		return nil, fmt.Errorf("not fetched: %w", err)
	}
	why, err := l.fetch(ctx, cases.MaterialChain, x5u, shaken.MaxChainBytes, func(raw []byte) error { _, err := shaken.ParseChains(raw); return err })
	if err != nil {
		l.err = err
		return nil, err
	}
	ms, err := l.d.Store.Materials(ctx, cases.MaterialChain, x5u)
	if err != nil {
		l.err = err
		return nil, err
	}
	slices.SortStableFunc(ms, func(a, b cases.IdentityMaterial) int { return cmp.Compare(distance(a, at), distance(b, at)) })
	var out []*shaken.Chain
	covered := false
	for _, m := range ms {
		chains, err := l.d.identity.chains(ctx, l.d.Store, m.SHA256)
		if err != nil {
			l.err = err
			return nil, err
		}
		for _, c := range chains {
			if m.FirstSeen.After(at) && c.Leaf.NotBefore.After(at) {
				continue // it took the place of the one of that time
			}
			if len(out) == shaken.MaxChainCertificates {
				break
			}
			out = append(out, c)
			l.files[c.Facts().SHA256] = m
		}
		covered = covered || distance(m, at) <= cases.MinMaterialCache
	}
	l.later = l.later || !covered
	switch {
	case len(out) > 0:
		return out, nil
	case len(ms) > 0:
		return nil, errors.New("only one that was issued after the call is on file")
	case why != "":
		return nil, errors.New(why)
	}
	return nil, shaken.ErrNoCertificate
}

// distance is how far a time lies from when a file is known to have been served.
func distance(m cases.IdentityMaterial, at time.Time) time.Duration {
	switch {
	case at.Before(m.FirstSeen):
		return m.FirstSeen.Sub(at)
	case at.After(m.LastSeen):
		return at.Sub(m.LastSeen)
	}
	return 0
}

// file is how the file came that a certificate was in.
func (l *look) file(sum string) *cases.IdentityMaterial {
	if m, ok := l.files[sum]; ok {
		return &m
	}
	return nil
}

// fetch asks an address unless it was asked in the last day or failed a short while
// ago, and archives what it serves. why says, in words, that it is not to be had
// now; an error is the archive's.
func (l *look) fetch(ctx context.Context, kind cases.MaterialKind, address string, most int64, check func([]byte) error) (why string, err error) {
	known, err := l.d.Store.MaterialFetch(ctx, kind, address)
	if err != nil {
		return "", err
	}
	waits := func(why string) (string, error) {
		if !slices.Contains(l.awaiting, address) {
			l.awaiting = append(l.awaiting, address)
		}
		return why, nil
	}
	switch {
	case l.d.now().Before(known.NextAt) && known.Failures > 0:
		return waits(known.Error)
	case l.d.now().Before(known.NextAt):
		return "", nil
	case l.d.Materials == nil:
		return "nothing is fetched here", nil
	case l.fetched == maxFetches:
		return fmt.Sprintf("only %d addresses are asked for one call", maxFetches), nil
	}
	l.fetched++
	raw, err := l.d.Materials.FetchMaterial(ctx, address, most)
	if err == nil {
		err = check(raw)
	}
	if err != nil {
		if err := l.d.Store.FetchFailed(context.WithoutCancel(ctx), l.d.now(), kind, address, reasonFor(err)); err != nil {
			return "", err
		}
		return waits(reasonFor(err))
	}
	_, err = l.d.Store.ArchiveMaterial(ctx, l.d.now(), cases.IdentityMaterial{Kind: kind, Address: address, Content: raw})
	return "", err
}

// reasonFor is an error in words for people.
func reasonFor(err error) string {
	if e, ok := errors.AsType[*cases.Error](err); ok {
		return e.Message
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "its server did not answer in time"
	}
	return err.Error()
}

// findTrust takes the trust list of the call's time: the latest that was seen before
// it, else the first there is, which then is later.
func (l *look) findTrust(ctx context.Context) (later bool, err error) {
	ms, err := l.d.Store.Materials(ctx, cases.MaterialRoots, RootsAddress)
	if err == nil && len(ms) == 0 && l.d.Roots != nil { // we have only just been started
		if _, err := l.d.KeepTrustList(ctx); err != nil {
			l.d.Log.Warn("calls are checked without a trust list", "err", err)
			return false, nil
		}
		ms, err = l.d.Store.Materials(ctx, cases.MaterialRoots, RootsAddress)
	}
	if err != nil || len(ms) == 0 {
		return false, err
	}
	m := ms[len(ms)-1]
	later = m.FirstSeen.After(l.claim.call.At)
	for _, x := range ms {
		if !x.FirstSeen.After(l.claim.call.At) {
			m, later = x, false
			break
		}
	}
	l.trust, err = l.d.identity.trust(ctx, l.d.Store, m.SHA256)
	l.trustOf = &m
	return later, err
}

// findCRLs takes the revocation lists that the certificates of a first look name:
// the one of the call's time and the latest. A certificate that leads nowhere
// makes us ask for nothing.
func (l *look) findCRLs(ctx context.Context, r shaken.Report) error {
	if r.Certificate == nil || r.Certificate.CRL == nil || !has(r, shaken.CheckPath, shaken.Pass) {
		return nil
	}
	for _, address := range r.Certificate.CRL.URLs[:min(len(r.Certificate.CRL.URLs), 2)] {
		if shaken.X5UPolicy(address) != nil {
			continue
		}
		_, err := l.fetch(ctx, cases.MaterialCRL, address, shaken.MaxCRLBytes, func(raw []byte) error { _, err := shaken.ParseCRL(raw); return err })
		if err != nil {
			return err
		}
		ms, err := l.d.Store.Materials(ctx, cases.MaterialCRL, address)
		if err != nil {
			return err
		}
		near := slices.Clone(ms)
		slices.SortStableFunc(near, func(a, b cases.IdentityMaterial) int {
			return cmp.Compare(distance(a, l.claim.call.At), distance(b, l.claim.call.At))
		})
		for _, m := range slices.Concat(ms[:min(len(ms), 1)], near[:min(len(near), 1)]) {
			if slices.ContainsFunc(l.crlOf, func(x cases.IdentityMaterial) bool { return x.SHA256 == m.SHA256 }) {
				continue
			}
			c, err := l.d.identity.crl(ctx, l.d.Store, m.SHA256)
			if err != nil {
				return err
			}
			l.crls, l.crlOf = append(l.crls, c), append(l.crlOf, m)
		}
	}
	return nil
}

// tokens is a shaken.Replays in the archive. Legs of one call that do not say so
// are told by numbers and time.
type tokens struct {
	store Store
	claim claim
}

// First implements shaken.Replays.
func (t tokens) First(ctx context.Context, key [32]byte, call string, at time.Time) (string, error) {
	mine := cases.TokenSighting{Digest: hex.EncodeToString(key[:]), Call: call, From: t.claim.call.From, To: t.claim.call.To, At: at}
	first, err := t.store.FirstToken(ctx, mine)
	if err != nil || first.LegOf(mine) {
		return call, err
	}
	return first.Call, nil
}
