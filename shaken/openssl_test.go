package shaken

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// openssl runs the command and reports whether it succeeded.
func openssl(t testing.TB, dir string, args ...string) (string, bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "openssl", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatalf("openssl, which this is compared with: %v", err)
	}
	return string(out), err == nil
}

func must(t testing.TB, dir string, args ...string) {
	t.Helper()
	if out, ok := openssl(t, dir, args...); !ok {
		t.Fatalf("openssl %s: %s", strings.Join(args, " "), out)
	}
}

func write(t testing.TB, dir, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, dir, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Signatures: what openssl makes is good here, and what is broken is broken there.
func TestSignaturesAgainstOpenSSL(t *testing.T) {
	dir := t.TempDir()
	must(t, dir, "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", "key.pem")
	must(t, dir, "ec", "-in", "key.pem", "-pubout", "-out", "pub.pem")
	block, _ := pem.Decode(read(t, dir, "pub.pem"))
	pub, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	key := pub.(*ecdsa.PublicKey)
	random := rand.New(rand.NewPCG(7, 8225))
	good, bad := 0, 0
	for i := range 40 {
		signed := b64(shakenJOSE) + "." + b64(strings.Replace(shakenPayload(), "0143", fmt.Sprintf("%04d", i), 1))
		write(t, dir, "in", []byte(signed))
		must(t, dir, "dgst", "-sha256", "-sign", "key.pem", "-out", "sig", "in")
		var rs struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(read(t, dir, "sig"), &rs); err != nil {
			t.Fatal(err)
		}
		raw := append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...)
		switch i % 5 {
		case 1: // one bit of the signature
			raw[random.IntN(64)] ^= 1 << random.IntN(8)
		case 2: // one octet of what was signed
			signed = signed[:len(signed)-1-i] + "_" + signed[len(signed)-i:]
			write(t, dir, "in", []byte(signed))
		case 3: // the other valid signature
			copy(raw[32:], negated(raw[32:]))
		case 4: // beyond the order, which openssl must not reduce either
			copy(raw[32*(i%2):], orderP256)
		}
		der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])})
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, "sig", der)
		_, theirs := openssl(t, dir, "dgst", "-sha256", "-verify", "pub.pem", "-signature", "sig", "in")
		ours := verifyES256(key, signed, raw) == nil
		if ours != theirs {
			t.Errorf("case %d: %t here, %t there", i, ours, theirs)
		}
		if ours {
			good++
		} else {
			bad++
		}
	}
	if good < 10 || bad < 10 {
		t.Errorf("%d good and %d bad: nothing was compared", good, bad)
	}
}

