package desk

import (
	"context"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/sti"
)

const (
	certAt   = "https://certs.example.com/709J.pem"
	revokeAt = "https://pa.example.org/crl"
	origID   = "123e4567-e89b-12d3-a456-426655440000"
)

// shelf serves files by address, and counts how often it was asked.
type shelf struct {
	files map[string][]byte
	asked map[string]int
}

func (s *shelf) FetchMaterial(_ context.Context, address string, most int64) ([]byte, error) {
	s.asked[address]++
	raw, ok := s.files[address]
	if !ok {
		return nil, &cases.Error{Kind: cases.KindUnavailable, Message: "its server cannot be reached", Err: errors.New("no route")}
	}
	return raw[:min(int64(len(raw)), most)], nil
}

// signers is an ecosystem with one provider, whose certificate is served.
type signers struct {
	*sti.World
	w     *world
	leaf  sti.Entity
	shelf *shelf
}

func (w *world) signers() *signers {
	w.t.Helper()
	ecosystem, err := sti.New(noon, revokeAt)
	w.must(err)
	s := &signers{World: ecosystem, w: w, shelf: &shelf{files: map[string][]byte{}, asked: map[string]int{}}}
	s.leaf = s.provider("709J", nil)
	s.shelf.files[certAt] = s.Chain(s.leaf)
	s.shelf.files[revokeAt] = s.revoked(noon.Add(-3 * time.Hour))
	w.desk.Materials = s.shelf
	w.desk.Roots = func() ([]byte, error) { return s.Roots(), nil } // archived with the first call
	return s
}

func (s *signers) provider(spc string, change func(*x509.Certificate)) sti.Entity {
	s.w.t.Helper()
	e, err := s.Provider(spc, change)
	s.w.must(err)
	return e
}

func (s *signers) revoked(at time.Time, which ...sti.Entity) []byte {
	s.w.t.Helper()
	raw, err := s.Revoked(at, which...)
	s.w.must(err)
	return raw
}

func (s *signers) sign(by sti.Entity, t sti.Token) string {
	s.w.t.Helper()
	if t.X5U == "" {
		t.X5U = certAt
	}
	v, err := sti.Identity(by, t)
	s.w.must(err)
	return v
}

// signed is a call whose record has the token.
func (s *signers) signed(id, from, to string, at time.Time) cases.Call {
	c := call(id, from, to, at)
	c.Identity = s.sign(s.leaf, sti.Token{Attest: "A", From: from, To: to, OrigID: origID, At: at})
	return c
}

// checks are the results by name.
func checks(i *cases.Identity) map[string]string {
	out := map[string]string{}
	for _, c := range i.Checks {
		out[c.Name] = c.Result
	}
	return out
}

