package shaken

import (
	"bytes"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

func TestRevocation(t *testing.T) {
	p := newPKI(t)
	before, after := at.Add(-48*time.Hour), at.Add(time.Hour)
	other := issue(t, &p.root, "SHAKEN Another CA", true, nil)
	namesake := issue(t, &other, "SHAKEN 711K", false, func(c *x509.Certificate) { c.SerialNumber = p.leaf.cert.SerialNumber })
	falsePA := issue(t, nil, "STI-PA CRL", true, nil)
	stranger := issue(t, nil, "Somebody Else", true, nil)
	byRoot := issue(t, &p.root, "STI-PA CRL", false, func(c *x509.Certificate) { c.KeyUsage, c.SubjectKeyId = x509.KeyUsageCRLSign, []byte{6} })
	noCRLSign := issue(t, &p.root, "STI-PA CRL", false, func(c *x509.Certificate) { c.SubjectKeyId = []byte{5} })
	invalidity, err := asn1.MarshalWithParams(before, "generalized")
	if err != nil {
		t.Fatal(err)
	}
	leaf := func(when time.Time) []revokes { return []revokes{{cert: p.leaf.cert, when: when, reason: 1}} }
	list := func(signer authority, entries []revokes, change func(*x509.RevocationList)) func(*Evidence) {
		return func(ev *Evidence) { ev.CRLs = []*CRL{mustCRL(t, p.crlDER(t, signer, entries, change))} }
	}
	for name, tt := range map[string]struct {
		change  func(*Evidence)
		verdict Verdict
		result  Result
		reason  string
	}{
		"revoked before the call":    {list(p.pa, leaf(before), nil), Invalid, Fail, "its key was lost"},
		"revoked at the call":        {list(p.pa, leaf(at), nil), Invalid, Fail, "before the call"},
		"revoked after the call":     {list(p.pa, leaf(after), nil), Valid, Note, "after the call"},
		"revoked after, lost before": {list(p.pa, []revokes{{p.leaf.cert, after, 1, []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 24}, Value: invalidity}}}}, nil), Valid, Note, "thought to have been lost before"},
		"on hold":                    {list(p.pa, []revokes{{cert: p.leaf.cert, when: before, reason: 6}}, nil), Invalid, Fail, "on hold"},
		"same serial, other issuer":  {list(p.pa, []revokes{{cert: namesake.cert, when: before}}, nil), Valid, Pass, ""},
		"other serial, same issuer":  {list(p.pa, []revokes{{cert: issue(t, &p.inter, "SHAKEN 712L", false, nil).cert, when: before}}, nil), Valid, Pass, ""},
		"second entry":               {list(p.pa, append([]revokes{{cert: namesake.cert, when: before}}, leaf(before)...), nil), Invalid, Fail, "revoked"},
		"its authority was revoked":  {list(p.pa, []revokes{{cert: p.inter.cert, when: before, reason: 2}}, nil), Invalid, Fail, "SHAKEN Intermediate CA"},
		"issuer of an entry goes on for the next": {list(p.pa, append(leaf(before), revokes{cert: p.inter.cert, when: after}), func(l *x509.RevocationList) {
			l.RevokedCertificateEntries[0], l.RevokedCertificateEntries[1] = x509.RevocationListEntry{SerialNumber: big.NewInt(99), RevocationTime: before,
				ExtraExtensions: l.RevokedCertificateEntries[0].ExtraExtensions}, x509.RevocationListEntry{SerialNumber: p.leaf.cert.SerialNumber, RevocationTime: before}
		}), Invalid, Fail, "revoked"},
		"entry without its issuer is the list's": {list(p.pa, leaf(before), func(l *x509.RevocationList) { l.RevokedCertificateEntries[0].ExtraExtensions = nil }), Valid, Pass, ""},

		"signed by another key of the name": {list(falsePA, leaf(before), nil), Indeterminate, Undecided, "not by the authority"},
		"clean but by another key":          {list(falsePA, nil, nil), Indeterminate, Undecided, "not by the authority"},
		"by somebody unknown":               {list(stranger, leaf(before), nil), Indeterminate, Undecided, "no certificate of its issuer"},
		"by the signer's own authority":     {list(p.inter, leaf(before), nil), Invalid, Fail, "revoked"},
		"by an authority that is not named": {list(p.root, leaf(before), nil), Indeterminate, Undecided, "no list speaks of its issuer"},
		"run out":                           {list(p.pa, nil, func(l *x509.RevocationList) { l.NextUpdate = at.Add(-time.Minute) }), Indeterminate, Undecided, "run out"},
		"run out and revoked":               {list(p.pa, leaf(before), func(l *x509.RevocationList) { l.NextUpdate = at.Add(-time.Minute) }), Invalid, Fail, "revoked"},
		"made after the call":               {list(p.pa, nil, func(l *x509.RevocationList) { l.ThisUpdate, l.NextUpdate = at.AddDate(0, 1, 0), at.AddDate(0, 2, 0) }), Valid, Pass, ""},
		"for authorities only": {list(p.pa, nil, func(l *x509.RevocationList) {
			l.ExtraExtensions[0].Value = tlv(0x30, tlv(0x82, []byte{0xff}), tlv(0x84, []byte{0xff}))
		}), Indeterminate,
			Undecided, "no list speaks"},
		"for some reasons only": {list(p.pa, nil, func(l *x509.RevocationList) {
			l.ExtraExtensions[0].Value = tlv(0x30, tlv(0x83, []byte{1, 2}), tlv(0x84, []byte{0xff}))
		}), Indeterminate,
			Undecided, "no list speaks"},
		"signer comes with the list": {func(ev *Evidence) {
			ev.Trust = NewTrust([]*x509.Certificate{p.root.cert})
			raw := append(pemOf(byRoot.cert), pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: p.crlDER(t, byRoot, leaf(before), nil)})...)
			ev.CRLs = []*CRL{mustCRL(t, raw)}
		}, Invalid, Fail, "revoked"},
		"signer comes with the list and leads nowhere": {func(ev *Evidence) {
			raw := append(pemOf(falsePA.cert), pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: p.crlDER(t, falsePA, leaf(before), nil)})...)
			ev.CRLs = []*CRL{mustCRL(t, raw)}
		}, Indeterminate, Undecided, "not to be relied on"},
		"signer may not sign lists": {func(ev *Evidence) {
			ev.Trust = NewTrust([]*x509.Certificate{p.root.cert})
			signing := authority{noCRLSign.cert, noCRLSign.key}
			forGo := *noCRLSign.cert // the standard library would not sign with it
			forGo.KeyUsage = x509.KeyUsageCRLSign
			signing.cert = &forGo
			raw := append(pemOf(noCRLSign.cert), pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: p.crlDER(t, signing, nil, nil)})...)
			ev.CRLs = []*CRL{mustCRL(t, raw)}
		}, Indeterminate, Undecided, "may not sign"},
		"two lists, one good": {func(ev *Evidence) {
			ev.CRLs = []*CRL{nil, mustCRL(t, p.crlDER(t, falsePA, leaf(before), nil)), p.crl(t, nil)}
		}, Valid, Pass, ""},
		"two lists, the later revokes": {func(ev *Evidence) { ev.CRLs = []*CRL{p.crl(t, nil), p.crl(t, leaf(before))} }, Invalid, Fail, "revoked"},
	} {
		t.Run(name, func(t *testing.T) {
			ev := p.evidence(t)
			tt.change(&ev)
			for range 2 { // the second time from memory
				r := Verify(context.Background(), callWith(passport(t, p.leaf.key, shakenJOSE, shakenPayload())+params), ev)
				expect(t, r, tt.verdict, map[CheckName]Result{CheckCRL: tt.result, CheckSignature: Pass})
				if !strings.Contains(r.Check(CheckCRL).Reason, tt.reason) {
					t.Errorf("reason %q, want %q in it", r.Check(CheckCRL).Reason, tt.reason)
				}
			}
		})
	}
}

