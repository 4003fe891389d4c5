package web

import (
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// funcs are the words that templates know. Times are written in zone, with the original on hover; t and timed speak the
// reader's language.
func (r *Renderer) funcs(zone *time.Location, locale *Locale) template.FuncMap {
	return template.FuncMap{
		"t": locale.text,
		"ref": func(s string) template.HTML {
			return template.HTML(`<span class="ref">` + template.HTMLEscapeString(s) + `</span>`)
		},
		"markup":   locale.markup,
		"timed":    func(t time.Time, style string) template.HTML { return locale.timed(t, zone, style) },
		"asset":    r.assets.path,
		"icon":     icon,
		"number":   r.number,
		"plain":    r.options.FormatNumber,
		"numpath":  func(e164 string) string { return "/desk/numbers/" + url.PathEscape(e164) },
		"moment":   func(t time.Time) template.HTML { return moment(t, zone, "2 Jan 2006, 15:04") },
		"day":      func(t time.Time) template.HTML { return moment(t, zone, "2 Jan 2006") },
		"clock":    func(t time.Time) template.HTML { return moment(t, zone, "2 Jan, 15:04") },
		"ago":      func(t, now time.Time) template.HTML { return ago(t, now, zone) },
		"zone":     zone.String,
		"duration": duration,
		"count":    count,
		"thousand": thousand,
		"percent":  percent,
		"bytes":    byteSize,
		"initials": initials,
		"dict":     dict,
		"input":    input,
		"choose":   choose,
		"bar":      priorityBar,
		"urgency":  urgency,
		"shares":   sharesChart,
		"shade":    shade,
		"columns":  columnsChart,
		"heat":     heatChart,
		"weekday":  func(fromMonday int) string { return time.Weekday((fromMonday + 1) % 7).String()[:3] },
	}
}

// number writes an E.164 number grouped for reading; what is copied from it is E.164 again (copy.ts).
func (r *Renderer) number(e164 string) template.HTML {
	escaped := template.HTMLEscapeString(e164)
	return template.HTML(`<span class="num" data-e164="` + escaped + `">` + template.HTMLEscapeString(r.options.FormatNumber(e164)) + `</span>`)
}

// groupNumber is the grouping that needs no numbering plan: North American numbers 1-3-3-4, all others in threes from the left.
func groupNumber(e164 string) string {
	digits, ok := strings.CutPrefix(e164, "+")
	if !ok || len(digits) < 7 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return e164
	}
	if len(digits) == 11 && digits[0] == '1' {
		return "+1 " + digits[1:4] + " " + digits[4:7] + " " + digits[7:]
	}
	var b strings.Builder
	b.WriteString("+" + digits[:2])
	for rest := digits[2:]; rest != ""; {
		n := min(3, len(rest))
		if len(rest) == 4 {
			n = 4
		}
		b.WriteString(" " + rest[:n])
		rest = rest[n:]
	}
	return b.String()
}

// moment writes a time in zone; the title keeps it as it was recorded.
func moment(t time.Time, zone *time.Location, layout string) template.HTML {
	if t.IsZero() {
		return `<span class="soft">not known</span>`
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`,
		t.UTC().Format(time.RFC3339), template.HTMLEscapeString(t.Format("2006-01-02 15:04:05 -07:00")), template.HTMLEscapeString(t.In(zone).Format(layout))))
}

// ago writes how long since (or until) t, with the whole time on hover.
func ago(t, now time.Time, zone *time.Location) template.HTML {
	if t.IsZero() {
		return `<span class="soft">never</span>`
	}
	words := "just now"
	switch d := now.Sub(t); {
	case d >= 2*time.Second:
		words = duration(d) + " ago"
	case d <= -2*time.Second:
		words = "in " + duration(-d)
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`,
		t.UTC().Format(time.RFC3339), template.HTMLEscapeString(t.In(zone).Format("2 Jan 2006, 15:04:05 MST")), words))
}

