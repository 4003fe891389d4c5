package simulate

import (
	"fmt"
	"math/rand/v2"
)

// Which numbers may appear. They must be valid to libphonenumber and to the
// North American layer of package numbers, or the desk would rightly doubt
// every one of them, and must not ring at anybody's home.
//
//   - 555-0100 to 555-0199 are kept for fiction, and are flagged as
//     unassignable for that reason: they would not do.
//   - The rest of exchange 555 is given to no subscriber in any area code (its
//     lines were set aside for national information services), and is valid.
//     That is what everybody here has: +1 NPA 555 0200…9999, without 1212
//     (directory assistance) and 4334 (once in use).
//   - 888-555-0100…0198 is free in the same way (only 0199 is kept for films).
//   - Premium destinations lie in +252 50, where Somalia has no range in
//     service: what toll fraud dials is often just such an unallocated range,
//     answered on the way by whoever shares in the charges.

// areaCodes are where called people live; a caller that shows a number of
// their own area code shows one of their own exchange too.
var areaCodes = []string{"201", "202", "203", "206", "212", "213", "215", "216", "301", "303", "305", "312", "314", "404", "407", "410", "412",
	"413", "414", "415", "503", "504", "512", "513", "602", "612", "614", "615", "617", "619", "702", "703", "704", "713", "716", "718", "757",
	"801", "808", "813", "816", "860", "901", "904", "916", "919"}

// phone is line i of exchange 555 in an area code.
func phone(npa string, line int) string {
	const first, last = 200, 9999
	line = first + line%(last-first+1)
	if line == 1212 || line == 4334 {
		line++
	}
	return fmt.Sprintf("+1%s555%04d", npa, line)
}

// anyPhone is somebody's number, evenly over the area codes.
func anyPhone(r *rand.Rand) string {
	return phone(areaCodes[r.IntN(len(areaCodes))], r.IntN(9800))
}

// tollFree is a callback number.
func tollFree(i int) string { return fmt.Sprintf("+1888555%04d", 100+i%99) }

// PremiumPrefix is where the calls of the hijacked PBX go.
const PremiumPrefix = "+25250"

func premium(r *rand.Rand) string { return fmt.Sprintf("%s%06d", PremiumPrefix, 100000+r.IntN(900)) }

// spoken writes a number as people do: "+1 413 555 2671", "(413) 555-2671".
func spoken(e164 string, r *rand.Rand) string {
	if len(e164) != 12 || e164[:2] != "+1" {
		return e164
	}
	a, b, c := e164[2:5], e164[5:8], e164[8:]
	switch r.IntN(4) {
	case 0:
		return "(" + a + ") " + b + "-" + c
	case 1:
		return a + "-" + b + "-" + c
	case 2:
		return "+1 " + a + " " + b + " " + c
	}
	return "1-" + a + "-" + b + "-" + c
}
