package desk

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

func (w *world) signedUp(account string, opened time.Time, traits ...string) {
	w.t.Helper()
	w.must(w.desk.ImportAccounts(w.t.Context(), admin, []cases.Account{{ID: account, Name: "Customer " + account, Kind: "business", OpenedAt: opened}}))
	w.left(account, opened, traits...)
}

// left imports traits, each "kind value".
func (w *world) left(account string, at time.Time, traits ...string) {
	w.t.Helper()
	var in []cases.GivenTrait
	for _, t := range traits {
		kind, value, _ := strings.Cut(t, " ")
		in = append(in, cases.GivenTrait{AccountID: account, Kind: cases.TraitKind(kind), Value: value, FirstSeen: at})
	}
	w.must(w.desk.ImportTraits(w.t.Context(), admin, in))
}

func (w *world) marks(state cases.MatchState) []cases.AccountMatch {
	w.t.Helper()
	p, err := w.desk.Matches(w.t.Context(), ann, state, "", 0)
	w.must(err)
	return p.Items
}

// Somebody who was cut off last month and signs up again is marked as soon as his
// traits are there, before his first call; the mark limits nothing and is a
// person's to decide.
func TestACustomerWhoWasCutOffIsRecognised(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		lastMonth := noon.AddDate(0, -1, 0)
		w.signedUp("old", noon.AddDate(-1, 0, 0), "payment card-aa11bb22", "device dev-778899", "email jane.doe@gmail.com", "address 1420 N. Maple St, Springfield IL 62704")
		w.must(w.desk.ImportAccounts(ctx, admin, []cases.Account{{ID: "old", Name: "Customer old", Status: "closed", ClosedReason: "abuse", ClosedAt: lastMonth, OpenedAt: noon.AddDate(-1, 0, 0)}}))
		w.signedUp("gone", noon.AddDate(-1, 0, 0), "payment card-99999999")
		w.must(w.desk.ImportAccounts(ctx, admin, []cases.Account{{ID: "gone", Name: "Customer gone", Status: "closed", ClosedReason: "customer", ClosedAt: lastMonth}}))
		if m := w.marks(""); len(m) != 0 {
			t.Fatalf("marked already: %+v", m)
		}
		w.signedUp("honest", noon.Add(-time.Hour), "address 1420 north maple street, Springfield, IL 62704", "payment card-12345678")
		w.signedUp("before", lastMonth.AddDate(0, -2, 0), "payment card-aa11bb22", "device dev-778899")
		w.signedUp("new", noon.Add(-time.Hour), "device DEV 778899", "email janedoe+x@googlemail.com", "payment card-55667788")
		w.signedUp("mover", noon.Add(-time.Hour), "payment card-99999999", "device dev-000011")
		m := w.marks(cases.MatchOpen)
		if len(m) != 1 || m[0].AccountID != "new" || m[0].OtherID != "old" || m[0].Score < cases.ReturnerScore || m[0].CutOff != cases.CutOffClosed || m[0].Calls != 0 {
			t.Fatalf("%+v", m)
		}
		for _, want := range []string{"Customer old, closed for abuse on 24 October 2026", "same device", "same e-mail address (j…@googlemail.com)"} {
			if s := m[0].Sentence(); !strings.Contains(s, want) {
				t.Errorf("%q lacks %q", s, want)
			}
		}
		for _, g := range []cases.GivenTrait{{AccountID: "x", Kind: cases.TraitAddress, Value: "1420 N. Maple St, Springfield IL 62704"}, {AccountID: "x", Kind: cases.TraitEmail, Value: "janedoe@gmail.com"}} {
			for _, kept := range w.desk.traits(g) {
				if s := strings.ToLower(kept.Digest + " " + kept.Shown); len(kept.Digest) != 32 || strings.Contains(s, "maple") || strings.Contains(s, "janedoe") || strings.Contains(s, "1420") {
					t.Errorf("a value is kept: %+v", kept)
				}
			}
		}
		rs, err := w.store.Restrictions(ctx, cases.RestrictionQuery{})
		if err != nil || len(rs.Items) != 0 {
			t.Errorf("it was limited: %+v, %v", rs.Items, err)
		}
		events, err := w.store.Events(ctx, cases.EventQuery{Command: "account.returner"})
		if err != nil || len(events.Items) != 1 || events.Items[0].ObjectID != "new" || events.Items[0].Data["other"] != "old" {
			t.Errorf("%+v, %v", events.Items, err)
		}
		// Looking again finds nothing new.
		if n, err := w.store.MatchReturners(ctx, w.clock()); n != 0 || err != nil {
			t.Errorf("%d new, %v", n, err)
		}
		// A dismissal is remembered, whatever is imported again.
		_, err = w.desk.DecideMatch(ctx, ann, "old", m[0].ID, cases.MatchDismissed, "x")
		w.refused(err, cases.ErrNotFound, "mark")
		if _, err = w.desk.DecideMatch(ctx, ann, "new", m[0].ID, cases.MatchDismissed, "His sister, who called us."); err != nil {
			t.Fatal(err)
		}
		w.left("new", noon, "payment card-aa11bb22")
		if n, err := w.store.MatchReturners(ctx, w.clock()); n != 0 || err != nil || len(w.marks(cases.MatchOpen)) != 0 {
			t.Errorf("%d new, %v", n, err)
		}
		c, err := w.desk.Customer(ctx, ann, "new", "", 0)
		w.must(err)
		if len(c.Matches) != 1 || c.Matches[0].State != cases.MatchDismissed || c.Matches[0].DecidedBy == "" {
			t.Errorf("%+v", c.Matches)
		}
		if len(c.Links) != 2 || c.Links[0].AccountID != "old" && c.Links[1].AccountID != "old" {
			t.Errorf("links: %+v", c.Links)
		}
	})
}

