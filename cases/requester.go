package cases

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// RequesterState says whether it is known who asks for a traceback. Before it is
// verified nothing is answered: call records are customers' data, and a forged
// request is a way to get them.
type RequesterState string

const (
	RequesterUnverified RequesterState = "unverified"
	RequesterVerified   RequesterState = "verified"
	RequesterRefused    RequesterState = "refused"
)

// How a requester was verified.
const (
	VerifiedByMail = "mail" // a known address, DKIM and DMARC
	VerifiedByHand = "hand"
)

// TracebackRequest is a report that asks where calls came from: who asks, and
// by when the answer is due. It belongs to its report and moves with it.
type TracebackRequest struct {
	ReportID   int64 `gorm:"primaryKey;autoIncrement:false"`
	ReporterID int64 `gorm:"->"` // of the report; 0: nobody said who
	State      RequesterState
	Evidence   RequesterEvidence `gorm:"serializer:json"`
	CountsFrom *time.Time        // nil: no limit
	DueAt      *time.Time
	Why        string // what the clock counts from
	ReceivedAt time.Time
	How        string // VerifiedByMail, VerifiedByHand; "" not verified
	Note       string // how it was checked, or why it was refused
	DecidedBy  string // in words; "" nobody has
	DecidedAt  *time.Time
	VerifiedAt *time.Time // when it was first verified: nothing was sent before
}

// Clock is the request's.
func (r TracebackRequest) Clock() Clock {
	c := Clock{Why: r.Why}
	if r.CountsFrom != nil && r.DueAt != nil {
		c.From, c.Due = *r.CountsFrom, *r.DueAt
	}
	return c
}

// RequesterEvidence is what was found about the mail of a request. It holds no
// address.
type RequesterEvidence struct {
	Domain      string   `json:"domain,omitempty"` // of the From address
	Known       string   `json:"known,omitempty"`  // "address" or "@domain": the entry of the list that names it
	Server      string   `json:"server,omitempty"` // who states the results
	DKIM        string   `json:"dkim,omitempty"`
	DKIMDomain  string   `json:"dkim_domain,omitempty"`
	DMARC       string   `json:"dmarc,omitempty"`
	DMARCDomain string   `json:"dmarc_domain,omitempty"`
	Missing     []string `json:"missing,omitempty"` // what keeps it from being verified by itself; empty: nothing
}

// Requesters are the addresses from which traceback requests are expected.
type Requesters struct{ addresses, domains []string }

// ParseRequesters reads addresses and @domains, separated by spaces or commas.
// A domain stands for itself, not for those below it.
func ParseRequesters(list string) (Requesters, error) {
	var r Requesters
	for _, entry := range strings.FieldsFunc(strings.ToLower(list), func(c rune) bool { return c == ' ' || c == ',' || c == '\n' || c == '\t' }) {
		local, domain, ok := strings.Cut(entry, "@")
		switch {
		case !ok || !strings.Contains(domain, ".") || strings.ContainsAny(domain, "@<>*"):
			return Requesters{}, fmt.Errorf("%q is neither an address nor @domain", entry)
		case local == "":
			r.domains = append(r.domains, domain)
		default:
			r.addresses = append(r.addresses, entry)
		}
	}
	return r, nil
}

// known says which entry names an address; "" none.
func (r Requesters) known(address string) string {
	address = strings.ToLower(address)
	if slices.Contains(r.addresses, address) {
		return "address"
	}
	_, domain, ok := strings.Cut(address, "@")
	if ok && slices.Contains(r.domains, domain) {
		return "@" + domain
	}
	return ""
}

