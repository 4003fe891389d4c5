package main

import (
	"bytes"
	"context"
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
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/shaken"
)

// callFiles writes what a call of 14 March 2026 left behind into a folder: the
// header, the chain, the trust list, a revocation list and one that revokes.
func callFiles(t *testing.T) (dir, identity string) {
	t.Helper()
	dir = t.TempDir()
	at := time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	rootKey, leafKey := key(), key()
	create := func(tmpl, parent *x509.Certificate, pub *ecdsa.PrivateKey) *x509.Certificate {
		der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, &pub.PublicKey, rootKey)
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "SHAKEN Root CA"}, NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	root = create(root, root, rootKey)
	leaf := create(&x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "SHAKEN 709J"}, NotBefore: at.AddDate(0, -1, 0), NotAfter: at.AddDate(0, 1, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 26},
			Value: []byte{0x30, 8, 0xa0, 6, 0x16, 4, '7', '0', '9', 'J'}}}}, root, leafKey)

	write := func(name, kind string, ders ...[]byte) {
		var out []byte
		for _, der := range ders {
			out = append(out, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})...)
		}
		if err := os.WriteFile(filepath.Join(dir, name), out, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("chain.pem", "CERTIFICATE", leaf.Raw, root.Raw)
	write("roots.pem", "CERTIFICATE", root.Raw)
	for name, entries := range map[string][]x509.RevocationListEntry{"crl.pem": nil, "revoked.pem": {{SerialNumber: leaf.SerialNumber, RevocationTime: at.Add(-time.Hour)}}} {
		der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: at.Add(-time.Minute), NextUpdate: at.Add(time.Hour),
			RevokedCertificateEntries: entries}, root, rootKey)
		if err != nil {
			t.Fatal(err)
		}
		write(name, "X509 CRL", der)
	}
	write("garbage", "NOTHING", []byte{1})

	enc := base64.RawURLEncoding.EncodeToString
	signed := enc([]byte(`{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"https://certs.example.com/709J.pem"}`)) + "." +
		enc([]byte(`{"attest":"A","dest":{"tn":["12125550199"]},"iat":1773500966,"orig":{"tn":"12025550143"},"origid":"123e4567-e89b-12d3-a456-426655440000"}`))
	hash := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, leafKey, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	identity = signed + "." + enc(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)) + ";info=<https://certs.example.com/709J.pem>;alg=ES256;ppt=shaken"
	if err := os.WriteFile(filepath.Join(dir, "identity"), []byte("Identity: "+identity+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, identity
}

func TestShakenVerify(t *testing.T) {
	dir, identity := callFiles(t)
	for name, tt := range map[string]struct {
		args, in string
		verdict  shaken.Verdict
		check    shaken.CheckName
		result   shaken.Result
	}{
		"everything":           {"--identity D/identity --cert D/chain.pem --roots D/roots.pem --crl D/crl.pem", "", shaken.Valid, shaken.CheckCRL, shaken.Pass},
		"standard input":       {"--identity - --cert D/chain.pem --roots D/roots.pem", identity, shaken.Valid, shaken.CheckCRL, shaken.Skipped},
		"revoked":              {"--identity D/identity --cert D/chain.pem --roots D/roots.pem --crl D/revoked.pem", "", shaken.Invalid, shaken.CheckCRL, shaken.Fail},
		"no certificate":       {"--identity D/identity", "", shaken.Indeterminate, shaken.CheckCertificate, shaken.Undecided},
		"garbage certificate":  {"--identity D/identity --cert D/garbage --roots D/roots.pem", "", shaken.Indeterminate, shaken.CheckCertificate, shaken.Undecided},
		"garbage list":         {"--identity D/identity --cert D/chain.pem --roots D/roots.pem --crl D/garbage", "", shaken.Indeterminate, shaken.CheckCRL, shaken.Undecided},
		"list is a trust list": {"--identity D/identity --cert D/chain.pem --roots D/roots.pem --crl D/roots.pem", "", shaken.Indeterminate, shaken.CheckCRL, shaken.Undecided},
		"forged":               {"--identity - --cert D/chain.pem --roots D/roots.pem", strings.Replace(identity, "eyJhdHR", "eyJbdHR", 1), shaken.Invalid, shaken.CheckSignature, shaken.Fail},
		"nothing":              {"--identity -", "\n", shaken.Absent, shaken.CheckHeader, shaken.Note},
		"verstat":              {"--identity - --verstat TN-Validation-Passed-A", "", shaken.Asserted, shaken.CheckSignature, shaken.Skipped},
		"verstat in its place": {"--identity -", "verstat=TN-Validation-Passed-B", shaken.Asserted, shaken.CheckSignature, shaken.Skipped},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"shaken", "verify", "--from", "+12025550143", "--to", "+12125550199", "--at", "2026-03-14T11:09:30-04:00"},
				strings.Fields(strings.ReplaceAll(tt.args, "D/", dir+"/"))...)
			var out, errOut bytes.Buffer
			if status := run(context.Background(), args, nil, strings.NewReader(tt.in), &out, &errOut); status != 0 {
				t.Fatalf("status %d: %s", status, &errOut)
			}
			var report struct {
				Verdict     shaken.Verdict
				Checks      []shaken.Check
				Passport    json.RawMessage
				Certificate json.RawMessage
			}
			if err := json.Unmarshal(out.Bytes(), &report); err != nil {
				t.Fatalf("%v in %s", err, &out)
			}
			if report.Verdict != tt.verdict || len(report.Checks) != len(shaken.Checks()) || report.Passport == nil || report.Certificate == nil {
				t.Errorf("verdict %s, want %s: %s", report.Verdict, tt.verdict, &out)
			}
			for _, c := range report.Checks {
				if c.Name == tt.check && c.Result != tt.result || c.Reason == "" {
					t.Errorf("%s: %s, want %s: %s", c.Name, c.Result, tt.result, c.Reason)
				}
			}
		})
	}
}

