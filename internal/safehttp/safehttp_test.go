package safehttp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

func get(t *testing.T, c Config, address string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := New(c).Do(req)
	if err == nil {
		t.Cleanup(func() { res.Body.Close() })
	}
	return res, err
}

// What is not public is not even dialled, by whatever name it goes.
func TestInsideAddressesAreRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialled := make(chan struct{}, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			dialled <- struct{}{}
			c.Close()
		}
	}()
	port := l.Addr().(*net.TCPAddr).String()
	_, port, _ = net.SplitHostPort(port)
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
		"[fe80::1]", "[fc00::1]", "[64:ff9b::7f00:1]", "224.0.0.1", "2130706433", "127.1"} {
		for _, scheme := range []string{"http://", "https://"} {
			if _, err := get(t, Config{Timeout: time.Second}, scheme+host+":"+port+"/"); err == nil {
				t.Errorf("%s%s was asked", scheme, host)
			}
		}
	}
	if len(dialled) > 0 {
		t.Errorf("%d connections reached the inside", len(dialled))
	}
}

func TestPortsAndSchemes(t *testing.T) {
	for _, address := range []string{"https://93.184.215.14:22/", "https://93.184.215.14:25/", "http://93.184.215.14/", "ftp://93.184.215.14/", "https://user:pw@93.184.215.14/", "https:///x"} {
		if _, err := get(t, Config{Timeout: time.Second}, address); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: %v, want ErrAddress", address, err)
		}
	}
}

// An operator's own network may be asked, plain and on any port.
func TestAllowedNetworkIsAsked(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("here")) }))
	defer srv.Close()
	if _, err := get(t, Config{Allow: loopback}, srv.URL); err != nil {
		t.Error(err)
	}
	if _, err := get(t, Config{Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, srv.URL); !errors.Is(err, ErrAddress) {
		t.Errorf("%v, want ErrAddress", err)
	}
}

// A redirect would lead past the look at the address.
func TestRedirectsAreNotFollowed(t *testing.T) {
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "/again", http.StatusFound)
	}))
	defer srv.Close()
	res, err := get(t, Config{Allow: loopback}, srv.URL)
	if err != nil || res.StatusCode != http.StatusFound || asked != 1 {
		t.Errorf("%v, %v after %d requests, want the redirect itself", res, err, asked)
	}
}

// One that is followed leads to an address that is looked at like the first.
func TestRedirectsToTheInside(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.Error("the inside was asked") }))
	defer inside.Close()
	hops := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch hops++; {
		case r.URL.Path == "/inside":
			http.Redirect(w, r, strings.Replace(inside.URL, "127.0.0.1", "127.0.0.2", 1), http.StatusFound)
		case r.URL.Path == "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case r.URL.Path == "/file":
			w.Write([]byte("here"))
		default:
			http.Redirect(w, r, "/file", http.StatusFound)
		}
	}))
	defer srv.Close()
	c := Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Redirects: 2}
	if res, err := get(t, c, srv.URL+"/"); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("%v, %v", res, err)
	}
	if _, err := get(t, c, srv.URL+"/inside"); !errors.Is(err, ErrAddress) {
		t.Errorf("%v, want ErrAddress", err)
	}
	hops = 0
	if res, err := get(t, c, srv.URL+"/round"); err != nil || res.StatusCode != http.StatusFound || hops != 3 {
		t.Errorf("%v, %v after %d requests", res, err, hops)
	}
}

// What is worth asking for again is told from what is not.
func TestFetch(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.URL.Path[1:])
		w.WriteHeader(code)
		w.Write([]byte("here"))
	}))
	f := Fetcher{New(Config{Allow: loopback, Timeout: 2 * time.Second})}
	for code, want := range map[int]cases.Kind{404: cases.KindInvalid, 403: cases.KindInvalid, 302: cases.KindInvalid, 500: cases.KindUnavailable, 503: cases.KindUnavailable, 429: cases.KindUnavailable} {
		if _, err := f.Fetch(t.Context(), fmt.Sprintf("%s/%d", srv.URL, code)); cases.KindOf(err) != want {
			t.Errorf("%d: %v", code, err)
		}
	}
	body, err := f.Fetch(t.Context(), srv.URL+"/200")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if got, err := io.ReadAll(body); err != nil || string(got) != "here" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := (Fetcher{New(Config{})}).Fetch(t.Context(), srv.URL+"/200"); cases.KindOf(err) != cases.KindInvalid {
		t.Errorf("an address inside: %v", err)
	}
	srv.Close()
	if _, err := f.Fetch(t.Context(), srv.URL+"/200"); cases.KindOf(err) != cases.KindUnavailable {
		t.Errorf("a server that is away: %v", err)
	}
}

func TestSilenceEnds(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // and nobody accepts
	started := time.Now()
	if _, err := get(t, Config{Allow: loopback, Timeout: 200 * time.Millisecond}, "http://"+l.Addr().String()); err == nil {
		t.Error("a server that says nothing has answered")
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestCheck(t *testing.T) {
	for address, want := range map[string]string{
		"https://hooks.example.com/x": "", "https://93.184.215.14/": "", "http://hooks.example.com/": "https://", "https://10.1.2.3/": "prohibited", "https://[::1]/": "prohibited",
		"https://u@x.example/": "user name", "mailto:x@y": "https://", "::": "no URL", "https://host./": "dot",
	} {
		err := Config{}.Check(address)
		if (err == nil) != (want == "") || err != nil && (!errors.Is(err, ErrAddress) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
	if err := (Config{Allow: loopback}).Check("http://127.0.0.1:8080/hook"); err != nil {
		t.Error(err)
	}
}
