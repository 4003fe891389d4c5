package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

// identitySigns are the verdicts in words. Only what failed is doubt: all else says
// nothing against anybody.
var identitySigns = map[string]Sign{
	string(cases.IdentityValid):         {Tone: Cleared, Word: "signature valid"},
	string(cases.IdentityInvalid):       {Tone: Doubt, Word: "signature does not hold"},
	string(cases.IdentityUnsupported):   {Tone: Unknown, Word: "kind not judged"},
	string(cases.IdentityIndeterminate): {Tone: Unknown, Word: "cannot be told"},
	string(cases.IdentityAbsent):        {Tone: Unknown, Word: "unsigned"},
	string(cases.IdentityAsserted):      {Tone: Unknown, Word: "said, not checked"},
}

var checkWords = map[string]string{"header": "Header", "token": "Token", "claims": "Claims", "iat": "Freshness", "x5u": "Address of the certificate", "certificate": "Certificate",
	"path": "Path to the trust list", "profile": "Certificate profile", "crl": "Revocation", "tnauthlist": "Right to the number", "constraints": "Limits of the certificate", "signature": "Signature",
	"numbers": "Numbers of the call", "diversion": "Forwarding", "replay": "Used before"}

var resultSigns = map[string]Sign{"pass": {Tone: Cleared, Word: "passed"}, "fail": {Tone: Doubt, Word: "failed"}, "indeterminate": {Tone: Unknown, Word: "not possible"},
	"unsupported": {Tone: Unknown, Word: "not judged"}, "note": {Tone: Neutral, Word: "noted"}, "skipped": {Tone: Neutral, Word: "not asked"}}

// identityPart draws what a finding about a signature rests on; nil for others.
func identityPart(f cases.Finding, zone *time.Location) *IdentityPart {
	x := f.Data.Identity
	if x == nil {
		return nil
	}
	p := &IdentityPart{Meaning: x.Meaning}
	for _, c := range x.Checks {
		p.Checks = append(p.Checks, CheckLine{Token: c.Token, Name: cmp.Or(checkWords[c.Name], c.Name), Result: resultSigns[c.Result], Reason: c.Reason, Meaning: c.Meaning})
	}
	if x.Signer != nil {
		p.Certificate = certificateFacts(*x.Signer, zone)
	}
	return p
}

// identityFacts are those that are read first.
func identityFacts(x cases.Identity, zone *time.Location) []Fact {
	const layout = "2 Jan 2006, 15:04:05"
	var out []Fact
	add := func(name, value string) {
		if value != "" {
			out = append(out, Fact{Name: name, Value: value})
		}
	}
	if x.Call != nil {
		add("Call", fmt.Sprintf("%s, record %s of %s, %s", x.Call.StartedAt.In(zone).Format(layout), x.Call.SourceID, x.Call.Source, x.Call.Direction))
	}
	if x.From == cases.IdentityOfReport {
		add("Token", "pasted into the report")
	}
	if x.Signer != nil {
		word := "Named as signer"
		if x.Proven {
			word = "Signed by"
		}
		add(word, strings.Join(slices.Concat(x.SPCs(), []string{x.Signer.Subject}), ", "))
	}
	add("With what right", x.Right)
	if t := x.Token; t != nil {
		add("Attestation", t.Attest)
		add("Originating identifier", t.OrigID)
		if t.Iat != nil {
			add("Signed at", t.Iat.In(zone).Format(layout))
		}
	}
	add("Verification of another", x.Verstat)
	if x.Trust != nil {
		add("Trust list", "as seen from "+x.Trust.FirstSeen.In(zone).Format(layout)+", "+x.Trust.SHA256[:12])
	}
	for _, c := range x.CRLs {
		add("Revocation list", "as seen from "+c.FirstSeen.In(zone).Format(layout)+", "+c.Address)
	}
	for _, a := range x.Awaiting {
		add("Not to be had yet", a)
	}
	return out
}

func certificateFacts(c cases.IdentityCertificate, zone *time.Location) []Fact {
	const layout = "2 Jan 2006, 15:04"
	var out []Fact
	add := func(name string, values ...string) {
		if v := strings.Join(values, "; "); v != "" {
			out = append(out, Fact{Name: name, Value: v})
		}
	}
	add("Subject", c.Subject)
	add("Issuer", c.Issuer)
	add("Provider codes", c.SPCs...)
	add("Numbers", slices.Concat(c.Ranges, c.Numbers)...)
	add("Valid", c.NotBefore.In(zone).Format(layout)+" to "+c.NotAfter.In(zone).Format(layout))
	add("Serial number", c.Serial)
	add("SHA-256", c.SHA256)
	add("Key", c.Key)
	if f := c.File; f != nil {
		add("Served at", f.Address)
		add("Seen there", f.FirstSeen.In(zone).Format(layout)+" to "+f.LastSeen.In(zone).Format(layout))
	}
	add("Would be revoked at", c.Revocation...)
	add("Deviates from ATIS-1000080", c.Deviations...)
	return out
}

