package desk

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/testenv"
	"github.com/abusedesk/abusedesk/store"
)

// historySizes are how many calls of thirty days BenchmarkHistory looks among:
// ABUSEDESK_BENCH_CALLS="2000000 20000000" for the published figures, which takes
// a quarter of an hour and 15 GB. With ABUSEDESK_BENCH_DATABASES (a URL up to the
// name of the database) they are kept: a second run measures at once.
func historySizes(b *testing.B) []int {
	var out []int
	for _, f := range strings.Fields(os.Getenv("ABUSEDESK_BENCH_CALLS")) {
		n, err := strconv.Atoi(f)
		if err != nil {
			b.Fatal(err)
		}
		out = append(out, n)
	}
	if len(out) == 0 {
		return []int{200_000}
	}
	return out
}

// BenchmarkHistory times what a report asks of the call history: the profile of
// the busiest number (one call of twenty shows it) in a week and in a month, and the
// corroboration of a call that was carried, from the database to the findings.
func BenchmarkHistory(b *testing.B) {
	for _, n := range historySizes(b) {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			h := newHistory(b, n)
			end := noon.UTC().Truncate(24 * time.Hour)
			profile := func(window time.Duration) func(b *testing.B) {
				return func(b *testing.B) {
					h.percentiles(b, func(i int) {
						to := end.Add(-time.Duration(i%24) * time.Hour)
						p, err := h.desk.profile(b.Context(), ProfileShown, busiest, to.Add(-window), to, 0)
						if err != nil || p.Attempts < n/20*int(window/time.Hour)/(35*24) {
							b.Fatalf("%d attempts, %v", p.Attempts, err)
						}
					})
				}
			}
			b.Run("profile-week", profile(7*24*time.Hour))
			b.Run("profile-month", profile(29*24*time.Hour))
			b.Run("corroboration", func(b *testing.B) {
				h.percentiles(b, func(i int) {
					e, err := h.desk.evidence(b.Context(), h.report(i))
					if err != nil {
						b.Fatal(err)
					}
					if fs := calls.Findings(e); fs[0].Verdict != string(cases.CorroborationConfirmed) {
						b.Fatalf("%+v", fs[0])
					}
				})
			})
		})
	}
}

const busiest = "+12025550100"

type history struct {
	desk *Desk
	made []cases.Call // some of the calls
}

// percentiles runs do 300 times, after 20 that do not count.
func (h *history) percentiles(b *testing.B, do func(i int)) {
	for i := range 20 {
		do(i)
	}
	for b.Loop() {
		var took []time.Duration
		for i := range 300 {
			began := time.Now()
			do(i)
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	}
}

// report is about one of the calls, told within the hour.
func (h *history) report(i int) cases.ReportView {
	c := h.made[i%len(h.made)]
	earliest, latest := c.StartedAt.Add(-20*time.Minute), c.StartedAt.Add(10*time.Minute)
	return cases.ReportView{Report: cases.Report{ID: 1, Category: cases.CategoryRobocall, ReceivedAt: c.StartedAt.Add(time.Hour), Earliest: &earliest, Latest: &latest},
		Subjects: []cases.Subject{{E164: c.From, Role: cases.RoleCaller, Confidence: 1}, {E164: c.To, Role: cases.RoleCalled, Confidence: 1}}}
}

// newHistory opens a database, and fills it: half of the calls show one of a thousand numbers, one
// in twenty the busiest, the rest one of their own; nine of ten go out, for two
// thousand accounts. The hours are folded.
func newHistory(b *testing.B, n int) *history {
	ctx := b.Context()
	migrate := func(ctx context.Context, url string) error {
		s, err := store.Open(ctx, store.Config{URL: url})
		if err != nil {
			return err
		}
		defer s.Close()
		return s.Migrate(ctx)
	}
	url := ""
	if kept := os.Getenv("ABUSEDESK_BENCH_DATABASES"); kept != "" {
		url = fmt.Sprintf("%s%d", kept, n)
		if err := migrate(ctx, url); err != nil {
			b.Fatal(err)
		}
	} else {
		url = testenv.Postgres(b, migrate)
	}
	pg, err := pgx.Connect(ctx, url)
	if err != nil {
		b.Fatal(err)
	}
	defer pg.Close(ctx)
	end := noon.UTC().Truncate(24 * time.Hour)
	s, err := store.Open(ctx, store.Config{URL: url})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	var full bool
	if err := pg.QueryRow(ctx, "select exists (select 1 from coverages)").Scan(&full); err != nil {
		b.Fatal(err)
	}
	if !full {
		fillHistory(b, s, pg, n, end)
	}
	h := &history{desk: New(Config{Store: s, Salt: []byte("salt"), Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler)})}
	rows, err := pg.Query(ctx, "select from_number, to_number, started_at from calls where day = $1 and source_id like '%7-%' limit 1000", end.AddDate(0, 0, -3))
	if err != nil {
		b.Fatal(err)
	}
	var c cases.Call
	if _, err := pgx.ForEachRow(rows, []any{&c.From, &c.To, &c.StartedAt}, func() error { h.made = append(h.made, c); return nil }); err != nil {
		b.Fatal(err)
	}
	return h
}

