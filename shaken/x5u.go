package shaken

import (
	"errors"
	"net/url"
	"strings"
)

// MaxX5UBytes bounds the address of a certificate.
const MaxX5UBytes = 2048

// X5UPolicy says whether a certificate may be fetched from an address, and if not
// why: https, port 443 or 8443, a host, no userinfo, query or fragment
// (ATIS-1000074). It looks at the text only. That the host does
// not lead into a private network is for the client to check when it dials,
// for a name can change its address.
func X5UPolicy(address string) error {
	if len(address) > MaxX5UBytes {
		return errors.New("the address is too long")
	}
	for i := range len(address) {
		if c := address[i]; c <= ' ' || c >= 0x7f || c == '\\' {
			return errors.New("the address has a character that does not belong there")
		}
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return errors.New("the address cannot be read")
	case u.Scheme != "https":
		return errors.New("the address is not https")
	case u.Opaque != "" || u.Hostname() == "":
		return errors.New("the address has no host")
	case strings.Contains(u.Host, "@") || u.User != nil:
		return errors.New("the address has userinfo")
	case strings.Contains(address, "?"):
		return errors.New("the address has a query")
	case strings.Contains(address, "#"):
		return errors.New("the address has a fragment")
	case strings.HasSuffix(u.Host, ":"):
		return errors.New("the address has an empty port")
	case u.Port() != "" && u.Port() != "443" && u.Port() != "8443":
		return errors.New("the port is neither 443 nor 8443")
	}
	return nil
}

func (t *token) checkX5U() {
	if t.x5u == "" {
		t.report(CheckX5U, Undecided, "The token does not say where its certificate is.")
	} else if err := X5UPolicy(t.x5u); err != nil {
		t.report(CheckX5U, Fail, "The certificate's address is not allowed: %s.", err)
	} else {
		t.report(CheckX5U, Pass, "The certificate's address is allowed: https, an allowed port, and nothing else in it.")
	}
}
