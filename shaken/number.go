package shaken

import "strings"

// identity is a party of a call as a PASSporT names it: a telephone number or,
// failing that, a URI.
type identity struct {
	tn, uri string
	plus    bool // the number was written as E.164
}

// canonicalNumber removes a leading "+" and visual separators (RFC 8224 section
// 8.3) and reports whether what is left may stand in a "tn" claim: 1 to 15 of
// the characters 0-9, * and # (RFC 8226 section 9).
func canonicalNumber(s string) (string, bool) {
	s = strings.TrimPrefix(trimSpace(s), "+")
	if isNumber(s) {
		return s, true
	}
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c) || c == '*' || c == '#':
			b.WriteByte(c)
		case c != ' ' && c != '-' && c != '.' && c != '(' && c != ')':
			return "", false
		}
	}
	return b.String(), isNumber(b.String())
}

func isNumber(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) && s[i] != '*' && s[i] != '#' {
			return false
		}
	}
	return 0 < len(s) && len(s) <= 15
}

// party reads a number or a URI as call records and SIP headers have them.
func party(s string) (identity, bool) {
	s = trimSpace(s)
	if i := strings.LastIndexByte(s, '<'); i >= 0 {
		s, _, _ = strings.Cut(s[i+1:], ">")
	}
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok {
		tn, ok := canonicalNumber(s)
		return identity{tn: tn, plus: strings.HasPrefix(s, "+")}, ok
	}
	scheme = strings.ToLower(scheme)
	user, host, isSIP := strings.Cut(rest, "@")
	if scheme == "tel" {
		user = rest
	} else if scheme != "sip" && scheme != "sips" || !isSIP || host == "" {
		return identity{}, false
	}
	user, _, _ = strings.Cut(user, ";")
	if tn, ok := canonicalNumber(user); ok {
		return identity{tn: tn, plus: strings.HasPrefix(user, "+")}, true
	}
	if scheme == "tel" {
		return identity{}, false
	}
	return identity{uri: canonicalURI(s)}, true
}

// canonicalURI lower-cases scheme and host and drops parameters and headers,
// none of which belong to an identity (RFC 8224 section 8.5).
func canonicalURI(s string) string {
	scheme, rest, _ := strings.Cut(s, ":")
	user, host, ok := strings.Cut(rest, "@")
	if !ok {
		user, host = "", rest
	}
	if i := strings.IndexAny(host, ";?"); i >= 0 {
		host = host[:i]
	}
	if ok {
		user += "@"
	}
	return strings.ToLower(scheme) + ":" + user + strings.ToLower(host)
}

// same compares a party of the call with one that a token names. A number of the
// call that came without "+" may be the ten digits of a North American one.
func (a identity) same(claimed identity) bool {
	if a.uri != "" || claimed.uri != "" {
		return a.uri == claimed.uri && a.tn == claimed.tn
	}
	if a.tn == "" {
		return false
	}
	return a.tn == claimed.tn || !a.plus && len(a.tn) == 10 && a.tn[0] >= '2' && "1"+a.tn == claimed.tn
}

// in reports whether the party is one of several.
func (a identity) in(claimed []identity) bool {
	for _, c := range claimed {
		if a.same(c) {
			return true
		}
	}
	return false
}

func (a identity) String() string {
	if a.uri != "" {
		return a.uri
	}
	if len(a.tn) > 6 && strings.Trim(a.tn, "0123456789") == "" {
		return "+" + a.tn
	}
	return a.tn
}

func list(ids []identity) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id.String()
	}
	return strings.Join(names, ", ")
}
