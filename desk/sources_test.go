package desk

import (
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/testenv"
	"github.com/abusedesk/abusedesk/store/cdr"
)

// elsewhere joins a carrier's own database to the world's history, which the test
// may change as its owner.
func (w *world) elsewhere() *pgx.Conn {
	t := w.t
	t.Helper()
	u := testenv.Postgres(t, nil)
	owner, err := pgx.Connect(t.Context(), u)
	w.must(err)
	t.Cleanup(func() { owner.Close(t.Context()) })
	role := testenv.PostgresRole(t, u)
	x, err := url.Parse(role)
	w.must(err)
	_, err = owner.Exec(t.Context(), `create table cdr (uniqueid text, calldate timestamptz, src text, dst text, dcontext text, accountcode text, dur int, bill int, disposition text);
		create view history as select * from cdr; grant select on history to `+x.User.Username())
	w.must(err)
	m, err := cdr.ParseMapping([]byte(`{"source": "pbx", "table": "history", "timeout": "100ms", "coverage": {"days": 30, "lag": "5m"},
		"fields": {"source_id": "uniqueid", "started_at": "calldate", "from": "src", "to": "dst", "account": "accountcode", "duration": "dur", "billed_seconds": "bill",
			"direction": {"value": "outbound"}, "answered": {"column": "disposition", "values": {"ANSWERED": "yes", "*": ""}}}}`))
	w.must(err)
	s, err := cdr.Open(cdr.Config{URL: role, Mapping: m, Now: w.clock, Check: func(c cases.Call) (cases.Call, error) {
		return calls.Check(c, calls.Options{Source: "pbx", Region: "US", Now: w.clock()})
	}})
	w.must(err)
	t.Cleanup(func() { s.Close() })
	w.must(s.Verify(t.Context()))
	w.desk.Store = Joined{Store: w.store, Sources: []CallSource{s}, Log: slog.New(slog.DiscardHandler)}
	return owner
}

func TestRecordsElsewhereCount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.carrier()
		owner := w.elsewhere()
		exec := func(sql string) {
			_, err := owner.Exec(t.Context(), sql)
			w.must(err)
		}
		exec(`insert into cdr values ('9.1', '2026-11-24 10:00:00Z', '` + shown + `', '` + victim + `', 'x', 'acme', 72, 61, 'ANSWERED')`)
		w.carried(noon)
		found := w.submit(report(shown, victim, "2026-11-24T10:05:00Z"))
		none := w.submit(report(shown, "+13125550188", "2026-11-24T08:00:00Z"))
		tooNew := w.submit(report(shown, "+13125550188", "2026-11-24T11:50:00Z"))
		w.work()
		if f := w.latest(found, cases.FindingCorroboration); f.Verdict != string(cases.CorroborationConfirmed) || len(f.Data.Calls) != 1 || f.Data.Calls[0].Source != "pbx" || f.Data.Calls[0].SourceID != "9.1" {
			t.Errorf("%s: %s, %+v", f.Verdict, f.Summary, f.Data.Calls)
		}
		if p := w.latest(found, cases.FindingParties); p.Data.Parties.Originating != "acme" {
			t.Errorf("parties %+v", p.Data.Parties)
		}
		if f := w.latest(none, cases.FindingCorroboration); f.Verdict != string(cases.CorroborationNotSeen) || len(f.Data.Sources) != 2 {
			t.Errorf("%s: %s, %+v", f.Verdict, f.Summary, f.Data.Sources)
		}
		// Its watermark is five minutes ago: looked at again when that has passed.
		if f := w.latest(tooNew, cases.FindingCorroboration); f.Verdict != string(cases.CorroborationUnknown) || !f.Incomplete {
			t.Errorf("%s: %s", f.Verdict, f.Summary)
		}
		joined := w.desk.Store.(Joined)
		recheck := func(want int) {
			t.Helper()
			if n, err := joined.RecheckReports(t.Context(), w.clock(), 100); n != want || err != nil {
				t.Fatalf("%d reports are looked at again, %v; want %d", n, err, want)
			}
		}
		w.carried(noon.Add(time.Minute))
		recheck(0)
		w.pass(10 * time.Minute)
		w.carried(w.clock())
		recheck(1)
		w.work()
		if f := w.latest(tooNew, cases.FindingCorroboration); f.Verdict != string(cases.CorroborationNotSeen) {
			t.Errorf("%s: %s", f.Verdict, f.Summary)
		}
	})
}

// A source that does not answer makes nothing "not seen", and is named; what the
// others know counts all the same.
func TestSourceThatDoesNotAnswer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.carrier()
		owner := w.elsewhere()
		w.carried(noon, call("1", shown, victim, noon.Add(-2*time.Hour)))
		_, err := owner.Exec(t.Context(), `insert into cdr values ('9.1', '2026-11-24 08:00:00Z', '`+shown+`', '+13125550188', 'x', 'acme', 72, 61, 'ANSWERED');
			create or replace view history as select uniqueid, calldate, src, dst, dcontext, accountcode, dur, bill, disposition || pg_sleep(60) as disposition from cdr`)
		w.must(err)
		silent := w.submit(report(shown, "+13125550188", "2026-11-24T08:00:00Z"))
		known := w.submit(report(shown, victim, "2026-11-24T10:05:00Z"))
		w.work()
		f := w.latest(silent, cases.FindingCorroboration)
		if f.Verdict != string(cases.CorroborationUnknown) || !f.Incomplete || !strings.Contains(strings.Join(f.Data.Missing, "\n"), "the records of pbx, which did not answer") {
			t.Errorf("%s: %s, missing %q", f.Verdict, f.Summary, f.Data.Missing)
		}
		if f := w.latest(known, cases.FindingCorroboration); f.Verdict != string(cases.CorroborationConfirmed) {
			t.Errorf("%s: %s", f.Verdict, f.Summary)
		}
		// What would be restricted is counted over all records or not at all.
		_, err = w.desk.Store.MatchingCalls(t.Context(), cases.CallQuery{From: shown})
		w.refused(err, cases.ErrUnavailable, "no answer from [pbx]")
		// Nor when it is away altogether.
		_, err = owner.Exec(t.Context(), "revoke all on history from public; drop view history")
		w.must(err)
		gone := w.submit(report(shown, "+13125550177", "2026-11-24T08:00:00Z"))
		w.work()
		if f := w.latest(gone, cases.FindingCorroboration); f.Verdict != string(cases.CorroborationUnknown) {
			t.Errorf("%s: %s", f.Verdict, f.Summary)
		}
	})
}
