// Package safehttp makes HTTP clients for addresses that somebody else chose:
// where webhooks go, where a chat keeps its files, where a certificate is. It
// must not know what is asked or answered.
package safehttp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// Config is what a client may do. The zero value lets it ask public addresses
// over https on ports 443 and 8443.
type Config struct {
	// Allow are networks of the operator's own that may be asked although they
	// are not public, on any port and over plain http too: a chat on the same
	// machine, a hook inside the house.
	Allow []netip.Prefix
	// Timeout bounds a request from the dial to the end of its body; 0 is ten seconds.
	Timeout time.Duration
	// Redirects is how many are followed, each to an address that is looked at like
	// the first; else the redirect itself is the answer.
	Redirects int
	// RootCAs are whose certificates of servers are believed; nil: the system's.
	RootCAs *x509.CertPool
}

// ErrAddress says that a request was not made, because its address is none that
// may be asked. Trying again is useless.
var ErrAddress = errors.New("this address may not be asked")

// maxHeader bounds the header of an answer.
const maxHeader = 64 << 10

// New returns a client that looks at the address it dials, after the name was
// resolved, so that a name cannot point to something else between the look and
// the dial (DNS rebinding). It uses no proxy and keeps no cookies. How much of a body is read is the caller's to bound. Safe for
// concurrent use.
func New(c Config) *http.Client {
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	guard := ssrf.New(ssrf.WithPorts(443, 8443))
	transport := func(public func(network, address string, c syscall.RawConn) error) *http.Transport {
		dialer := &net.Dialer{Timeout: c.Timeout / 2, Control: func(network, address string, rc syscall.RawConn) error {
			if ap, err := netip.ParseAddrPort(address); err == nil && c.allows(ap.Addr().Unmap()) {
				return nil
			}
			if err := public(network, address, rc); err != nil {
				return fmt.Errorf("%w: %w", ErrAddress, err)
			}
			return nil
		}}
		return &http.Transport{DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute,
			TLSClientConfig: &tls.Config{RootCAs: c.RootCAs}, TLSHandshakeTimeout: c.Timeout / 2, MaxResponseHeaderBytes: maxHeader}
	}
	plain := func(string, string, syscall.RawConn) error {
		return errors.New("plain http is for allowed networks only")
	}
	return &http.Client{
		Timeout:   c.Timeout,
		Transport: schemes{https: transport(guard.Safe), http: transport(plain)},
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > c.Redirects {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
}

func (c Config) allows(a netip.Addr) bool {
	for _, p := range c.Allow {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// schemes keeps connections that may be plain apart from those that may not.
type schemes struct{ https, http *http.Transport }

func (s schemes) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := check(r.URL); err != nil {
		return nil, err
	}
	if r.URL.Scheme == "https" {
		return s.https.RoundTrip(r)
	}
	return s.http.RoundTrip(r)
}

// Check says what is wrong with an address before anything is asked of it, so
// that whoever typed it learns at once. The address that its name leads to is
// looked at again with each request.
func (c Config) Check(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("%w: it is no URL", ErrAddress)
	}
	if err := check(u); err != nil {
		return err
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		if u.Scheme == "http" && len(c.Allow) == 0 {
			return fmt.Errorf("%w: it must begin with https://", ErrAddress)
		}
		return nil // a name, which is looked at when it is dialled
	}
	if c.allows(ip.Unmap()) {
		return nil
	}
	if u.Scheme == "http" {
		return fmt.Errorf("%w: it must begin with https://", ErrAddress)
	}
	if err := ssrf.New().SafeAddr(ip.Unmap()); err != nil {
		return fmt.Errorf("%w: %w", ErrAddress, err)
	}
	return nil
}

func check(u *url.URL) error {
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%w: it must begin with https://", ErrAddress)
	case u.Hostname() == "":
		return fmt.Errorf("%w: it names no server", ErrAddress)
	case u.User != nil:
		return fmt.Errorf("%w: it has a user name in it", ErrAddress)
	case strings.HasSuffix(u.Hostname(), "."):
		return fmt.Errorf("%w: its server's name ends with a dot", ErrAddress)
	}
	return nil
}
