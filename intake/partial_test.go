package intake

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

func TestPartialNumbersInText(t *testing.T) {
	caller, called := cases.RoleCaller, cases.RoleCalled
	one := func(pattern string, role cases.NumberRole, text string) []cases.PartialNumber {
		return []cases.PartialNumber{{Pattern: pattern, Role: role, Text: text}}
	}
	for text, want := range map[string][]cases.PartialNumber{
		"The caller ID was 202-555-01xx, I think.":                            one("+120255501??", caller, "202-555-01xx"),
		"A robot called from +1 (202) 555-****.":                              one("+1202555????", caller, "+1 (202) 555-****"),
		"It came from a number ending in 0143.":                               one("*0143", caller, "0143"),
		"I only remember that the number ended with 555-0143!":                one("*5550143", caller, "555-0143"),
		"They rang my number ending in 0199.":                                 one("*0199", called, "0199"),
		"The last four digits of the phone number were 0143.":                 nil, // "last four digits of" and the digits are apart
		"Caller's number, last 4 digits: 0143.":                               one("*0143", caller, "0143"),
		"Me llamaron de un número que termina en 0143.":                       one("*0143", caller, "0143"),
		"L'appel vient d'un numéro qui se termine par 0143.":                  one("*0143", caller, "0143"),
		"They called about my card ending in 4242.":                           nil,
		"The number called. They said my account ending in 4242 was charged.": nil,
		"They wanted the last four of my SSN, ending in 1234.":                nil,
		"It was ending in 2024.":                                              nil,
		"Order 20255501xx-77 arrived.":                                        nil,
		"Pay 1000x now":                                                       nil,
		"I was called by 202-555-0143.":                                       nil,
	} {
		p := Text(text, Context{Region: "US"})
		if d := cmp.Diff(want, p.Partials); d != "" {
			t.Errorf("%s (-want +got):\n%s", text, d)
		}
	}
}

func TestPartialNumberInAField(t *testing.T) {
	p, err := JSON([]byte(`{"caller_number": "202-555-01xx", "called_number": "...0199"}`), Context{Region: "US"})
	want := []cases.PartialNumber{{Pattern: "+120255501??", Role: cases.RoleCaller, Text: "202-555-01xx"}, {Pattern: "*0199", Role: cases.RoleCalled, Text: "...0199"}}
	if err != nil || !cmp.Equal(want, p.Partials) || len(p.Numbers) != 0 {
		t.Errorf("%+v, %+v, %v", p.Partials, p.Numbers, err)
	}
	if _, err := JSON([]byte(`{"caller_number": "202-xxx-xxxx"}`), Context{Region: "US"}); err == nil {
		t.Error("three digits are taken for a number")
	}
}
