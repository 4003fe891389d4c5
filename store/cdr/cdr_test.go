package cdr

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// asteriskTable is the layout of Asterisk's cdr_adaptive_odbc and cdr_pgsql
// (contrib/ast-db-manage/cdr), and three calls in it. Times are New York's.
const asteriskTable = `
create table cdr (accountcode varchar(80), src varchar(80), dst varchar(80), dcontext varchar(80), clid varchar(80), channel varchar(80), dstchannel varchar(80),
  lastapp varchar(80), lastdata varchar(80), calldate timestamp not null, duration integer not null default 0, billsec integer not null default 0, disposition varchar(45),
  amaflags varchar(45), uniqueid varchar(150) not null, userfield varchar(255), secret text);
create index on cdr (src, calldate);
insert into cdr (accountcode, src, dst, dcontext, calldate, duration, billsec, disposition, uniqueid) values
  ('acme', '2025550143', '13125550198', 'from-customer', '2026-11-24 05:05:00', 72, 61, 'ANSWERED', '1.1'),
  ('acme', '2025550143', '13125550155', 'from-customer', '2026-11-24 05:06:00', 30, 0, 'BUSY', '1.2'),
  (null, '+13125550198', '12025550144', 'from-pstn', '2026-11-24 05:07:00', 4, 0, 'NO ANSWER', '1.3'),
  ('acme', '2025550143', '102', 'from-internal', '2026-11-24 05:08:00', 4, 3, 'ANSWERED', '1.4');
create view slow as select accountcode, src, dst, dcontext, calldate, duration, billsec, disposition || pg_sleep(60) as disposition, uniqueid from cdr;
`

const asteriskMapping = `{
  "source": "asterisk-db", "table": "public.cdr", "zone": "America/New_York", "numbers": ["+e164", "e164", "national"], "country_code": "1",
  "fields": {
    "source_id": "uniqueid", "started_at": "calldate", "from": "src", "to": "dst", "account": "accountcode",
    "direction": {"column": "dcontext", "values": {"from-pstn": "inbound", "from-internal": "", "*": "outbound"}},
    "duration": "duration", "billed_seconds": "billsec",
    "answered": {"column": "disposition", "values": {"ANSWERED": "yes", "*": ""}},
    "q850": {"column": "disposition", "values": {"BUSY": "17", "NO ANSWER": "19", "*": ""}},
    "connection": {"value": "pbx-1"}
  },
  "coverage": {"days": 30, "lag": "5m"}
}`

// carrier makes a database with a foreign table, and a role that may only read it.
func carrier(t *testing.T) (owner *pgx.Conn, role string) {
	t.Helper()
	u := testenv.Postgres(t, nil)
	owner, err := pgx.Connect(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { owner.Close(t.Context()) })
	role = testenv.PostgresRole(t, u)
	x, err := url.Parse(role)
	if err != nil {
		t.Fatal(err)
	}
	exec(t, owner, asteriskTable+"; grant select on slow to "+x.User.Username()+"; grant select (accountcode, src, dst, dcontext, calldate, duration, billsec, disposition, uniqueid) on cdr to "+x.User.Username())
	return owner, role
}