// Whoever is suspended, or whose calls a case upheld, counts as cut off, from then
// on; a mark for which nothing speaks any more is withdrawn.
func TestWhoCountsAsCutOff(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.signedUp("one", noon.AddDate(-1, 0, 0), "payment card-aa11bb22", "device dev-778899")
		w.signedUp("two", noon.Add(-time.Minute), "payment card-aa11bb22", "device dev-778899")
		if n, err := w.store.MatchReturners(ctx, noon); n != 0 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		suspension := func() int64 {
			t.Helper()
			r, err := w.desk.Propose(ctx, ann, suspend("one", ""))
			w.must(err)
			_, err = w.desk.Approve(ctx, bob, r.ID)
			w.must(err)
			return r.ID
		}
		first := suspension()
		if n, err := w.store.MatchReturners(ctx, noon); n != 1 || err != nil {
			t.Fatalf("suspended: %d, %v", n, err)
		}
		if m := w.marks(cases.MatchOpen); len(m) != 1 || m[0].CutOff != cases.CutOffSuspended || m[0].AccountID != "two" {
			t.Errorf("%+v", m)
		}
		_, err := w.desk.Lift(ctx, ann, first, "x")
		w.must(err)
		if n, err := w.store.MatchReturners(ctx, noon); n != 0 || err != nil || len(w.marks(cases.MatchOpen)) != 0 || len(w.marks(cases.MatchWithdrawn)) != 1 {
			t.Errorf("lifted: %d, %v, %+v", n, err, w.marks(""))
		}
		suspension()
		if n, err := w.store.MatchReturners(ctx, noon); n != 1 || err != nil || len(w.marks(cases.MatchOpen)) != 1 {
			t.Errorf("suspended again: %d, %v", n, err)
		}
	})
}

