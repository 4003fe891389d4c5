package intake

import (
	"strings"
	"unicode/utf8"
)

// fewWords is how many words are a remark rather than an account, and how many
// between quotation marks are a name rather than what a voice said.
const fewWords = 5

// quotations marks the tokens that stand between quotation marks, longer ones
// only, where more than a remark is told around them: who quotes what a voice said
// tells of a call, and is not the voice. A quotation that never ends goes to the
// end of the text. Nil when there are none.
func quotations(text string, tokens []token) []bool {
	var quoted []bool
	told := len(tokens)
	for at, next := 0, 0; ; {
		open := strings.IndexAny(text[at:], "\"“„«")
		if open < 0 {
			break
		}
		from := at + open
		_, size := utf8.DecodeRuneInString(text[from:])
		to := len(text)
		at = to
		if end := strings.IndexAny(text[from+size:], "\"”“»"); end >= 0 {
			to = from + size + end
			_, size := utf8.DecodeRuneInString(text[to:])
			at = to + size
		}
		for next < len(tokens) && tokens[next].start < from {
			next++
		}
		first := next
		for next < len(tokens) && tokens[next].start < to {
			next++
		}
		if next-first <= fewWords {
			continue
		}
		if quoted == nil {
			quoted = make([]bool, len(tokens))
		}
		for i := first; i < next; i++ {
			quoted[i] = true
		}
		told -= next - first
	}
	if told <= fewWords {
		return nil
	}
	return quoted
}

// told says whether a token is the writer's own and not a quotation.
func (r *reading) told(token int) bool { return r.quoted == nil || !r.quoted[token] }