func TestIdentityOfAMatchedCall(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.carrier()
		s := w.signers()
		at := noon.Add(-2 * time.Hour)
		forged := s.signed("2", own, victim, at)
		forged.Identity = s.sign(s.provider("9999", nil), sti.Token{Attest: "A", From: own, To: victim, OrigID: origID, At: at})
		stale := s.signed("3", "+12025550161", victim, at)
		stale.Identity = s.sign(s.leaf, sti.Token{Attest: "A", From: "+12025550161", To: victim, OrigID: origID, At: at.Add(-2 * time.Minute)})
		unsigned := call("4", "+12025550162", victim, at)
		unsigned.Attest = ""
		vendor := call("5", "+12025550163", victim, at)
		vendor.Attest, vendor.Verstat = "", "TN-Validation-Passed-A"
		gone := call("6", "+12025550164", victim, at)
		gone.Identity = s.sign(s.leaf, sti.Token{X5U: "https://gone.example.com/1.pem", Attest: "A", From: "+12025550164", To: victim, OrigID: origID, At: at})
		odd := call("7", "+12025550165", victim, at)
		odd.Identity = strings.ReplaceAll(s.sign(s.leaf, sti.Token{Attest: "A", From: "+12025550165", To: victim, OrigID: origID, At: at}), "ppt=shaken", "ppt=rcd")
		word := call("8", "+12025550166", victim, at)
		w.carried(noon.Add(-time.Hour), s.signed("1", shown, victim, at), forged, stale, unsigned, vendor, gone, odd, word)
		tests := []struct {
			name, from string
			want       cases.IdentityVerdict
			says       string
			checks     map[string]string
			incomplete bool
		}{
			{"good", shown, cases.IdentityValid, "709J", map[string]string{"signature": "pass", "path": "pass", "crl": "pass", "tnauthlist": "pass", "iat": "pass", "numbers": "pass", "replay": "pass"}, false},
			{"another's key", own, cases.IdentityInvalid, "does not say who called", map[string]string{"signature": "fail", "path": "pass"}, false},
			{"two minutes old", "+12025550161", cases.IdentityInvalid, "one check failed", map[string]string{"iat": "fail", "signature": "pass"}, false},
			{"unsigned", "+12025550162", cases.IdentityAbsent, "Unsigned is not guilt", nil, false},
			{"a vendor's word", "+12025550163", cases.IdentityAsserted, "no token to check", nil, false},
			{"the certificate is gone", "+12025550164", cases.IdentityIndeterminate, "looked up again later", map[string]string{"certificate": "indeterminate", "signature": "indeterminate"}, true},
			{"our own mark", "+12025550166", cases.IdentityAsserted, "signed with attestation A", nil, false},
		}
		var filed []cases.Filed
		for _, tt := range tests {
			filed = append(filed, w.submit(report(tt.from, victim, "2026-11-24T10:00:00Z")))
		}
		w.work()
		for i, tt := range tests {
			f := w.latest(filed[i], cases.FindingIdentity)
			id := f.Data.Identity
			if f.Verdict != string(tt.want) || !strings.Contains(f.Summary, tt.says) || f.Incomplete != tt.incomplete || id.Meaning == "" || len(id.Checks) == 0 {
				t.Errorf("%s: %s, incomplete %v: %s", tt.name, f.Verdict, f.Incomplete, f.Summary)
			}
			got := checks(id)
			for name, want := range tt.checks {
				if got[name] != want {
					t.Errorf("%s: check %s is %s, want %s: %+v", tt.name, name, got[name], want, id.Checks)
				}
			}
			for _, c := range id.Checks {
				if c.Reason == "" || (c.Result == "fail") != (c.Meaning != "") {
					t.Errorf("%s: %+v", tt.name, c)
				}
			}
		}
		good := w.latest(filed[0], cases.FindingIdentity).Data.Identity
		if !good.Proven || good.Signer == nil || good.Signer.SPCs[0] != "709J" || good.Signer.File == nil || good.Token.OrigID != origID || good.Token.Attest != "A" || good.Call.SourceID != "1" ||
			good.Trust == nil || len(good.CRLs) != 1 || !strings.Contains(good.Right, "709J") {
			t.Errorf("good: %+v", good)
		}
		if n := s.shelf.asked[certAt]; n != 1 {
			t.Errorf("the certificate was fetched %d times within a day", n)
		}
		facts := w.dossier(filed[0].CaseRef).Case.Facts.Identity
		if d := cmp.Diff(&cases.IdentityFacts{Verdict: cases.IdentityValid, Verdicts: map[cases.IdentityVerdict]int{cases.IdentityValid: 1}, Attest: "A", SPC: "709J"}, facts); d != "" {
			t.Errorf("facts (-want +got):\n%s", d)
		}
	})
}

// A call of last March is checked with last March's certificate, trust list and
// revocations, whatever is served today.
func TestIdentityAsOfTheCall(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.carrier()
		s := w.signers()
		at := noon.Add(-2 * time.Hour)
		w.carried(noon.Add(-time.Hour), s.signed("1", shown, victim, at))
		first := w.submit(report(shown, victim, "2026-11-24T10:00:00Z"))
		w.work()
		if f := w.latest(first, cases.FindingIdentity); f.Verdict != string(cases.IdentityValid) {
			t.Fatalf("at first: %s", f.Summary)
		}
		// Half a year later another key is served there, the authority is off the trust
		// list, and the certificate of then was revoked in between.
		w.pass(180 * 24 * time.Hour)
		later, err := sti.New(w.clock(), revokeAt)
		w.must(err)
		leaf, err := later.Provider("709J", nil)
		w.must(err)
		s.shelf.files[certAt] = later.Chain(leaf)
		s.shelf.files[revokeAt] = s.revoked(w.clock().Add(-time.Hour), s.leaf)
		w.desk.Roots = func() ([]byte, error) { return later.Roots(), nil }
		_, err = w.desk.KeepTrustList(t.Context())
		w.must(err)
		w.must(w.desk.Enrich(t.Context(), cases.Attempt{}, first.ReportID))
		w.work()
		f := w.latest(first, cases.FindingIdentity)
		if f.Verdict != string(cases.IdentityValid) || !f.Data.Identity.Proven || f.Data.Identity.Signer.File.LastSeen.After(noon.Add(time.Hour)) {
			t.Errorf("with what was archived: %s, %+v", f.Summary, f.Data.Identity.Checks)
		}
		if got := checks(f.Data.Identity)["crl"]; got != "note" {
			t.Errorf("revoked after the call: %s", got)
		}
		if n := s.shelf.asked[certAt]; n != 2 {
			t.Errorf("fetched %d times, want once on each day", n)
		}
		// A call of that time whose certificate nobody archived: the one that is served
		// there now did not sign it, which proves nothing.
		const elsewhere = "https://certs.example.com/other.pem"
		s.shelf.files[elsewhere] = later.Chain(leaf)
		old := call("9", own, victim, at)
		old.Identity = s.sign(s.leaf, sti.Token{X5U: elsewhere, Attest: "A", From: own, To: victim, OrigID: origID, At: at})
		w.carried(time.Time{}, old)
		second := w.submit(report(own, victim, "2026-11-24T10:00:00Z"))
		w.work()
		if f := w.latest(second, cases.FindingIdentity); f.Verdict != string(cases.IdentityIndeterminate) || f.Incomplete {
			t.Errorf("never archived: %s, %s", f.Verdict, f.Summary)
		}
	})
}

