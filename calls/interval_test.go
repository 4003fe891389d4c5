package calls

import (
	"math"
	"testing"
	"testing/quick"
)

// Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
func TestWilsonAsPublished(t *testing.T) {
	for _, tt := range []struct {
		k, n      int
		low, high float64
	}{{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}, {20, 20, 1 - 0.1611, 1}, {0, 0, 0, 1}} {
		low, high := Wilson(tt.k, tt.n)
		if math.Abs(low-tt.low) > 5e-5 || math.Abs(high-tt.high) > 5e-5 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", tt.k, tt.n, low, high, tt.low, tt.high)
		}
	}
}

func TestWilsonHoldsTheShare(t *testing.T) {
	f := func(a, b uint16) bool {
		n := int(max(a, b)) + 1
		k := int(min(a, b))
		low, high := Wilson(k, n)
		p := float64(k) / float64(n)
		tighterLow, tighterHigh := Wilson(10*k, 10*n)
		mirroredLow, mirroredHigh := Wilson(n-k, n)
		return 0 <= low && low <= p && p <= high && high <= 1 &&
			tighterLow >= low && tighterHigh <= high &&
			math.Abs(mirroredLow-(1-high)) < 1e-9 && math.Abs(mirroredHigh-(1-low)) < 1e-9
	}
	if err := quick.Check(f, nil); err != nil {
		t.Error(err)
	}
}

// The exact interval, Garwood 1936.
func TestPoissonAsPublished(t *testing.T) {
	for _, tt := range []struct {
		k         int
		low, high float64
	}{{0, 0, 3.689}, {1, 0.0253, 5.572}, {5, 1.6235, 11.668}, {10, 4.7954, 18.390}, {20, 12.217, 30.888}, {100, 81.364, 121.627}} {
		low, high := Poisson(tt.k)
		if math.Abs(low-tt.low) > 0.03 || math.Abs(high-tt.high) > 0.03 {
			t.Errorf("%d: %.4f to %.4f, want %.4f to %.4f", tt.k, low, high, tt.low, tt.high)
		}
		if tt.k >= 5 && (math.Abs(low/tt.low-1) > 0.01 || math.Abs(high/tt.high-1) > 0.01) {
			t.Errorf("%d: %.4f to %.4f is not within 1 %%", tt.k, low, high)
		}
	}
}
