package numbers

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

var extensionFollows = regexp.MustCompile(`(?i)^[ ,;]{0,2}(?:(?:extension|extn|ext|x)[.]?[ :=]{0,2}|#)(\d{1,6})`)

// candidate returns the number that starts at the run's first group, and the
// last group that belongs to it.
func (f *finder) candidate(r *run) (n Number, last int, ok bool) {
	if r.groups[0].plus {
		return f.international(r, 0, "")
	}
	if isAddress(r) || isDate(r) {
		return n, 0, false
	}
	lead := r.text(0, 0)
	for _, access := range [...]string{"011", "00"} {
		if rest, ok := strings.CutPrefix(lead, access); ok && (rest == "" || rest[0] != '0') {
			if n, last, ok := f.international(r, len(access), access); ok && n.Kind != KindUnknown {
				return n, last, true
			}
		}
	}
	if n, last, ok := f.northAmericanForm(r); ok {
		return n, last, true
	}
	if f.region != "" && !f.northAmerican {
		return f.nationalNumber(r)
	}
	return n, 0, false
}

// international tries the longest stretch of groups first, dropping skip digits
// (an access code) at the front. A number in no known range is taken only if it
// ends where the run does, or has the exact length of a North American one.
func (f *finder) international(r *run, skip int, access string) (best Number, last int, ok bool) {
	tries := 6
	for end := lastWithin(r, 15+skip); end >= 0 && tries > 0; end-- {
		digits := r.text(0, end)
		if len(digits)-skip < 7 {
			break
		}
		code, national := splitCallingCode(digits[skip:])
		if code == 0 {
			break
		}
		if code == northAmerica && len(national) != 10 || f.wordAfter(r.groups[end].end) {
			continue
		}
		tries--
		f.tries--
		n, err := interpret(digits[skip:], true, "", false)
		if err != nil {
			continue
		}
		if n.Kind != KindUnknown {
			return n, end, true
		}
		if !ok && access == "" && (code == northAmerica || end == len(r.groups)-1) {
			best, last, ok = n, end, true
		}
	}
	return best, last, ok
}

// lastWithin returns the last group up to which the run has at most limit digits.
func lastWithin(r *run, limit int) int {
	end := len(r.groups) - 1
	for end >= 0 && r.length(end) > limit {
		end--
	}
	return end
}

// northAmericanForm recognises ten digits, or eleven with a leading 1, in the
// groupings that people use. Without separators it asks for an area code in
// service and no "order number" in front.
func (f *finder) northAmericanForm(r *run) (n Number, last int, ok bool) {
	first := f.leadingOne(r)
	if first == 0 && len(r.groups) > 1 && r.is(0, "1") {
		return n, 0, false
	}
	end := slices.IndexFunc(r.groups, func(g group) bool { return g.to-r.groups[first].from >= 10 })
	if end < 0 {
		return n, 0, false
	}
	digits := r.text(first, end)
	if first == 0 && len(digits) == 11 && digits[0] == '1' {
		digits = digits[1:]
	}
	if len(digits) != 10 || f.wordAfter(r.groups[end].end) {
		return n, 0, false
	}
	written := northAmericanGrouping(r, first, end)
	if written == unlikely || !f.northAmerican && !unmistakable(r, first, written) {
		return n, 0, false
	}
	known := areaCodes().find(digits).region != "" && digits[3] >= '2'
	if written == bare && f.identifierBefore(r.groups[0].start) || written != dashed && !known {
		return n, 0, false
	}
	f.tries--
	n, err := interpret("1"+digits, true, "", false)
	return n, end, err == nil
}

// leadingOne returns 1 if the run's first group is the 1 in front of a North
// American number, not the end of a sentence ("press 1. 833-…"), else 0.
func (f *finder) leadingOne(r *run) int {
	if len(r.groups) > 1 && r.is(0, "1") && f.text[r.groups[1].start-2:r.groups[1].start] != ". " {
		return 1
	}
	return 0
}

// grouping is how convincingly a number is written.
type grouping int

