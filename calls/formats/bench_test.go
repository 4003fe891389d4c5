package formats

import (
	"bytes"
	"testing"
)

// BenchmarkLoad reads and checks records of each format, without keeping them.
func BenchmarkLoad(b *testing.B) {
	for _, s := range samples {
		b.Run(s.file, func(b *testing.B) {
			file, o := s.bytes(b), s.options(b)
			rows := 0
			for b.Loop() {
				if err := Load(bytes.NewReader(file), o, 0, func(x Batch) error { rows += x.Rows; return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