// A certificate whose distribution point names nobody can be revoked by any
// authority of the trust list.
func TestRevocationWithoutANamedIssuer(t *testing.T) {
	p := newPKI(t)
	leaf := issue(t, &p.inter, "SHAKEN 709J", false, func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: oidTNAuthList, Value: marshalTNAuthList(t, TNAuthList{SPCs: []string{"709J"}})}}
	})
	ev := p.evidence(t)
	ev.Certificates = Files{chainOf(leaf, p.inter)}
	ev.CRLs = []*CRL{p.crl(t, []revokes{{cert: leaf.cert, when: at.Add(-time.Hour)}})}
	r := Verify(context.Background(), callWith(passport(t, leaf.key, shakenJOSE, shakenPayload())+params), ev)
	expect(t, r, Invalid, map[CheckName]Result{CheckCRL: Fail})
}

// The same name in other kinds of string is the same name.
func TestNamesOfOtherEncodings(t *testing.T) {
	rdn := func(tag byte, s string) []byte {
		return tlv(0x30, tlv(0x31, tlv(0x30, []byte{6, 3, 0x55, 4, 3}, str(tag, s))))
	}
	if a, b := nameKey(rdn(0x13, "STI-PA  CRL")), nameKey(rdn(0x0c, "sti-pa crl")); a != b {
		t.Errorf("%q and %q differ", a, b)
	}
	if a, b := nameKey(rdn(0x13, "STI-PA CRL")), nameKey(rdn(0x13, "STI-PA CRM")); a == b {
		t.Error("two names are one")
	}
	if a, b := nameKey([]byte{0x30, 5}), nameKey([]byte{0x30, 6}); a == b {
		t.Error("two unreadable names are one")
	}
}

