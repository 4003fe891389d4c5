package campaigns

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// MaxShingles is how many shingles of a script are kept. A longer text, which
// no voice message is, is represented by its lowest hashes: a sample that is the
// same for every text, so that likeness is estimated and not exact (bottom-k
// sketch; the error is about 2 % at this size).
const MaxShingles = 4096

// Winnowing: keys are made of keyWords words, and of each window of keyWindow
// successive ones the lowest is kept.
const (
	keyWords  = 5
	keyWindow = 4
)

// Script is what is kept of a text's wording. The zero Script is like nothing.
type Script struct {
	shingles []uint32 // ascending, without repetition; odd: boilerplate
	keys     []int64
}

// Read reads a text with the parameters that were chosen; see Params.
func Read(text string) Script { return Default.Read(text) }

// Read reads a text.
func (p Params) Read(text string) Script {
	words := Words(text)
	marks := markBoilerplate(words)
	hashes := make([]uint64, len(words))
	for i, w := range words {
		hashes[i] = hashWord(w)
	}
	s := Script{shingles: make([]uint32, 0, len(words))}
	for i := 0; i+p.Size <= len(hashes); i++ {
		h := uint32(mix(hashes[i:i+p.Size])>>32) &^ 1
		if !slices.Contains(marks[i:i+p.Size], false) {
			h |= 1
		}
		s.shingles = append(s.shingles, h)
	}
	slices.Sort(s.shingles)
	s.shingles = slices.Compact(s.shingles)
	s.shingles = s.shingles[:min(len(s.shingles), MaxShingles)]
	s.keys = winnow(hashes)
	return s
}

// Keys are what the script is found by: two scripts with a common passage of
// eight words have a key in common. Ascending, without repetition; none for a
// text of fewer than five words. A Script from ParseSignature has none.
func (s Script) Keys() []int64 { return s.keys }

// Signature is the script as bytes, four for each shingle.
func (s Script) Signature() []byte {
	b := make([]byte, 0, 1+4*len(s.shingles))
	b = append(b, signatureVersion)
	for _, h := range s.shingles {
		b = binary.BigEndian.AppendUint32(b, h)
	}
	return b
}

// signatureVersion changes whenever the same text gives other shingles or keys:
// signatures of different versions cannot be compared.
const signatureVersion = 1

var errSignature = errors.New("campaigns: not a signature of this version")

// ParseSignature reads what Signature wrote.
func ParseSignature(b []byte) (Script, error) {
	if len(b) == 0 || b[0] != signatureVersion || (len(b)-1)%4 != 0 || len(b) > 1+4*MaxShingles {
		return Script{}, errSignature
	}
	s := Script{shingles: make([]uint32, 0, len(b)/4)}
	for b = b[1:]; len(b) > 0; b = b[4:] {
		h := binary.BigEndian.Uint32(b)
		if n := len(s.shingles); n > 0 && h <= s.shingles[n-1] {
			return Script{}, errSignature
		}
		s.shingles = append(s.shingles, h)
	}
	return s, nil
}

// cut is the hash up to which the shingles are complete.
func (s Script) cut() uint32 {
	if len(s.shingles) < MaxShingles {
		return math.MaxUint32
	}
	return s.shingles[len(s.shingles)-1]
}

// winnow selects keys: the rightmost lowest hash of each window. A text with
// fewer than a window gives its lowest.
func winnow(words []uint64) []int64 {
	var keys []int64
	hashes := make([]int64, 0, len(words))
	for i := 0; i+keyWords <= len(words); i++ {
		hashes = append(hashes, int64(mix(words[i:i+keyWords])))
	}
	last := -1
	for end := min(keyWindow, len(hashes)); end <= len(hashes) && end > 0; end++ {
		low := max(0, end-keyWindow)
		for i := low + 1; i < end; i++ {
			if hashes[i] <= hashes[low] {
				low = i
			}
		}
		if low != last && (len(keys) == 0 || hashes[low] != keys[len(keys)-1]) {
			keys = append(keys, hashes[low])
		}
		last = low
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// hashWord is FNV-1a.
func hashWord(word string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(word) {
		h = (h ^ uint64(word[i])) * 1099511628211
	}
	return h
}

// mix joins the hashes of successive words, order included, and spreads them
// (the finaliser of splitmix64).
func mix(words []uint64) uint64 {
	h := uint64(0)
	for _, w := range words {
		h = (h ^ w) * 0x9E3779B97F4A7C15
		h ^= h >> 29
	}
	h = (h ^ h>>30) * 0xBF58476D1CE4E5B9
	h = (h ^ h>>27) * 0x94D049BB133111EB
	return h ^ h>>31
}
