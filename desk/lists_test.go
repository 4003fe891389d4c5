package desk

import (
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

func (w *world) list(kind cases.ListKind, source string, numbers ...string) {
	w.t.Helper()
	var in []cases.ListEntry
	for _, n := range numbers {
		e := cases.ListEntry{Kind: kind, Source: source, Digits: strings.TrimPrefix(n, "+"), Exact: true, AddedAt: noon.AddDate(0, -1, 0)}
		if kind == cases.ListProtected {
			e.Category = "hospital"
		}
		in = append(in, e)
	}
	_, err := w.desk.ImportList(w.t.Context(), admin, w.clock(), in)
	w.must(err)
}

// What lists say of a report's numbers is found, counted and weighed: a shown
// number by the list of those that nobody may show, a called one as a honeypot.
func TestListsAreEvidence(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		const shownDNO, pot, ward = "+12025550143", "+12025550150", "+12025550160"
		w.list(cases.ListDNO, "ITG", shownDNO)
		w.list(cases.ListDNO, "our own", shownDNO)
		w.list(cases.ListHoneypot, "ours", pot, shownDNO)
		w.list(cases.ListProtected, "hospitals", ward)
		first := w.submit(`{"caller_number":"` + shownDNO + `","called_number":"` + pot + `","description":"They called."}`)
		w.submit(`{"caller_number":"` + shownDNO + `","called_number":"` + ward + `","description":"They called."}`)
		w.work()
		dos := w.dossier(first.CaseRef)
		said := map[string]string{}
		for _, f := range dos.Findings {
			if f.Kind == cases.FindingLists {
				said[f.Verdict+" "+f.Subject] = f.Summary
			}
		}
		for key, want := range map[string]string{
			"do_not_originate " + shownDNO: "is on the do-not-originate list of ITG since 24 October 2026: nobody may call with it. Also listed by our own.",
			"honeypot " + pot:              "is a honeypot of ours (ours)",
			"protected " + ward:            "is a hospital (hospitals)",
			"honeypot " + shownDNO:         "somebody else showed it",
		} {
			if !strings.Contains(said[key], want) {
				t.Errorf("%s: %q, want %q", key, said[key], want)
			}
		}
		f := dos.Case.Facts
		if f.DNO != 1 || f.Honeypots != 1 || f.ProtectedCalled != 1 {
			t.Errorf("%d do not originate, %d honeypots, %d protected", f.DNO, f.Honeypots, f.ProtectedCalled)
		}
		reasons := ""
		for _, x := range dos.Case.Factors {
			reasons += x.Reason + "\n"
		}
		for _, want := range []string{"nobody may call with", "1 honeypot called", "1 protected number called"} {
			if !strings.Contains(reasons, want) {
				t.Errorf("%q is no reason of\n%s", want, reasons)
			}
		}
		if _, err := w.desk.ImportList(ctx, ann, noon, nil); cases.KindOf(err) != cases.KindForbidden {
			t.Errorf("an analyst imports: %v", err)
		}
	})
}

// The dearest deck prices a destination, by its own longest prefix; a new version
// counts when it has come.
func TestTheDearestDeckCounts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		load := func(name string, from time.Time, rates ...cases.RateLine) {
			t.Helper()
			_, err := w.desk.ImportRates(ctx, admin, cases.RateDeck{Name: name, ValidFrom: from}, rates)
			w.must(err)
		}
		costs := func(number string, want int64, tag string) {
			t.Helper()
			r, ok, err := w.desk.Destination(ctx, ann, number)
			w.must(err)
			if ok != (want > 0) || r.PerMinute != want || r.Tag != tag {
				t.Errorf("%s costs %+v, %v; want %d %s", number, r, ok, want, tag)
			}
		}
		costs("+447700900123", 0, "")
		if w.desk.DeckNow() != nil {
			t.Error("a deck of nothing")
		}
		w.pass(time.Minute)
		load("one", time.Time{}, cases.RateLine{Prefix: "44", Tag: "UK", Micros: 10}, cases.RateLine{Prefix: "447", Tag: "UK mobile", Micros: 30}, cases.RateLine{Prefix: "447", Tag: "cheap", Micros: 3})
		load("two", time.Time{}, cases.RateLine{Prefix: "44", Tag: "Britain", Micros: 50}, cases.RateLine{Prefix: "4477", Tag: "special", Micros: 20})
		load("two", w.clock().Add(time.Hour), cases.RateLine{Prefix: "44", Tag: "Britain", Micros: 5})
		costs("+442079460000", 50, "Britain")
		costs("+447700900123", 30, "UK mobile") // one asks 30 by 447, two 20 by 4477
		costs("+447100900123", 50, "Britain")   // one asks 30, two 50 by 44
		costs("+33142685300", 0, "")
		if _, rate, ok := w.desk.DeckNow().Rate("+442079460000"); !ok || rate != 50 {
			t.Errorf("without waiting: %d, %v", rate, ok)
		}
		w.pass(2 * time.Hour)
		costs("+442079460000", 10, "UK")
		_, err := w.desk.ImportRates(ctx, admin, cases.RateDeck{Name: "x"}, nil)
		w.refused(err, cases.ErrInvalid, "rates")
	})
}
