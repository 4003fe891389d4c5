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
	w.desk.Roots = func() ([]byte, error) { return s.Roots(), nil }
	_, err = w.desk.KeepTrustList(w.t.Context())
	w.must(err)
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
