package numbers

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// ParseOptions widen what ParseWith accepts.
type ParseOptions struct {
	// Vanity reads letters as the keys they share (1-800-FLOWERS). Behind a
	// North American number, letters past the tenth place are ignored, as the
	// network ignores the keys.
	Vanity bool
	// FromSwitch reads eleven digits and more that are no number of the default
	// region as E.164 without its "+", as call records have it. It is implied by a
	// sip: or tel: URI and by an empty default region. From a person it would turn
	// a digit too many into a number abroad.
	FromSwitch bool
}

// Parse reads one telephone number. text may be written for people (spaces,
// dashes, brackets, an extension) or for switches: a sip:, sips: or tel: URI, a
// name-addr, ;rn= ;npdi ;ext= ;phone-context= and other parameters. defaultRegion (alpha-2) gives the country of a number without
// country code; "" demands the country code.
//
// The error is an *Error: a text that is no number, or one that is too short or
// long to be any. A number of the right shape that cannot be assigned is
// returned with its reason, because callers show such numbers. Digits are never
// dropped and letters never guessed at. Texts over 256 bytes are refused.
func Parse(text, defaultRegion string) (Number, error) {
	return ParseWith(text, defaultRegion, ParseOptions{})
}

// ParseWith is Parse with options.
func ParseWith(text, defaultRegion string, options ParseOptions) (Number, error) {
	if len(text) == len("+12025550143") && text[:2] == "+1" && onlyDigits(text[2:], 10) {
		return northAmericanNumber(text[2:]), nil // the commonest form by far
	}
	w, err := unwrap(text)
	if err != nil {
		return Number{}, err
	}
	digits, plus, err := readDigits(w.core, options)
	if err != nil {
		return Number{}, err
	}
	if context, ok := strings.CutPrefix(w.context, "+"); ok && !plus && onlyDigits(context, 15) {
		digits, plus = context+digits, true // RFC 3966, 5.1.5: a local number and its global prefix
	}
	region := knownRegion(defaultRegion)
	n, err := interpret(digits, plus, region, options.FromSwitch || w.uri || region == "")
	if err != nil {
		return Number{}, err
	}
	n.Extension = w.extension
	return n, nil
}

// knownRegion normalises a region code; "" if libphonenumber has no such region.
func knownRegion(region string) string {
	region = strings.ToUpper(strings.TrimSpace(region))
	if region == "UK" {
		region = "GB"
	}
	if !phonenumbers.GetSupportedRegions()[region] {
		return ""
	}
	return region
}

// interpret decides which number a run of digits is. Without "+" it is the
// region's national number if that exists, then an international one behind 00
// or 011, then (if bare) E.164 without its "+", and only then a number of the
// region's that has the right length but no range.
func interpret(digits string, plus bool, region string, bare bool) (Number, error) {
	if digits == "" {
		return Number{}, errNot
	}
	if plus {
		return number("+"+digits, "", digits)
	}
	var own Number
	ownErr := error(errCountry)
	if region != "" {
		if own, ownErr = number(digits, region, digits); ownErr == nil && own.Kind != KindUnknown {
			return own, nil
		}
	}
	for _, access := range [...]string{"011", "00", ""} {
		rest, ok := strings.CutPrefix(digits, access)
		if !ok || access == "" && (!bare || len(rest) < 11) {
			continue
		}
		if n, err := number("+"+rest, "", rest); err == nil && n.Kind != KindUnknown {
			return n, nil
		}
	}
	return own, ownErr
}

// number asks libphonenumber, then applies our layer. text is digits with or
// without "+"; digits is the same without.
func number(text, region, digits string) (Number, error) {
	if len(digits) > 20 {
		return Number{}, errLong
	}
	if err := shortCode(digits); err != nil {
		return Number{}, err
	}
	if region == "" && len(digits) == 11 && digits[0] == '1' {
		return northAmericanNumber(digits[1:]), nil
	}
	parsed, err := settledParse(text, region)
	switch {
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return Number{}, errUnknown
	case errors.Is(err, phonenumbers.ErrTooShortAfterIDD), errors.Is(err, phonenumbers.ErrTooShortNSN), len(digits) < 7 && err != nil:
		return Number{}, errShort
	case errors.Is(err, phonenumbers.ErrNumTooLong):
		return Number{}, errLong
	case err != nil:
		return Number{}, errNot
	}
	switch phonenumbers.IsPossibleNumberWithReason(parsed) {
	case phonenumbers.INVALID_COUNTRY_CODE:
		return Number{}, errUnknown
	case phonenumbers.TOO_SHORT:
		return Number{}, errShort
	case phonenumbers.INVALID_LENGTH:
		return Number{}, errLength
	case phonenumbers.TOO_LONG:
		return Number{}, errLong
	case phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return Number{}, errArea
	}
	n := Number{
		E164:        phonenumbers.Format(parsed, phonenumbers.E164),
		CountryCode: int(parsed.GetCountryCode()),
		Kind:        kindOf(parsed),
	}
	if !IsE164(n.E164) {
		return Number{}, errLong
	}
	if n.CountryCode == northAmerica {
		return northAmericanNumber(n.E164[2:]), nil
	}
	if n.Region = Country(n.E164); n.Kind == KindUnknown {
		n.Reason = "The number is in no range in service."
	}
	n.Assignable = n.Reason == ""
	return n, nil
}

// shortCode refuses the codes that are mistaken for numbers, also where a
// switch has put +1 in front.
func shortCode(digits string) error {
	if len(digits) == 4 && digits[0] == '1' {
		digits = digits[1:]
	}
	if meaning, ok := ServiceCode(digits); ok {
		return &Error{CodeShortCode, digits + " reaches " + meaning + "; it is not a telephone number."}
	}
	return nil
}

var kinds = map[phonenumbers.PhoneNumberType]Kind{
	phonenumbers.FIXED_LINE:           KindFixed,
	phonenumbers.MOBILE:               KindMobile,
	phonenumbers.FIXED_LINE_OR_MOBILE: KindFixedOrMobile,
	phonenumbers.TOLL_FREE:            KindTollFree,
	phonenumbers.PREMIUM_RATE:         KindPremium,
	phonenumbers.SHARED_COST:          KindSharedCost,
	phonenumbers.VOIP:                 KindVoIP,
	phonenumbers.PERSONAL_NUMBER:      KindPersonal,
	phonenumbers.PAGER:                KindPager,
	phonenumbers.UAN:                  KindCompany,
	phonenumbers.VOICEMAIL:            KindVoicemail,
	phonenumbers.UNKNOWN:              KindUnknown,
}

func kindOf(n *phonenumbers.PhoneNumber) Kind {
	if kind, ok := kinds[phonenumbers.GetNumberType(n)]; ok {
		return kind
	}
	return KindUnknown
}

// settledParse parses until the result parses to itself. The library takes one
// trunk prefix off each time, so that a string of zeros would be another number
// each time it is read back.
func settledParse(text, region string) (*phonenumbers.PhoneNumber, error) {
	for range 3 {
		n, err := libraryParse(text, region)
		if err != nil {
			return nil, err
		}
		e164 := phonenumbers.Format(n, phonenumbers.E164)
		if e164 == text {
			return n, nil
		}
		text, region = e164, ""
	}
	return nil, phonenumbers.ErrNotANumber
}

// libraryParse turns a panic of the library into an error: it has had several
// on hostile input, and a number is never worth a process.
func libraryParse(text, region string) (n *phonenumbers.PhoneNumber, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, err = nil, fmt.Errorf("libphonenumber: %v", p)
		}
	}()
	return phonenumbers.Parse(text, region)
}
