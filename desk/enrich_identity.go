package desk

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/shaken"
)

// identityProducer names what made a finding about who signed a call.
const identityProducer = "shaken 1"

// claim is a token, or somebody's word in place of one, with the call that it is
// to be checked against.
type claim struct {
	from   string // cases.IdentityOfCall or IdentityOfReport
	values []string
	record *cases.Call // nil: only the report tells of the call
	shown  string      // number that the finding is about
	call   shaken.Call
	stated cases.TimeRange // of a token that only the report tells of
}

// identityFindings says how the call of a report was signed: one finding for each
// Identity header of the matched records, or one that there is none, and one for
// a header that was pasted into the report.
func (d *Desk) identityFindings(ctx context.Context, e calls.Evidence) ([]cases.Finding, error) {
	if e.Report.Category == cases.CategoryTextSpam {
		return nil, nil
	}
	c := calls.Corroborate(e)
	claims := recordClaims(c.Records())
	if pasted := shaken.HeadersIn(e.Report.Identity); len(pasted) > 0 {
		claims = append(claims, pastedClaim(e, c, pasted))
	}
	var out []cases.Finding
	var seen []string
	for _, x := range claims {
		key := strings.Join(x.values, "\n")
		if key != "" && slices.Contains(seen, key) {
			continue
		}
		seen = append(seen, key)
		f, err := d.identityFinding(ctx, x)
		if err != nil {
			return nil, err
		}
		f.ReportID = e.Report.ID
		out = append(out, f)
	}
	return out, nil
}

// recordClaims are the headers of a call's records, outbound first. Where no record
// has one, it is what they assert, the more telling one.
func recordClaims(records []cases.Call) []claim {
	var out []claim
	for _, r := range records {
		if v := shaken.HeadersIn(r.Identity); len(v) > 0 {
			out = append(out, recordClaim(r, v))
		}
	}
	if len(out) > 0 || len(records) == 0 {
		return out
	}
	best := records[0]
	for _, r := range records {
		if _, ok := shaken.ParseVerstat(r.Verstat); ok { // a verification says more than our own mark
			best = r
		}
	}
	return []claim{recordClaim(best, nil)}
}

func recordClaim(r cases.Call, values []string) claim {
	return claim{from: cases.IdentityOfCall, values: values, record: &r, shown: r.From,
		call: shaken.Call{ID: callName(r), From: r.From, To: r.To, At: r.StartedAt, Identity: values, Verstat: r.Verstat, Attest: r.Attest}}
}

// callName is the same for all records of a call that say so.
func callName(c cases.Call) string {
	return cmp.Or(c.CorrelationID, c.CallID, c.Source+"/"+c.SourceID)
}

// pastedClaim is a header that somebody pasted. It is checked against a record of
// ours that began at the time that the token names, else against the report's
// words, whose time is not good enough for its freshness.
func pastedClaim(e calls.Evidence, c calls.Corroboration, values []string) claim {
	x := claim{from: cases.IdentityOfReport, values: values}
	said := shaken.Verify(context.Background(), shaken.Call{Identity: values}, shaken.Evidence{}).Passport
	if said != nil && said.Iat != nil {
		for _, r := range c.Candidates() {
			if r.StartedAt.Sub(*said.Iat).Abs() <= shaken.Freshness && said.Orig == r.From {
				x = recordClaim(r, values)
				x.from = cases.IdentityOfReport
				return x
			}
		}
	}
	x.call.Identity, x.stated = values, calls.WindowOf(e.Report).Stated
	if callers := calls.Callers(e.Subjects); len(callers) == 1 {
		x.call.From = callers[0]
	}
	var called []string
	for _, s := range e.Subjects {
		if s.Role == cases.RoleCalled {
			called = append(called, s.E164)
		}
	}
	if len(called) == 1 {
		x.call.To = called[0]
	}
	x.shown = x.call.From
	switch {
	case said != nil && said.Iat != nil:
		x.call.At = *said.Iat
	case x.stated.Known():
		x.call.At = x.stated.Earliest
	}
	return x
}

