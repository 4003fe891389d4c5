package numbers

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	us := func(e164 string) Number {
		return Number{E164: e164, Region: "US", CountryCode: 1, Kind: KindFixedOrMobile, Assignable: true}
	}
	with := func(n Number, extension string) Number { n.Extension = extension; return n }
	gb := Number{E164: "+442079460958", Region: "GB", CountryCode: 44, Kind: KindFixed, Assignable: true}
	tests := []struct {
		text, region string
		want         Number
	}{
		{"(415) 865-4321", "US", us("+14158654321")},
		{"415.865.4321", "us", us("+14158654321")},
		{" 1-415-865-4321. ", "US", us("+14158654321")},
		{"+1 415 865 4321", "", us("+14158654321")},
		{"１ ４１５ ８６５ ４３２１", "US", us("+14158654321")},
		{"\u202a+1\u00a0415\u2011865\u20114321\u202c", "", us("+14158654321")},
		{"sip:14158654321@gw.example", "GB", us("+14158654321")},
		{"14158654321", "", us("+14158654321")},
		{"sip:+14158654321@10.0.0.1:5060;transport=udp", "", us("+14158654321")},
		{"sip:14158654321@pbx.example.com", "US", us("+14158654321")},
		{"SIPS:+14158654321;npdi;rn=+14155550000@gw.example;user=phone", "", us("+14158654321")},
		{`"Bob <x>" <sip:+14158654321@gw.example>;tag=77`, "", us("+14158654321")},
		{"sip:%2B14158654321@gw.example", "", us("+14158654321")},
		{"sip:+14158654321:secret@gw.example", "", us("+14158654321")},
		{"tel:+1-415-865-4321;ext=42", "", with(us("+14158654321"), "42")},
		{"tel:415-865-4321;phone-context=+1", "", us("+14158654321")},
		{"tel:+14158654321;rn=+14155550000;npdi", "", us("+14158654321")},
		{"+14158654321;rn=+14155550000", "", us("+14158654321")},
		{"+14158654321;verstat=TN-Validation-Passed", "", us("+14158654321")},
		{"415-865-4321 x99", "US", with(us("+14158654321"), "99")},
		{"415-865-4321, ext. 1234", "US", with(us("+14158654321"), "1234")},
		{"415-865-4321 Extension: 5", "US", with(us("+14158654321"), "5")},
		{"415-865-4321 #7", "US", with(us("+14158654321"), "7")},
		{"020 7946 0958", "GB", gb},
		{"020 7946 0958", "UK", gb},
		{"+44 (0)20 7946 0958", "US", gb},
		{"0044 20 7946 0958", "US", gb},
		{"011 44 20 7946 0958", "US", gb},
		{"442079460958", "", gb},
		{"+39 06 698 12345", "", Number{E164: "+390669812345", Region: "VA", CountryCode: 39, Kind: KindFixed, Assignable: true}},
		{"+44 7400 123456", "", Number{E164: "+447400123456", Region: "GB", CountryCode: 44, Kind: KindMobile, Assignable: true}},
		{"+800 1234 5678", "", Number{E164: "+80012345678", Region: "001", CountryCode: 800, Kind: KindTollFree, Assignable: true}},
		{"+44 7700 900123", "", Number{E164: "+447700900123", Region: "GB", CountryCode: 44, Kind: KindUnknown, Reason: "The number is in no range in service."}},
		{"+1 876 555 0143", "", Number{E164: "+18765550143", Region: "JM", CountryCode: 1, Kind: KindMobile, Reason: "Numbers 555-0100 to 555-0199 are kept for films and examples."}},
		{"+1 416 967 1111", "", Number{E164: "+14169671111", Region: "CA", CountryCode: 1, Kind: KindFixedOrMobile, Assignable: true}},
	}
	for _, tt := range tests {
		got, err := Parse(tt.text, tt.region)
		if err != nil {
			t.Errorf("Parse(%q, %q): %v", tt.text, tt.region, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Parse(%q, %q) (-want +got):\n%s", tt.text, tt.region, diff)
		}
	}
}

