package store

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestSolutionsCountOnce(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		spend := func(digest, by string) bool {
			t.Helper()
			ok, err := s.SpendSolution(t.Context(), digest, by, noon.Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		for i, use := range []struct {
			digest, by string
			want       bool
		}{{"d1", "form", true}, {"d1", "form", true}, {"d1", "another", false}, {"d2", "another", true}} {
			if got := spend(use.digest, use.by); got != use.want {
				t.Errorf("use %d of %s by %s: %v", i+1, use.digest, use.by, got)
			}
		}
		// However many use one at the same moment, it counts for one of them.
		var won atomic.Int32
		var g sync.WaitGroup
		for i := range 8 {
			g.Go(func() {
				if ok, err := s.SpendSolution(t.Context(), "d3", fmt.Sprint("form ", i), noon.Add(2*time.Hour)); err != nil {
					t.Error(err)
				} else if ok {
					won.Add(1)
				}
			})
		}
		g.Wait()
		if won.Load() != 1 {
			t.Errorf("one proof counted for %d", won.Load())
		}
		if n, err := s.PruneSolutions(t.Context(), noon.Add(time.Hour)); n != 2 || err != nil {
			t.Errorf("%d pruned, %v; want the two that have expired", n, err)
		}
		if spend("d3", "late") {
			t.Error("a proof that has not expired was forgotten")
		}
	})
}
