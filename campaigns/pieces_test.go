package campaigns

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPieces(t *testing.T) {
	text := "Hello, I was called:\n" + warranty + "\n Bye"
	others := []Script{Read(text), Read(warranty), Read("Hi there. " + warranty), Read("the weather is nice today and tomorrow it will rain in the whole of the country")}
	want := []Piece{{Text: "Hello, I was called:"}, {Text: "\n" + warranty, Common: true}, {Text: "\n Bye"}}
	if diff := cmp.Diff(want, Pieces(text, others)); diff != "" {
		t.Error(diff)
	}
	if got := Pieces(text, nil); len(got) != 1 || got[0].Common {
		t.Errorf("common to nobody: %+v", got)
	}
	if got := Pieces("", others); len(got) != 0 {
		t.Errorf("of nothing: %+v", got)
	}
}

// The pieces are the text, and its fields have the words that the text has: what
// is marked is what was compared.
func TestPiecesAreTheText(t *testing.T) {
	calls := readCalls(t)
	for _, c := range calls {
		var b strings.Builder
		for _, p := range Pieces(c.text, []Script{Read(c.text)}) {
			b.WriteString(p.Text)
		}
		if b.String() != c.text {
			t.Errorf("%s: pieces %q", c.id, b.String())
		}
		words, of := wordsOf(strings.FieldsFunc(c.text, isSpace))
		if !slices.Equal(words, Words(c.text)) || len(of) != len(words) {
			t.Errorf("%s: %q, want %q", c.id, words, Words(c.text))
		}
	}
}
