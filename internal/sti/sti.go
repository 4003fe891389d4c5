// Package sti makes a small world of signed calls: a root and an intermediate
// authority, a policy administrator that revokes, providers with certificates,
// and Identity headers that they sign. It is for tests and the synthetic carrier,
// whose certificates nobody trusts; it checks nothing.
package sti

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Entity has a certificate and its key.
type Entity struct {
	Cert *x509.Certificate
	Key  *ecdsa.PrivateKey
}

// World is an ecosystem. Certificates are valid for a year before and after At.
type World struct {
	Root, Inter, Admin Entity
	At                 time.Time
	CRL                string // address of the revocation list, named by each certificate; "" none
}

// New makes one.
func New(at time.Time, crl string) (*World, error) {
	w := &World{At: at, CRL: crl}
	var err error
	if w.Root, err = w.issue(nil, "SHAKEN Root CA", true, nil); err != nil {
		return nil, err
	}
	if w.Inter, err = w.issue(&w.Root, "SHAKEN Intermediate CA", true, nil); err != nil {
		return nil, err
	}
	w.Admin, err = w.issue(nil, "STI-PA CRL", true, nil)
	return w, err
}

// Provider issues a certificate for a provider code (RFC 8226 section 9). change
// may alter it.
func (w *World) Provider(spc string, change func(*x509.Certificate)) (Entity, error) {
	return w.issue(&w.Inter, "SHAKEN "+spc, false, func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 26}, Value: tlv(0x30, tlv(0xa0, tlv(0x16, []byte(spc))))}}
		if w.CRL != "" {
			point := append(tlv(0xa0, tlv(0xa0, tlv(0x86, []byte(w.CRL)))), tlv(0xa2, tlv(0xa4, w.Admin.Cert.RawSubject))...)
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 31}, Value: tlv(0x30, tlv(0x30, point))})
		}
		if oid, err := x509.OIDFromInts([]uint64{2, 16, 840, 1, 114569, 1, 1, 4}); err == nil {
			c.Policies = []x509.OID{oid}
		}
		if change != nil {
			change(c)
		}
	})
}

func (w *World) issue(by *Entity, name string, authority bool, change func(*x509.Certificate)) (Entity, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 62))
	if err != nil {
		return Entity{}, err
	}
	serial.SetBit(serial, 63, 1)
	t := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{Country: []string{"US"}, Organization: []string{"Example"}, CommonName: name}, BasicConstraintsValid: true, IsCA: authority,
		NotBefore: w.At.AddDate(-1, 0, 0), NotAfter: w.At.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature, SubjectKeyId: serial.Bytes()}
	if authority {
		t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	}
	if change != nil {
		change(t)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Entity{}, err
	}
	parent, signer := t, key
	if by != nil {
		parent, signer = by.Cert, by.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, &key.PublicKey, signer)
	if err != nil {
		return Entity{}, err
	}
	cert, err := x509.ParseCertificate(der)
	return Entity{cert, key}, err
}

// Roots is the trust list as PEM.
func (w *World) Roots() []byte { return PEM(w.Root, w.Admin) }

// Chain is what an x5u address serves for a provider.
func (w *World) Chain(p Entity) []byte { return PEM(p, w.Inter) }

// PEM writes certificates.
func PEM(es ...Entity) []byte {
	var out []byte
	for _, e := range es {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.Cert.Raw})...)
	}
	return out
}

// Revoked makes the administrator's list as of a time, good for a day, with the
// certificates that were revoked then.
func (w *World) Revoked(at time.Time, which ...Entity) ([]byte, error) {
	list := &x509.RevocationList{Number: big.NewInt(at.Unix()), ThisUpdate: at, NextUpdate: at.Add(24 * time.Hour),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: []byte{0x30, 3, 0x84, 1, 0xff}}}} // indirect
	for _, e := range which {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: e.Cert.SerialNumber, RevocationTime: at, ReasonCode: 1,
			ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 29}, Critical: true, Value: tlv(0x30, tlv(0xa4, e.Cert.RawIssuer))}}})
	}
	return x509.CreateRevocationList(rand.Reader, list, w.Admin.Cert, w.Admin.Key)
}

// Token is what a provider signs of a call.
type Token struct {
	X5U      string
	Attest   string // "" leaves it out, as a div token does
	From, To string // E.164 with "+"
	Div      string // E.164: makes it a div token (RFC 8946)
	OrigID   string
	At       time.Time
}

// Identity signs a token and writes the value of the Identity header (RFC 8224,
// RFC 8588).
func Identity(by Entity, t Token) (string, error) {
	tn := func(n string) map[string]any { return map[string]any{"tn": strings.TrimPrefix(n, "+")} }
	ppt := "shaken"
	claims := map[string]any{"dest": map[string]any{"tn": []string{strings.TrimPrefix(t.To, "+")}}, "iat": t.At.Unix(), "orig": tn(t.From)}
	if t.Div != "" {
		ppt, claims["div"] = "div", tn(t.Div)
	} else {
		claims["attest"], claims["origid"] = t.Attest, t.OrigID
	}
	var parts [2]string
	for i, v := range []any{map[string]any{"alg": "ES256", "ppt": ppt, "typ": "passport", "x5u": t.X5U}, claims} {
		b, err := json.Marshal(v) // keys come sorted, as RFC 8225 section 9 wants them
		if err != nil {
			return "", err
		}
		parts[i] = base64.RawURLEncoding.EncodeToString(b)
	}
	signed := parts[0] + "." + parts[1]
	hash := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, by.Key, hash[:])
	if err != nil {
		return "", err
	}
	sig := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return fmt.Sprintf("%s.%s;info=<%s>;alg=ES256;ppt=%s", signed, base64.RawURLEncoding.EncodeToString(sig), t.X5U, ppt), nil
}

// tlv writes one DER element of less than 64 KiB.
func tlv(tag byte, body []byte) []byte {
	switch n := len(body); {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, body...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, body...)
	default:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, body...)
	}
}
