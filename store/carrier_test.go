package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/abusedesk/abusedesk/cases"
)

var (
	importer   = cases.Actor{Kind: cases.ActorPerson, ID: "ana", Name: "Ana", Role: cases.RoleAdmin, Person: "ana"}
	importedAt = time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)
)

func importAccounts(t *testing.T, s *Store, in ...cases.Account) {
	t.Helper()
	if err := s.ImportAccounts(t.Context(), importer, importedAt, in); err != nil {
		t.Fatal(err)
	}
}

func revision(t *testing.T, s *Store) int64 {
	t.Helper()
	var rev int64
	if err := s.db.Raw("select revision from restriction_revision").Scan(&rev).Error; err != nil {
		t.Fatal(err)
	}
	return rev
}

func accountIDs(in []cases.Account) string {
	var out []string
	for _, a := range in {
		out = append(out, a.ID)
	}
	return strings.Join(out, " ")
}

func TestImportAccountsAndReadThemBack(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		opened := time.Date(2024, 2, 29, 8, 0, 0, 0, time.FixedZone("", -5*3600))
		full := cases.Account{ID: "hosp", ParentID: "resell", Name: "General Hospital", Kind: "business", Country: "US", Status: "active",
			Protected: true, Email: "abuse@hospital.example", OpenedAt: opened}
		importAccounts(t, s, cases.Account{ID: "resell", Name: "Reseller"}, full)
		got, err := s.Account(t.Context(), "hosp")
		if err != nil {
			t.Fatal(err)
		}
		full.OpenedAt, full.UpdatedAt = opened.UTC(), importedAt
		if d := cmp.Diff(full, got); d != "" {
			t.Errorf("account (-want +got):\n%s", d)
		}
		if got, _ := s.Account(t.Context(), "resell"); got.Status != "active" || !got.OpenedAt.IsZero() {
			t.Errorf("defaults: %+v", got)
		}
		full.Name, full.Protected = "Hospital", false
		importAccounts(t, s, full)
		if got, _ := s.Account(t.Context(), "hosp"); got.Name != "Hospital" || got.Protected {
			t.Errorf("corrected: %+v", got)
		}
		if _, err := s.Account(t.Context(), "nobody"); !errors.Is(err, cases.ErrNotFound) {
			t.Errorf("unknown account: %v", err)
		}
		if _, err := s.AccountPath(t.Context(), "nobody"); !errors.Is(err, cases.ErrNotFound) {
			t.Errorf("path of an unknown account: %v", err)
		}
	})
}

func TestAccountPath(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		importAccounts(t, s, cases.Account{ID: "top", Name: "Top"}, cases.Account{ID: "mid", ParentID: "top", Name: "Mid"},
			cases.Account{ID: "end", ParentID: "mid", Name: "End"}, cases.Account{ID: "orphan", ParentID: "unknown", Name: "Orphan"})
		for id, want := range map[string]string{"end": "mid top", "mid": "top", "top": "", "orphan": ""} {
			if path, err := s.AccountPath(t.Context(), id); err != nil || accountIDs(path) != want {
				t.Errorf("above %s: %q, %v; want %q", id, accountIDs(path), err, want)
			}
		}
		// A cycle that came in some other way does not hang anybody.
		if err := s.db.Exec("update accounts set parent_id = 'end' where id = 'top'").Error; err != nil {
			t.Fatal(err)
		}
		if path, err := s.AccountPath(t.Context(), "end"); err != nil || accountIDs(path) != "mid top" {
			t.Errorf("above end in a cycle: %q, %v", accountIDs(path), err)
		}
	})
}

func TestImportRefusesATreeThatIsNone(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		importAccounts(t, s, cases.Account{ID: "top", Name: "Top"}, cases.Account{ID: "mid", ParentID: "top", Name: "Mid"}, cases.Account{ID: "end", ParentID: "mid", Name: "End"})
		var chain []cases.Account
		for i := range maxTree + 2 {
			chain = append(chain, cases.Account{ID: fmt.Sprintf("level%02d", i), ParentID: fmt.Sprintf("level%02d", i+1), Name: "Level"})
		}
		before := revision(t, s)
		for name, in := range map[string][]cases.Account{
			"its own parent":  {{ID: "new", ParentID: "new", Name: "New"}},
			"a cycle of many": {{ID: "top", ParentID: "end", Name: "Top"}},
			"too deep":        chain,
			"no id":           {{Name: "Nameless"}},
		} {
			if err := s.ImportAccounts(t.Context(), importer, importedAt, in); !errors.Is(err, cases.ErrInvalid) {
				t.Errorf("%s: %v, want ErrInvalid", name, err)
			}
		}
		if err := s.ImportAccounts(t.Context(), importer, importedAt, make([]cases.Account, 1)); !errors.Is(err, cases.ErrInvalid) {
			t.Errorf("empty row: %v", err)
		}
		if top, _ := s.Account(t.Context(), "top"); top.ParentID != "" {
			t.Errorf("a refused import changed top: %+v", top)
		}
		if got := revision(t, s); got != before {
			t.Errorf("refused imports took revisions %d to %d", before, got)
		}
	})
}

