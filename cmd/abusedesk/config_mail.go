package main

import (
	"net/mail"
	"slices"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

// colleagues reads the addresses of people at the desk: separated by commas or
// spaces, lower case, each once. Our own address is refused: a letter to it would
// be read as a report.
func (c *config) colleagues(name, list string, bad func(name, format string, args ...any)) []string {
	var out []string
	for _, a := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		p, err := mail.ParseAddress(a)
		switch {
		case err != nil || p.Name != "" || p.Address != a:
			bad(name, "%q is not a mail address; separate several with commas", a)
		case cases.IsOurs(a, bare(c.MailFrom)):
			bad(name, "%q is the address that mail is sent from: what goes there comes back as a report", a)
		case !slices.Contains(out, strings.ToLower(a)):
			out = append(out, strings.ToLower(a))
		}
	}
	return out
}

// bare is the address in "Name <address>", or what there is.
func bare(from string) string {
	if p, err := mail.ParseAddress(from); err == nil {
		return p.Address
	}
	return from
}