func TestShakenUsage(t *testing.T) {
	dir, _ := callFiles(t)
	call := "shaken verify --from +12025550143 --to +12125550199 --at 2026-03-14T15:09:26Z "
	for args, want := range map[string]int{
		"shaken verify":                 2,
		call:                            2, // no header
		call + "--identity D/not-there": 2,
		call + "--identity D/identity --cert D/not-there":                                       2,
		call + "--identity D/identity --roots D/garbage":                                        2,
		call + "--identity D/identity --crl D/not-there":                                        2,
		strings.Replace(call, "T15", " 15", 1) + "--identity D/identity":                        2,
		strings.Replace(call, "2026-03-14T15:09:26Z", "yesterday", 1) + "--identity D/identity": 2,
		"shaken inspect D/chain.pem":                                                            0,
		"shaken inspect D/garbage":                                                              1,
		"shaken inspect D/not-there":                                                            2,
	} {
		var out, errOut bytes.Buffer
		if got := run(context.Background(), strings.Fields(strings.ReplaceAll(args, "D/", dir+"/")), nil, strings.NewReader(""), &out, &errOut); got != want {
			t.Errorf("%s: status %d, want %d: %s", args, got, want, &errOut)
		}
		if want != 0 && (out.Len() > 0 || strings.Count(strings.TrimSpace(errOut.String()), "\n") > 0) {
			t.Errorf("%s: more than one line on standard error, or something on standard output: %s%s", args, &errOut, &out)
		}
	}
}

func TestShakenInspect(t *testing.T) {
	dir, _ := callFiles(t)
	var out, errOut bytes.Buffer
	if status := run(context.Background(), []string{"shaken", "inspect", filepath.Join(dir, "chain.pem")}, nil, nil, &out, &errOut); status != 0 {
		t.Fatalf("status %d: %s", status, &errOut)
	}
	var facts shaken.CertificateFacts
	if err := json.Unmarshal(out.Bytes(), &facts); err != nil {
		t.Fatal(err)
	}
	if facts.Subject != "CN=SHAKEN 709J" || facts.TNAuthList == nil || facts.TNAuthList.SPCs[0] != "709J" || len(facts.Issuers) != 1 || len(facts.Findings) == 0 {
		t.Errorf("%+v", facts)
	}
}
