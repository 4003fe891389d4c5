package numbers

import "github.com/nyaruka/phonenumbers"

// Zones returns the IANA names of the time zones that a number's range lies in,
// from libphonenumber's table: one for most area codes and small countries,
// several where the range does not say, none for numbers of no place. A mobile
// number's range says where it was given out, not where the telephone is.
func Zones(e164 string) []string {
	if !IsE164(e164) {
		return nil
	}
	zones, err := phonenumbers.GetTimezonesForPrefix(e164)
	if err != nil || len(zones) == 1 && zones[0] == phonenumbers.UNKNOWN_TIMEZONE {
		return nil
	}
	return zones
}
