package calls

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

// path is who handed us the call and whom we handed it to.
func (p *packing) path() {
	if p.absent != "" || p.several() {
		why := cmp.Or(p.absent, whySeveral)
		for _, n := range []cases.PackName{cases.PackUpstream, cases.PackUpContact, cases.PackUpIdentity, cases.PackSourceIP, cases.PackCallID, cases.PackDownstream} {
			p.set(n, "", why)
		}
		return
	}
	first, last := p.records[0], p.records[len(p.records)-1]
	class := cases.PackCall
	switch {
	case first.Peer != "":
		p.upstream(first.Peer)
	case first.Direction == outbound:
		class = cases.PackAccount
		p.set(cases.PackUpstream, "none: a customer of ours made the call", "")
		own := "not applicable: no provider handed us the call, a customer of ours made it"
		p.set(cases.PackUpContact, "", own)
		p.set(cases.PackUpIdentity, "", own)
	default:
		gone := "not in our records: the record of the call does not name the provider that handed it to us"
		p.set(cases.PackUpstream, "", gone)
		p.set(cases.PackUpContact, "", gone)
		p.set(cases.PackUpIdentity, "", gone)
	}
	p.setAs(cases.PackSourceIP, class, first.SourceIP, "not in our records: the record of the call has no source address")
	p.set(cases.PackCallID, first.CallID, "not in our records: the record of the call has no Call-ID")
	down := last.EgressPeer
	for _, c := range p.records {
		down = cmp.Or(down, c.EgressPeer)
	}
	if p.Providers[down].Name != "" && p.Providers[down].Name != down {
		down = p.Providers[down].Name + " (" + down + ")"
	}
	if down == "" && last.Direction == inbound {
		down = "nobody: the called number is one of ours"
	}
	p.set(cases.PackDownstream, down, "not in our records: the record of the call does not say whom it was handed to")
}

// upstream is the provider that handed us the call.
func (p *packing) upstream(id string) {
	r, known := p.Providers[id]
	if !known {
		p.set(cases.PackUpstream, id, "")
		why := "not in our records: " + id + " is not in our list of providers"
		p.set(cases.PackUpContact, "", why)
		p.set(cases.PackUpIdentity, "", why)
		return
	}
	name := cmp.Or(r.Name, id)
	if name != id {
		name += " (" + id + ")"
	}
	p.set(cases.PackUpstream, name, "")
	p.set(cases.PackUpContact, cmp.Or(r.TracebackContact, r.AbuseContact), "not in our records: no contact of "+name+" is on record")
	var ids []string
	rmd := strings.TrimSpace(r.RMD.Number)
	if r.RMD.Status != cases.RMDUnknown {
		rmd = strings.TrimSpace(rmd + " (" + string(r.RMD.Status) + ")")
	}
	for _, x := range []struct{ name, value string }{{"Robocall Mitigation Database", rmd}, {"FRN", r.FRN}, {"OCN", r.OCN}, {"SPC", r.SPC}} {
		if x.value != "" {
			ids = append(ids, x.name+" "+x.value)
		}
	}
	p.set(cases.PackUpIdentity, strings.Join(ids, "; "), "not in our records: neither RMD number nor FRN, OCN or SPC of "+name+" is on record")
}

// customer is who of our customers made the call.
func (p *packing) customer() {
	account := p.parties.Originating
	why := p.absent
	switch {
	case why != "":
	case p.several():
		why = whySeveral
	case account == "" && p.parties.Provider != "":
		why = "not applicable: the call came in from a provider; no customer of ours made it"
	case account == "":
		why = "not in our records: the record of the call names no account"
	}
	value := account
	if p.absent != "" {
		value = "" // what is known of a call whose record is gone is not handed out without it
	}
	if value != "" && len(p.parties.Path) > 0 {
		value += ", below the reseller " + strings.Join(p.parties.Path, ", below ")
	}
	p.set(cases.PackOriginating, value, why)
	name, address, contact := "", p.KYC.Address, ""
	if p.Account != nil {
		name, contact = p.Account.Name, p.Account.Email
	}
	name = cmp.Or(p.KYC.LegalName, name)
	if value == "" {
		name, address, contact = "", "", ""
	}
	missing := func(what string) string {
		// Without its id: a reason is told to those, too, who may not be told the account.
		return cmp.Or(why, "not in our records: no "+what+" of the originating account is on record")
	}
	p.set(cases.PackCustomerName, name, missing("name"))
	p.set(cases.PackCustomerAddr, address, missing("address"))
	p.set(cases.PackCustomerMail, contact, missing("contact"))
}

// beyond is what is no traceback field.
func (p *packing) beyond() {
	var sounds []string
	for _, f := range p.Report.Files {
		if f.Shown() == "audio" {
			sounds = append(sounds, fmt.Sprintf("%s, %d bytes, SHA-256 %s", f.Type, f.Size, f.SHA256))
		}
	}
	p.set(cases.PackRecordings, strings.Join(sounds, "; "), "not in our records: no recording came with what was reported")
	others := ""
	if p.Around != nil && p.ref.From != "" {
		others = fmt.Sprintf("%d calls of our own records showed %s in the 24 hours before and the hour of this one, itself included", *p.Around, p.ref.From)
	}
	p.set(cases.PackOtherCalls, others, cmp.Or(p.absent, "not counted"))
}

// legs are the records of the call as it went over us. Where it is not known whose
// the call was, none is shown.
func (p *packing) legs() []cases.PackLeg {
	if p.absent != "" || p.several() {
		return nil
	}
	var out []cases.PackLeg
	for i, c := range p.records {
		party, customer := c.Peer, false
		if party == "" {
			switch {
			case c.Direction == outbound && i == 0:
				party, customer = "account "+c.AccountID, true
			case c.Direction == inbound:
				party = "not in our records"
			}
		}
		l := cases.PackLeg{Direction: "ingress", Source: c.Source, SourceID: c.SourceID, StartedAt: c.StartedAt, Answered: c.AnsweredAt, Ended: c.EndedAt, From: c.From, To: c.To,
			Party: party, SourceIP: c.SourceIP, CallID: c.CallID, SIPCode: c.SIPCode, Attest: c.Attest, Customer: customer}
		if i == 0 || c.Peer != "" {
			out = append(out, l)
		}
		if c.EgressPeer != "" || i > 0 && c.Peer == "" || i == len(p.records)-1 {
			l.Direction, l.SourceIP, l.Customer = "egress", "", false
			l.Party = cmp.Or(c.EgressPeer, "not in our records")
			if c.EgressPeer == "" && c.Direction == inbound {
				l.Party = "a number of ours"
			}
			out = append(out, l)
		}
	}
	return out
}
