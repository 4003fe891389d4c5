package calls

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

var packAt = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// transit is a call that came in from a provider and left by another, in two
// records, and packed is it with all that can be known.
func transit() []cases.Call {
	answered, ended := packAt.Add(4*time.Second), packAt.Add(35*time.Second)
	return []cases.Call{
		{Source: "sbc", SourceID: "out", CorrelationID: "x1", AccountID: "", Direction: outbound, From: "+17244428039", To: "+13035550101", EgressPeer: "carrier-z", CallID: "b@us",
			StartedAt: packAt.Add(time.Second), AnsweredAt: &answered, EndedAt: &ended, SIPCode: 200, Attest: "B"},
		{Source: "sbc", SourceID: "in", CorrelationID: "x1", Direction: inbound, From: "+17244428039", To: "+13035550101", Peer: "carrier-x", SourceIP: "198.51.100.7", CallID: "a@them",
			StartedAt: packAt, AnsweredAt: &answered, EndedAt: &ended, SIPCode: 200, Attest: "A", Identity: "eyJ.x.y;info=<https://cert.example/1.pem>", PAI: "+12025550143"},
		{Source: "sbc", SourceID: "other", CorrelationID: "x2", Direction: inbound, From: "+17244428039", To: "+13035550101", Peer: "carrier-q", StartedAt: packAt.Add(10 * time.Second), SIPCode: 486},
	}
}

func packed(c cases.CallRef, p cases.Parties, records ...cases.Call) PackedCall {
	return PackedCall{
		Report:  cases.ReportView{Report: cases.Report{ID: 9, Details: cases.Details{Traceback: &cases.Traceback{Reference: "TB-1", Campaign: "SSA"}}}},
		Asked:   cases.TracedCall{Caller: "+17244428039", Called: "+13035550101", At: cases.TimeRange{Earliest: packAt, Latest: packAt.Add(time.Minute)}},
		Finding: &cases.Finding{Kind: cases.FindingTraced, Verdict: "confirmed", Summary: "We carried it.", Data: cases.FindingData{Calls: []cases.CallRef{c}, Matched: 1, Parties: &p}},
		Records: records,
	}
}

func refOf(c cases.Call) cases.CallRef {
	return cases.CallRef{Source: c.Source, SourceID: c.SourceID, StartedAt: c.StartedAt, From: c.From, To: c.To, Confidence: 0.99, Reason: "both numbers match, at the stated time"}
}

func packTexts(p cases.Pack, names ...cases.PackName) map[cases.PackName]string {
	out := map[cases.PackName]string{}
	for _, n := range names {
		out[n] = p.Calls[0].Fields[n].Text()
	}
	return out
}

