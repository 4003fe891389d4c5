package shaken

import (
	"fmt"
	"slices"
	"strings"
)

// summarise makes the report. The verdict of the call is that of its best
// original token: RFC 8224 section 6.2 lets a call with one valid token be valid,
// so that nobody spoils a good signature by adding a bad one. Tokens of
// diversions count through the original that they divert.
func summarise(tokens []*token, call Call) Report {
	r := Report{}
	var chosen *token
	for _, t := range tokens {
		if chosen == nil || rank(t) < rank(chosen) {
			chosen = t
		}
	}
	r.Verdict = chosen.verdict()
	r.Passport, r.Certificate = chosen.passport(), chosen.certificate()
	r.Verstat = verstat(r.Verdict, r.Passport)
	r.Response = response(chosen, r.Verdict)
	r.Reason = reasonFor(chosen, r)
	if len(tokens) == 1 {
		r.Checks = chosen.checks
		return r
	}
	for i, t := range tokens {
		for j := range t.checks {
			t.checks[j].Identity = i + 1
		}
		r.Identities = append(r.Identities, IdentityReport{Identity: i + 1, Verdict: t.verdict(), Passport: t.passport(), Certificate: t.certificate()})
		r.Checks = append(r.Checks, t.checks...)
	}
	return r
}

// rank orders tokens by how much the verdict should rest on them.
func rank(t *token) int {
	n := 4 * slices.Index([]Verdict{Valid, Indeterminate, Invalid, Unsupported}, t.verdict())
	if diverts(t.ppt) {
		n += 16
	} else if t.ppt == TypeBase {
		n++ // a shaken token says more
	}
	return n
}

// unsigned reports a call without a token.
func unsigned(call Call) Report {
	r := Report{Verdict: Absent, Verstat: "No-TN-Validation", Response: 428, Reason: "The call carried no Identity header: nobody signed for the caller. That is not evidence against the caller."}
	if v, ok := ParseVerstat(call.Verstat); ok && v.Status != "No-TN-Validation" {
		r.Verdict = Asserted
		r.Reason = "Somebody on the way says " + v.String() + ", but the token that it rests on is not there to be checked."
	}
	for _, name := range Checks() {
		check := Check{Name: name, Result: Skipped, Reason: "There is no token."}
		if name == CheckHeader {
			check = Check{Name: name, Result: Note, Reason: "The call carried no Identity header."}
		}
		r.Checks = append(r.Checks, check)
	}
	return r
}

func reasonFor(t *token, r Report) string {
	var failed, open []string
	for _, c := range t.checks {
		switch c.Result {
		case Fail:
			failed = append(failed, c.Reason)
		case Undecided:
			open = append(open, c.Reason)
		}
	}
	switch r.Verdict {
	case Unsupported:
		return fmt.Sprintf("The token is of the type %s, which is not judged here and is to be ignored.", quote(t.ppt))
	case Invalid:
		return plural(failed)
	case Indeterminate:
		return plural(open)
	}
	who := "the holder of the certificate " + quote(t.chain.facts.Subject)
	switch p := r.Passport; {
	case p.Attest == "A":
		return fmt.Sprintf("%s signed that its customer called and may use the number (attestation A).", upperFirst(who))
	case p.Attest == "B":
		return fmt.Sprintf("%s signed that its customer called, not that the customer may use the number (attestation B).", upperFirst(who))
	case p.Attest == "C":
		return fmt.Sprintf("%s signed that the call came in through its gateway, and nothing about the caller (attestation C).", upperFirst(who))
	}
	return fmt.Sprintf("%s signed the numbers of the call, without an attestation.", upperFirst(who))
}

// plural gives the first reason and the number of others.
func plural(reasons []string) string {
	if len(reasons) > 1 {
		return fmt.Sprintf("%s And %d more.", reasons[0], len(reasons)-1)
	}
	return strings.Join(reasons, "")
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
