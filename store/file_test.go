package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

func TestFileOpensACase(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		p := about("+12025550143", "+12025550199", "+12125550100")
		p.Reporter = cases.Contact{Name: "Ann", Email: " Ann@Example.org ", Kind: cases.ReporterCalled}
		p.OccurredAt = cases.TimeRange{Earliest: noon.Add(-time.Hour), Latest: noon}
		a := delivery(cases.ChannelWeb, "k", "body")
		m, _ := accept(t, s, a)
		at := run(t, s, cases.JobFile, m.ID)
		f, err := fileOne(t.Context(), s, at, noon, cases.Filing{Message: m, Parsed: p})
		if err != nil {
			t.Fatal(err)
		}
		if !f.NewReport || !f.NewCase || f.Token != m.Token || f.CaseRef != cases.CaseRef(f.CaseID, noon) || f.Reason != "first report about callback:+12025550199" {
			t.Errorf("filed %+v", f)
		}
		c, err := s.Case(t.Context(), f.CaseID)
		if err != nil {
			t.Fatal(err)
		}
		if c.Ref != f.CaseRef || c.State != cases.StateNew || c.Title != "Robocall · car warranty" || c.Priority == 0 || c.Reports != 1 ||
			c.DueAt == nil || !c.DueAt.Equal(noon.Add(cases.FirstActWithin)) {
			t.Errorf("case %+v", c)
		}
		for query, want := range map[string]int{
			"SELECT count(*) FROM case_keys WHERE live":                                             2, // never the called number
			"SELECT count(*) FROM subjects":                                                         3,
			"SELECT count(*) FROM reporters WHERE email = 'ann@example.org'":                        1,
			"SELECT count(*) FROM jobs WHERE kind = 'enrich' AND state = 'pending'":                 1,
			"SELECT count(*) FROM jobs WHERE kind = 'assess' AND coalesce_key <> ''":                1,
			"SELECT count(*) FROM jobs WHERE kind = 'file' AND state = 'done'":                      1,
			"SELECT count(*) FROM events WHERE command = 'case.open' AND actor_kind = 'reporter'":   1,
			"SELECT count(*) FROM events WHERE command = 'report.file' AND actor_kind = 'reporter'": 1,
			"SELECT count(*) FROM messages WHERE state = 'filed' AND report_id <> 0":                1,
		} {
			if n := count(t, s, query); n != want {
				t.Errorf("%s: %d, want %d", query, n, want)
			}
		}
		// The same message again, by whatever route, is the same report.
		again, err := fileOne(t.Context(), s, cases.Attempt{}, noon, cases.Filing{Message: m, Parsed: p})
		if err != nil {
			t.Fatal(err)
		}
		want := f
		want.NewReport, want.NewCase = false, false
		if diff := cmp.Diff(want, again); diff != "" {
			t.Error(diff)
		}
		if n := count(t, s, "SELECT count(*) FROM reports"); n != 1 {
			t.Errorf("%d reports", n)
		}
	})
}

func TestFileJoinsTheCaseThatHoldsAKey(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		one := file(t, s, about("+12025550143", "", "+12125550100"))
		two := file(t, s, about("+12025550143", "+12025550199", "+12125550101"))
		if two.NewCase || two.CaseID != one.CaseID || two.CaseRef != one.CaseRef || two.Reason != "same caller:+12025550143" {
			t.Errorf("second %+v, first %+v", two, one)
		}
		// The second brought a key that nobody held: it is the case's now.
		three := file(t, s, about("+13105550111", "+12025550199", ""))
		if three.CaseID != one.CaseID {
			t.Error("the key of the second report leads elsewhere")
		}
		// A called number joins nothing.
		if other := file(t, s, about("+14155550111", "", "+12125550100")); !other.NewCase {
			t.Error("victims of different callers became one case")
		}
		if nothing := file(t, s, about("", "", "")); !nothing.NewCase || nothing.Reason == "" {
			t.Errorf("a report about nothing: %+v", nothing)
		}
	})
}

