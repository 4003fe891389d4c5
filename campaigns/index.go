package campaigns

import (
	"cmp"
	"slices"
)

// Index holds scripts in memory and clusters them as they come. It is the
// reference for the same thing in SQL, and for one caller at a time.
type Index struct {
	params  Params
	scripts []Script
	parent  []int32           // union-find over scripts, the lowest is the root
	keys    map[int64][]int32 // scripts by key, ascending
}

// MaxPosting is how many scripts are kept under one key. A phrase in more
// scripts than that tells none apart.
const MaxPosting = 128

// NewIndex returns an empty index.
func NewIndex(p Params) *Index { return &Index{params: p, keys: map[int64][]int32{}} }

// Add places a script, notes it, and returns its id. Ids count from 1, and a
// campaign's id is that of its oldest script.
func (x *Index) Add(s Script) (id int64, placed Placement) {
	placed = x.params.Place(s, x.candidates(s))
	me := int32(len(x.scripts))
	x.scripts = append(x.scripts, s)
	x.parent = append(x.parent, me)
	for _, m := range placed.Matches {
		a, b := x.root(int32(m.ID-1)), x.root(me)
		x.parent[max(a, b)] = min(a, b)
	}
	if !placed.Covered {
		for _, k := range s.Keys() {
			if len(x.keys[k]) < MaxPosting {
				x.keys[k] = append(x.keys[k], me)
			}
		}
	}
	return int64(me) + 1, placed
}

// Campaign returns the campaign of a script.
func (x *Index) Campaign(id int64) int64 { return int64(x.root(int32(id-1))) + 1 }

// candidates are the scripts with the most keys in common.
func (x *Index) candidates(s Script) []Candidate {
	common := map[int32]int{}
	for _, k := range s.Keys() {
		for _, id := range x.keys[k] {
			common[id]++
		}
	}
	ids := make([]int32, 0, len(common))
	for id := range common {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b int32) int { return cmp.Or(common[b]-common[a], int(a-b)) })
	out := make([]Candidate, 0, min(len(ids), MaxCandidates))
	for _, id := range ids[:min(len(ids), MaxCandidates)] {
		out = append(out, Candidate{int64(id) + 1, int64(x.root(id)) + 1, x.scripts[id]})
	}
	return out
}

func (x *Index) root(i int32) int32 {
	for x.parent[i] != i {
		x.parent[i] = x.parent[x.parent[i]]
		i = x.parent[i]
	}
	return i
}
