package intake

import (
	"regexp"
	"slices"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// MaxPartials is how many numbers of which only some digits are known are kept of
// one message.
const MaxPartials = 5

var (
	// A number with digits that were not seen, or not told: 202-555-01xx.
	masked = regexp.MustCompile(`\+?\(?\d[\d\s().\x{a0}/-]{1,14}[xX*?#][\dxX*?#\s.-]{0,12}[\dxX*?#]`)
	// The end of a number, in the languages of the form.
	ending = regexp.MustCompile(`(?i)\b(?:end(?:ing|s|ed)\s+(?:in|with)|last\s+(?:four|4)(?:\s+digits)?\s*(?:are|were|is|was|:)?|termina(?:ba|do|n)?\s+en|(?:se\s+termin|finiss)\w+\s+par)\s+(\d[\d -]{2,8}\d)\b`)
	// What has an end of its own, and is no telephone number.
	noNumber = regexp.MustCompile(`(?i)\b(?:card|visa|mastercard|account|acct|ssn|social|policy|case|iban|tarjeta|cuenta|carte|compte)\b`)
	aNumber  = regexp.MustCompile(`(?i)\b(?:phone|number|numbers|caller|called|calling|calls?|dialled|dialed|rang|cell|mobile|tel[eé]fono|n[uú]mero|num[eé]ro|t[eé]l[eé]phone|llam\w+|appel\w*)\b`)
	itsMine  = regexp.MustCompile(`(?i)\b(?:my|our|mi|nuestro|mon|ma|notre)\s+(?:\w+\s+){0,2}$|\b(?:my|our|mi|nuestro|mon|notre)\s+(?:own\s+|home\s+|cell\s+|mobile\s+)?(?:phone|number|cell|mobile|line|tel[eé]fono|n[uú]mero|num[eé]ro)\b[^.;!?]{0,20}$`)
)

// partials finds numbers of which the text tells some digits only. They are never
// what a case is found by: many numbers fit.
func (u *understanding) partials() {
	t := u.p.Text
	add := func(pattern numbers.Pattern, from, to int) {
		role := cases.RoleCaller
		if itsMine.MatchString(t[max(0, from-60):from]) {
			role = cases.RoleCalled
		}
		x := cases.PartialNumber{Pattern: string(pattern), Role: role, Text: t[from:to]}
		if len(u.p.Partials) < MaxPartials && !slices.ContainsFunc(u.p.Partials, func(o cases.PartialNumber) bool { return o.Pattern == x.Pattern && o.Role == x.Role }) {
			u.p.Partials = append(u.p.Partials, x)
		}
	}
	for _, m := range masked.FindAllStringIndex(t, -1) {
		if m[0] > 0 && isWordByte(t[m[0]-1]) || m[1] < len(t) && isWordByte(t[m[1]]) {
			continue // part of a longer thing
		}
		if p, err := numbers.ParsePattern(t[m[0]:m[1]], u.context.Region); err == nil && p[0] == '+' { // in a text, what has the length of a number
			add(p, m[0], m[1])
		}
	}
	for _, m := range ending.FindAllStringSubmatchIndex(t, -1) {
		before := t[max(0, m[0]-80):m[2]]
		if i := strings.LastIndexAny(before[:len(before)-(m[2]-m[0])], ".;!?\n"); i >= 0 {
			before = before[i+1:] // of this sentence
		}
		if noNumber.MatchString(before) || !aNumber.MatchString(before) {
			continue
		}
		if p := numbers.EndsIn(strings.NewReplacer(" ", "", "-", "").Replace(t[m[2]:m[3]])); p != "" {
			add(p, m[2], m[3])
		}
	}
}

func isWordByte(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b == '@'
}
