package restrict

import (
	"slices"

	"github.com/nyaruka/phonenumbers"
)

// allCountries are those that libphonenumber knows.
var allCountries = func() []string {
	var out []string
	for c := range phonenumbers.GetSupportedRegions() {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}()
