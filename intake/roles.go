package intake

import (
	"strings"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// Confidence of a role: beside its phrase, for want of any phrase, and of the
// writer's own number.
const (
	sureRole    = 0.9
	assumedRole = 0.5
	ownNumber   = 0.4
	keepOther   = 0.6 // a second role of one number is kept from here on
	roleWindow  = 12  // words between a phrase and its number
	farLine     = 3   // words that a new line or sentence between them counts as
)

// cue is a phrase of roles.txt in a text.
type cue struct {
	role        string
	after       bool // it stands behind its number
	weak        bool
	first, last int // tokens
}

// numbers finds the numbers of the text and what each was in the call.
// Each number is kept once for each role that is likely.
func (u *understanding) numbers() []cases.NumberMention {
	p, tokens := u.p, u.body().tokens
	matches := withSpelled(numbers.FindAll(p.Text, u.context.Region), p.Text, tokens, u.context.Region)
	cues := findCues(u.body().hits)
	ownerWrites := p.Category == cases.CategorySpoofedMyNumber
	fallback := cases.RoleCaller
	if u.transcript {
		fallback = cases.RoleCallback
	}
	known := map[string]bool{}
	for _, n := range p.Numbers {
		known[n.E164] = true
	}
	var found []cases.NumberMention
	at, listed, before := 0, -1, "" // listed: the token behind the number before
	for _, m := range matches {
		for at < len(tokens) && tokens[at].start < m.Start {
			at++
		}
		role, confidence := roleOf(p.Text, tokens, cues, at, m.End)
		if role == "" && listed >= 0 && at-listed <= 1 { // one of a list: "from A, B and C"
			role, confidence = before, hundredths(sureRole-0.2)
		}
		for listed = at; listed < len(tokens) && tokens[listed].start < m.End; {
			listed++
		}
		before = role
		if known[m.Number.E164] { // a structured field says what it was
			continue
		}
		switch {
		case u.transcript && (role == "reporter" || role == string(cases.RoleCalled)): // "you can reach me at", "my number is"
			role = string(cases.RoleCallback)
		case role == "reporter":
			if p.Reporter.Phone == "" {
				p.Reporter.Phone = m.Number.E164
			}
			role, confidence = string(cases.RoleCalled), ownNumber
		case role == "":
			role, confidence = string(fallback), assumedRole
		}
		if ownerWrites && role == string(cases.RoleCalled) {
			role = string(cases.RoleCaller) // "my number" is the one that is shown
		}
		found = append(found, cases.NumberMention{E164: m.Number.E164, Role: cases.NumberRole(role), Confidence: confidence,
			Text: m.Text, Start: m.Start, End: m.End, Extension: m.Number.Extension})
	}
	for i := range u.readings[1:] {
		found = append(found, u.subjectNumbers(&u.readings[1+i], fallback, known)...)
	}
	return likely(found)
}

// subjectNumbers reads those of a mail's subject line.
func (u *understanding) subjectNumbers(r *reading, fallback cases.NumberRole, known map[string]bool) []cases.NumberMention {
	tokens, cues := r.tokens, findCues(r.hits)
	matches := withSpelled(numbers.FindAll(r.text, u.context.Region), r.text, tokens, u.context.Region)
	var found []cases.NumberMention
	at := 0
	for _, m := range matches {
		for at < len(tokens) && tokens[at].start < m.Start {
			at++
		}
		if known[m.Number.E164] {
			continue
		}
		role, confidence := roleOf(r.text, tokens, cues, at, m.End)
		if role == "" || role == "reporter" {
			role, confidence = string(fallback), assumedRole
		}
		found = append(found, cases.NumberMention{E164: m.Number.E164, Role: cases.NumberRole(role), Confidence: confidence, Text: m.Text, Start: -1, End: -1, Extension: m.Number.Extension})
	}
	return found
}

func findCues(hits []hit) []cue {
	var cues []cue
	for _, h := range hits {
		if h.book == bookRole {
			role, place, _ := strings.Cut(h.kind, ".")
			cues = append(cues, cue{role, place == "after", h.weak, h.first, h.last()})
		}
	}
	return cues
}

// roleOf looks at the phrases around the number that begins at token at and
// ends at byte end.
func roleOf(text string, tokens []token, cues []cue, at, end int) (string, float64) {
	next := at
	for next < len(tokens) && tokens[next].start < end {
		next++
	}
	role, bestDistance, length := "", roleWindow+1, 0
	for i := firstCue(cues, at-roleWindow-8); i < len(cues) && cues[i].first < next+4; i++ {
		c := cues[i]
		var distance int
		switch {
		case c.after && c.first == next && c.role == "reporter": // "call me back at … if you need more"
			return c.role, sureRole
		case !c.after && c.last < at:
			distance = wordsBetween(text, tokens, c.last+1, at)
			if distance > 0 && c.weak || distance > roleWindow {
				continue
			}
		case c.after && c.first >= next:
			// What follows says less than what precedes: it may belong to the next number.
			distance = 1 + 2*wordsBetween(text, tokens, next, c.first)
			if distance > 4 || c.weak && distance > 1 {
				continue
			}
		default:
			continue
		}
		if words := c.last - c.first + 1; distance < bestDistance || distance == bestDistance && words > length {
			role, bestDistance, length = c.role, distance, words
		}
	}
	if role == "" {
		return "", 0
	}
	return role, hundredths(sureRole - float64(bestDistance)*0.03)
}

// firstCue returns the first cue at or behind a token.
func firstCue(cues []cue, token int) int {
	lo, hi := 0, len(cues)
	for lo < hi {
		if mid := (lo + hi) / 2; cues[mid].first < token {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// wordsBetween counts the words of tokens from to to; digits of other numbers
// do not count, a new sentence or line counts for several.
func wordsBetween(text string, tokens []token, from, to int) int {
	n := 0
	for i := from; i < to; i++ {
		if !tokens[i].number {
			n++
		}
	}
	if from > 0 && to < len(tokens) && to >= from {
		gap := text[tokens[from-1].end:tokens[to].start]
		if i := strings.IndexAny(gap, "\n.?!"); i >= 0 && n > 0 && (gap[i] == '\n' || i+1 < len(gap) && gap[i+1] == ' ') {
			n += farLine
		}
	}
	return n
}

// isTranscript says whether the text is what was said on the line, and not what
// somebody tells of it.
func isTranscript(body reading) bool {
	found := score(bookSaid, []reading{body}, func(r *reading, h hit) bool { return r.told(h.first) })
	said, told := found["said"], found["told"]
	return said != nil && said.points >= 2 && (told == nil || said.points > 2*told.points)
}

// likely keeps each number once for each role that is likely, the most likely
// mention of it, in the order of the text.
func likely(found []cases.NumberMention) []cases.NumberMention {
	top := map[string]float64{}
	for _, m := range found {
		top[m.E164] = max(top[m.E164], m.Confidence)
	}
	type key struct {
		e164 string
		role cases.NumberRole
	}
	kept := map[key]int{}
	var out []cases.NumberMention
	for _, m := range found {
		if m.Confidence < top[m.E164] && m.Confidence < keepOther {
			continue
		}
		k := key{m.E164, m.Role}
		if i, ok := kept[k]; ok {
			if m.Confidence > out[i].Confidence {
				out[i] = m
			}
			continue
		}
		kept[k] = len(out)
		out = append(out, m)
	}
	return out
}
