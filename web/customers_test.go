package web

import (
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// customers gives the world a customer who was cut off and may be acct-1042, a
// provider, lists and a rate deck.
func (w *world) customers() {
	w.t.Helper()
	ctx, admin := w.t.Context(), w.staff["admin"].Actor()
	lastMonth := w.now.AddDate(0, -1, 0)
	w.must(w.desk.ImportAccounts(ctx, admin, []cases.Account{{ID: "acct-880", Name: "Quick Reach LLC", Kind: "business", Status: "closed", ClosedReason: "abuse", ClosedAt: lastMonth, OpenedAt: lastMonth.AddDate(0, -3, 0)}}))
	for _, id := range []string{"acct-880", "acct-1042"} {
		var traits []cases.GivenTrait
		for kind, value := range map[cases.TraitKind]string{cases.TraitDevice: "dev-77888899", cases.TraitPayment: "card-aa11bb22"} {
			traits = append(traits, cases.GivenTrait{AccountID: id, Kind: kind, Value: value, FirstSeen: w.now.Add(-time.Hour)})
		}
		w.must(w.desk.ImportTraits(ctx, admin, traits))
	}
	w.signsUp("acct-880")
	w.must(w.desk.ImportKYC(ctx, admin, []cases.KYC{{AccountID: "acct-880", LegalName: "Quick Reach LLC", UseCase: "surveys"}}))
	w.must(w.desk.ImportPosture(ctx, admin, []cases.Posture{{AccountID: "acct-1042", Name: "two_factor", State: cases.PostureBad, Detail: "2 of 5 people", AsOf: w.now, Source: "portal"}}))
	since := w.now.AddDate(0, 0, -3)
	w.must(w.desk.ImportProviders(ctx, admin, []cases.Provider{{ID: "carrier-x", Name: "Carrier X", Aliases: "CX Tel", Country: "US", FRN: "0012345678", AbuseContact: "abuse@cx.example",
		RMD: cases.RMD{Status: cases.RMDRemoved, Since: &since, Number: "RMD0000001", CheckedAt: &w.now, Source: "providers.csv"}}}))
	entry := cases.ListEntry{Kind: cases.ListDNO, Source: "ITG", Digits: strings.TrimPrefix(shown, "+"), Exact: true, AddedAt: lastMonth, Note: "A bank's."}
	_, err := w.desk.ImportList(ctx, admin, w.now, []cases.ListEntry{entry})
	w.must(err)
	_, err = w.desk.ImportRates(ctx, admin, cases.RateDeck{Name: "acme", ValidFrom: lastMonth}, []cases.RateLine{{Prefix: "1202", Tag: "Washington", Micros: 8000}, {Prefix: "53", Tag: "Cuba", Micros: 790000}})
	w.must(err)
}

// signsUp leaves the contacts of the customer who was cut off.
func (w *world) signsUp(account string) {
	w.t.Helper()
	w.must(w.desk.ImportTraits(w.t.Context(), w.staff["admin"].Actor(), []cases.GivenTrait{{AccountID: account, Kind: cases.TraitEmail, Value: "quick.reach@gmail.com", FirstSeen: w.now},
		{AccountID: account, Kind: cases.TraitPhone, Value: "+13125550188", FirstSeen: w.now}}))
}

func TestWhoAnAccountIs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.customers()
		page := func(as, path string) string {
			t.Helper()
			rec := w.send(request{method: "GET", path: path, as: as})
			if rec.Code != 200 {
				t.Fatalf("%s: %d", path, rec.Code)
			}
			return rec.Body.String()
		}
		for _, want := range []string{"May be <a", "Quick Reach LLC", "closed for abuse", "same device", "2 of 5 people", "Nobody has begun it", "Decide"} {
			if body := page("analyst", "/desk/accounts/acct-1042"); !strings.Contains(body, want) {
				t.Errorf("the account lacks %q", want)
			}
		}
		if strings.Contains(page("auditor", "/desk/accounts/acct-1042"), ">Decide<") {
			t.Error("an auditor is asked to decide")
		}
		if body := page("analyst", "/desk/accounts/acct-880"); strings.Contains(body, ">Quick Reach LLC</dd>") || !strings.Contains(body, "on file") || !strings.Contains(body, "surveys") {
			t.Error("the file of the other is not masked")
		}
		opened := w.send(request{method: "POST", path: "/desk/accounts/acct-880/kyc/open", as: "analyst"}).Body.String()
		if !strings.Contains(opened, ">Quick Reach LLC</dd>") || strings.Contains(opened, "Change the file") {
			t.Error("an analyst opens the file whole, and may not change it")
		}
		if !strings.Contains(w.send(request{method: "POST", path: "/desk/accounts/acct-880/kyc/open", as: "approver"}).Body.String(), "Change the file") {
			t.Error("an approver may change it")
		}
		// What is wrong stays where it was typed.
		wrong := w.send(request{method: "POST", path: "/desk/accounts/acct-880/kyc", as: "approver", body: form("version", "1", "verified_at", "yesterday", "legal_name", "Quick Reach Ltd")})
		if wrong.Code != 422 || !strings.Contains(wrong.Body.String(), "Quick Reach Ltd") || !strings.Contains(wrong.Body.String(), "2026-11-10") {
			t.Errorf("%d", wrong.Code)
		}
		if stale := w.send(request{method: "POST", path: "/desk/accounts/acct-880/kyc", as: "approver", body: form("version", "0", "legal_name", "Mine")}); stale.Code != 409 || !strings.Contains(stale.Body.String(), "meanwhile") {
			t.Errorf("stale: %d", stale.Code)
		}
		if rec := w.send(request{method: "POST", path: "/desk/accounts/acct-880/kyc", as: "approver", body: form("version", "1", "legal_name", "Quick Reach Ltd", "monthly_calls", "20,000", "verified_at", "2026-11-10", "verified_how", "register")}); rec.Code != 303 {
			t.Errorf("%d %.300s", rec.Code, rec.Body)
		}
		if k, err := w.store.KYC(t.Context(), "acct-880"); err != nil || k.MonthlyCalls != 20000 || k.LegalName != "Quick Reach Ltd" || k.Version != 2 || k.VerifiedBy == "" {
			t.Errorf("%+v, %v", k, err)
		}
		if rec := w.send(request{method: "POST", path: "/desk/accounts/acct-1042/matches/1", as: "analyst", body: form("state", "dismissed", "note", "His sister.")}); rec.Code != 303 {
			t.Errorf("%d", rec.Code)
		}
		if body := page("analyst", "/desk/returners?state=dismissed"); !strings.Contains(body, "His sister.") {
			t.Error("the dismissal is not listed")
		}
		if body := page("analyst", "/desk/providers"); !strings.Contains(body, "Carrier X") || !strings.Contains(body, "Removed") {
			t.Error("the provider is not listed")
		}
		if body := page("analyst", "/desk/providers/carrier-x"); !strings.Contains(body, "must be refused (47 CFR 64.6305(g))") {
			t.Error("what its standing means is not said")
		}
		if body := page("analyst", "/desk/lists?q=202+555+0143"); !strings.Contains(body, "ITG") || !strings.Contains(body, "acme") {
			t.Error("the number is not found on the list")
		}
		if body := page("analyst", "/desk/lists?q=abc"); !strings.Contains(body, `role="alert"`) {
			t.Error("what is no number is not said")
		}
		if body := page("analyst", "/desk/numbers/"+shown); !strings.Contains(body, "nobody may call with it") || !strings.Contains(body, "US$ 0.008 a minute") {
			t.Error("the page of the number lacks its list or its rate")
		}
	})
}
