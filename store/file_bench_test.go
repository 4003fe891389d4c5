package store

import (
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// BenchmarkFile accepts and files reports of 1,000 campaigns, from eight hands
// at once.
func BenchmarkFile(b *testing.B) {
	run := func(b *testing.B, s *Store) {
		var n atomic.Int64
		b.SetParallelism(4) // of two processors
		b.ReportAllocs()
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				i := n.Add(1)
				a := delivery(cases.ChannelWeb, rand.Text(), "x")
				a.FileNow = true
				rs, err := s.Accept(b.Context(), noon, []cases.Acceptance{a})
				if err != nil {
					b.Fatal(err)
				}
				m := a.Message
				m.ID = rs[0].MessageID
				p := about(fmt.Sprintf("+1202555%04d", i%1000), "", fmt.Sprintf("+1212%07d", i))
				p.Reporter.Email = fmt.Sprintf("r%d@example.org", i)
				if _, err := fileOne(b.Context(), s, rs[0].Attempt, noon, cases.Filing{Message: m, Parsed: p}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("postgres", func(b *testing.B) { run(b, openBench(b, Config{URL: testenv.Postgres(b, migrate)})) })
	b.Run("sqlite", func(b *testing.B) { run(b, openBench(b, Config{DataDir: b.TempDir()})) })
}

func openBench(b *testing.B, c Config) *Store {
	b.Helper()
	s, err := Open(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	if err := s.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	return s
}
