package shaken

import (
	"crypto/x509"
	"fmt"
	"strings"
	"time"
)

// checkCRL asks whether the certificate, or one above it except the anchor, was
// revoked when the call was made. What a list says that nobody trustworthy
// signed counts for nothing, neither way.
func (t *token) checkCRL(ev Evidence, found *knownPath, at time.Time) {
	switch {
	case t.chain == nil:
		t.report(CheckCRL, Undecided, "Without the certificate its revocation cannot be looked up.")
		return
	case len(ev.CRLs) == 0:
		t.report(CheckCRL, Skipped, "No revocation list is on file for the time of the call, so revocation was not looked at.")
		return
	case ev.Trust == nil || len(ev.Trust.roots) == 0 || at.IsZero():
		t.report(CheckCRL, Undecided, "Without trust list and time the revocation list cannot be relied on.")
		return
	}
	path := []*x509.Certificate{t.chain.Leaf}
	if found != nil {
		path = found.certs
	}
	var notes []string
	for i, cert := range path {
		if i > 0 && i == len(path)-1 {
			break // the anchor is trusted for being on the list
		}
		id := t.chain.identity(cert)
		s := revoked(ev, id, t.chain.Issuers, at)
		whose := "The certificate"
		if i > 0 {
			whose = "The authority " + quote(cert.Subject.CommonName)
		}
		switch {
		case s.revokedAt != nil:
			t.report(CheckCRL, Fail, "%s was revoked on %s, before the call%s.", whose, s.revokedAt.at.UTC().Format(time.RFC3339), because(s.revokedAt.reason))
			return
		case !s.known:
			t.report(CheckCRL, Undecided, "Whether %s was revoked when the call was made is not known: %s.", lowerFirst(whose), s.why)
			return
		case s.later != nil:
			note := fmt.Sprintf("%s was revoked on %s, after the call%s", whose, s.later.at.UTC().Format(time.RFC3339), because(s.later.reason))
			if !s.later.invalid.IsZero() && !s.later.invalid.After(at) {
				note += "; its key is thought to have been lost before the call, on " + s.later.invalid.UTC().Format(time.RFC3339)
			}
			notes = append(notes, note)
		}
	}
	if len(notes) > 0 {
		t.report(CheckCRL, Note, "%s.", strings.Join(notes, ". "))
		return
	}
	t.report(CheckCRL, Pass, "No certificate on the way was revoked when the call was made.")
}

type status struct {
	known     bool
	revokedAt *revocation // in force at the time of the call
	later     *revocation
	why       string // not known
}

// revoked looks a certificate up in every list that may speak of it. A list made
// after the call serves as well, unless the certificate had expired by then: such
// entries are dropped (RFC 5280 section 3.3).
func revoked(ev Evidence, id certID, near []*x509.Certificate, at time.Time) status {
	s := status{why: "no list speaks of its issuer"}
	for _, crl := range ev.CRLs {
		if crl == nil {
			s.why = "the list cannot be read"
			continue
		}
		signedBy, err := crl.signedBy(ev.Trust, near)
		if err != nil {
			s.why = "the list is not to be relied on, " + err.Error()
			continue
		}
		if !crl.governs(id, signedBy, ev.Trust) {
			continue
		}
		if r, ok := crl.find(id); ok {
			s.known = true
			if r.at.After(at) {
				s.later = &r
				continue
			}
			s.revokedAt = &r
			return s
		}
		made, next := crl.list.ThisUpdate, crl.list.NextUpdate
		switch {
		case made.After(at) && made.After(id.notAfter):
			s.why = "the list was made after the certificate had expired"
		case !made.After(at) && !next.IsZero() && at.After(next):
			s.why = "the list had run out on " + next.UTC().Format(time.RFC3339)
		default:
			s.known = true
		}
	}
	return s
}

func because(reason int) string {
	names := map[int]string{1: "its key was lost", 2: "its authority's key was lost", 3: "the affiliation changed", 4: "it was superseded",
		5: "its holder stopped operating", 6: "it was put on hold", 9: "its privilege was withdrawn", 10: "its authority's key was lost"}
	if names[reason] == "" {
		return ""
	}
	return " (" + names[reason] + ")"
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
