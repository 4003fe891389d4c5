package store

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

func entry(kind cases.ListKind, digits string, exact bool) cases.ListEntry {
	e := cases.ListEntry{Kind: kind, Digits: digits, Exact: exact, Source: "ITG", AddedAt: noon.Add(-time.Hour)}
	if kind == cases.ListProtected {
		e.Category = "hospital"
	}
	return e
}

// A newer list of a source ends what it does not have and keeps since when the
// others hold; what held before can still be said.
func TestANewerListReplaces(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx, actor := t.Context(), cases.System("import")
		load := func(seen time.Time, want cases.ListChange, in ...cases.ListEntry) {
			t.Helper()
			got, err := s.ImportList(ctx, actor, seen, seen, in)
			if err != nil {
				t.Fatal(err)
			}
			if got.Ended, err = s.EndList(ctx, actor, seen, cases.ListDNO, "ITG", seen, got); err != nil || got != want {
				t.Fatalf("%+v, %v; want %+v", got, err, want)
			}
		}
		load(noon, cases.ListChange{Added: 3}, entry(cases.ListDNO, "12025550143", true), entry(cases.ListDNO, "1202555", false), entry(cases.ListDNO, "12025550144", true), entry(cases.ListDNO, "12025550144", true))
		changed := entry(cases.ListDNO, "12025550143", true)
		changed.AddedAt, changed.Note = noon.Add(time.Hour), "the bank"
		load(noon.Add(time.Hour), cases.ListChange{Added: 1, Kept: 1, Ended: 2}, changed, entry(cases.ListDNO, "19005550000", true))
		// Again: what had ended begins anew.
		again := entry(cases.ListDNO, "12025550144", true)
		again.AddedAt = noon.Add(2 * time.Hour)
		load(noon.Add(2*time.Hour), cases.ListChange{Added: 1, Kept: 2}, changed, entry(cases.ListDNO, "19005550000", true), again)

		of := func(number string, at time.Time) []cases.ListEntry {
			t.Helper()
			es, err := s.ListsOf(ctx, number, at)
			if err != nil {
				t.Fatal(err)
			}
			return es
		}
		if es := of("+12025550143", noon.Add(30*time.Minute)); len(es) != 2 || es[0].Digits != "12025550143" || es[1].Digits != "1202555" || es[1].Exact {
			t.Errorf("both held then, the number first: %+v", es)
		}
		if es := of("+12025550143", noon.Add(3*time.Hour)); len(es) != 1 || es[0].Note != "the bank" || !es[0].AddedAt.Equal(noon.Add(-time.Hour)) {
			t.Errorf("the number stays, since when it was: %+v", es)
		}
		if es := of("+12025550143", noon.Add(-2*time.Hour)); len(es) != 0 {
			t.Errorf("before it was on the list: %+v", es)
		}
		if es := of("+120255501", noon.Add(30*time.Minute)); len(es) != 1 {
			t.Errorf("an exact number is no prefix: %+v", es)
		}
		if es := of("+12025550144", noon.Add(90*time.Minute)); len(es) != 0 {
			t.Errorf("ended in between: %+v", es)
		}
		if es := of("+12025550144", noon.Add(3*time.Hour)); len(es) != 1 {
			t.Errorf("begun anew: %+v", es)
		}
		p, err := s.ListEntries(ctx, noon.Add(3*time.Hour), cases.ListQuery{Kind: cases.ListDNO, Limit: 2})
		if err != nil || len(p.Items) != 2 || p.Next == "" {
			t.Fatalf("%+v, %v", p, err)
		}
		rest, err := s.ListEntries(ctx, noon.Add(3*time.Hour), cases.ListQuery{Kind: cases.ListDNO, Limit: 2, Cursor: p.Next})
		if err != nil || len(rest.Items) != 1 {
			t.Errorf("%+v, %v", rest, err)
		}
		all, err := s.ListEntries(ctx, noon.Add(3*time.Hour), cases.ListQuery{Number: "+12025550144", Ended: true})
		if err != nil || len(all.Items) != 3 {
			t.Errorf("with what ended %d, %v", len(all.Items), err)
		}
		sources, err := s.ListSources(ctx, noon.Add(3*time.Hour))
		if err != nil || len(sources) != 1 || sources[0].Entries != 3 || sources[0].Ended != 2 || !sources[0].SeenAt.Equal(noon.Add(2*time.Hour)) {
			t.Errorf("%+v, %v", sources, err)
		}
		events, err := s.Events(ctx, cases.EventQuery{Command: "list.replace"})
		if err != nil || len(events.Items) != 3 || events.Items[1].Data["ended"] != "2" || events.Items[1].Data["added"] != "1" {
			t.Errorf("%+v, %v", events.Items, err)
		}
	})
}

