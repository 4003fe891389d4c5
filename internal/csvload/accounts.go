package csvload

import (
	"bufio"
	"io"
	"net/netip"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

// Batch is how many accounts or numbers a callback gets at most.
const Batch = 1000

// AccountSink takes what a file of accounts holds. A connection never comes
// before its account. An error ends the reading and is returned.
type AccountSink struct {
	Accounts    func([]cases.Account) error
	Connections func([]cases.Connection) error
}

// Accounts reads accounts and their connections. Result.Taken counts both.
func Accounts(r io.Reader, sink AccountSink) (Result, error) {
	var result Result
	t, err := openTable(bufio.NewReader(r), []string{"id", "name"}, []string{"parent_id", "kind", "country", "status", "protected", "email", "opened_at", "closed_reason", "closed_at",
		"connection", "connection_name", "connection_country", "source_ips", "tech_prefix"})
	if err != nil {
		return result, err
	}
	accounts := batcher[cases.Account]{result: &result, size: Batch, take: sink.Accounts}
	connections := batcher[cases.Connection]{result: &result, size: Batch, take: func(in []cases.Connection) error {
		if err := accounts.flush(); err != nil {
			return err
		}
		return sink.Connections(in)
	}}
	last := cases.Account{}
	err = t.each(&result, func(r *row) error {
		a := cases.Account{ID: r.required("id"), Name: r.required("name"), ParentID: r.text("parent_id"),
			Kind:    r.oneOf("kind", "", "reseller", "business", "consumer", "provider"),
			Country: r.country("country"), Status: r.oneOf("status", "active", "active", "closed"), Protected: r.yes("protected"),
			Email: r.email("email"), OpenedAt: r.time("opened_at", true), ClosedReason: r.oneOf("closed_reason", "", "abuse", "nonpayment", "customer", "other"),
			ClosedAt: r.time("closed_at", true)}
		if a.Status != "closed" && (a.ClosedReason != "" || !a.ClosedAt.IsZero()) {
			r.wrong("closed_reason", "and closed_at are of accounts whose status is closed")
		}
		c := r.connection(a.ID)
		if !r.ok() {
			return nil
		}
		// A further connection repeats the account.
		if a != last {
			if err := accounts.add(a); err != nil {
				return err
			}
			last = a
		}
		if c.ID == "" {
			return nil
		}
		return connections.add(c)
	})
	if err != nil {
		return result, err
	}
	if err := accounts.flush(); err != nil {
		return result, err
	}
	return result, connections.flush()
}

func (r *row) email(name string) string {
	s := r.text(name)
	if at := strings.IndexByte(s, '@'); s != "" && (at < 1 || at == len(s)-1 || strings.ContainsAny(s, " ,;<>")) {
		r.wrong(name, "must be one e-mail address")
	}
	return s
}

func (r *row) connection(account string) cases.Connection {
	c := cases.Connection{ID: r.text("connection"), AccountID: account, Name: r.text("connection_name"), Country: r.country("connection_country"),
		SourceIPs: strings.Fields(r.text("source_ips")), TechPrefix: r.text("tech_prefix")}
	if c.ID == "" && (c.Name != "" || c.Country != "" || len(c.SourceIPs) > 0 || c.TechPrefix != "") {
		r.wrong("connection", "is required where the row describes one")
	}
	for _, ip := range c.SourceIPs {
		if _, err := netip.ParseAddr(ip); err == nil {
			continue
		}
		if _, err := netip.ParsePrefix(ip); err != nil {
			r.wrong("source_ips", "must be addresses or networks, separated by spaces")
			break
		}
	}
	if strings.Trim(c.TechPrefix, "0123456789") != "" {
		r.wrong("tech_prefix", "must be digits")
	}
	return c
}
