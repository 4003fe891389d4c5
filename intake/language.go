package intake

import (
	"strings"
	"unicode"

	"github.com/abusedesk/abusedesk/cases"
)

// language guesses the language: by script where that says it, else by words,
// else what the door knew, else by a single word that no other language has.
func (u *understanding) language() {
	if u.p.Language != "" {
		return
	}
	var confidence float64
	u.p.Language, confidence = guessLanguage(u.p.Text, u.readings, u.context.Language)
	if u.p.Language != "" {
		u.note(cases.ExtractLanguage, u.p.Language, confidence, place{})
	}
}

func guessLanguage(text string, readings []reading, door string) (_ string, confidence float64) {
	counts := map[string]int{}
	letters := 0
	for i, r := range text {
		if i > 4<<10 {
			break
		}
		if r < 0x370 {
			if unicode.IsLetter(r) {
				letters++
			}
			continue
		}
		for _, s := range scripts {
			if unicode.Is(s.table, r) {
				counts[s.language]++
				break
			}
		}
	}
	if counts["ja"]*4 > counts["zh"] && counts["ja"] > 0 {
		counts["ja"] += counts["zh"]
	}
	// A character of Chinese says as much as a word of English.
	if script := most(counts); script != "" && counts[script]*4 > letters {
		if script == "ru" && strings.ContainsAny(text, "іїєґІЇЄҐ") {
			return "uk", 0.9
		}
		return script, 0.95
	}
	points := map[string]int{}
	for _, r := range readings {
		for _, h := range r.hits {
			if h.book == bookLanguage && h.first < 500 {
				points[h.kind]++
			}
		}
	}
	l := most(points)
	total := 0
	for _, n := range points {
		total += n
	}
	switch n := points[l]; {
	case n >= 2:
		return l, hundredths(float64(n) / float64(total) * (1 - 1/float64(1+n)))
	case n == 1 && door == "" && len(points) == 1:
		return l, 0.4
	case door != "":
		return door, 0.5
	}
	return "", 0
}

// most returns the key with the highest count, of several the first by name.
func most(counts map[string]int) string {
	key := ""
	for k, n := range counts {
		if key == "" || n > counts[key] || n == counts[key] && k < key {
			key = k
		}
	}
	return key
}

var scripts = []struct {
	language string
	table    *unicode.RangeTable
}{
	{"zh", unicode.Han}, {"ja", unicode.Hiragana}, {"ja", unicode.Katakana}, {"ko", unicode.Hangul}, {"ru", unicode.Cyrillic},
	{"el", unicode.Greek}, {"he", unicode.Hebrew}, {"ar", unicode.Arabic}, {"th", unicode.Thai}, {"hi", unicode.Devanagari},
}
