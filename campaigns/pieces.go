package campaigns

import "strings"

// Piece is a stretch of a text. Common: at least half of some scripts have the
// same words.
type Piece struct {
	Text   string
	Common bool
}

// Pieces cuts a text where it begins or ends to be common to at least half of
// the scripts that are like it. At most the first MaxText bytes are returned.
func Pieces(text string, scripts []Script) []Piece {
	if len(text) > MaxText {
		text = strings.ToValidUTF8(text[:MaxText], "")
	}
	fields := strings.FieldsFunc(text, isSpace)
	words, of := wordsOf(fields)
	own := Read(text)
	held := map[uint32]int{}
	alike := 0
	for _, s := range scripts {
		if !Default.Same(Compare(own, s)) {
			continue
		}
		alike++
		for _, h := range s.shingles {
			held[h&^1]++
		}
	}
	common := make([]bool, len(fields))
	hashes := make([]uint64, len(words))
	for i, w := range words {
		hashes[i] = hashWord(w)
	}
	for i := 0; i+Default.Size <= len(words); i++ {
		if h := uint32(mix(hashes[i:i+Default.Size])>>32) &^ 1; alike > 0 && 2*held[h] >= alike {
			for _, f := range of[i : i+Default.Size] {
				common[f] = true
			}
		}
	}
	return join(text, fields, common)
}

// wordsOf normalises each field of a text by itself, and says of which field
// each word is. Together they are what Words makes of the text.
func wordsOf(fields []string) (words []string, of []int) {
	for i, f := range fields {
		for _, w := range Words(f) {
			if w == number && len(words) > 0 && words[len(words)-1] == number {
				continue
			}
			words, of = append(words, w), append(of, i)
		}
	}
	return words, of
}

// join makes pieces of neighbouring fields, with the spaces that were between them.
func join(text string, fields []string, common []bool) []Piece {
	var out []Piece
	rest, at := text, 0
	for i, f := range fields {
		n := strings.Index(rest, f) + len(f)
		if i == 0 || common[i] != common[i-1] {
			if i > 0 {
				out = append(out, Piece{text[at : len(text)-len(rest)], common[i-1]})
			}
			at = len(text) - len(rest)
		}
		rest = rest[n:]
	}
	if len(fields) > 0 {
		out = append(out, Piece{text[at:], common[len(fields)-1]})
	}
	return out
}

func isSpace(r rune) bool { return strings.ContainsRune(" \t\r\n\v\f", r) }
