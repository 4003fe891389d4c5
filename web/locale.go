package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// localeFiles are the texts of the public pages, one file for each language,
// named after it (BCP 47). A new file is a new language; nothing else is to be done.
//
//go:embed locales/*.json
var localeFiles embed.FS

// fallback is the language of who speaks none of ours, and of the console.
const fallback = "en"

// Locale writes the texts of the public pages in one language.
type Locale struct {
	Tag  string // BCP 47
	Name string // as its speakers call it

	localizer *i18n.Localizer
	regions   display.Namer
	collator  *collate.Collator
	once      sync.Once
	choices   []Choice // of countries
}

// locales are all languages that there are files for, the fallback first.
type locales struct {
	all     []*Locale
	matcher language.Matcher
}

func loadLocales(files fs.FS) (*locales, error) {
	names, err := fs.Glob(files, "locales/*.json")
	if err != nil {
		return nil, fmt.Errorf("locales: %w", err)
	}
	bundle := i18n.NewBundle(language.MustParse(fallback))
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	l := &locales{}
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("locales: %w", err)
		}
		f, err := bundle.ParseMessageFileBytes(raw, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		l.all = append(l.all, &Locale{Tag: f.Tag.String(), regions: display.Regions(f.Tag), collator: collate.New(f.Tag)})
	}
	slices.SortStableFunc(l.all, func(a, b *Locale) int {
		return strings.Compare(first(a.Tag, fallback), first(b.Tag, fallback))
	})
	var tags []language.Tag
	for _, x := range l.all {
		tags = append(tags, language.MustParse(x.Tag))
		x.localizer = i18n.NewLocalizer(bundle, x.Tag)
		if x.Name, err = x.text("language.name"); err != nil {
			return nil, fmt.Errorf("locales/%s.json: %w", x.Tag, err)
		}
	}
	if len(l.all) == 0 || l.all[0].Tag != fallback {
		return nil, fmt.Errorf("locales: there is no %s.json", fallback)
	}
	l.matcher = language.NewMatcher(tags)
	return l, nil
}

// first sorts a tag before all others.
func first(tag, before string) string {
	if tag == before {
		return ""
	}
	return tag
}

// named returns the language of a tag that we gave out, or nil.
func (l *locales) named(tag string) *Locale {
	for _, x := range l.all {
		if x.Tag == tag {
			return x
		}
	}
	return nil
}

// accepted is the best of ours for a browser's Accept-Language.
func (l *locales) accepted(header string) *Locale {
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(tags) == 0 {
		return l.all[0]
	}
	_, i, _ := l.matcher.Match(tags...)
	return l.all[i]
}

// regionOf is the country that a browser's Accept-Language names, "" for none.
func regionOf(header string) string {
	tags, _, _ := language.ParseAcceptLanguage(header)
	for _, t := range tags {
		if r, confidence := t.Region(); confidence == language.Exact && r.IsCountry() {
			return r.String()
		}
	}
	return ""
}

// text is a text with its places filled: text "form.wrong" "Count" 2. "Count"
// chooses between the forms of a plural.
func (l *Locale) text(key string, pairs ...any) (string, error) {
	data, err := dict(pairs...)
	if err != nil {
		return "", fmt.Errorf("text %s: %w", key, err)
	}
	c := &i18n.LocalizeConfig{MessageID: key, TemplateData: data, PluralCount: data["Count"]}
	s, err := l.localizer.Localize(c)
	if s == "" && err != nil {
		return "", fmt.Errorf("text %s: %w", key, err)
	}
	return s, nil // in the fallback where the language has none
}

// T is text for a key that is known to be there.
func (l *Locale) T(key string, pairs ...any) string {
	s, err := l.text(key, pairs...)
	if err != nil {
		return key
	}
	return s
}

// has says whether there is such a text.
func (l *Locale) has(key string) bool {
	_, err := l.text(key)
	return err == nil
}

// date writes a time in its own zone, by the pattern date.<style>.
func (l *Locale) date(t time.Time, style string) string {
	return l.T("date."+style, "Day", t.Day(), "Month", l.T("month."+strconv.Itoa(int(t.Month()))), "Year", t.Year(), "Time", t.Format("15:04"),
		"Weekday", l.T("weekday."+strconv.Itoa(int(t.Weekday()))))
}

// markup is text as HTML: what fills its places is escaped unless it is HTML.
func (l *Locale) markup(key string, pairs ...any) (template.HTML, error) {
	for i := 1; i < len(pairs); i += 2 {
		switch v := pairs[i].(type) {
		case template.HTML:
			pairs[i] = string(v)
		case string:
			pairs[i] = template.HTMLEscapeString(v)
		}
	}
	s, err := l.text(key, pairs...)
	return template.HTML(s), err
}

// timed is date with what machines read, and the time as it was recorded on hover.
func (l *Locale) timed(t time.Time, zone *time.Location, style string) template.HTML {
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, t.UTC().Format(time.RFC3339),
		template.HTMLEscapeString(t.Format("2006-01-02 15:04:05 -07:00")), template.HTMLEscapeString(l.date(t.In(zone), style))))
}

// country is the name of a country, its code where the language has none.
func (l *Locale) country(code string) string {
	r, err := language.ParseRegion(code)
	if err != nil || l.regions == nil {
		return code
	}
	if name := l.regions.Name(r); name != "" {
		return name
	}
	return code
}