// What cannot be had is asked for again, at growing distances, and the report is
// looked at again when it is there.
func TestIdentityIsLookedUpAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.carrier()
		s := w.signers()
		served := s.shelf.files[certAt]
		delete(s.shelf.files, certAt)
		w.carried(noon.Add(-time.Hour), s.signed("1", shown, victim, noon.Add(-2*time.Hour)))
		f := w.submit(report(shown, victim, "2026-11-24T10:00:00Z"))
		w.work()
		if x := w.latest(f, cases.FindingIdentity); x.Verdict != string(cases.IdentityIndeterminate) || !x.Incomplete {
			t.Fatalf("%s, incomplete %v", x.Verdict, x.Incomplete)
		}
		recheck := func(want int) {
			t.Helper()
			if n, err := w.store.RecheckIdentity(t.Context(), w.clock(), 10); err != nil || n != want {
				t.Fatalf("%d reports are looked at again, want %d: %v", n, want, err)
			}
			if n, err := w.store.RecheckReports(t.Context(), w.clock(), 10); err != nil || n != 0 {
				t.Fatalf("%d reports wait for records: %v", n, err)
			}
			w.work()
		}
		recheck(0)
		w.must(w.desk.Enrich(t.Context(), cases.Attempt{}, f.ReportID)) // for another reason
		if x := w.latest(f, cases.FindingIdentity); !x.Incomplete || s.shelf.asked[certAt] != 1 {
			t.Fatalf("too early: incomplete %v, asked %d times", x.Incomplete, s.shelf.asked[certAt])
		}
		w.pass(11 * time.Minute)
		recheck(1)
		if n := s.shelf.asked[certAt]; n != 2 {
			t.Fatalf("asked %d times, want 2", n)
		}
		w.pass(11 * time.Minute)
		recheck(0) // twice as long
		w.pass(11 * time.Minute)
		s.shelf.files[certAt] = served
		recheck(1)
		if x := w.latest(f, cases.FindingIdentity); x.Verdict != string(cases.IdentityValid) || x.Incomplete {
			t.Errorf("%s, incomplete %v: %s", x.Verdict, x.Incomplete, x.Summary)
		}
		w.pass(48 * time.Hour)
		recheck(0)
	})
}

// A header that somebody pasted is checked against the record that it belongs to,
// else against the report, whose time proves no freshness.
func TestIdentityPastedIntoAReport(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.carrier()
		s := w.signers()
		at := noon.Add(-2 * time.Hour)
		w.carried(noon.Add(-time.Hour), call("1", shown, victim, at), call("2", own, victim, at))
		token := func(from string, at time.Time) string {
			return s.sign(s.leaf, sti.Token{Attest: "B", From: from, To: victim, OrigID: origID, At: at})
		}
		for _, tt := range []struct {
			name, from, header string
			stated             string
			want               cases.IdentityVerdict
			iat                string
			record             bool
		}{
			{"of our call", shown, token(shown, at), "2026-11-24T10:00:00Z", cases.IdentityValid, "pass", true},
			{"no call of ours", "+13025550111", token("+13025550111", at), "2026-11-24T10:05:00Z", cases.IdentityValid, "note", false},
			{"of another day", "+13025550112", token("+13025550112", at.AddDate(0, 0, -3)), "2026-11-24T10:00:00Z", cases.IdentityIndeterminate, "indeterminate", false},
			{"of another number", "+13025550113", token("+13025550114", at), "2026-11-24T10:00:00Z", cases.IdentityInvalid, "note", false},
			{"no token", "+13025550115", "see attached", "2026-11-24T10:00:00Z", cases.IdentityInvalid, "", false},
		} {
			body := strings.TrimSuffix(report(tt.from, victim, tt.stated), "}") + `, "identity_header": "` + tt.header + `"}`
			f := w.submit(body)
			w.work()
			var found []cases.Finding
			for _, x := range w.dossier(f.CaseRef).Findings {
				if x.ReportID == f.ReportID && x.Kind == cases.FindingIdentity && x.Data.Identity.From == cases.IdentityOfReport {
					found = append(found, x)
				}
			}
			if len(found) != 1 {
				t.Errorf("%s: %d findings", tt.name, len(found))
				continue
			}
			id := found[0].Data.Identity
			if found[0].Verdict != string(tt.want) || (id.Call != nil) != tt.record || tt.iat != "" && checks(id)["iat"] != tt.iat {
				t.Errorf("%s: %s, iat %s, record %v: %s", tt.name, found[0].Verdict, checks(id)["iat"], id.Call != nil, found[0].Summary)
			}
		}
	})
}

