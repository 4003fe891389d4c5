package shaken

import (
	"crypto/x509"
	"errors"
	"slices"
)

var errNoSigner = errors.New("no certificate of its issuer is on file")

// signedBy finds the certificate that signed the list and leads to the trust list
// at the time when the list was made. Only success is remembered: what a chain
// brought along must not spoil the answer for the next one.
func (c *CRL) signedBy(trust *Trust, near []*x509.Certificate) (*x509.Certificate, error) {
	c.mu.Lock()
	cert := c.signers[trust]
	c.mu.Unlock()
	if cert != nil {
		return cert, nil
	}
	cert, err := c.findSigner(trust, near)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.signers) >= maxKnownPaths {
		clear(c.signers)
	}
	c.signers[trust] = cert
	return cert, nil
}

func (c *CRL) findSigner(trust *Trust, near []*x509.Certificate) (*x509.Certificate, error) {
	candidates := slices.Concat(trust.roots, c.beside, near)
	err := errNoSigner
	for _, cert := range candidates {
		if nameKey(cert.RawSubject) != c.issuer {
			continue
		}
		if e := cert.CheckSignature(c.list.SignatureAlgorithm, c.list.RawTBSRevocationList, c.list.Signature); e != nil {
			err = keep(err, errors.New("its signature is not by the authority that it names"))
			continue
		}
		if cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageCRLSign == 0 {
			err = keep(err, errors.New("its signer's key may not sign revocation lists"))
			continue
		}
		if _, e := findPath(cert, slices.Concat(c.beside, near), trust, c.list.ThisUpdate); e != nil {
			err = keep(err, errors.New("its signer does not lead to the trust list"))
			continue
		}
		return cert, nil
	}
	return nil, err
}

// keep keeps the first real reason.
func keep(old, next error) error {
	if errors.Is(old, errNoSigner) {
		return next
	}
	return old
}

// governs reports whether the list's issuer may revoke a certificate: as its
// issuer (a direct list), as the authority that its distribution point names (an
// indirect one), or, where it names none, as an authority of the trust list.
func (c *CRL) governs(cert certID, signedBy *x509.Certificate, trust *Trust) bool {
	switch {
	case c.scope.partial || c.scope.onlyAuthorities && !cert.ca || c.scope.onlyUsers && cert.ca:
		return false
	case cert.issuer == c.issuer, slices.Contains(cert.crlIssuers, c.issuer):
		return true
	case len(cert.crlIssuers) > 0:
		return false
	}
	return slices.ContainsFunc(trust.roots, signedBy.Equal)
}