// signedSign is how the calls were signed: the attestation that records have, and
// what came of checking it.
func signedSign(f cases.Facts) Sign {
	s := attestedSign(f)
	if f.Identity == nil {
		return s
	}
	x := f.Identity
	checked := map[cases.IdentityVerdict]string{cases.IdentityValid: "valid", cases.IdentityInvalid: "does not hold", cases.IdentityIndeterminate: "cannot be told"}[x.Verdict]
	if checked != "" {
		head, rest, more := strings.Cut(s.Word, ", ")
		s.Word = head + ", " + checked
		if more {
			s.Word += " · " + rest
		}
		all := 0
		for _, n := range x.Verdicts {
			all += n
		}
		s.Reason += fmt.Sprintf("; the signature of %d of %s %s", x.Verdicts[x.Verdict], count(all, "call", "calls"), map[cases.IdentityVerdict]string{
			cases.IdentityValid: "is valid", cases.IdentityInvalid: "does not hold, which says nothing of who called", cases.IdentityIndeterminate: "cannot be judged yet"}[x.Verdict])
		if x.SPC != "" {
			s.Reason += ", by " + x.SPC
		}
		if x.Verdict == cases.IdentityInvalid && s.Tone != Harm {
			s.Tone = Doubt
		}
	}
	if x.SignedA > 0 {
		s.Reason += fmt.Sprintf("; we signed %s of the account A in seven days without a recorded right", count(x.SignedA, "call", "calls"))
	}
	return s
}

// attestedByDay counts attestation by day of the reader's zone, earliest first.
func attestedByDay(hours []cases.HourStats, zone *time.Location) []AttestedDay {
	var out []AttestedDay
	for _, h := range hours {
		y, m, d := h.Hour.In(zone).Date()
		day := time.Date(y, m, d, 0, 0, 0, 0, zone)
		if len(out) == 0 || !out[len(out)-1].Day.Equal(day) {
			out = append(out, AttestedDay{Day: day, Bins: []Share{{"A", 0, Cleared}, {"B", 0, Doubt}, {"C", 0, Harm}, {"unsigned", 0, Unknown}}})
		}
		x := &out[len(out)-1]
		for i, n := range []int{h.AttestA, h.AttestB, h.AttestC, h.Unsigned} {
			x.Bins[i].Count += n
			x.N += n
		}
	}
	return out
}

// signerLines are clusters; except is the case that they are shown on, "" none.
func signerLines(cs []cases.SignerCluster, except string) []SignerLine {
	var out []SignerLine
	for _, x := range cs {
		l := SignerLine{SPC: x.SPC, OrigID: x.OrigID, Cases: x.Cases, Reports: x.Reports, First: x.First, Last: x.Last}
		for _, ref := range x.Refs {
			if ref != except {
				l.Refs = append(l.Refs, ref)
			}
		}
		l.Others = x.Cases
		if except != "" {
			l.Others--
		}
		l.More = max(0, l.Others-len(l.Refs))
		out = append(out, l)
	}
	return out
}

func (s *Server) showSigners(c *gin.Context, a cases.Actor) error {
	found, err := s.Desk.Signers(c.Request.Context(), a, 0)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, SignersPage{Rows: signerLines(found, "")})
}

// ownAttestation is what an account's calls were signed without a recorded right;
// nil for nothing.
func (s *Server) ownAttestation(c *gin.Context, a cases.Actor, account string) (*AuditPart, error) {
	hours, err := s.Desk.Attested(c.Request.Context(), a, account)
	if err != nil || len(hours) == 0 {
		return nil, err
	}
	p := &AuditPart{}
	for _, h := range hours {
		p.Calls += h.WithoutRight
		p.Forwarded += h.Forwarded
		day := h.Hour.UTC().Truncate(24 * time.Hour)
		if len(p.Days) == 0 || !p.Days[len(p.Days)-1].Day.Equal(day) {
			p.Days = append(p.Days, AuditDay{Day: day})
		}
		p.Days[len(p.Days)-1].Calls += h.WithoutRight
		for _, n := range h.Numbers {
			i := slices.IndexFunc(p.Numbers, func(x AuditNumber) bool { return x.Number == n.E164 })
			if i < 0 {
				p.Numbers = append(p.Numbers, AuditNumber{Number: n.E164, Call: n.Call, At: n.At})
				i = len(p.Numbers) - 1
			}
			p.Numbers[i].Calls += n.Calls
		}
	}
	slices.SortStableFunc(p.Numbers, func(x, y AuditNumber) int { return y.Calls - x.Calls })
	p.Numbers = p.Numbers[:min(len(p.Numbers), cases.MaxAuditedNumbers)]
	p.Text = fmt.Sprintf("We signed %s of it A in the last seven days although no right of it, or of a reseller above it, to the number shown was recorded at the time.", count(p.Calls, "call", "calls"))
	return p, nil
}

// auditPanel is yesterday's and today's of all accounts.
func (s *Server) auditPanel(c *gin.Context, a cases.Actor) ([]AuditPanel, error) {
	var out []AuditPanel
	for back, word := range []string{"today", "yesterday"} {
		day, rows, err := s.Desk.AttestedWithoutRight(c.Request.Context(), a, back)
		if err != nil {
			return nil, err
		}
		p := AuditPanel{Word: word, Day: day}
		for _, r := range rows {
			p.Calls += r.WithoutRight
			p.Rows = append(p.Rows, AuditAccount{ID: r.AccountID, Name: cmp.Or(r.Name, r.AccountID), Href: accountPath(r.AccountID), Calls: r.WithoutRight, Signed: r.SignedA})
		}
		out = append(out, p)
	}
	return out, nil
}

// providerAttested is how the calls that a provider handed to us were signed.
func (s *Server) providerAttested(c *gin.Context, a cases.Actor, id string) ([]AttestedDay, error) {
	hours, err := s.Desk.HoursOf(c.Request.Context(), a, desk.ProfileProvider, id)
	return attestedByDay(hours, zoneOf(c)), err
}
