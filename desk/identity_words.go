package desk

import (
	"fmt"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
	"github.com/abusedesk/abusedesk/shaken"
)

// attestMeaning says what a signer vouches for (ATIS-1000074 section 5.2.3).
var attestMeaning = map[string]string{
	"A": "that it knows its customer who called, and that the customer may use the number",
	"B": "that it knows its customer who called, and not that the customer may use the number",
	"C": "that the call came in through its gateway, and nothing about who called",
}

// verdictMeaning says what a verdict means, and what it does not.
var verdictMeaning = map[cases.IdentityVerdict]string{
	cases.IdentityValid:         "The signer stands by what its token says. That makes the signer the one to ask; it does not make the call lawful, and does not show who spoke.",
	cases.IdentityInvalid:       "The token proves nothing about this call. Failures come from forgery, and also from clocks, from networks that change a call on its way and from certificates that were not renewed: by itself it is no evidence against the account or the number.",
	cases.IdentityIndeterminate: "Evidence is missing. Nothing has failed, and nothing is held against anybody.",
	cases.IdentityUnsupported:   "The standard says to ignore tokens of this kind. It counts neither way.",
	cases.IdentityAbsent:        "Nobody signed for the caller, or the signature was lost on the way. Unsigned is not guilt.",
	cases.IdentityAsserted:      "It is another system's word, as good as that system. It counts as said and not as proven.",
}

// failedMeaning says of a check that failed what that shows, and what it does not.
var failedMeaning = map[shaken.CheckName]string{
	shaken.CheckHeader:      "The header is not as the standard has it, so a network may read it in two ways. A broken gateway does that too.",
	shaken.CheckToken:       "The token is not written as the standard has it. Faulty signing software does that too.",
	shaken.CheckClaims:      "The token leaves out or misstates what it must say. Faulty signing software does that too.",
	shaken.CheckIat:         "The token was made at another time than the call: it was used again, or a clock was wrong. It says nothing of who called.",
	shaken.CheckX5U:         "The address of the certificate is one that must not be asked. It was not asked; whose signature it is stays open.",
	shaken.CheckCertificate: "The certificate cannot be used. That says nothing about the caller.",
	shaken.CheckPath:        "No approved authority stands behind the certificate for that time: anybody could have made it, or it was not renewed in time.",
	shaken.CheckCRL:         "The authority had taken the certificate back before the call. Whoever holds the key may not be the provider.",
	shaken.CheckTNAuthList:  "The signer had no authority over this number by its certificate. Another provider may rightly have it.",
	shaken.CheckConstraints: "The token says what its certificate forbids it to say.",
	shaken.CheckSignature:   "The token was changed after it was signed, or never was signed with this key. It proves nothing about the provider whose certificate it names.",
	shaken.CheckNumbers:     "The token is about another call, or the numbers were changed on the way. It proves nothing about this one.",
	shaken.CheckDiversion:   "The chain from the first call to the forwarded one is broken. Forwarding by a network that does not sign does that too.",
	shaken.CheckReplay:      "The token was seen on another call first: somebody used it again. Who did is not in it.",
}

// identitySummary is what an analyst can repeat.
func identitySummary(v cases.IdentityVerdict, id cases.Identity) string {
	what := "The call"
	if id.Call != nil {
		what = fmt.Sprintf("Our call from %s to %s on %s", numbers.Format(id.Call.From), numbers.Format(id.Call.To), id.Call.StartedAt.UTC().Format("2 Jan 2006 15:04:05 UTC"))
	}
	if id.From == cases.IdentityOfReport {
		what = "The Identity header in the report"
		if id.Call != nil {
			what += fmt.Sprintf(", which belongs to our call to %s on %s,", numbers.Format(id.Call.To), id.Call.StartedAt.UTC().Format("2 Jan 2006 15:04:05 UTC"))
		}
	}
	switch v {
	case cases.IdentityValid:
		return fmt.Sprintf("%s was signed by %s%s. Every check that decides has passed, as of the time of the call.", what, signerName(id), attested(id))
	case cases.IdentityInvalid:
		failed := id.Failed()
		return fmt.Sprintf("%s has a signature of which %s failed. %s That does not say who called.", what, checksWord(len(failed)), id.Reason)
	case cases.IdentityAsserted:
		return fmt.Sprintf("%s is said to be signed, and there is no token to check. %s", what, id.Reason)
	case cases.IdentityAbsent:
		return what + " has no signature in our record. Unsigned is not guilt: many carriers do not sign, and some paths lose signatures."
	case cases.IdentityUnsupported:
		return what + " has a token of a kind that is to be ignored. " + id.Reason
	}
	later := ""
	if len(id.Awaiting) > 0 {
		later = " It is looked up again later."
	}
	return fmt.Sprintf("Whether %s was rightly signed cannot be told: %s%s", strings.ToLower(what[:1])+what[1:], id.Reason, later)
}

func checksWord(n int) string {
	if n == 1 {
		return "one check"
	}
	return fmt.Sprintf("%d checks", n)
}

// signerName is the provider, by its code where the certificate has one.
func signerName(id cases.Identity) string {
	if id.Signer == nil {
		return "somebody whose certificate is not on file"
	}
	if len(id.Signer.SPCs) > 0 {
		return fmt.Sprintf("the provider with the code %s (%s)", strings.Join(id.Signer.SPCs, ", "), id.Signer.Subject)
	}
	return id.Signer.Subject
}

func attested(id cases.Identity) string {
	if id.Token == nil || id.Token.Attest == "" {
		return ", without an attestation"
	}
	return " with attestation " + id.Token.Attest + ": " + attestMeaning[id.Token.Attest]
}

// right says in what right the certificate spoke for the number.
func right(id cases.Identity) string {
	c := id.Signer
	if c == nil {
		return ""
	}
	who := "the calling number"
	if id.Token != nil && id.Token.Orig != "" {
		who = id.Token.Orig
	}
	check := ""
	for _, x := range id.Checks {
		if x.Name == string(shaken.CheckTNAuthList) {
			check = x.Result
			break
		}
	}
	switch {
	case check == string(shaken.Fail):
		return "The certificate, issued by " + c.Issuer + ", does not speak for " + who + "."
	case len(c.Ranges)+len(c.Numbers) > 0 && check == string(shaken.Pass):
		return "The certificate, issued by " + c.Issuer + ", speaks for " + who + ": the number is in it."
	case len(c.SPCs) > 0:
		return "The certificate, issued by " + c.Issuer + ", speaks for the provider " + strings.Join(c.SPCs, ", ") + ". It names no numbers: whether the provider had a right to " + who + " is not in it."
	}
	return "Whom the certificate speaks for is not known."
}
