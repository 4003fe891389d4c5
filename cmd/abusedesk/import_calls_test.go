package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/testenv"
	"github.com/abusedesk/abusedesk/store"
)

const formatsData = "../../calls/formats/testdata/"

// covered is what the records of a source cover, and how many there are of one
// caller.
func covered(t *testing.T, env map[string]string, source string) (cases.Coverage, int) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: env["ABUSEDESK_DATABASE_URL"], DataDir: env["ABUSEDESK_DATA_DIR"]})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	cs, err := s.MatchingCalls(t.Context(), cases.CallQuery{From: "+12025550143", Limit: store.MaxCalls})
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Coverage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Source == source {
			return c, len(cs)
		}
	}
	return cases.Coverage{}, len(cs)
}

// bothSetUps runs a test on SQLite and on PostgreSQL.
func bothSetUps(t *testing.T, test func(t *testing.T, env map[string]string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, map[string]string{"ABUSEDESK_DATA_DIR": t.TempDir()}) })
	t.Run("postgres", func(t *testing.T) {
		test(t, map[string]string{"ABUSEDESK_DATA_DIR": t.TempDir(), "ABUSEDESK_DATABASE_URL": testenv.Postgres(t, nil)})
	})
}

func TestImportCalls(t *testing.T) {
	bothSetUps(t, func(t *testing.T, env map[string]string) {
		for _, tt := range []struct {
			args []string
			says string
		}{
			{[]string{"--source", "pbx", "--format", "asterisk", "--zone", "America/New_York", "--mapping", formatsData + "asterisk.rules.json", formatsData + "asterisk.csv"}, "7 rows: 5 taken, 0 skipped, 2 that are no calls\n         1 a call between extensions\n"},
			{[]string{"--source", "fs", "--format", "freeswitch", "--mapping", formatsData + "freeswitch.rules.json", formatsData + "freeswitch.json"}, "5 rows: 3 taken, 0 skipped, 2 that are no calls\n"},
			{[]string{"--source", "sbc", "--format", "kamailio", "--mapping", formatsData + "kamailio.rules.json", formatsData + "kamailio-acc.csv"}, "8 rows: 4 taken, 0 skipped, 4 that are no calls\n"},
			{[]string{"--source", "telnyx", "--format", "telnyx-csv", formatsData + "telnyx.csv"}, "3 rows: 3 taken, 0 skipped\n"},
			{[]string{"--source", "billing", "--format", "mapped", "--mapping", formatsData + "mapped.json", formatsData + "mapped.csv"}, "5 rows: 4 taken, 0 skipped, 1 that are no calls\n"},
			{[]string{"--source", "own", formatsData + "calls.csv"}, "2 rows: 2 taken, 0 skipped\n"},
			{[]string{"--source", "own", formatsData + "calls.ndjson"}, "2 rows: 2 taken, 0 skipped\n"},
			{[]string{"--source", "own", formatsData + "calls.ndjson"}, "was imported on "},
			{[]string{"--source", "own", "--again", formatsData + "calls.ndjson"}, "2 rows: 2 taken, 0 skipped\n"},
			{[]string{"--source", "own", "--account", "acme", formatsData + "calls.ndjson"}, "2 rows: 2 taken, 0 skipped\n"},
		} {
			r := command(t, env, "", append([]string{"import", "calls"}, tt.args...)...)
			if r.status != 0 || !strings.Contains(r.out, tt.says) {
				t.Errorf("%v: status %d, %q, %q; want %q", tt.args, r.status, r.out, r.err, tt.says)
			}
		}
		if _, n := covered(t, env, "own"); n != 2+2+3+2+3+2 {
			t.Errorf("%d calls of the caller", n)
		}
	})
}

