package calls

import (
	"fmt"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

// Unsigned is the key of calls without attestation in a share.
const Unsigned = "none"

// Verdicts of an attestation finding.
const (
	AttestedA     = "A"
	AttestedB     = "B"
	AttestedC     = "C"
	AttestedNone  = "unsigned"
	AttestedMixed = "mixed"
	AttestedNoOne = "no_calls"
)

// AttestationShare counts calls by their attestation (A, B, C, Unsigned; ATIS-1000074)
// and says how many there are. Two legs of one call count once, as we signed
// it going out.
func AttestationShare(records []cases.Call) (map[string]int, int) {
	share := map[string]int{}
	ls := legs(records)
	for _, l := range ls {
		switch l.Attest {
		case "A", "B", "C":
			share[l.Attest]++
		default:
			share[Unsigned]++
		}
	}
	return share, len(ls)
}

// mostly is the share from which a number counts as signed in one way.
const mostly = 0.9

func attestationVerdict(share map[string]int, n int) string {
	if n == 0 {
		return AttestedNoOne
	}
	for key, verdict := range map[string]string{"A": AttestedA, "B": AttestedB, "C": AttestedC, Unsigned: AttestedNone} {
		if float64(share[key]) >= mostly*float64(n) {
			return verdict
		}
	}
	return AttestedMixed
}

func attestationSummary(number string, share map[string]int, n int) string {
	if n == 0 {
		return fmt.Sprintf("No call that showed %s was carried within 24 hours around the call.", number)
	}
	var parts []string
	for _, a := range []string{"A", "B", "C"} {
		if share[a] > 0 {
			parts = append(parts, fmt.Sprintf("%d signed %s", share[a], a))
		}
	}
	if share[Unsigned] > 0 {
		parts = append(parts, fmt.Sprintf("%d unsigned", share[Unsigned]))
	}
	s := fmt.Sprintf("Of %s that showed %s within 24 hours around the call: %s.", count(n, "call"), number, strings.Join(parts, ", "))
	if share[Unsigned] > 0 {
		s += " A call without a signature is no sign of guilt."
	}
	return s
}
