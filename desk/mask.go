package desk

import (
	"strings"
	"unicode/utf8"

	"github.com/abusedesk/abusedesk/cases"
)

// mask hides who reported but keeps two reporters apart. What the reporter
// wrote stays: it is what analysts work on.
func mask(v *cases.ReportView) {
	v.Details.Mail.ReturnPath = maskAddress(v.Details.Mail.ReturnPath)
	for i := range v.Messages {
		v.Messages[i].Meta.RemoteIP = ""
	}
	r := v.Reporter
	if r == nil {
		return
	}
	r.Email = maskAddress(r.Email)
	if r.Name != "" {
		r.Name = firstRune(r.Name) + "…"
	}
	r.Phone = maskPhone(r.Phone)
}

// maskSending hides who is written to by mail. A conversation is no person's name
// and is where one looks whether something arrived.
func maskSending(s *cases.Sending) {
	if s.Channel != cases.ChannelChat {
		s.To = maskAddress(s.To)
	}
}

// maskPhone leaves the start of the country code and the last two digits of a
// number that is long enough to hide the rest; it need not be a number at all.
func maskPhone(phone string) string {
	r := []rune(phone)
	switch {
	case len(r) == 0:
		return ""
	case len(r) < 8:
		return "…"
	}
	return string(r[:2]) + "…" + string(r[len(r)-2:])
}

func maskAddress(address string) string {
	local, domain, ok := strings.Cut(address, "@")
	if !ok {
		return firstRune(address)
	}
	return firstRune(local) + "…@" + domain
}

func firstRune(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}
