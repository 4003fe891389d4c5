package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Binary returns the path of the abusedesk program: the one that TESTENV_BINARY
// names, as `make test` sets it, or else one built now, once for each test process.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("TESTENV_BINARY"); path != "" {
		return filepath.Abs(path)
	}
	dir, err := root()
	if err != nil {
		return "", err
	}
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	path := filepath.Join(dir, "abusedesk")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, "./cmd/abusedesk")
	build.Dir = strings.TrimSpace(string(module))
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build abusedesk: %w\n%s", err, out)
	}
	return path, nil
})
