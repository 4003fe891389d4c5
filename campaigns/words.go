package campaigns

import (
	"embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxText is how many bytes of a text are read: an hour of speech.
const MaxText = 64 << 10

//go:embed data
var data embed.FS

// number stands for every number, so that an amount, a case number or the key
// to press does not tell two scripts apart.
const number = "0"

// Words normalises a text: lower case, compatibility forms and accents folded,
// apostrophes dropped, each run of numbers (also spelled, data/numbers.txt) one
// "0", each ideograph a word. At most the first MaxText bytes are read.
func Words(text string) []string {
	if len(text) > MaxText {
		text = text[:MaxText]
	}
	if !ascii(text) {
		text = norm.NFKD.String(text)
	}
	words := make([]string, 0, len(text)/5)
	add := func(word string) {
		if spelledNumbers[word] || word[0] >= '0' && word[0] <= '9' {
			word = number
		}
		if word != number || len(words) == 0 || words[len(words)-1] != number {
			words = append(words, word)
		}
	}
	var b []byte // the word so far
	digits := false
	flush := func() {
		if len(b) > 0 {
			add(string(b))
			b = b[:0]
		}
	}
	for _, r := range text {
		switch {
		case r == '\'' || r == '’' || r == utf8.RuneError || unicode.Is(unicode.Mn, r):
		case r >= 0x2E80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai):
			flush()
			add(string(r))
		case unicode.IsLetter(r), unicode.IsDigit(r):
			if unicode.IsDigit(r) != digits {
				flush()
				digits = !digits
			}
			if digits {
				b = append(b[:0], number...)
			} else {
				b = utf8.AppendRune(b, unicode.ToLower(r))
			}
		default:
			flush()
		}
	}
	flush()
	return words
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

var spelledNumbers = func() map[string]bool {
	out := map[string]bool{}
	for _, line := range lines("numbers.txt") {
		out[line] = true
	}
	return out
}()

// boilerplate are the fixed phrases by their first word.
var boilerplate = func() map[string][][]string {
	out := map[string][][]string{}
	for _, line := range lines("boilerplate.txt") {
		words := Words(line)
		out[words[0]] = append(out[words[0]], words)
	}
	return out
}()

// markBoilerplate says of each word whether it lies in a fixed phrase.
func markBoilerplate(words []string) []bool {
	marks := make([]bool, len(words))
	for i, w := range words {
		for _, phrase := range boilerplate[w] {
			if i+len(phrase) <= len(words) && equal(words[i:i+len(phrase)], phrase) {
				for k := range phrase {
					marks[i+k] = true
				}
			}
		}
	}
	return marks
}

func equal(a, b []string) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// lines reads a data file; empty lines and those that begin with # count for
// nothing. A file that is missing is a fault of the build.
func lines(name string) []string {
	content, err := data.ReadFile("data/" + name)
	if err != nil {
		panic("campaigns: " + err.Error())
	}
	var out []string
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	return out
}
