package csvload

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

var listDay = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

func listed(t *testing.T, kind cases.ListKind, csv string) ([]cases.ListEntry, Result, error) {
	t.Helper()
	var rows []cases.ListEntry
	end := listDay.AddDate(1, 0, 0)
	res, err := List(strings.NewReader(csv), ListOptions{Kind: kind, Source: "ITG", Region: "US", Expiry: &end, Now: listDay}, func(in []cases.ListEntry) error { rows = append(rows, in...); return nil })
	return rows, res, err
}

func TestListRows(t *testing.T) {
	rows, res, err := listed(t, cases.ListDNO, "number,prefix,note,added_at,expires_at\n(202) 555-0143,,the bank,2026-01-02,\n,+1 202555,,,\n,1202555,an exchange,,2027-03-01T12:00:00Z\n")
	end, march := listDay.AddDate(1, 0, 0), time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	want := []cases.ListEntry{
		{Kind: cases.ListDNO, Digits: "12025550143", Exact: true, Source: "ITG", Note: "the bank", AddedAt: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), ExpiresAt: &end},
		{Kind: cases.ListDNO, Digits: "1202555", Source: "ITG", Note: "an exchange", AddedAt: listDay, ExpiresAt: &march},
	}
	if diff := cmp.Diff(want, rows); diff != "" || err != nil || res.Skipped != 1 {
		t.Errorf("%+v, %v\n%s", res, err, diff)
	}
}

func TestWrongListRowsAreNamed(t *testing.T) {
	rows, res, err := listed(t, cases.ListProtected, "number,prefix,category,note,expires_at\n+12025550143,,hospital,,\n+12025550143,,clinic,,\n+12025550143,,,,\n,120,hospital,,\n,,hospital,,\n+12025550143,1202555,hospital,,\n12,,hospital,,\n+12025550144,,hospital,,2020-01-01\n")
	if err != nil || len(rows) != 1 || res.Rows != 8 || res.Skipped != 7 {
		t.Fatalf("%d rows, %+v, %v", len(rows), res, err)
	}
	for i, want := range []string{"line 3: category must be one of", "line 4: category must be one of", "line 5: prefix must have at least 4 digits", "line 6: number or prefix is required",
		"line 7: number or prefix is required", "line 8: number ", "line 9: expires_at must be after"} {
		if got := res.Errors[i].String(); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if _, _, err := listed(t, cases.ListDNO, "note\nx\n"); err == nil || !strings.Contains(err.Error(), "of which it needs one") {
		t.Errorf("without a number: %v", err)
	}
	if _, res, err := listed(t, cases.ListDNO, "number,category\n+12025550143,hospital\n"); err != nil || res.Skipped != 1 {
		t.Errorf("a category for a list that has none: %+v, %v", res, err)
	}
}

func TestRateDeckRows(t *testing.T) {
	rates, res, err := Rates(strings.NewReader("Tag,Prefix,Rate\nUK Mobile,447,0.0211\nBad,44x,1\nCuba,+53,0.79\n"))
	want := []cases.RateLine{{Prefix: "447", Tag: "UK Mobile", Micros: 21100}, {Prefix: "53", Tag: "Cuba", Micros: 790000}}
	if diff := cmp.Diff(want, rates); diff != "" || err != nil || res.Rows != 3 || res.Taken != 2 || res.Skipped != 1 || res.Errors[0].Line != 3 {
		t.Errorf("%+v, %v\n%s", res, err, diff)
	}
}
