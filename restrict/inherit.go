package restrict

import (
	"slices"

	"github.com/abusedesk/abusedesk/cases"
)

// inherit gives every known account its own rules and those of the resellers
// above it, strictest first. Accounts that add nothing share their parent's
// slice, so that memory goes with the restrictions and not with the customers.
func inherit(own map[string][]*rule, parents map[string]string, conns []cases.Connection) map[string][]*rule {
	out := make(map[string][]*rule, len(parents))
	onPath := map[string]int{}
	var path []string
	add := func(account string) {
		path = path[:0]
		clear(onPath)
		var above []*rule
		for a := account; a != ""; a = parents[a] {
			if rules, done := out[a]; done {
				above = rules
				break
			}
			if start, circle := onPath[a]; circle {
				// Bad data must neither hang nor loosen: all of the circle is
				// above each of its members.
				for _, member := range path[start:] {
					above = merge(own[member], above)
				}
				for _, member := range path[start:] {
					out[member] = above
				}
				path = path[:start]
				break
			}
			onPath[a] = len(path)
			path = append(path, a)
		}
		for _, a := range slices.Backward(path) {
			above = merge(own[a], above)
			out[a] = above
		}
	}
	for a := range parents {
		add(a)
	}
	for a := range own {
		add(a)
	}
	for _, c := range conns {
		if c.AccountID != "" {
			add(c.AccountID)
		}
	}
	return out
}

func merge(own, above []*rule) []*rule {
	if len(own) == 0 {
		return above
	}
	all := slices.Concat(own, above)
	slices.SortFunc(all, compare)
	return all
}