func TestParseNorthAmericanLayer(t *testing.T) {
	tests := []struct {
		text       string
		kind       Kind
		assignable bool
		reason     string // a part of it
	}{
		{"201-211-1234", KindFixedOrMobile, false, "211 is a service code"},
		{"202-411-1234", KindFixedOrMobile, false, "411 is a service code"},
		{"202-555-0100", KindFixedOrMobile, false, "films"},
		{"202-555-0199", KindFixedOrMobile, false, "films"},
		{"202-555-0200", KindFixedOrMobile, true, ""},
		{"202-555-0099", KindFixedOrMobile, true, ""},
		{"202-555-1212", KindFixedOrMobile, false, "directory"},
		{"202-976-1234", KindPremium, true, ""},
		{"900-234-5678", KindPremium, true, ""},
		{"800-234-5678", KindTollFree, true, ""},
		{"833-234-5678", KindTollFree, true, ""},
		{"844-234-5678", KindTollFree, true, ""},
		{"855-234-5678", KindTollFree, true, ""},
		{"866-234-5678", KindTollFree, true, ""},
		{"877-234-5678", KindTollFree, true, ""},
		{"888-511-0275", KindTollFree, true, ""},
		{"800-555-0199", KindTollFree, false, "films"},
		{"822-234-5678", KindTollFree, false, "822"},
		{"+1 800 123 4567", KindUnknown, false, "exchange"},
		{"411-234-5678", KindUnknown, false, "service code"},
		{"+1 111 111 1111", KindUnknown, false, "starts with 1"},
		{"+1 012 345 6789", KindUnknown, false, "starts with 0"},
		{"123-456-7890", KindUnknown, false, "starts with 1"},
		{"+1 292 234 5678", KindUnknown, false, "9 in the middle"},
		{"+1 237 234 5678", KindUnknown, false, "not an area code"},
		{"202-155-1234", KindUnknown, false, "starts with 1"},
		{"202-055-1234", KindUnknown, false, "starts with 0"},
		{"500-234-5678", KindPersonal, true, ""},
	}
	for _, tt := range tests {
		got, err := Parse(tt.text, "US")
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.text, err)
			continue
		}
		if got.Kind != tt.kind || got.Assignable != tt.assignable || !strings.Contains(got.Reason, tt.reason) || (got.Reason == "") != got.Assignable {
			t.Errorf("Parse(%q) = %+v, want %s, %v, %q", tt.text, got, tt.kind, tt.assignable, tt.reason)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		text, region string
		code         Code
	}{
		{"", "US", CodeEmpty},
		{"  \t", "US", CodeEmpty},
		{"+1215555121a", "US", CodeLetters},
		{"1-800-FLOWERS", "US", CodeLetters},
		{"sip:alice@example.com", "US", CodeLetters},
		{"call me", "US", CodeLetters},
		{"sip:anonymous@anonymous.invalid", "US", CodeWithheld},
		{"Private", "US", CodeWithheld},
		{"911", "US", CodeShortCode},
		{"411", "US", CodeShortCode},
		{"+1911", "US", CodeShortCode},
		{"tel:911;phone-context=+1", "US", CodeShortCode},
		{"*67", "US", CodeShortCode},
		{"*67 415 865 4321", "US", CodeShortCode},
		{"112", "GB", CodeTooShort},
		{"1", "US", CodeTooShort},
		{"+", "US", CodeNotNumber},
		{"555-0143", "US", CodeNoAreaCode},
		{"415865432", "US", CodeTooShort},
		{"442079460958", "US", CodeTooLong},
		{"415-865-4321-9", "US", CodeTooLong},
		{"+1 415 865 43211", "US", CodeTooLong},
		{"+14158654321+14158654322", "US", CodeNotNumber},
		{"415-865-4321\n415-865-4322", "US", CodeNotNumber},
		{"415-865-4321 / 4322", "US", CodeTooLong},
		{"4111 1111 1111 1111", "US", CodeTooLong},
		{"(415) 865-4321", "", CodeNoCountry},
		{"+999 123456789", "US", CodeUnknownCountry},
		{"20.255.50.143", "US", CodeNotNumber},
		{"sip:20.255.50.143", "US", CodeNotNumber},
		{"sip:20.255.50.143:5060", "US", CodeNotNumber},
		{"sip:@20.255.50.143", "US", CodeEmpty},
		{"2001:db8::1", "US", CodeNotNumber},
		{"$415 865 4321", "US", CodeNotNumber},
		{"415_865_4321", "US", CodeNotNumber},
		{"tel:+14158654321;ext=12a", "US", CodeNotNumber},
		{"sip:%zz@example.com", "US", CodeNotNumber},
		{"\xff\xfe415", "US", CodeNotNumber},
		{strings.Repeat("4", 300), "US", CodeTooLong},
		{strings.Repeat("4", 40), "US", CodeTooLong},
	}
	for _, tt := range tests {
		got, err := Parse(tt.text, tt.region)
		if !errors.Is(err, &Error{Code: tt.code}) {
			t.Errorf("Parse(%q, %q) = %+v, %v; want code %s", tt.text, tt.region, got, err, tt.code)
		}
	}
}

