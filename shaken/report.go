package shaken

import "slices"

// Verdict is the outcome for a call, or for one Identity header of it.
type Verdict string

// The verdicts. An unsigned call is not a forged one, and a missing certificate
// proves nothing against anybody: neither is Invalid.
const (
	Valid         Verdict = "valid"         // every check that decides has passed
	Invalid       Verdict = "invalid"       // at least one check has failed
	Unsupported   Verdict = "unsupported"   // a type of PASSporT that RFC 8224 section 6.2 step 1 tells us to ignore
	Indeterminate Verdict = "indeterminate" // nothing failed, but evidence is missing
	Absent        Verdict = "absent"        // the call carried no Identity header
	Asserted      Verdict = "asserted"      // a verstat says so, without a token that could be checked
)

// Result is the outcome of one check.
type Result string

// The results. Only Fail makes a verdict invalid; Undecided makes it
// indeterminate; Note and Skipped never change it.
const (
	Pass      Result = "pass"
	Fail      Result = "fail"
	Undecided Result = "indeterminate" // evidence is missing, or what it needs could not be read
	NotForUs  Result = "unsupported"   // the type of token is not one that this package judges
	Note      Result = "note"          // a deviation worth knowing
	Skipped   Result = "skipped"       // not asked for, or without meaning for this token
)

// CheckName names a check. Each is reported once for each token.
type CheckName string

// The checks, in the order of the report.
const (
	CheckHeader      CheckName = "header"      // grammar and size of the Identity header: RFC 8224 section 4
	CheckToken       CheckName = "token"       // encoding, JSON and JOSE header: RFC 7515, RFC 8225 section 4
	CheckClaims      CheckName = "claims"      // RFC 8225 section 5, RFC 8588, RFC 8946
	CheckIat         CheckName = "iat"         // freshness at the call's time: RFC 8224 section 6.2 step 4
	CheckX5U         CheckName = "x5u"         // policy for the certificate's address: ATIS-1000074
	CheckCertificate CheckName = "certificate" // is it there, and readable
	CheckPath        CheckName = "path"        // to the trust list, at the call's time: RFC 5280 section 6
	CheckProfile     CheckName = "profile"     // deviations from ATIS-1000080; never decides
	CheckCRL         CheckName = "crl"         // revocation at the call's time: RFC 5280 section 5, ATIS-1000080
	CheckTNAuthList  CheckName = "tnauthlist"  // authority over the calling number: RFC 8226 section 9, RFC 9060
	CheckConstraints CheckName = "constraints" // JWTClaimConstraints: RFC 8226 section 8, RFC 9118
	CheckSignature   CheckName = "signature"   // ES256 over the octets received: RFC 7515 section 5.2, RFC 7518 section 3.4
	CheckNumbers     CheckName = "numbers"     // orig and dest against the call's: RFC 8224 section 6.2 step 2 and 3
	CheckDiversion   CheckName = "diversion"   // the chain of a diverted call: RFC 8946 section 4.2
	CheckReplay      CheckName = "replay"      // the same token on another call: RFC 8224 section 12.1
)

// Checks lists the names in the order of the report.
func Checks() []CheckName { return slices.Clone(checkOrder[:]) }

var checkOrder = [...]CheckName{CheckHeader, CheckToken, CheckClaims, CheckIat, CheckX5U, CheckCertificate, CheckPath, CheckProfile,
	CheckCRL, CheckTNAuthList, CheckConstraints, CheckSignature, CheckNumbers, CheckDiversion, CheckReplay}

// Check is one result with its reason: a sentence for people, without personal
// data beyond the numbers of the call.
type Check struct {
	Identity int       `json:"identity,omitempty"` // which token, from 1; 0 where there is only one
	Name     CheckName `json:"name"`
	Result   Result    `json:"result"`
	Reason   string    `json:"reason"`
}

// Report is what Verify found.
type Report struct {
	Verdict     Verdict           `json:"verdict"`
	Reason      string            `json:"reason"`             // one sentence for the verdict
	Verstat     string            `json:"verstat,omitempty"`  // what a terminating provider would have shown (3GPP TS 24.229)
	Response    int               `json:"response,omitempty"` // SIP status of RFC 8224 section 6.2.2 for the first failure; 0 for none
	Checks      []Check           `json:"checks"`
	Passport    *Passport         `json:"passport"`             // of the token that the verdict rests on, as far as it can be read
	Certificate *CertificateFacts `json:"certificate"`          // the certificate that was used for it
	Identities  []IdentityReport  `json:"identities,omitempty"` // each token, where there are several
}

// IdentityReport is the outcome for one token of several.
type IdentityReport struct {
	Identity    int               `json:"identity"` // from 1, in the order received; nested tokens follow
	Verdict     Verdict           `json:"verdict"`
	Passport    *Passport         `json:"passport"`
	Certificate *CertificateFacts `json:"certificate"`
}

// Check returns the first result by this name, or the zero Check.
func (r Report) Check(name CheckName) Check {
	for _, c := range r.Checks {
		if c.Name == name {
			return c
		}
	}
	return Check{}
}
