package numbers

import (
	"strconv"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// areaCode is what libphonenumber knows of a North American area code.
type areaCode struct {
	region string // "" if no country's ranges hold it: not in service
	kind   Kind   // of all its numbers; "" if it hangs on the exchange
}

// areaCodeTable has the area codes 200 to 999.
type areaCodeTable [800]areaCode

var areaCodes = sync.OnceValue(func() *areaCodeTable {
	var table areaCodeTable
	p := *newPlan(northAmerica)
	p.main = ""
	for npa := range table {
		table[npa] = probe(&p, uint64(npa+200)*pow7)
	}
	return &table
})

// probe asks the library about numbers all over an area code. Islands have a few
// exchanges only, and so have area codes that have just been opened.
func probe(p *plan, base uint64) (area areaCode) {
	answers := 0
	probes := [...]uint64{2345678, 3002345, 4662345, 5552368, 6602345, 7302345, 9202345}
	for _, rest := range probes {
		region := p.region(strconv.FormatUint(base+rest, 10))
		if region == "" {
			continue
		}
		area.region = region
		if region != "US" && region != "CA" {
			return area
		}
		kind := kindOf(northAmerican(base + rest))
		if answers++; answers == 1 {
			area.kind = kind
		}
		if kind != area.kind {
			answers = -len(probes)
		}
	}
	if answers != len(probes) {
		area.kind = ""
	}
	return area
}

const pow7 = 10_000_000

// northAmerican builds the library's form of a ten-digit number without its parser.
func northAmerican(national uint64) *phonenumbers.PhoneNumber {
	code := int32(northAmerica)
	return &phonenumbers.PhoneNumber{CountryCode: &code, NationalNumber: &national}
}

// find returns the area code of a ten-digit national number; the zero value if
// there is none.
func (t *areaCodeTable) find(national string) areaCode {
	if len(national) != 10 {
		return areaCode{}
	}
	npa := int(national[0]-'0')*100 + int(national[1]-'0')*10 + int(national[2]-'0')
	if npa < 200 || npa > 999 {
		return areaCode{}
	}
	return t[npa-200]
}

// northAmericanNumber classes ten digits. In the United States and Canada the
// kind mostly hangs on the area code alone, which spares the library's patterns,
// by far the dearest part of reading a call record; a test compares the two.
func northAmericanNumber(national string) Number {
	n := Number{E164: "+1" + national, CountryCode: northAmerica, Kind: KindUnknown}
	area := areaCodes().find(national)
	n.Region = area.region
	switch {
	case area.region == "":
	case area.kind == "":
		value, _ := strconv.ParseUint(national, 10, 64) // ten digits, of which the first is not 0
		n.Kind = kindOf(northAmerican(value))
	case national[3] >= '2':
		n.Kind = area.kind
	}
	n.Kind, n.Reason = northAmericanLayer(national, n.Region, n.Kind)
	n.Assignable = n.Reason == ""
	return n
}
