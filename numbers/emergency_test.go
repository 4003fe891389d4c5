package numbers

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

func newTestEmergency(t testing.TB, additions ...string) *Emergency {
	t.Helper()
	e, err := NewEmergency(additions)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEmergencyMatch(t *testing.T) {
	e := newTestEmergency(t, "933", "+12025550143", "urn:service:counseling", "+442079460958")
	tests := []struct {
		dialled, country, techPrefix string
		want                         bool
	}{
		{"911", "US", "", true},
		{"911", "us", "", true},
		{"+911", "US", "", true},
		{"9-1-1", "US", "", true},
		{" 9 1 1 ", "US", "", true},
		{"９１１", "US", "", true},
		{"sip:911@gw.example;user=phone", "US", "", true},
		{"SIPS:911@gw.example", "US", "", true},
		{"sip:+911@gw.example:5060;transport=tcp", "US", "", true},
		{"sip:%2B911@gw.example", "US", "", true},
		{"sip:911;phone-context=+1@gw.example", "US", "", true},
		{`"Ann <1>" <sip:911@gw.example>;tag=1`, "US", "", true},
		{"tel:911;phone-context=+1", "US", "", true},
		{"tel:+911", "US", "", true},
		{"911@gw.example", "US", "", true},
		{"1234911", "US", "1234", true},
		{"+1234911", "US", "1234", true},
		{"1234+911", "US", "1234", true},
		{"1234#911", "US", "1234#", true},
		{"12341911", "US", "1234", true},
		{"sip:1234911@gw.example", "US", "1234", true},
		{"911", "US", "1234", true},
		{"+1911", "US", "", true},
		{"1911", "US", "", true},
		{"+44999", "GB", "", true},
		{"*67911", "US", "", true},
		{"*82911", "CA", "", true},
		{"*31#112", "DE", "", true},
		{"112", "US", "", true},
		{"112", "DE", "", true},
		{"110", "DE", "", true},
		{"000", "AU", "", true},
		{"999", "GB", "", true},
		{"10111", "ZA", "", true},
		{"911", "", "", true},
		{"999", "", "", true},
		{"112", "ZZ", "", true},
		{"112", "not a country", "", true},
		{"114", "GQ", "", true}, // no metadata: the world's
		{"urn:service:sos", "US", "", true},
		{"URN:service:SOS.police", "", "", true},
		{"<urn:service:sos.ecall.automatic>", "DE", "", true},
		{"sip:urn:service:sos@gw.example", "US", "", true},
		{"urn:nena:service:sos", "US", "", true},
		{"sip:sos@gw.example", "US", "", true},
		{"urn:service:counseling.children", "US", "", true},
		{"933", "US", "", true},
		{"1234933", "US", "1234", true},
		{"+12025550143", "US", "", true},
		{"2025550143", "US", "", true},
		{"12025550143", "US", "", true},
		{"(202) 555-0143", "US", "", true},
		{"011442079460958", "US", "", true},
		{"020 7946 0958", "GB", "", true},
		{"12342025550143", "US", "1234", true},

		{"112999", "GB", "", false},
		{"112999", "US", "", false},
		{"9111", "US", "", false},
		{"9911", "US", "", false},
		{"91", "US", "", false},
		{"211", "US", "", false},
		{"311", "US", "", false},
		{"511", "US", "", false},
		{"988", "US", "", false},
		{"988", "", "", false},
		{"999", "US", "", false},
		{"911", "DE", "", false},
		{"44999", "GB", "", false},
		{"*67911", "DE", "", false},
		{"1234911", "US", "", false},
		{"1234911", "US", "4321", false},
		{"1234", "US", "1234", false},
		{"911a", "US", "", false},
		{"911,1", "US", "", false},
		{"sip:alice@911", "US", "", false},
		{"sip:alice911@gw.example", "US", "", false},
		{"sip:sosumi@gw.example", "US", "", false},
		{"urn:service:sosumi", "US", "", false},
		{"urn:service:test.sos", "US", "", false},
		{"+12025550144", "US", "", false},
		{"+19115550143", "US", "", false},
		{"", "US", "", false},
		{"", "", "", false},
		{"+", "", "", false},
		{"%", "US", "", false},
		{"sip:", "US", "", false},
		{"<>", "US", "", false},
		{strings.Repeat("911", 30), "US", "", false},
	}
	for _, tt := range tests {
		if got := e.Match(tt.dialled, tt.country, tt.techPrefix); got != tt.want {
			t.Errorf("Match(%q, %q, %q) = %v", tt.dialled, tt.country, tt.techPrefix, got)
		}
	}
	if newTestEmergency(t).Match("933", "US", "") {
		t.Error("933 matches without having been added")
	}
}

// Every emergency number of every country, as the library itself sees it, passes
// under its own country and where the country is not known, however it is
// decorated; and nothing else of up to four digits does.
func TestEmergencyEveryCountry(t *testing.T) {
	e := newTestEmergency(t)
	countries := 0
	for country := range phonenumbers.GetSupportedRegions() {
		code := strconv.Itoa(phonenumbers.GetCountryCodeForRegion(country))
		own := e.Numbers(country)
		if len(own) == 0 {
			t.Errorf("%s has no emergency number", country)
		}
		if len(emergencyByCountry()[country]) > 0 {
			countries++
		}
		for _, number := range own {
			if len(number) > maxEmergency {
				t.Errorf("%s in %s is longer than maxEmergency", number, country)
			}
			if emergencyByCountry()[country] != nil && !phonenumbers.IsEmergencyNumber(number, country) {
				t.Errorf("%s in %s is not the library's", number, country)
			}
			for _, dialled := range []string{number, "+" + number, "sip:" + number + "@h", "sip:+" + number + "@h;user=phone", "tel:" + number,
				"1234" + number, "+1234" + number, "+" + code + number, strings.Join(strings.Split(number, ""), "-")} {
				for _, at := range []string{country, strings.ToLower(country)} {
					if !e.Match(dialled, at, "1234") {
						t.Errorf("%q does not match in %s", dialled, at)
					}
				}
			}
			if !e.Match(number, "", "") || !e.Match("1234"+number, "", "1234") {
				t.Errorf("%q of %s does not match without a country", number, country)
			}
		}
	}
	if countries < 240 {
		t.Errorf("only %d countries have metadata", countries)
	}
}

// The library, asked with every string of one to four digits, finds the same
// numbers for the countries whose patterns differ most.
func TestEmergencyExactAgainstLibrary(t *testing.T) {
	for _, country := range []string{"US", "GB", "DE", "BB", "ET", "GA", "LT", "OM", "PK", "TH", "UZ"} {
		own := stringSet(emergencyFor(country))
		for length := 1; length <= 4; length++ {
			for n := range int(pow10(length)) {
				number := fmt.Sprintf("%0*d", length, n)
				if _, got := own[number]; got != phonenumbers.IsEmergencyNumber(number, country) {
					t.Errorf("%s in %s: %v, the library says otherwise", number, country, got)
				}
			}
		}
	}
}

func TestNewEmergencyRefuses(t *testing.T) {
	_, err := NewEmergency([]string{"933", "police", "", "urn:service:sos.fire", "9", "1234567890123456"})
	if err == nil {
		t.Fatal("no error")
	}
	for _, bad := range []string{`"police"`, `""`, `"9"`, `"1234567890123456"`} {
		if !strings.Contains(err.Error(), bad) {
			t.Errorf("%v does not name %s", err, bad)
		}
	}
	if strings.Contains(err.Error(), "933") || strings.Contains(err.Error(), "fire") {
		t.Errorf("%v names good ones", err)
	}
}

func TestEmergencyAllocatesNothing(t *testing.T) {
	e := newTestEmergency(t, "933", "urn:service:counseling")
	for _, dialled := range []string{"+12025550143", "911", "sip:1234911@gw.example;user=phone", "urn:service:sos", "hello"} {
		if n := testing.AllocsPerRun(100, func() { e.Match(dialled, "US", "1234") }); n != 0 {
			t.Errorf("Match(%q) allocates %v times", dialled, n)
		}
	}
}

func FuzzEmergency(f *testing.F) {
	for _, seed := range []string{"911", "+911", "sip:%2B911@h", "<urn:service:sos>", "*67911", "*31#112", "112999", "%2", "１１２"} {
		f.Add(seed, "US", "1234")
	}
	e := newTestEmergency(f, "933", "+12025550143")
	f.Fuzz(func(t *testing.T, dialled, country, techPrefix string) {
		got := e.Match(dialled, country, techPrefix)
		if got && !e.Match(" <"+strings.NewReplacer("<", "", ">", "").Replace(dialled)+"> ", country, techPrefix) && !strings.ContainsAny(dialled, "<>") {
			t.Errorf("%q matches but not in brackets", dialled)
		}
	})
}

func BenchmarkEmergency(b *testing.B) {
	e := newTestEmergency(b, "933", "+12025550143")
	for name, dialled := range map[string]string{"ordinary": "+12025550199", "uri": "sip:+12025550199@gw.example;user=phone", "911": "911", "prefixed": "1234911"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e.Match(dialled, "US", "1234")
			}
		})
	}
}
