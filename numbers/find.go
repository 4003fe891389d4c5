package numbers

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of FindAll, so that a hostile text costs no more than a long one. The
// work is linear in the text: each group of digits is looked at as the start of
// at most a handful of numbers.
const (
	maxFindText  = 1 << 20 // bytes looked at
	maxFindTries = 5000    // candidates given to libphonenumber per text
	maxMatches   = 1000
)

// Match is a telephone number found in a text.
type Match struct {
	Number Number
	// Start and End are byte offsets into the text; Text is what lies between:
	// the number as written, its URI and extension included.
	Start, End int
	Text       string
}

// FindAll finds the telephone numbers in free text, in order and without
// overlap. region (alpha-2) is the country whose national numbers are
// recognised; "" leaves international numbers, URIs, and the unmistakable North
// American forms ((202) 555-0143, 1-800-356-9377). Vanity numbers behind a
// toll-free area code are read (1-800-FLOWERS).
//
// It prefers missing a number to inventing one: dates, times, amounts, IP
// addresses, card and order numbers, and digits inside words, identifiers and
// URLs are passed over. A number that is written like one but cannot be
// assigned is returned with its reason, since callers show such numbers.
// At most the first mebibyte is read and the first thousand numbers returned.
func FindAll(text, region string) []Match {
	f := newFinder(text, region)
	f.scan()
	return f.matches
}

func newFinder(text, region string) *finder {
	f := &finder{text: text[:min(len(text), maxFindText)], region: knownRegion(region), tries: maxFindTries}
	f.northAmerican = inNorthAmerica(f.region)
	f.national = nationalShape(f.region)
	return f
}

func (f *finder) scan() {
	for i := 0; i < len(f.text) && len(f.matches) < maxMatches && f.tries > 0; {
		i = f.step(i)
	}
}

// finder is the state of one scan.
type finder struct {
	text          string
	region        string
	northAmerican bool
	national      nationalForm
	tries         int
	matches       []Match
	end           int // of the last match
	groups        []group
	digits        []byte
	reads         int // groups read: the measure of the work done
}

// step looks at the text from i and returns where to go on.
func (f *finder) step(i int) int {
	r, size := utf8.DecodeRuneInString(f.text[i:])
	switch {
	case r == '(', isPlus(r) && (!f.digitBefore(i) || i == f.end), digit(r) >= 0 && !f.wordBefore(i):
		return f.run(i)
	case digit(r) >= 0:
		return i + skipToken(f.text[i:])
	case r < utf8.RuneSelf && isLetterASCII(byte(r)):
		if _, uri := cutScheme(f.text[i:min(len(f.text), i+len("callto:")+1)]); uri && !f.wordBefore(i) {
			return f.uri(i)
		}
		return i + skipWord(f.text[i:])
	}
	return i + size
}

// uri reads a sip:, sips: or tel: URI. If it is none after all ("Tel: 202…"),
// the scan goes on behind the colon; a SIP URI is passed over whole, because
// what follows is a host.
func (f *finder) uri(start int) int {
	end := start
	for end < len(f.text) && end-start <= maxText {
		if c := f.text[end]; c <= ' ' || c == '<' || c == '>' || c == '"' || c == ',' {
			break
		}
		end++
	}
	for end > start && (f.text[end-1] == '.' || f.text[end-1] == ';' || f.text[end-1] == ')' || f.text[end-1] == '?') {
		end--
	}
	f.tries--
	if n, err := Parse(f.text[start:end], f.region); err == nil && !f.digitsFollow(end) {
		f.add(n, start, end)
		return end
	}
	colon := start
	for f.text[colon] != ':' {
		colon++
	}
	if f.text[start]|0x20 == 's' {
		return max(end, colon+1)
	}
	return colon + 1
}

// digitsFollow reports that more digits come after a space: "Tel:030 1234567" is
// a label and not a URI.
func (f *finder) digitsFollow(end int) bool {
	return end+1 < len(f.text) && f.text[end] == ' ' && digit(rune(f.text[end+1])) >= 0
}

// add notes a match. A bracket that closes behind the number is not part of it.
func (f *finder) add(n Number, start, end int) {
	if f.text[start] == '(' && !strings.Contains(f.text[start:end], ")") {
		start++
	}
	f.end = end
	f.matches = append(f.matches, Match{Number: n, Start: start, End: end, Text: f.text[start:end]})
}

// wordBefore reports that what starts at i is the rest of a word, an
// identifier, a path or an amount.
func (f *finder) wordBefore(i int) bool {
	r, size := utf8.DecodeLastRuneInString(f.text[:i])
	switch {
	case size == 0, i-size == f.end && f.end > 0: // "202-555-0143/202-555-0144"
		return false
	case isWordRune(r), r == '#', r == '\\', isCurrency(r):
		return true
	case r == '-' || r == '.' || r == '/' || r == ':' || r == '@' || r == '&' || r == '%':
		// Attached to a word ("REF-2025550143") or a path; but a label may end in a colon.
		before, _ := utf8.DecodeLastRuneInString(f.text[:i-size])
		return r == '@' || r == '/' || r == ':' && digit(before) >= 0 || r != ':' && (isWordRune(before) || digit(before) >= 0)
	}
	return false
}

// digitBefore reports a digit or "+" right before i.
func (f *finder) digitBefore(i int) bool {
	r, _ := utf8.DecodeLastRuneInString(f.text[:i])
	return digit(r) >= 0 || isPlus(r)
}

// wordAfter reports that what ends at i goes on as a word, a percentage or an amount.
func (f *finder) wordAfter(i int) bool {
	r, size := utf8.DecodeRuneInString(f.text[i:])
	switch {
	case size == 0:
		return false
	case isWordRune(r), r == '%', isCurrency(r), digit(r) >= 0:
		return true
	case r == '-' || r == ':' || r == '/' || r == '.':
		// "…0143-abc" is an identifier; "…0143/" or a full stop may end a sentence.
		next, _ := utf8.DecodeRuneInString(f.text[i+size:])
		return r != ':' && isWordRune(next) && r != '.'
	}
	return false
}

// isWordRune reports letters of the scripts that separate words by spaces, and
// the underscore. Chinese, Japanese and Thai text runs on into a number.
func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '_' || isLetterASCII(byte(r))
	}
	return unicode.IsLetter(r) && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer)
}

func isLetterASCII(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isCurrency(r rune) bool { return r == '$' || r >= 0x80 && unicode.Is(unicode.Sc, r) }

// skipWord returns the length of the ASCII word at the start of s.
func skipWord(s string) int {
	n := 1
	for n < len(s) && isLetterASCII(s[n]) {
		n++
	}
	return n
}

// skipToken returns the length of the digits, letters and joints at the start of s.
func skipToken(s string) int {
	n := 0
	for i, r := range s {
		if i > 0 && digit(r) < 0 && !isWordRune(r) {
			break
		}
		n = i + utf8.RuneLen(max(r, 0))
		if r == utf8.RuneError {
			return max(i, 1)
		}
	}
	return max(n, 1)
}
