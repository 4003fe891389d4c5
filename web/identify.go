package web

import (
	"net"
	"net/netip"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/auth"
	"github.com/abusedesk/abusedesk/cases"
)

// person returns who is signed in; cases.ErrForbidden when nobody is.
func (s *Server) person(c *gin.Context) (cases.Person, error) {
	id := s.Sessions.GetString(c.Request.Context(), auth.SessionPerson)
	if id == "" {
		return cases.Person{}, errNotSignedIn
	}
	p, err := s.Auth.Person(c.Request.Context(), id)
	if cases.KindOf(err) == cases.KindNotFound {
		return cases.Person{}, errNotSignedIn
	}
	return p, err
}

// bearer returns the key that a request carries, "" for none.
func bearer(c *gin.Context) string {
	scheme, token, ok := strings.Cut(c.GetHeader("Authorization"), " ")
	if ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return ""
}

// keyActor returns who acts with the request's API key.
func (s *Server) keyActor(c *gin.Context) (cases.Actor, error) {
	secret := bearer(c)
	if secret == "" {
		return cases.Actor{}, errNoKey
	}
	a, err := s.Auth.KeyActor(c.Request.Context(), secret)
	if cases.KindOf(err) == cases.KindForbidden {
		return cases.Actor{}, errBadKey
	}
	return a, err
}

// addressKey is what rate limits count by: an IPv4 address, or the /64 that
// one IPv6 customer usually has.
func addressKey(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return "unknown"
	}
	a = a.Unmap()
	if a.Is6() {
		p, err := a.Prefix(64)
		if err == nil {
			return p.String()
		}
	}
	return a.String()
}

// fromLoopback says whether the peer itself, not what a header claims, is on
// this machine.
func fromLoopback(c *gin.Context) bool {
	host, _, err := net.SplitHostPort(c.Request.RemoteAddr)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback() && c.GetHeader("X-Forwarded-For") == ""
}
