package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

var (
	ann = staff("ann", cases.RoleAnalyst)
	bob = staff("bob", cases.RoleApprover)
)

// update gives a command to a case.
func update(t *testing.T, s *Store, id int64, change func(*cases.Case) error) cases.Case {
	t.Helper()
	c, err := s.UpdateCase(t.Context(), id, 0, change)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func assess(t *testing.T, s *Store, now time.Time, id int64) cases.Case {
	t.Helper()
	c, err := s.AssessCase(t.Context(), cases.Attempt{}, now, id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func resolve(now time.Time) func(*cases.Case) error {
	return func(c *cases.Case) error {
		return c.Resolve(ann, now, cases.DispositionInsufficient, "not enough to judge")
	}
}

func TestUpdateCase(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		f := file(t, s, about("+12025550143", "", ""))
		c := update(t, s, f.CaseID, func(c *cases.Case) error { return c.Claim(ann, noon) })
		stored, err := s.Case(ctx, f.CaseID)
		if err != nil {
			t.Fatal(err)
		}
		if stored.State != cases.StateOpen || stored.Assignee != "ann" || stored.Version != 1 || stored.FirstActAt == nil || stored.Version != c.Version {
			t.Errorf("%+v", stored)
		}
		if n := count(t, s, "SELECT count(*) FROM events WHERE command = 'case.claim' AND case_id = ? AND actor_id = 'ann'", f.CaseID); n != 1 {
			t.Errorf("%d events", n)
		}
		_, err = s.UpdateCase(ctx, f.CaseID, 99, func(c *cases.Case) error { return c.Note(ann, noon, "stale") })
		if !errors.Is(err, cases.ErrConflict) {
			t.Errorf("a decision on what was not seen: %v", err)
		}
		if _, err := s.UpdateCase(ctx, f.CaseID, 1, func(c *cases.Case) error { return c.Note(ann, noon, "fresh") }); err != nil {
			t.Error(err)
		}
		_, err = s.UpdateCase(ctx, f.CaseID, 0, func(c *cases.Case) error {
			c.Title = "changed"
			return c.Claim(bob, noon)
		})
		if !errors.Is(err, cases.ErrConflict) {
			t.Errorf("claimed by two: %v", err)
		}
		if c, _ := s.Case(ctx, f.CaseID); c.Title == "changed" {
			t.Error("a command that failed left a change")
		}
		if _, err := s.UpdateCase(ctx, 999, 0, func(*cases.Case) error { return nil }); !errors.Is(err, cases.ErrNotFound) {
			t.Errorf("no such case: %v", err)
		}
	})
}

func TestUpdateCaseInParallelLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		f := file(t, s, about("+12025550143", "", ""))
		const n = 20
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				if _, err := s.UpdateCase(t.Context(), f.CaseID, 0, func(c *cases.Case) error { return c.Note(ann, noon, fmt.Sprint(i)) }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if c, _ := s.Case(t.Context(), f.CaseID); c.Version != n {
			t.Errorf("version %d after %d notes", c.Version, n)
		}
	})
}

