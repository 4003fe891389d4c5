package shaken

import "strings"

// Verstat is the verification status that a provider puts beside a calling
// number (3GPP TS 24.229 section 7.2A.20), with the attestation that some append.
type Verstat struct {
	Status string // TN-Validation-Passed, TN-Validation-Failed or No-TN-Validation
	Attest string // A, B, C or ""
}

// String writes it as received.
func (v Verstat) String() string {
	if v.Attest == "" {
		return v.Status
	}
	return v.Status + "-" + v.Attest
}

// ParseVerstat reads the value of a verstat parameter, or the parameter.
func ParseVerstat(s string) (Verstat, bool) {
	s = trimSpace(s)
	if name, value, ok := strings.Cut(s, "="); ok && strings.EqualFold(trimSpace(name), "verstat") {
		s = trimSpace(value)
	}
	if strings.EqualFold(s, "No-TN-Validation") {
		return Verstat{Status: "No-TN-Validation"}, true
	}
	for _, status := range [...]string{"TN-Validation-Passed", "TN-Validation-Failed"} {
		if len(s) < len(status) || !strings.EqualFold(s[:len(status)], status) {
			continue
		}
		switch attest := strings.ToUpper(s[len(status):]); attest {
		case "", "-A", "-B", "-C":
			return Verstat{status, strings.TrimPrefix(attest, "-")}, true
		}
	}
	return Verstat{}, false
}

// verstat is what a provider at the end would have shown for a verdict.
func verstat(v Verdict, p *Passport) string {
	switch v {
	case Valid:
		return Verstat{"TN-Validation-Passed", p.Attest}.String()
	case Invalid:
		return "TN-Validation-Failed"
	}
	return "No-TN-Validation"
}

// response is the SIP status with which a provider at the end could have refused
// the call (RFC 8224 section 6.2.2), 0 for none. RFC 9410 lets the call go on.
func response(t *token, v Verdict) int {
	if v == Unsupported || v == Valid {
		return 0
	}
	want := Fail
	if v == Indeterminate {
		want = Undecided
	}
	for _, c := range t.checks {
		if c.Result != want {
			continue
		}
		switch c.Name {
		case CheckIat:
			return 403 // Stale Date
		case CheckX5U, CheckCertificate:
			return 436 // Bad Identity Info
		case CheckPath, CheckCRL:
			return 437 // Unsupported Credential
		default:
			return 438 // Invalid Identity Header
		}
	}
	return 0
}
