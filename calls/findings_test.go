package calls

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

func partiesEvidence(matches ...cases.Call) Evidence {
	year := at("00:00:00").AddDate(-1, 0, 0)
	ended := at("09:00:00")
	return Evidence{
		Report: reportAt(at("10:00:00")), Subjects: about(shownNumber, calledNumber), Coverage: complete, Matches: matches,
		Entitlements: []cases.Entitlement{
			{E164: shownNumber, AccountID: "former", Kind: cases.EntitlementAssigned, From: year, Until: &ended},
			{E164: shownNumber, AccountID: "agency", Kind: cases.EntitlementLOA, From: year},
			{E164: shownNumber, AccountID: "bakery", Kind: cases.EntitlementAssigned, From: ended},
		},
		Accounts: map[string]cases.Account{"acme": {ID: "acme", Name: "Acme Dialling"}, "bakery": {ID: "bakery", Name: "Maple Bakery"},
			"agency": {ID: "agency", Name: "Agency"}, "resell": {ID: "resell", Name: "Reseller"}},
		Paths: map[string][]cases.Account{"acme": {{ID: "resell"}, {ID: "top"}}},
	}
}

func TestIdentifyParties(t *testing.T) {
	byOther := out("b", shownNumber, calledNumber, "10:02:00")
	byOther.AccountID = "other"
	byBakery, byAgency := out("c", shownNumber, calledNumber, "10:00:00"), out("d", shownNumber, calledNumber, "10:00:00")
	byBakery.AccountID, byAgency.AccountID = "bakery", "agency"
	viaResell := partiesEvidence(out("a", shownNumber, calledNumber, "10:00:00"))
	viaResell.Entitlements = []cases.Entitlement{{E164: shownNumber, AccountID: "top", Kind: cases.EntitlementRespOrg, From: at("00:00:00")}}
	tests := map[string]struct {
		e       Evidence
		want    cases.Parties
		verdict string
		says    string
	}{
		"somebody shows another's number": {partiesEvidence(out("a", shownNumber, calledNumber, "10:00:00")),
			cases.Parties{Originating: "acme", OriginatingName: "Acme Dialling", Path: []string{"resell", "top"}, Holder: "bakery", HolderName: "Maple Bakery"}, PartiesIdentified,
			"The call came from account Acme Dialling (acme), a customer of Reseller (resell). The right to show +1 202 555 0143 was with Maple Bakery (bakery); that the number was shown is no evidence against its holder."},
		"the holder calls": {partiesEvidence(byBakery),
			cases.Parties{Originating: "bakery", OriginatingName: "Maple Bakery", Holder: "bakery", HolderName: "Maple Bakery", Entitled: true}, PartiesIdentified, "It had the right to show"},
		"with a letter of authorisation": {partiesEvidence(byAgency),
			cases.Parties{Originating: "agency", OriginatingName: "Agency", Holder: "agency", HolderName: "Agency", Entitled: true}, PartiesIdentified, ""},
		"the reseller's right": {viaResell,
			cases.Parties{Originating: "acme", OriginatingName: "Acme Dialling", Path: []string{"resell", "top"}, Holder: "top", Entitled: true}, PartiesIdentified, ""},
		"from a provider": {partiesEvidence(in("a", shownNumber, calledNumber, "10:00:00")),
			cases.Parties{Provider: "carrier-x", Holder: "bakery", HolderName: "Maple Bakery"}, PartiesProvider, "The call came in from carrier-x; no customer of ours made it."},
		"in transit": {partiesEvidence(out("a", shownNumber, calledNumber, "10:00:00"), in("b", shownNumber, calledNumber, "09:59:59")),
			cases.Parties{Originating: "acme", OriginatingName: "Acme Dialling", Path: []string{"resell", "top"}, Provider: "carrier-x", Holder: "bakery", HolderName: "Maple Bakery"}, PartiesIdentified, "had come in from carrier-x"},
		"two accounts fit": {partiesEvidence(out("a", shownNumber, calledNumber, "10:00:00"), byOther),
			cases.Parties{Holder: "bakery", HolderName: "Maple Bakery"}, PartiesAmbiguous, "none can be named"},
		"no call": {partiesEvidence(), cases.Parties{Holder: "bakery", HolderName: "Maple Bakery"}, PartiesUnknown, "nobody can be named"},
		"as of then": {func() Evidence {
			e := partiesEvidence()
			e.Report = reportAt(at("08:00:00"))
			return e
		}(), cases.Parties{Holder: "former"}, PartiesUnknown, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := Corroborate(tt.e)
			p := IdentifyParties(tt.e, c)
			if d := cmp.Diff(tt.want, p); d != "" {
				t.Errorf("parties (-want +got):\n%s", d)
			}
			if got := partiesVerdict(c, p); got != tt.verdict {
				t.Errorf("verdict %s, want %s", got, tt.verdict)
			}
			if got := partiesSummary(tt.e, c, p, shownNumber); !strings.Contains(got, tt.says) {
				t.Errorf("summary %q does not say %q", got, tt.says)
			}
		})
	}
}