func TestUnreadableLists(t *testing.T) {
	p := newPKI(t)
	good := p.crlDER(t, p.pa, []revokes{{cert: p.leaf.cert, when: at}}, nil)
	extension := func(id string, critical bool, value []byte) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) {
			l.ExtraExtensions = append(l.ExtraExtensions, pkixExtension(id, critical, value))
		}
	}
	for name, raw := range map[string][]byte{
		"nothing":                    nil,
		"text":                       []byte("<html>404</html>"),
		"cut":                        good[:len(good)/2],
		"PEM without a list":         pemOf(p.root.cert),
		"PEM of nothing":             pem.EncodeToMemory(&pem.Block{Type: "X509 CRL"}),
		"two lists":                  bytes.Repeat(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: good}), 2),
		"changes only":               p.crlDER(t, p.pa, nil, extension("2.5.29.27", true, []byte{2, 1, 1})),
		"unknown critical extension": p.crlDER(t, p.pa, nil, extension("1.3.6.1.4.1.99999.1", true, []byte{5, 0})),
		"unknown critical extension of an entry": p.crlDER(t, p.pa, []revokes{{cert: p.leaf.cert, when: at,
			extra: []pkix.Extension{pkixExtension("1.3.6.1.4.1.99999.1", true, []byte{5, 0})}}}, nil),
		"scope is garbage": p.crlDER(t, p.pa, nil, func(l *x509.RevocationList) { l.ExtraExtensions[0].Value = []byte{0x30, 9} }),
		"issuer of an entry is garbage": p.crlDER(t, p.pa, []revokes{{cert: p.leaf.cert, when: at}}, func(l *x509.RevocationList) {
			l.RevokedCertificateEntries[0].ExtraExtensions[0].Value = []byte{0x30, 2, 0x82, 0}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseCRL(raw); err == nil {
				t.Error("it was read")
			}
		})
	}
	if _, err := ParseCRL(make([]byte, MaxCRLBytes+1)); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Error("a huge list was read: ", err)
	}
	if _, err := ParseCRL(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: good})); err != nil {
		t.Error("PEM was not read: ", err)
	}
}