func TestParseFromSwitch(t *testing.T) {
	for text, want := range map[string]string{
		"442079460958":   "+442079460958",
		"14158654321":    "+14158654321",
		"4158654321":     "+14158654321",
		"00442079460958": "+442079460958",
	} {
		got, err := ParseWith(text, "US", ParseOptions{FromSwitch: true})
		if err != nil || got.E164 != want {
			t.Errorf("%q = %+v, %v; want %s", text, got, err, want)
		}
	}
}

func TestParseVanity(t *testing.T) {
	for text, want := range map[string]string{
		"1-800-FLOWERS":    "+18003569377",
		"1-800-Contacts":   "+18002668228",
		"1-800-411-PAIN":   "+18004117246",
		"(800) goFedEx":    "+18004633339",
		"1-800-FLOWERS x2": "+18003569377",
	} {
		got, err := ParseWith(text, "US", ParseOptions{Vanity: true})
		if err != nil || got.E164 != want {
			t.Errorf("%q = %+v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"FLOWERS", "1-800-FLOWERSFORMYMOTHER-1", "800 ÄPFELNNN", "415 865 4321 people called"} {
		if got, err := ParseWith(text, "US", ParseOptions{Vanity: true}); err == nil {
			t.Errorf("%q = %+v, want an error", text, got)
		}
	}
}

// The value a parse returns must parse to itself: records are compared by it.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"(415) 865-4321", "sip:+1415@h;rn=1", "tel:+1;ext=2;phone-context=+44", "<sip:%2B1@x>", "*67911",
		"1-800-FLOWERS", "+44 (0)20 7946 0958", "00", "011", "+", "<", "sip:", "٠١٢٣٤٥٦٧٨٩", "tel:1;phone-context=tel:+1"} {
		f.Add(seed, "US")
		f.Add(seed, "")
	}
	f.Fuzz(func(t *testing.T, text, region string) {
		for _, options := range []ParseOptions{{}, {Vanity: true}} {
			n, err := ParseWith(text, region, options)
			if err != nil {
				var e *Error
				if !errors.As(err, &e) || e.Message == "" || e.Code == "" {
					t.Fatalf("ParseWith(%q, %q): error without words: %#v", text, region, err)
				}
				continue
			}
			if !IsE164(n.E164) || n.Kind == "" || (n.Reason == "") != n.Assignable {
				t.Fatalf("ParseWith(%q, %q) = %+v", text, region, n)
			}
			again, err := Parse(n.E164, "")
			n.Extension = ""
			if err != nil || again != n {
				t.Fatalf("ParseWith(%q, %q) = %+v, which parses as %+v, %v", text, region, n, again, err)
			}
			Format(n.E164)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	Warm()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = Parse("+1 (415) 865-4321", "US")
	}
}
