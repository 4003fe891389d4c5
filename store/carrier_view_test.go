package store

import (
	"errors"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

func TestAccountAndNumberView(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		importAccounts(t, s, cases.Account{ID: "top", Name: "Top"}, cases.Account{ID: "acme", ParentID: "top", Name: "Acme"},
			cases.Account{ID: "sub2", ParentID: "acme", Name: "B"}, cases.Account{ID: "sub1", ParentID: "acme", Name: "A"})
		if err := s.ImportConnections(ctx, importer, importedAt, []cases.Connection{{ID: "c1", AccountID: "acme"}, {ID: "c2", AccountID: "other"}}); err != nil {
			t.Fatal(err)
		}
		right := cases.Entitlement{E164: "+12025550143", AccountID: "acme", Kind: cases.EntitlementAssigned, From: importedAt.AddDate(-1, 0, 0)}
		if err := s.ImportEntitlements(ctx, importer, importedAt, []cases.Entitlement{right}); err != nil {
			t.Fatal(err)
		}
		old := testCall("old", "+12025550143", "+13125550199", "10:00:00")
		old.StartedAt = old.StartedAt.AddDate(0, 0, -8)
		ingest(t, s, old, testCall("a", "+12025550143", "+13125550199", "10:00:00"))

		v, err := s.AccountView(ctx, "acme", callsNow)
		if err != nil {
			t.Fatal(err)
		}
		if v.Account.Name != "Acme" || accountIDs(v.Path) != "top" || accountIDs(v.Children) != "sub1 sub2" {
			t.Errorf("tree: %s above %s above %s", accountIDs(v.Path), v.Account.ID, accountIDs(v.Children))
		}
		if len(v.Connections) != 1 || v.Connections[0].ID != "c1" || len(v.Entitlements) != 1 || !v.Entitlements[0].From.Equal(right.From) {
			t.Errorf("connections %+v, entitlements %+v", v.Connections, v.Entitlements)
		}
		if len(v.Traffic) != 1 || v.Traffic[0].Attempts != 1 {
			t.Errorf("traffic of the last seven days: %+v", v.Traffic)
		}
		if _, err := s.AccountView(ctx, "nobody", callsNow); !errors.Is(err, cases.ErrNotFound) {
			t.Errorf("view of nobody: %v", err)
		}
		n, err := s.NumberView(ctx, "+12025550143", callsNow)
		if err != nil || len(n.Entitlements) != 1 || len(n.Traffic) != 1 || len(n.Reports) != 0 || len(n.Cases) != 0 {
			t.Errorf("number: %+v, %v", n, err)
		}
	})
}

func TestViewsShowCasesReportsAndRestrictions(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		importAccounts(t, s, cases.Account{ID: "acme", Name: "Acme"})
		for _, r := range []cases.Restriction{
			{Kind: cases.KindChannelLimit, TargetKind: cases.TargetAccount, TargetID: "acme", Value: cases.RestrictionValue{Channels: 2}},
			{Kind: cases.KindCallerIDDenied, TargetKind: cases.TargetNumber, TargetID: "+12025550143"},
		} {
			r.Reason, r.ExpiresAt = "test", new(importedAt.Add(24*time.Hour))
			if _, err := s.ProposeRestriction(ctx, importer, importedAt, r); err != nil {
				t.Fatal(err)
			}
		}
		f := file(t, s, about("+12025550143", "", ""))
		v, err := s.AccountView(ctx, "acme", callsNow)
		if err != nil || len(v.Restrictions) != 1 || v.Restrictions[0].TargetID != "acme" {
			t.Errorf("restrictions of the account: %+v, %v", v.Restrictions, err)
		}
		n, err := s.NumberView(ctx, "+12025550143", callsNow)
		if err != nil || len(n.Restrictions) != 1 || n.Restrictions[0].TargetID != "+12025550143" {
			t.Errorf("restrictions of the number: %+v, %v", n.Restrictions, err)
		}
		if len(n.Reports) != 1 || n.Reports[0].ID != f.ReportID || len(n.Cases) != 1 || n.Cases[0].ID != f.CaseID {
			t.Errorf("reports %+v and cases %+v of the number", n.Reports, n.Cases)
		}
	})
}
