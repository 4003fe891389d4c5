package intake

import (
	"sort"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

// claimWindow is how many words behind "claimed to be" still tell of the caller.
const claimWindow = 8

// reporter guesses as what somebody writes. What stands behind "pretended to be"
// says who the caller was, not the writer, and a recording or a quotation says nothing
// of whoever reports it.
func (u *understanding) reporter() {
	if u.p.Reporter.Kind != "" {
		return
	}
	if !u.transcript {
		found := score(bookReporter, u.readings, func(r *reading, h hit) bool { return r.told(h.first) && !claimed(r, h.first) })
		for _, k := range []cases.ReporterKind{cases.ReporterPolice, cases.ReporterTraceback, cases.ReporterRegulator, cases.ReporterCarrier,
			cases.ReporterBrand, cases.ReporterCustomer, cases.ReporterNumberOwner} {
			if v := found[string(k)]; v != nil && v.points > 1 {
				u.p.Reporter.Kind = k
				u.note(cases.ExtractReporter, string(k), v.confidence(), v.place)
				return
			}
		}
	}
	u.p.Reporter.Kind = defaultReporter(u.p.Category)
	u.note(cases.ExtractReporter, string(u.p.Reporter.Kind), assumedRole, place{})
}

// claimed reports that a claim ("pretending to be") stands shortly before a
// token, in the same sentence.
func claimed(r *reading, token int) bool {
	end := sort.Search(len(r.claims), func(i int) bool { return r.claims[i].first >= token })
	for i := end - 1; i >= 0 && r.claims[i].first >= token-2*claimWindow; i-- {
		last := r.claims[i].last()
		if last < token && token-last <= claimWindow && !sentenceEnds(r, last, token) {
			return true
		}
	}
	return false
}

// sentenceEnds reports that a sentence or paragraph ends between two tokens.
func sentenceEnds(r *reading, from, to int) bool {
	gap := r.text[r.tokens[from].end:r.tokens[to].start]
	return strings.Contains(gap, ". ") || strings.ContainsAny(gap, "!?\n")
}

// defaultReporter is who usually complains of a category.
func defaultReporter(category cases.Category) cases.ReporterKind {
	switch category {
	case cases.CategorySpoofedMyNumber:
		return cases.ReporterNumberOwner
	case cases.CategoryAccountTakeover, cases.CategoryTollFraud:
		return cases.ReporterCustomer
	case cases.CategoryTraceback:
		return cases.ReporterTraceback
	}
	return cases.ReporterCalled
}
