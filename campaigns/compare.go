package campaigns

import (
	"fmt"
	"math"
	"slices"
)

// Params decide when two scripts are one.
type Params struct {
	Size      int     // words of a shingle
	Threshold float64 // least score of one script, 0…1
	Shared    int     // least weight of common shingles: a few words prove nothing
	Jaccard   float64 // share of the score that is likeness as a whole, 0…1; the rest is containment
	Fixed     int     // weight of a shingle of fixed phrases, in quarters of another's
}

// Default was chosen by cross-validation, not by looking: TestCrossValidation
// prints what each fold chose.
var Default = Params{Size: 2, Threshold: 0.6, Shared: 6, Jaccard: 0, Fixed: 1}

const whole = 4 // weight of a shingle that is no fixed phrase

// Likeness is how alike two scripts are.
type Likeness struct {
	Score  float64 // 0…1
	Shared int     // weight of the shingles in common
	Whole  float64 // likeness of both as wholes (weighted Jaccard), 0…1
}

// String is for a reader: "94 %".
func (l Likeness) String() string { return fmt.Sprintf("%.0f %%", math.Floor(l.Score*100)) }

// Explain says in a sentence why something is linked: ref names the case or
// report that holds the other script.
func (l Likeness) Explain(ref string) string { return "same script as " + ref + ", " + l.String() }

// Compare compares two scripts exactly (over MaxShingles: by the sample).
func Compare(a, b Script) Likeness { return Default.Compare(a, b) }

// Compare compares two scripts.
func (p Params) Compare(a, b Script) Likeness {
	cut := min(a.cut(), b.cut())
	var shared, onlyA, onlyB int
	i, j := 0, 0
	for {
		moreA, moreB := i < len(a.shingles) && a.shingles[i] <= cut, j < len(b.shingles) && b.shingles[j] <= cut
		switch {
		case !moreA && !moreB:
			return p.likeness(shared, onlyA, onlyB)
		case moreA && moreB && a.shingles[i] == b.shingles[j]:
			shared += p.weight(a.shingles[i])
			i, j = i+1, j+1
		case !moreB || moreA && a.shingles[i] < b.shingles[j]:
			onlyA += p.weight(a.shingles[i])
			i++
		default:
			onlyB += p.weight(b.shingles[j])
			j++
		}
	}
}

func (p Params) weight(shingle uint32) int {
	if shingle&1 == 1 {
		return p.Fixed
	}
	return whole
}

func (p Params) likeness(shared, onlyA, onlyB int) Likeness {
	if shared == 0 {
		return Likeness{}
	}
	contained := float64(shared) / float64(shared+min(onlyA, onlyB))
	jaccard := float64(shared) / float64(shared+onlyA+onlyB)
	return Likeness{
		Score:  contained*(1-p.Jaccard) + jaccard*p.Jaccard,
		Shared: shared / whole,
		Whole:  jaccard,
	}
}

// Same reports whether scripts so alike are one.
func (p Params) Same(l Likeness) bool { return l.Score >= p.Threshold && l.Shared >= p.Shared }

// Candidate is a script that was stored before, and its campaign.
type Candidate struct {
	ID, Campaign int64
	Script       Script
}

// Match is a candidate that has the same script.
type Match struct {
	ID, Campaign int64
	Likeness
}

// Placement says where a new script belongs, and why.
type Placement struct {
	Campaign int64   // the oldest (lowest) of those that match; 0: a new one
	Matches  []Match // best first
	Joins    []int64 // further campaigns that the script shows to be the same one, ascending
	// Covered: a stored script is almost the same from beginning to end. The keys
	// of this one need not be stored, which keeps the index small when one script
	// is reported a hundred thousand times: what would match it matches the other.
	Covered bool
}

// MaxCandidates is how many candidates are worth comparing, and covered the
// likeness from which a script brings nothing new.
const (
	MaxCandidates = 64
	covered       = 0.9
)

// Place decides where a script belongs. The candidates are the scripts with the
// most keys in common, MaxCandidates of them:
//
//	SELECT script_id, count(*) FROM script_key WHERE key IN (…) GROUP BY script_id ORDER BY 2 DESC, 1 LIMIT 64
func Place(s Script, candidates []Candidate) Placement { return Default.Place(s, candidates) }

// Place decides where a script belongs.
func (p Params) Place(s Script, candidates []Candidate) Placement {
	var out Placement
	for _, c := range candidates {
		if l := p.Compare(s, c.Script); p.Same(l) {
			out.Matches = append(out.Matches, Match{c.ID, c.Campaign, l})
			out.Covered = out.Covered || l.Whole >= covered
		}
	}
	slices.SortStableFunc(out.Matches, func(a, b Match) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return b.Shared - a.Shared
	})
	for _, m := range out.Matches {
		out.Joins = append(out.Joins, m.Campaign)
	}
	slices.Sort(out.Joins)
	if out.Joins = slices.Compact(out.Joins); len(out.Joins) > 0 {
		out.Campaign, out.Joins = out.Joins[0], out.Joins[1:]
	}
	return out
}