func TestFindings(t *testing.T) {
	e := partiesEvidence(out("a", shownNumber, calledNumber, "10:00:00"))
	unsigned, b := in("u", shownNumber, otherNumber, "11:00:00"), out("b", shownNumber, otherNumber, "09:00:00")
	unsigned.Attest, b.Attest = "", "B"
	yesterday := out("y", shownNumber, otherNumber, "09:00:00")
	yesterday.StartedAt = yesterday.StartedAt.AddDate(0, 0, -1)
	e.Nearby = []cases.Call{e.Matches[0], unsigned, b, b, yesterday, out("x", otherNumber, calledNumber, "10:00:00")}
	type short struct{ Kind, Subject, Verdict, Summary string }
	var got []short
	for _, f := range Findings(e) {
		got = append(got, short{string(f.Kind), f.Subject, f.Verdict, f.Summary})
		if f.ReportID != 7 || f.Producer != Producer || f.WindowFrom == nil || f.WindowTo.Before(*f.WindowFrom) {
			t.Errorf("%s: report %d by %s over %v to %v", f.Kind, f.ReportID, f.Producer, f.WindowFrom, f.WindowTo)
		}
	}
	want := []short{
		{"corroboration", shownNumber, "confirmed", "We carried this call: +1 202 555 0143 to +1 312 555 0199 on 10 Nov 2026 10:00 UTC, at the stated time, from account acme."},
		{"attestation", shownNumber, "mixed", "Of 3 calls that showed +1 202 555 0143 within 24 hours around the call: 1 signed A, 1 signed B, 1 unsigned. A call without a signature is no sign of guilt."},
		{"entitlement", shownNumber, "not_entitled", "On 10 Nov 2026 10:00 UTC the right to show +1 202 555 0143 was with Agency (agency) by letter of authorisation and Maple Bakery (bakery) by assignment. Account Acme Dialling (acme), which called, had none on record."},
		{"parties", shownNumber, "identified", "The call came from account Acme Dialling (acme), a customer of Reseller (resell). The right to show +1 202 555 0143 was with Maple Bakery (bakery); that the number was shown is no evidence against its holder."},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
	fs := Findings(e)
	if d := cmp.Diff(cases.FindingData{Attestation: map[string]int{"A": 1, "B": 1, "none": 1}, Sample: 3}, fs[1].Data); d != "" {
		t.Errorf("attestation (-want +got):\n%s", d)
	}
	if n := len(fs[2].Data.Entitlements); n != 2 {
		t.Errorf("%d entitlements at that time, want 2", n)
	}
	if got := e.AccountsNamed(); !cmp.Equal(got, []string{"acme", "agency", "bakery", "former"}) {
		t.Errorf("accounts named: %v", got)
	}
}

func TestEntitlementWithoutACall(t *testing.T) {
	e := partiesEvidence()
	verdict := func() string { return Findings(e)[2].Verdict + ": " + Findings(e)[2].Summary }
	if got := verdict(); !strings.HasPrefix(got, EntitledHolder+": ") || !strings.Contains(got, "no evidence of anything") {
		t.Error(got)
	}
	e.Entitlements = nil
	if got := verdict(); !strings.HasPrefix(got, EntitledNobody+": ") || !strings.Contains(got, "no account of ours had a recorded right") {
		t.Error(got)
	}
	// Nothing to say about a number that nobody named.
	e.Subjects = nil
	if fs := Findings(e); len(fs) != 2 || fs[0].Verdict != "unknown" || fs[1].Verdict != PartiesUnknown || fs[1].Subject != "" {
		t.Errorf("without numbers: %+v", fs)
	}
}

func TestAttestationVerdict(t *testing.T) {
	for _, tt := range []struct {
		share map[string]int
		n     int
		want  string
	}{
		{nil, 0, AttestedNoOne},
		{map[string]int{"A": 9, "C": 1}, 10, AttestedA},
		{map[string]int{"A": 8, "C": 2}, 10, AttestedMixed},
		{map[string]int{Unsigned: 3}, 3, AttestedNone},
		{map[string]int{"C": 3}, 3, AttestedC},
		{map[string]int{"B": 3}, 3, AttestedB},
	} {
		if got := attestationVerdict(tt.share, tt.n); got != tt.want {
			t.Errorf("%v of %d: %s, want %s", tt.share, tt.n, got, tt.want)
		}
	}
}

// Which called numbers a report bears out: those that it states, as far as a call
// went there, else that of the only call there is.
func TestReachedNumbers(t *testing.T) {
	one, two := out("1", shownNumber, calledNumber, "10:00:00"), out("2", shownNumber, otherNumber, "10:05:00")
	for _, tt := range []struct {
		name     string
		category cases.Category
		subjects []cases.Subject
		matches  []cases.Call
		want     []string
	}{
		{"stated and called", cases.CategoryRobocall, about(shownNumber, calledNumber), []cases.Call{one, two}, []string{calledNumber}},
		{"two stated", cases.CategoryRobocall, about(shownNumber, calledNumber, otherNumber), []cases.Call{one, two}, []string{otherNumber, calledNumber}},
		{"stated and not called", cases.CategoryRobocall, about(shownNumber, "+13125550100"), []cases.Call{one}, nil},
		{"none stated, one call", cases.CategoryRobocall, about(shownNumber), []cases.Call{one}, []string{calledNumber}},
		{"none stated, two calls", cases.CategoryRobocall, about(shownNumber), []cases.Call{one, two}, nil},
		{"a text message", cases.CategoryTextSpam, about(shownNumber, calledNumber), []cases.Call{one}, nil},
	} {
		r := reportAt(at("10:00:00"))
		r.Category = tt.category
		fs := Findings(Evidence{Report: r, Subjects: tt.subjects, Matches: tt.matches, Coverage: complete})
		if diff := cmp.Diff(tt.want, fs[0].Data.Called); diff != "" || fs[0].Kind != cases.FindingCorroboration {
			t.Errorf("%s: %s, %s", tt.name, fs[0].Verdict, diff)
		}
	}
}
