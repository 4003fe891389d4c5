package numbers

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// maxEmergencyExpansion bounds what one country's pattern may expand to; the
// longest of today's has a few dozen numbers.
const maxEmergencyExpansion = 2000

// emergencyByCountry returns each country's emergency numbers as written out
// from the "emergency" category of libphonenumber's short-number metadata.
// The patterns are expanded rather than run, so that a match is exact by
// construction and costs one map look-up.
var emergencyByCountry = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	collection, err := phonenumbers.ShortNumberMetadataCollection()
	if err != nil {
		return out // no metadata: every country then falls back on worldEmergency
	}
	for _, m := range collection.GetMetadata() {
		pattern := m.GetEmergency().GetNationalNumberPattern()
		if len(m.GetId()) != 2 || pattern == "" || pattern == "NA" {
			continue
		}
		list, err := expand(pattern)
		if err != nil {
			continue // as without metadata; the test of all countries shows it
		}
		slices.Sort(list)
		out[m.GetId()] = slices.Compact(list)
	}
	return out
})

// worldEmergency is the union over all countries and of what GSM phones treat
// as an emergency call without a SIM (3GPP TS 22.101, 10.1.1).
var worldEmergency = sync.OnceValue(func() []string {
	list := []string{"000", "08", "110", "112", "118", "119", "911", "999"}
	for _, own := range emergencyByCountry() {
		list = append(list, own...)
	}
	slices.Sort(list)
	return slices.Compact(list)
})

// expand lists every string that a finite regular expression matches.
func expand(pattern string) ([]string, error) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("emergency pattern %q: %w", pattern, err)
	}
	list, ok := expandNode(re)
	if !ok {
		return nil, fmt.Errorf("emergency pattern %q matches too much", pattern)
	}
	return list, nil
}

func expandNode(re *syntax.Regexp) ([]string, bool) {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return []string{""}, true
	case syntax.OpLiteral:
		return []string{string(re.Rune)}, true
	case syntax.OpCharClass:
		var out []string
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if out = append(out, string(r)); len(out) > maxEmergencyExpansion {
					return nil, false
				}
			}
		}
		return out, true
	case syntax.OpCapture:
		return expandNode(re.Sub[0])
	case syntax.OpQuest:
		list, ok := expandNode(re.Sub[0])
		return append([]string{""}, list...), ok
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			list, ok := expandNode(sub)
			if out = append(out, list...); !ok || len(out) > maxEmergencyExpansion {
				return nil, false
			}
		}
		return out, true
	case syntax.OpConcat:
		return product(re.Sub)
	case syntax.OpRepeat:
		return repeat(re)
	}
	return nil, false // unbounded repetition, anchors: not a set of numbers
}

// product joins every alternative of each part with every one of the next.
func product(parts []*syntax.Regexp) ([]string, bool) {
	out := []string{""}
	for _, part := range parts {
		list, ok := expandNode(part)
		if !ok || len(out)*len(list) > maxEmergencyExpansion {
			return nil, false
		}
		next := make([]string, 0, len(out)*len(list))
		for _, head := range out {
			for _, tail := range list {
				next = append(next, head+tail)
			}
		}
		out = next
	}
	return out, true
}

func repeat(re *syntax.Regexp) ([]string, bool) {
	if re.Max < 0 || re.Max > 15 {
		return nil, false
	}
	var out []string
	for n := re.Min; n <= re.Max; n++ {
		list, ok := product(slices.Repeat(re.Sub[:1], n))
		if out = append(out, list...); !ok || len(out) > maxEmergencyExpansion {
			return nil, false
		}
	}
	return out, true
}

// emergencyFor returns the numbers to match for a country: its own, or the
// world's where the metadata has none for it or the country is not known.
func emergencyFor(country string) []string {
	if own := emergencyByCountry()[strings.ToUpper(country)]; len(own) > 0 {
		return own
	}
	return worldEmergency()
}
