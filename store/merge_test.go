package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

// belongings are the links and keys as they are: report or key → case.
func belongings(t *testing.T, s *Store) map[string]string {
	t.Helper()
	var rows []struct {
		What      string
		CaseID    int64
		MovedFrom int64
	}
	err := s.db.Raw(`SELECT 'report ' || report_id AS what, case_id, moved_from FROM links
		UNION ALL SELECT kind || ':' || value || CASE WHEN live THEN '' ELSE ' released' END, case_id, moved_from FROM case_keys`).Scan(&rows).Error
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for _, r := range rows {
		m[r.What] = fmt.Sprintf("case %d from %d", r.CaseID, r.MovedFrom)
	}
	return m
}

func merge(t *testing.T, s *Store, from, into int64) {
	t.Helper()
	if err := s.MergeCases(t.Context(), ann, noon, from, into, "the same script"); err != nil {
		t.Fatal(err)
	}
}

func unmerge(t *testing.T, s *Store, from int64) {
	t.Helper()
	if err := s.UnmergeCase(t.Context(), ann, noon, from, "not the same after all"); err != nil {
		t.Fatal(err)
	}
}

func TestMergeIsUndoneExactly(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		a := file(t, s, about("+12025550101", "", ""))
		file(t, s, about("+12025550101", "+12025550111", ""))
		b := file(t, s, about("+12025550102", "", ""))
		c := file(t, s, about("+12025550103", "", ""))
		if err := s.AddFindings(ctx, cases.Attempt{}, noon, a.ReportID, []cases.Finding{{Kind: cases.FindingCorroboration, Verdict: "confirmed", Producer: "t"}}); err != nil {
			t.Fatal(err)
		}
		start := belongings(t, s)

		merge(t, s, a.CaseID, b.CaseID)
		if ca := assess(t, s, noon, b.CaseID); ca.Facts.Reports != 3 || ca.Facts.Confirmed != 1 {
			t.Errorf("the merged case has %d reports, %d confirmed", ca.Facts.Reports, ca.Facts.Confirmed)
		}
		if ca := assess(t, s, noon, a.CaseID); ca.MergedInto != b.CaseID || ca.Version != 1 {
			t.Errorf("a merged case was assessed: %+v", ca)
		}
		if d, err := s.Dossier(ctx, b.CaseID); err != nil || len(d.Reports) != 3 || len(d.Findings) != 1 || d.Reports[2].MovedFrom != a.CaseID {
			t.Errorf("dossier: %+v, %v", d, err)
		}
		if p, err := s.Cases(ctx, cases.CaseQuery{}); err != nil || len(p.Items) != 2 {
			t.Errorf("the queue has %d cases, %v", len(p.Items), err)
		}
		one := belongings(t, s)
		merge(t, s, b.CaseID, c.CaseID)
		// New reports of any of them join the one that is left.
		joined := file(t, s, about("+12025550101", "", ""))
		if joined.CaseID != c.CaseID {
			t.Errorf("joined case %d, want %d", joined.CaseID, c.CaseID)
		}
		again := belongings(t, s)

		// Undone in the order of their making …
		unmerge(t, s, b.CaseID)
		want := one
		want[fmt.Sprint("report ", joined.ReportID)] = fmt.Sprintf("case %d from 0", c.CaseID)
		if diff := cmp.Diff(want, belongings(t, s)); diff != "" {
			t.Error("the second merge undone:", diff)
		}
		merge(t, s, b.CaseID, c.CaseID)
		if diff := cmp.Diff(again, belongings(t, s)); diff != "" {
			t.Error("merged again:", diff)
		}
		// … or the inner one first.
		unmerge(t, s, a.CaseID)
		unmerge(t, s, b.CaseID)
		want = start
		want[fmt.Sprint("report ", joined.ReportID)] = fmt.Sprintf("case %d from 0", c.CaseID)
		if diff := cmp.Diff(want, belongings(t, s)); diff != "" {
			t.Error("both undone:", diff)
		}
		if n := count(t, s, "SELECT count(*) FROM events WHERE command IN ('case.merge', 'case.unmerge')"); n != 12 {
			t.Errorf("%d events", n)
		}
		if n := count(t, s, "SELECT count(*) FROM jobs WHERE kind = 'assess' AND object_id = ?", a.CaseID); n < 3 {
			t.Errorf("%d assessments of the case that came back", n)
		}
	})
}

func TestMergeRefuses(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		a := file(t, s, about("+12025550101", "", "")).CaseID
		b := file(t, s, about("+12025550102", "", "")).CaseID
		done := file(t, s, about("+12025550103", "", "")).CaseID
		update(t, s, done, resolve(noon))
		for name, tt := range map[string]struct {
			actor      cases.Actor
			from, into int64
			reason     string
			want       error
		}{
			"into itself":   {ann, a, a, "x", cases.ErrInvalid},
			"into resolved": {ann, a, done, "x", cases.ErrConflict},
			"no reason":     {ann, a, b, " ", cases.ErrInvalid},
			"an auditor":    {staff("aud", cases.RoleAuditor), a, b, "x", cases.ErrForbidden},
			"no such case":  {ann, a, 99, "x", cases.ErrNotFound},
		} {
			if err := s.MergeCases(ctx, tt.actor, noon, tt.from, tt.into, tt.reason); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		merge(t, s, a, b)
		if err := s.MergeCases(ctx, ann, noon, a, b, "x"); !errors.Is(err, cases.ErrConflict) {
			t.Errorf("merged twice: %v", err)
		}
		if err := s.MergeCases(ctx, ann, noon, b, a, "x"); !errors.Is(err, cases.ErrConflict) {
			t.Errorf("merged in a circle: %v", err)
		}
		if err := s.UnmergeCase(ctx, ann, noon, b, "x"); !errors.Is(err, cases.ErrConflict) {
			t.Errorf("unmerged what is not merged: %v", err)
		}
		if _, err := s.UpdateCase(ctx, a, 0, func(c *cases.Case) error { return c.Claim(ann, noon) }); !errors.Is(err, cases.ErrConflict) {
			t.Errorf("a merged case took a command: %v", err)
		}
	})
}

