package csvload

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

func carriers(t *testing.T, csv string) ([]cases.CarrierPrefix, Result, error) {
	t.Helper()
	var rows []cases.CarrierPrefix
	res, err := Carriers(strings.NewReader(csv), func(in []cases.CarrierPrefix) error { rows = append(rows, in...); return nil })
	return rows, res, err
}

func TestCarriersExample(t *testing.T) {
	var rows []cases.CarrierPrefix
	res, err := Carriers(example(t, "carriers.csv"), func(in []cases.CarrierPrefix) error { rows = append(rows, in...); return nil })
	want := []cases.CarrierPrefix{{Prefix: "1310555", Carrier: "Pacific Voice", AbuseContact: "abuse@pacific.example"},
		{Prefix: "44", Carrier: "A British carrier", AbuseContact: "https://british.example/abuse"}, {Prefix: "33", Carrier: "Un opérateur français"}}
	if diff := cmp.Diff(want, rows); diff != "" || err != nil || res.Taken != 3 || res.Skipped != 0 {
		t.Errorf("%+v, %v\n%s", res, err, diff)
	}
}

func TestWrongCarriersAreNamed(t *testing.T) {
	rows, res, err := carriers(t, "prefix,carrier,abuse_contact\n1310,Good,\n13 10,A,\n,A,\n0310,A,\n1234567890123456,A,\n1311,,\n1312,A,call us\n1313,\"A\nB\",\n1314,A,javascript:x\n")
	if err != nil || len(rows) != 1 || res.Rows != 9 || res.Skipped != 8 || len(res.Errors) != 8 {
		t.Fatalf("%d rows, %+v, %v", len(rows), res, err)
	}
	for i, want := range []string{"line 3: prefix must be digits", "line 4: prefix is required", "line 5: prefix must begin with the country code", "line 6: prefix has 16 digits",
		"line 7: carrier is required", "line 8: abuse_contact must be a mail address", "line 9: carrier must be one line", "line 11: abuse_contact must be"} {
		if got := res.Errors[i].String(); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if _, _, err := carriers(t, "prefix,name\n1,A\n"); err == nil || !strings.Contains(err.Error(), `lacks the column "carrier"`) {
		t.Errorf("header: %v", err)
	}
}
