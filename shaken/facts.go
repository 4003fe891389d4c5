package shaken

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"time"
)

// Passport is what a token says, as far as it can be read. That it is here does
// not mean that it is true: see the checks.
type Passport struct {
	Type   string     `json:"ppt"` // shaken, div, div-o, "" for none, or another
	Form   string     `json:"form"`
	Alg    string     `json:"alg,omitempty"`
	X5U    string     `json:"x5u,omitempty"`
	Attest string     `json:"attest,omitempty"`
	Orig   string     `json:"orig,omitempty"`
	Dest   []string   `json:"dest,omitempty"`
	Div    string     `json:"div,omitempty"`
	OrigID string     `json:"origid,omitempty"`
	Iat    *time.Time `json:"iat,omitempty"` // UTC
}

func (t *token) passport() *Passport {
	if t.jose == nil && t.payload == nil {
		return nil
	}
	p := &Passport{Type: t.ppt, Form: "full", X5U: t.x5u, Attest: t.claims.attest, Orig: t.claims.orig.String(),
		Div: t.claims.div.String(), OrigID: t.claims.origid}
	if t.header.Compact() {
		p.Form = "compact"
	}
	if t.jose != nil {
		if v := t.jose.get("alg"); v != nil && v.kind == kindString {
			p.Alg = v.text
		}
	}
	for _, d := range t.claims.dest {
		p.Dest = append(p.Dest, d.String())
	}
	if t.claims.hasIat {
		iat := time.Unix(t.claims.iat, 0).UTC()
		p.Iat = &iat
	}
	return p
}

// CertificateFacts describe a certificate to people and programs.
type CertificateFacts struct {
	Subject     string           `json:"subject"`
	Issuer      string           `json:"issuer"`
	Serial      string           `json:"serial"` // hexadecimal
	NotBefore   time.Time        `json:"not_before"`
	NotAfter    time.Time        `json:"not_after"`
	SHA256      string           `json:"sha256"` // of the certificate, hexadecimal
	Key         string           `json:"key"`    // such as P-256
	Authority   bool             `json:"authority"`
	TNAuthList  *TNAuthList      `json:"tnauthlist,omitempty"`
	Constraints []Constraints    `json:"constraints,omitempty"`
	CRL         *CRLPlace        `json:"crl,omitempty"`
	Policies    []string         `json:"policies,omitempty"`
	Findings    []string         `json:"findings,omitempty"` // deviations from ATIS-1000080
	Issuers     []IssuingSummary `json:"issuers,omitempty"`  // served beside it
}

// CRLPlace says where a certificate would be revoked, and by whom.
type CRLPlace struct {
	URLs   []string `json:"urls,omitempty"`
	Issuer string   `json:"issuer,omitempty"`
}

// IssuingSummary names one of the other certificates of a file.
type IssuingSummary struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Serial    string    `json:"serial"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	SHA256    string    `json:"sha256"`
}

func (t *token) certificate() *CertificateFacts {
	if t.chain == nil {
		return nil
	}
	return &t.chain.facts
}

// Facts describes the chain's first certificate and names the others. Reports
// share what it returns: do not change it.
func (c *Chain) Facts() CertificateFacts { return c.facts }

func (c *Chain) describe() CertificateFacts {
	leaf := c.Leaf
	f := CertificateFacts{
		Subject: leaf.Subject.String(), Issuer: leaf.Issuer.String(), Serial: serial(leaf),
		NotBefore: leaf.NotBefore.UTC(), NotAfter: leaf.NotAfter.UTC(), SHA256: digest(leaf), Key: keyName(leaf),
		Authority: leaf.IsCA, Constraints: c.limits.lists, Findings: c.findings,
	}
	if r := c.rights[0]; r.present && r.err == nil {
		f.TNAuthList = &r.list
	}
	for _, p := range leaf.PolicyIdentifiers {
		f.Policies = append(f.Policies, p.String())
	}
	if der, ok := extension(leaf, oidCRLPoints); ok {
		if points, err := crlPoints(der); err == nil && len(points) > 0 {
			f.CRL = &CRLPlace{URLs: points[0].urls, Issuer: points[0].name}
		}
	}
	for _, o := range c.Issuers {
		f.Issuers = append(f.Issuers, IssuingSummary{Subject: o.Subject.String(), Issuer: o.Issuer.String(), Serial: serial(o),
			NotBefore: o.NotBefore.UTC(), NotAfter: o.NotAfter.UTC(), SHA256: digest(o)})
	}
	return f
}

func serial(c *x509.Certificate) string { return fmt.Sprintf("%x", c.SerialNumber) }

func digest(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

func keyName(c *x509.Certificate) string {
	if key, ok := c.PublicKey.(*ecdsa.PublicKey); ok {
		return key.Params().Name
	}
	return c.PublicKeyAlgorithm.String()
}