// identityFinding verifies a claim as of its call.
func (d *Desk) identityFinding(ctx context.Context, x claim) (cases.Finding, error) {
	id := cases.Identity{From: x.from, Verstat: x.call.Verstat, Attest: x.call.Attest, Checks: []cases.IdentityCheck{}}
	if r := x.record; r != nil {
		id.Call = &cases.IdentityCall{Source: r.Source, SourceID: r.SourceID, StartedAt: r.StartedAt, From: r.From, To: r.To, Direction: r.Direction}
	}
	f := cases.Finding{Kind: cases.FindingIdentity, Subject: x.shown, Producer: identityProducer}
	if !x.call.At.IsZero() {
		at := x.call.At.UTC()
		f.WindowFrom, f.WindowTo = &at, &at
	}
	look := d.lookFor(x)
	report, err := look.verify(ctx)
	if err != nil {
		return f, err
	}
	verdict := cases.IdentityVerdict(report.Verdict)
	id.Reason = report.Reason
	if len(x.values) > 0 { // a call without a token is refused where a policy says so, and by no rule
		id.Response = report.Response
	}
	for _, c := range report.Checks {
		id.Checks = append(id.Checks, cases.IdentityCheck{Token: c.Identity, Name: string(c.Name), Result: string(c.Result), Reason: c.Reason})
	}
	verdict = ownWord(&id, verdict, x)
	verdict = reportedTime(&id, verdict, x)
	if p := report.Passport; p != nil {
		id.Token = &cases.IdentityToken{Type: p.Type, Form: p.Form, X5U: p.X5U, Attest: p.Attest, Orig: p.Orig, Dest: p.Dest, Div: p.Div, OrigID: p.OrigID, Iat: p.Iat}
	}
	if c := report.Certificate; c != nil {
		id.Signer = signer(*c, look.file(c.SHA256))
	}
	id.Trust, id.CRLs, id.Awaiting = look.trustOf, look.crlOf, look.awaiting
	id.Proven = proven(report)
	id.Right = right(id)
	for i, c := range id.Checks {
		if c.Result == string(shaken.Fail) {
			id.Checks[i].Meaning = failedMeaning[shaken.CheckName(c.Name)]
		}
	}
	id.Meaning = verdictMeaning[verdict]
	f.Verdict, f.Summary, f.Data.Identity = string(verdict), identitySummary(verdict, id), &id
	f.Incomplete = len(look.awaiting) > 0
	return f, nil
}

// ownWord makes of a call without a token, that its record calls signed, what it is:
// somebody's word.
func ownWord(id *cases.Identity, v cases.IdentityVerdict, x claim) cases.IdentityVerdict {
	if v != cases.IdentityAbsent || x.call.Attest == "" {
		return v
	}
	id.Reason = fmt.Sprintf("The call record says that the call was signed with attestation %s, but the token is not in it to be checked.", x.call.Attest)
	return cases.IdentityAsserted
}

// reportedTime takes back what a token without a call record cannot prove: that it
// was fresh. Its own time is all that there is; where the reporter's does not bear
// it out, nothing is known.
func reportedTime(id *cases.Identity, v cases.IdentityVerdict, x claim) cases.IdentityVerdict {
	if x.record != nil || len(x.values) == 0 {
		return v
	}
	fits := x.stated.Known() && !x.call.At.Before(x.stated.Earliest.Add(-calls.Tolerance)) && !x.call.At.After(x.stated.Latest.Add(calls.Tolerance))
	said := "its own time is " + x.call.At.UTC().Format("2 Jan 2006 15:04:05 UTC")
	for i, c := range id.Checks {
		if c.Name != string(shaken.CheckIat) || c.Result != string(shaken.Pass) {
			continue
		}
		if fits {
			id.Checks[i].Result, id.Checks[i].Reason = string(shaken.Note), "No record of ours gives the second of the call; "+said+", which the reported time bears out."
			continue
		}
		id.Checks[i].Result, id.Checks[i].Reason = string(shaken.Undecided), "No record of ours gives the time of the call, and the report does not bear the token out: "+said+"."
		if v == cases.IdentityValid {
			v, id.Reason = cases.IdentityIndeterminate, id.Checks[i].Reason
		}
	}
	return v
}

// proven says whether the signer is known: the signature of the token that the
// verdict rests on is good, and its certificate leads to the trust list.
func proven(r shaken.Report) bool {
	if r.Certificate == nil {
		return false
	}
	token := 0
	for i, x := range r.Identities {
		if x.Certificate == r.Certificate && x.Verdict == r.Verdict && reflect.DeepEqual(x.Passport, r.Passport) {
			token = i + 1
			break
		}
	}
	good := 0
	for _, c := range r.Checks {
		if c.Identity == token && (c.Name == shaken.CheckSignature || c.Name == shaken.CheckPath) && c.Result == shaken.Pass {
			good++
		}
	}
	return good == 2
}

func signer(c shaken.CertificateFacts, file *cases.IdentityMaterial) *cases.IdentityCertificate {
	out := cases.IdentityCertificate{Subject: c.Subject, Issuer: c.Issuer, Serial: c.Serial, NotBefore: c.NotBefore, NotAfter: c.NotAfter, SHA256: c.SHA256, Key: c.Key,
		Deviations: c.Findings, File: file}
	if l := c.TNAuthList; l != nil {
		out.SPCs, out.Numbers = l.SPCs, l.Numbers
		for _, r := range l.Ranges {
			out.Ranges = append(out.Ranges, fmt.Sprintf("%s and %d after it", r.Start, r.Count-1))
		}
	}
	if c.CRL != nil {
		out.Revocation = c.CRL.URLs
	}
	return &out
}

// fetchWithin bounds what enrichment waits for all that is fetched for one call.
const fetchWithin = 30 * time.Second