// Traits that come late recognise him all the same, and the mark says after how
// many calls.
func TestRecognisedAfterSomeCalls(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.must(w.desk.ImportAccounts(t.Context(), admin, []cases.Account{{ID: "old", Name: "Old One", Status: "closed", ClosedReason: "abuse", ClosedAt: noon.AddDate(0, -1, 0)}}))
		w.left("old", noon.AddDate(-1, 0, 0), "payment card-aa11bb22", "device dev-778899")
		w.signedUp("new", noon.Add(-time.Hour))
		var made []cases.Call
		for i := range 42 {
			made = append(made, cases.Call{Source: "sbc", SourceID: fmt.Sprint(i), AccountID: "new", Direction: "outbound", From: "+12025550143", To: "+16175550100", StartedAt: noon.Add(-time.Duration(i+1) * time.Minute)})
		}
		_, err := w.desk.LoadCalls(t.Context(), admin, cases.Ingest{Source: "sbc", Calls: made})
		w.must(err)
		w.left("new", noon, "payment card-aa11bb22", "device dev-778899")
		if m := w.marks(cases.MatchOpen); len(m) != 1 || m[0].Calls != 42 {
			t.Errorf("%+v", m)
		}
	})
}

func TestTraitsThatSayNothingAreRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, g := range []cases.GivenTrait{{Kind: cases.TraitEmail, Value: "a@b.example"}, {AccountID: "x", Kind: "shoe", Value: "44"}, {AccountID: "x", Kind: cases.TraitMailDomain, Value: "b.example"},
			{AccountID: "x", Kind: cases.TraitPhone, Value: "call me"}, {AccountID: "x", Kind: cases.TraitIP, Value: "10.0.0.1"}, {AccountID: "x", Kind: cases.TraitName, Value: strings.Repeat("x", 400)},
			{AccountID: "x", Kind: cases.TraitEmail, Value: "a@b.example", FirstSeen: noon.AddDate(1, 0, 0)}} {
			if err := w.desk.ImportTraits(t.Context(), admin, []cases.GivenTrait{g}); !errors.Is(err, cases.ErrInvalid) {
				t.Errorf("%+v: %v", g, err)
			}
		}
		if err := w.desk.ImportTraits(t.Context(), ann, nil); !errors.Is(err, cases.ErrForbidden) {
			t.Errorf("an analyst: %v", err)
		}
	})
}

func TestCustomerFile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.signedUp("acme", noon.AddDate(-1, 0, 0))
		c, err := w.desk.Customer(ctx, ann, "acme", "", 0)
		w.must(err)
		if len(c.Missing) != 7 || c.KYC.Version != 0 {
			t.Errorf("nothing is known: %+v, %+v", c.Missing, c.KYC)
		}
		verified := noon.AddDate(0, -1, 0)
		k := cases.KYC{AccountID: "acme", LegalName: "Acme Dialers LLC", Registration: "12-3456789", Address: "1420 N Maple St, Springfield IL 62704", Documents: "certificate of formation",
			VerifiedAt: &verified, VerifiedHow: "register of companies", UseCase: "appointment reminders", MonthlyCalls: 20000, Destinations: "US"}
		boss := person("p_boss", cases.RoleApprover)
		w.refused(w.desk.EditKYC(ctx, ann, k), cases.ErrForbidden, "")
		w.must(w.desk.EditKYC(ctx, boss, k))
		w.refused(w.desk.EditKYC(ctx, boss, k), cases.ErrConflict, "meanwhile")
		k.Version, k.Note = 1, "renewed"
		w.must(w.desk.EditKYC(ctx, boss, k))
		c, err = w.desk.Customer(ctx, ann, "acme", "", 0)
		w.must(err)
		if c.KYC.LegalName != "on file" || c.KYC.Address != "on file" || c.KYC.UseCase != "appointment reminders" || len(c.Missing) != 0 || c.KYC.Version != 2 {
			t.Errorf("%+v, missing %v", c.KYC, c.Missing)
		}
		whole, err := w.desk.RevealKYC(ctx, ann, "acme")
		if err != nil || whole.LegalName != "Acme Dialers LLC" || whole.VerifiedBy != boss.Name || !whole.VerifiedAt.Equal(verified) {
			t.Errorf("%+v, %v", whole, err)
		}
		_, err = w.desk.RevealKYC(ctx, person("p_audit", cases.RoleAuditor), "acme")
		w.refused(err, cases.ErrForbidden, "")
		_, err = w.desk.RevealKYC(ctx, ann, "nobody")
		w.refused(err, cases.ErrNotFound, "nobody")
		w.refused(w.desk.EditKYC(ctx, boss, cases.KYC{AccountID: "nobody"}), cases.ErrNotFound, "nobody")
		for _, wrong := range []cases.KYC{{AccountID: "acme", MonthlyCalls: -1}, {AccountID: "acme", VerifiedAt: &verified}, {AccountID: "acme", Note: strings.Repeat("x", cases.MaxKYCField+1)}} {
			w.refused(w.desk.EditKYC(ctx, boss, wrong), cases.ErrInvalid, "")
		}
		events, err := w.store.Events(ctx, cases.EventQuery{ObjectKind: "account", ObjectID: "acme"})
		w.must(err)
		said := fmt.Sprintf("%+v", events.Items)
		if !strings.Contains(said, "kyc.read") || !strings.Contains(said, "fields:legal_name registration address verification") || !strings.Contains(said, "fields:note version:2") || strings.Contains(said, "Maple") {
			t.Errorf("the audit log: %s", said)
		}
		// What is on file recognises who comes back, too.
		w.must(w.desk.ImportAccounts(ctx, admin, []cases.Account{{ID: "acme", Name: "x", Status: "closed", ClosedReason: "abuse", ClosedAt: noon}}))
		w.signedUp("acme2", noon)
		w.must(w.desk.ImportKYC(ctx, admin, []cases.KYC{{AccountID: "acme2", LegalName: "ACME Dialers, Inc.", Registration: "12 3456789"}}))
		if m := w.marks(cases.MatchOpen); len(m) != 1 || m[0].AccountID != "acme2" {
			t.Errorf("%+v", m)
		}
	})
}

