package intake

import (
	"net"
	"slices"
	"strings"

	"github.com/emersion/go-message"
	"golang.org/x/net/publicsuffix"
)

// authResults returns what the receiving server found of DKIM, SPF and DMARC, as
// it stated in Authentication-Results (RFC 8601): "dkim", "spf" and "dmarc" with
// the result, "dkim_domain", "spf_domain" and "dmarc_domain" with the domain
// that it is about, "server" with the name of who states it.
//
// Anybody can write such a field, so only one server is believed: the first
// of servers that the header has a field of, or, when servers is empty, the
// one of the topmost field, unless the Received field above it was written by
// a server of another domain. Its fields that follow before the next Received
// field belong to it (one for each check is usual); they add and never change
// a result. What stands below is the sender's claim and is not read. This
// relies on the receiving server to remove fields in its own name (RFC 8601
// section 5); where it adds none it must still do that.
func authResults(h message.Header, servers []string) map[string]string {
	r := authReader{servers: servers}
	const most = 200
	n := 0
	for f := h.Fields(); f.Next() && n < most; n++ {
		switch strings.ToLower(f.Key()) {
		case "received":
			if r.found {
				return r.results()
			}
			r.received(f.Value())
		case "authentication-results":
			r.field(f.Value())
		case "received-spf":
			r.receivedSPF(f.Value())
		}
	}
	return r.results()
}

type authReader struct {
	servers []string
	host    string // that wrote the topmost Received field which names one
	hops    int    // Received fields above
	topmost bool   // an Authentication-Results field was seen
	found   bool   // one of who is believed
	server  string
	out     map[string]string
	spf     map[string]string // by Received-SPF (RFC 7208 section 9.1)
}

func (r *authReader) received(value string) {
	r.hops++
	words := strings.Fields(value[:min(len(value), 2048)])
	for i := range words {
		if strings.EqualFold(words[i], "by") && i+1 < len(words) {
			if host := strings.ToLower(strings.Trim(words[i+1], "()[];")); r.host == "" && namesDomain(host) {
				r.host = host
			}
			return
		}
	}
}

func (r *authReader) field(value string) {
	if len(value) > 16<<10 {
		return
	}
	server, results := parseAuth(value)
	switch {
	case r.found && server == r.server:
	case r.found || !r.believed(server):
		r.topmost = true
		return
	default:
		r.found, r.server = true, server
		r.out = map[string]string{}
	}
	r.topmost = true
	for _, method := range []string{"dkim", "spf", "dmarc"} {
		if result := results[method]; result != "" && r.out[method] == "" {
			r.out[method] = result
			if domain := results[method+"_domain"]; domain != "" {
				r.out[method+"_domain"] = domain
			}
		}
	}
}

func (r *authReader) believed(server string) bool {
	switch {
	case len(r.servers) > 0:
		return slices.ContainsFunc(r.servers, func(s string) bool { return strings.EqualFold(s, server) })
	case r.topmost:
		return false
	case r.host == "":
		return true
	case server == "": // Microsoft names none
		return slices.Contains([]string{"outlook.com", "exchangelabs.com", "office365.com"}, organisation(r.host))
	}
	return organisation(server) == organisation(r.host)
}

// receivedSPF reads the topmost Received-SPF above the sender's fields; servers
// write it instead of an Authentication-Results, or beside it.
func (r *authReader) receivedSPF(value string) {
	value = withoutComments(value[:min(len(value), 2048)])
	words := strings.FieldsFunc(value, func(c rune) bool { return c == ' ' || c == '\t' || c == ';' })
	if r.spf != nil || len(words) == 0 || !isResult(words[0]) {
		return
	}
	r.spf = map[string]string{"spf": strings.ToLower(words[0])}
	for _, w := range words[1:] {
		name, v, _ := strings.Cut(w, "=")
		switch v = strings.Trim(v, `"<>`); strings.ToLower(name) {
		case "receiver":
			r.spf["server"] = strings.ToLower(v)
		case "envelope-from":
			r.spf["spf_domain"] = domainOf(v)
		}
	}
	server := r.spf["server"]
	ours := r.hops == 0 || server != "" && organisation(server) == organisation(r.host)
	if len(r.servers) > 0 {
		ours = r.believed(server)
	}
	if !ours {
		r.spf = map[string]string{}
	}
}

