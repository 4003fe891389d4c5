package simulate

import (
	"fmt"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// customer is one line of the table of customers.
type customer struct {
	id, parent, name, kind string
	source                 string // the switch that serves it
	npa                    string
	lines                  int // numbers assigned to it
	protected, closed      bool
}

// customers are the carrier's. Addresses of connections are of the
// documentation ranges (RFC 5737), mail addresses of example.com (RFC 2606).
// The first lines of an area code go to the customers in this order.
var customers = []customer{
	{id: "northtel", name: "Northtel", kind: "reseller", source: SwitchEast},
	{id: "acme-dialers", parent: "northtel", name: "Acme Dialers", kind: "business", source: SwitchEast, npa: "216", lines: 3},
	{id: "brightline-solar", parent: "northtel", name: "Brightline Solar", kind: "business", source: SwitchEast, npa: "614", lines: 2},
	{id: "pine-legal", parent: "northtel", name: "Pine & Hollis Attorneys", kind: "business", source: SwitchEast, npa: "412", lines: 3},
	{id: "harbor-dental", name: "Harbor Dental", kind: "business", source: SwitchWest, npa: "206", lines: 4},
	{id: "cedar-pharmacy", name: "Cedar Pharmacy", kind: "business", source: SwitchEast, npa: "617", lines: 6},
	{id: "maple-bakery", name: "Maple Street Bakery", kind: "business", source: SwitchEast, npa: "413", lines: 2},
	{id: "st-anne", name: "St. Anne Hospital", kind: "business", source: SwitchWest, npa: "503", lines: 8, protected: true},
	{id: "summit-support", name: "Summit Support", kind: "business", source: SwitchWest, npa: "801", lines: 5},
	{id: "oakridge-schools", name: "Oakridge Schools", kind: "business", source: SwitchEast, npa: "704", lines: 3},
	{id: "lakeside-vet", name: "Lakeside Veterinary", kind: "business", source: SwitchWest, npa: "612", lines: 2},
	{id: "old-harbor-books", name: "Old Harbor Books", kind: "business", source: SwitchWest, npa: "612", closed: true},
	{id: "rios-plumbing", name: "Rios Plumbing", kind: "business", source: SwitchWest, npa: "512", lines: 2},
	{id: "j-okafor", name: "J. Okafor", kind: "consumer", source: SwitchEast, npa: "404", lines: 1},
}

// line is number i of a customer.
func (c *Carrier) line(account string, i int) string {
	for k, cu := range customers {
		if cu.id == account {
			return phone(cu.npa, 100*k+i+41)
		}
	}
	panic("no customer " + account)
}

func (c *Carrier) lines(account string) []string {
	var out []string
	for _, cu := range customers {
		for i := 0; cu.id == account && i < cu.lines; i++ {
			out = append(out, c.line(account, i))
		}
	}
	return out
}

// people fills in the customers, their connections and entitlements, and who
// of them plays which part.
func (c *Carrier) people() {
	years := func(n, days int) time.Time { return c.from.AddDate(-n, 0, -days).Truncate(24 * time.Hour) }
	for k, cu := range customers {
		opened := years(1+k%4, 17*k)
		if cu.id == "acme-dialers" { // a new customer, as such callers are
			opened = c.params.Now.AddDate(0, 0, -23).Truncate(24 * time.Hour)
		}
		status := "active"
		if cu.closed {
			status = "closed"
		}
		c.Accounts = append(c.Accounts, cases.Account{ID: cu.id, ParentID: cu.parent, Name: cu.name, Kind: cu.kind, Country: "US", Status: status,
			Protected: cu.protected, Email: "abuse@" + cu.id + ".example.com", OpenedAt: opened})
		if cu.lines > 0 {
			c.Connections = append(c.Connections, connection(k, cu))
		}
		for _, e164 := range c.lines(cu.id) {
			c.Entitlements = append(c.Entitlements, cases.Entitlement{E164: e164, AccountID: cu.id, Kind: cases.EntitlementAssigned, From: opened})
		}
	}
	// The pharmacy also shows the number of its head office, by a letter.
	c.Entitlements = append(c.Entitlements, cases.Entitlement{E164: tollFree(61), AccountID: "cedar-pharmacy", Kind: cases.EntitlementLOA, From: years(1, 0)})

	// One number changed hands two months ago, with a pause as is usual.
	moved := c.params.Now.AddDate(0, 0, -60).Truncate(24 * time.Hour)
	left := moved.AddDate(0, 0, -45)
	number := c.line("old-harbor-books", 0)
	c.Entitlements = append(c.Entitlements,
		cases.Entitlement{E164: number, AccountID: "old-harbor-books", Kind: cases.EntitlementAssigned, From: years(3, 0), Until: &left},
		cases.Entitlement{E164: number, AccountID: "lakeside-vet", Kind: cases.EntitlementAssigned, From: moved})

	c.Cast = Cast{
		Robocaller: "acme-dialers", CampaignCaller: phone("216", 7313), CampaignCallback: tollFree(46),
		SpoofVictim: "maple-bakery", SpoofedNumber: c.line("maple-bakery", 0),
		Hijacked: "harbor-dental", HijackedName: "Harbor Dental", HijackedLine: c.line("harbor-dental", 0),
		Pharmacy: "cedar-pharmacy", PharmacyLine: c.line("cedar-pharmacy", 0),
		Reassigned: number, ReassignedFrom: "old-harbor-books", ReassignedTo: "lakeside-vet",
	}
}

// connection is how a customer's switch reaches ours. Northtel's customers
// come from one address and are told apart by the prefix they dial.
func connection(k int, cu customer) cases.Connection {
	conn := cases.Connection{ID: "sip-" + cu.id, AccountID: cu.id, Name: cu.name + " trunk", Country: "US", SourceIPs: []string{fmt.Sprintf("192.0.2.%d", 10+k)}}
	if cu.parent == "northtel" {
		conn.SourceIPs, conn.TechPrefix = []string{"198.51.100.20"}, fmt.Sprint(7000+k)
	}
	return conn
}