// The watermark moves only when no record was refused; what is no call does not
// hold it up.
func TestImportCallsWatermark(t *testing.T) {
	env := map[string]string{"ABUSEDESK_DATA_DIR": t.TempDir()}
	promise := []string{"--complete-from", "2026-11-10T00:00:00Z", "--complete-through", "2026-11-11T00:00:00Z"}
	asterisk := append([]string{"import", "calls", "--source", "pbx", "--format", "asterisk", "--zone", "America/New_York", "--direction", "outbound"}, promise...)
	b, err := os.ReadFile(formatsData + "asterisk.csv")
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "bad.csv")
	if err := os.WriteFile(bad, append(b, "\"x\",\"y\"\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	r := command(t, env, "", append(asterisk, bad)...)
	if c, _ := covered(t, env, "pbx"); r.status != 0 || !c.Through.IsZero() || !strings.Contains(r.out, "line 8: row has 2 fields") || !strings.Contains(r.out, "the watermark was not moved: 1 rows") {
		t.Errorf("%+v, %+v", r, c)
	}
	r = command(t, env, "", append(asterisk, formatsData+"asterisk.csv")...)
	if c, _ := covered(t, env, "pbx"); r.status != 0 || !c.Through.Equal(time.Date(2026, 11, 11, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v, %+v", r, c)
	}
	// A promise that was forgotten can be given later.
	r = command(t, env, "", "import", "calls", "--source", "late", formatsData+"calls.csv")
	r2 := command(t, env, "", append([]string{"import", "calls", "--source", "late", formatsData + "calls.csv"}, promise...)...)
	if c, _ := covered(t, env, "late"); r.status+r2.status != 0 || c.Through.IsZero() {
		t.Errorf("%+v, %+v, %+v", r, r2, c)
	}
}

func TestImportCallsUsage(t *testing.T) {
	dir := t.TempDir()
	wrong := filepath.Join(dir, "wrong.json")
	if err := os.WriteFile(wrong, []byte("{\n\"zone\": \"Mars\"}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for says, args := range map[string][]string{
		"say which file": {},
		"no such file":   {"none.csv"},
		"format: must be one of asterisk, csv, freeswitch, kamailio, mapped, ndjson, telnyx-csv": {"--format", "cisco", wrong},
		"zone: is required":                                {"--format", "asterisk", wrong},
		"--zone: use a name such as":                       {"--format", "asterisk", "--zone", "EST5", wrong},
		"wrong.json: the input is not valid: mapping zone": {"--format", "mapped", "--mapping", wrong, wrong},
		"mapping: is required":                             {"--format", "mapped", wrong},
		"telnyx-api reads no file":                         {"--format", "telnyx-api", wrong},
		"telnyx-api needs --since":                         {"--format", "telnyx-api"},
		"ABUSEDESK_TELNYX_API_KEY is not set":              {"--format", "telnyx-api", "--since", "2026-11-10T00:00:00Z", "--until", "2026-11-11T00:00:00Z"},
		"must be within --since and --until":               {"--format", "telnyx-api", "--since", "2026-11-10T00:00:00Z", "--until", "2026-11-11T00:00:00Z", "--complete-through", "2026-11-12T00:00:00Z"},
	} {
		r := command(t, map[string]string{"ABUSEDESK_DATA_DIR": dir}, "", append([]string{"import", "calls", "--source", "x"}, args...)...)
		if r.status != 2 || !strings.Contains(r.err, says) {
			t.Errorf("%v: %d, %s", args, r.status, r.err)
		}
	}
}

// A run that is stopped between two batches goes on with the next.
func TestImportCallsGoesOn(t *testing.T) {
	bothSetUps(t, func(t *testing.T, env map[string]string) {
		const rows = 12_345
		file := filepath.Join(t.TempDir(), "calls.csv")
		var b strings.Builder
		b.WriteString("source_id,started_at,direction,from,to\n")
		for i := range rows {
			fmt.Fprintf(&b, "c%d,2026-11-10T%02d:%02d:%02dZ,outbound,+1415555%04d,+13125550198\n", i, i/3600%24, i/60%60, i%60, i%10000)
		}
		if err := os.WriteFile(file, []byte(strings.Replace(b.String(), "c7000,2026", "c7000,yesterday", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		// The first run is stopped by what it says of the record that is refused.
		ctx, stop := context.WithCancel(t.Context())
		out := stopper{stop: stop}
		args := []string{"import", "calls", "--source", "own", file}
		if status := run(ctx, args, env, strings.NewReader(""), &out, &out); status != 1 {
			t.Fatalf("status %d: %s", status, out.said.String())
		}
		r := command(t, env, "", args...)
		if r.status != 0 || !strings.Contains(r.out, "going on after record 5000\n") || !strings.Contains(r.out, fmt.Sprintf("%d rows: %d taken, 1 skipped\n", rows, rows-1)) {
			t.Errorf("%+v", r)
		}
	})
}

// stopper ends a run with the first thing that it says.
type stopper struct {
	stop func()
	said strings.Builder
}

func (s *stopper) Write(b []byte) (int, error) {
	s.stop()
	return s.said.Write(b)
}

func TestImportTelnyx(t *testing.T) {
	bothSetUps(t, func(t *testing.T, env map[string]string) {
		p := testenv.NewTelnyxPeer(t)
		env["ABUSEDESK_TELNYX_API_KEY"], env["ABUSEDESK_TELNYX_BASE_URL"] = p.Key, p.URL
		from := time.Date(2026, 11, 10, 10, 0, 0, 0, time.UTC)
		p.Add(130, from, 30*time.Second) // 120 within the first hour
		args := []string{"import", "calls", "--source", "telnyx", "--format", "telnyx-api", "--account", "acme", "--since", "2026-11-10T10:00:00Z", "--until", "2026-11-10T12:30:00Z",
			"--complete-from", "2026-11-10T10:00:00Z", "--complete-through", "2026-11-10T12:30:00Z"}
		refuse := testenv.TelnyxError(http.StatusForbidden, "10010", "Not authorized")
		p.Next(nil, nil, refuse) // on the third page
		r := command(t, env, "", args...)
		if c, n := covered(t, env, "telnyx"); r.status != 1 || !strings.Contains(r.err, "Telnyx answers 403; Not authorized") || strings.Contains(r.err, p.Key) || n != 100 || !c.Through.IsZero() {
			t.Fatalf("%+v, %d calls, %+v", r, n, c)
		}
		before := len(p.Asked())
		r = command(t, env, "", args...)
		c, n := covered(t, env, "telnyx")
		if r.status != 0 || !strings.Contains(r.out, "going on after record 100, with the calls from 2026-11-10T10:00:00Z\n130 rows: 130 taken, 0 skipped\n") || n != 130 || c.Through.IsZero() {
			t.Errorf("%+v, %d calls, %+v", r, n, c)
		}
		if asked := p.Asked()[before:]; len(asked) != 3 || !strings.Contains(asked[0], "page%5Bnumber%5D=3") {
			t.Errorf("asked %v", asked)
		}
		// What comes late is found by asking once more, and a record that is wrong
		// leaves the watermark.
		p.Add(1, from.Add(time.Minute), 0)
		p.Change(129, "cld", "nobody")
		r = command(t, env, "", append(args[:len(args)-1], "2026-11-10T12:00:00Z")...)
		if _, n := covered(t, env, "telnyx"); r.status != 0 || !strings.Contains(r.out, "131 rows: 130 taken, 1 skipped\n") || !strings.Contains(r.out, "the watermark was not moved") || n != 131 {
			t.Errorf("%+v, %d calls", r, n)
		}
	})
}

// An answer with fewer records than it promises is no answer.
func TestImportTelnyxCutShort(t *testing.T) {
	p := testenv.NewTelnyxPeer(t)
	env := map[string]string{"ABUSEDESK_DATA_DIR": t.TempDir(), "ABUSEDESK_TELNYX_API_KEY": p.Key, "ABUSEDESK_TELNYX_BASE_URL": p.URL}
	p.Next(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"data":[],"meta":{"page_number":1,"total_pages":4,"total_results":170}}`)
	})
	r := command(t, env, "", "import", "calls", "--source", "telnyx", "--format", "telnyx-api", "--since", "2026-11-10T10:00:00Z", "--until", "2026-11-10T11:00:00Z")
	if r.status != 1 || !strings.Contains(r.err, "Telnyx holds 170 records") {
		t.Errorf("%+v", r)
	}
}

// A mapping that does not fit the call database ends the start.
func TestCallDatabase(t *testing.T) {
	dir := t.TempDir()
	mapping := filepath.Join(dir, "cdr.json")
	write := func(s string) {
		if err := os.WriteFile(mapping, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	good := `{"source": "pbx", "table": "pg_catalog.pg_class", "coverage": {"days": 1, "lag": "1m"}, "fields": {"source_id": "relname", "started_at": "relnam", "from": "relname", "to": "relname", "direction": {"value": "outbound"}}}`
	write(good)
	env := map[string]string{"ABUSEDESK_DATA_DIR": dir, "ABUSEDESK_CDR_DATABASE_URL": testenv.Postgres(t, nil), "ABUSEDESK_CDR_MAPPING": mapping}
	for _, args := range [][]string{{"doctor"}, {"serve"}} {
		env["ABUSEDESK_HTTP_ADDR"] = "127.0.0.1:0"
		if r := command(t, env, "", args...); r.status != 2 || !strings.Contains(r.err, `ABUSEDESK_CDR_MAPPING: the input is not valid: mapping fields.started_at: names the column "relnam"`) {
			t.Errorf("%v: %+v", args, r)
		}
	}
	write(`{"table": 7}`)
	if r := command(t, env, "", "doctor"); r.status != 2 || !strings.Contains(r.err, "ABUSEDESK_CDR_MAPPING: the input is not valid: mapping line 1") {
		t.Errorf("%+v", r)
	}
	delete(env, "ABUSEDESK_CDR_DATABASE_URL")
	if r := command(t, env, "", "doctor"); r.status != 2 || !strings.Contains(r.err, "set it together with CDR_DATABASE_URL") {
		t.Errorf("%+v", r)
	}
	// One that is away is waited for.
	write(strings.Replace(good, "relnam\"", "relname\"", 1))
	env["ABUSEDESK_CDR_DATABASE_URL"] = "postgres://u:hunter2@127.0.0.1:1/db"
	if r := command(t, env, "", "doctor"); r.status != 0 || !strings.Contains(r.out, "call records of pbx: no answer") || strings.Contains(r.out+r.err, "hunter2") {
		t.Errorf("%+v", r)
	}
}
