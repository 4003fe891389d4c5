package intake

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// MaxAhead is how far in the future the time of a call may lie: clocks differ.
const MaxAhead = 5 * time.Minute

// How exact a time is taken to be: the call lay within this much of it.
const (
	exactly = 5 * time.Minute  // "15:42"
	onTheH  = 30 * time.Minute // "3 pm"
	vaguely = 60 * time.Minute // "around 3"
)

// clock is a time of day found in a text, in minutes since midnight.
type clock struct {
	from, to    int
	zone        *int // minutes east of Greenwich, when stated
	part        bool // a part of the day, not an hour
	first, last int  // tokens
}

// date is a day found in a text.
type date struct {
	year, month, day int
	first, last      int
}

// findTime finds when the call was. The first date of the text counts, with the
// time of day that stands closest to it; a time alone is taken as the latest
// such time before the message. Nothing after the message is believed.
func findTime(text string, tokens []token, c Context) cases.TimeRange {
	if c.ReceivedAt.IsZero() {
		return cases.TimeRange{}
	}
	tokens = tokens[:min(len(tokens), 2000)] // reports say it early
	f := timeFinder{text: text, tokens: tokens, context: c}
	if r, ok := f.relative(); ok {
		return r
	}
	var clocks []clock
	for i := 0; i < len(tokens); i++ {
		if k, ok := f.clock(i); ok {
			clocks = append(clocks, k)
			i = k.last
		}
	}
	for i := range tokens {
		if d, ok := f.date(i); ok {
			if r := f.combine(d, clocks); r.Known() {
				return r
			}
		}
	}
	for _, k := range clocks {
		local := f.local(k.zone)
		if r := f.span(date{year: local.Year(), month: int(local.Month()), day: local.Day()}, &k); r.Known() {
			return r
		}
		local = local.AddDate(0, 0, -1)
		if r := f.span(date{year: local.Year(), month: int(local.Month()), day: local.Day()}, &k); r.Known() {
			return r
		}
	}
	return cases.TimeRange{}
}

type timeFinder struct {
	text    string
	tokens  []token
	context Context
}

// combine puts a date and the closest time of day together.
func (f timeFinder) combine(d date, clocks []clock) cases.TimeRange {
	const near = 8
	var closest *clock
	distance := near + 1
	for i, k := range clocks {
		away := k.first - d.last
		if k.last < d.first {
			away = d.first - k.last
		} else if k.first <= d.last && k.last >= d.first {
			if k.first >= d.first && k.last <= d.last && k.zone == nil && k.first != d.last && k.last != d.first {
				continue // digits of the date itself
			}
			away = 0
		}
		if away < distance && (closest == nil || closest.part || !k.part) || closest != nil && closest.part && !k.part && away <= near {
			closest, distance = &clocks[i], away
		}
	}
	return f.span(d, closest)
}

// span turns a local date and time of day into a range of instants.
func (f timeFinder) span(d date, k *clock) cases.TimeRange {
	from, to := 0, 24*60
	low, high := f.offsets()
	if k != nil {
		from, to = k.from, k.to
		if k.zone != nil {
			low, high = *k.zone, *k.zone
		}
	}
	midnight := time.Date(d.year, time.Month(d.month), d.day, 0, 0, 0, 0, time.UTC)
	if midnight.Day() != d.day || int(midnight.Month()) != d.month {
		return cases.TimeRange{} // 31 February
	}
	minute := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	r := cases.TimeRange{Earliest: midnight.Add(minute(from - high)), Latest: midnight.Add(minute(to - low))}
	if oddTime(r.Earliest, f.context.ReceivedAt) {
		return cases.TimeRange{}
	}
	if end := f.context.ReceivedAt.UTC().Add(MaxAhead); r.Latest.After(end) {
		r.Latest = end
	}
	return r
}

// offsets says where the writer's clock may stand, in minutes east of Greenwich.
func (f timeFinder) offsets() (low, high int) {
	if _, seconds := f.context.ReceivedAt.Zone(); f.context.ReceivedAt.Location() != time.UTC {
		return seconds / 60, seconds / 60
	}
	if z, ok := zones[strings.ToUpper(f.context.Region)]; ok {
		return z[0], z[1]
	}
	return -12 * 60, 14 * 60
}