// Reports that arrive while two cases are merged and taken apart end up in a
// case that is not merged.
func TestFileWhileMerging(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		a := file(t, s, about("+12025550101", "", "")).CaseID
		b := file(t, s, about("+12025550102", "", "")).CaseID
		var messages []cases.Message
		for i := range 40 {
			m, _ := accept(t, s, delivery(cases.ChannelChat, fmt.Sprint(i), "x"))
			messages = append(messages, m)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := range 6 {
				if i%2 == 0 {
					merge(t, s, a, b)
				} else {
					unmerge(t, s, a)
				}
			}
			merge(t, s, a, b)
		})
		for i, m := range messages {
			wg.Go(func() {
				p := about("+12025550101", fmt.Sprintf("+1310555%04d", i), "")
				if _, err := fileOne(t.Context(), s, cases.Attempt{}, noon.Add(time.Second), cases.Filing{Message: m, Parsed: p}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := count(t, s, "SELECT count(*) FROM links l JOIN cases c ON c.id = l.case_id WHERE c.merged_into <> 0"); n != 0 {
			t.Errorf("%d reports are in a case that was merged away", n)
		}
		if n := count(t, s, "SELECT count(*) FROM case_keys k JOIN cases c ON c.id = k.case_id WHERE k.live AND c.merged_into <> 0"); n != 0 {
			t.Errorf("%d keys are held by a case that was merged away", n)
		}
		if n := count(t, s, "SELECT count(*) FROM links WHERE case_id = ?", b); n != 42 {
			t.Errorf("%d reports, want 42", n)
		}
	})
}

// The keys of a resolved case wait for their end where the case is merged, and
// meet it when it is taken apart.
func TestAMergedCaseKeepsItsEnd(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		p := about("+12025550101", "", "")
		a := file(t, s, p).CaseID
		b := file(t, s, about("+12025550102", "", "")).CaseID
		update(t, s, a, resolve(noon))
		merge(t, s, a, b)
		past := noon.Add(cases.ReopenWindow)
		if n, err := s.ReleaseKeys(ctx, past); n != 0 || err != nil {
			t.Errorf("released %d, %v", n, err)
		}
		if f := fileAt(t, s, past, p, nil); f.CaseID != b {
			t.Errorf("joined case %d, want %d", f.CaseID, b)
		}
		unmerge(t, s, a)
		if n, err := s.ReleaseKeys(ctx, past); n != 1 || err != nil {
			t.Errorf("released %d, %v", n, err)
		}
		if f := fileAt(t, s, past, p, nil); !f.NewCase {
			t.Errorf("joined %+v", f)
		}
	})
}

// A report that is being filed into a case pins it: the merge waits, and takes
// the report along.
func TestMergeWaitsForAFiling(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		if s.dialect == migrations.SQLite {
			return // one writer at a time
		}
		a := file(t, s, about("+12025550101", "", "")).CaseID
		b := file(t, s, about("+12025550102", "", "")).CaseID
		m, _ := accept(t, s, delivery(cases.ChannelChat, "k", "x"))
		tx := s.db.Begin()
		defer tx.Rollback()
		x := s.filings(tx, noon, []cases.Filing{{Message: m, Parsed: about("+12025550101", "", "")}})
		if err := x.file(); err != nil || x.all[0].filed.CaseID != a {
			t.Fatal(x.all[0].filed, err)
		}
		merged := make(chan error, 1)
		go func() { merged <- s.MergeCases(t.Context(), ann, noon, a, b, "the same") }()
		over, err := blockedOrDone(t, s, merged)
		if e := tx.Commit().Error; e != nil {
			t.Fatal(e)
		}
		if !over {
			err = <-merged
		}
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, s, "SELECT count(*) FROM links WHERE case_id = ?", b); n != 3 {
			t.Errorf("%d of 3 reports are in the case that is left", n)
		}
	})
}

// A report that found a case which is then merged away goes where its key went.
func TestFilingFollowsAMerge(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		if s.dialect == migrations.SQLite {
			return // one writer at a time
		}
		a := file(t, s, about("+12025550101", "", "")).CaseID
		b := file(t, s, about("+12025550102", "", "")).CaseID
		m, _ := accept(t, s, delivery(cases.ChannelChat, "k", "x"))
		tx := s.db.Begin()
		defer tx.Rollback()
		if err := s.merge(tx, ann, noon, a, b, "the same"); err != nil {
			t.Fatal(err)
		}
		var filed cases.Filed
		done := make(chan error, 1)
		go func() {
			var err error
			filed, err = fileOne(t.Context(), s, cases.Attempt{}, noon, cases.Filing{Message: m, Parsed: about("+12025550101", "", "")})
			done <- err
		}()
		over, err := blockedOrDone(t, s, done)
		if e := tx.Commit().Error; e != nil {
			t.Fatal(e)
		}
		if !over {
			err = <-done
		}
		if err != nil || filed.CaseID != b {
			t.Errorf("filed in case %d, want %d, %v", filed.CaseID, b, err)
		}
	})
}

// blockedOrDone returns when a transaction of this database waits for another,
// or done has its result.
func blockedOrDone(t *testing.T, s *Store, done <-chan error) (over bool, err error) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		select {
		case err := <-done:
			return true, err
		default:
		}
		if count(t, s, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0") > 0 {
			return false, nil
		}
	}
	t.Fatal("neither waits nor ends")
	return false, nil
}