func TestListsExpireAndAreApart(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx, actor := t.Context(), cases.System("import")
		short := entry(cases.ListHoneypot, "12025550199", true)
		end := noon.Add(time.Hour)
		short.ExpiresAt = &end
		other := entry(cases.ListHoneypot, "12025550199", true)
		other.Source = "ours"
		for _, in := range [][]cases.ListEntry{{short}, {other}, {entry(cases.ListProtected, "1202555", false)}} {
			if _, err := s.ImportList(ctx, actor, noon, noon, in); err != nil {
				t.Fatal(err)
			}
		}
		for at, want := range map[time.Time]int{noon: 3, end.Add(-time.Second): 3, end: 2} {
			if m, err := s.ListedAmong(ctx, []string{"+12025550199", "+16175550100", "+12025550199", ""}, at); err != nil || len(m["+12025550199"]) != want || len(m) != 1 {
				t.Errorf("%s: %+v, %v", at, m, err)
			}
		}
		// Ending one source leaves the others.
		if n, err := s.EndList(ctx, actor, noon.Add(time.Minute), cases.ListHoneypot, "ITG", noon.Add(time.Minute), cases.ListChange{}); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
		if _, err := s.ListedAmong(ctx, make([]string, cases.MaxListed+1), noon); cases.KindOf(err) != cases.KindTooLarge {
			t.Errorf("too many: %v", err)
		}
	})
}

func TestRateDecksHaveVersions(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx, actor := t.Context(), cases.System("import")
		load := func(name string, from time.Time, rates ...cases.RateLine) cases.RateDeck {
			t.Helper()
			d, err := s.ImportRates(ctx, actor, noon, cases.RateDeck{Name: name, ValidFrom: from}, rates)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		old := load("acme", noon.Add(-time.Hour), cases.RateLine{Prefix: "44", Micros: 1})
		next := load("acme", noon.Add(time.Hour), cases.RateLine{Prefix: "44", Micros: 2}, cases.RateLine{Prefix: "447", Tag: "mobile", Micros: 3})
		if _, err := s.ImportRates(ctx, actor, noon, cases.RateDeck{Name: "twice", ValidFrom: noon}, []cases.RateLine{{Prefix: "1"}, {Prefix: "1"}}); err == nil {
			t.Error("a prefix twice was taken")
		}
		decks, err := s.RateDecks(ctx)
		if err != nil || len(decks) != 2 {
			t.Fatalf("%+v, %v", decks, err)
		}
		for at, want := range map[time.Time]int64{noon: old.ID, noon.Add(time.Hour): next.ID} {
			if in := cases.DecksAt(decks, at); len(in) != 1 || in[0].ID != want {
				t.Errorf("%s: %+v", at, in)
			}
		}
		if in := cases.DecksAt(decks, noon.Add(-2*time.Hour)); len(in) != 0 {
			t.Errorf("before any: %+v", in)
		}
		rates, err := s.Rates(ctx, []int64{next.ID})
		if err != nil || len(rates) != 2 || rates[0].Deck != "acme" {
			t.Errorf("%+v, %v", rates, err)
		}
	})
}

func TestHoneypotsAmong(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx, before, soon := t.Context(), noon.AddDate(0, 0, -1), noon.Add(time.Hour)
		entries := []cases.ListEntry{
			{Kind: cases.ListHoneypot, Digits: "13125550170", Exact: true, Source: "ours", AddedAt: before},
			{Kind: cases.ListHoneypot, Digits: "1312556", Source: "ours", AddedAt: before},
			{Kind: cases.ListHoneypot, Digits: "13125550171", Exact: true, Source: "ours", AddedAt: before, ExpiresAt: &soon},
			{Kind: cases.ListDNO, Digits: "13125550172", Exact: true, Source: "ours", AddedAt: before},
		}
		if _, err := s.ImportList(ctx, staff("a", cases.RoleAdmin), before, before, entries); err != nil {
			t.Fatal(err)
		}
		asked := []string{"+13125550170", "+13125550171", "+13125550172", "+13125560001", "+131255501701"}
		for at, want := range map[time.Time]string{noon: "+13125550170 +13125550171 +13125560001", soon: "+13125550170 +13125560001", before.Add(-time.Second): ""} {
			got, err := s.HoneypotsAmong(ctx, asked, at)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(slices.Sorted(maps.Keys(got)), " "); got != want {
				t.Errorf("at %s: %s, want %s", at, got, want)
			}
		}
	})
}
