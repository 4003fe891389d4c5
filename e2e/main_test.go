package e2e

import (
	"flag"
	"os"
	"testing"
)

// Most of what runs in parallel here waits for others: more of it at once than
// there are processors takes less time.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		flag.Set("test.parallel", "4")
	}
	os.Exit(m.Run())
}
