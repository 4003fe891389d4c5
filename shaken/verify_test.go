package shaken

import (
	"context"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestAGoodCall(t *testing.T) {
	p := newPKI(t)
	r := Verify(context.Background(), callWith(passport(t, p.leaf.key, shakenJOSE, shakenPayload())+params), p.evidence(t))
	want := map[CheckName]Result{}
	for _, name := range Checks() {
		want[name] = Pass
	}
	want[CheckDiversion], want[CheckReplay] = Skipped, Skipped
	expect(t, r, Valid, want)
	for i, name := range Checks() {
		if r.Checks[i].Name != name {
			t.Errorf("check %d is %s, want %s", i, r.Checks[i].Name, name)
		}
	}
	if r.Verstat != "TN-Validation-Passed-A" || r.Response != 0 {
		t.Errorf("verstat %q, response %d", r.Verstat, r.Response)
	}
	if r.Passport == nil || r.Passport.Attest != "A" || r.Passport.OrigID != origid || r.Passport.Orig != from || !r.Passport.Iat.Equal(at) {
		t.Errorf("passport %+v", r.Passport)
	}
	if r.Certificate == nil || r.Certificate.TNAuthList == nil || r.Certificate.TNAuthList.SPCs[0] != "709J" || len(r.Certificate.Findings) > 0 {
		t.Errorf("certificate %+v", r.Certificate)
	}
	if !strings.Contains(r.Reason, "attestation A") {
		t.Errorf("reason %q", r.Reason)
	}
}

// What is missing is not held against anybody.
func TestMissingEvidence(t *testing.T) {
	p := newPKI(t)
	good := passport(t, p.leaf.key, shakenJOSE, shakenPayload()) + params
	for name, tt := range map[string]struct {
		change  func(*Call, *Evidence)
		verdict Verdict
		want    map[CheckName]Result
	}{
		"no header":          {func(c *Call, _ *Evidence) { c.Identity = nil }, Absent, map[CheckName]Result{CheckHeader: Note, CheckSignature: Skipped}},
		"empty header":       {func(c *Call, _ *Evidence) { c.Identity = []string{" ", ","} }, Absent, nil},
		"verstat only":       {func(c *Call, _ *Evidence) { c.Identity, c.Verstat = nil, "TN-Validation-Passed-A" }, Asserted, nil},
		"verstat says none":  {func(c *Call, _ *Evidence) { c.Identity, c.Verstat = nil, "No-TN-Validation" }, Absent, nil},
		"verstat and token":  {func(c *Call, _ *Evidence) { c.Verstat = "TN-Validation-Failed" }, Valid, nil},
		"no certificate":     {func(_ *Call, e *Evidence) { e.Certificates = nil }, Indeterminate, map[CheckName]Result{CheckCertificate: Undecided, CheckSignature: Undecided, CheckPath: Undecided, CheckClaims: Pass, CheckIat: Pass}},
		"none on file":       {func(_ *Call, e *Evidence) { e.Certificates = Files{} }, Indeterminate, map[CheckName]Result{CheckCertificate: Undecided}},
		"no trust list":      {func(_ *Call, e *Evidence) { e.Trust, e.CRLs = nil, nil }, Indeterminate, map[CheckName]Result{CheckPath: Undecided, CheckSignature: Pass}},
		"no revocation list": {func(_ *Call, e *Evidence) { e.CRLs = nil }, Valid, map[CheckName]Result{CheckCRL: Skipped}},
		"unreadable list":    {func(_ *Call, e *Evidence) { e.CRLs = []*CRL{nil} }, Indeterminate, map[CheckName]Result{CheckCRL: Undecided}},
		"no time":            {func(c *Call, _ *Evidence) { c.At = time.Time{} }, Indeterminate, map[CheckName]Result{CheckIat: Undecided, CheckPath: Undecided}},
		"no numbers":         {func(c *Call, _ *Evidence) { c.From = "" }, Indeterminate, map[CheckName]Result{CheckNumbers: Undecided}},
		"stale and no certificate": {func(c *Call, e *Evidence) { c.At, e.Certificates = at.Add(2*time.Minute), nil }, Invalid,
			map[CheckName]Result{CheckIat: Fail, CheckSignature: Undecided}},
	} {
		t.Run(name, func(t *testing.T) {
			call, ev := callWith(good), p.evidence(t)
			tt.change(&call, &ev)
			r := Verify(context.Background(), call, ev)
			expect(t, r, tt.verdict, tt.want)
		})
	}
}

// A call of last March is judged by last March's certificate, not by today's.
func TestAsOfTheCall(t *testing.T) {
	p := newPKI(t)
	old := issue(t, &p.inter, "SHAKEN 709J", false, func(c *x509.Certificate) {
		profileLeaf(t, p.pa, TNAuthList{SPCs: []string{"709J"}})(c)
		c.NotBefore, c.NotAfter = at.AddDate(0, 0, -10), at.AddDate(0, 0, 10)
	})
	identity := passport(t, old.key, shakenJOSE, shakenPayload()) + params
	ev := p.evidence(t)
	ev.Certificates = Files{chainOf(p.leaf, p.inter), chainOf(old, p.inter)} // the first is not the one
	expect(t, Verify(context.Background(), callWith(identity), ev), Valid, nil)

	late := at.AddDate(0, 0, 11)
	payload := strings.Replace(shakenPayload(), "1773500966", "1774451366", 1)
	call := callWith(passport(t, old.key, shakenJOSE, payload) + params)
	call.At = late
	r := Verify(context.Background(), call, ev)
	expect(t, r, Invalid, map[CheckName]Result{CheckIat: Pass, CheckPath: Fail, CheckSignature: Pass})
	if !strings.Contains(r.Check(CheckPath).Reason, "expired") || r.Response != 437 {
		t.Errorf("reason %q, response %d", r.Check(CheckPath).Reason, r.Response)
	}
}

type failing struct{}

func (failing) Chains(context.Context, string, time.Time) ([]*Chain, error) {
	return nil, errors.New("503 Service Unavailable")
}

func TestCertificateServerIsDown(t *testing.T) {
	p := newPKI(t)
	ev := p.evidence(t)
	ev.Certificates = failing{}
	r := Verify(context.Background(), callWith(passport(t, p.leaf.key, shakenJOSE, shakenPayload())+params), ev)
	expect(t, r, Indeterminate, map[CheckName]Result{CheckCertificate: Undecided})
	if r.Response != 436 {
		t.Errorf("response %d", r.Response)
	}
}

// Two headers joined by a comma, and several fields; neither order nor a header
// that is to be ignored matters.
func TestSeveralHeaders(t *testing.T) {
	p := newPKI(t)
	good := passport(t, p.leaf.key, shakenJOSE, shakenPayload()) + params
	rcd := passport(t, p.leaf.key, strings.Replace(shakenJOSE, "shaken", "rcd", 1), shakenPayload()) + ";info=<" + x5u + ">;ppt=rcd"
	forged := strings.Replace(good, ".", ".e30", 1)
	for name, tt := range map[string]struct {
		identity []string
		verdict  Verdict
		tokens   int
	}{
		"joined":                                 {[]string{good + " , " + rcd}, Valid, 2},
		"two fields":                             {[]string{rcd, good}, Valid, 2},
		"unsupported alone":                      {[]string{rcd}, Unsupported, 0},
		"a forged one does not spoil a good one": {[]string{forged, good}, Valid, 2},
		"forged and ignored":                     {[]string{forged, rcd}, Invalid, 2},
		"seventeen":                              {slicesRepeat(good, 17), Valid, 16},
	} {
		t.Run(name, func(t *testing.T) {
			r := Verify(context.Background(), callWith(tt.identity...), p.evidence(t))
			expect(t, r, tt.verdict, nil)
			if len(r.Identities) != tt.tokens {
				t.Errorf("%d tokens reported, want %d", len(r.Identities), tt.tokens)
			}
		})
	}
}

func slicesRepeat(s string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = s
	}
	return out
}