func TestAssess(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		yes := true
		exec(t, s, "INSERT INTO accounts (id, name, protected, updated_at) VALUES ('acme', 'Acme', ?, ?)", yes, noon)
		one := file(t, s, about("+12025550143", "+12025550199", "+12125550100"))
		two := about("+12025550143", "", "+12125550101")
		two.Reporter.Kind, two.Reporter.Email = cases.ReporterNumberOwner, "owner@example.org"
		second := fileAt(t, s, noon.Add(time.Minute), two, nil)
		scam := about("+12025550143", "", "+12125550100")
		scam.Category, scam.Pretext = cases.CategoryScam, "bank"
		fileAt(t, s, noon.Add(2*time.Minute), scam, nil)
		finding := func(kind cases.FindingKind, subject, verdict string, d cases.FindingData) cases.Finding {
			return cases.Finding{Kind: kind, Subject: subject, Verdict: verdict, Summary: "x\x00", Data: d, Producer: "test/1"}
		}
		attested := func(n int) cases.Finding {
			return finding(cases.FindingAttestation, "+12025550143", "B", cases.FindingData{Attestation: map[string]int{"B": n}, Sample: n})
		}
		at := run(t, s, cases.JobEnrich, one.ReportID)
		err := s.AddFindings(ctx, at, noon, one.ReportID, []cases.Finding{
			finding(cases.FindingCorroboration, "+12025550143", "unknown", cases.FindingData{}), attested(3),
			finding(cases.FindingNumber, "+12025550143", "", cases.FindingData{Number: &cases.NumberFacts{Hosted: true}}),
		})
		if err != nil {
			t.Fatal(err)
		}
		// Looked at again: the later finding counts.
		err = s.AddFindings(ctx, cases.Attempt{}, noon, one.ReportID, []cases.Finding{
			finding(cases.FindingCorroboration, "+12025550143", "confirmed", cases.FindingData{Matched: 1, Called: []string{"+12125550188"}}), attested(7),
			finding(cases.FindingParties, "acme", "", cases.FindingData{Parties: &cases.Parties{Originating: "acme", Holder: "other"}}),
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.AddFindings(ctx, cases.Attempt{}, noon, second.ReportID, []cases.Finding{
			finding(cases.FindingCorroboration, "+12025550143", "not_seen", cases.FindingData{}), attested(8),
			finding(cases.FindingParties, "", "", cases.FindingData{Parties: &cases.Parties{Holder: "victim"}}),
		})
		if err != nil {
			t.Fatal(err)
		}
		now := noon.Add(3 * time.Minute)
		c := assess(t, s, now, one.CaseID)
		want := cases.Facts{
			Category: cases.CategoryRobocall, Pretext: "car warranty", Categories: map[cases.Category]int{cases.CategoryRobocall: 2, cases.CategoryScam: 1},
			Reports: 3, CalledParties: 2, Owners: 1, Reports24h: 3, FirstReport: noon, LastReport: noon.Add(2 * time.Minute),
			Caller: "+12025550143", Callback: "+12025550199", Corroboration: cases.CorroborationConfirmed, Confirmed: 1, NotSeen: 1, Checked: 2,
			Attestation: map[string]int{"B": 8}, Parties: &cases.Parties{Originating: "acme", Holder: "other"}, NumberHosted: true, Protected: true,
			Corroborated: 1, Corroborated24h: 1, NotCarried: 1, Looking: true, Credibility: 0.5,
		}
		if diff := cmp.Diff(want, c.Facts); diff != "" {
			t.Error(diff)
		}
		got, err := s.Case(ctx, one.CaseID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Facts); diff != "" {
			t.Error("stored:", diff)
		}
		if score, _ := cases.Prioritise(want, now); got.Priority != score || got.Reports != 3 || !got.LastReport.Equal(want.LastReport) || got.Title != "Robocall · car warranty" {
			t.Errorf("%+v", got)
		}
		version := got.Version
		if again := assess(t, s, now, one.CaseID); again.Version != version {
			t.Error("an assessment that changed nothing is an event")
		}
		// A day later the reports are old; the case says so.
		if later := assess(t, s, now.Add(48*time.Hour), one.CaseID); later.Facts.Reports24h != 0 {
			t.Errorf("%d in the last 24 hours", later.Facts.Reports24h)
		}
		if _, err := s.AssessCase(ctx, cases.Attempt{JobID: at.JobID, Epoch: at.Epoch}, now, one.CaseID); !errors.Is(err, cases.ErrFenced) {
			t.Errorf("an attempt that ended: %v", err)
		}
		byAccount, err := s.Cases(ctx, cases.CaseQuery{Account: "acme"})
		if err != nil || len(byAccount.Items) != 1 {
			t.Errorf("cases of the account: %d, %v", len(byAccount.Items), err)
		}
	})
}

func TestResolvedCasesKeepTheirKeysForAWhile(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		p := about("+12025550143", "", "")
		old := file(t, s, p)
		c := update(t, s, old.CaseID, resolve(noon.Add(time.Hour)))
		if c.LiveUntil == nil {
			t.Fatal("no end of its reopen window")
		}
		// Within the window a report joins and reopens.
		again := fileAt(t, s, noon.Add(2*time.Hour), p, nil)
		if again.CaseID != old.CaseID {
			t.Fatalf("joined %+v", again)
		}
		if c := assess(t, s, noon.Add(2*time.Hour), old.CaseID); c.State != cases.StateNew || c.LiveUntil != nil {
			t.Errorf("after the new report: %s", c.State)
		}
		update(t, s, old.CaseID, resolve(noon.Add(3*time.Hour)))
		past := noon.Add(3*time.Hour + cases.ReopenWindow)
		if n, err := s.ReleaseKeys(ctx, past.Add(-time.Second)); n != 0 || err != nil {
			t.Errorf("released %d too early, %v", n, err)
		}
		if n, err := s.ReleaseKeys(ctx, past); n != 1 || err != nil {
			t.Errorf("released %d, %v", n, err)
		}
		if n, err := s.ReleaseKeys(ctx, past); n != 0 || err != nil {
			t.Errorf("released %d twice, %v", n, err)
		}
		next := fileAt(t, s, past, p, nil)
		if !next.NewCase {
			t.Errorf("a case that is over took %+v", next)
		}
		// Reopened by hand: the key is another's now, so the two are related.
		update(t, s, old.CaseID, func(c *cases.Case) error { return c.Reopen(ann, past, "it goes on") })
		if n := count(t, s, "SELECT count(*) FROM related_cases WHERE case_id = ? AND other_id = ?", old.CaseID, next.CaseID); n != 1 {
			t.Error("two cases of one number are not related")
		}
		// When that one is over too, a case that is reopened gets its key back.
		update(t, s, next.CaseID, resolve(past))
		if _, err := s.ReleaseKeys(ctx, past.Add(cases.ReopenWindow)); err != nil {
			t.Fatal(err)
		}
		update(t, s, next.CaseID, func(c *cases.Case) error { return c.Reopen(ann, past, "and on") })
		if j := fileAt(t, s, past, p, nil); j.CaseID != next.CaseID {
			t.Errorf("joined %+v, want case %d", j, next.CaseID)
		}
	})
}

