package numbers

// serviceCodes are the North American three-digit codes (N11 and 988).
var serviceCodes = map[string]string{
	"211": "community services",
	"311": "local government",
	"411": "directory assistance",
	"511": "traffic information",
	"611": "the carrier's repair desk",
	"711": "the relay service",
	"811": "the line-locating service",
	"911": "the emergency service",
	"988": "the crisis line",
}

// ServiceCode says what a North American three-digit service code (211 to 911,
// 988) reaches.
func ServiceCode(digits string) (meaning string, ok bool) {
	meaning, ok = serviceCodes[digits]
	return meaning, ok
}

// tollFreeReserved is set aside to become toll-free but not opened.
const tollFreeReserved = "822"

// isTollFree reports a toll-free area code in service (FCC, 47 CFR 52.101 and
// later openings).
func isTollFree(npa string) bool {
	switch npa {
	case "800", "833", "844", "855", "866", "877", "888":
		return true
	}
	return false
}

func isN11(code string) bool { return code[1] == '1' && code[2] == '1' }

// northAmericanLayer corrects what libphonenumber says of a ten-digit North
// American number. kind is libphonenumber's, KindUnknown if it knows no such
// range. Sources: ATIS INC central office code and NPA allocation guidelines.
func northAmericanLayer(national, region string, kind Kind) (_ Kind, reason string) {
	npa, exchange, line := national[:3], national[3:6], national[6:]
	switch {
	case npa[0] < '2':
		return kind, "No North American area code starts with " + npa[:1] + "."
	case isN11(npa):
		return kind, npa + " is a service code and never an area code."
	case npa[1] == '9':
		return kind, "Area codes with 9 in the middle are kept back for longer numbers."
	case npa == tollFreeReserved:
		return KindTollFree, "822 is reserved for toll-free numbers but has not been opened."
	case exchange[0] < '2':
		return kind, "No North American exchange starts with " + exchange[:1] + "."
	case isTollFree(npa):
		// Exchanges such as 411 and 511 are in use behind toll-free area codes.
		if exchange == "555" && line == "0199" {
			return KindTollFree, "This number is kept for films and examples."
		}
		return KindTollFree, ""
	case npa == "900":
		return KindPremium, ""
	case region == "":
		return kind, npa + " is not an area code in service."
	case isN11(exchange):
		return kind, exchange + " is a service code and never an exchange."
	case exchange == "555" && line[:2] == "01":
		return kind, "Numbers 555-0100 to 555-0199 are kept for films and examples."
	case exchange == "555" && line == "1212":
		return kind, "555-1212 is directory assistance."
	case exchange == "976" && (region == "US" || region == "CA"):
		return KindPremium, ""
	case kind == KindUnknown:
		return kind, "The number is in no range in service."
	}
	return kind, ""
}
