package shaken

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

// The call that the tests are about.
const (
	from   = "+12025550143"
	to     = "+12125550199"
	x5u    = "https://certs.example.com/709J.pem"
	origid = "123e4567-e89b-12d3-a456-426655440000"
)

var at = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

// authority can issue certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// pki is a small STI ecosystem: a root, an intermediate, a signer, and the policy
// administrator that revokes.
type pki struct {
	root, inter, pa authority
	leaf            authority
}

var serials int64 = 1 << 62

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func name(cn string) pkix.Name {
	return pkix.Name{Country: []string{"US"}, Organization: []string{"Example"}, CommonName: cn}
}

// issue signs a certificate; a nil issuer makes it self-signed. change may alter
// the template.
func issue(t testing.TB, issuer *authority, cn string, ca bool, change func(*x509.Certificate)) authority {
	t.Helper()
	serials++
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(serials), Subject: name(cn), BasicConstraintsValid: true, IsCA: ca,
		NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if ca {
		tmpl.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	}
	if change != nil {
		change(tmpl)
	}
	key := newKey(t)
	parent, signer := tmpl, key
	if issuer != nil {
		parent, signer = issuer.cert, issuer.key
	}
	return authority{sign(t, tmpl, parent, &key.PublicKey, signer), key}
}

func sign(t testing.TB, tmpl, parent *x509.Certificate, pub crypto.PublicKey, signer crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, pub, signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// certify issues the same certificate for another key.
func certify(t testing.TB, issuer, like authority, pub crypto.PublicKey) *x509.Certificate {
	t.Helper()
	tmpl := *like.cert
	tmpl.ExtraExtensions = tmpl.Extensions
	return sign(t, &tmpl, issuer.cert, pub, issuer.key)
}

// profileLeaf makes the template one of ATIS-1000080.
func profileLeaf(t testing.TB, pa authority, list TNAuthList) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions,
			pkix.Extension{Id: oidTNAuthList, Value: marshalTNAuthList(t, list)},
			pkix.Extension{Id: oidCRLPoints, Value: marshalCRLPoint(t, "https://pa.example.org/crl", pa.cert.RawSubject)})
		oid, err := x509.OIDFromInts([]uint64{2, 16, 840, 1, 114569, 1, 1, 4})
		if err != nil {
			t.Fatal(err)
		}
		c.Policies = []x509.OID{oid}
		c.SubjectKeyId = []byte{1, 2, 3, 4}
	}
}

func newPKI(t testing.TB) *pki {
	t.Helper()
	p := &pki{}
	p.root = issue(t, nil, "SHAKEN Root CA", true, nil)
	p.inter = issue(t, &p.root, "SHAKEN Intermediate CA", true, nil)
	p.pa = issue(t, nil, "STI-PA CRL", true, nil)
	p.leaf = issue(t, &p.inter, "SHAKEN 709J", false, profileLeaf(t, p.pa, TNAuthList{SPCs: []string{"709J"}}))
	return p
}

func (p *pki) trust() *Trust { return NewTrust([]*x509.Certificate{p.root.cert, p.pa.cert}) }

func chainOf(leaf authority, issuers ...authority) *Chain {
	var above []*x509.Certificate
	for _, a := range issuers {
		above = append(above, a.cert)
	}
	return newChain(leaf.cert, above)
}

// evidence is complete, with a revocation list that revokes nothing.
func (p *pki) evidence(t testing.TB) Evidence {
	return Evidence{Certificates: Files{chainOf(p.leaf, p.inter)}, Trust: p.trust(), CRLs: []*CRL{p.crl(t, nil)}}
}

// revokes is an entry of a list.
type revokes struct {
	cert   *x509.Certificate
	when   time.Time
	reason int
	extra  []pkix.Extension
}

