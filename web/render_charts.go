package web

import (
	"fmt"
	"html/template"
	"strings"
	"time"
)

// Charts that need no script: SVG with attributes and classes only, since the policy of the pages allows no inline style.
// Each stands beside a table with the same figures, so the drawing itself is hidden from screen readers.

const chartOpen = `<svg class="chart" viewBox="0 0 %d %d" aria-hidden="true" focusable="false">`

func (t Tone) class() string {
	switch t {
	case Harm, Doubt, Cleared, Unknown, Known:
		return "is-" + string(t)
	}
	return "is-neutral"
}

// Class is the tone's class in the style sheets.
func (t Tone) Class() string { return t.class() }

// Icon is the drawing that goes with the tone, so that meaning never rests on colour alone.
func (t Tone) Icon() string {
	switch t {
	case Harm:
		return "harm"
	case Doubt:
		return "doubt"
	case Cleared, Known:
		return "check"
	case Unknown:
		return "unknown"
	}
	return "warn"
}

// priorityBar draws 0 to 100 as a height.
func priorityBar(priority int) template.HTML {
	p := min(100, max(0, priority))
	h := 4 + 28*p/100
	return template.HTML(fmt.Sprintf(`<svg class="%s" viewBox="0 0 4 32" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="track" width="4" height="32"/><rect class="level" y="%d" width="4" height="%d"/></svg>`,
		urgency(priority), 32-h, h))
}

// urgency is the class of a priority: red is kept for harm that is going on.
func urgency(priority int) string {
	switch {
	case priority >= 80:
		return Harm.class()
	case priority >= 50:
		return Doubt.class()
	}
	return Neutral.class()
}

// shade is the class of part i of a whole: its meaning where it has one, else a step of the accent.
func shade(i int, t Tone) string {
	if t == Neutral {
		return fmt.Sprintf("s%d", min(i, 3))
	}
	return t.class()
}

// sharesChart draws one horizontal bar of parts that sum to the whole.
func sharesChart(parts []Share) template.HTML {
	total := 0
	for _, p := range parts {
		total += p.Count
	}
	var b strings.Builder
	fmt.Fprintf(&b, chartOpen, 320, 14)
	fmt.Fprint(&b, `<rect class="track" width="320" height="14" rx="3"/>`)
	x := 0.0
	for i, p := range parts {
		if total == 0 || p.Count == 0 {
			continue
		}
		w := 320 * float64(p.Count) / float64(total)
		fmt.Fprintf(&b, `<rect class="fill %s" x="%.1f" width="%.1f" height="14"/>`, shade(i, p.Tone), x, max(1, w-1))
		x += w
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

// columnsChart draws a histogram with its labels under the columns and the counts above them.
func columnsChart(bins []Share) template.HTML {
	const width, height, base = 320, 108, 90
	top := 1
	for _, bin := range bins {
		top = max(top, bin.Count)
	}
	var b strings.Builder
	fmt.Fprintf(&b, chartOpen, width, height)
	fmt.Fprintf(&b, `<path class="axis" d="M0 %d.5H%d"/>`, base, width)
	if n := len(bins); n > 0 {
		slot := float64(width) / float64(n)
		for i, bin := range bins {
			h := float64(base-16) * float64(bin.Count) / float64(top)
			if bin.Count > 0 {
				h = max(1.5, h)
			}
			middle := slot * (float64(i) + 0.5)
			fmt.Fprintf(&b, `<g class="%s"><rect class="fill" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="1.5"/></g>`,
				bin.Tone.class(), slot*float64(i)+slot*0.14, base-h, slot*0.72, h)
			fmt.Fprintf(&b, `<text class="value" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, middle, base-h-4, thousand(bin.Count))
			fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`, middle, height-3, template.HTMLEscapeString(bin.Label))
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

// heatChart draws calls by weekday (Monday first) and hour in the reader's zone.
func heatChart(grid [7][24]int) template.HTML {
	const left, cell, row = 32, 12, 13
	top := 0
	for _, hours := range grid {
		for _, n := range hours {
			top = max(top, n)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, chartOpen, left+24*cell, 7*row+16)
	for day, hours := range grid {
		name := time.Weekday((day + 1) % 7).String()[:3]
		fmt.Fprintf(&b, `<text x="0" y="%d">%s</text>`, day*row+10, name)
		for hour, n := range hours {
			level := 0
			if n > 0 {
				level = 1 + 3*n/max(1, top)
			}
			fmt.Fprintf(&b, `<rect class="h%d" x="%d" y="%d" width="%d" height="%d" rx="1.5"/>`, level, left+hour*cell, day*row, cell-1, row-1)
		}
	}
	for _, hour := range []int{0, 6, 12, 18} {
		fmt.Fprintf(&b, `<text x="%d" y="%d">%02d</text>`, left+hour*cell, 7*row+12, hour)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}