// local is the writer's time when the message came.
func (f timeFinder) local(zone *int) time.Time {
	low, high := f.offsets()
	minutes := (low + high) / 2
	if zone != nil {
		minutes = *zone
	}
	return f.context.ReceivedAt.UTC().Add(time.Duration(minutes) * time.Minute)
}

// zones are the offsets of zones.txt.
var zones = func() map[string][2]int {
	out := map[string][2]int{}
	for region, lines := range readMarks("zones.txt") {
		low, high, _ := strings.Cut(lines[0], " ")
		l, _ := strconv.Atoi(low)
		h, _ := strconv.Atoi(high)
		out[region] = [2]int{l, h}
	}
	return out
}()

// timeWords says what a word means: kinds of times.txt, each with its number.
var timeWords = func() map[string][]timeWord {
	out := map[string][]timeWord{}
	for key, words := range readMarks("times.txt") {
		kind, rest, _ := strings.Cut(key, ".")
		w := timeWord{kind: kind}
		from, to, span := strings.Cut(rest, "-")
		if span && from != "" {
			w.n, _ = strconv.Atoi(from)
			w.to, _ = strconv.Atoi(to)
		} else {
			w.n, _ = strconv.Atoi(rest)
		}
		for _, word := range words {
			out[fold(word)] = append(out[fold(word)], w)
		}
	}
	return out
}()

type timeWord struct {
	kind  string
	n, to int
}

// word looks up what token i means as kind.
func (f timeFinder) word(i int, kind string) (timeWord, bool) {
	if i < 0 || i >= len(f.tokens) || f.tokens[i].number {
		return timeWord{}, false
	}
	meanings := timeWords[f.tokens[i].word]
	if k := slices.IndexFunc(meanings, func(w timeWord) bool { return w.kind == kind }); k >= 0 {
		return meanings[k], true
	}
	return timeWord{}, false
}

// number reads token i as a number of at most digits digits.
func (f timeFinder) number(i, digits int) (int, bool) {
	if i < 0 || i >= len(f.tokens) || !f.tokens[i].number || len(f.tokens[i].word) > digits {
		return 0, false
	}
	n, err := strconv.Atoi(f.tokens[i].word)
	return n, err == nil
}

// gap is the text between token i and the next.
func (f timeFinder) gap(i int) string {
	if i < 0 || i+1 >= len(f.tokens) {
		return "\x00"
	}
	return f.text[f.tokens[i].end:f.tokens[i+1].start]
}

// relative reads "two hours ago", "hace 20 minutos", "il y a deux heures".
func (f timeFinder) relative() (cases.TimeRange, bool) {
	for i := range f.tokens {
		unit, ok := f.word(i, "unit")
		if !ok || i == 0 {
			continue
		}
		n, counted := f.number(i-1, 3)
		if !counted {
			if n, counted = wordNumber(f.tokens[i-1].word); !counted {
				continue
			}
		}
		_, after := f.word(i+1, "back")
		_, before := f.word(i-2, "before")
		if ilYA := i >= 4 && f.tokens[i-2].word == "a" && f.tokens[i-3].word == "y" && f.tokens[i-4].word == "il"; !after && !before && !ilYA {
			continue
		}
		ago := time.Duration(n*unit.n) * time.Minute
		unsure := min(max(ago/4, exactly), 12*time.Hour)
		at := f.context.ReceivedAt.UTC().Add(-ago)
		latest := at.Add(unsure)
		if latest.After(f.context.ReceivedAt) {
			latest = f.context.ReceivedAt.UTC()
		}
		return cases.TimeRange{Earliest: at.Add(-unsure), Latest: latest}, true
	}
	return cases.TimeRange{}, false
}

func wordNumber(word string) (int, bool) {
	switch word {
	case "a", "an", "one", "una", "un", "une":
		return 1, true
	}
	for _, n := range []int{2, 3, 4, 5, 6, 7, 8, 9, 10, 12} {
		if slices.Contains(occurrenceWords[strconv.Itoa(n)], word) {
			return n, true
		}
	}
	return 0, false
}
