package shaken

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"sync"
	"time"
)

// MaxCRLBytes bounds a certificate revocation list. The STI-PA's has a few KB.
const MaxCRLBytes = 16 << 20

// CRL is a certificate revocation list (RFC 5280 section 5), direct or, as the
// STI-PA's, indirect: its entries then name the issuers of the certificates that
// they revoke (section 5.3.3). Parsed once, safe for concurrent use.
type CRL struct {
	list    *x509.RevocationList
	issuer  string // as nameKey
	entries map[entryKey]revocation
	scope   scope
	beside  []*x509.Certificate // found in the same file: candidates for its signer, not trusted

	mu      sync.Mutex
	signers map[*Trust]*x509.Certificate // those that were verified
}

type entryKey struct {
	issuer string // as nameKey
	serial string // big-endian
}

type revocation struct {
	at      time.Time
	reason  int
	invalid time.Time // when the key is thought to have been lost; zero if not said
}

// scope is the issuing distribution point (RFC 5280 section 5.2.5).
type scope struct {
	onlyUsers, onlyAuthorities, partial, indirect bool
}

// ParseCRL reads a list in PEM or DER. Certificates in the same PEM file are kept
// as candidates for the one that signed it. The signature is verified by Verify.
func ParseCRL(raw []byte) (*CRL, error) {
	if len(raw) > MaxCRLBytes {
		return nil, fmt.Errorf("the list has more than %d bytes", MaxCRLBytes)
	}
	der := raw
	c := &CRL{entries: map[entryKey]revocation{}, signers: map[*Trust]*x509.Certificate{}}
	if bytes.Contains(raw, []byte("-----BEGIN")) {
		der = nil
		for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
			switch block.Type {
			case "X509 CRL":
				if der != nil {
					return nil, errors.New("the file has more than one list")
				}
				der = block.Bytes
			case "CERTIFICATE":
				if cert, err := x509.ParseCertificate(block.Bytes); err == nil && len(c.beside) < MaxChainCertificates {
					c.beside = append(c.beside, cert)
				}
			}
		}
		if der == nil {
			return nil, errors.New("the file has no list")
		}
	}
	var err error
	if c.list, err = x509.ParseRevocationList(der); err != nil {
		return nil, fmt.Errorf("the list cannot be read: %w", err)
	}
	c.issuer = nameKey(c.list.RawIssuer)
	if err := c.readExtensions(); err != nil {
		return nil, err
	}
	return c, c.readEntries()
}

// readExtensions refuses lists whose meaning a critical extension changes in a
// way that is not known here, such as those that only have what is new.
func (c *CRL) readExtensions() error {
	for _, e := range c.list.Extensions {
		switch id := e.Id.String(); {
		case id == "2.5.29.28":
			if err := c.scope.read(e.Value); err != nil {
				return err
			}
		case id == "2.5.29.27":
			return errors.New("the list only has changes to another one")
		case e.Critical && id != "2.5.29.20" && id != "2.5.29.35":
			return fmt.Errorf("the list has the critical extension %s, which is not known here", id)
		}
	}
	return nil
}

func (s *scope) read(der []byte) error {
	fields, err := sequence(der)
	if err != nil {
		return errors.New("the list's scope cannot be read")
	}
	for _, f := range fields {
		if f.Class != asn1.ClassContextSpecific {
			return errors.New("the list's scope cannot be read")
		}
		set := len(f.Bytes) == 1 && f.Bytes[0] != 0
		switch f.Tag {
		case 1:
			s.onlyUsers = set
		case 2:
			s.onlyAuthorities = set
		case 3:
			s.partial = true
		case 4:
			s.indirect = set
		case 5:
			s.partial = s.partial || set
		}
	}
	return nil
}

// readEntries indexes the entries. An entry's issuer holds for those after it
// until another is named, and begins as the issuer of the list.
func (c *CRL) readEntries() error {
	issuer := c.issuer
	for _, e := range c.list.RevokedCertificateEntries {
		r := revocation{at: e.RevocationTime, reason: e.ReasonCode}
		for _, x := range e.Extensions {
			switch id := x.Id.String(); {
			case id == "2.5.29.29":
				names, err := sequence(x.Value)
				if err != nil || len(names) == 0 {
					return errors.New("an entry's issuer cannot be read")
				}
				dirs := directoryNames(joined(names))
				if len(dirs) == 0 {
					return errors.New("an entry's issuer has no distinguished name")
				}
				issuer = nameKey(dirs[0])
			case id == "2.5.29.24":
				if _, err := asn1.UnmarshalWithParams(x.Value, &r.invalid, "generalized"); err != nil {
					return errors.New("an entry's invalidity date cannot be read")
				}
			case x.Critical && id != "2.5.29.21":
				return fmt.Errorf("an entry has the critical extension %s, which is not known here", id)
			}
		}
		key := entryKey{issuer, string(e.SerialNumber.Bytes())}
		if old, ok := c.entries[key]; !ok || r.at.Before(old.at) {
			c.entries[key] = r
		}
	}
	return nil
}

func joined(values []asn1.RawValue) []byte {
	var b []byte
	for _, v := range values {
		b = append(b, v.FullBytes...)
	}
	return b
}

// find returns the entry for a certificate.
func (c *CRL) find(cert certID) (revocation, bool) {
	r, ok := c.entries[entryKey{cert.issuer, cert.serial}]
	return r, ok && r.reason != 8 // removed from the list
}

// certID is what a list knows of a certificate.
type certID struct {
	issuer, serial string
	ca             bool
	notAfter       time.Time
	crlIssuers     []string // named by its distribution points
}

func identify(c *x509.Certificate) certID {
	id := certID{issuer: nameKey(c.RawIssuer), serial: string(c.SerialNumber.Bytes()), ca: c.IsCA, notAfter: c.NotAfter}
	if der, ok := extension(c, oidCRLPoints); ok {
		if points, err := crlPoints(der); err == nil {
			for _, p := range points {
				id.crlIssuers = append(id.crlIssuers, p.issuers...)
			}
		}
	}
	return id
}
