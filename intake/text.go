package intake

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
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
	body := readingOf(p.Text, true)
	u := &understanding{p: p, context: c, readings: []reading{body}, transcript: p.Bounce == nil && isTranscript(body)}
	if p.Subject != "" {
		u.readings = append(u.readings, readingOf(p.Subject, false))
	}
	u.language()
	u.category()
	u.pretext()
	u.reporter()
	p.Numbers = append(p.Numbers, u.numbers()...)
	p.Numbers = p.Numbers[:min(len(p.Numbers), MaxNumbers)]
	u.partials()
	u.occurredAt()
	u.occurrences()
	u.identity()
	u.impersonated()
	u.lost()
	u.traceback()
	u.lane()
	u.reconsider()
	u.answer()
}

// understanding is the work on one report. readings[0] is its text; a subject
// may follow.
type understanding struct {
	p          *cases.Parsed
	context    Context
	readings   []reading
	transcript bool // what a machine said on the line, not what somebody tells of it
}

func (u *understanding) body() *reading { return &u.readings[0] }

// note keeps where a field came from. A place of no reading is the text as a whole.
func (u *understanding) note(kind cases.ExtractKind, value string, confidence float64, at place) {
	e := cases.Extract{Kind: kind, Value: value, Confidence: confidence, Start: -1, End: -1}
	if at.in != nil && at.last < len(at.in.tokens) {
		from, to := at.in.tokens[at.first].start, at.in.tokens[at.last].end
		e.Text = at.in.text[from:to]
		if at.in.body {
			e.Start, e.End = from, to
		}
	}
	u.p.Extracts = append(u.p.Extracts, e)
}

// noteBytes is note for a stretch of the body.
func (u *understanding) noteBytes(kind cases.ExtractKind, value string, confidence float64, from, to int) {
	u.p.Extracts = append(u.p.Extracts, cases.Extract{Kind: kind, Value: value, Confidence: confidence, Text: u.p.Text[from:to], Start: from, End: to})
}

func (u *understanding) category() {
	if u.p.Category != "" {
		return
	}
	v := best(score(bookCategory, u.readings, nil), 1)
	if v.kind == "" {
		u.p.Category = cases.CategoryOther
		return
	}
	u.p.Category = cases.Category(v.kind)
	u.note(cases.ExtractCategory, v.kind, v.confidence(), v.place)
}

// sold are the pretexts of calls that sell something, mostly by a recording.
var sold = []string{"warranty", "travel", "utility", "loan or debt"}

// reconsider settles a category that no phrase told by what was found since.
func (u *understanding) reconsider() {
	if u.p.Category != cases.CategoryOther {
		return
	}
	switch {
	case u.p.Reporter.Kind == cases.ReporterNumberOwner:
		u.p.Category = cases.CategorySpoofedMyNumber
	case u.p.Reporter.Kind == cases.ReporterTraceback:
		u.p.Category = cases.CategoryTraceback
	case u.p.Lane == cases.LaneLife:
		u.p.Category = cases.CategoryHarassment
	case u.p.Lost != cases.Money{}, u.p.Impersonated != "" && u.p.Pretext != "":
		u.p.Category = cases.CategoryScam
	case u.transcript, slices.Contains(sold, u.p.Pretext):
		u.p.Category = cases.CategoryRobocall
	default:
		return
	}
	u.note(cases.ExtractCategory, string(u.p.Category), assumedRole, place{})
}

func (u *understanding) pretext() {
	if u.p.Pretext != "" {
		return
	}
	v := best(score(bookPretext, u.readings, nil), 1)
	if v.kind == "" {
		return
	}
	u.p.Pretext = strings.ReplaceAll(v.kind, "_", " ")
	u.note(cases.ExtractPretext, u.p.Pretext, v.confidence(), v.place)
}

// occurrences reads "called me 12 times", "twice", "tres llamadas"; 0 unknown.
func (u *understanding) occurrences() {
	if u.p.Occurrences != 0 {
		return
	}
	tokens, words := u.body().tokens, lex().occurrence
	for i, t := range tokens {
		if t.word == "twice" {
			u.p.Occurrences = 2
			u.note(cases.ExtractOccurrences, "2", 0.7, place{u.body(), i, i})
			return
		}
		if i == 0 || !slices.Contains(words["unit"], t.word) {
			continue
		}
		from := i - 1
		n, ok := countWord(tokens[from].word)
		if tokens[from].number {
			n, from = wholeNumber(u.body(), from)
			ok = n > 0 && n < 10000
		}
		if !ok {
			continue
		}
		u.p.Occurrences = n
		u.note(cases.ExtractOccurrences, strconv.Itoa(n), 0.8, place{u.body(), from, i})
		return
	}
}

// wholeNumber reads the number that ends at token i, thousands included, and
// returns its first token.
func wholeNumber(r *reading, i int) (n, first int) {
	first, digits := i, r.tokens[i].word
	if i > 0 && r.tokens[i-1].number && len(digits) == 3 && len(r.tokens[i-1].word) <= 3 {
		if gap := r.text[r.tokens[i-1].end:r.tokens[i].start]; gap == "," || gap == "." {
			first, digits = i-1, r.tokens[i-1].word+digits
		}
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0, first
	}
	return n, first
}

// countWord reads a number word of occurrences.txt.
func countWord(word string) (int, bool) {
	n, ok := lex().counts[word]
	return n, ok
}

func (u *understanding) identity() {
	if u.p.Identity != "" {
		return
	}
	if from, to, ok := identityHeader(u.p.Text); ok {
		u.p.Identity = u.p.Text[from:to]
		u.noteBytes(cases.ExtractIdentity, "RFC 8224", 1, from, to)
	}
}

// identityHeader finds a pasted Identity header (RFC 8224 section 4): a token in
// three parts and its parameters. Whether it is true is not asked here.
func identityHeader(text string) (from, to int, ok bool) {
	const longest = 16 << 10
	for i := 0; ; {
		next := strings.Index(text[i:], "eyJ") // the beginning of {" in base64url
		if next < 0 {
			return 0, 0, false
		}
		i += next
		s := text[i:min(len(text), i+longest)]
		if end := strings.IndexFunc(s, func(r rune) bool { return r > 0x7e || r <= ' ' }); end >= 0 {
			s = s[:end]
		}
		if token, params, ok := strings.Cut(s, ";"); ok && strings.Count(token, ".") == 2 && strings.Contains(params, "info=") {
			return i, i + len(s), true
		}
		i += len(s)
	}
}

// oddTime says that a time cannot be when a reported call was.
func oddTime(t, received time.Time) bool {
	return t.After(received.Add(MaxAhead)) || t.Before(received.AddDate(-10, 0, 0))
}
