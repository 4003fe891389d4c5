package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/safehttp"
	"github.com/abusedesk/abusedesk/internal/sti"
)

// peer serves over https at the port that certificates may be fetched from, on an
// address of its own, and returns who to trust for that.
func peer(t *testing.T, address string, handler http.Handler) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ := net.SplitHostPort(address)
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.ParseIP(host)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", address, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: handler, ReadHeaderTimeout: time.Second}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return pool
}

func TestMaterialsAreFetched(t *testing.T) {
	const at = "https://127.11.7.15:8443"
	var asked []string
	pool := peer(t, "127.11.7.15:8443", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		switch r.URL.Path {
		case "/good.pem":
			rw.Write([]byte("certificates"))
		case "/moved.pem":
			http.Redirect(rw, r, "/good.pem", http.StatusFound)
		case "/large.pem":
			rw.Write(bytes.Repeat([]byte("x"), 101))
		default:
			http.NotFound(rw, r)
		}
	}))
	ours := safehttp.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.11.0.0/16")}, RootCAs: pool}
	for name, tt := range map[string]struct {
		client safehttp.Config
		url    string
		want   string
		kind   error
	}{
		"good":                    {ours, at + "/good.pem", "certificates", nil},
		"a redirect":              {ours, at + "/moved.pem", "", cases.ErrInvalid},
		"larger than is taken":    {ours, at + "/large.pem", "", cases.ErrInvalid},
		"not there":               {ours, at + "/none.pem", "", cases.ErrInvalid},
		"a query":                 {ours, at + "/good.pem?x=1", "", cases.ErrInvalid},
		"another port":            {ours, "https://127.11.7.15:9443/good.pem", "", cases.ErrInvalid},
		"plain":                   {ours, "http://127.11.7.15:8443/good.pem", "", cases.ErrInvalid},
		"an address not allowed":  {safehttp.Config{RootCAs: pool}, at + "/good.pem", "", cases.ErrInvalid},
		"a server nobody vouches": {safehttp.Config{Allow: ours.Allow}, at + "/good.pem", "", cases.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(asked)
			got, err := newMaterials(tt.client).FetchMaterial(context.Background(), tt.url, 100)
			if string(got) != tt.want || !errors.Is(err, tt.kind) {
				t.Errorf("%q, %v; want %q, %v", got, err, tt.want, tt.kind)
			}
			if n := len(asked) - before; n > 1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

func TestTrustListIsChecked(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "roots.pem"), filepath.Join(dir, "bad.pem")
	w, err := sti.New(time.Now(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(good, w.Roots(), 0o600), os.WriteFile(bad, []byte("nothing"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := load(map[string]string{"ABUSEDESK_SHAKEN_ROOTS": good}); err != nil {
		t.Error(err)
	}
	for _, path := range []string{bad, filepath.Join(dir, "none.pem")} {
		if _, err := load(map[string]string{"ABUSEDESK_SHAKEN_ROOTS": path}); err == nil || !strings.Contains(err.Error(), "ABUSEDESK_SHAKEN_ROOTS") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
