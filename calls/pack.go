package calls

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// PackedCall is one call that a pack is to tell of, and everything that was looked
// up for it.
type PackedCall struct {
	Report cases.ReportView
	Asked  cases.TracedCall
	// Finding is what was found of it last: of kind traced_call, or corroboration for
	// a case that nobody has asked about yet. Nil: not looked up yet.
	Finding  *cases.Finding
	Records  []cases.Call   // the answers to PackQueries
	Silent   bool           // a source did not answer PackQueries
	Identity *cases.Finding // the latest of kind identity, whatever makes those
	// Providers are those that the records name, and Account and KYC belong to the
	// originating account; absent where nobody imported them.
	Providers map[string]cases.Provider
	Account   *cases.Account
	KYC       cases.KYC
	// Around is how many calls showed the number in the 24 hours up to this one and
	// the hour that it is in; nil: not counted.
	Around *int
}

// packAround is how far apart the records of one call may start.
const packAround = sameCallWithin

// Best is the call record that a finding settles on; false where none is.
func (c PackedCall) Best() (cases.CallRef, bool) {
	if c.Finding == nil || len(c.Finding.Data.Calls) == 0 {
		return cases.CallRef{}, false
	}
	switch cases.Corroboration(c.Finding.Verdict) {
	case cases.CorroborationConfirmed, cases.CorroborationProbable:
		return c.Finding.Data.Calls[0], true
	}
	return cases.CallRef{}, false
}

// PackQueries ask for the record of a call and for those of its other legs, which
// may show another number or go to another one.
func PackQueries(r cases.CallRef) []cases.CallQuery {
	const limit = 200
	from, to := r.StartedAt.Add(-packAround), r.StartedAt.Add(packAround)
	return []cases.CallQuery{
		{From: r.From, To: r.To, Earliest: from, Latest: to, Limit: limit},
		{From: r.From, Earliest: from, Latest: to, Limit: limit},
		{To: r.To, Earliest: from, Latest: to, Limit: limit},
	}
}

// PackRecords are the record that r points at and its other legs, in the order in
// which the call went over us; none where the record is gone. Legs belong together
// by their correlation id, or, where one has none, by both numbers and the time.
func PackRecords(r cases.CallRef, records []cases.Call) []cases.Call {
	var out []cases.Call
	var pair *cases.Call
	seen := map[string]bool{}
	i := slices.IndexFunc(records, func(c cases.Call) bool {
		return c.Source == r.Source && c.SourceID == r.SourceID && c.StartedAt.Equal(r.StartedAt)
	})
	if i < 0 {
		return nil
	}
	of := records[i]
	for _, c := range records {
		key := c.Source + "\x00" + c.SourceID + "\x00" + c.Day().String()
		if seen[key] {
			continue
		}
		itself := c.Source == of.Source && c.SourceID == of.SourceID && c.StartedAt.Equal(of.StartedAt)
		correlated := c.CorrelationID != "" && c.CorrelationID == of.CorrelationID
		paired := (c.CorrelationID == "" || of.CorrelationID == "") && c.Direction != of.Direction && c.From == of.From && c.To == of.To && sameCall(c, of)
		switch {
		case itself || correlated:
			seen[key] = true
			out = append(out, c)
		case paired:
			seen[key] = true
			// One leg alone: a dialler calls the same number again within seconds.
			if d := c.StartedAt.Sub(of.StartedAt).Abs(); pair == nil || d < pair.StartedAt.Sub(of.StartedAt).Abs() {
				pair = &c
			}
		}
	}
	if pair != nil {
		out = append(out, *pair)
	}
	rank := func(c cases.Call) int { // in from a provider, from a customer, out again
		switch {
		case c.Peer != "":
			return 0
		case c.Direction == outbound:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(out, func(a, b cases.Call) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(rank(a), rank(b)), cmp.Compare(a.SourceID, b.SourceID))
	})
	return out
}

// PackOf builds the pack of a case from its calls, in their order, at most
// cases.MaxPackCalls.
func PackOf(c cases.Case, in []PackedCall) cases.Pack {
	p := cases.Pack{Case: c.Ref, Kind: c.Kind, Calls: []cases.PackOneCall{}}
	if c.Facts.Traceback != nil {
		p.Reference = c.Facts.Traceback.Reference
	}
	p.MoreCalls = max(0, len(in)-cases.MaxPackCalls)
	for i, one := range in[:min(len(in), cases.MaxPackCalls)] {
		if one.Finding == nil {
			p.Unanswered++
		}
		p.Calls = append(p.Calls, packCall(c, i+1, one))
	}
	return p
}

