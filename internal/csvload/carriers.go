package csvload

import (
	"bufio"
	"io"
	"net/mail"
	"net/url"
	"strings"
	"unicode"

	"github.com/abusedesk/abusedesk/cases"
)

// Carriers reads which carrier answers for which numbers: the digits that they
// begin with, the country code first, and where that carrier takes reports of
// abuse. Of two rows for one prefix the last counts. An error of take ends the
// reading.
func Carriers(r io.Reader, take func([]cases.CarrierPrefix) error) (Result, error) {
	var result Result
	t, err := openTable(bufio.NewReader(r), []string{"prefix", "carrier"}, []string{"abuse_contact"})
	if err != nil {
		return result, err
	}
	rows := batcher[cases.CarrierPrefix]{result: &result, size: Batch, take: take}
	err = t.each(&result, func(r *row) error {
		c := cases.CarrierPrefix{Prefix: r.prefix("prefix"), Carrier: r.line("carrier"), AbuseContact: r.contact("abuse_contact")}
		if r.ok() && c.Carrier == "" {
			r.wrong("carrier", "is required")
		}
		if !r.ok() {
			return nil
		}
		return rows.add(c)
	})
	if err != nil {
		return result, err
	}
	return result, rows.flush()
}

// prefix reads the beginning of E.164 numbers.
func (r *row) prefix(name string) string {
	s := r.required(name)
	if s == "" {
		return ""
	}
	s = strings.TrimPrefix(s, "+")
	switch {
	case s == "" || strings.Trim(s, "0123456789") != "":
		r.wrong(name, "must be digits, as in 1202555 or +44 without the spaces")
	case s[0] == '0':
		r.wrong(name, "must begin with the country code, which never begins with 0")
	case len(s) > 15:
		r.wrong(name, "has %d digits, a number has at most 15", len(s))
	}
	return s
}

// line reads a text that letters quote: one line.
func (r *row) line(name string) string {
	s := r.text(name)
	if strings.ContainsFunc(s, unicode.IsControl) {
		r.wrong(name, "must be one line")
	}
	return s
}

// contact reads a mail address, or a web address.
func (r *row) contact(name string) string {
	s := r.line(name)
	if s == "" {
		return ""
	}
	if a, err := mail.ParseAddress(s); err == nil && a.Address == s {
		return s
	}
	if u, err := url.Parse(s); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
		return s
	}
	r.wrong(name, "must be a mail address or a web address that begins with https://")
	return ""
}