// A call in transit: legs in order, the provider that handed it to us with its
// identity, and no customer accused.
func TestPackOfACallInTransit(t *testing.T) {
	records := transit()
	in := packed(refOf(records[0]), cases.Parties{Provider: "carrier-x"}, records...)
	in.Providers = map[string]cases.Provider{"carrier-x": {ID: "carrier-x", Name: "Carrier X", TracebackContact: "trace@x.example", FRN: "0012345678", OCN: "123A", SPC: "709J",
		RMD: cases.RMD{Number: "RMD0001410", Status: cases.RMDListed}}}
	in.Identity = &cases.Finding{Verdict: "valid", Summary: "Signed by 709J."}
	in.Account = &cases.Account{ID: "acct-7", Name: "Acme", Email: "noc@acme.example"} // looked up by mistake: it must not be named
	c := cases.Case{Ref: "AB-2026-000001", Kind: cases.CaseTraceback, Facts: cases.Facts{Traceback: &cases.TracebackFacts{Reference: "TB-1"}}}
	p := PackOf(c, []PackedCall{in})
	want := map[cases.PackName]string{
		cases.PackReference: "TB-1", cases.PackCampaign: "SSA", cases.PackCalling: "+17244428039", cases.PackTimeAsked: "2026-11-24T10:00:00Z to 2026-11-24T10:01:00Z", cases.PackTimeFound: "2026-11-24T10:00:00Z",
		cases.PackVerdict: "confirmed", cases.PackCertainty: "0.99: both numbers match, at the stated time", cases.PackUpstream: "Carrier X (carrier-x)", cases.PackUpContact: "trace@x.example",
		cases.PackUpIdentity: "Robocall Mitigation Database RMD0001410 (listed); FRN 0012345678; OCN 123A; SPC 709J", cases.PackSourceIP: "198.51.100.7", cases.PackCallID: "a@them", cases.PackDownstream: "carrier-z",
		cases.PackResponse: "200", cases.PackDuration: "31", cases.PackAttestation: "A", cases.PackIdentity: "eyJ.x.y;info=<https://cert.example/1.pem>", cases.PackSignature: "valid: Signed by 709J.",
		cases.PackAnomalies:   "P-Asserted-Identity +12025550143 is not the calling number; the record has attestation B and no Identity header; the attestation changed from A to B between the legs",
		cases.PackOriginating: "not applicable: the call came in from a provider; no customer of ours made it", cases.PackCustomerName: "not applicable: the call came in from a provider; no customer of ours made it",
	}
	var names []cases.PackName
	for n := range want {
		names = append(names, n)
	}
	if diff := cmp.Diff(want, packTexts(p, names...)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !p.Complete() {
		t.Errorf("blank: %v", p.Blanks())
	}
	var legs []string
	for _, l := range p.Calls[0].Legs {
		legs = append(legs, l.Direction+" "+l.SourceID+" "+l.Party)
	}
	if diff := cmp.Diff([]string{"ingress in carrier-x", "egress out carrier-z"}, legs); diff != "" {
		t.Errorf("legs (-want +got):\n%s", diff)
	}
}

// What is not known says why, and never is blank.
func TestPackSaysWhyItDoesNotKnow(t *testing.T) {
	c := cases.Case{Ref: "AB-2026-000001", Kind: cases.CaseTraceback}
	from, to := packAt.Add(-time.Hour), packAt.Add(time.Hour)
	customer := cases.Call{Source: "sbc", SourceID: "c1", AccountID: "acct-7", Direction: outbound, From: "+17244428039", To: "+13035550101", SourceIP: "203.0.113.9", StartedAt: packAt}
	tests := map[string]struct {
		in   PackedCall
		name cases.PackName
		says string
	}{
		"not looked up":   {PackedCall{Report: cases.ReportView{}}, cases.PackUpstream, "not looked up yet"},
		"asks nothing":    {PackedCall{}, cases.PackTimeAsked, "not given: the report states none"},
		"not seen":        {PackedCall{Finding: &cases.Finding{Verdict: "not_seen", Summary: "x", WindowFrom: &from, WindowTo: &to}}, cases.PackSourceIP, "they are complete from 2026-11-24 09:00:00 UTC to 2026-11-24 11:00:00 UTC"},
		"unknown":         {PackedCall{Finding: &cases.Finding{Verdict: "unknown", Summary: "x", Data: cases.FindingData{Missing: []string{"the records of sbc"}}}}, cases.PackResponse, "missing: the records of sbc"},
		"record is gone":  {packed(refOf(customer), cases.Parties{Originating: "acct-7"}), cases.PackCallID, "its record is gone"},
		"nobody answers":  {silent(packed(refOf(customer), cases.Parties{Originating: "acct-7"})), cases.PackCallID, "did not answer"},
		"no response":     {packed(refOf(customer), cases.Parties{Originating: "acct-7"}, customer), cases.PackResponse, "no response code"},
		"not signed":      {packed(refOf(customer), cases.Parties{Originating: "acct-7"}, customer), cases.PackIdentity, "no Identity header"},
		"no address":      {packed(refOf(customer), cases.Parties{Originating: "acct-7"}, customer), cases.PackCustomerAddr, "no address of the originating account"},
		"a customer’s":    {packed(refOf(customer), cases.Parties{Originating: "acct-7", Path: []string{"northtel"}}, customer), cases.PackOriginating, "acct-7, below the reseller northtel"},
		"of several":      {several(packed(refOf(customer), cases.Parties{}, customer)), cases.PackUpstream, "several accounts or providers fit"},
		"whose signature": {several(packed(refOf(customer), cases.Parties{}, customer)), cases.PackAttestation, "several accounts or providers fit"},
		"unknown carrier": {packed(refOf(transit()[1]), cases.Parties{Provider: "carrier-x"}, transit()...), cases.PackUpIdentity, "carrier-x is not in our list of providers"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := PackOf(c, []PackedCall{tt.in})
			if got := p.Calls[0].Fields[tt.name].Text(); !strings.Contains(got, tt.says) {
				t.Errorf("%s: %q, want %q", tt.name, got, tt.says)
			}
			if b := p.Blanks(); len(b) > 0 {
				t.Errorf("blank: %v", b)
			}
			if p.Complete() == (tt.in.Finding == nil) {
				t.Errorf("complete: %v", p.Complete())
			}
			if tt.says == "several accounts or providers fit" && len(p.Calls[0].Legs) > 0 {
				t.Errorf("legs of somebody: %+v", p.Calls[0].Legs)
			}
		})
	}
}

func silent(c PackedCall) PackedCall { c.Silent = true; return c }

func several(c PackedCall) PackedCall { c.Finding.Data.Matched = 3; return c }

// The records of a call by correlation, or by numbers and time where one has none.
func TestPackRecords(t *testing.T) {
	ids := func(cs []cases.Call) (out []string) {
		for _, c := range cs {
			out = append(out, c.SourceID)
		}
		return out
	}
	all := transit()
	if got := ids(PackRecords(refOf(all[0]), append(all, all...))); !cmp.Equal(got, []string{"in", "out"}) {
		t.Errorf("%v", got)
	}
	forwarded := all[0]
	forwarded.SourceID, forwarded.To = "fwd", "+13035550999"
	if got := ids(PackRecords(refOf(all[1]), append(all, forwarded))); !cmp.Equal(got, []string{"in", "fwd", "out"}) {
		t.Errorf("forwarded: %v", got)
	}
	all[0].CorrelationID = ""
	if got := ids(PackRecords(refOf(all[0]), all)); !cmp.Equal(got, []string{"in", "out"}) {
		t.Errorf("without correlation: %v", got)
	}
	if got := PackRecords(cases.CallRef{Source: "sbc", SourceID: "in", StartedAt: packAt.Add(time.Hour)}, all); got != nil {
		t.Errorf("of another day: %v", got)
	}
}