// packing writes the fields of one call.
type packing struct {
	PackedCall
	out cases.PackOneCall
	ref cases.CallRef
	// absent is why what only a record could tell is not known; "" there is one.
	absent  string
	records []cases.Call
	parties cases.Parties
}

func (p *packing) set(n cases.PackName, value, why string) { p.setAs(n, "", value, why) }

// setAs is set for a value that falls under another rule than its field. What
// cannot be known for want of a record says so.
func (p *packing) setAs(n cases.PackName, class cases.PackClass, value, why string) {
	if class == "" {
		for _, f := range cases.PackFields() {
			if f.Name == n {
				class = f.Class
			}
		}
	}
	if value != "" {
		why = ""
	}
	p.out.Fields[n] = cases.PackField{Value: value, Why: why, Class: class}
}

func packCall(c cases.Case, place int, in PackedCall) cases.PackOneCall {
	p := packing{PackedCall: in, out: cases.PackOneCall{Place: place, Report: in.Report.ID, Fields: map[cases.PackName]cases.PackField{}, Legs: []cases.PackLeg{}}}
	if in.Finding != nil && in.Finding.Data.Parties != nil {
		p.parties = *in.Finding.Data.Parties
	}
	var found bool
	if p.ref, found = in.Best(); found {
		p.records = PackRecords(p.ref, in.Records)
	}
	p.absent = p.whyAbsent(found)
	p.asked(c)
	p.found()
	p.signalling()
	p.path()
	p.customer()
	p.beyond()
	p.out.Legs = append(p.out.Legs, p.legs()...)
	return p.out
}

// whyAbsent says why no record tells of the call.
func (p *packing) whyAbsent(found bool) string {
	f := p.Finding
	switch {
	case f == nil:
		return "not looked up yet"
	case found && len(p.records) > 0:
		return ""
	case found && p.Silent:
		return "not known now: a source of call records did not answer"
	case found:
		return "not in our records any more: we carried the call, and its record is gone"
	case f.Verdict == string(cases.CorroborationNotSeen):
		s := "not in our records: no such call is among them"
		if f.WindowFrom != nil && f.WindowTo != nil {
			s += ", and they are complete from " + utc(*f.WindowFrom) + " to " + utc(*f.WindowTo)
		}
		return s
	case len(f.Data.Missing) > 0:
		return "could not be determined from our records; missing: " + strings.Join(f.Data.Missing, "; ")
	}
	return "could not be determined from our records"
}

// asked is what the request states, or, where nobody has asked, the report.
func (p *packing) asked(c cases.Case) {
	who, t := "the request", p.Report.Details.Traceback
	if t == nil {
		who, t = "the report", &cases.Traceback{}
	}
	none := "not given: " + who + " states none"
	reference := none
	if c.Kind != cases.CaseTraceback {
		reference = "not given: nobody has asked yet; built from case " + c.Ref
	}
	p.set(cases.PackReference, t.Reference, reference)
	campaign := t.Campaign
	if campaign == "" && c.Facts.Pretext != "" {
		campaign = c.Facts.Pretext + " (as the reports tell of it)"
	}
	if campaign == "" && c.Kind != cases.CaseTraceback && p.Report.Category != "" {
		campaign = cases.CategoryTitle(p.Report.Category) + " (as the reports tell of it)"
	}
	p.set(cases.PackCampaign, campaign, none)
	caller, called := p.Asked.Caller, p.Asked.Called
	if p.ref.From != "" {
		caller, called = p.ref.From, p.ref.To
	}
	p.set(cases.PackCalling, caller, none)
	p.set(cases.PackCalled, called, none)
	at := ""
	if r := p.Asked.At; r.Known() {
		if at = stamp(r.Earliest); !r.Latest.Equal(r.Earliest) {
			at += " to " + stamp(r.Latest)
		}
	}
	p.set(cases.PackTimeAsked, at, none)
}

