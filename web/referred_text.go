package web

import (
	"slices"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

// referredText is what a reporter is told who was sent to another carrier: what
// the letter says, for those who left no address.
func referredText(w *Locale, r cases.Responsible, region string, category cases.Category, format func(string) string) string {
	number := w.T("referred.number")
	if r.Number != "" {
		number = format(r.Number)
	}
	what := "referred.calls"
	if category == cases.CategoryTextSpam {
		what = "referred.texts"
	}
	text := []string{w.T(what, "Number", number)}
	switch {
	case r.Carrier != "" && r.AbuseContact != "":
		text = append(text, w.T("referred.contact", "Carrier", r.Carrier, "Contact", r.AbuseContact))
	case r.Carrier != "":
		text = append(text, w.T("referred.carrier", "Carrier", r.Carrier))
	case r.TollFree:
		text = append(text, w.T("referred.toll_free"))
	default:
		text = append(text, w.T("referred.unknown"))
	}
	if !slices.Contains([]string{"US", "CA", "GB", "FR", "ES", "MX"}, region) {
		region = "elsewhere"
	}
	return strings.Join(append(text, w.T("referred.false"), w.T("referred."+region), w.T("referred.more")), " ")
}
