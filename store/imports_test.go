package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

func importOf(source string) cases.ImportFile {
	return cases.ImportFile{Kind: cases.ImportCalls, Source: source, SHA256: "f1", Reading: "asterisk zone=UTC", Format: "asterisk"}
}

func imported(n int) []cases.Call {
	var out []cases.Call
	for i := range n {
		out = append(out, cases.Call{SourceID: fmt.Sprint("i", i), Direction: "outbound", AccountID: "acme", From: "+12025550143", To: "+13125550198", StartedAt: noon.Add(-time.Hour)})
	}
	return out
}

// The place commits with the batch, both or neither.
func TestImportsGoOn(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		if _, err := s.ImportFile(ctx, importOf("pbx")); !errors.Is(err, cases.ErrNotFound) {
			t.Fatal(err)
		}
		in := cases.Ingest{Source: "pbx", Calls: imported(3)}
		first, done, err := s.ImportCalls(ctx, noon, importOf("pbx"), in, cases.ImportStep{Rows: 5, Skipped: map[string]int{"to is required": 1}, Ignored: map[string]int{"a BYE": 1}})
		if err != nil || done.New != 3 {
			t.Fatal(done, err)
		}
		want := importOf("pbx")
		want.Rows, want.Kept, want.Skipped, want.Ignored, want.StartedAt = 5, 3, map[string]int{"to is required": 1}, map[string]int{"a BYE": 1}, noon
		got, err := s.ImportFile(ctx, importOf("pbx"))
		got.StartedAt = got.StartedAt.UTC()
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%v (-want +got):\n%s", err, d)
		}
		second, _, err := s.ImportCalls(ctx, noon.Add(time.Minute), first, cases.Ingest{Source: "pbx"}, cases.ImportStep{Rows: 2, Skipped: map[string]int{"to is required": 2}, Place: "there"})
		if err != nil || second.Rows != 7 || second.Refused() != 3 || second.Place != "there" {
			t.Fatal(second, err)
		}
		// Whoever has another place in mind changes nothing.
		for _, stale := range []cases.ImportFile{first, importOf("pbx")} {
			in.Calls = []cases.Call{{SourceID: "late", Direction: "outbound", From: "+12025550143", To: "+13125550198", StartedAt: noon}}
			if _, _, err := s.ImportCalls(ctx, noon, stale, in, cases.ImportStep{Rows: 1}); !errors.Is(err, cases.ErrConflict) {
				t.Errorf("from row %d: %v", stale.Rows, err)
			}
			if cs, err := s.MatchingCalls(ctx, cases.CallQuery{From: "+12025550143"}); err != nil || len(cs) != 3 {
				t.Errorf("%d calls, %v", len(cs), err)
			}
		}
		// The same file of another switch, or read otherwise, is another import.
		for _, other := range []cases.ImportFile{importOf("pbx2"), {Kind: cases.ImportCalls, Source: "pbx", SHA256: "f1", Reading: "csv"}} {
			if _, err := s.ImportFile(ctx, other); !errors.Is(err, cases.ErrNotFound) {
				t.Error(err)
			}
		}
		finished, err := s.FinishImport(ctx, cases.System("test"), noon, second)
		if err != nil || finished.DoneAt == nil {
			t.Fatal(finished, err)
		}
		events, err := s.Events(ctx, cases.EventQuery{})
		if err != nil || len(events.Items) != 1 || events.Items[0].Command != "calls.import" || events.Items[0].Data["refused"] != "3" || events.Items[0].Data["source"] != "pbx" {
			t.Errorf("%+v, %v", events.Items, err)
		}
		// One that is done can begin once more; records that are there change nothing.
		in.Calls = imported(3)
		again, done, err := s.ImportCalls(ctx, noon, finished.Again(), in, cases.ImportStep{Rows: 5})
		if err != nil || again.Rows != 5 || again.DoneAt != nil || done.Unchanged != 3 {
			t.Errorf("%+v, %+v, %v", again, done, err)
		}
		if _, _, err := s.ImportCalls(ctx, noon, importOf("pbx"), cases.Ingest{Source: "pbx2"}, cases.ImportStep{}); err == nil {
			t.Error("a batch of another source")
		}
	})
}

// Of two that begin an import together one goes on.
func TestImportsThatBeginTogether(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		errs := make([]error, 4)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				_, _, errs[i] = s.ImportCalls(t.Context(), noon, importOf("pbx"), cases.Ingest{Source: "pbx", Calls: imported(20)}, cases.ImportStep{Rows: 20})
			})
		}
		wg.Wait()
		good := 0
		for _, err := range errs {
			if err == nil {
				good++
			} else if !errors.Is(err, cases.ErrConflict) {
				t.Error(err)
			}
		}
		f, err := s.ImportFile(t.Context(), importOf("pbx"))
		if good != 1 || err != nil || f.Rows != 20 {
			t.Errorf("%d went on, place %+v, %v", good, f, err)
		}
	})
}

// The imports of complaints that the version before has begun go on.
func TestImportsOfTheVersionBefore(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		file, err := os.ReadFile(filepath.Join("..", "migrations", string(s.dialect), "00012_imports.sql"))
		if err != nil {
			t.Fatal(err)
		}
		_, migration, ok := strings.Cut(string(file), "-- +goose Up")
		if !ok {
			t.Fatal("no migration")
		}
		db := s.read(t.Context())
		for _, sql := range append([]string{
			"DROP TABLE import_files",
			"INSERT INTO signal_files (sha256, format, rows, kept, skipped, started_at) VALUES ('old', 'ftc', 2000, 7, '{\"cannot be read\":3}', '2026-11-24 12:00:00+00:00')",
		}, strings.Split(strings.TrimRight(migration, "; \n"), ";\n")...) {
			if err := db.Exec(sql).Error; err != nil {
				t.Fatal(err)
			}
		}
		f, err := s.ImportFile(t.Context(), cases.ImportFile{Kind: cases.ImportSignals, SHA256: "old"})
		if err != nil || f.Rows != 2000 || f.Kept != 7 || f.Skipped[cases.SkipBadRow] != 3 || f.DoneAt != nil {
			t.Errorf("%+v, %v", f, err)
		}
	})
}
