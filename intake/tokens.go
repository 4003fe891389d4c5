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