func TestPosture(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.signedUp("acme", noon.AddDate(-1, 0, 0))
		load := func(name string, state cases.PostureState, asOf time.Time) {
			t.Helper()
			w.must(w.desk.ImportPosture(ctx, admin, []cases.Posture{{AccountID: "acme", Name: name, State: state, AsOf: asOf, Source: "portal"}}))
		}
		load("two_factor", cases.PostureGood, noon)
		load("two_factor", cases.PostureBad, noon.Add(-time.Hour)) // older than what is known
		load("channel_limit", cases.PostureBad, noon)
		c, err := w.desk.Customer(ctx, ann, "acme", "", 0)
		w.must(err)
		if len(c.Posture) != len(cases.PostureChecks()) {
			t.Fatalf("%d checks", len(c.Posture))
		}
		for _, p := range c.Posture {
			want := map[string]cases.PostureState{"two_factor": cases.PostureGood, "channel_limit": cases.PostureBad}[p.Name]
			if want == "" {
				want = cases.PostureUnknown
			}
			if p.State != want || (p.Advice == "") != (p.State == cases.PostureGood) || want != cases.PostureUnknown && !p.AsOf.Equal(noon) {
				t.Errorf("%+v", p)
			}
		}
	})
}

func TestCustomersBelow(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.must(w.desk.ImportAccounts(ctx, admin, []cases.Account{{ID: "top", Name: "Top"}, {ID: "a", Name: "B", ParentID: "top"}, {ID: "b", Name: "A", ParentID: "top"}, {ID: "c", Name: "C", ParentID: "top"}, {ID: "d", Name: "D", ParentID: "a"}}))
		var seen string
		for cursor := ""; ; {
			p, err := w.desk.AccountTree(ctx, ann, "top", cursor, 2)
			w.must(err)
			for _, x := range p.Items {
				seen += x.ID
			}
			if cursor = p.Next; cursor == "" {
				break
			}
		}
		c, err := w.desk.Customer(ctx, ann, "top", "", 2)
		w.must(err)
		if seen != "bac" || c.Direct != 3 || c.All != 4 || len(c.Below.Items) != 2 {
			t.Errorf("%q, %d direct, %d in all", seen, c.Direct, c.All)
		}
		_, err = w.desk.AccountTree(ctx, ann, "nobody", "", 2)
		w.refused(err, cases.ErrNotFound, "nobody")
	})
}

