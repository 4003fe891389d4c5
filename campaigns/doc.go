// Package campaigns recognises that two reports tell of the same script: near
// identical wording, whoever called and whatever number was shown. A campaign
// is a set of scripts that are connected by such likenesses; it links cases
// and never merges them.
//
// How it works. A text is normalised to words (letter case, accents, marks and
// numbers taken off, ideographs one by one), and its overlapping pairs of
// words are hashed: these shingles (Broder 1997) are the script's signature.
// Recordings are cut off at either end, so two scripts are compared by how much
// of the shorter lies in the longer, not by what they share of both together.
// Fixed phrases that half of all recordings contain ("press 1 to speak to a
// representative", data/boilerplate.txt) weigh a quarter.
//
// Candidates are found by winnowing (Schleimer, Wilkerson, Aiken 2003), not by
// bands over a MinHash signature: bands find sets that are alike as a whole and
// miss the fragment of ten words in a script of eighty, whereas winnowing
// guarantees a common key for every passage of eight words that two scripts
// share. Each candidate is then compared exactly.
//
// The package is pure and imports nothing of ours. What has to be stored is a
// script's id, its campaign, Signature (bytes) and Keys (64-bit integers, about
// four for ten words); see Place for the query. Everything is linear in the
// length of the text, and everything is safe for concurrent use but Index.
package campaigns