// Authenticate says what is known of who sent a request. Nothing is missing only
// of a mail whose From address is listed, and of which one of servers, our own,
// states that DKIM and DMARC passed for the domain of that address. Every other
// door proves nothing about who writes.
func (r Requesters) Authenticate(channel Channel, p Parsed, servers []string) RequesterEvidence {
	if channel != ChannelEmail {
		return RequesterEvidence{Missing: []string{"it did not come by mail, so that nothing proves who sent it"}}
	}
	_, domain, _ := strings.Cut(strings.ToLower(p.Reporter.Email), "@")
	e := RequesterEvidence{Domain: domain, Known: r.known(p.Reporter.Email), Server: p.Auth["server"], DKIM: p.Auth["dkim"], DKIMDomain: p.Auth["dkim_domain"],
		DMARC: p.Auth["dmarc"], DMARCDomain: p.Auth["dmarc_domain"]}
	miss := func(format string, args ...any) { e.Missing = append(e.Missing, fmt.Sprintf(format, args...)) }
	switch {
	case len(r.addresses)+len(r.domains) == 0:
		miss("no requesters are configured")
	case e.Known == "":
		miss("the address is not a known requester’s")
	}
	switch {
	case len(servers) == 0:
		miss("no mail server of ours is named whose results are believed")
	case !slices.ContainsFunc(servers, func(s string) bool { return equalFold(s, e.Server) }):
		miss("no mail server of ours says what DKIM and DMARC gave")
	default:
		if e.DKIM != "pass" {
			miss("DKIM: %s", orNone(e.DKIM))
		} else if !aligned(e.DKIMDomain, domain) {
			miss("DKIM passed for %s, which is not the From domain", orNone(e.DKIMDomain))
		}
		if e.DMARC != "pass" {
			miss("DMARC: %s", orNone(e.DMARC))
		} else if e.DMARCDomain != domain {
			miss("DMARC passed for %s, which is not the From domain", orNone(e.DMARCDomain))
		}
	}
	return e
}

func orNone(s string) string {
	if s == "" {
		return "no result"
	}
	return s
}

// aligned says whether a signing domain speaks for the From domain: the same, or
// one below the other (RFC 7489 section 3.1.1, relaxed, without the list of
// public suffixes: DMARC has asked that already).
func aligned(signed, from string) bool {
	if signed == "" || from == "" || !strings.Contains(signed, ".") {
		return false
	}
	return signed == from || strings.HasSuffix(from, "."+signed) || strings.HasSuffix(signed, "."+from)
}

// Request makes the request of a message that asks for a traceback, verified by
// itself where nothing is missing.
func (r Requesters) Request(m Message, p Parsed, servers []string, clock Clock, now time.Time) TracebackRequest {
	q := TracebackRequest{State: RequesterUnverified, Evidence: r.Authenticate(m.Channel, p, servers), Why: clock.Why, ReceivedAt: m.ReceivedAt}
	if clock.Running() {
		q.CountsFrom, q.DueAt = &clock.From, &clock.Due
	}
	if len(q.Evidence.Missing) == 0 {
		q.State, q.How, q.DecidedBy, q.DecidedAt, q.VerifiedAt = RequesterVerified, VerifiedByMail, System("file").Name, &now, &now
		q.Note = "a known requester’s address, and DKIM and DMARC passed for " + q.Evidence.Domain
	}
	return q
}

// NoteWithheld is the note of what is not sent before a requester is verified.
const NoteWithheld = "nothing is answered before the requester is verified"

// withheld says why nothing may be sent to a requester in a state; "" it may.
func withheld(s RequesterState) string {
	switch s {
	case "", RequesterVerified:
		return ""
	case RequesterRefused:
		return "the requester was refused"
	}
	return NoteWithheld
}

// VerifyRequester is an analyst's word that he knows who asks, and how he
// checked it. Report names a request of the case; with it all requests of the
// same address are verified. It changes rs.
func (c *Case) VerifyRequester(a Actor, now time.Time, rs []TracebackRequest, report int64, how string) error {
	if err := c.mayDecideRequester(a, true); err != nil {
		return err
	}
	if strings.TrimSpace(how) == "" {
		return Invalid(Problem{"how", "say how you checked who asks: whom you called, on which number"})
	}
	if err := needText("how", how); err != nil {
		return err
	}
	return c.decideRequester(a, now, rs, report, "requester.verify", how, func(r *TracebackRequest) error {
		if r.State == RequesterVerified {
			return Conflict("the requester is verified already")
		}
		r.State, r.How = RequesterVerified, VerifiedByHand
		if r.VerifiedAt == nil {
			r.VerifiedAt = &now
		}
		return nil
	})
}

