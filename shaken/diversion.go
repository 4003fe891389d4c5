package shaken

import (
	"slices"
	"time"
)

// checkNumbers compares orig and dest with the call, for every token, and links
// the tokens of a diverted call (RFC 8946 section 4.2): a div token names in "div"
// a party that an earlier token names in "dest". It wants the other checks done.
func checkNumbers(tokens []*token, call Call) {
	from, okFrom := party(call.From)
	to, okTo := party(call.To)
	own := make([]Result, len(tokens)) // of the checks so far
	for i, t := range tokens {
		if own[i] = worst(t.checks); okFrom && t.payload != nil && !from.same(t.claims.orig) {
			own[i] = worseOf(own[i], Fail) // section 4.2 step 3: the caller stays the same
		}
		if t.parent != nil {
			own[i] = worseOf(own[i], own[slices.Index(tokens, t.parent)]) // it stands before
		}
	}
	for i, t := range tokens {
		switch {
		case t.payload == nil:
			t.report(CheckNumbers, Undecided, "The claims cannot be read.")
			t.report(CheckDiversion, Undecided, "The claims cannot be read.")
			continue
		case !okFrom || !okTo:
			t.report(CheckNumbers, Undecided, "The numbers of the call are not both known.")
			t.report(CheckDiversion, Skipped, "The numbers of the call are not both known.")
			continue
		}
		origOK := from.same(t.claims.orig)
		destOK := to.in(t.claims.dest)
		way := onward(tokens, own, i, to)
		t.reportNumbers(from, to, origOK, destOK, way)
		if t.parent != nil {
			if outer := own[slices.Index(tokens, t.parent)]; weight(outer) > 0 {
				t.report(CheckDiversion, outer, "The token came inside another one, the checks of which did not all pass.")
				continue
			}
		}
		t.reportDiversion(tokens, i, destOK, way)
	}
}

func (t *token) reportNumbers(from, to identity, origOK, destOK bool, way route) {
	switch {
	case !origOK && t.claims.orig == (identity{}), len(t.claims.dest) == 0:
		t.report(CheckNumbers, Undecided, "The token does not name both parties.")
	case !origOK:
		t.report(CheckNumbers, Fail, "The token is for a call from %s, this call was from %s.", t.claims.orig, from)
	case destOK:
		t.report(CheckNumbers, Pass, "The token is for a call from %s to %s, as this call was.", from, to)
	case way.found:
		t.report(CheckNumbers, Pass, "The token is for a call from %s to %s, which was then diverted to %s.", from, list(t.claims.dest), to)
	default:
		t.report(CheckNumbers, Fail, "The token is for a call to %s, this call was to %s.", list(t.claims.dest), to)
	}
}

func (t *token) reportDiversion(tokens []*token, i int, destOK bool, way route) {
	switch {
	case diverts(t.ppt):
		t.reportOrigin(tokens, i)
	case destOK || !way.found:
		t.report(CheckDiversion, Skipped, "The token is not one of a diverted call.")
	case way.result == Fail, way.result == NotForUs:
		t.report(CheckDiversion, Fail, "The call was diverted, but a check of the diverting party's token failed.")
	case way.result == Undecided:
		t.report(CheckDiversion, Undecided, "The call was diverted, and the diverting party's token could not be checked completely.")
	default:
		t.report(CheckDiversion, Pass, "The call was diverted by parties whose tokens are good.")
	}
}

// reportOrigin looks for the tokens before a div token, back to an original.
func (t *token) reportOrigin(tokens []*token, i int) {
	back := origins(tokens, i, map[int]bool{})
	switch {
	case back.changed:
		t.report(CheckDiversion, Fail, "The caller was changed on the way: orig differs along the chain (RFC 8946 section 4.2 step 3).")
	case back.original:
		t.report(CheckDiversion, Pass, "The chain leads back to the original token.")
	case back.ignored:
		t.report(CheckDiversion, NotForUs, "The chain leads back to a token of a type that is not judged here; RFC 8946 section 4.2 has it ignored.")
	default:
		t.report(CheckDiversion, Fail, "No token of this call is for %s, from where it is said to have been diverted.", t.claims.div)
	}
}

// route is how a diverted call reached the party called.
type route struct {
	found  bool
	result Result // the worst of its tokens
}

// onward follows diversions from token i to the party that was called in the end,
// and returns the worst result on the best route: routes of good tokens are tried
// first, then those with undecided ones, and so on.
func onward(tokens []*token, own []Result, i int, to identity) route {
	for _, allowed := range [...]Result{Pass, Undecided, Fail, NotForUs} {
		visited := make([]bool, len(tokens))
		visited[i] = true
		for queue := []int{i}; len(queue) > 0; queue = queue[1:] {
			for j, d := range tokens {
				if visited[j] || !follows(d, tokens[queue[0]]) || worseOf(own[j], allowed) != allowed {
					continue
				}
				if to.in(d.claims.dest) {
					return route{true, allowed}
				}
				visited[j] = true
				queue = append(queue, j)
			}
		}
	}
	return route{}
}

// follows reports whether d diverts the call that p is for.
func follows(d, p *token) bool {
	if d == p || !diverts(d.ppt) || d.payload == nil || p.payload == nil {
		return false
	}
	if d.claims.div == (identity{}) {
		return p.parent == d
	}
	return d.claims.div.in(p.claims.dest)
}

type chainBack struct{ original, ignored, changed bool }

// origins follows the chain of a div token back.
func origins(tokens []*token, i int, visited map[int]bool) chainBack {
	visited[i] = true
	var found chainBack
	for j, p := range tokens {
		if visited[j] || !follows(tokens[i], p) {
			continue
		}
		if !p.claims.orig.same(tokens[i].claims.orig) {
			found.changed = true
			continue
		}
		switch {
		case !supported(p.ppt):
			found.ignored = true
		case !diverts(p.ppt):
			found.original = true
		default:
			back := origins(tokens, j, visited)
			found.original = found.original || back.original
			found.ignored = found.ignored || back.ignored
			found.changed = found.changed || back.changed
		}
	}
	if found.original {
		found.changed = false // another of several originals was meant
	}
	return found
}

// worst is the most serious of several results.
func worst(checks []Check) Result {
	r := Pass
	for _, c := range checks {
		r = worseOf(r, c.Result)
	}
	return r
}

func weight(r Result) int {
	switch r {
	case NotForUs:
		return 3
	case Fail:
		return 2
	case Undecided:
		return 1
	}
	return 0
}

func worseOf(a, b Result) Result {
	if weight(b) > weight(a) {
		return b
	}
	return a
}

// agedBy is how old a token may be: the original of a call that was really
// diverted may be older, where transfers of established calls are expected.
func agedBy(tokens []*token, t *token, call Call, divertedAge time.Duration) time.Duration {
	if divertedAge <= Freshness || diverts(t.ppt) || t.payload == nil {
		return Freshness
	}
	if to, ok := party(call.To); !ok || to.in(t.claims.dest) {
		return Freshness
	}
	for _, d := range tokens {
		if follows(d, t) {
			return divertedAge
		}
	}
	return Freshness
}