func exec(t *testing.T, c *pgx.Conn, sql string) {
	t.Helper()
	if _, err := c.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// source opens what a mapping says.
func source(t *testing.T, role, mapping string) *Source {
	t.Helper()
	m, err := ParseMapping([]byte(mapping))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(Config{URL: role, Mapping: m, Now: func() time.Time { return noon }, Check: func(c cases.Call) (cases.Call, error) {
		return calls.Check(c, calls.Options{Source: m.Source, Region: "US", Now: noon})
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func ids(cs []cases.Call) []string {
	out := []string{}
	for _, c := range cs {
		out = append(out, c.SourceID)
	}
	return out
}

func TestMatchingCalls(t *testing.T) {
	_, role := carrier(t)
	s := source(t, role, asteriskMapping)
	if err := s.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		x, err := time.Parse(time.RFC3339, "2026-11-24T"+s+"Z")
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for name, tt := range map[string]struct {
		q    cases.CallQuery
		want []string
	}{
		"by caller, newest first":      {cases.CallQuery{From: "+12025550143"}, []string{"1.2", "1.1"}},
		"as E.164":                     {cases.CallQuery{From: "+13125550198"}, []string{"1.3"}},
		"by called number":             {cases.CallQuery{To: "+13125550198"}, []string{"1.1"}},
		"both":                         {cases.CallQuery{From: "+12025550143", To: "+13125550155"}, []string{"1.2"}},
		"by account":                   {cases.CallQuery{Account: "acme"}, []string{"1.2", "1.1"}},
		"nobody's":                     {cases.CallQuery{Account: "harbor"}, []string{}},
		"from then":                    {cases.CallQuery{From: "+12025550143", Earliest: at("10:05:01")}, []string{"1.2"}},
		"until then, both ends belong": {cases.CallQuery{From: "+12025550143", Earliest: at("10:05:00"), Latest: at("10:05:00")}, []string{"1.1"}},
		"at most one":                  {cases.CallQuery{From: "+12025550143", Latest: at("10:07:00"), Limit: 1}, []string{"1.2"}},
		"a number of another country":  {cases.CallQuery{From: "+442025550143"}, []string{}},
		"a number that quotes":         {cases.CallQuery{From: "+1'; drop table cdr; --"}, []string{}},
	} {
		got, err := s.MatchingCalls(t.Context(), tt.q)
		if d := cmp.Diff(tt.want, ids(got)); err != nil || d != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, d)
		}
	}
	got, err := s.MatchingCalls(t.Context(), cases.CallQuery{To: "+13125550198"})
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	answered, ended := at("10:05:11"), at("10:06:12")
	want := cases.Call{Source: "asterisk-db", SourceID: "1.1", AccountID: "acme", Connection: "pbx-1", Direction: "outbound", From: "+12025550143", To: "+13125550198", ToCountry: "US",
		StartedAt: at("10:05:00"), AnsweredAt: &answered, EndedAt: &ended, BilledSeconds: 61}
	if d := cmp.Diff(want, got[0]); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, err := s.MatchingCalls(t.Context(), cases.CallQuery{}); !errors.Is(err, cases.ErrInvalid) {
		t.Errorf("a query about nothing: %v", err)
	}
}

// Nothing can be written, whatever the role may do.
func TestOnlyReading(t *testing.T) {
	owner, _ := carrier(t)
	s := source(t, owner.Config().ConnString(), strings.Replace(asteriskMapping, `{"days": 30, "lag": "5m"}`, `{"query": "with gone as (delete from cdr returning calldate) select now(), now() from gone"}`, 1))
	if err := s.Verify(t.Context()); !errors.Is(err, cases.ErrInvalid) || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("%v", err)
	}
}

// A query that takes too long says that nobody knows, and leaves nothing running.
func TestTimeout(t *testing.T) {
	owner, role := carrier(t)
	s := source(t, role, strings.NewReplacer("public.cdr", "slow", `"coverage"`, `"timeout": "50ms", "coverage"`).Replace(asteriskMapping))
	if err := s.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := s.MatchingCalls(t.Context(), cases.CallQuery{From: "+12025550143"})
	if !errors.Is(err, cases.ErrUnavailable) || code(err) != "57014" {
		t.Errorf("%v", err)
	}
	var running int
	if err := owner.QueryRow(t.Context(), "select count(*) from pg_stat_activity where datname = current_database() and state = 'active' and pid <> pg_backend_pid()").Scan(&running); err != nil || running != 0 {
		t.Errorf("%d still run, %v", running, err)
	}
}

// What is wrong with a mapping is said before the first report needs it.
func TestMappingsThatDoNotFit(t *testing.T) {
	owner, role := carrier(t)
	exec(t, owner, "create table numbers (id bigint, at date, started timestamptz, src bigint, dst text, dir text); grant select on numbers to public")
	for name, tt := range map[string]struct {
		change []string
		want   []string
	}{
		"no such table":  {[]string{"public.cdr", "public.calls"}, []string{`mapping table: names "public.calls"`}},
		"no such schema": {[]string{"public.cdr", "billing.cdr"}, []string{`mapping table: names "billing.cdr"`}},
		"no such columns": {[]string{`"src"`, `"caller"`, `"billsec"`, `"Billsec"`}, []string{`mapping fields.from: names the column "caller", which public.cdr does not have`,
			`mapping fields.billed_seconds: names the column "Billsec"`}},
		"no right": {[]string{`{"value": "pbx-1"}`, `"secret"`}, []string{`mapping fields.connection: names the column "secret" of public.cdr, which the role may not read`}},
		"no zone":  {[]string{`"zone": "America/New_York",`, ""}, []string{`mapping zone: is required: the column "calldate" has no time zone`}},
		"types": {[]string{"public.cdr", "numbers", "uniqueid", "id", "calldate", "at", `"accountcode"`, `"dst"`, "dcontext", "dir", `: "duration"`, `: "id"`, "billsec", "id", "disposition", "dir"},
			[]string{`mapping fields.started_at: must be a timestamp; the column "at" is date`, `mapping fields.from: must be text; the column "src" is int8`}},
		"a query of one column": {[]string{`{"days": 30, "lag": "5m"}`, `{"query": "select now()"}`}, []string{"mapping coverage.query: must return two times"}},
		"a query of numbers":    {[]string{`{"days": 30, "lag": "5m"}`, `{"query": "select 1, 2"}`}, []string{"mapping coverage.query: must return two times"}},
		"a query that is none":  {[]string{`{"days": 30, "lag": "5m"}`, `{"query": "selekt"}`}, []string{"mapping coverage.query: must return two times", "syntax error"}},
		"nothing injected":      {[]string{"public.cdr", `public.cdr\"; drop table cdr; --`}, []string{"mapping table: names"}},
	} {
		s := source(t, role, strings.NewReplacer(tt.change...).Replace(asteriskMapping))
		err := s.Verify(t.Context())
		if !errors.Is(err, cases.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", name, err, want)
			}
		}
	}
}

func TestMappingsThatAreRefused(t *testing.T) {
	for want, change := range map[string][]string{
		"mapping source: say what":                            {`"asterisk-db"`, `""`},
		"mapping table: must be":                              {"public.cdr", "a.b.c"},
		"mapping zone: use a name":                            {"America/New_York", "EST5"},
		"mapping country_code: is required for national":      {`"country_code": "1"`, `"country_code": ""`},
		"mapping numbers: must be some of +e164":              {`"national"]`, `"local"]`},
		"mapping fields.from: is required":                    {`"from": "src",`, ""},
		"mapping fields.callid: is no field":                  {`"connection"`, `"callid"`},
		"mapping fields.connection: needs a column":           {`{"value": "pbx-1"}`, `{}`},
		"mapping fields.from.values: is not for":              {`"from": "src"`, `"from": {"column": "src", "values": {"a": "b"}}`},
		"mapping fields.started_at: is required":              {`"calldate"`, `{"value": "2026"}`},
		"mapping coverage: needs days":                        {`"days": 30, `, ""},
		"mapping coverage.lag: must be a duration":            {`"5m"`, `"5"`},
		"mapping coverage.from: must be a time":               {`"days": 30`, `"from": "2026-01-01"`},
		"mapping coverage: is a query, or":                    {`"days": 30`, `"query": "select 1", "days": 30`},
		"mapping timeout: must be a duration up to 30s":       {`"coverage"`, `"timeout": "31s", "coverage"`},
		"mapping line 2: unknown field \"tabel\"":             {`"table"`, `"tabel"`},
		"mapping line 1: invalid character":                   {"{\n", "{,\n"},
		"mapping line 12: there is more than one JSON object": {`"lag": "5m"}` + "\n}", `"lag": "5m"}` + "\n}{}"},
	} {
		if _, err := ParseMapping([]byte(strings.NewReplacer(change...).Replace(asteriskMapping))); !errors.Is(err, cases.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := ParseMapping([]byte(strings.Repeat(" ", MaxMapping+1))); !errors.Is(err, cases.ErrInvalid) {
		t.Errorf("too long: %v", err)
	}
}

func TestCoverage(t *testing.T) {
	_, role := carrier(t)
	for name, tt := range map[string]struct {
		coverage string
		want     cases.Coverage
	}{
		"days": {`{"days": 30, "lag": "5m"}`, cases.Coverage{Source: "asterisk-db", From: noon.AddDate(0, 0, -30), Through: noon.Add(-5 * time.Minute)}},
		"from": {`{"from": "2026-01-01T00:00:00Z", "lag": "0s"}`, cases.Coverage{Source: "asterisk-db", From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Through: noon}},
		"query, never ahead of the clock": {`{"query": "select '2026-02-01 00:00+00'::timestamptz, '2099-01-01 00:00+00'::timestamptz"}`,
			cases.Coverage{Source: "asterisk-db", From: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), Through: noon}},
	} {
		got, err := source(t, role, strings.Replace(asteriskMapping, `{"days": 30, "lag": "5m"}`, tt.coverage, 1)).Coverage(t.Context())
		if d := cmp.Diff(tt.want, got); err != nil || d != "" {
			t.Errorf("%s: %v %s", name, err, d)
		}
	}
	silent := source(t, role, strings.Replace(asteriskMapping, `{"days": 30, "lag": "5m"}`, `{"query": "select null::timestamptz, now()"}`, 1))
	if _, err := silent.Coverage(t.Context()); !errors.Is(err, cases.ErrUnavailable) {
		t.Errorf("a query that says nothing: %v", err)
	}
}

// A record that cannot be read may be the one that is asked for.
func TestRecordsThatCannotBeRead(t *testing.T) {
	owner, role := carrier(t)
	s := source(t, role, asteriskMapping)
	exec(t, owner, "update cdr set dst = 'nobody' where uniqueid = '1.2'")
	if got, err := s.MatchingCalls(t.Context(), cases.CallQuery{From: "+12025550143"}); !errors.Is(err, cases.ErrUnavailable) || !strings.Contains(err.Error(), "a record cannot be read") {
		t.Errorf("%v, %v", ids(got), err)
	}
	if got, err := s.MatchingCalls(t.Context(), cases.CallQuery{From: "+12025550143", To: "+13125550198"}); err != nil || len(got) != 1 {
		t.Errorf("another one: %v, %v", ids(got), err)
	}
}

// A time that exists twice is no time.
func TestClocksSetBack(t *testing.T) {
	owner, role := carrier(t)
	exec(t, owner, "insert into cdr (src, dst, dcontext, calldate, disposition, uniqueid) values ('2025550143', '13125550198', 'x', '2026-11-01 01:35:00', 'BUSY', 'twice')")
	s := source(t, role, asteriskMapping)
	summer := time.Date(2026, 11, 1, 5, 35, 0, 0, time.UTC) // as New York first had 01:35
	if _, err := s.MatchingCalls(t.Context(), cases.CallQuery{From: "+12025550143", Earliest: summer.Add(-15 * time.Minute), Latest: summer.Add(15 * time.Minute)}); !errors.Is(err, cases.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	got, err := s.MatchingCalls(t.Context(), cases.CallQuery{From: "+12025550143", Earliest: summer.Add(-12 * time.Hour), Latest: summer.Add(12 * time.Hour)})
	if err != nil || !slices.Equal(ids(got), []string{"twice"}) {
		t.Errorf("a day around it: %v, %v", ids(got), err)
	}
}

// A database that is away is no wrong mapping, and its password in no error.
func TestDatabaseThatIsAway(t *testing.T) {
	away := fmt.Sprintf("postgres://u:hunter2@127.0.0.1:%d/db", 1)
	s := source(t, away, asteriskMapping)
	err := s.Verify(t.Context())
	if !errors.Is(err, cases.ErrUnavailable) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	if _, err := Open(Config{URL: "postgres://u:hunter2@[", Mapping: s.Mapping}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}

func FuzzMapping(f *testing.F) {
	f.Add([]byte(asteriskMapping))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseMapping(b)
		if err != nil {
			return
		}
		_, _, _ = m.call(func(string) (string, *time.Time) { return "1", &noon })
		_ = m.forms("+12025550143")
	})
}
