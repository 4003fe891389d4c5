package intake

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// token is a word or a run of digits of a text. Words are lower case and
// without accents, so that lists match however carefully somebody types;
// scripts without spaces give a token for each character.
type token struct {
	word       string
	start, end int // byte offsets
	number     bool
}

// tokenise splits a text. It is linear, and tokens are at most 64 bytes.
func tokenise(text string) []token {
	const longest = 64
	tokens := make([]token, 0, len(text)/5)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r >= '0' && r <= '9':
			j := i + 1
			for j < len(text) && text[j] >= '0' && text[j] <= '9' && j-i < longest {
				j++
			}
			tokens = append(tokens, token{text[i:j], i, j, true})
			i = j
		case isIdeograph(r):
			tokens = append(tokens, token{text[i : i+size], i, i + size, false})
			i += size
		case unicode.IsLetter(r):
			j := i + size
			for j < len(text) && j-i < longest {
				r, n := utf8.DecodeRuneInString(text[j:])
				inside := (r == '\'' || r == '’') && j+n < len(text) && isASCIILetter(text[j+n])
				if isIdeograph(r) || !inside && !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) {
					break
				}
				j += n
			}
			tokens = append(tokens, token{fold(text[i:j]), i, j, false})
			i = j
		default:
			i += size
		}
	}
	return tokens
}

func isIdeograph(r rune) bool {
	return r >= 0x2E80 && (unicode.Is(unicode.Han, r) || unicode.Is(unicode.Hiragana, r) || unicode.Is(unicode.Katakana, r))
}

func isASCIILetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

// fold lowers case and takes off accents.
func fold(word string) string {
	ascii := true
	for i := range len(word) {
		if word[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ToLower(word)
	}
	word = strings.ReplaceAll(strings.ToLower(word), "’", "'")
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(word))
}

// phrase is an entry of a word list.
type phrase struct {
	kind  string
	words []string
	weak  bool // marked with "?" in the list
}

// phrasebook finds phrases at a token in the time of a map access.
type phrasebook map[string][]phrase

// readPhrases reads a word list: "kind phrase" lines.
func readPhrases(name string) phrasebook {
	book := phrasebook{}
	for kind, texts := range readMarks(name) {
		for _, text := range texts {
			var words []string
			for _, t := range tokenise(text) {
				words = append(words, t.word)
			}
			if len(words) > 0 {
				book[words[0]] = append(book[words[0]], phrase{kind, words, strings.HasSuffix(text, "?")})
			}
		}
	}
	return book
}

// at returns the phrases that begin at token i.
func (b phrasebook) at(tokens []token, i int, found func(p phrase)) {
	for _, p := range b[tokens[i].word] {
		if i+len(p.words) > len(tokens) {
			continue
		}
		match := true
		for k, w := range p.words {
			if tokens[i+k].word != w {
				match = false
				break
			}
		}
		if match {
			found(p)
		}
	}
}

// scores counts the phrases of each kind: a phrase counts as many points as it
// has words, and each phrase counts once, so that repetition proves nothing.
func (b phrasebook) scores(tokens []token) map[string]int {
	points := map[string]int{}
	seen := map[string]bool{}
	for i := range tokens {
		b.at(tokens, i, func(p phrase) {
			key := p.kind + "\x00" + strings.Join(p.words, " ")
			if !seen[key] {
				seen[key] = true
				points[p.kind] += len(p.words)
			}
		})
	}
	return points
}

// best returns the kind with the most points, of several the first by name so
// that the same text always gives the same answer; "" below least.
func best(points map[string]int, least int) string {
	kind, most := "", least-1
	for k, n := range points {
		if n > most || n == most && kind != "" && k < kind {
			kind, most = k, n
		}
	}
	return kind
}
