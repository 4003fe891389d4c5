package web

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
	"github.com/abusedesk/abusedesk/numbers"
)

// emptyForm is the form for who asks: in his language, for numbers of his country.
func (s *Server) emptyForm(c *gin.Context) ReportFormPage {
	w := s.localeOf(c)
	country := regionOf(c.GetHeader("Accept-Language"))
	if !numbers.IsRegion(country) {
		country = s.Region
	}
	zone, _ := c.Cookie("zone")
	if zone != "" {
		zone = zoneOf(c).String()
	}
	return ReportFormPage{Nonce: rand.Text(), Zone: Field{Value: zone}, Zones: zoneChoices(w, zone), Kinds: kindChoices(w), Countries: w.countries(),
		CallerCountry: country, CallbackCountry: country, CalledCountry: country, Widget: w.widget(), CanConfirm: s.Desk.CanConfirm()}
}

// typedForm is the form with what was typed.
func (s *Server) typedForm(c *gin.Context, f *reportForm) ReportFormPage {
	typed := func(name string) Field { return Field{Value: f.values.Get(name)} }
	p := s.emptyForm(c)
	p.Zone = typed("zone")
	p.Zones = zoneChoices(s.localeOf(c), p.Zone.Value)
	p.Category, p.Caller, p.Callback, p.Called = typed("category"), typed("caller_number"), typed("callback_number"), typed("called_number")
	p.OccurredAt, p.Times, p.Words, p.Identity = typed("occurred_at"), typed("occurrences"), typed("description"), typed("identity_header")
	p.Name, p.Email, p.Phone, p.Kind = typed("reporter_name"), typed("reporter_email"), typed("reporter_phone"), typed("reporter_kind")
	for name, country := range map[string]*string{"caller_country": &p.CallerCountry, "callback_country": &p.CallbackCountry, "called_country": &p.CalledCountry} {
		if v := f.values.Get(name); numbers.IsRegion(v) {
			*country = v
		}
	}
	if n := f.nonce(); n != "" {
		p.Nonce = n
	}
	p.OneByOne = f.oneByOne()
	p.FilesAgain = len(f.files) > 0 || f.tooMuch.Name != "" || f.values.Get("files") != ""
	return p
}

// wrong puts what intake found beside the fields, in the reader's language.
func (p *ReportFormPage) wrong(w *Locale, err error) {
	if said, ok := errors.AsType[*intake.Wrong](err); ok {
		err = w.translated(said)
	}
	p.Problem = beside(err, map[string]*Field{
		"category": &p.Category, "caller_number": &p.Caller, "callback_number": &p.Callback, "called_number": &p.Called, "occurred_at": &p.OccurredAt,
		"zone": &p.Zone, "occurrences": &p.Times, "description": &p.Words, "identity_header": &p.Identity, "reporter_name": &p.Name,
		"reporter_email": &p.Email, "reporter_phone": &p.Phone, "reporter_kind": &p.Kind,
	})
}

// problem is what a problem is called, "" where there are no words for it.
func (l *Locale) problem(c intake.Code) string {
	if key := "problem." + c.Name; c.Name != "" && l.has(key) {
		return l.T(key, "Limit", c.Limit)
	}
	return ""
}

// translated says the problems of a form in this language.
func (l *Locale) translated(said *intake.Wrong) error {
	e, ok := errors.AsType[*cases.Error](said)
	if !ok {
		return said
	}
	translated := *e
	translated.Problems = slices.Clone(e.Problems)
	for i := range translated.Problems {
		translated.Problems[i].Message = cmp.Or(l.problem(said.Codes[i]), translated.Problems[i].Message)
	}
	return &translated
}

// zoneChoices are the zones most reporters are in, and the one that is chosen.
func zoneChoices(w *Locale, chosen string) []Choice {
	zones := []Choice{{Value: "", Label: w.T("zone.none")}}
	for _, name := range []string{"America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles", "America/Anchorage",
		"Pacific/Honolulu", "America/Halifax", "America/Mexico_City", "Europe/London", "Europe/Berlin", "UTC"} {
		zones = append(zones, Choice{Value: name, Label: w.T("zone." + name)})
	}
	if len(chosen) <= 64 && !slices.ContainsFunc(zones, func(c Choice) bool { return c.Value == chosen }) {
		zones = append(zones, Choice{Value: chosen, Label: strings.ReplaceAll(chosen, "_", " ")})
	}
	return zones
}

func kindChoices(w *Locale) []Choice {
	kinds := []Choice{{Value: "", Label: w.T("kind.none")}}
	for _, k := range []cases.ReporterKind{cases.ReporterCalled, cases.ReporterNumberOwner, cases.ReporterBrand, cases.ReporterCarrier,
		cases.ReporterRegulator, cases.ReporterTraceback, cases.ReporterPolice} {
		kinds = append(kinds, Choice{Value: string(k), Label: w.T("kind." + string(k))})
	}
	return kinds
}

// countries are all that have a numbering plan, by their names in this language.
func (l *Locale) countries() []Choice {
	l.once.Do(func() {
		for _, code := range numbers.Regions() {
			l.choices = append(l.choices, Choice{Value: code, Label: l.country(code) + " +" + strconv.Itoa(numbers.CallingCodeOf(code))})
		}
		slices.SortFunc(l.choices, func(a, b Choice) int { return l.collator.CompareString(a.Label, b.Label) })
	})
	return l.choices
}

// widget is what the proof of work says of itself, as its script reads it.
func (l *Locale) widget() string {
	words := map[string]string{}
	for name, key := range map[string]string{"label": "label", "verifying": "verifying", "verified": "verified", "error": "error", "expired": "expired",
		"waitAlert": "wait", "loading": "loading", "verificationRequired": "label"} {
		words[name] = l.T("widget." + key)
	}
	b, _ := json.Marshal(words) // of strings
	return string(b)
}