// Certificates, TNAuthList and revocation list made by openssl alone are read, and
// a token under them is valid.
func TestEcosystemByOpenSSL(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "conf", []byte(`
oid_section = oids
[oids]
tnauthlist = 1.3.6.1.5.5.7.1.26
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
certificatePolicies = 2.16.840.1.114569.1.1.4
crlDistributionPoints = point
1.3.6.1.5.5.7.1.26 = ASN1:SEQUENCE:tns
[point]
fullname = URI:https://pa.example.org/crl
CRLissuer = dirName:pa
[pa]
C = US
O = Example
CN = STI-PA CRL
[tns]
one = EXPLICIT:0,IA5:709J
two = EXPLICIT:1,SEQUENCE:range
three = EXPLICIT:2,IA5:12025550143
[range]
start = IA5:12125550100
count = INTEGER:100
[ca]
default_ca = pa_ca
[pa_ca]
database = index
crlnumber = crlnumber
default_md = sha256
default_crl_days = 30
`))
	write(t, dir, "index", nil)
	write(t, dir, "crlnumber", []byte("01\n"))
	for _, who := range []string{"root", "leaf", "pa"} {
		must(t, dir, "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", who+".key")
	}
	must(t, dir, "req", "-x509", "-config", "conf", "-extensions", "root", "-key", "root.key", "-subj", "/C=US/O=Example/CN=SHAKEN Root CA", "-days", "100", "-sha256", "-out", "root.pem")
	must(t, dir, "req", "-x509", "-config", "conf", "-extensions", "root", "-key", "pa.key", "-subj", "/C=US/O=Example/CN=STI-PA CRL", "-days", "100", "-sha256", "-out", "pa.pem")
	must(t, dir, "req", "-new", "-config", "conf", "-key", "leaf.key", "-subj", "/C=US/O=Example/CN=SHAKEN 709J", "-out", "leaf.csr")
	must(t, dir, "x509", "-req", "-in", "leaf.csr", "-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "0x1234567890abcdef", "-days", "50", "-sha256", "-extfile", "conf", "-extensions", "leaf", "-out", "leaf.pem")
	must(t, dir, "ca", "-gencrl", "-config", "conf", "-keyfile", "pa.key", "-cert", "pa.pem", "-out", "crl.pem")

	chain, err := ParseChain(read(t, dir, "leaf.pem"))
	if err != nil {
		t.Fatal(err)
	}
	facts := chain.Facts()
	if l := facts.TNAuthList; l == nil || l.SPCs[0] != "709J" || l.Ranges[0] != (NumberRange{"12125550100", 100}) || l.Numbers[0] != "12025550143" {
		t.Fatalf("TNAuthList %+v", facts.TNAuthList)
	}
	trust, err := ParseTrust(append(read(t, dir, "root.pem"), read(t, dir, "pa.pem")...))
	if err != nil {
		t.Fatal(err)
	}
	crl, err := ParseCRL(read(t, dir, "crl.pem"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	signed := b64(shakenJOSE) + "." + b64(strings.Replace(shakenPayload(), strconv.FormatInt(at.Unix(), 10), strconv.FormatInt(now.Unix(), 10), 1))
	write(t, dir, "in", []byte(signed))
	must(t, dir, "dgst", "-sha256", "-sign", "leaf.key", "-out", "sig", "in")
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(read(t, dir, "sig"), &rs); err != nil {
		t.Fatal(err)
	}
	raw := append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...)
	call := callWith(signed + "." + base64.RawURLEncoding.EncodeToString(raw) + params)
	call.At = now
	r := Verify(context.Background(), call, Evidence{Certificates: Files{chain}, Trust: trust, CRLs: []*CRL{crl}})
	expect(t, r, Valid, map[CheckName]Result{CheckCRL: Pass, CheckTNAuthList: Pass, CheckSignature: Pass, CheckPath: Pass})
}

// Paths: the same chains at the same times are good or bad for both.
func TestPathsAgainstOpenSSL(t *testing.T) {
	p := newPKI(t)
	dir := t.TempDir()
	plain := func(issuer *authority, change func(*x509.Certificate)) authority {
		return issue(t, issuer, "SHAKEN 709J", false, change)
	}
	rogue := issue(t, nil, "SHAKEN Root CA", true, nil)
	rogueInter := issue(t, &rogue, "SHAKEN Intermediate CA", true, nil)
	noCA := issue(t, &p.root, "SHAKEN 710J", false, nil)
	short := issue(t, &p.root, "SHAKEN Short CA", true, func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = 0, true })
	below := issue(t, &short, "SHAKEN Too Deep CA", true, nil)
	brief := issue(t, &p.root, "SHAKEN Brief CA", true, func(c *x509.Certificate) { c.NotAfter = at.Add(-time.Hour) })
	mute := issue(t, &p.root, "SHAKEN Mute CA", true, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign })
	critical := func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkixExtension("1.3.6.1.4.1.99999.1", true, []byte{5, 0}))
	}
	write(t, dir, "root.pem", pemOf(p.root.cert))
	trust := NewTrust([]*x509.Certificate{p.root.cert})
	good, bad := 0, 0
	for name, chain := range map[string][]authority{
		"good": {plain(&p.inter, nil), p.inter}, "direct": {plain(&p.root, nil)}, "root beside": {plain(&p.inter, nil), p.root, p.inter}, "missing": {plain(&p.inter, nil)},
		"rogue": {plain(&rogueInter, nil), rogueInter, rogue}, "rogue, our names": {plain(&rogueInter, nil), p.inter}, "no authority": {plain(&noCA, nil), noCA},
		"too long": {plain(&below, nil), below, short}, "short enough": {plain(&short, nil), short}, "expired above": {plain(&brief, nil), brief}, "may not sign": {plain(&mute, nil), mute},
		"critical": {plain(&p.inter, critical), p.inter}, "critical above": {plain(&p.inter, nil), p.inter},
	} {
		var above []byte
		for _, a := range chain[1:] {
			above = append(above, pemOf(a.cert)...)
		}
		write(t, dir, "leaf.pem", pemOf(chain[0].cert))
		write(t, dir, "above.pem", append(above, bytes.Repeat([]byte("\n"), 1)...))
		for _, when := range []time.Time{at, at.AddDate(-2, 0, 0), at.AddDate(2, 0, 0), at.Add(-2 * time.Hour)} {
			args := []string{"verify", "-attime", strconv.FormatInt(when.Unix(), 10), "-CAfile", "root.pem"}
			if len(above) > 0 {
				args = append(args, "-untrusted", "above.pem")
			}
			out, theirs := openssl(t, dir, append(args, "leaf.pem")...)
			_, err := chainOf(chain[0], chain[1:]...).path(trust, when)
			if ours := err == nil; ours != theirs {
				t.Errorf("%s at %s: %v here, there %s", name, when.Format(time.DateOnly), err, out)
			}
			if theirs {
				good++
			} else {
				bad++
			}
		}
	}
	if good < 5 || bad < 20 {
		t.Errorf("%d good and %d bad: nothing was compared", good, bad)
	}
}