// The same token on another call is a replay; on another leg of the call it is not.
func TestIdentityOnTwoCalls(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.carrier()
		s := w.signers()
		at := noon.Add(-2 * time.Hour)
		one := s.signed("1", shown, victim, at)
		leg, again := one, one
		leg.SourceID, leg.Direction, leg.Peer, leg.StartedAt, leg.AnsweredAt, leg.EndedAt = "1-in", "inbound", "meridian", at.Add(time.Second), nil, nil
		again.SourceID, again.StartedAt, again.AnsweredAt, again.EndedAt = "2", at.Add(45*time.Second), nil, nil
		w.carried(noon.Add(-time.Hour), one, leg)
		f := w.submit(report(shown, victim, "2026-11-24T10:00:00Z"))
		w.work()
		if x := w.latest(f, cases.FindingIdentity); x.Verdict != string(cases.IdentityValid) {
			t.Errorf("two legs: %s", x.Summary)
		}
		w.must(w.desk.Enrich(t.Context(), cases.Attempt{}, f.ReportID))
		if x := w.latest(f, cases.FindingIdentity); x.Verdict != string(cases.IdentityValid) {
			t.Errorf("looked at twice: %s", x.Summary)
		}
		if x, err := w.desk.identityFinding(t.Context(), recordClaim(leg, []string{leg.Identity})); err != nil || x.Verdict != string(cases.IdentityValid) {
			t.Errorf("the other leg: %s, %v", x.Summary, err)
		}
		x, err := w.desk.identityFinding(t.Context(), recordClaim(again, []string{again.Identity}))
		w.must(err)
		if got := checks(x.Data.Identity)["replay"]; x.Verdict != string(cases.IdentityInvalid) || got != "fail" {
			t.Errorf("another call: %s, replay %s", x.Verdict, got)
		}
	})
}

// Calls that we signed A without a right are counted, but for those that were
// forwarded with a div token.
func TestOurOwnAttestation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.carrier()
		s := w.signers()
		at := noon.Add(-3 * time.Hour)
		div := call("3", shown, victim, at)
		div.Identity = s.sign(s.leaf, sti.Token{Attest: "A", From: shown, To: own, OrigID: origID, At: at}) + ", " + s.sign(s.leaf, sti.Token{From: shown, To: victim, Div: own, At: at})
		w.carried(noon.Add(-time.Hour), call("1", own, victim, at), s.signed("2", shown, victim, at), div)
		lease, _, err := w.store.AcquireLease(t.Context(), noon, "fold", "test", time.Minute)
		w.must(err)
		for n := 1; n > 0; {
			n, err = w.store.FoldCalls(t.Context(), lease, noon, 100)
			w.must(err)
		}
		n, err := w.desk.AuditAttestation(t.Context(), 10)
		if err != nil || n != 1 {
			t.Errorf("%d hours, %v", n, err)
		}
		got, err := w.desk.Attested(t.Context(), ann, "acme")
		if err != nil || len(got) != 1 || got[0].WithoutRight != 1 || got[0].Forwarded != 1 || got[0].SignedA != 3 || got[0].Numbers[0].Call != "sbc/2" {
			t.Errorf("%+v, %v", got, err)
		}
		day, all, err := w.desk.AttestedWithoutRight(t.Context(), dave, 0)
		if err != nil || len(all) != 1 || all[0].Name != "Acme Dialers" || !day.Equal(noon.Truncate(24*time.Hour)) {
			t.Errorf("%s: %+v, %v", day, all, err)
		}
		f := w.submit(report(shown, victim, "2026-11-24T09:00:00Z"))
		w.work()
		if x := w.dossier(f.CaseRef).Case.Facts.Identity; x == nil || x.SignedA != 1 {
			t.Errorf("facts %+v", x)
		}
	})
}
