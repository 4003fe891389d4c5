package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// benchBatch is one delivery of a busy switch over a quarter of an hour, nine of
// ten calls going out, of fifty accounts: half show one of a few hundred busy
// numbers, the others one that hardly calls.
func benchBatch(r *rand.Rand, n, size int) []cases.Call {
	start := time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC).Add(time.Duration(n%95) * 15 * time.Minute)
	out := make([]cases.Call, size)
	for i := range out {
		c := testCall(fmt.Sprintf("%08x-%06d", n, i), fmt.Sprintf("+1202555%04d", r.IntN(500)), fmt.Sprintf("+1312%07d", 2000000+r.IntN(8000000)), "00:00:00")
		if i%2 == 0 {
			c.From = fmt.Sprintf("+1303%07d", 2000000+r.IntN(8000000))
		}
		c.AccountID = fmt.Sprintf("account-%02d", r.IntN(50))
		c.StartedAt = start.Add(time.Duration(r.Int64N(int64(15 * time.Minute)))).Truncate(time.Millisecond)
		answered, ended := c.StartedAt.Add(4*time.Second), c.StartedAt.Add(30*time.Second)
		c.AnsweredAt, c.EndedAt = &answered, &ended
		if r.IntN(10) == 0 {
			c.Direction = inbound
			c.From, c.To = c.To, c.From
			c.Peer, c.EgressPeer = "carrier-x", ""
		}
		out[i] = c
	}
	return out
}

// BenchmarkIngest measures ingest against its yardstick: a bare COPY of the
// same rows into the same partition with the same indexes, on one connection.
func BenchmarkIngest(b *testing.B) {
	const size = 5000
	run := func(b *testing.B, ingest func(batch []cases.Call) error) {
		r := rand.New(rand.NewPCG(1, 2))
		n := 0
		for b.Loop() {
			b.StopTimer()
			batch := benchBatch(r, n, size)
			n++
			b.StartTimer()
			if err := ingest(batch); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	}
	postgres := func(b *testing.B) *Store {
		s, err := Open(b.Context(), Config{URL: testenv.Postgres(b, migrate)})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { s.Close() })
		return s
	}
	ingest := func(s *Store) func([]cases.Call) error {
		return func(batch []cases.Call) error {
			_, err := s.IngestCalls(context.Background(), callsNow, cases.Ingest{Source: "sbc1", Calls: batch})
			return err
		}
	}
	b.Run("postgres/copy", func(b *testing.B) {
		s := postgres(b)
		run(b, func(batch []cases.Call) error { return copyCalls(s, batch) })
	})
	b.Run("postgres/ingest", func(b *testing.B) { run(b, ingest(postgres(b))) })
	// The folder works beside it, as it does in the service; behind is the longest
	// that a mark has waited.
	b.Run("postgres/ingest-and-fold", func(b *testing.B) {
		s := postgres(b)
		l := foldLease(b, s)
		ctx, stop := context.WithCancel(b.Context())
		var behind time.Duration
		var folder sync.WaitGroup
		folder.Go(func() {
			for ctx.Err() == nil {
				lag, err := s.FoldLag(b.Context())
				if err == nil {
					_, err = s.FoldCalls(b.Context(), l, callsNow, 2000)
				}
				if err != nil {
					b.Error(err)
					return
				}
				behind = max(behind, lag)
				select {
				case <-ctx.Done():
				case <-time.After(500 * time.Millisecond):
				}
			}
		})
		run(b, ingest(s))
		stop()
		folder.Wait()
		b.ReportMetric(behind.Seconds(), "s-behind")
	})
	b.Run("postgres/again", func(b *testing.B) {
		s := postgres(b)
		batch := benchBatch(rand.New(rand.NewPCG(1, 2)), 0, size)
		run(b, func([]cases.Call) error { return ingest(s)(batch) })
	})
	b.Run("sqlite/ingest", func(b *testing.B) {
		s, err := Open(b.Context(), Config{DataDir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { s.Close() })
		if err := s.Migrate(b.Context()); err != nil {
			b.Fatal(err)
		}
		run(b, ingest(s))
	})
}

// copyCalls copies straight into the partition.
func copyCalls(s *Store, batch []cases.Call) error {
	ctx := context.Background()
	conn, err := s.sql.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error {
		pg := driver.(*stdlib.Conn).Conn()
		if err := ensurePartitions(ctx, pg, batch); err != nil {
			return err
		}
		columns := append([]string{"source"}, stagingColumns[1:]...)
		row := make([]any, len(columns))
		_, err := pg.CopyFrom(ctx, pgx.Identifier{"calls_20261110"}, columns, pgx.CopyFromSlice(len(batch), func(i int) ([]any, error) {
			row[0], row[1] = "sbc1", batch[i].Day()
			for j, col := range callColumns {
				row[j+2] = col.get(&batch[i])
			}
			return row, nil
		}))
		return err
	})
}

// BenchmarkFold measures how fast dirty hours are counted anew.
func BenchmarkFold(b *testing.B) {
	s, err := Open(b.Context(), Config{URL: testenv.Postgres(b, migrate)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	l := foldLease(b, s)
	r := rand.New(rand.NewPCG(1, 2))
	rows, n := 0, 0
	for b.Loop() {
		b.StopTimer()
		if _, err := s.IngestCalls(b.Context(), callsNow, cases.Ingest{Source: "sbc1", Calls: benchBatch(r, n, 5000)}); err != nil {
			b.Fatal(err)
		}
		n++
		b.StartTimer()
		for {
			taken, err := s.FoldCalls(b.Context(), l, callsNow, 0)
			if err != nil {
				b.Fatal(err)
			}
			if taken == 0 {
				break
			}
			rows += taken
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "hours/s")
	b.ReportMetric(5000*float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}
