package shaken

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
)

// profile lists how a signing certificate deviates from ATIS-1000080 section
// 6.4.1. Nearly every certificate in use deviates somewhere, so a deviation is a
// finding and no more.
func profile(c *x509.Certificate, r rights) []string {
	var found []string
	unless := func(ok bool, format string, args ...any) {
		if !ok {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	unless(c.Version == 3, "the version is %d, not 3", c.Version)
	unless(c.SerialNumber.Sign() > 0 && c.SerialNumber.BitLen() >= 56 && c.SerialNumber.BitLen() <= 159,
		"the serial number is not positive, of about 64 random bits and at most 20 octets")
	unless(c.SignatureAlgorithm == x509.ECDSAWithSHA256, "it is not signed with ECDSA and SHA-256")
	key, ok := c.PublicKey.(*ecdsa.PublicKey)
	unless(ok && key.Curve == elliptic.P256(), "the key is not on the curve P-256")

	unless(len(c.Subject.Country) == 1 && len(c.Subject.Organization) == 1 && c.Subject.CommonName != "",
		"the subject lacks country, organization or common name, or repeats one")
	spc := ""
	if len(r.list.SPCs) == 1 {
		spc = r.list.SPCs[0]
	}
	unless(strings.Contains(c.Subject.CommonName, "SHAKEN") && spc != "" && strings.Contains(c.Subject.CommonName, spc),
		"the common name does not have SHAKEN and the provider code")

	unless(!c.IsCA, "it is an authority's certificate")
	unless(c.BasicConstraintsValid, "basic constraints are missing")
	unless(c.KeyUsage == x509.KeyUsageDigitalSignature, "the key usage is not digital signature alone")
	unless(len(c.SubjectKeyId) > 0, "the subject key identifier is missing")
	unless(len(c.AuthorityKeyId) > 0, "the authority key identifier is missing")
	for _, e := range c.Extensions {
		id := e.Id.String()
		critical := id == "2.5.29.15" || id == "2.5.29.19"
		unless(critical || !e.Critical, "the extension %s is critical", id)
		unless(!critical || e.Critical || id != "2.5.29.15", "the key usage is not critical")
		known := slices.Contains([]string{"2.5.29.14", "2.5.29.15", "2.5.29.19", "2.5.29.31", "2.5.29.32", "2.5.29.35"}, id)
		unless(known || handled(e.Id), "the extension %s is not in the profile", id)
	}

	found = append(found, profilePolicies(c)...)
	found = append(found, profilePoints(c)...)
	return append(found, profileRights(r)...)
}

// profilePolicies wants one policy, and that of the STI-PA: the arc
// 2.16.840.1.114569.1.1 has one number for each version of the policy.
func profilePolicies(c *x509.Certificate) []string {
	switch {
	case len(c.PolicyIdentifiers) != 1:
		return []string{fmt.Sprintf("it names %d certificate policies, not one", len(c.PolicyIdentifiers))}
	case !strings.HasPrefix(c.PolicyIdentifiers[0].String()+".", "2.16.840.1.114569.1.1."):
		return []string{"its certificate policy " + c.PolicyIdentifiers[0].String() + " is not one of the STI-PA"}
	}
	return nil
}

// profilePoints wants one place for the revocation list, with the name of the
// authority that issues it: the list is indirect.
func profilePoints(c *x509.Certificate) []string {
	der, ok := extension(c, oidCRLPoints)
	if !ok {
		return []string{"it does not say where it would be revoked"}
	}
	points, err := crlPoints(der)
	switch {
	case err != nil:
		return []string{"its CRL distribution points cannot be read"}
	case len(points) != 1 || len(points[0].urls) != 1:
		return []string{"it names more or less than one place for the revocation list"}
	case len(points[0].issuers) == 0:
		return []string{"it does not name the issuer of the revocation list"}
	}
	return nil
}

func profileRights(r rights) []string {
	switch {
	case !r.present:
		return []string{"the TNAuthList is missing"}
	case r.err != nil:
		return []string{"the TNAuthList cannot be read"}
	case len(r.list.SPCs) != 1 || len(r.list.Ranges)+len(r.list.Numbers) > 0:
		return []string{"the TNAuthList is not one provider code alone"}
	case strings.Trim(r.list.SPCs[0], "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "":
		return []string{"the provider code has other than digits and capitals"}
	}
	return nil
}

// profilePath lists deviations of the certificates above.
func profilePath(path []*x509.Certificate) []string {
	var found []string
	for i, c := range path {
		if i == 0 {
			continue
		}
		if key, ok := c.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
			found = append(found, "the key of "+quote(c.Subject.CommonName)+" is not on the curve P-256")
		}
		if _, ok := extension(c, oidTNAuthList); ok {
			found = append(found, quote(c.Subject.CommonName)+" is an authority with a TNAuthList")
		}
	}
	if len(path) > 1 && bytes.Equal(path[0].RawIssuer, path[0].RawSubject) {
		found = append(found, "it names itself as its issuer")
	}
	return found
}

func (t *token) checkProfile(path *knownPath) {
	if t.chain == nil {
		t.report(CheckProfile, Skipped, "There is no certificate to compare with the profile.")
		return
	}
	found := t.chain.findings
	if path != nil {
		found = slices.Concat(found, path.deviations)
	}
	if len(found) == 0 {
		t.report(CheckProfile, Pass, "The certificate is as ATIS-1000080 section 6.4.1 has it.")
		return
	}
	t.report(CheckProfile, Note, "The certificate deviates from ATIS-1000080 section 6.4.1: %s.", strings.Join(found, "; "))
}
