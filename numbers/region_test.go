package numbers

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

func TestCountry(t *testing.T) {
	for e164, want := range map[string]string{
		"+14158654321": "US", "+14169671111": "CA", "+18765551234": "JM", "+17875551234": "PR", "+12684641234": "AG",
		"+18005551234": "US", "+12012111234": "US", "+12372345678": "", "+1415865432": "", "+11234567890": "",
		"+442079460958": "GB", "+441534123456": "JE", "+4415341234567": "GB", "+447700900123": "GB", "+33612345678": "FR",
		"+79161234567": "RU", "+77012345678": "KZ", "+80012345678": "001", "+881612345678": "001",
		"+999123456": "", "+0123456": "", "14158654321": "", "": "", "+": "", "+1": "", "911": "", "+1415865432a": "",
	} {
		if got := Country(e164); got != want {
			t.Errorf("Country(%q) = %q, want %q", e164, got, want)
		}
	}
}

// Country must agree with the library on every valid number: random numbers
// of every calling code that countries share, and each region's examples.
func TestCountryAgreesWithLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var all []string
	for code := range phonenumbers.GetSupportedCallingCodes() {
		if len(phonenumbers.GetRegionCodesForCountryCode(code)) > 1 {
			for range 1500 {
				length := 5 + random.IntN(7)
				if code == 1 {
					length = 10
				}
				all = append(all, fmt.Sprintf("+%d%0*d", code, length, random.Int64N(pow10(length))))
			}
		}
	}
	for region := range phonenumbers.GetSupportedRegions() {
		for _, kind := range []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.TOLL_FREE, phonenumbers.PREMIUM_RATE} {
			if n := phonenumbers.GetExampleNumberForType(region, kind); n != nil {
				all = append(all, phonenumbers.Format(n, phonenumbers.E164))
			}
		}
	}
	valid := 0
	for _, e164 := range all {
		n, err := phonenumbers.Parse(e164, "")
		if err != nil || !phonenumbers.IsValidNumber(n) || phonenumbers.Format(n, phonenumbers.E164) != e164 {
			continue
		}
		valid++
		if got, want := Country(e164), phonenumbers.GetRegionCodeForNumber(n); got != want {
			t.Errorf("Country(%s) = %q, library %q", e164, got, want)
		}
	}
	if valid < 2000 {
		t.Errorf("only %d numbers were compared", valid)
	}
}

// The area code table must give the kinds that the library's patterns give.
func TestNorthAmericanKindAgreesWithLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for npa := 200; npa <= 999; npa++ {
		for range 12 {
			national := fmt.Sprintf("%d%07d", npa, random.IntN(10_000_000))
			n := northAmericanNumber(national)
			if n.Kind == KindTollFree || n.Kind == KindPremium || national[3] < '2' {
				continue // our layer's own; the library has toll-free numbers with exchange 14x
			}
			value, _ := strconv.ParseUint(national, 10, 64)
			if want := kindOf(northAmerican(value)); n.Kind != want {
				t.Errorf("+1%s in %q is %s, the library has %s", national, n.Region, n.Kind, want)
			}
		}
	}
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

func TestNPANXX(t *testing.T) {
	for e164, want := range map[string]string{
		"+12025550143": "202555", "+442079460958": "", "+1202555014": "", "12025550143": "", "+1202555014x": "", "": "",
	} {
		if got := NPANXX(e164); got != want {
			t.Errorf("NPANXX(%q) = %q, want %q", e164, got, want)
		}
	}
}

func TestFormat(t *testing.T) {
	for e164, want := range map[string]string{
		"+12025550143": "+1 202 555 0143", "+442079460958": "+44 20 7946 0958", "+33612345678": "+33 6 12 34 56 78",
		"+11234567890": "+1 123 456 7890", "anonymous": "anonymous", "": "", "+999123": "+999123",
	} {
		if got := Format(e164); got != want {
			t.Errorf("Format(%q) = %q, want %q", e164, got, want)
		}
	}
}

func TestPlaceAndTime(t *testing.T) {
	Warm()
	if got := Location("+12025551234"); !strings.HasPrefix(got, "Washington") {
		t.Errorf("Location = %q", got)
	}
	if got := TimeZones("+12025551234"); !slices.Equal(got, []string{"America/New_York"}) {
		t.Errorf("TimeZones = %v", got)
	}
	for _, text := range []string{"", "+", "anonymous", "+999123456"} {
		if Location(text) != "" || TimeZones(text) != nil {
			t.Errorf("%q has a place: %q, %v", text, Location(text), TimeZones(text))
		}
	}
}

func TestMetadataVersion(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(mod), "github.com/nyaruka/phonenumbers "+libraryVersion) {
		t.Errorf("go.mod has another release than %s: update both constants in format.go", libraryVersion)
	}
	if !strings.Contains(MetadataVersion(), metadataRelease) {
		t.Errorf("MetadataVersion() = %q", MetadataVersion())
	}
}

func BenchmarkCountry(b *testing.B) {
	for _, e164 := range []string{"+12025550143", "+33612345678", "+442079460958", "+441534123456"} {
		b.Run(e164, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Country(e164)
			}
		})
	}
}
