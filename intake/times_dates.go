package intake

import (
	"strings"
	"time"
)

// date reads the date that begins at token i: ISO 8601, with the month's name,
// by the region's habit ("3/2/2026"), weekdays, "yesterday".
func (f timeFinder) date(i int) (date, bool) {
	if d, ok := f.numericDate(i); ok {
		return d, true
	}
	if d, ok := f.namedDate(i); ok {
		return d, true
	}
	local := f.local(nil)
	if w, ok := f.word(i, "ago"); ok {
		return dayBefore(local, w.n, i), true
	}
	if w, ok := f.word(i, "day"); ok {
		back := (int(local.Weekday()) - w.n + 7) % 7
		if back == 0 { // "on Monday", written on a Monday
			if _, today := f.word(i-1, "ago"); !today {
				back = 7
			}
		}
		return dayBefore(local, back, i), true
	}
	if w, ok := f.word(i, "part"); ok && i > 0 {
		switch f.tokens[i-1].word {
		case "this", "esta", "ce", "cette":
			return dayBefore(local, 0, i), true
		case "last":
			if w.to > 24 {
				return dayBefore(local, 1, i), true
			}
		}
		if f.tokens[i].word == "anoche" {
			return dayBefore(local, 1, i), true
		}
	}
	return date{}, false
}

func dayBefore(local time.Time, days, token int) date {
	t := local.AddDate(0, 0, -days)
	return date{t.Year(), int(t.Month()), t.Day(), token, token}
}

// numericDate reads 2026-03-02, 2026/03/02, 3/2/2026, 02.03.2026, 3/2.
func (f timeFinder) numericDate(i int) (date, bool) {
	a, ok := f.number(i, 4)
	separator := f.gap(i)
	if !ok || separator != "-" && separator != "/" && separator != "." {
		return date{}, false
	}
	b, ok := f.number(i+1, 2)
	if !ok {
		return date{}, false
	}
	if len(f.tokens[i].word) == 4 { // year first: then month
		day, ok := f.number(i+2, 2)
		if !ok || f.gap(i+1) != separator || !plausible(a, b, day) {
			return date{}, false
		}
		return date{a, b, day, i, i + 2}, true
	}
	year, withYear := f.number(i+2, 4)
	withYear = withYear && f.gap(i+1) == separator && len(f.tokens[i+2].word) != 1 && len(f.tokens[i+2].word) != 3
	last := i + 1
	switch {
	case withYear:
		last = i + 2
		if year < 100 {
			year += 2000
		}
	case separator != "/" || f.gap(i+1) == "/" || a == 24 && b == 7:
		return date{}, false // 1.5 and 24/7 are no dates
	}
	month, day := b, a
	if monthFirst[strings.ToUpper(f.context.Region)] && separator != "." {
		month, day = a, b
	}
	if month > 12 { // cannot be, so it is the other way round
		month, day = day, month
	}
	if !withYear {
		year = f.yearOf(month, day)
	}
	if !plausible(year, month, day) {
		return date{}, false
	}
	return date{year, month, day, i, last}, true
}

// monthFirst are the regions that write the month first.
var monthFirst = map[string]bool{"US": true, "PR": true, "GU": true, "VI": true, "AS": true, "MP": true, "PH": true, "CA": true}

func plausible(year, month, day int) bool {
	return year >= 1990 && year < 2200 && month >= 1 && month <= 12 && day >= 1 && day <= 31
}

// yearOf is the latest year in which the date is not after the message.
func (f timeFinder) yearOf(month, day int) int {
	local := f.local(nil)
	year := local.Year()
	if time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).After(local.AddDate(0, 0, 1)) {
		year--
	}
	return year
}

// namedDate reads "March 2nd, 2026", "2 Mar 2026", "2 de marzo", "le 2 mars".
func (f timeFinder) namedDate(i int) (date, bool) {
	if w, ok := f.word(i, "month"); ok {
		day, ok := f.number(i+1, 2)
		if !ok || day < 1 || day > 31 || len(f.gap(i)) > 2 {
			return date{}, false
		}
		last := i + 1
		if last+1 < len(f.tokens) && f.gap(last) == "" && ordinal(f.tokens[last+1].word) {
			last++
		}
		year, last := f.year(last, w.n, day)
		return date{year, w.n, day, i, last}, plausible(year, w.n, day)
	}
	day, ok := f.number(i, 2)
	if !ok || day < 1 || day > 31 {
		return date{}, false
	}
	at := i + 1
	if at < len(f.tokens) && f.gap(i) == "" && ordinal(f.tokens[at].word) {
		at++
	}
	if at < len(f.tokens) && (f.tokens[at].word == "de" || f.tokens[at].word == "of") {
		at++
	}
	w, ok := f.word(at, "month")
	if !ok {
		return date{}, false
	}
	year, last := f.year(at, w.n, day)
	return date{year, w.n, day, i, last}, plausible(year, w.n, day)
}

// year reads the year behind token last, or finds it.
func (f timeFinder) year(last, month, day int) (year, end int) {
	at := last + 1
	if at < len(f.tokens) && (f.tokens[at].word == "de" || f.tokens[at].word == "del") {
		at++
	}
	if year, ok := f.number(at, 4); ok && len(f.tokens[at].word) == 4 && year >= 1990 && year < 2200 {
		return year, at
	}
	return f.yearOf(month, day), last
}

