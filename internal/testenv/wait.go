package testenv

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// Eventually waits until cond is true and fails the test when it is not within
// timeout. It is the one place where tests wait for time to pass. The optional
// message, a format and its arguments, says what was waited for; cond runs in
// the test's goroutine, at least once, and at the end of the time once more.
func Eventually(t testing.TB, timeout time.Duration, cond func() bool, message ...any) {
	t.Helper()
	if poll(timeout, cond) {
		return
	}
	what := "condition"
	if len(message) > 0 {
		what = fmt.Sprintf(fmt.Sprint(message[0]), message[1:]...)
	}
	t.Fatalf("after %v, still waiting: %s", timeout, what)
}

// Soak reports whether the long form of a test is asked for, as by `make soak`.
// Faults and load that need more than a minute belong there.
func Soak() bool { return os.Getenv("TESTENV_SOAK") != "" }

// poll calls cond until it is true, at first quickly and then every 50 ms.
func poll(timeout time.Duration, cond func() bool) bool {
	deadline := time.Now().Add(timeout)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		if cond() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(pause)
	}
}
