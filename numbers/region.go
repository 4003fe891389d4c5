package numbers

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// northAmerica is the calling code of the North American Numbering Plan.
const northAmerica = 1

// callingCodes marks the country calling codes in use. They are prefix-free and
// have one to three digits (ITU-T E.164).
var callingCodes = sync.OnceValue(func() *[1000]bool {
	var table [1000]bool
	for code := range phonenumbers.GetSupportedCallingCodes() {
		if code > 0 && code < len(table) {
			table[code] = true
		}
	}
	return &table
})

// splitCallingCode cuts E.164 digits (no "+") in two; 0 if no code fits.
func splitCallingCode(digits string) (code int, national string) {
	table := callingCodes()
	for i := 0; i < len(digits) && i < 3; i++ {
		if digits[i] < '0' || digits[i] > '9' || i == 0 && digits[i] == '0' {
			return 0, ""
		}
		if code = code*10 + int(digits[i]-'0'); table[code] {
			return code, digits[i+1:]
		}
	}
	return 0, ""
}

// IsE164 reports whether s is "+" and at most fifteen digits of which the first
// is not zero. It does not ask whether such a number exists.
func IsE164(s string) bool {
	return len(s) >= 3 && s[0] == '+' && s[1] != '0' && onlyDigits(s[1:], 15)
}

// Country returns the alpha-2 code of the country that an E.164 number belongs
// to by its numbering plan; "001" for numbers of no country, "" where that
// cannot be told (no E.164 number, unassigned North American area code). In a plan
// that countries share, a number in no known range counts as the main country's.
// It takes well under a microsecond for most numbers.
func Country(e164 string) string {
	if !IsE164(e164) {
		return ""
	}
	code, national := splitCallingCode(e164[1:])
	switch code {
	case 0:
		return ""
	case northAmerica:
		return areaCodes().find(national).region
	}
	return planOf(code).region(national)
}

// CallingCode returns the country calling code of an E.164 number, or 0.
func CallingCode(e164 string) int {
	if !IsE164(e164) {
		return 0
	}
	code, _ := splitCallingCode(e164[1:])
	return code
}

// NPANXX returns area code and exchange ("202555") of a North American E.164
// number, "" for any other.
func NPANXX(e164 string) string {
	if len(e164) != 12 || e164[0] != '+' || e164[1] != '1' || !onlyDigits(e164[1:], 11) {
		return ""
	}
	return e164[2:8]
}

// plan tells the countries of one calling code apart as libphonenumber does: in
// its order, by leading digits where the metadata has them, else by any known
// range. The patterns are compiled once per plan; the library builds and looks
// up each on every call, which costs twenty times as much.
type plan struct {
	main    string
	members []planMember // nil if there is one country only
}

type planMember struct {
	region  string
	pattern *regexp.Regexp
}

func (p *plan) region(national string) string {
	for _, m := range p.members {
		if m.pattern.MatchString(national) {
			return m.region
		}
	}
	return p.main
}

var plans sync.Map // calling code → *plan; built on first use, a few dozen at most

func planOf(code int) *plan {
	if p, ok := plans.Load(code); ok {
		return p.(*plan)
	}
	p, _ := plans.LoadOrStore(code, newPlan(code))
	return p.(*plan)
}

func newPlan(code int) *plan {
	regions := phonenumbers.GetRegionCodesForCountryCode(code)
	if len(regions) == 0 {
		return &plan{}
	}
	p := &plan{main: regions[0]}
	if len(regions) == 1 {
		return p
	}
	metadata := metadataByRegion()
	for _, region := range regions {
		if pattern := rangePattern(metadata[region]); pattern != nil {
			p.members = append(p.members, planMember{region, pattern})
		}
	}
	return p
}

var metadataByRegion = sync.OnceValue(func() map[string]*phonenumbers.PhoneMetadata {
	out := map[string]*phonenumbers.PhoneMetadata{}
	collection, err := phonenumbers.MetadataCollection()
	if err != nil {
		return out // then every shared number counts as the main country's
	}
	for _, m := range collection.GetMetadata() {
		out[m.GetId()] = m
	}
	return out
})

func rangePattern(m *phonenumbers.PhoneMetadata) *regexp.Regexp {
	if m == nil {
		return nil
	}
	source := "^(?:" + m.GetLeadingDigits() + ")"
	if m.GetLeadingDigits() == "" {
		var ranges []string
		for _, desc := range []*phonenumbers.PhoneNumberDesc{m.GetFixedLine(), m.GetMobile(), m.GetTollFree(), m.GetPremiumRate(),
			m.GetSharedCost(), m.GetVoip(), m.GetPersonalNumber(), m.GetPager(), m.GetUan(), m.GetVoicemail()} {
			if pattern := desc.GetNationalNumberPattern(); pattern != "" && pattern != "NA" {
				ranges = append(ranges, pattern)
			}
		}
		if len(ranges) == 0 {
			return nil
		}
		source = "^(?:" + strings.Join(ranges, "|") + ")$"
	}
	pattern, err := regexp.Compile(source)
	if err != nil {
		return nil
	}
	return pattern
}

// IsRegion reports whether a numbering plan is known for an alpha-2 code, in
// capitals.
func IsRegion(code string) bool { return phonenumbers.GetSupportedRegions()[code] }

// Regions are the alpha-2 codes of all countries that have a numbering plan, in
// alphabetical order.
var Regions = sync.OnceValue(func() []string {
	var all []string
	for code := range phonenumbers.GetSupportedRegions() {
		if code != "001" { // no country's
			all = append(all, code)
		}
	}
	slices.Sort(all)
	return all
})

// CallingCodeOf returns the country calling code of a country by its alpha-2
// code, or 0.
func CallingCodeOf(region string) int { return phonenumbers.GetCountryCodeForRegion(region) }