func TestProvidersAndTheirFilings(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.must(w.desk.ImportProviders(ctx, admin, []cases.Provider{{ID: "px-1", Name: "Pacific Voice LLC", FRN: "0012345678"}, {ID: "px-2", Name: "Atlantic", Aliases: "Atlantic Tel; ATL"},
			{ID: "px-3", Name: "Gone Telecom", FRN: "0099999999"}, {ID: "px-4", Name: "Never Heard"}}))
		since := noon.AddDate(0, 0, -3)
		filings := []cases.RMDFiling{{Number: "RMD0000001", FRN: "12345678", Names: []string{"PACIFIC VOICE"}, Implementation: "Complete STIR/SHAKEN Implementation"},
			{Number: "RMD0000002", FRN: "0077777777", Names: []string{"Other", "Atlantic Tel, Inc."}}, {Number: "RMD0000003", FRN: "1", Names: []string{"Nobody of ours"}}}
		sum, err := w.desk.ImportFilings(ctx, admin, "rmd.csv", since, false, filings)
		w.must(err)
		if sum != (cases.RMDImport{Filings: 3, ByFRN: 1, ByName: 1, Unknown: 2}) {
			t.Errorf("a part: %+v", sum)
		}
		sum, err = w.desk.ImportFilings(ctx, admin, "rmd.csv", since.Add(time.Hour), true, filings)
		w.must(err)
		if sum != (cases.RMDImport{Filings: 3, ByNumber: 2, Missing: 1, Unknown: 1}) {
			t.Errorf("the whole: %+v", sum)
		}
		for id, want := range map[string]string{"px-1": "is in the Robocall Mitigation Database (RMD0000001); STIR/SHAKEN: Complete", "px-2": "RMD0000002", "px-4": "Nobody has looked",
			"px-3": "has not been in the Robocall Mitigation Database since 21 November 2026: calls that come directly from it must be refused (47 CFR 64.6305(g))"} {
			p, err := w.desk.Provider(ctx, ann, id)
			w.must(err)
			if !strings.Contains(p.Sentence(), want) {
				t.Errorf("%s: %q lacks %q", id, p.Sentence(), want)
			}
		}
		// The operator's own file keeps the standing that it does not state; since when is kept too.
		w.must(w.desk.ImportProviders(ctx, admin, []cases.Provider{{ID: "px-3", Name: "Gone Telecom Ltd", FRN: "0099999999"}, {ID: "px-1", Name: "Pacific", FRN: "0012345678", RMD: cases.RMD{Status: cases.RMDRemoved}}}))
		p, err := w.desk.Providers(ctx, ann, cases.ProviderQuery{Refuse: true})
		w.must(err)
		if len(p.Items) != 2 || p.Items[1].Name != "Gone Telecom Ltd" || !p.Items[1].RMD.Since.Equal(since.Add(time.Hour)) || !p.Items[0].RMD.Refusable() {
			t.Errorf("%+v", p.Items)
		}
		// An older copy changes nothing that is known better.
		if sum, err = w.desk.ImportFilings(ctx, admin, "rmd-old.csv", since.AddDate(0, -1, 0), true, nil); err != nil || sum.Missing != 0 {
			t.Errorf("%+v, %v", sum, err)
		}
		found, err := w.desk.Providers(ctx, ann, cases.ProviderQuery{Text: "atl", Limit: 1})
		if err != nil || len(found.Items) != 1 || found.Items[0].ID != "px-2" {
			t.Errorf("%+v, %v", found, err)
		}
		_, err = w.desk.Provider(ctx, ann, "nobody")
		w.refused(err, cases.ErrNotFound, "nobody")
	})
}
