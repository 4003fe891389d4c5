package csvload

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

func example(t testing.TB, name string) io.Reader {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func day(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

// collect gathers what a file of accounts gives, and in which order.
func collect(r io.Reader) (accounts []cases.Account, connections []cases.Connection, order []string, result Result, err error) {
	result, err = Accounts(r, AccountSink{
		Accounts: func(in []cases.Account) error {
			accounts, order = append(accounts, in...), append(order, "accounts")
			return nil
		},
		Connections: func(in []cases.Connection) error {
			connections, order = append(connections, in...), append(order, "connections")
			return nil
		},
	})
	return accounts, connections, order, result, err
}

func TestAccountsExample(t *testing.T) {
	accounts, connections, order, result, err := collect(example(t, "accounts.csv"))
	if err != nil {
		t.Fatal(err)
	}
	wantAccounts := []cases.Account{
		{ID: "meridian-resale", Name: "Meridian Resale", Kind: "reseller", Country: "US", Status: "active", Email: "abuse@meridian-resale.example", OpenedAt: day("2019-04-01")},
		{ID: "harbor-dental", ParentID: "meridian-resale", Name: "Harbor Dental, P.C.", Kind: "business", Country: "US", Status: "active", Email: "office@harbor-dental.example", OpenedAt: day("2023-06-12")},
		{ID: "general-hospital", Name: "General Hospital", Kind: "business", Country: "US", Status: "active", Protected: true, Email: "telecom@hospital.example",
			OpenedAt: day("2015-01-05").Add(14*time.Hour + 30*time.Minute)},
	}
	if d := cmp.Diff(wantAccounts, accounts); d != "" {
		t.Errorf("accounts (-want +got):\n%s", d)
	}
	wantConnections := []cases.Connection{
		{ID: "sip-harbor-1", AccountID: "harbor-dental", Name: "Front desk", Country: "US", SourceIPs: []string{"192.0.2.10", "192.0.2.11"}},
		{ID: "sip-harbor-2", AccountID: "harbor-dental", Name: "Shared trunk", Country: "US", SourceIPs: []string{"198.51.100.0/28"}, TechPrefix: "4821"},
		{ID: "sip-hospital", AccountID: "general-hospital", Country: "US", SourceIPs: []string{"203.0.113.7"}},
	}
	if d := cmp.Diff(wantConnections, connections); d != "" {
		t.Errorf("connections (-want +got):\n%s", d)
	}
	if result.Rows != 4 || result.Taken != 6 || result.Skipped != 0 {
		t.Errorf("result %+v", result)
	}
	if !slices.Equal(order, []string{"accounts", "connections"}) {
		t.Errorf("order %v", order)
	}
}

func TestConnectionsComeAfterTheirAccounts(t *testing.T) {
	var b strings.Builder
	b.WriteString("id,name,connection\n")
	for i := range 2*Batch + 1 {
		id := strings.Repeat("x", i%7+1) + time.Duration(i).String()
		b.WriteString(id + "," + id + ",c" + id + "\n")
	}
	known := map[string]bool{}
	var sizes []int
	result, err := Accounts(strings.NewReader(b.String()), AccountSink{
		Accounts: func(in []cases.Account) error {
			sizes = append(sizes, len(in))
			for _, a := range in {
				known[a.ID] = true
			}
			return nil
		},
		Connections: func(in []cases.Connection) error {
			for _, c := range in {
				if !known[c.AccountID] {
					t.Fatalf("connection %s before its account", c.ID)
				}
			}
			return nil
		},
	})
	if err != nil || result.Taken != 2*(2*Batch+1) || !slices.Equal(sizes, []int{Batch, Batch, 1}) {
		t.Errorf("result %+v in batches %v, %v", result, sizes, err)
	}
}

func TestNumbersExample(t *testing.T) {
	var got []cases.Entitlement
	result, err := Numbers(example(t, "numbers.csv"), "US", func(in []cases.Entitlement) error { got = append(got, in...); return nil })
	if err != nil {
		t.Fatal(err)
	}
	want := []cases.Entitlement{
		{E164: "+12025550143", AccountID: "harbor-dental", Kind: cases.EntitlementAssigned, From: day("2023-06-12")},
		{E164: "+12025550144", AccountID: "harbor-dental", Kind: cases.EntitlementAssigned, From: day("2023-06-12"), Until: new(day("2025-02-01"))},
		{E164: "+442079460123", AccountID: "meridian-resale", Kind: cases.EntitlementLOA, From: day("2024-01-01"), Until: new(day("2027-01-01"))},
	}
	if d := cmp.Diff(want, got); d != "" || result.Taken != 3 {
		t.Errorf("%+v (-want +got):\n%s", result, d)
	}
}

func TestWrongRowsAreCountedAndPassedOver(t *testing.T) {
	accounts := func(s string) (Result, error) {
		_, _, _, result, err := collect(strings.NewReader(s))
		return result, err
	}
	rights := func(s string) (Result, error) {
		return Numbers(strings.NewReader(s), "", func([]cases.Entitlement) error { return nil })
	}
	for name, tt := range map[string]struct {
		read func(string) (Result, error)
		file string
		want []string
	}{
		"accounts": {accounts, "id,name,country,email,protected,kind\na,A,US,a@b,1,\n,B,USA,b,maybe,firm\nc,C,gb,,no,business\n",
			[]string{"line 3: id is required; kind must be one of reseller, business, consumer, provider; country must be two letters, as in US; protected must be yes or no; email must be one e-mail address"}},
		"connections": {accounts, "id,name,connection,source_ips,tech_prefix\na,A,,192.0.2.1,\na,A,c,somewhere,x\n",
			[]string{"line 2: connection is required where the row describes one", "line 3: source_ips must be addresses or networks, separated by spaces; tech_prefix must be digits"}},
		"other separators and a mark": {accounts, "\xef\xbb\xbfID;Name;Parent ID\r\na;A;\r\nb;B\r\n", []string{"line 3: row has 2 fields, the header has 3"}},
		"quotes over lines":           {accounts, "id\tname\na\t\"A\nof B\"\nb\t\nc\t\"C\" x\nd\tD\n", []string{"line 4: name is required", `line 5: row cannot be read as CSV: extraneous or missing " in quoted-field`}},
		"no text":                     {accounts, "id,name\na,\xff\nb,x\x00\n", []string{"line 2: row is not text in UTF-8", "line 3: row is not text in UTF-8"}},
		"numbers": {rights, "number,account,from,until,kind\n2025550143,a,2024-01-01,,\n+12025550143,,soon,2024-01-01,owner\n+12025550143,a,2024-01-02,2024-01-01,\n+12025550143,a,,,\n",
			[]string{"line 2: number Start the number with + and the country code.",
				"line 3: account is required; kind must be one of assignment, letter_of_authorisation, verified_caller_id, resporg; from must be a time with zone as in 2026-11-10T14:03:00Z or a date as in 2026-11-10",
				"line 4: until must be after from", "line 5: from is required"}},
	} {
		t.Run(name, func(t *testing.T) {
			result, err := tt.read(tt.file)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range result.Errors {
				got = append(got, e.String())
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if result.Skipped != len(tt.want) {
				t.Errorf("skipped %d, want %d", result.Skipped, len(tt.want))
			}
		})
	}
}

func TestReasonsAreCounted(t *testing.T) {
	file := "id,name\n" + strings.Repeat(",\n", MaxErrors+5) + "a,A\n"
	_, _, _, result, err := collect(strings.NewReader(file))
	if err != nil || result.Rows != MaxErrors+6 || result.Skipped != MaxErrors+5 || result.Taken != 1 || len(result.Errors) != MaxErrors {
		t.Errorf("%d rows, %d skipped, %d taken, %d kept, %v", result.Rows, result.Skipped, result.Taken, len(result.Errors), err)
	}
	if d := cmp.Diff(map[string]int{"id is required": MaxErrors + 5, "name is required": MaxErrors + 5}, result.Why); d != "" {
		t.Errorf("why (-want +got):\n%s", d)
	}
}

func TestHeadersThatAreRefused(t *testing.T) {
	for file, want := range map[string]string{
		"":                         "header: the file is empty",
		"\n\n":                     "header: the file is empty",
		"id,nmae\n":                `header: has an unknown column "nmae"`,
		"id\na\n":                  `header: lacks the column "name"`,
		"id,name,id\n":             `header: has the column "id" twice`,
		"id,\"na":                  "header: cannot be read as CSV",
		"number,account,from\nx\n": `header: has an unknown column "number"`,
	} {
		_, _, _, _, err := collect(strings.NewReader(file))
		if !errors.Is(err, cases.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", file, err, want)
		}
	}
}

func TestErrorsOfTheCallbackEndTheReading(t *testing.T) {
	full := errors.New("disk full")
	if result, err := Numbers(example(t, "numbers.csv"), "US", func([]cases.Entitlement) error { return full }); !errors.Is(err, full) || result.Taken != 0 {
		t.Errorf("%+v, %v", result, err)
	}
	if _, err := Numbers(io.MultiReader(example(t, "numbers.csv"), brokenReader{}), "US", func([]cases.Entitlement) error { return nil }); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that cannot be read to its end: %v", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