// found is whether we carried it, and when.
func (p *packing) found() {
	at := ""
	if !p.ref.StartedAt.IsZero() {
		at = stamp(p.ref.StartedAt)
	}
	if len(p.records) > 0 {
		at = stamp(p.records[0].StartedAt)
	}
	p.set(cases.PackTimeFound, at, p.absent)
	if p.Finding == nil {
		p.set(cases.PackVerdict, "", p.absent)
		p.set(cases.PackCertainty, "", p.absent)
		return
	}
	p.set(cases.PackVerdict, p.Finding.Verdict, "not known")
	sure := p.Finding.Summary
	if p.ref.Reason != "" {
		sure = fmt.Sprintf("%.2f: %s", p.ref.Confidence, p.ref.Reason)
		if n := p.Finding.Data.Matched; n > 1 {
			sure += fmt.Sprintf("; %d calls fit, and this one fits best", n)
		}
	}
	p.set(cases.PackCertainty, sure, p.absent)
}

// several says that calls of several accounts or providers fit, so that nobody may
// be named as the one that handed us the call: the best of them may be another's.
func (p *packing) several() bool {
	return len(p.records) > 0 && p.parties.Originating == "" && p.parties.Provider == "" && p.Finding.Data.Matched > 1
}

const whySeveral = "could not be determined: calls of several accounts or providers fit what was asked"

func stamp(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }

// signalling is what the call's own records say of it.
func (p *packing) signalling() {
	why := func(s string) string { return cmp.Or(p.absent, s) }
	if p.several() {
		for _, n := range []cases.PackName{cases.PackResponse, cases.PackAnomalies, cases.PackDuration, cases.PackAttestation, cases.PackIdentity, cases.PackSignature} {
			p.set(n, "", whySeveral)
		}
		return
	}
	response, anomalies, duration, attest, identity, verstat := "", "", "", "", "", ""
	for _, c := range p.records {
		if c.SIPCode != 0 {
			response = strconv.Itoa(c.SIPCode)
			if c.Q850 != 0 {
				response += ", Q.850 cause " + strconv.Itoa(c.Q850)
			}
			if c.Reasons != "" {
				response += ", Reason: " + c.Reasons
			}
		}
		if duration == "" || c.Answered() {
			duration = strconv.Itoa(int(c.Talked().Round(time.Second) / time.Second))
			if !c.Answered() {
				duration = "0"
			}
		}
		attest, identity, verstat = cmp.Or(attest, c.Attest), cmp.Or(identity, c.Identity), cmp.Or(verstat, c.Verstat)
	}
	if len(p.records) > 0 {
		anomalies = strings.Join(anomaliesOf(p.records), "; ")
		anomalies = cmp.Or(anomalies, "none seen in our records of the call")
		attest = cmp.Or(attest, "none: the call was not signed")
		if verstat != "" {
			attest += " (verstat " + verstat + ")"
		}
	}
	p.set(cases.PackResponse, response, why("not in our records: the record of the call has no response code"))
	p.set(cases.PackAnomalies, anomalies, p.absent)
	p.set(cases.PackDuration, duration, p.absent)
	p.set(cases.PackAttestation, attest, p.absent)
	p.set(cases.PackIdentity, identity, why("not in our records: the record of the call has no Identity header"))
	check, unchecked := "", "not checked: our records have no Identity header of the call"
	if identity != "" {
		unchecked = "not checked yet"
	}
	if f := p.Identity; f != nil {
		check = strings.TrimSpace(f.Verdict + ": " + f.Summary)
	}
	p.set(cases.PackSignature, check, why(unchecked))
}

// anomaliesOf says what in the signalling of the legs does not fit.
func anomaliesOf(records []cases.Call) []string {
	var out []string
	add := func(format string, args ...any) {
		if s := fmt.Sprintf(format, args...); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	first := records[0]
	for _, c := range records {
		if c.From != first.From {
			add("the calling number changed from %s to %s between the legs", first.From, c.From)
		}
		if c.To != first.To {
			add("the called number changed from %s to %s between the legs", first.To, c.To)
		}
		if c.PAI != "" && c.From != "" && !strings.Contains(c.PAI, strings.TrimPrefix(c.From, "+")) {
			add("P-Asserted-Identity %s is not the calling number", c.PAI)
		}
		if strings.Contains(c.Verstat, "Failed") {
			add("verification of the caller ID failed (%s)", c.Verstat)
		}
		if c.Attest != "" && c.Identity == "" {
			add("the record has attestation %s and no Identity header", c.Attest)
		}
		if c.Attest != "" && first.Attest != "" && c.Attest != first.Attest {
			add("the attestation changed from %s to %s between the legs", first.Attest, c.Attest)
		}
	}
	return out
}
