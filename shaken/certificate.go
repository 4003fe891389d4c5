package shaken

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Limits on certificate files. A real chain has about 3 KB.
const (
	MaxChainBytes        = 64 << 10
	MaxChainCertificates = 10
	MaxTrustBytes        = 4 << 20
)

var (
	oidTNAuthList          = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 26} // RFC 8226 section 9
	oidJWTConstraints      = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 27} // RFC 8226 section 8
	oidEnhancedConstraints = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 33} // RFC 9118 section 3
	oidCRLPoints           = asn1.ObjectIdentifier{2, 5, 29, 31}
)

// Chain is a certificate with those that were served beside it. It is parsed once
// and then safe for concurrent use; it remembers the paths that it has verified.
type Chain struct {
	Leaf    *x509.Certificate
	Issuers []*x509.Certificate // in the order served, not necessarily a path

	rights   []rights // of Leaf and Issuers, by index
	ids      []certID // likewise
	limits   constraints
	findings []string
	facts    CertificateFacts
	onFile   string // the reason of the certificate check

	mu    sync.Mutex
	paths []*knownPath
}

// rights is the TNAuthList of one certificate.
type rights struct {
	list    TNAuthList
	present bool
	err     error
}

// ParseChain reads what an x5u address serves: PEM with the signing certificate
// first, or DER. If the first certificate is one of an authority and exactly one
// other is not, that one is taken for the signer's. At most MaxChainBytes and
// MaxChainCertificates.
func ParseChain(raw []byte) (*Chain, error) {
	if len(raw) > MaxChainBytes {
		return nil, fmt.Errorf("the file has more than %d bytes", MaxChainBytes)
	}
	certs, err := parseCertificates(raw, MaxChainCertificates)
	if err != nil {
		return nil, err
	}
	leaf := 0
	if certs[0].IsCA {
		var ends []int
		for i, c := range certs {
			if !c.IsCA {
				ends = append(ends, i)
			}
		}
		if len(ends) == 1 {
			leaf = ends[0]
		}
	}
	return newChain(certs[leaf], slices.Delete(slices.Clone(certs), leaf, leaf+1)), nil
}

// ParseChains reads a file that may hold the certificates of several signers: one
// Chain for each that is not an authority's, or one Chain if all are.
func ParseChains(raw []byte) ([]*Chain, error) {
	first, err := ParseChain(raw)
	if err != nil {
		return nil, err
	}
	chains := []*Chain{first}
	for _, c := range first.Issuers {
		if !c.IsCA {
			others := append([]*x509.Certificate{first.Leaf}, first.Issuers...)
			others = slices.DeleteFunc(others, func(o *x509.Certificate) bool { return o == c })
			chains = append(chains, newChain(c, others))
		}
	}
	return chains, nil
}

func newChain(leaf *x509.Certificate, issuers []*x509.Certificate) *Chain {
	c := &Chain{Leaf: leaf, Issuers: issuers, limits: readConstraints(leaf)}
	for _, cert := range append([]*x509.Certificate{leaf}, issuers...) {
		c.rights = append(c.rights, readRights(cert))
		c.ids = append(c.ids, identify(cert))
	}
	c.findings = profile(leaf, c.rights[0])
	c.facts = c.describe()
	c.onFile = "The certificate is on file: " + quote(c.facts.Subject) + ", serial number " + c.facts.Serial + "."
	return c
}

// parseCertificates reads PEM or DER. Blocks of other kinds, such as a key left in
// the file by mistake, are passed over.
func parseCertificates(raw []byte, most int) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	add := func(der []byte) error {
		if len(certs) == most {
			return fmt.Errorf("the file has more than %d certificates", most)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("certificate %d cannot be read: %w", len(certs)+1, err)
		}
		c.UnhandledCriticalExtensions = slices.DeleteFunc(c.UnhandledCriticalExtensions, handled)
		certs = append(certs, c)
		return nil
	}
	if !bytes.Contains(raw, []byte("-----BEGIN")) {
		ders, err := splitDER(raw, most)
		if err != nil || len(ders) == 0 {
			return nil, errors.New("the file has no certificate, neither PEM nor DER")
		}
		for _, der := range ders {
			if err := add(der); err != nil {
				return nil, err
			}
		}
		return certs, nil
	}
	for {
		var block *pem.Block
		if block, raw = pem.Decode(raw); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			if err := add(block.Bytes); err != nil {
				return nil, err
			}
		}
	}
	if len(certs) == 0 {
		return nil, errors.New("the file has no certificate")
	}
	return certs, nil
}

// splitDER cuts concatenated DER values apart.
func splitDER(raw []byte, most int) ([][]byte, error) {
	var ders [][]byte
	for len(raw) > 0 && len(ders) <= most {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(raw, &v)
		if err != nil {
			return nil, err
		}
		ders, raw = append(ders, v.FullBytes), rest
	}
	return ders, nil
}

// handled names the extensions that this package processes beside crypto/x509.
func handled(oid asn1.ObjectIdentifier) bool {
	return oid.Equal(oidTNAuthList) || oid.Equal(oidJWTConstraints) || oid.Equal(oidEnhancedConstraints) || oid.Equal(oidCRLPoints)
}

func extension(c *x509.Certificate, oid asn1.ObjectIdentifier) (value []byte, ok bool) {
	for _, e := range c.Extensions {
		if e.Id.Equal(oid) {
			return e.Value, true
		}
	}
	return nil, false
}

// rightsOf finds the TNAuthList of a certificate of a path.
func (c *Chain) rightsOf(cert *x509.Certificate) rights {
	if i := c.index(cert); i >= 0 {
		return c.rights[i]
	}
	return readRights(cert) // an anchor
}

// identity finds what revocation lists know a certificate of a path by.
func (c *Chain) identity(cert *x509.Certificate) certID {
	if i := c.index(cert); i >= 0 {
		return c.ids[i]
	}
	return identify(cert)
}

func (c *Chain) index(cert *x509.Certificate) int {
	if cert == c.Leaf {
		return 0
	}
	if i := slices.Index(c.Issuers, cert); i >= 0 {
		return i + 1
	}
	return -1
}
