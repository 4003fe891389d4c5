package numbers

import (
	"strings"
	"unicode/utf8"
)

const (
	maxGroups    = 24 // groups of digits read together
	maxStarts    = 12 // of these, how many are tried as a beginning before reading on
	maxGroupSize = 17 // digits of a group; a longer one is no number
	maxGap       = 4  // separator characters between two groups
)

// group is a block of digits in a run.
type group struct {
	start, end int  // byte offsets, the digits only
	from, to   int  // where its digits are in run.digits
	plus       bool // "+" right before
	open       bool // "(" before, within the gap
	gap        byte // what is before it: 0 first, ' ' spaces only, else the mark among them
}

// run is a stretch of groups with nothing but separators between.
type run struct {
	groups []group
	digits []byte
}

// size is the number of digits of one group.
func (r *run) size(g int) int { return r.groups[g].to - r.groups[g].from }

// length is the number of digits from the first group to the last named.
func (r *run) length(last int) int { return r.groups[last].to - r.groups[0].from }

// text returns the digits of the groups from first to last.
func (r *run) text(first, last int) string {
	return string(r.digits[r.groups[first].from:r.groups[last].to])
}

// is reports that a group is exactly these digits.
func (r *run) is(g int, digits string) bool {
	return string(r.digits[r.groups[g].from:r.groups[g].to]) == digits
}

// starts reports that the run's digits begin with prefix.
func (r *run) starts(prefix string) bool {
	return strings.HasPrefix(string(r.digits[r.groups[0].from:]), prefix)
}

// run reads the groups from i on, takes the first number that begins at one of
// them, and returns where to go on.
func (f *finder) run(i int) int {
	all, next := f.readRun(i)
	whole := len(all.groups) < maxGroups
	for g, first := range all.groups {
		if f.tries <= 0 || !whole && g == maxStarts {
			return first.start
		}
		if g > 0 && f.wordBefore(first.start) {
			continue
		}
		if end, ok := f.take(&run{all.groups[g:], all.digits}); ok {
			return end
		}
		next = first.end
	}
	return next
}

// take notes the number that begins at the run's first group and returns where
// it ends.
func (f *finder) take(r *run) (end int, ok bool) {
	if r.size(0) > maxGroupSize {
		return 0, false
	}
	start := f.startOf(r.groups[0])
	n, last, ok := f.candidate(r)
	if !ok {
		if n, end, ok = f.vanity(r); ok {
			f.add(n, start, end)
		}
		return end, ok
	}
	n.Extension, end = f.extensionAfter(r.groups[last].end)
	f.add(n, start, end)
	return end, true
}

// startOf includes the "+" and the bracket in front of a group.
func (f *finder) startOf(g group) int {
	start := g.start
	for start > 0 {
		r, size := utf8.DecodeLastRuneInString(f.text[:start])
		if !(isPlus(r) && g.plus) && !(r == '(' && g.open) {
			break
		}
		start -= size
	}
	return start
}

// readRun collects groups from i until something stands between that is no
// separator. next is where to go on if there is no group at all. The run lies in
// the finder's buffers until the next call.
func (f *finder) readRun(i int) (r run, next int) {
	r = run{f.groups[:0], f.digits[:0]}
	defer func() { f.groups, f.digits, f.reads = r.groups, r.digits, f.reads+len(r.groups) }()
	var g group
	gap := 0
	next = i + 1
	for i < len(f.text) && len(r.groups) < maxGroups {
		c, size := utf8.DecodeRuneInString(f.text[i:])
		switch {
		case digit(c) >= 0:
			g.start, g.from = i, len(r.digits)
			i = f.readGroup(i, &r)
			g.end, g.to = i, len(r.digits)
			r.groups = append(r.groups, g)
			g, gap = group{}, 0
			continue
		case isPlus(c):
			if g.plus || len(r.groups) > 0 {
				return r, next // another number begins
			}
			g.plus = true
		case isSeparator(c) && c != '~' && c != '[' && c != ']':
			g.open = g.open || c == '('
			if mark := gapMark(c); g.gap == 0 || mark != ' ' {
				g.gap = mark
			}
			if g.plus && c != '(' {
				return r, next // a "+" belongs to the digit that it touches
			}
		default:
			return r, next
		}
		if gap++; gap > maxGap {
			return r, next
		}
		i += size
	}
	return r, next
}

// readGroup appends the digits from i on, up to one more than a group may have,
// and returns where they end.
func (f *finder) readGroup(i int, r *run) int {
	from := len(r.digits)
	for i < len(f.text) {
		c, size := utf8.DecodeRuneInString(f.text[i:])
		value := digit(c)
		if value < 0 {
			break
		}
		if len(r.digits)-from <= maxGroupSize {
			r.digits = append(r.digits, byte('0'+value))
		}
		i += size
	}
	return i
}

// gapMark classes separators: spaces, dashes, dots, slashes, brackets.
func gapMark(c rune) byte {
	switch c {
	case '.', '/':
		return byte(c)
	case '(', ')':
		return '('
	case '-', '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2015', '\u2212', '\uFF0D', '\u30FC':
		return '-'
	}
	return ' '
}

// extensionAfter reads an extension that follows a number directly.
func (f *finder) extensionAfter(end int) (string, int) {
	rest := f.text[end:min(len(f.text), end+24)]
	if rest == "" || rest[0] != ' ' && rest[0] != ',' && rest[0] != ';' && rest[0] != '#' && rest[0]|0x20 != 'x' && rest[0]|0x20 != 'e' {
		return "", end
	}
	m := extensionFollows.FindStringSubmatchIndex(rest)
	if m == nil || f.wordAfter(end+m[3]) {
		return "", end
	}
	return rest[m[2]:m[3]], end + m[3]
}