// crlDER makes an indirect list by the policy administrator, each entry with the
// issuer of the certificate.
func (p *pki) crlDER(t testing.TB, signer authority, entries []revokes, change func(*x509.RevocationList)) []byte {
	t.Helper()
	list := &x509.RevocationList{
		Number: big.NewInt(7), ThisUpdate: at.Add(-time.Hour), NextUpdate: at.Add(24 * time.Hour),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: []byte{0x30, 3, 0x84, 1, 0xff}}},
	}
	for _, e := range entries {
		ext := append([]pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 29}, Critical: true, Value: generalName(t, e.cert.RawIssuer)}}, e.extra...)
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: e.cert.SerialNumber, RevocationTime: e.when, ReasonCode: e.reason, ExtraExtensions: ext})
	}
	if change != nil {
		change(list)
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, signer.cert, signer.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (p *pki) crl(t testing.TB, entries []revokes) *CRL {
	t.Helper()
	return mustCRL(t, p.crlDER(t, p.pa, entries, nil))
}

func mustCRL(t testing.TB, raw []byte) *CRL {
	t.Helper()
	c, err := ParseCRL(raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// tlv writes one DER element.
func tlv(tag byte, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	switch n := len(body); {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, body...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, body...)
	default:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, body...)
	}
}

func str(tag byte, s string) []byte { return tlv(tag, []byte(s)) }

func generalName(t testing.TB, der []byte) []byte { return tlv(0x30, tlv(0xa4, der)) }

func marshalCRLPoint(t testing.TB, url string, issuer []byte) []byte {
	point := tlv(0xa0, tlv(0xa0, str(0x86, url)))
	if issuer != nil {
		point = append(point, tlv(0xa2, tlv(0xa4, issuer))...)
	}
	return tlv(0x30, tlv(0x30, point))
}

func marshalTNAuthList(t testing.TB, l TNAuthList) []byte {
	var entries [][]byte
	for _, s := range l.SPCs {
		entries = append(entries, tlv(0xa0, str(0x16, s)))
	}
	for _, r := range l.Ranges {
		n, err := asn1.Marshal(r.Count)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, tlv(0xa1, tlv(0x30, str(0x16, r.Start), n)))
	}
	for _, n := range l.Numbers {
		entries = append(entries, tlv(0xa2, str(0x16, n)))
	}
	return tlv(0x30, entries...)
}

// claims and JOSE header as text, so that tests can break them as text.
func shakenPayload() string {
	return fmt.Sprintf(`{"attest":"A","dest":{"tn":["12125550199"]},"iat":%d,"orig":{"tn":"12025550143"},"origid":"%s"}`, at.Unix(), origid)
}

const shakenJOSE = `{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"` + x5u + `"}`

const params = ";info=<" + x5u + ">;alg=ES256;ppt=shaken"

func divJOSE() string { return strings.Replace(shakenJOSE, `"shaken"`, `"div"`, 1) }

func divPayload(div, dest string) string {
	return fmt.Sprintf(`{"dest":{"tn":["%s"]},"div":{"tn":"%s"},"iat":%d,"orig":{"tn":"12025550143"}}`, dest, div, at.Unix())
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// passport signs a token over any text.
func passport(t testing.TB, key *ecdsa.PrivateKey, jose, payload string) string {
	t.Helper()
	signed := b64(jose) + "." + b64(payload)
	return signed + "." + base64.RawURLEncoding.EncodeToString(rawSignature(t, key, signed))
}

func rawSignature(t testing.TB, key *ecdsa.PrivateKey, signed string) []byte {
	t.Helper()
	hash := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
}

func callWith(identity ...string) Call {
	return Call{ID: "call-1", From: from, To: to, At: at, Identity: identity}
}

func pemOf(certs ...*x509.Certificate) []byte {
	var out []byte
	for _, c := range certs {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

// expect compares verdict and the results of the checks that are named.
func expect(t testing.TB, r Report, v Verdict, results map[CheckName]Result) {
	t.Helper()
	if r.Verdict != v {
		t.Errorf("verdict %s, want %s: %s", r.Verdict, v, r.Reason)
	}
	for name, want := range results {
		if got := r.Check(name); got.Result != want {
			t.Errorf("check %s is %s, want %s: %s", name, got.Result, want, got.Reason)
		}
	}
	seen := map[string]bool{}
	for _, c := range r.Checks {
		key := fmt.Sprint(c.Identity, c.Name)
		if seen[key] || c.Reason == "" || c.Result == "" {
			t.Errorf("check %s twice, or empty: %+v", key, c)
		}
		seen[key] = true
	}
	if n := max(1, len(r.Identities)); len(r.Checks) != n*len(Checks()) {
		t.Errorf("%d checks for %d tokens, want every one of %d", len(r.Checks), n, len(Checks()))
	}
	if t.Failed() {
		for _, c := range r.Checks {
			t.Logf("%d %-12s %-14s %s", c.Identity, c.Name, c.Result, c.Reason)
		}
	}
}

func pkixExtension(oid string, critical bool, value []byte) pkix.Extension {
	var id asn1.ObjectIdentifier
	for _, arc := range strings.Split(oid, ".") {
		n := 0
		fmt.Sscan(arc, &n)
		id = append(id, n)
	}
	return pkix.Extension{Id: id, Critical: critical, Value: value}
}

func p384(t testing.TB) *ecdsa.PublicKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &k.PublicKey
}

// negated is n-s: the second valid signature.
func negated(s []byte) []byte {
	n := new(big.Int).Sub(elliptic.P256().Params().N, new(big.Int).SetBytes(s))
	return n.FillBytes(make([]byte, 32))
}

func slicesOf(a authority, n int) []*x509.Certificate {
	out := make([]*x509.Certificate, n)
	for i := range out {
		out[i] = a.cert
	}
	return out
}