// fillHistory makes the calls and folds their hours.
func fillHistory(b *testing.B, s *store.Store, pg *pgx.Conn, n int, end time.Time) {
	ctx := b.Context()
	exec := func(sql string, args ...any) {
		if _, err := pg.Exec(ctx, sql, args...); err != nil {
			b.Fatal(err)
		}
	}
	const days = 30
	exec("set synchronous_commit = off")
	for d := range days {
		day := end.AddDate(0, 0, d-days)
		exec("select ensure_call_partition($1)", day)
		exec(`insert into calls (source, source_id, day, account_id, connection, direction, from_number, to_number, to_country, peer, egress_peer, started_at, progress_at,
				answered_at, ended_at, billed_seconds, pdd_millis, sip_code, q850, hung_up_by, cost_micros, attest)
			select 'sbc', g::text || '-' || $1::date, $1::date, 'account-' || (g % 2000), 'sip-' || (g % 2000), case when o then 'outbound' else 'inbound' end,
				case when r < 0.05 then '`+busiest+`' when r < 0.5 then '+1202555' || lpad((g % 1000)::text, 4, '0') else '+1303' || (2000000 + g % 7654321)::text end,
				'+1312' || lpad((2000000 + (random() * 7000000)::int)::text, 7, '0'), 'US', case when o then '' else 'meridian' end, case when o then 'meridian' else '' end,
				t, t + interval '2 s', case when a then t + interval '5 s' end, t + interval '25 s', case when a then 20 else 0 end, 900,
				case when a then 200 else 480 end, 16, 'called', 4200, case g % 3 when 0 then 'A' when 1 then 'B' else '' end
			from (select g, random() as r, random() < 0.9 as o, random() < 0.6 as a, $1::timestamptz + (g * interval '24 hours' / $2::int) as t from generate_series(0, $2::int - 1) g) x`,
			day, n/days)
	}
	exec(`insert into call_dirties (key_kind, key, hour) select 'numbers', '', h from generate_series($1::timestamptz, $2, interval '1 hour') h`, end.AddDate(0, 0, -days), end.Add(-time.Hour))
	exec("analyze")
	lease, ok, err := s.AcquireLease(ctx, noon, "fold", "bench", time.Hour)
	if err != nil || !ok {
		b.Fatal(ok, err)
	}
	began := time.Now()
	for taken := 1; taken > 0; {
		if taken, err = s.FoldCalls(ctx, lease, noon, 24); err != nil {
			b.Fatal(err)
		}
	}
	b.Logf("%d calls folded in %s", n, time.Since(began).Round(time.Millisecond))
	exec("vacuum analyze")
	exec("insert into coverages values ('sbc', $1, $2)", end.AddDate(0, 0, -days), end.Add(24*time.Hour))
}
