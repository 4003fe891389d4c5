package intake

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/abusedesk/abusedesk/cases"
)

var (
	categoryWords   = readPhrases("categories.txt")
	pretextWords    = readPhrases("pretexts.txt")
	reporterWords   = readPhrases("reporters.txt")
	languageWords   = readPhrases("languages.txt")
	occurrenceWords = readMarks("occurrences.txt")
)

// Text reads free text.
func Text(text string, c Context) cases.Parsed {
	p := cases.Parsed{Parser: version}
	p.Text = clip(tidy(toUTF8([]byte(text), "")), func(s string) { p.Warnings = append(p.Warnings, s) })
	p.Unreadable = p.Text == ""
	understand(&p, c)
	return p
}

// understand fills in what is still empty of p from its subject and text.
// What a structured field said stands.
func understand(p *cases.Parsed, c Context) {
	tokens := tokenise(p.Text)
	both := tokens
	if p.Subject != "" {
		both = append(tokenise(p.Subject), tokens...)
	}
	if p.Language == "" {
		p.Language = language(p.Text, both, c.Language)
	}
	points := categoryWords.scores(both)
	if p.Category == "" {
		p.Category = cases.Category(best(points, 1))
		if p.Category == "" {
			p.Category = cases.CategoryOther
		}
	}
	if p.Pretext == "" {
		p.Pretext = strings.ReplaceAll(best(pretextWords.scores(both), 1), "_", " ")
	}
	if p.Reporter.Kind == "" {
		p.Reporter.Kind = reporterKind(p.Category, both)
	}
	p.Numbers = append(p.Numbers, findNumbers(p, tokens, c)...)
	p.Numbers = p.Numbers[:min(len(p.Numbers), MaxNumbers)]
	if !p.OccurredAt.Known() {
		p.OccurredAt = findTime(p.Text, tokens, c)
	}
	if p.Occurrences == 0 {
		p.Occurrences = occurrences(tokens)
	}
	if p.Identity == "" {
		p.Identity = identityHeader(p.Text)
	}
}

// reporterKind guesses as what somebody writes.
func reporterKind(category cases.Category, tokens []token) cases.ReporterKind {
	points := reporterWords.scores(tokens)
	for _, k := range []cases.ReporterKind{cases.ReporterPolice, cases.ReporterTraceback, cases.ReporterRegulator, cases.ReporterCarrier, cases.ReporterBrand} {
		if points[string(k)] > 1 {
			return k
		}
	}
	return defaultReporter(category)
}

// defaultReporter is who usually complains of a category.
func defaultReporter(category cases.Category) cases.ReporterKind {
	switch category {
	case cases.CategorySpoofedMyNumber:
		return cases.ReporterNumberOwner
	case cases.CategoryAccountTakeover, cases.CategoryTollFraud:
		return cases.ReporterCustomer
	case cases.CategoryTraceback:
		return cases.ReporterTraceback
	}
	return cases.ReporterCalled
}

// language guesses the language: by script where that says it, else by words,
// else what the door knew, else by a single word that no other language has.
func language(text string, tokens []token, door string) string {
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
	if script := best(counts, 1); script != "" && counts[script]*4 > letters {
		if script == "ru" && strings.ContainsAny(text, "іїєґІЇЄҐ") {
			return "uk"
		}
		return script
	}
	points := map[string]int{}
	for i := range tokens[:min(len(tokens), 500)] {
		languageWords.at(tokens, i, func(p phrase) { points[p.kind]++ })
	}
	if l := best(points, 2); l != "" {
		return l
	}
	if door == "" && len(points) == 1 {
		return best(points, 1)
	}
	return door
}

var scripts = []struct {
	language string
	table    *unicode.RangeTable
}{
	{"zh", unicode.Han}, {"ja", unicode.Hiragana}, {"ja", unicode.Katakana}, {"ko", unicode.Hangul}, {"ru", unicode.Cyrillic},
	{"el", unicode.Greek}, {"he", unicode.Hebrew}, {"ar", unicode.Arabic}, {"th", unicode.Thai}, {"hi", unicode.Devanagari},
}

// occurrences reads "called me 12 times", "twice", "tres llamadas"; 0 unknown.
func occurrences(tokens []token) int {
	for i, t := range tokens {
		if t.word == "twice" {
			return 2
		}
		if i == 0 || !slices.Contains(occurrenceWords["unit"], t.word) {
			continue
		}
		before := tokens[i-1]
		if n, err := strconv.Atoi(before.word); before.number && err == nil && n > 0 && n < 10000 {
			return n
		}
		for _, n := range []int{2, 3, 4, 5, 6, 7, 8, 9, 10, 12} {
			if slices.Contains(occurrenceWords[strconv.Itoa(n)], before.word) {
				return n
			}
		}
	}
	return 0
}

// identityHeader finds a pasted Identity header (RFC 8224 section 4): a token in
// three parts and its parameters. Whether it is true is not asked here.
func identityHeader(text string) string {
	const longest = 16 << 10
	for i := 0; ; {
		next := strings.Index(text[i:], "eyJ") // the beginning of {" in base64url
		if next < 0 {
			return ""
		}
		i += next
		s := text[i:min(len(text), i+longest)]
		if end := strings.IndexFunc(s, func(r rune) bool { return r > 0x7e || r <= ' ' }); end >= 0 {
			s = s[:end]
		}
		if token, params, ok := strings.Cut(s, ";"); ok && strings.Count(token, ".") == 2 && strings.Contains(params, "info=") {
			return s
		}
		i += len(s)
	}
}

// oddTime says that a time cannot be when a reported call was.
func oddTime(t, received time.Time) bool {
	return t.After(received.Add(MaxAhead)) || t.Before(received.AddDate(-10, 0, 0))
}