func TestListCases(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		byRef := map[string]int64{}
		for i := range 7 {
			p := about(fmt.Sprintf("+1202555010%d", i), "", "+12125550100")
			p.Pretext = []string{"Ünïversity loan", "car warranty", "100% off_er"}[i%3]
			f := file(t, s, p)
			byRef[f.CaseRef] = f.CaseID
			exec(t, s, "UPDATE cases SET priority = ?, rank = ? WHERE id = ?", 10*(i%3), 10*(i%3), f.CaseID)
		}
		var seen []int64
		last := cases.Case{Priority: 101}
		cursor, pages := "", 0
		for {
			p, err := s.Cases(ctx, cases.CaseQuery{Cursor: cursor, Limit: 3})
			if err != nil {
				t.Fatal(err)
			}
			pages++
			for _, c := range p.Items {
				if c.Priority > last.Priority || (c.Priority == last.Priority && c.ID >= last.ID) {
					t.Errorf("case %d (%d) after %d (%d)", c.ID, c.Priority, last.ID, last.Priority)
				}
				seen, last = append(seen, c.ID), c
			}
			if cursor = p.Next; cursor == "" {
				break
			}
			// A new case while somebody turns pages shifts nothing.
			file(t, s, about(fmt.Sprintf("+1310555010%d", pages), "", ""))
			exec(t, s, "UPDATE cases SET priority = 100, rank = 100 WHERE id = (SELECT max(id) FROM cases)")
		}
		if len(seen) != 7 || pages != 3 {
			t.Errorf("%d cases on %d pages", len(seen), pages)
		}
		exec(t, s, "UPDATE cases SET priority = 0, state = 'resolved' WHERE priority = 100")
		var ref string
		s.db.Raw("SELECT ref FROM cases ORDER BY id LIMIT 1").Scan(&ref)
		update(t, s, byRef[ref], func(c *cases.Case) error { return c.Claim(ann, noon) })
		for name, tt := range map[string]struct {
			q    cases.CaseQuery
			want int
		}{
			"all":                      {cases.CaseQuery{}, 7},
			"one state":                {cases.CaseQuery{States: []cases.State{cases.StateOpen}}, 1},
			"resolved":                 {cases.CaseQuery{States: []cases.State{cases.StateResolved}}, 2},
			"mine":                     {cases.CaseQuery{Assignee: "ann"}, 1},
			"nobody's":                 {cases.CaseQuery{Assignee: "-"}, 6},
			"category":                 {cases.CaseQuery{Category: cases.CategoryRobocall}, 7},
			"another category":         {cases.CaseQuery{Category: cases.CategoryScam}, 0},
			"caller":                   {cases.CaseQuery{Number: "+12025550103"}, 1},
			"a called number is none":  {cases.CaseQuery{Number: "+12125550100"}, 0},
			"word":                     {cases.CaseQuery{Text: "WARRANTY"}, 2},
			"words in any order":       {cases.CaseQuery{Text: "warranty  robocall"}, 2},
			"words of which one lacks": {cases.CaseQuery{Text: "warranty loan"}, 0},
			"beyond ASCII":             {cases.CaseQuery{Text: "ÜNÏV"}, 3},
			"percent is no wildcard":   {cases.CaseQuery{Text: "0% off_"}, 2},
			"underscore neither":       {cases.CaseQuery{Text: "o_f"}, 0},
			"backslash":                {cases.CaseQuery{Text: `\`}, 0},
			"reference":                {cases.CaseQuery{Text: ref}, 1},
			"hostile":                  {cases.CaseQuery{Text: "\x00 \xff", Number: "\x00", Assignee: "\xff"}, 0},
		} {
			p, err := s.Cases(ctx, tt.q)
			if err != nil || len(p.Items) != tt.want {
				t.Errorf("%s: %d, want %d, %v", name, len(p.Items), tt.want, err)
			}
		}
		for _, c := range []string{"x", "!", cursorOf(1), cursorOf(1, 2, 3), cursorOf(1, 2) + "A"} {
			if _, err := s.Cases(ctx, cases.CaseQuery{Cursor: c}); !errors.Is(err, cases.ErrInvalid) {
				t.Errorf("cursor %q: %v", c, err)
			}
		}
	})
}

func TestDossierAndReports(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		p := about("+12025550143", "", "+12125550100")
		p.Reporter = cases.Contact{Email: "ann@example.org", Name: "Ann"}
		p.Mail.MessageID = "<1@example.org>"
		p.OccurredAt = cases.TimeRange{Earliest: noon.Add(-time.Hour), Latest: noon.Add(-30 * time.Minute)}
		ack := &cases.Sending{Kind: cases.SendingAcknowledgement, To: "ann@example.org", ToDigest: "d", MessageID: "ab.1@desk", State: cases.SendingPlanned}
		one := fileAt(t, s, noon, p, ack)
		two := file(t, s, about("+12025550143", "", "+12125550101"))
		other := file(t, s, about("+13105550111", "", ""))
		p.Numbers = append(p.Numbers, cases.NumberMention{E164: "+13105550111", Role: cases.RoleCaller, Confidence: 1})
		three := file(t, s, p)
		if err := s.AddFindings(ctx, cases.Attempt{}, noon, one.ReportID, []cases.Finding{{Kind: cases.FindingCorroboration, Verdict: "unknown", Producer: "t"}}); err != nil {
			t.Fatal(err)
		}
		update(t, s, one.CaseID, func(c *cases.Case) error { return c.Note(ann, noon, "hello") })
		d, err := s.Dossier(ctx, one.CaseID)
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Reports) != 3 || d.Reports[0].ID != three.ReportID || len(d.Findings) != 1 || len(d.Sendings) != 1 || len(d.Related) != 1 || d.Related[0].CaseID != other.CaseID {
			t.Errorf("%d reports, %d findings, %d sendings, %d related", len(d.Reports), len(d.Findings), len(d.Sendings), len(d.Related))
		}
		if e := d.Events[0]; e.Command != "case.note" || e.Reason != "hello" || !e.At.Equal(noon) || len(d.Events) != 5 {
			t.Errorf("%d events, %+v", len(d.Events), e)
		}
		r, err := s.Report(ctx, one.ReportID)
		if err != nil {
			t.Fatal(err)
		}
		if r.CaseRef != one.CaseRef || r.CaseID != one.CaseID || r.LinkReason == "" || len(r.Subjects) != 2 || r.Reporter == nil || r.Reporter.Email != "ann@example.org" ||
			len(r.Messages) != 1 || r.Messages[0].Evidence != nil || r.Details.Mail.MessageID != "<1@example.org>" || r.OccurredAt() != p.OccurredAt {
			t.Errorf("%+v", r)
		}
		if byToken, err := s.ReportByToken(ctx, one.Token); err != nil || byToken.ID != one.ReportID {
			t.Error(byToken.ID, err)
		}
		if _, err := s.ReportByToken(ctx, "nonsense"); !errors.Is(err, cases.ErrNotFound) {
			t.Errorf("a token that nobody has: %v", err)
		}
		if r, _ := s.Report(ctx, two.ReportID); r.Reporter != nil {
			t.Error("nobody said who, and yet there is a reporter")
		}
		for name, tt := range map[string]struct {
			q    cases.ReportQuery
			want int
		}{
			"all": {cases.ReportQuery{}, 4}, "of a case": {cases.ReportQuery{CaseID: one.CaseID}, 3}, "called": {cases.ReportQuery{Number: "+12125550101"}, 1},
			"channel": {cases.ReportQuery{Channel: cases.ChannelWeb}, 0}, "bytes": {cases.ReportQuery{SHA256: r.Messages[0].SHA256}, 4}, "no bytes": {cases.ReportQuery{SHA256: "x"}, 0},
		} {
			p, err := s.Reports(ctx, tt.q)
			if err != nil || len(p.Items) != tt.want {
				t.Errorf("%s: %d, want %d, %v", name, len(p.Items), tt.want, err)
			}
		}
		page, err := s.Reports(ctx, cases.ReportQuery{Limit: 3})
		if err != nil || len(page.Items) != 3 || page.Next == "" {
			t.Fatal(len(page.Items), page.Next, err)
		}
		if page, err = s.Reports(ctx, cases.ReportQuery{Limit: 3, Cursor: page.Next}); err != nil || len(page.Items) != 1 || page.Next != "" || page.Items[0].ID != one.ReportID {
			t.Error(len(page.Items), page.Next, err)
		}
		es, err := s.Events(ctx, cases.EventQuery{ObjectKind: "report", ObjectID: fmt.Sprint(one.ReportID)})
		if err != nil || len(es.Items) != 1 || es.Items[0].Command != "report.file" {
			t.Errorf("%+v, %v", es, err)
		}
	})
}
