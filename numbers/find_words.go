package numbers

import (
	"regexp"
	"strings"
	"unicode"
)

// identifierWords before a bare block of digits say that it is no telephone number.
var identifierWords = map[string]bool{
	"account": true, "acct": true, "aba": true, "badge": true, "bill": true, "card": true, "case": true, "claim": true, "code": true,
	"confirmation": true, "customer": true, "ein": true, "iban": true, "id": true, "imei": true, "invoice": true, "isbn": true,
	"item": true, "member": true, "order": true, "otp": true, "parcel": true, "pin": true, "policy": true, "receipt": true,
	"ref": true, "reference": true, "routing": true, "serial": true, "sku": true, "ssn": true, "ticket": true, "timestamp": true,
	"tracking": true, "transaction": true, "ups": true, "usps": true, "zip": true,
}

// fillerWords may stand between such a word and the digits.
var fillerWords = map[string]bool{
	"number": true, "no": true, "nr": true, "num": true, "is": true, "was": true, "the": true, "of": true, "s": true,
}

// identifierBefore reports "order number" and its like in the words before start.
func (f *finder) identifierBefore(start int) bool {
	before := f.text[max(0, start-40):start]
	if end := strings.LastIndex(before, ". "); end >= 0 && !endsInFiller(before[:end]) {
		before = before[end:] // what was said before is another matter
	}
	words := strings.FieldsFunc(before, func(r rune) bool { return !unicode.IsLetter(r) })
	for i := len(words) - 1; i >= 0 && i >= len(words)-4; i-- {
		word := strings.ToLower(words[i])
		if identifierWords[word] {
			return true
		}
		if !fillerWords[word] {
			return false
		}
	}
	return false
}

// endsInFiller reports an abbreviation, which no sentence ends with: "order no. ".
func endsInFiller(s string) bool {
	word := s[strings.LastIndexByte(s, ' ')+1:]
	return fillerWords[strings.ToLower(word)]
}

// vanityTail is what follows the area code of a spelled number: a separator, then
// digits and capitals in blocks joined by dashes. Small letters count only behind a
// leading 1, so that "800-numbers" is none.
var (
	vanityTail      = regexp.MustCompile(`^[-. )]{1,2}((?:[0-9]{1,4}[-. ])?[A-Z](?:-?[A-Z0-9]){2,11})`)
	vanityTailSmall = regexp.MustCompile(`^[-. )]{1,2}((?:[0-9]{1,4}[-. ])?[A-Za-z](?:-?[A-Za-z0-9]){2,11})`)
)

// vanity reads a toll-free number that is spelled: 1-800-FLOWERS, 800-411-PAIN.
func (f *finder) vanity(r *run) (n Number, end int, ok bool) {
	first, tail := f.leadingOne(r), vanityTail
	if first == 1 {
		tail = vanityTailSmall
	}
	if r.size(first) != 3 || !isTollFree(r.text(first, first)) {
		return n, 0, false
	}
	from := r.groups[first].end
	m := tail.FindStringSubmatchIndex(f.text[from:min(len(f.text), from+24)])
	if m == nil || f.wordAfter(from+m[3]) {
		return n, 0, false
	}
	word := f.text[from+m[2] : from+m[3]]
	digits, _, err := readDigits("1"+r.text(first, first)+word, ParseOptions{Vanity: true})
	if err != nil || len(digits) != 11 {
		return n, 0, false
	}
	f.tries--
	n, err = interpret(digits, true, "", false)
	return n, from + m[3], err == nil && n.Assignable
}
