package cases

import (
	"fmt"
	"testing"
)

// What is counted apart is bounded, and nothing is lost.
func TestReasonsOfImportsAreBounded(t *testing.T) {
	var f ImportFile
	for i := range 3 * maxReasons {
		f = f.Next(ImportStep{Rows: 1, Skipped: map[string]int{fmt.Sprint("reason ", i%(2*maxReasons)): 1}})
	}
	if f.Rows != 3*maxReasons || f.Refused() != 3*maxReasons || len(f.Skipped) > maxReasons+1 || f.Skipped["reason 0"] != 2 || f.Skipped[otherReason] == 0 {
		t.Errorf("%d rows, %d refused, %d reasons", f.Rows, f.Refused(), len(f.Skipped))
	}
}
