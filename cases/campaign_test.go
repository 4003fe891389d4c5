package cases

import (
	"strings"
	"testing"
)

// What others with the same script came to orders the queue, within bounds.
func TestPriorityOfASharedScript(t *testing.T) {
	for _, tc := range []struct {
		others, upheld, points int
		reason                 string
	}{
		{0, 0, 0, ""},
		{1, 0, 3, "same script as 1 other case"},
		{3, 1, 13, "same script as 3 other cases, 1 of them upheld"},
		{900, 700, 16, "same script as 900 other cases, 700 of them upheld"},
	} {
		alone := Facts{Category: CategoryRobocall, Reports: 1}
		f := alone
		f.ScriptCases, f.ScriptUpheld = tc.others, tc.upheld
		before, _ := Prioritise(alone, t0)
		after, fs := Prioritise(f, t0)
		got := ""
		for _, x := range fs {
			if strings.HasPrefix(x.Reason, "same script") {
				got = x.Reason
			}
		}
		if after-before != tc.points || got != tc.reason {
			t.Errorf("%d others, %d upheld: %d points, %q", tc.others, tc.upheld, after-before, got)
		}
		if f.Equal(alone) != (tc.others == 0) {
			t.Errorf("%d others: nobody would see the difference", tc.others)
		}
	}
}

func TestTellsOfScript(t *testing.T) {
	const form = "please tell us who sent this call to your network"
	for kind, want := range map[ReporterKind]bool{"": true, ReporterCalled: true, ReporterNumberOwner: true, ReporterCustomer: true, ReporterBrand: true,
		ReporterCarrier: false, ReporterRegulator: false, ReporterTraceback: false, ReporterPolice: false} {
		if TellsOfScript(kind, form) != want || TellsOfScript(kind, "they called") {
			t.Errorf("%s: %v", kind, !want)
		}
	}
}
