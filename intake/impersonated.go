package intake

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/abusedesk/abusedesk/cases"
)

// fraudulent are the categories in which a name is most likely the caller's story.
var fraudulent = []cases.Category{cases.CategoryScam, cases.CategoryRobocall, cases.CategoryTextSpam, cases.CategoryTraceback}

// impersonated finds who the caller pretended to be: a name of impersonated.txt
// behind a claim ("said they were from"), else capitalised words behind one,
// else the first known name of a recording, or of a call that is told as a fraud.
func (u *understanding) impersonated() {
	r := u.body()
	if u.p.Impersonated != "" {
		return
	}
	var name *hit
	for i, h := range r.hits {
		if h.book != bookBrand {
			continue
		}
		if h.kind == "claim" {
			if from, to, ok := capitalised(r, h.last()+1); ok && name == nil && !knownBehind(r, i) {
				words := r.text[r.tokens[from].start:r.tokens[to].end]
				u.impersonate(words, 0.6, place{r, from, to})
				return
			}
			continue
		}
		if claimed(r, h.first) {
			u.impersonate(strings.ReplaceAll(h.kind, "_", " "), 0.9, place{r, h.first, h.last()})
			return
		}
		if !attached(r, h) && (name == nil || len(h.words) > len(name.words) && h.first <= name.last()) {
			name = &r.hits[i]
		}
	}
	switch {
	case name == nil:
	case u.transcript:
		u.impersonate(strings.ReplaceAll(name.kind, "_", " "), 0.8, place{r, name.first, name.last()})
	case slices.Contains(fraudulent, u.p.Category):
		u.impersonate(strings.ReplaceAll(name.kind, "_", " "), assumedRole, place{r, name.first, name.last()})
	}
}

func (u *understanding) impersonate(name string, confidence float64, at place) {
	u.p.Impersonated = short(oneLine(name))
	u.note(cases.ExtractImpersonated, u.p.Impersonated, confidence, at)
}

// attached reports that a phrase is part of an address or an identifier.
func attached(r *reading, h hit) bool {
	before, after := r.text[:r.tokens[h.first].start], r.text[r.tokens[h.last()].end:]
	dot := strings.HasPrefix(after, ".") && len(after) > 1 && isASCIILetter(after[1])
	return dot || strings.ContainsAny(after[:min(1, len(after))], "@-_/") || strings.ContainsAny(before[max(0, len(before)-1):], "@._/")
}

// knownBehind reports that a known name follows the claim that is hit i.
func knownBehind(r *reading, i int) bool {
	for _, h := range r.hits[i+1:] {
		if h.first > r.hits[i].last()+claimWindow {
			return false
		}
		if h.book == bookBrand && h.kind != "claim" && claimed(r, h.first) {
			return true
		}
	}
	return false
}

// capitalised returns up to five capitalised words from token i on, behind
// articles: "the Springfield Water Department". One capital at the start of a
// sentence is none, and neither is a single word that all of the text shouts.
func capitalised(r *reading, i int) (from, to int, ok bool) {
	for skipped := 0; i < len(r.tokens) && skipped < 3 && article(r.tokens[i].word); i++ {
		skipped++
	}
	from = i
	for ; i < len(r.tokens) && i < from+5; i++ {
		t := r.tokens[i]
		first, _ := utf8.DecodeRuneInString(r.text[t.start:])
		joint := i > from && (t.word == "of" || t.word == "and" || t.word == "the")
		if t.number || !unicode.IsUpper(first) && !joint || i > from && sentenceEnds(r, i-1, i) {
			break
		}
		if !joint {
			to, ok = i, true
		}
	}
	return from, to, ok && r.tokens[from].end-r.tokens[from].start > 1
}

func article(word string) bool {
	switch word {
	case "the", "a", "an", "my", "our", "your", "from", "with", "of", "la", "el", "le", "du", "de", "mi", "mon", "ma":
		return true
	}
	return false
}