// RefuseRequester says that the request is not from whom it claims, or that it
// cannot be told. A case with nobody else who asks is resolved by it.
func (c *Case) RefuseRequester(a Actor, now time.Time, rs []TracebackRequest, report int64, d Disposition, reason string) error {
	if err := c.mayDecideRequester(a, true); err != nil {
		return err
	}
	if d != DispositionInsufficient && d != DispositionMalicious {
		return Invalid(Problem{"disposition", "a refused request is insufficient or malicious_report"})
	}
	if err := needText("reason", reason); err != nil {
		return err
	}
	err := c.decideRequester(a, now, rs, report, "requester.refuse", reason, func(r *TracebackRequest) error {
		if r.State == RequesterRefused {
			return Conflict("the requester was refused already")
		}
		r.State, r.How = RequesterRefused, ""
		return nil
	})
	if err != nil || slices.ContainsFunc(rs, func(r TracebackRequest) bool { return r.State != RequesterRefused }) {
		return err
	}
	return c.Resolve(a, now, d, reason)
}

// UndoRequester takes back what was decided about a requester. What was sent
// meanwhile stays sent. A case that a refusal resolved is open again.
func (c *Case) UndoRequester(a Actor, now time.Time, rs []TracebackRequest, report int64, reason string) error {
	if err := c.mayDecideRequester(a, false); err != nil {
		return err
	}
	if err := needText("reason", reason); err != nil {
		return err
	}
	refused := false
	err := c.decideRequester(a, now, rs, report, "requester.undo", reason, func(r *TracebackRequest) error {
		if r.State == RequesterUnverified {
			return Conflict("nothing was decided about the requester")
		}
		refused = refused || r.State == RequesterRefused
		r.State, r.How = RequesterUnverified, ""
		return nil
	})
	if err == nil && refused && c.State == StateResolved {
		c.reopen(a, now, reason)
	}
	return err
}

func (c *Case) mayDecideRequester(a Actor, open bool) error {
	if err := Permit(a, CmdVerifyRequester); err != nil {
		return err
	}
	switch {
	case c.Kind != CaseTraceback:
		return Conflict(c.Ref + " is no traceback case")
	case open:
		return c.mustBeOpen()
	case c.MergedInto != 0:
		return Conflict(c.Ref + " was merged into another case; decide there")
	}
	return nil
}

// decideRequester applies change to a request and to all of the same address.
// Report 0 stands for the only requester that there is.
func (c *Case) decideRequester(a Actor, now time.Time, rs []TracebackRequest, report int64, cmd, why string, change func(*TracebackRequest) error) error {
	i := slices.IndexFunc(rs, func(r TracebackRequest) bool { return r.ReportID == report })
	if report == 0 && len(rs) > 0 {
		if slices.ContainsFunc(rs, func(r TracebackRequest) bool { return !sameRequester(r, rs[0]) }) {
			return Invalid(Problem{"report", "several ask in this case; say which report"})
		}
		i = 0
	}
	if i < 0 {
		return Invalid(Problem{"report", "choose a request of this case"})
	}
	of := rs[i]
	if err := change(&of); err != nil { // of the one that is named, so that it says what is wrong
		return err
	}
	for k := range rs {
		if !sameRequester(rs[k], rs[i]) || rs[k].State == of.State && k != i {
			continue
		}
		_ = change(&rs[k]) // allowed: its state differs from the one it gets
		rs[k].Note, rs[k].DecidedBy, rs[k].DecidedAt = why, a.Name, &now
	}
	c.record(now, a, cmd, why, map[string]string{"report": fmt.Sprint(rs[i].ReportID), "state": string(of.State)})
	return nil
}

func sameRequester(a, b TracebackRequest) bool {
	return a.ReportID == b.ReportID || a.ReporterID != 0 && a.ReporterID == b.ReporterID
}