func ordinal(word string) bool {
	switch word {
	case "st", "nd", "rd", "th", "er", "º", "°":
		return true
	}
	return false
}

// clock reads the time of day that begins at token i.
func (f timeFinder) clock(i int) (clock, bool) {
	if w, ok := f.word(i, "part"); ok {
		if f.tokens[i].word == "manana" && i > 0 && f.tokens[i-1].word != "la" && f.tokens[i-1].word != "esta" {
			return clock{}, false // tomorrow
		}
		return clock{from: w.n * 60, to: w.to * 60, part: true, first: i, last: i}, true
	}
	hour, ok := f.number(i, 2)
	if !ok || hour > 24 || strings.HasPrefix(f.text[f.tokens[i].end:], "%") || strings.HasSuffix(f.text[:f.tokens[i].start], "$") {
		return clock{}, false
	}
	k := clock{first: i, last: i}
	minute, unsure, marked := 0, onTheH, false
	if n, ok := f.number(i+1, 2); ok && len(f.tokens[i+1].word) == 2 && n < 60 && (f.gap(i) == ":" || f.gap(i) == "." && f.meridiem(i+2) != "") {
		minute, unsure, marked = n, exactly, true
		k.last++
		if n, ok := f.number(k.last+1, 2); ok && n < 61 && f.gap(k.last) == ":" { // seconds
			k.last++
			if _, ok := f.number(k.last+1, 9); ok && f.gap(k.last) == "." {
				k.last++
			}
		}
	} else if _, ok := f.word(i+1, "hour"); ok && len(f.gap(i)) <= 1 {
		marked = true
		k.last++
		if n, ok := f.number(k.last+1, 2); ok && f.gap(k.last) == "" && n < 60 { // 15h30
			minute, unsure = n, exactly
			k.last++
		}
	}
	_, vague := f.word(i-1, "about")
	if _, at := f.word(i-1, "at"); at && !vague {
		_, vague = f.word(i-2, "about")
	}
	switch f.meridiem(k.last + 1) {
	case "am":
		hour, marked = hour%12, true
		k.last += f.meridiemTokens(k.last + 1)
	case "pm":
		hour, marked = hour%12+12, true
		k.last += f.meridiemTokens(k.last + 1)
	case "":
		_, at := f.word(i-1, "at")
		if !marked && !at && !vague {
			return clock{}, false
		}
		if !marked || minute > 0 && hour < 8 && !f.twoDigits(i) {
			if hour > 12 && !marked {
				return clock{}, false // "at 15 Main Street"
			}
			if part, ok := f.partNear(i, k.last); ok { // "last night around 8"
				if part.n >= 12 && hour < 12 && hour >= 5 {
					hour += 12
				}
			} else if hour >= 1 && hour < 8 { // nobody means the small hours and does not say so
				hour += 12
			}
		}
	}
	if vague {
		unsure = vaguely
	}
	at := hour*60 + minute
	k.from, k.to = at-int(unsure/time.Minute), at+int(unsure/time.Minute)
	k.zone, k.last = f.zone(k.last)
	return k, true
}

// partNear finds the part of the day that stands with an hour.
func (f timeFinder) partNear(first, last int) (timeWord, bool) {
	for _, i := range []int{first - 1, first - 2, first - 3, last + 1, last + 2, last + 3, last + 4} {
		if w, ok := f.word(i, "part"); ok {
			return w, true
		}
	}
	return timeWord{}, false
}

// twoDigits says whether the hour is written as 03, which is the small hours.
func (f timeFinder) twoDigits(i int) bool { return f.tokens[i].word[0] == '0' }

// meridiem reads am or pm at token i: "pm", "p.m.", "p m".
func (f timeFinder) meridiem(i int) string {
	if i >= len(f.tokens) || f.gap(i-1) != "" && f.gap(i-1) != " " {
		return ""
	}
	switch w := f.tokens[i].word; w {
	case "am", "pm":
		return w
	case "a", "p":
		if i+1 < len(f.tokens) && f.tokens[i+1].word == "m" || f.gap(i-1) == "" && f.tokens[i-1].number { // 10:14a
			return w + "m"
		}
	}
	return ""
}

func (f timeFinder) meridiemTokens(i int) int {
	if len(f.tokens[i].word) == 1 && i+1 < len(f.tokens) && f.tokens[i+1].word == "m" {
		return 2
	}
	return 1
}

// zone reads the zone behind token last: a name, Z, or an offset.
func (f timeFinder) zone(last int) (*int, int) {
	if last+1 >= len(f.tokens) {
		return nil, last
	}
	gap := f.gap(last)
	if w, ok := f.word(last+1, "zone"); ok && len(gap) <= 2 {
		return &w.n, last + 1
	}
	sign := 0
	switch strings.TrimLeft(gap, " (") {
	case "+":
		sign = 1
	case "-", "\u2212":
		sign = -1
	}
	n, ok := f.number(last+1, 4)
	if sign == 0 || !ok {
		return nil, last
	}
	switch len(f.tokens[last+1].word) {
	case 4: // +0100
		n = n/100*60 + n%100
		last++
	case 2: // +01:00 or +01
		n *= 60
		last++
		if m, ok := f.number(last+1, 2); ok && f.gap(last) == ":" {
			n += m
			last++
		}
	default:
		return nil, last
	}
	if n > 14*60 {
		return nil, last
	}
	n *= sign
	return &n, last
}
