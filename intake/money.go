package intake

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/abusedesk/abusedesk/cases"
)

// How far a word of loss may stand from its amount, in words.
const (
	lossBefore = 7
	lossAfter  = 5
)

const maxAmountWords = 8 // "two hundred and twenty five thousand"

// maxMoney is the largest amount believed, in hundredths: a hundred million.
const maxMoney = 100_000_000_00

// amount is a sum of money in a text.
type amount struct {
	cases.Money
	first, last int // tokens
}

// lost finds what the caller got out of the victim: the largest amount beside a
// word of loss ("I paid", "they took"). What a voice offers or threatens is no
// loss.
func (u *understanding) lost() {
	if u.p.Lost != (cases.Money{}) || u.transcript {
		return
	}
	r := u.body()
	var cues []hit
	for _, h := range r.hits {
		if h.book == bookMoney && r.told(h.first) && (h.kind == "loss.before" || h.kind == "loss.after" || h.kind == "none.before") {
			cues = append(cues, h)
		}
	}
	if len(cues) == 0 {
		return
	}
	var top amount
	for _, a := range amounts(r, u.context.Region) {
		if lossBeside(r, cues, a) && a.Hundredths > top.Hundredths {
			top = a
		}
	}
	if top.Hundredths == 0 {
		return
	}
	u.p.Lost = top.Money
	u.note(cases.ExtractLost, top.Money.String(), 0.8, place{r, top.first, top.last})
}

