package intake

import (
	"slices"
	"strconv"
	"strings"

	"github.com/abusedesk/abusedesk/numbers"
)

// Limits of a number in words.
const (
	maxFillers   = 4   // words between two of its digits
	maxSpelled   = 40  // tokens of one
	maxRuns      = 200 // runs of enough digits looked at in one text
	shortestRead = 10  // digits
	longestRead  = 15
)

// spelledWord is what a word of spelled.txt means inside a number.
type spelledWord struct {
	kind string // digits, tens, times, hundred, thousand, filler
	n    string
}

func readSpelled(marks map[string][]string) map[string]spelledWord {
	out := map[string]spelledWord{}
	for key, words := range marks {
		kind, n, _ := strings.Cut(key, ".")
		for _, w := range words {
			out[fold(w)] = spelledWord{kind, n}
		}
	}
	return out
}

// withSpelled adds the numbers that digits alone do not show: "eight three three,
// six three one, seven nine one one", "area code 202, then 555, then 0143".
// Those that matches has stand; ours never overlap them.
func withSpelled(matches []numbers.Match, text string, tokens []token, region string) []numbers.Match {
	words, runs := lex().spelled, 0
	var added []numbers.Match
	for i := 0; i < len(tokens) && runs < maxRuns; {
		if !spellsDigits(tokens[i], words) {
			i++
			continue
		}
		run := readSpelledRun(text, tokens, i, words)
		if len(run.digits) >= shortestRead && !overlaps(matches, tokens[i].start, tokens[run.next-1].end) {
			runs++
			if m, ok := run.number(text, tokens, region); ok {
				added = append(added, m)
			}
		}
		i = run.next
	}
	if len(added) == 0 {
		return matches
	}
	matches = append(slices.Clone(matches), added...)
	slices.SortFunc(matches, func(a, b numbers.Match) int { return a.Start - b.Start })
	return matches
}

// overlaps reports that a match lies between two bytes.
func overlaps(matches []numbers.Match, start, end int) bool {
	at, _ := slices.BinarySearchFunc(matches, start, func(x numbers.Match, start int) int { return x.End - 1 - start })
	return at < len(matches) && matches[at].Start < end
}

func spellsDigits(t token, words map[string]spelledWord) bool {
	w, ok := words[t.word]
	return t.number && len(t.word) <= longestRead || ok && w.kind != "filler" && w.kind != "hundred" && w.kind != "thousand"
}

// spelledRun is a stretch of tokens that may be a number.
type spelledRun struct {
	digits []byte
	tokens []int // which token gave each digit
	words  int   // words that gave digits, or stood between them
	next   int   // where to go on
}

// readSpelledRun reads digits from token i on until something else comes.
func readSpelledRun(text string, tokens []token, i int, words map[string]spelledWord) spelledRun {
	r := spelledRun{next: i + 1}
	repeat, fillers, tens := 1, 0, false
	add := func(digits string, at int) {
		for _, d := range []byte(strings.Repeat(digits, repeat)) {
			r.digits, r.tokens = append(r.digits, d), append(r.tokens, at)
		}
		repeat, fillers, r.next = 1, 0, at+1
	}
	for at := i; at < len(tokens) && at < i+maxSpelled && len(r.digits) <= longestRead; at++ {
		t := tokens[at]
		if at > i && !joined(text[tokens[at-1].end:t.start]) {
			return r
		}
		w, known := words[t.word]
		wasTens := tens
		tens = false
		switch {
		case t.number && len(t.word) <= longestRead:
			add(t.word, at)
			continue
		case !known:
			return r
		}
		r.words++
		switch w.kind {
		case "digits":
			if n := len(r.digits); wasTens && len(w.n) == 1 && w.n != "0" {
				r.digits[n-1], r.tokens[n-1], r.next = w.n[0], at, at+1 // eighty three
				continue
			}
			add(w.n, at)
		case "tens":
			add(w.n, at)
			tens = true
		case "times":
			repeat, _ = strconv.Atoi(w.n)
			repeat = min(max(repeat, 1), 3)
		case "hundred", "thousand": // eight hundred
			if len(r.digits) == 0 {
				return r
			}
			add(strings.Repeat("0", len(w.n)), at)
		default:
			if fillers++; fillers > maxFillers {
				return r
			}
		}
	}
	return r
}

// joined reports that what stands between two tokens may stand inside a number.
func joined(gap string) bool {
	return len(gap) <= 6 && strings.Trim(gap, " ,.-–—…()/\n\u00a0") == ""
}

// number reads the run as a number: as a whole, or without the digits at its
// front that belong to "press one".
func (r spelledRun) number(text string, tokens []token, region string) (numbers.Match, bool) {
	if r.words == 0 && !r.grouped(tokens) {
		return numbers.Match{}, false
	}
	starts := 0
	for from := 0; len(r.digits)-from >= shortestRead && starts < 4; from++ {
		if from > 0 && r.tokens[from] == r.tokens[from-1] {
			continue // inside a token
		}
		starts++
		digits := string(r.digits[from:])
		if strings.Contains(digits, "2345678") { // somebody counts
			continue
		}
		n, err := numbers.Parse(digits, region)
		if err != nil && region == "" && (len(digits) == 10 || len(digits) == 11 && digits[0] == '1') {
			n, err = numbers.Parse(digits, "US")
		}
		if err != nil || n.Kind == numbers.KindUnknown {
			continue
		}
		start, end := tokens[r.tokens[from]].start, tokens[r.tokens[len(r.tokens)-1]].end
		return numbers.Match{Number: n, Start: start, End: end, Text: text[start:end]}, true
	}
	return numbers.Match{}, false
}

// grouped reports that digits alone, with other marks than usual between them,
// stand in a North American number's groups: "833, 631, 7911".
func (r spelledRun) grouped(tokens []token) bool {
	var sizes []byte
	last := -1
	for _, at := range r.tokens {
		if at != last {
			sizes = append(sizes, byte('0'+len(tokens[at].word)%10))
		}
		last = at
	}
	switch string(sizes) {
	case "334", "1334", "3322", "13322":
		return true
	}
	return false
}
