package calls

import "math"

// z95 is the 97.5th percentile of the normal distribution, for two-sided
// intervals of 95 %.
const z95 = 1.959963984540054

// Wilson returns the 95 % score interval of a share of k in n (Wilson 1927,
// without continuity correction; the one that Brown, Cai and DasGupta 2001
// advise for small samples). It holds for shares near 0 and 1, where the usual
// normal interval is wrong. Of nothing it says nothing: (0, 1) for n = 0.
func Wilson(k, n int) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	p, m := float64(k)/float64(n), float64(n)
	scale := 1 + z95*z95/m
	middle := p + z95*z95/(2*m)
	half := z95 * math.Sqrt(p*(1-p)/m+z95*z95/(4*m*m))
	low, high = (middle-half)/scale, (middle+half)/scale
	// Exact at the ends, where rounding would leave the share outside.
	if k <= 0 {
		low = 0
	}
	if k >= n {
		high = 1
	}
	return low, high
}

// Poisson returns the 95 % interval of the expected count where k events were
// seen, by Byar's approximation of the exact interval (Breslow and Day 1987,
// equation 2.13): within 1 % of it from k = 5, and within 0.03 below.
func Poisson(k int) (low, high float64) {
	bound := func(n, sign float64) float64 {
		return n * math.Pow(1-1/(9*n)+sign*z95/(3*math.Sqrt(n)), 3)
	}
	if k > 0 {
		low = bound(float64(k), -1)
	}
	return low, bound(float64(k+1), 1)
}
