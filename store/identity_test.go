package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

// What was served is kept for ever: seen again it lasts longer, another file begins
// anew, and the first one coming back does so too.
func TestMaterialsAreArchived(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		const address = "https://certs.example.com/a.pem"
		keep := func(at time.Time, content string) {
			t.Helper()
			if _, err := s.ArchiveMaterial(ctx, at, cases.IdentityMaterial{Kind: cases.MaterialChain, Address: address, Content: []byte(content)}); err != nil {
				t.Fatal(err)
			}
		}
		for i, content := range []string{"one", "one", "two", "one"} {
			keep(noon.Add(time.Duration(i)*time.Hour), content)
		}
		keep(noon, "one") // by a replica whose clock is behind
		got, err := s.Materials(ctx, cases.MaterialChain, address)
		if err != nil || len(got) != 3 {
			t.Fatalf("%d sightings, %v", len(got), err)
		}
		for i, want := range [][2]time.Time{{noon.Add(3 * time.Hour), noon.Add(3 * time.Hour)}, {noon.Add(2 * time.Hour), noon.Add(2 * time.Hour)}, {noon, noon.Add(time.Hour)}} {
			if !got[i].FirstSeen.Equal(want[0]) || !got[i].LastSeen.Equal(want[1]) {
				t.Errorf("sighting %d from %s to %s", i, got[i].FirstSeen, got[i].LastSeen)
			}
		}
		if got[0].SHA256 != got[2].SHA256 || got[0].SHA256 == got[1].SHA256 || count(t, s, "SELECT count(*) FROM identity_materials") != 2 {
			t.Error("contents are not addressed by their digest")
		}
		content, err := s.MaterialContent(ctx, got[1].SHA256)
		if err != nil || string(content) != "two" {
			t.Errorf("%q, %v", content, err)
		}
		if _, err := s.MaterialContent(ctx, "none"); !errors.Is(err, cases.ErrNotFound) {
			t.Errorf("a digest that nothing has: %v", err)
		}
		for _, sql := range []string{"UPDATE identity_materials SET content = content", "DELETE FROM identity_materials"} {
			if err := s.db.Exec(sql).Error; err == nil {
				t.Errorf("%s was done", sql)
			}
		}
		f, err := s.MaterialFetch(ctx, cases.MaterialChain, address)
		if err != nil || f.Failures != 0 || !f.NextAt.Equal(noon.Add(24*time.Hour)) {
			t.Errorf("fetch %+v, %v", f, err)
		}
		for range 2 {
			if err := s.FetchFailed(ctx, noon, cases.MaterialCRL, address, "no route"); err != nil {
				t.Fatal(err)
			}
		}
		f, err = s.MaterialFetch(ctx, cases.MaterialCRL, address)
		if err != nil || f.Failures != 2 || f.Error != "no route" || !f.NextAt.Equal(noon.Add(20*time.Minute)) {
			t.Errorf("failed fetch %+v, %v", f, err)
		}
		if f, err := s.MaterialFetch(ctx, cases.MaterialCRL, "https://never.example"); err != nil || f != (cases.MaterialFetch{}) {
			t.Errorf("never asked: %+v, %v", f, err)
		}
	})
}

// Clusters follow reports that a merge moves, and forget what a later look no
// longer proves.
func TestSignersAcrossCases(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		signed := func(f cases.Filed, spc, origid string, proven bool) {
			t.Helper()
			at := noon.Add(-time.Hour)
			err := s.AddFindings(ctx, cases.Attempt{}, noon, f.ReportID, []cases.Finding{{Kind: cases.FindingIdentity, Verdict: string(cases.IdentityValid), Producer: "t", WindowFrom: &at, WindowTo: &at,
				Data: cases.FindingData{Identity: &cases.Identity{Proven: proven, Token: &cases.IdentityToken{Attest: "A", OrigID: origid}, Signer: &cases.IdentityCertificate{SPCs: []string{spc}}}}}})
			if err != nil {
				t.Fatal(err)
			}
		}
		var fs []cases.Filed
		for i := range 4 {
			fs = append(fs, file(t, s, about(fmt.Sprintf("+1202555%04d", 100+i), "", "")))
		}
		signed(fs[0], "709J", "o-1", true)
		signed(fs[1], "709J", "o-1", true)
		signed(fs[2], "709J", "o-1", false) // anybody can name an origid
		signed(fs[3], "810K", "o-1", true)
		want := []cases.SignerCluster{{SPC: "709J", OrigID: "o-1", Cases: 2, Reports: 2, First: noon.Add(-time.Hour), Last: noon.Add(-time.Hour), Refs: []string{fs[1].CaseRef, fs[0].CaseRef}}}
		got, err := s.SignerClusters(ctx, 0, 10)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, d)
		}
		if got, err = s.SignerClusters(ctx, fs[0].CaseID, 10); cmp.Diff(want, got) != "" || err != nil {
			t.Errorf("of a case: %+v, %v", got, err)
		}
		if got, err = s.SignerClusters(ctx, fs[3].CaseID, 10); len(got) != 1 || got[0].Cases != 1 || err != nil {
			t.Errorf("of a case alone: %+v, %v", got, err)
		}
		signed(fs[1], "709J", "o-2", true)
		if got, err = s.SignerClusters(ctx, 0, 10); len(got) != 0 || err != nil {
			t.Errorf("after another look: %+v, %v", got, err)
		}
	})
}