func TestImportsTakeARevisionWhereSnapshotsMustLearn(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		conn := cases.Connection{ID: "c1", AccountID: "end", Name: "PBX", Country: "US", SourceIPs: []string{"192.0.2.1"}, TechPrefix: "8765"}
		end := cases.Account{ID: "end", Name: "End"}
		below := cases.Account{ID: "end", ParentID: "top", Name: "End"}
		renamed := cases.Account{ID: "end", ParentID: "top", Name: "The End"}
		moved, named := conn, conn
		moved.SourceIPs = []string{"192.0.2.1", "192.0.2.2"}
		named.SourceIPs, named.Name = moved.SourceIPs, "Other"
		accounts := func(a cases.Account) func() error {
			return func() error { return s.ImportAccounts(ctx, importer, importedAt, []cases.Account{a}) }
		}
		connections := func(c cases.Connection) func() error {
			return func() error { return s.ImportConnections(ctx, importer, importedAt, []cases.Connection{c}) }
		}
		for _, step := range []struct {
			name string
			do   func() error
			want int64
		}{
			{"a direct customer", accounts(end), 1},
			{"the same direct customer", accounts(end), 0},
			{"moved below a reseller", accounts(below), 1},
			{"the same again", accounts(below), 0},
			{"another name", accounts(renamed), 0},
			{"a connection", connections(conn), 1},
			{"the same connection", connections(conn), 0},
			{"another address", connections(moved), 1},
			{"another name of it", connections(named), 0},
			{"an entitlement", func() error {
				return s.ImportEntitlements(ctx, importer, importedAt, []cases.Entitlement{{E164: "+12025550143", AccountID: "end", Kind: cases.EntitlementAssigned, From: importedAt}})
			}, 0},
		} {
			before, events := revision(t, s), countRows(t, s, "events")
			if err := step.do(); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if got := revision(t, s) - before; got != step.want {
				t.Errorf("%s: took %d revisions, want %d", step.name, got, step.want)
			}
			if got := countRows(t, s, "events") - events; got != 1 {
				t.Errorf("%s: %d events, want 1", step.name, got)
			}
		}
		var kept []cases.Connection
		if err := s.db.Find(&kept).Error; err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]cases.Connection{named}, kept, cmpopts.IgnoreFields(cases.Connection{}, "UpdatedAt")); d != "" {
			t.Errorf("connections (-want +got):\n%s", d)
		}
	})
}

func TestEntitlementsAreKnownByTheirBeginning(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
		assigned := cases.Entitlement{E164: "+12025550143", AccountID: "acme", Kind: cases.EntitlementAssigned, From: day(1)}
		loa := cases.Entitlement{E164: "+12025550143", AccountID: "agency", Kind: cases.EntitlementLOA, From: day(3)}
		other := cases.Entitlement{E164: "+12025550144", AccountID: "acme", Kind: cases.EntitlementAssigned, From: day(1)}
		send := func(in ...cases.Entitlement) {
			t.Helper()
			if err := s.ImportEntitlements(t.Context(), importer, importedAt, in); err != nil {
				t.Fatal(err)
			}
		}
		send(assigned, loa, other)
		assigned.Until = new(day(5))
		again := cases.Entitlement{E164: "+12025550143", AccountID: "acme", Kind: cases.EntitlementAssigned, From: day(9)}
		send(assigned, again)
		got, err := s.Entitlements(t.Context(), "+12025550143")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]cases.Entitlement{assigned, loa, again}, got, cmpopts.IgnoreFields(cases.Entitlement{}, "ID")); d != "" {
			t.Errorf("entitlements (-want +got):\n%s", d)
		}
		loa.Until = new(day(2))
		if err := s.ImportEntitlements(t.Context(), importer, importedAt, []cases.Entitlement{loa}); !errors.Is(err, cases.ErrInvalid) {
			t.Errorf("ends before it begins: %v", err)
		}
	})
}

func TestAccountsAreListedByName(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		importAccounts(t, s, cases.Account{ID: "a1", Name: "Delta Dental", Email: "abuse@delta.example"}, cases.Account{ID: "a2", Name: "Alpha 100% Loans"},
			cases.Account{ID: "a3", Name: "Alpha Dental"}, cases.Account{ID: "a4", Name: "Alpha Dental"}, cases.Account{ID: "b_5", Name: "Zulu"})
		list := func(text string, limit int) string {
			t.Helper()
			var got []string
			cursor := ""
			for {
				page, err := s.Accounts(t.Context(), text, cursor, limit)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, accountIDs(page.Items))
				if cursor = page.Next; cursor == "" {
					return strings.Join(got, "|")
				}
			}
		}
		for _, tt := range []struct {
			text  string
			limit int
			want  string
		}{
			{"", 0, "a2 a3 a4 a1 b_5"},
			{"", 2, "a2 a3|a4 a1|b_5"},
			{"dental ALPHA", 1, "a3|a4"},
			{"@delta", 0, "a1"},
			{"0%", 0, "a2"},
			{"_", 0, "b_5"},
			{"nobody", 0, ""},
		} {
			if got := list(tt.text, tt.limit); got != tt.want {
				t.Errorf("%q by %d: %q, want %q", tt.text, tt.limit, got, tt.want)
			}
		}
		if _, err := s.Accounts(context.Background(), "", "?", 0); !errors.Is(err, cases.ErrInvalid) {
			t.Errorf("bad cursor: %v", err)
		}
	})
}
