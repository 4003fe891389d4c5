package csvload

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

func TestTraitRows(t *testing.T) {
	var rows []cases.GivenTrait
	res, err := Traits(strings.NewReader("account,kind,value,first_seen\na,email,x@y.example,2026-01-02\na,shoe,44,\n,email,x@y.example,\n"), func(g cases.GivenTrait) error {
		if g.Kind == "shoe" {
			return cases.Invalid(cases.Problem{Field: "kind", Message: "is none"})
		}
		return nil
	}, func(in []cases.GivenTrait) error { rows = append(rows, in...); return nil })
	want := []cases.GivenTrait{{AccountID: "a", Kind: cases.TraitEmail, Value: "x@y.example", FirstSeen: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}}
	if diff := cmp.Diff(want, rows); diff != "" || err != nil || res.Rows != 3 || res.Skipped != 2 || res.Errors[0].String() != "line 3: kind is none" {
		t.Errorf("%+v, %v\n%s", res, err, diff)
	}
}

func TestKYCRows(t *testing.T) {
	var rows []cases.KYC
	long := strings.Repeat("x", 400)
	res, err := KYC(strings.NewReader("account,legal_name,address,verified_at,verified_how,monthly_calls,documents\na,Acme LLC,"+long+",2026-01-02,register,20000,\"two\nlines\"\nb,,,2026-01-02,,,\nc,,,,,-1,\nd,,,2030-01-01,x,,\n"), listDay,
		func(in []cases.KYC) error { rows = append(rows, in...); return nil })
	at := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	want := []cases.KYC{{AccountID: "a", LegalName: "Acme LLC", Address: long, VerifiedAt: &at, VerifiedHow: "register", MonthlyCalls: 20000, Documents: "two\nlines"}}
	if diff := cmp.Diff(want, rows); diff != "" || err != nil || res.Skipped != 3 {
		t.Errorf("%+v, %v\n%s", res, err, diff)
	}
}

func TestPostureRows(t *testing.T) {
	var rows []cases.Posture
	res, err := Posture(strings.NewReader("account,check,state,as_of\na,two_factor,yes,\na,three_factor,yes,\na,two_factor,,\na,two_factor,maybe,\na,two_factor,no,2030-01-01\n"), listDay,
		func(in []cases.Posture) error { rows = append(rows, in...); return nil })
	want := []cases.Posture{{AccountID: "a", Name: "two_factor", State: cases.PostureGood, AsOf: listDay}}
	if diff := cmp.Diff(want, rows); diff != "" || err != nil || res.Skipped != 4 {
		t.Errorf("%+v, %v\n%s", res, err, diff)
	}
}

func TestProviderRows(t *testing.T) {
	var rows []cases.Provider
	res, err := Providers(strings.NewReader("id,name,frn,rmd_number,rmd_status,rmd_since,abuse_contact\npx,Pacific,12345678,rmd0000001,removed,2026-11-01,abuse@p.example\npy,Plain,,,,,\nx,X,12a,,,,\nx,X,,1410,,,\nx,X,,,gone,,\nx,X,,,,2026-11-01,\nx,X,,,removed,2030-01-01,\nx,X,,,,,call us\n"),
		"p.csv", listDay, func(in []cases.Provider) error { rows = append(rows, in...); return nil })
	since := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	want := []cases.Provider{{ID: "px", Name: "Pacific", FRN: "0012345678", AbuseContact: "abuse@p.example", RMD: cases.RMD{Number: "RMD0000001", Status: cases.RMDRemoved, Since: &since, CheckedAt: &listDay, Source: "p.csv"}}, {ID: "py", Name: "Plain"}}
	if diff := cmp.Diff(want, rows); diff != "" || err != nil || res.Skipped != 6 {
		t.Errorf("%+v, %v\n%s", res, err, diff)
	}
}

// The columns are those of the FCC's export; the rows are made up.
func TestFilingRows(t *testing.T) {
	var rows []cases.RMDFiling
	const header = "number,frn,business_name,business_address,foreign_voice_provider,country,other_frns,other_dba_names,previous_dba_names,robocall_mitigation_contact_name,implementation,voice_service_provider_choice,gateway_provider_choice,intermediate_provider_choice,last_updated,last_recertified,filing_url\n"
	res, err := Filings(strings.NewReader("\xef\xbb\xbf"+header+
		"RMD0001410,0018570812,\"Pacific Voice, LLC\",\"1 Main St\nReno\",No,United States,\"0012345678, 0087654321\",PacVoice; PV Tel,N/A,Jane,Complete STIR/SHAKEN Implementation,Yes,No,Yes,2026-02-01,2026-02-25,https://x\n"+
		",,Nobody,,,,,,,,,,,,,,\n"), func(f cases.RMDFiling) error { rows = append(rows, f); return nil })
	at := time.Date(2026, 2, 25, 0, 0, 0, 0, time.UTC)
	want := []cases.RMDFiling{{Number: "RMD0001410", FRN: "0018570812", OtherFRNs: []string{"0012345678", "0087654321"}, Names: []string{"Pacific Voice, LLC", "PacVoice", "PV Tel"},
		Implementation: "Complete STIR/SHAKEN Implementation", Roles: "voice service provider, intermediate provider", Recertified: &at, Country: "United States"}}
	if diff := cmp.Diff(want, rows); diff != "" || err != nil || res.Rows != 2 || res.Taken != 1 || res.Skipped != 1 {
		t.Errorf("%+v, %v\n%s", res, err, diff)
	}
	if _, err := Filings(strings.NewReader("id,name\n1,x\n"), nil); err == nil || !strings.Contains(err.Error(), "Robocall Mitigation Database") {
		t.Errorf("another file: %v", err)
	}
}

func TestClosedAccounts(t *testing.T) {
	var rows []cases.Account
	res, err := Accounts(strings.NewReader("id,name,status,closed_reason,closed_at\na,A,closed,abuse,2026-11-01\nb,B,active,abuse,\nc,C,closed,whim,\n"), AccountSink{Accounts: func(in []cases.Account) error { rows = append(rows, in...); return nil }})
	if err != nil || len(rows) != 1 || rows[0].ClosedReason != cases.ClosedForAbuse || rows[0].ClosedAt.IsZero() || res.Skipped != 2 {
		t.Errorf("%+v, %+v, %v", rows, res, err)
	}
}