const (
	unlikely grouping = iota
	bare              // one block of digits
	spaced            // in groups, by spaces
	dashed            // in the usual groups, by dashes, dots or brackets
)

func northAmericanGrouping(r *run, first, end int) grouping {
	if first == end {
		return bare
	}
	sizes := make([]byte, 0, maxGroups)
	marks, lengths := 0, 0
	for g := first; g <= end; g++ {
		sizes = append(sizes, byte('0'+r.size(g)%10))
		if g > first && r.groups[g].gap != ' ' {
			marks++
		}
		lengths = max(lengths, r.size(g))
	}
	switch string(sizes) {
	case "334":
		if marks > 0 {
			return dashed
		}
		return spaced
	case "37", "64", "3322", "1111111111":
		return spaced
	case "434": // 1800 356 9377
		if r.starts("1") {
			return spaced
		}
	}
	if marks == end-first && lengths <= 5 && sizes[0] <= '3' {
		return spaced // 833-63-17911, as transcripts have it
	}
	return unlikely
}

// unmistakable reports writing that is North American also in a text from
// elsewhere: a bracketed area code, or a leading 1 set apart.
func unmistakable(r *run, first int, written grouping) bool {
	return written == dashed && (r.groups[0].open || first == 1 && r.groups[1].gap != ' ')
}

// nationalForm is what a region's national numbers look like.
type nationalForm struct {
	trunk    string // national prefix, such as "0"; "" if none
	shortest int    // digits, without the trunk prefix
	longest  int    // digits, with it
}

func inNorthAmerica(region string) bool {
	return region != "" && phonenumbers.GetCountryCodeForRegion(region) == northAmerica
}

func nationalShape(region string) nationalForm {
	if region == "" {
		return nationalForm{}
	}
	form := nationalForm{trunk: phonenumbers.GetNddPrefixForRegion(region, true), shortest: 8, longest: 11}
	if lengths := metadataByRegion()[region].GetGeneralDesc().GetPossibleLength(); len(lengths) > 0 {
		form.shortest = max(7, int(slices.Min(lengths)))
		form.longest = min(maxGroupSize, int(slices.Max(lengths))+len(form.trunk))
	}
	return form
}

// nationalNumber recognises a valid number of the region. Where the region has a
// trunk prefix, only a bracketed area code and a mobile number may lack it.
func (f *finder) nationalNumber(r *run) (n Number, last int, ok bool) {
	trunked := r.groups[0].open || r.starts(f.national.trunk)
	tries := 5
	for end := lastWithin(r, f.national.longest); end >= 0 && tries > 0; end-- {
		digits := r.text(0, end)
		if len(digits) < f.national.shortest {
			break
		}
		if f.wordAfter(r.groups[end].end) || end == 0 && f.identifierBefore(r.groups[0].start) {
			continue
		}
		tries--
		f.tries--
		n, err := interpret(digits, false, f.region, false)
		if err == nil && n.Kind != KindUnknown && (trunked || n.Kind == KindMobile && len(digits) >= 10) {
			return n, end, true
		}
	}
	return n, 0, false
}

// isAddress reports an IPv4 address: four groups by dots, each under 256.
func isAddress(r *run) bool {
	if len(r.groups) < 4 {
		return false
	}
	for g := range 4 {
		value, err := strconv.Atoi(r.text(g, g))
		if err != nil || r.size(g) > 3 || value > 255 || g > 0 && r.groups[g].gap != '.' {
			return false
		}
	}
	return len(r.groups) == 4 || r.groups[4].gap != '.'
}

// isDate reports year, month and day, or day and month and year, by one mark.
func isDate(r *run) bool {
	if len(r.groups) < 3 || r.groups[1].gap == ' ' || r.groups[1].gap == '(' || r.groups[1].gap != r.groups[2].gap {
		return false
	}
	a, b, c := r.size(0), r.size(1), r.size(2)
	next := len(r.groups) > 3 && r.groups[3].gap == r.groups[1].gap // 06.12.34.56.78 is no date
	return !next && b <= 2 && (a == 4 && c <= 2 || a <= 2 && (c == 4 || c == 2))
}
