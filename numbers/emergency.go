package numbers

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Emergency decides whether a dialled string reaches an emergency service. It
// is immutable, takes no lock and does not allocate, since it runs before every
// other check on every call.
//
// It matches exactly: the whole dialled string, cleaned of what switches and
// people put around it, is one of the country's emergency numbers. 112999 is
// therefore not 112. Where exactness leaves a choice it is made for the caller's
// life: a wrong yes lets one call through a restriction, a wrong no is a call
// for help refused. So:
//
//   - a country that is empty, unknown or has no emergency metadata gets every
//     country's emergency numbers (the emergency category only: 211, 311 and 511
//     are in it because Barbados dials them, 988 and 933 are not);
//   - a known country gets its own numbers only; 112 and 911 are among them where
//     its metadata says that they are answered there;
//   - "+" in front is ignored, and so is the country's own calling code after it
//     (+1911, as switches that turn everything into E.164 send it; in North
//     America also without "+");
//   - a caller-ID prefix is ignored (*67 and *82 in North America, *31# and #31#);
//   - urn:service:sos and its sub-services (RFC 5031), urn:nena:service:sos and
//     the user "sos" match in every country.
type Emergency struct {
	countries map[[2]byte]*emergencySet
	world     *emergencySet
	added     map[string]struct{} // digits as dialled, in every country
	addedURNs []string
}

// emergencySet is what one country dials.
type emergencySet struct {
	exact       map[string]struct{}
	callingCode string
}

// maxEmergency is the longest emergency number: six digits today (Eritrea,
// Niger), with room for more. A test compares it with the metadata.
const maxEmergency = 8

func stringSet(list []string) map[string]struct{} {
	set := make(map[string]struct{}, len(list))
	for _, s := range list {
		set[s] = struct{}{}
	}
	return set
}

// NewEmergency builds the matcher. Additions are the operator's: short numbers
// (933), the full numbers of emergency centres ("+12025550143", or ten North
// American digits), which also match in their national and international forms,
// and service URNs. The error names every addition that is none of these.
func NewEmergency(additions []string) (*Emergency, error) {
	e := &Emergency{
		countries: map[[2]byte]*emergencySet{},
		world:     &emergencySet{exact: stringSet(worldEmergency()), callingCode: "1"},
		added:     map[string]struct{}{},
	}
	for country := range phonenumbers.GetSupportedRegions() {
		set := &emergencySet{exact: e.world.exact, callingCode: strconv.Itoa(phonenumbers.GetCountryCodeForRegion(country))}
		if own := emergencyByCountry()[country]; len(own) > 0 {
			set.exact = stringSet(own)
		}
		e.countries[[2]byte{country[0], country[1]}] = set
	}
	var problems []error
	for _, addition := range additions {
		if err := e.add(strings.TrimSpace(addition)); err != nil {
			problems = append(problems, err)
		}
	}
	return e, errors.Join(problems...)
}

func (e *Emergency) add(addition string) error {
	if len(addition) > 4 && strings.EqualFold(addition[:4], "urn:") {
		e.addedURNs = append(e.addedURNs, strings.ToLower(addition))
		return nil
	}
	var buf [maxDialled]byte
	d, ok := cleanDialled(dialledUser(addition), &buf)
	if !ok || len(d.digits) < 2 || len(d.digits) > 15 {
		return fmt.Errorf("emergency number %q: neither digits nor a service URN", addition)
	}
	digits := string(d.digits)
	e.added[digits] = struct{}{}
	full := digits
	switch {
	case !d.plus && len(digits) == 10 && digits[0] >= '2':
		full = "1" + digits
	case !d.plus && !(len(digits) == 11 && digits[0] == '1'):
		return nil
	}
	for _, form := range dialForms(full) {
		e.added[form] = struct{}{}
	}
	return nil
}

// dialForms lists how the same number (E.164 digits) is dialled: international
// with the usual access codes, and national with the plan's trunk prefix.
func dialForms(e164 string) []string {
	forms := []string{e164, "00" + e164, "011" + e164}
	code, national := splitCallingCode(e164)
	if code == 0 {
		return forms
	}
	region := phonenumbers.GetRegionCodeForCountryCode(code)
	forms = append(forms, national)
	if trunk := phonenumbers.GetNddPrefixForRegion(region, true); trunk != "" {
		forms = append(forms, trunk+national)
	}
	return forms
}

// Match reports whether dialled is an emergency call from a line in country (ISO
// 3166 alpha-2, any case; "" if not known). dialled is whatever the switch has:
// digits with separators, a sip:, sips: or tel: URI, a name-addr, a service URN.
// techPrefix is the connection's billing prefix, "" for none; dialled may carry
// it or not.
func (e *Emergency) Match(dialled, country, techPrefix string) bool {
	user := dialledUser(dialled)
	if e.matchURN(user) {
		return true
	}
	var buf, prefixBuf [maxDialled]byte
	d, ok := cleanDialled(user, &buf)
	if !ok {
		return false
	}
	set := e.set(country)
	if e.matchDigits(set, d.digits, d.plus) {
		return true
	}
	if techPrefix == "" {
		return false
	}
	p, ok := cleanDialled(techPrefix, &prefixBuf)
	if !ok || len(p.digits) == 0 || len(d.digits) <= len(p.digits) || string(d.digits[:len(p.digits)]) != string(p.digits) {
		return false
	}
	return e.matchDigits(set, d.digits[len(p.digits):], true)
}

func (e *Emergency) set(country string) *emergencySet {
	if len(country) == 2 {
		if set := e.countries[[2]byte{upper(country[0]), upper(country[1])}]; set != nil {
			return set
		}
	}
	return e.world
}

func (e *Emergency) matchDigits(set *emergencySet, digits []byte, plus bool) bool {
	digits = withoutPrivacyCode(digits, set.callingCode)
	if _, ok := e.added[string(digits)]; ok {
		return true
	}
	if len(digits) > maxEmergency+len(set.callingCode) {
		return false
	}
	if _, ok := set.exact[string(digits)]; ok {
		return true
	}
	n := len(set.callingCode)
	if len(digits) <= n || string(digits[:n]) != set.callingCode || !plus && set.callingCode != "1" {
		return false
	}
	_, ok := set.exact[string(digits[n:])]
	return ok
}

// matchURN recognises the emergency service URNs, and the user "sos".
func (e *Emergency) matchURN(s string) bool {
	if len(s) < 3 || s[0] != 'u' && s[0] != 'U' && s[0] != 's' && s[0] != 'S' {
		return false
	}
	if isService(s, "urn:service:sos") || isService(s, "urn:nena:service:sos") || isService(s, "sos") {
		return true
	}
	return slices.ContainsFunc(e.addedURNs, func(urn string) bool { return isService(s, urn) })
}

// isService reports that s is the service name or, after a dot, a sub-service.
func isService(s, name string) bool {
	if len(s) < len(name) || !strings.EqualFold(s[:len(name)], name) {
		return false
	}
	return len(s) == len(name) || s[len(name)] == '.'
}

// Numbers lists what Match accepts for a country from the metadata, sorted, for
// display and for generating a switch's own first check. Additions, which hold
// everywhere, are not in it.
func (e *Emergency) Numbers(country string) []string {
	return slices.Clone(emergencyFor(country))
}
