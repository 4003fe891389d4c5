package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

// mixed are messages of all sorts that touch each other, in the order in which
// they came.
func mixed(t *testing.T, s *Store) []cases.Filing {
	t.Helper()
	var fs []cases.Filing
	add := func(c cases.Channel, p cases.Parsed, meta cases.Meta) cases.Message {
		a := delivery(c, fmt.Sprint(len(fs)), "x")
		a.Message.Meta = meta
		m, _ := accept(t, s, a)
		fs = append(fs, cases.Filing{Message: m, Parsed: p})
		if p.Reporter.Email != "" {
			fs[len(fs)-1].Acknowledgement = acknowledgement(p.Reporter.Email, cases.LetterID(fmt.Sprintf("%032x", len(fs)), "desk.example"))
			fs[len(fs)-1].Acknowledgement.To = p.Reporter.Email
		}
		return m
	}
	from := func(email string, p cases.Parsed) cases.Parsed {
		p.Reporter.Email = email
		return p
	}
	thread := func(name string, p cases.Parsed) cases.Parsed {
		p.Thread = name
		return p
	}
	one := add(cases.ChannelEmail, from("jane@example.org", about("+12025550101", "", "+12125550100")), cases.Meta{})
	add(cases.ChannelEmail, from("bob@example.org", about("+12025550101", "", "+12125550101")), cases.Meta{})                   // the case of the first
	add(cases.ChannelEmail, from("jane@example.org", about("+12025550102", "+12025550177", "")), cases.Meta{})                  // hers again
	add(cases.ChannelEmail, about("+12025550101", "+12025550177", ""), cases.Meta{})                                            // names numbers of both
	add(cases.ChannelChat, thread("c1", about("+12025550103", "", "")), cases.Meta{})                                           // a conversation
	add(cases.ChannelChat, thread("c1", about("+12025550104", "", "")), cases.Meta{})                                           // that goes on
	add(cases.ChannelChat, thread("c2", about("", "", "")), cases.Meta{})                                                       // another one, about nothing
	details := add(cases.ChannelWeb, about("", "", "+12125550144"), cases.Meta{Adds: one.Token})                                // details on a status page
	add(cases.ChannelWeb, about("", "", "+12125550145"), cases.Meta{Adds: details.Token})                                       // and details of these
	add(cases.ChannelWeb, cases.Parsed{Reporter: cases.Contact{Name: "Nameless"}, Category: cases.CategoryOther}, cases.Meta{}) // nobody about nothing
	add(cases.ChannelWeb, cases.Parsed{Reporter: cases.Contact{Name: "Nameless"}, Category: cases.CategoryOther}, cases.Meta{}) // and once more
	return fs
}

// outcome is what became of messages, with cases and reports named by their
// order, and what is in the database.
func outcome(t *testing.T, s *Store, filed []cases.Filed) []string {
	t.Helper()
	name := func(seen *[]int64, id int64) int {
		if i := slices.Index(*seen, id); i >= 0 {
			return i
		}
		*seen = append(*seen, id)
		return len(*seen) - 1
	}
	var reports, opened []int64
	var out []string
	for _, f := range filed {
		c, r := name(&opened, f.CaseID), name(&reports, f.ReportID)
		out = append(out, fmt.Sprintf("case %d, report %d, new %v %v, %s", c, r, f.NewCase, f.NewReport, strings.ReplaceAll(f.Reason, f.CaseRef, "REF")))
	}
	for _, id := range opened {
		d, err := s.Dossier(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		var events []string
		for _, e := range d.Events {
			events = append(events, e.Command)
		}
		slices.Sort(events)
		var sent []string
		for _, x := range d.Sendings {
			sent = append(sent, fmt.Sprint(x.To, " ", x.State, " ", x.Note))
		}
		slices.Sort(sent)
		related := len(d.Related)
		out = append(out, fmt.Sprintf("%s: %d reports, %d related, %v, %v", d.Case.Title, len(d.Reports), related, events, sent))
		for _, r := range d.Reports {
			out = append(out, fmt.Sprintf("  %q, %d messages, %d numbers, reporter %v", r.Text, len(r.Messages), len(r.Subjects), r.Reporter != nil))
		}
	}
	for _, q := range []string{"SELECT count(*) FROM jobs WHERE kind = 'enrich'", "SELECT count(*) FROM jobs WHERE kind = 'tell'", "SELECT count(*) FROM reporters", "SELECT count(*) FROM threads",
		"SELECT count(*) FROM case_keys WHERE live", "SELECT count(*) FROM messages WHERE state = 'filed' AND report_id <> 0"} {
		out = append(out, fmt.Sprint(q, ": ", count(t, s, q)))
	}
	return out
}

// Filing together comes to the same as filing one after the other.
func TestFilingTogetherIsFilingOneByOne(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		var apart []cases.Filed
		for _, f := range mixed(t, s) {
			x, err := fileOne(t.Context(), s, cases.Attempt{}, noon, f)
			if err != nil {
				t.Fatal(err)
			}
			apart = append(apart, x)
		}
		want := outcome(t, s, apart)
		t.Run("together", func(t *testing.T) {
			each(t, func(t *testing.T, s *Store) {
				fs := mixed(t, s)
				filed, err := s.FileMessages(t.Context(), noon, fs)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, outcome(t, s, filed)); diff != "" {
					t.Errorf("(-one by one +together):\n%s", diff)
				}
				again, err := s.FileMessages(t.Context(), noon, fs)
				if err != nil {
					t.Fatal(err)
				}
				for i := range again {
					if again[i].ReportID != filed[i].ReportID || again[i].CaseID != filed[i].CaseID || again[i].NewReport {
						t.Errorf("filed again: %+v, was %+v", again[i], filed[i])
					}
				}
				if vs, err := s.Invariants(t.Context(), noon); err != nil || len(vs) > 0 {
					t.Errorf("%+v, %v", vs, err)
				}
			})
		})
	})
}