func (r *authReader) results() map[string]string {
	out := r.out
	if out["spf"] == "" && r.spf["spf"] != "" {
		if out == nil {
			out = map[string]string{}
		}
		for k, v := range r.spf {
			if v != "" && out[k] == "" {
				out[k] = v
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	if r.server != "" {
		out["server"] = r.server
	}
	if out["server"] == "" {
		out["server"] = r.host
	}
	return out
}

// parseAuth reads one Authentication-Results field. Of several results of one
// method a pass counts: one good signature is enough.
func parseAuth(value string) (server string, results map[string]string) {
	results = map[string]string{}
	for i, clause := range splitOutsideQuotes(withoutComments(value), ';') {
		words := strings.Fields(clause)
		if len(words) == 0 {
			continue
		}
		if i == 0 && !strings.Contains(words[0], "=") {
			server = strings.ToLower(strings.Trim(words[0], `"`))
			continue
		}
		method, result, ok := strings.Cut(clause, "=")
		method, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(method)), "/")
		if words = strings.Fields(result); !ok || len(words) == 0 || method != "dkim" && method != "spf" && method != "dmarc" {
			continue
		}
		result = strings.ToLower(strings.TrimRight(words[0], ","))
		if !isResult(result) || results[method] == "pass" || results[method] != "" && result != "pass" {
			continue
		}
		results[method] = result
		delete(results, method+"_domain")
		for _, w := range words[1:] {
			name, v, _ := strings.Cut(strings.ToLower(w), "=")
			if slices.Contains(authDomains[method], name) && results[method+"_domain"] == "" {
				if domain := domainOf(strings.Trim(v, `"`)); domain != "" {
					results[method+"_domain"] = domain
				}
			}
		}
	}
	return server, results
}

// authDomains are the properties that say what a result is about.
var authDomains = map[string][]string{
	"dkim":  {"header.d", "header.i"},
	"spf":   {"smtp.mailfrom", "smtp.mail", "smtp.helo"},
	"dmarc": {"header.from"},
}

func isResult(s string) bool {
	return s != "" && len(s) <= 20 && strings.IndexFunc(s, func(r rune) bool { return (r|0x20) < 'a' || (r|0x20) > 'z' }) < 0
}

func domainOf(addr string) string {
	domain := strings.ToLower(addr[strings.LastIndexByte(addr, '@')+1:])
	if !strings.Contains(domain, ".") || !plausibleAddress("x@"+domain) {
		return ""
	}
	return domain
}

// withoutComments takes out comments, which nest (RFC 5322 section 3.2.2).
func withoutComments(s string) string {
	var out strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case b == '\\' && i+1 < len(s):
			if i++; depth == 0 {
				out.WriteString(s[i-1 : i+1])
			}
		case b == '"' && depth == 0:
			quoted = !quoted
			out.WriteByte(b)
		case b == '(' && !quoted:
			depth++
		case b == ')' && !quoted && depth > 0:
			if depth--; depth == 0 {
				out.WriteByte(' ')
			}
		case depth == 0:
			out.WriteByte(b)
		}
	}
	return out.String()
}

func splitOutsideQuotes(s string, separator byte) []string {
	var out []string
	from, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == separator && !quoted:
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return append(out, s[from:])
}

// namesDomain says whether a host's name tells whose it is. Addresses, bare
// names and the endings of private networks do not.
func namesDomain(host string) bool {
	if !strings.Contains(host, ".") || net.ParseIP(host) != nil {
		return false
	}
	switch host[strings.LastIndexByte(host, '.')+1:] {
	case "local", "internal", "lan", "localdomain", "localhost", "home", "corp", "intranet", "private", "arpa":
		return false
	}
	return true
}

// organisation is the domain that somebody registered.
func organisation(host string) string {
	if domain, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(strings.TrimSuffix(host, "."))); err == nil {
		return domain
	}
	return host
}