// lossBeside reports that the nearest cue of an amount says that it was lost.
func lossBeside(r *reading, cues []hit, a amount) bool {
	kind, nearest := "", 1<<30
	// The cues around the amount; firstCue of roles.go for hits.
	lo, hi := 0, len(cues)
	for lo < hi {
		if mid := (lo + hi) / 2; cues[mid].first < a.first-lossBefore-8 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	for _, h := range cues[lo:] {
		if h.first > a.last+lossAfter {
			break
		}
		distance := 1 << 30
		switch {
		case strings.HasSuffix(h.kind, ".before") && h.last() < a.first && a.first-h.last() <= lossBefore && !sentenceEnds(r, h.last(), a.first):
			distance = a.first - h.last()
		case strings.HasSuffix(h.kind, ".after") && h.first > a.last && !sentenceEnds(r, a.last, h.first):
			distance = h.first - a.last
		}
		if distance < nearest || distance == nearest && h.kind == "none.before" {
			kind, nearest = h.kind, distance
		}
	}
	return strings.HasPrefix(kind, "loss.")
}

// amounts finds sums of money: a number with a currency's sign or word beside it.
func amounts(r *reading, region string) []amount {
	currency := map[int]string{} // by token where a currency word stands
	var length = map[int]int{}
	for _, h := range r.hits {
		if code, ok := strings.CutPrefix(h.kind, "word."); ok && h.book == bookMoney {
			currency[h.first], length[h.first] = code, len(h.words)
		}
	}
	var out []amount
	for i := 0; i < len(r.tokens); i++ {
		if !r.tokens[i].number {
			if value, last := amountInWords(r, i); value > 0 && currency[last+1] != "" {
				a := amount{cases.Money{Hundredths: value, Currency: currency[last+1]}, i, last + length[last+1]}
				if a.Currency == "$" {
					a.Currency = dollar(region)
				}
				out = append(out, a)
				i = last
			}
			continue
		}
		value, last := readAmount(r, i, true)
		if currency[last+1] == "" && signCurrency(r.text, len(r.text), r.tokens[last].end, region) == "" {
			value, last = readAmount(r, i, false) // "1 500 €" is one number, "paid 2 500 times" are two
		}
		a := amount{cases.Money{Hundredths: value}, i, last}
		sign := signCurrency(r.text, r.tokens[i].start, r.tokens[last].end, region)
		switch {
		case sign != "":
			a.Currency = sign
			if code := currency[last+1]; code != "" && code != "USD" {
				a.Currency = code
			}
		case currency[last+1] != "" && near(r, last):
			a.Currency, a.last = currency[last+1], last+length[last+1]
		case i > 0 && currency[i-1] != "" && near(r, i-1):
			a.Currency, a.first = currency[i-1], i-1
		default:
			i = last
			continue
		}
		if a.Currency == "$" {
			a.Currency = dollar(region)
		}
		if a.Hundredths > 0 && a.Hundredths <= maxMoney {
			out = append(out, a)
		}
		i = last
	}
	return out
}

// near reports that nothing but a space or hyphen stands behind token i.
func near(r *reading, i int) bool {
	gap := r.text[r.tokens[i].end:r.tokens[i+1].start]
	return gap == "" || gap == " " || gap == "-" || gap == "\u00a0"
}

// readAmount reads the number at token i with its thousands, decimals and "k",
// in hundredths, and returns its last token.
func readAmount(r *reading, i int, spaced bool) (hundredths int64, last int) {
	digits, cents := r.tokens[i].word, ""
	last = i
	for last+1 < len(r.tokens) && r.tokens[last+1].number && len(digits) < 12 {
		gap, next := r.text[r.tokens[last].end:r.tokens[last+1].start], r.tokens[last+1].word
		switch {
		case (spaced && gap == " " || gap == "," || gap == "." || gap == "'" || gap == "\u00a0" || gap == "\u202f") && len(next) == 3 && len(r.tokens[i].word) <= 3:
			digits += next
			last++
			continue
		case (gap == "." || gap == ",") && len(next) <= 2:
			cents = (next + "0")[:2]
			last++
		}
		break
	}
	value, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || value > maxMoney/100 {
		return 0, last
	}
	hundredths = value * 100
	if cents != "" {
		c, _ := strconv.ParseInt(cents, 10, 64)
		hundredths += c
	}
	if last+1 < len(r.tokens) && near(r, last) {
		switch r.tokens[last+1].word {
		case "k", "thousand", "mil", "mille":
			hundredths *= 1000
			last++
		case "million", "millones", "millions":
			hundredths *= 1_000_000
			last++
		}
	}
	return hundredths, last
}

// amountInWords reads "three hundred", "five thousand", "twenty five" at token i
// with the words of spelled.txt, in hundredths.
func amountInWords(r *reading, i int) (hundredths int64, last int) {
	words := lex().spelled
	var sum, part int64
	last = i - 1
	for end := i + maxAmountWords; i < min(len(r.tokens), end) && i < last+2; i++ {
		w, ok := words[r.tokens[i].word]
		n, _ := strconv.ParseInt(w.n, 10, 64)
		switch {
		case !ok:
			return (sum + part) * 100, last
		case (w.kind == "digits" || w.kind == "tens") && part < 100_000:
			part += n
		case w.kind == "hundred" && part > 0 && part < 100:
			part *= 100
		case w.kind == "thousand" && part > 0 && part < 1000:
			sum, part = sum+part*1000, 0
		case r.tokens[i].word != "and" || part == 0:
			return (sum + part) * 100, last
		}
		last = i
	}
	return (sum + part) * 100, last
}

// signCurrency returns the currency of the sign right before or behind a number.
func signCurrency(text string, start, end int, region string) string {
	before, _ := utf8.DecodeLastRuneInString(strings.TrimRight(text[max(0, start-4):start], " "))
	after, _ := utf8.DecodeRuneInString(strings.TrimLeft(text[end:min(len(text), end+6)], " \u00a0"))
	for _, r := range [...]rune{before, after} {
		switch r {
		case '$':
			return dollar(region)
		case '€':
			return "EUR"
		case '£':
			return "GBP"
		case '₹':
			return "INR"
		case '¥', '￥':
			if region == "CN" {
				return "CNY"
			}
			return "JPY"
		case '₩':
			return "KRW"
		case '₽':
			return "RUB"
		case '₪':
			return "ILS"
		}
	}
	return ""
}

// dollar is which dollar, or peso, a bare "$" means.
func dollar(region string) string {
	switch strings.ToUpper(region) {
	case "CA":
		return "CAD"
	case "AU":
		return "AUD"
	case "NZ":
		return "NZD"
	case "SG":
		return "SGD"
	case "HK":
		return "HKD"
	case "MX":
		return "MXN"
	case "AR":
		return "ARS"
	case "CL":
		return "CLP"
	case "CO":
		return "COP"
	}
	return "USD"
}
