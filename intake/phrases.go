package intake

import (
	"maps"
	"math"
	"slices"
	"strings"
)

// maxGap is how many words may stand where a phrase has "*".
const maxGap = 3

// phrase is an entry of a word list. Where a list has "*" between two words, up
// to maxGap other words may stand.
type phrase struct {
	id    int
	book  string
	kind  string
	words []string
	gap   []bool // others may stand in front of this word; nil: nowhere
	weak  bool   // marked with "?" in the list
}

// hit is a phrase in a text.
type hit struct {
	*phrase
	first, end int // tokens, the end exclusive
}

func (h hit) last() int { return h.end - 1 }

func (l *lexicon) addBook(book string, marks map[string][]string) {
	for _, kind := range slices.Sorted(maps.Keys(marks)) { // the same text always gives the same answer
		for _, text := range marks[kind] {
			p := &phrase{id: l.count, book: book, kind: kind, weak: strings.HasSuffix(text, "?")}
			for i, part := range strings.Split(text, " * ") {
				for k, t := range tokenise(part) {
					p.words = append(p.words, t.word)
					p.gap = append(p.gap, i > 0 && k == 0)
				}
			}
			if len(p.words) == 0 {
				continue
			}
			if !slices.Contains(p.gap, true) {
				p.gap = nil
			}
			l.phrases[p.words[0]] = append(l.phrases[p.words[0]], p)
			l.count++
		}
	}
}

// find returns the phrases of all books that a text contains, by their place.
func (l *lexicon) find(tokens []token) []hit {
	var hits []hit
	for i := range tokens {
		for _, p := range l.phrases[tokens[i].word] {
			if end := p.at(tokens, i); end > 0 {
				hits = append(hits, hit{p, i, end})
			}
		}
	}
	return hits
}

// at returns the token behind the phrase if it begins at token i, else 0.
func (p *phrase) at(tokens []token, i int) int {
	for k, w := range p.words {
		if p.gap != nil && p.gap[k] {
			for skipped := 0; skipped < maxGap && i < len(tokens) && tokens[i].word != w; skipped++ {
				i++
			}
		}
		if i >= len(tokens) || tokens[i].word != w {
			return 0
		}
		i++
	}
	return i
}

// reading is a text, or its subject, and what was found in it.
type reading struct {
	text   string
	tokens []token
	hits   []hit
	claims []hit  // of these, "pretending to be" and its like
	body   bool   // offsets point into Parsed.Text
	quoted []bool // by token: what somebody else said; nil when the text is all of one voice
}

func readingOf(text string, body bool) reading {
	r := reading{text: text, tokens: tokenise(text), body: body}
	r.quoted = quotations(text, r.tokens)
	r.hits = lex().find(r.tokens)
	for _, h := range r.hits {
		if h.book == bookBrand && h.kind == "claim" {
			r.claims = append(r.claims, h)
		}
	}
	return r
}

// place is where something was read: tokens first to last.
type place struct {
	in          *reading
	first, last int
}

// verdict is what a book's phrases say of a text.
type verdict struct {
	kind           string
	points, second int // of the kind, and of the next
	place          place
}

// confidence grows with the weight of what was found and falls with what speaks
// for something else.
func (v verdict) confidence() float64 {
	if v.points == 0 {
		return 0
	}
	return hundredths(float64(v.points) / float64(v.points+v.second) * (1 - 1/float64(1+v.points)))
}

func hundredths(x float64) float64 { return math.Round(x*100) / 100 }

// score counts the phrases of a book by kind: a phrase counts as many points as
// it has words, a weak one one point, and each phrase counts once, so that
// repetition proves nothing. The place is that of the weightiest phrase.
func score(book string, readings []reading, counts func(r *reading, h hit) bool) map[string]*verdict {
	out := map[string]*verdict{}
	seen := map[int]bool{}
	heaviest := map[string]int{}
	for i := range readings {
		r := &readings[i]
		for _, h := range r.hits {
			if h.book != book || seen[h.id] || counts != nil && !counts(r, h) {
				continue
			}
			seen[h.id] = true
			v := out[h.kind]
			if v == nil {
				v = &verdict{kind: h.kind}
				out[h.kind] = v
			}
			points := len(h.words)
			if h.weak {
				points = 1
			}
			v.points += points
			if weight := points*2 + one(r.body); weight > heaviest[h.kind] {
				heaviest[h.kind], v.place = weight, place{r, h.first, h.last()}
			}
		}
	}
	return out
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// best returns the kind with the most points, of several the first by name so
// that the same text always gives the same answer; none below least.
func best(kinds map[string]*verdict, least int) verdict {
	top := verdict{}
	for k, v := range kinds {
		if v.points >= least && (v.points > top.points || v.points == top.points && k < top.kind) {
			top = *v
		}
	}
	for k, v := range kinds {
		if k != top.kind {
			top.second = max(top.second, v.points)
		}
	}
	return top
}