// duration writes at most two units: "45 s", "12 min", "3 h 12 m", "2 d 4 h".
func duration(d time.Duration) string {
	d = d.Abs()
	two := func(a int, au string, b int, bu string) string {
		if b == 0 {
			return fmt.Sprintf("%d\u00a0%s", a, au)
		}
		return fmt.Sprintf("%d\u00a0%s\u00a0%d\u00a0%s", a, au, b, bu)
	}
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d\u00a0ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%d\u00a0s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d\u00a0min", int(d.Minutes()))
	case d < 24*time.Hour:
		return two(int(d.Hours()), "h", int(d.Minutes())%60, "m")
	case d < 14*24*time.Hour:
		return two(int(d.Hours())/24, "d", int(d.Hours())%24, "h")
	}
	return fmt.Sprintf("%d\u00a0d", int(d.Hours())/24)
}

// count writes a number with its noun in the right form: count 1 "report" "reports".
func count(n int, one, many string) string {
	if n == 1 {
		return "1\u00a0" + one
	}
	return thousand(n) + "\u00a0" + many
}

// thousand groups a number's digits with commas.
func thousand(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "−", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

func percent(share float64) string {
	if share > 0 && share < 0.01 {
		return "<1\u00a0%"
	}
	return strconv.Itoa(int(share*100+0.5)) + "\u00a0%"
}

func byteSize(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d\u00a0B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f\u00a0KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f\u00a0MiB", float64(n)/(1<<20))
}

func initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return "?"
	}
	first := []rune(words[0])[:1]
	if len(words) > 1 {
		first = append(first, []rune(words[len(words)-1])[0])
	}
	return strings.ToUpper(string(first))
}

// dict makes a map for a template that takes several values.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict: a key has no value")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: key %d is no string", i)
		}
		m[key] = pairs[i+1]
	}
	return m, nil
}

// FieldView is a form field as the "field" and "choice" templates draw it.
type FieldView struct {
	ID, Name, Label, Value, Error string
	Hint, Type, Placeholder       string
	Autocomplete, Inputmode       string
	Optional, Required, Area      bool
	Mono, Focus                   bool
	MaxLength                     int
	Options                       []Choice
}

// Described is the id list of what explains the field to a screen reader.
func (f FieldView) Described() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.ID+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, f.ID+"-error")
	}
	return strings.Join(ids, " ")
}

// input describes a text field: input "form" "name" "Label" .Field "hint" "…" "type" "tel" "optional" true.
func input(form, name, label string, f Field, pairs ...any) (FieldView, error) {
	return fieldView(form, name, label, f, nil, pairs)
}

// choose describes a select or a list of radio buttons.
func choose(form, name, label string, f Field, options []Choice, pairs ...any) (FieldView, error) {
	return fieldView(form, name, label, f, options, pairs)
}

func fieldView(form, name, label string, f Field, options []Choice, pairs []any) (FieldView, error) {
	v := FieldView{ID: form + "-" + name, Name: name, Label: label, Value: f.Value, Error: f.Error, Type: "text", Options: options}
	extra, err := dict(pairs...)
	if err != nil {
		return v, fmt.Errorf("field %s: %w", name, err)
	}
	text := map[string]*string{"hint": &v.Hint, "type": &v.Type, "placeholder": &v.Placeholder, "autocomplete": &v.Autocomplete, "inputmode": &v.Inputmode}
	flag := map[string]*bool{"optional": &v.Optional, "required": &v.Required, "area": &v.Area, "mono": &v.Mono, "focus": &v.Focus}
	for key, value := range extra {
		switch set := value.(type) {
		case string:
			if p := text[key]; p != nil {
				*p = set
				continue
			}
		case bool:
			if p := flag[key]; p != nil {
				*p = set
				continue
			}
		case int:
			if key == "max" {
				v.MaxLength = set
				continue
			}
		}
		return v, fmt.Errorf("field %s: no option %q of type %T", name, key, value)
	}
	return v, nil
}
