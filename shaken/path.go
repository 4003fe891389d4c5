package shaken

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Trust is the list of root certificates that calls were checked against: the
// STI-PA's list of approved authorities (ATIS-1000084), in whatever state was
// archived for the time of the call. Safe for concurrent use.
type Trust struct {
	roots []*x509.Certificate
	pool  *x509.CertPool
}

// ParseTrust reads a PEM file (or DER) of root certificates, at most
// MaxTrustBytes; a certificate that cannot be read is an error.
func ParseTrust(raw []byte) (*Trust, error) {
	if len(raw) > MaxTrustBytes {
		return nil, fmt.Errorf("the file has more than %d bytes", MaxTrustBytes)
	}
	certs, err := parseCertificates(raw, 1000)
	if err != nil {
		return nil, err
	}
	return NewTrust(certs), nil
}

// NewTrust makes a list of certificates that were parsed already.
func NewTrust(roots []*x509.Certificate) *Trust {
	t := &Trust{roots: slices.Clone(roots), pool: x509.NewCertPool()}
	for _, c := range t.roots {
		t.pool.AddCert(c)
	}
	return t
}

// Certificates returns a copy of the list.
func (t *Trust) Certificates() []*x509.Certificate { return slices.Clone(t.roots) }

// knownPath is a path whose signatures were verified, and the time in which all
// of its certificates are valid. It holds for every call of that time.
type knownPath struct {
	trust       *Trust
	certs       []*x509.Certificate // leaf first, anchor last
	from, until time.Time
	deviations  []string // of the certificates above, from the profile
	reason      string   // of the path check
}

// maxKnownPaths bounds what a chain remembers: more than one trust list is in use
// only while it changes.
const maxKnownPaths = 8

// path finds a path from the leaf to a root at a time (RFC 5280 section 6, by
// crypto/x509). Only the first call for a time is expensive.
func (c *Chain) path(trust *Trust, at time.Time) (*knownPath, error) {
	c.mu.Lock()
	for _, p := range c.paths {
		if p.trust == trust && !at.Before(p.from) && !at.After(p.until) {
			c.mu.Unlock()
			return p, nil
		}
	}
	c.mu.Unlock()
	certs, err := findPath(c.Leaf, c.Issuers, trust, at)
	if err != nil {
		return nil, err
	}
	found := &knownPath{trust: trust, certs: certs, from: certs[0].NotBefore, until: certs[0].NotAfter, deviations: profilePath(certs)}
	found.reason = "The certificate leads to " + quote(certs[len(certs)-1].Subject.String()) + " on the trust list, and every certificate on the way was valid when the call was made."
	for _, cert := range certs {
		if cert.NotBefore.After(found.from) {
			found.from = cert.NotBefore
		}
		if cert.NotAfter.Before(found.until) {
			found.until = cert.NotAfter
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.paths) >= maxKnownPaths {
		c.paths = c.paths[1:]
	}
	c.paths = append(slices.Clone(c.paths), found)
	return found, nil
}

func findPath(leaf *x509.Certificate, others []*x509.Certificate, trust *Trust, at time.Time) ([]*x509.Certificate, error) {
	pool := x509.NewCertPool()
	for _, c := range others {
		pool.AddCert(c)
	}
	paths, err := leaf.Verify(x509.VerifyOptions{
		Roots: trust.pool, Intermediates: pool, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, err
	}
	best := paths[0]
	for _, p := range paths[1:] { // cross-certificates lengthen it; any will do
		if len(p) < len(best) {
			best = p
		}
	}
	return best, nil
}

// checkPath reports whether the certificate led to the trust list when the call
// was made, and returns the path.
func (t *token) checkPath(trust *Trust, at time.Time) *knownPath {
	switch {
	case t.chain == nil:
		t.report(CheckPath, Undecided, "Without the certificate there is no path to follow.")
		return nil
	case trust == nil || len(trust.roots) == 0:
		t.report(CheckPath, Undecided, "No trust list is on file for the time of the call.")
		return nil
	case at.IsZero():
		t.report(CheckPath, Undecided, "The time of the call is not known.")
		return nil
	}
	path, err := t.chain.path(trust, at)
	if err != nil {
		t.report(CheckPath, Fail, "%s", whyNoPath(t.chain, trust, at, err))
		return nil
	}
	leaf := t.chain.Leaf
	if leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		t.report(CheckPath, Fail, "The certificate leads to the trust list, but its key may not be used for signatures (RFC 5280 section 4.2.1.3).")
		return path
	}
	t.checks = append(t.checks, Check{Name: CheckPath, Result: Pass, Reason: path.reason})
	return path
}

// maxRetries bounds the search for a reason, which costs as much as a path.
const maxRetries = 8

// whyNoPath tells a certificate out of its time from one that nobody trusted.
func whyNoPath(c *Chain, trust *Trust, at time.Time, err error) string {
	leaf := c.Leaf
	switch {
	case at.Before(leaf.NotBefore):
		return "The certificate was not yet valid when the call was made: its time begins " + leaf.NotBefore.UTC().Format(time.RFC3339) + "."
	case at.After(leaf.NotAfter):
		return "The certificate had expired when the call was made: its time ended " + leaf.NotAfter.UTC().Format(time.RFC3339) + "."
	}
	tries := 0
	for _, above := range append(slices.Clone(c.Issuers), trust.roots...) {
		when := above.NotAfter // a time at which both were valid, if there was one
		if leaf.NotAfter.Before(when) {
			when = leaf.NotAfter
		}
		outOfTime := at.Before(above.NotBefore) || at.After(above.NotAfter)
		if !outOfTime || when.Before(leaf.NotBefore) || when.Before(above.NotBefore) || tries == maxRetries {
			continue
		}
		tries++
		if _, err := findPath(leaf, c.Issuers, trust, when); err == nil {
			return "A certificate above the signer's was not valid when the call was made."
		}
	}
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "The certificate does not lead to the trust list: nobody on the list has vouched for it."
	case errors.As(err, new(x509.UnhandledCriticalExtension)):
		return "A certificate has a critical extension that is not known here (RFC 5280 section 4.2)."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "A certificate above the signer's was not valid when the call was made."
	}
	return "The certificate does not lead to the trust list: " + quote(err.Error()) + "."
}
