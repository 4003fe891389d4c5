package numbers

import (
	"fmt"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// The library's release and the libphonenumber release that its metadata comes
// from; a test compares the first with go.mod.
const (
	libraryVersion  = "v1.8.1"
	metadataRelease = "9.0.32"
)

// MetadataVersion names the numbering-plan data in use, to be kept with
// everything derived from it: ranges open and close.
func MetadataVersion() string {
	return fmt.Sprintf("libphonenumber %s (nyaruka/phonenumbers %s)", metadataRelease, libraryVersion)
}

// Warm does at start-up what would otherwise delay the first request by some
// 200 ms: it loads geography and time zones, compiles the common patterns and
// expands the emergency numbers. It is safe to call more than once.
func Warm() {
	for _, e164 := range []string{"+12025550143", "+442079460958"} {
		Country(e164)
		Location(e164)
		TimeZones(e164)
		_, _ = Parse(e164, "US")
	}
	worldEmergency()
}

// Format writes an E.164 number for reading, in the groups of its country and
// with spaces alone: "+1 202 555 0143". What is not an E.164 number is returned
// unchanged, so that it can be used on whatever a record holds.
func Format(e164 string) string {
	if NPANXX(e164) != "" {
		return e164[:2] + " " + e164[2:5] + " " + e164[5:8] + " " + e164[8:]
	}
	n, ok := stored(e164)
	if !ok {
		return e164
	}
	return strings.ReplaceAll(phonenumbers.Format(n, phonenumbers.INTERNATIONAL), "-", " ")
}

// Location names the place that the number's range was given to, in English
// ("Washington D.C.", else the country); "" if unknown. Ported and mobile
// numbers are often elsewhere.
func Location(e164 string) string {
	n, ok := stored(e164)
	if !ok {
		return ""
	}
	place, err := phonenumbers.GetGeocodingForNumber(n, "en")
	if err != nil {
		return ""
	}
	return place
}

// TimeZones lists the IANA time zones in which the number's range lies, none if
// unknown. A toll-free or non-geographic number has every zone of its plan.
func TimeZones(e164 string) []string {
	if !IsE164(e164) {
		return nil
	}
	zones, err := phonenumbers.GetTimezonesForPrefix(e164)
	if err != nil || len(zones) == 1 && zones[0] == phonenumbers.UNKNOWN_TIMEZONE {
		return nil
	}
	return append([]string(nil), zones...)
}

// stored reads a number that is in E.164 form already.
func stored(e164 string) (*phonenumbers.PhoneNumber, bool) {
	if !IsE164(e164) {
		return nil, false
	}
	n, err := libraryParse(e164, "")
	return n, err == nil
}