func TestFilingTogetherIsAllOrNothing(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		var fs []cases.Filing
		for i := range 3 {
			m, _ := accept(t, s, delivery(cases.ChannelEmail, fmt.Sprint(i), "x"))
			fs = append(fs, cases.Filing{Attempt: run(t, s, cases.JobFile, m.ID), Message: m, Parsed: about(fmt.Sprintf("+1202555010%d", i), "", "")})
		}
		taken := fs[1].Attempt
		fs[1].Attempt.Epoch--
		if _, err := s.FileMessages(t.Context(), noon, fs); !errors.Is(err, cases.ErrFenced) {
			t.Errorf("one attempt was taken over: %v", err)
		}
		fs[1].Attempt = taken
		fs[2].Message.ID = 999
		if _, err := s.FileMessages(t.Context(), noon, fs); !errors.Is(err, cases.ErrNotFound) {
			t.Errorf("one message is not there: %v", err)
		}
		if n := count(t, s, "SELECT count(*) FROM reports"); n != 0 {
			t.Errorf("%d reports of a filing that failed", n)
		}
		if _, err := s.FileMessages(t.Context(), noon, fs[:2]); err != nil {
			t.Error(err)
		}
		if n := count(t, s, "SELECT count(*) FROM jobs WHERE kind = 'file' AND state = 'done'"); n != 2 {
			t.Errorf("%d jobs are done", n)
		}
		if _, err := s.FileMessages(t.Context(), noon, make([]cases.Filing, maxFiling+1)); err == nil {
			t.Error("too many are taken")
		}
	})
}

// Groups that touch the same numbers and senders at the same time open one case
// for each number.
func TestFilingTogetherInParallel(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		const groups, size, numbers = 6, 10, 7
		var wg sync.WaitGroup
		for g := range groups {
			var fs []cases.Filing
			for i := range size {
				p := about(fmt.Sprintf("+1202555010%d", (g*3+i*5)%numbers), "", "")
				p.Reporter.Email = fmt.Sprintf("r%d@example.org", (g+i)%4)
				m, _ := accept(t, s, delivery(cases.ChannelEmail, fmt.Sprint(g, " ", i), "x"))
				a := acknowledgement(p.Reporter.Email, cases.LetterID(fmt.Sprintf("%032x", g*size+i), "desk.example"))
				fs = append(fs, cases.Filing{Message: m, Parsed: p, Acknowledgement: a})
			}
			wg.Go(func() {
				if _, err := s.FileMessages(t.Context(), noon, fs); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for q, want := range map[string]int{"SELECT count(*) FROM reports": groups * size, "SELECT count(*) FROM cases": numbers, "SELECT count(*) FROM reporters": 4,
			"SELECT count(*) FROM sendings WHERE state = 'planned'": 4} {
			if n := count(t, s, q); n != want {
				t.Errorf("%s: %d, want %d", q, n, want)
			}
		}
		if vs, err := s.Invariants(t.Context(), noon); err != nil || len(vs) > 0 {
			t.Errorf("%+v, %v", vs, err)
		}
	})
}

// What was understood is kept, also of a message that adds to a report, at the
// place where its words are now.
func TestWhatWasUnderstoodIsKept(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		one := about("+12025550101", "", "")
		one.Thread, one.Text = "c1", "They called."
		one.Extracts = []cases.Extract{{Kind: cases.ExtractCategory, Start: 5, End: 11}}
		two := about("", "", "")
		two.Thread, two.Text, two.Lane, two.Impersonated = "c1", "I lost $40 to the bank.", cases.LaneTollFraud, "the bank"
		two.Lost = cases.Money{Hundredths: 4000, Currency: "USD"}
		two.Extracts = []cases.Extract{{Kind: cases.ExtractLost, Start: 7, End: 10}, {Kind: cases.ExtractLanguage, Start: -1, End: -1}}
		var f cases.Filed
		for i, p := range []cases.Parsed{one, two} {
			m, _ := accept(t, s, delivery(cases.ChannelChat, fmt.Sprint(i), "x"))
			var err error
			if f, err = fileOne(t.Context(), s, cases.Attempt{}, noon, cases.Filing{Message: m, Parsed: p}); err != nil {
				t.Fatal(err)
			}
		}
		r, err := s.Report(t.Context(), f.ReportID)
		if err != nil {
			t.Fatal(err)
		}
		d := r.Details
		if r.Lane != cases.LaneTollFraud || d.Lost != two.Lost || d.Impersonated != "the bank" || len(d.Extracts) != 3 || r.Text[d.Extracts[1].Start:d.Extracts[1].End] != "$40" || d.Extracts[2].Start != -1 {
			t.Errorf("%s, %+v of %q", r.Lane, d, r.Text)
		}
		if c := assess(t, s, noon, f.CaseID); c.Facts.Lane != cases.LaneTollFraud || c.Priority < 60 || c.Factors[0].Reason != "toll fraud is going on now" {
			t.Errorf("priority %d of %+v", c.Priority, c.Factors)
		}
	})
}