func TestOurOwnAttestationIsCompared(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx, sys := t.Context(), cases.System("test")
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(s.ImportAccounts(ctx, sys, noon, []cases.Account{{ID: "reseller", Name: "R"}, {ID: "acme", Name: "Acme", ParentID: "reseller"}}))
		until := noon.Add(-150 * time.Minute)
		must(s.ImportEntitlements(ctx, sys, noon, []cases.Entitlement{{E164: "+12025550101", AccountID: "acme", Kind: cases.EntitlementAssigned, From: noon.AddDate(-1, 0, 0)},
			{E164: "+12025550102", AccountID: "reseller", Kind: cases.EntitlementAssigned, From: noon.AddDate(-1, 0, 0)},
			{E164: "+12025550103", AccountID: "acme", Kind: cases.EntitlementAssigned, From: noon.AddDate(-1, 0, 0), Until: &until}}))
		n := 0
		call := func(from, attest, direction string, at time.Time) cases.Call {
			n++
			return cases.Call{SourceID: fmt.Sprint(n), AccountID: "acme", Direction: direction, From: from, To: "+13125550199", StartedAt: at, Attest: attest, SIPCode: 200}
		}
		before, after := noon.Add(-170*time.Minute), noon.Add(-110*time.Minute)
		_, err := s.IngestCalls(ctx, noon, cases.Ingest{Source: "sbc", Calls: []cases.Call{
			call("+12025550101", "A", "outbound", before), // its own
			call("+12025550102", "A", "outbound", before), // its reseller's
			call("+12025550103", "A", "outbound", before), // while it had the right
			call("+12025550103", "A", "outbound", after),  // no longer
			call("+12025550104", "A", "outbound", before), // never
			call("+12025550104", "A", "outbound", before),
			call("+12025550104", "B", "outbound", before), // we did not say so
			call("+12025550104", "A", "inbound", before),  // others signed
		}})
		must(err)
		foldAll(t, s, foldLease(t, s))
		hours, to, err := s.UnentitledHours(ctx, noon, "first", noon.Add(-time.Hour), 1)
		must(err)
		if len(hours) != 1 || len(hours[0].Calls) != 2 || hours[0].SignedA != 5 || to.AccountID != "acme" {
			t.Fatalf("first batch %+v, to %+v", hours, to)
		}
		none := func(cases.Call) bool { return false }
		must(s.KeepAudits(ctx, noon, to, []cases.AttestationAudit{hours[0].Audit(none)}))
		hours, to, err = s.UnentitledHours(ctx, noon, "first", noon.Add(-time.Hour), 10)
		must(err)
		if len(hours) != 1 || len(hours[0].Calls) != 1 || hours[0].Calls[0].From != "+12025550103" || !to.Hour.Equal(noon.Add(-time.Hour)) {
			t.Fatalf("second batch %+v, to %+v", hours, to)
		}
		must(s.KeepAudits(ctx, noon, to, []cases.AttestationAudit{hours[0].Audit(none)}))
		if hours, _, err = s.UnentitledHours(ctx, noon, "first", noon.Add(-time.Hour), 10); err != nil || len(hours) != 0 {
			t.Errorf("behind the cursor: %+v, %v", hours, err)
		}
		totals, err := s.AuditTotals(ctx, noon.Add(-12*time.Hour), noon, 10)
		if d := cmp.Diff([]cases.AttestationDay{{AccountID: "acme", Name: "Acme", Day: noon.Add(-12 * time.Hour), SignedA: 6, WithoutRight: 3}}, totals); d != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, d)
		}
		of, err := s.AuditsOf(ctx, "acme", noon.AddDate(0, 0, -7))
		if err != nil || len(of) != 2 || of[1].Numbers[0].E164 != "+12025550104" || of[1].Numbers[0].Calls != 2 || of[1].Numbers[0].Call == "" {
			t.Errorf("%+v, %v", of, err)
		}
		// A right that is recorded late takes it back in the second pass.
		must(s.ImportEntitlements(ctx, sys, noon, []cases.Entitlement{{E164: "+12025550104", AccountID: "acme", Kind: cases.EntitlementLOA, From: noon.AddDate(0, -1, 0)}}))
		hours, to, err = s.UnentitledHours(ctx, noon, "second", noon.Add(-time.Hour), 10)
		must(err)
		var again []cases.AttestationAudit
		for _, h := range hours {
			again = append(again, h.Audit(none))
		}
		must(s.KeepAudits(ctx, noon, to, again))
		if of, err = s.AuditsOf(ctx, "acme", noon.AddDate(0, 0, -7)); err != nil || len(of) != 1 || of[0].WithoutRight != 1 {
			t.Errorf("after the second pass %+v, %v", of, err)
		}
	})
}
