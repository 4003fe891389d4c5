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

// occurredAt finds when the call was. A recording speaks of office hours and
// deadlines, not of when it was played.
func (u *understanding) occurredAt() {
	if u.p.OccurredAt.Known() || u.context.ReceivedAt.IsZero() || u.transcript {
		return
	}
	r, at, confidence := findTime(u.p, u.body(), u.context)
	if r.Known() {
		u.p.OccurredAt = r
		u.note(cases.ExtractTime, rangeText(r), confidence, at)
	}
}

// rangeText writes a range of time as an extract has it.
func rangeText(r cases.TimeRange) string {
	return r.Earliest.Format(time.RFC3339) + "/" + r.Latest.Format(time.RFC3339)
}

// findTime finds when the call was. The first date of the text counts, with the
// time of day that stands closest to it; a time alone is taken as the latest
// such time before the message. Nothing after the message is believed.
func findTime(p *cases.Parsed, body *reading, c Context) (cases.TimeRange, place, float64) {
	tokens := body.tokens[:min(len(body.tokens), 2000)] // reports say it early
	f := timeFinder{text: body.text, tokens: tokens, context: c, own: ownZones(p)}
	low, high := f.findOffsets()
	f.clockAt = &[2]int{low, high}
	if r, at, ok := f.relative(); ok {
		return r, place{body, at[0], at[1]}, 0.8
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
			if r, k := f.combine(d, clocks); r.Known() {
				if k == nil {
					return r, place{body, d.first, d.last}, 0.7
				}
				return r, place{body, min(d.first, k.first), max(d.last, k.last)}, 0.9
			}
		}
	}
	for _, k := range clocks {
		local := f.local(k.zone)
		for range 2 { // that day, or the day before
			if r := f.span(date{year: local.Year(), month: int(local.Month()), day: local.Day()}, &k); r.Known() {
				return r, place{body, k.first, k.last}, 0.5
			}
			local = local.AddDate(0, 0, -1)
		}
	}
	return cases.TimeRange{}, place{}, 0
}

type timeFinder struct {
	text    string
	tokens  []token
	context Context
	own     []string // zones of the called number, IANA names; none known
	clockAt *[2]int  // offsets, once found
}

// combine puts a date and the closest time of day together.
func (f timeFinder) combine(d date, clocks []clock) (cases.TimeRange, *clock) {
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
	return f.span(d, closest), closest
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

// local is the writer's time when the message came.
func (f timeFinder) local(zone *int) time.Time {
	low, high := f.offsets()
	minutes := (low + high) / 2
	if zone != nil {
		minutes = *zone
	}
	return f.context.ReceivedAt.UTC().Add(time.Duration(minutes) * time.Minute)
}

// readTimeWords says what a word means: kinds of times.txt, each with its number.
func readTimeWords(marks map[string][]string) map[string][]timeWord {
	out := map[string][]timeWord{}
	for key, words := range marks {
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
}

type timeWord struct {
	kind  string
	n, to int
}

// word looks up what token i means as kind.
func (f timeFinder) word(i int, kind string) (timeWord, bool) {
	if i < 0 || i >= len(f.tokens) || f.tokens[i].number {
		return timeWord{}, false
	}
	meanings := lex().time[f.tokens[i].word]
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

// relative reads "two hours ago", "hace 20 minutos", "il y a deux heures", "half
// an hour ago", "a couple of days ago", and returns its first and last token.
func (f timeFinder) relative() (_ cases.TimeRange, at [2]int, ok bool) {
	for i := range f.tokens {
		unit, ok := f.word(i, "unit")
		if !ok || i == 0 {
			continue
		}
		count := i - 1
		if f.tokens[count].word == "of" && count > 0 {
			count--
		}
		n, counted := f.number(count, 3)
		if !counted {
			if n, counted = wordNumber(f.tokens[count].word); !counted {
				continue
			}
		}
		_, after := f.word(i+1, "back")
		_, before := f.word(count-1, "before")
		if ilYA := count >= 3 && f.tokens[count-1].word == "a" && f.tokens[count-2].word == "y" && f.tokens[count-3].word == "il"; !after && !before && !ilYA {
			continue
		}
		ago := time.Duration(n*unit.n) * time.Minute
		if count > 0 && f.tokens[count-1].word == "half" {
			ago /= 2
		}
		unsure := min(max(ago/4, exactly), 12*time.Hour)
		received := f.context.ReceivedAt.UTC()
		latest := received.Add(unsure - ago)
		if latest.After(received) {
			latest = received
		}
		return cases.TimeRange{Earliest: received.Add(-ago - unsure), Latest: latest}, [2]int{count - one(before), i + one(after)}, true
	}
	return cases.TimeRange{}, at, false
}

func wordNumber(word string) (int, bool) {
	switch word {
	case "a", "an", "one", "una", "un", "une":
		return 1, true
	case "couple":
		return 2, true
	}
	return countWord(word)
}