func TestFileChoosesTheOlderOpenCase(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		older := fileAt(t, s, noon, about("+12025550101", "", ""), nil)
		newer := fileAt(t, s, noon.Add(time.Minute), about("+12025550102", "", ""), nil)
		third := fileAt(t, s, noon.Add(2*time.Minute), about("+12025550103", "", ""), nil)
		both := fileAt(t, s, noon.Add(3*time.Minute), about("+12025550102", "+12025550101", ""), nil)
		if both.CaseID == older.CaseID {
			t.Fatal("a callback is not the caller: this test proves nothing")
		}
		p := about("+12025550102", "", "")
		p.Numbers = append(p.Numbers, cases.NumberMention{E164: "+12025550101", Role: cases.RoleCaller, Confidence: 1},
			cases.NumberMention{E164: "+12025550103", Role: cases.RoleCaller, Confidence: 1})
		joined := fileAt(t, s, noon.Add(4*time.Minute), p, nil)
		if joined.CaseID != older.CaseID {
			t.Errorf("joined case %d, want the older %d", joined.CaseID, older.CaseID)
		}
		for _, other := range []int64{newer.CaseID, third.CaseID} {
			for _, pair := range [][2]int64{{older.CaseID, other}, {other, older.CaseID}} {
				if n := count(t, s, "SELECT count(*) FROM related_cases WHERE case_id = ? AND other_id = ? AND reason <> ''", pair[0], pair[1]); n != 1 {
					t.Errorf("case %d is not related to %d", pair[0], pair[1])
				}
			}
		}
		// The older one is resolved: an open one goes first.
		_, err := s.UpdateCase(ctx, older.CaseID, 0, func(c *cases.Case) error {
			return c.Resolve(staff("ann", cases.RoleAnalyst), noon.Add(5*time.Minute), cases.DispositionInsufficient, "nothing to see")
		})
		if err != nil {
			t.Fatal(err)
		}
		if j := fileAt(t, s, noon.Add(6*time.Minute), p, nil); j.CaseID != newer.CaseID {
			t.Errorf("joined case %d, want the open %d", j.CaseID, newer.CaseID)
		}
	})
}

// 100 first reports of one number at once open one case, and none of them
// waits for a row of the table cases.
func TestFirstReportsInParallelOpenOneCase(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		const n = 100
		messages := make([]cases.Message, n)
		for i := range messages {
			messages[i], _ = accept(t, s, delivery(cases.ChannelChat, rand.Text(), "x"))
		}
		ctx, stop := context.WithCancel(t.Context())
		waits := watchCaseLocks(ctx, t, s)
		var wg sync.WaitGroup
		for i, m := range messages {
			wg.Go(func() {
				p := about("+12025550143", []string{"", "+12025550199", "+12025550198"}[i%3], fmt.Sprintf("+1212555%04d", i))
				if _, err := fileOne(t.Context(), s, cases.Attempt{}, noon, cases.Filing{Message: m, Parsed: p}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		stop()
		if w := <-waits; len(w) > 0 {
			t.Errorf("transactions waited for a case: %v", w)
		}
		for query, want := range map[string]int{
			"SELECT count(*) FROM cases":                       1,
			"SELECT count(*) FROM reports":                     n,
			"SELECT count(*) FROM links":                       n,
			"SELECT count(*) FROM case_keys":                   3,
			"SELECT count(*) FROM jobs WHERE kind = 'enrich'":  n,
			"SELECT count(*) FROM messages WHERE report_id= 0": 0,
		} {
			if got := count(t, s, query); got != want {
				t.Errorf("%s: %d, want %d", query, got, want)
			}
		}
	})
}

// watchCaseLocks samples what PostgreSQL's transactions wait for until ctx
// ends, on a connection of its own, and then gives those that waited for a row
// of cases.
func watchCaseLocks(ctx context.Context, t *testing.T, s *Store) <-chan []string {
	out := make(chan []string, 1)
	if s.dialect == migrations.SQLite {
		out <- nil
		return out
	}
	conn, err := s.sql.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer conn.Close()
		var waits []string
		for ctx.Err() == nil {
			var w string
			err := conn.QueryRowContext(t.Context(), `SELECT coalesce(string_agg(a.query, '; '), '') FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
				WHERE l.locktype = 'tuple' AND l.relation = 'cases'::regclass`).Scan(&w)
			if err != nil {
				t.Error(err)
				break
			}
			if w != "" {
				waits = append(waits, w)
			}
		}
		out <- waits
	}()
	return out
}

// A case that somebody is deciding on takes reports all the same.
func TestFileDoesNotWaitForALockedCase(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		if s.dialect == migrations.SQLite {
			return // one writer at a time: there is no row to wait for
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		one := say(t, s, "conversation", about("+12025550143", "", ""))
		other := file(t, s, about("+13105550111", "", ""))
		locked, done := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := s.UpdateCase(ctx, one.CaseID, 0, func(c *cases.Case) error {
				close(locked)
				select {
				case <-done:
				case <-ctx.Done():
					return ctx.Err()
				}
				return c.Note(ann, noon, "slow")
			})
			if err != nil {
				t.Error("the analyst:", err)
			}
		})
		<-locked
		both := about("+12025550143", "", "")
		both.Numbers = append(both.Numbers, cases.NumberMention{E164: "+13105550111", Role: cases.RoleCaller, Confidence: 1})
		follow := about("", "+12025550198", "")
		follow.Thread = "conversation"
		for name, p := range map[string]cases.Parsed{"the same number": about("+12025550143", "", ""), "one more number": about("+12025550143", "+12025550199", ""),
			"another case's number": both, "a further message": follow} {
			m, _ := accept(t, s, delivery(cases.ChannelChat, name, "x"))
			f, err := fileOne(ctx, s, cases.Attempt{}, noon, cases.Filing{Message: m, Parsed: p})
			if err != nil || f.CaseID != one.CaseID {
				t.Errorf("%s: %+v, %v", name, f, err)
			}
		}
		close(done)
		wg.Wait()
		if n := count(t, s, "SELECT count(*) FROM related_cases WHERE other_id = ?", other.CaseID); n != 1 {
			t.Errorf("related to %d cases", n)
		}
	})
}

func TestFileFindsReporters(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		p := about("+12025550143", "", "")
		p.Reporter = cases.Contact{Email: "fcc@example.gov", Kind: cases.ReporterRegulator}
		file(t, s, p)
		p.Reporter.Kind, p.Reporter.Name = cases.ReporterCalled, "somebody"
		file(t, s, p)
		p.Reporter = cases.Contact{Phone: "+12125550100"}
		file(t, s, p)
		file(t, s, p)
		var rs []cases.Reporter
		if err := s.db.Raw("SELECT * FROM reporters ORDER BY id").Scan(&rs).Error; err != nil {
			t.Fatal(err)
		}
		if len(rs) != 3 || rs[0].Kind != cases.ReporterRegulator {
			t.Errorf("reporters %+v", rs)
		}
		if n := count(t, s, "SELECT count(*) FROM reports WHERE reporter_kind = 'called_party'"); n != 1 {
			t.Errorf("%d reports as a called party: what was said in a report stays with it", n)
		}
		// Many first reports of one reporter make one reporter.
		var wg sync.WaitGroup
		for i := range 10 {
			m, _ := accept(t, s, delivery(cases.ChannelChat, fmt.Sprint("r", i), "x"))
			wg.Go(func() {
				p := about(fmt.Sprintf("+1202555%04d", i), "", "")
				p.Reporter.Email = "new@example.org"
				if _, err := fileOne(t.Context(), s, cases.Attempt{}, noon, cases.Filing{Message: m, Parsed: p}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := count(t, s, "SELECT count(DISTINCT reporter_id) FROM reports JOIN reporters ON reporters.id = reporter_id WHERE email = 'new@example.org'"); n != 1 {
			t.Errorf("%d reporters", n)
		}
	})
}

// What a parser lets through must not make a message unfileable.
func TestFilePoison(t *testing.T) {
	long := strings.Repeat("long ", 2_000)
	many := about("", "", "")
	for i := range 5_000 {
		many.Numbers = append(many.Numbers, cases.NumberMention{E164: fmt.Sprintf("+1202%07d", i), Role: cases.RoleCaller})
	}
	poison := map[string]cases.Parsed{
		"NUL":             {Subject: "a\x00b", Text: "\x00", Identity: "\x00", Warnings: []string{"\x00 \\u0000"}},
		"broken UTF-8":    {Subject: "\xff\xfe", Text: "caf\xe9", Pretext: "\xc3", Language: "\x80", Account: "\xed\xa0\x80"},
		"long values":     {Thread: long, Account: long, Pretext: long, Language: long, Reporter: cases.Contact{Name: long, Email: long + "@example.org", Phone: long}, Category: cases.CategoryTollFraud},
		"long references": {Mail: cases.MailHeaders{References: slices.Repeat([]string{long}, 1_000), InReplyTo: []string{"", " ", "<>", "\x00"}}},
		"many numbers":    many,
		"wrong number":    {Numbers: []cases.NumberMention{{E164: long, Role: cases.RoleCaller}, {E164: "", Role: cases.RoleCalled}}},
		"nothing":         {},
		"long text":       {Text: strings.Repeat("ä", maxReportText)},
	}
	each(t, func(t *testing.T, s *Store) {
		for name, p := range poison {
			for range 2 { // the second meets the keys of the first
				m, _ := accept(t, s, delivery(cases.ChannelEmail, rand.Text(), "x"))
				if _, err := fileOne(t.Context(), s, cases.Attempt{}, noon, cases.Filing{Message: m, Parsed: p}); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	})
}

func TestFileRefusesAQuarantinedMessage(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		a := delivery(cases.ChannelEmail, "k", "half")
		a.Message.State = cases.MessageQuarantined
		m, _ := accept(t, s, a)
		if _, err := fileOne(t.Context(), s, cases.Attempt{}, noon, cases.Filing{Message: m}); !errors.Is(err, cases.ErrConflict) {
			t.Errorf("got %v", err)
		}
		if _, err := fileOne(t.Context(), s, cases.Attempt{}, noon, cases.Filing{Message: cases.Message{ID: 99}}); !errors.Is(err, cases.ErrNotFound) {
			t.Errorf("no such message: %v", err)
		}
	})
}
