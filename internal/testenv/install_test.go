package testenv

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// fakeApt is an apt-get that writes down how it was called and, when asked to
// install, makes the program.
func fakeApt(t *testing.T, program string) (in installer, calls func() []string) {
	t.Helper()
	dir := t.TempDir()
	journal := filepath.Join(dir, "calls")
	script := "#!/bin/sh\n" +
		"echo \"$DEBIAN_FRONTEND $*\" >> " + journal + "\n" +
		"case \"$*\" in *install*) [ -z '" + program + "' ] || echo > '" + program + "' ;; esac\n"
	in = installer{aptGet: filepath.Join(dir, "apt-get"), lock: filepath.Join(dir, "lock"), root: true}
	if err := os.WriteFile(in.aptGet, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return in, func() []string {
		b, err := os.ReadFile(journal)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(string(b)), "\n")
	}
}

func exists(path string) func() (string, bool) {
	return func() (string, bool) {
		_, err := os.Stat(path)
		return path, err == nil
	}
}

func TestInstallRunsOnceForManyCallers(t *testing.T) {
	program := filepath.Join(t.TempDir(), "daemon")
	in, calls := fakeApt(t, program)
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			if got, err := in.find(exists(program), "a", "b"); err != nil || got != program {
				t.Errorf("found %q, error %v", got, err)
			}
		})
	}
	callers.Wait()
	want := []string{
		"noninteractive -q -o DPkg::Lock::Timeout=300 update",
		"noninteractive -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends a b",
	}
	if got := calls(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("apt-get was called\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestInstallErrors(t *testing.T) {
	missing := exists(filepath.Join(t.TempDir(), "daemon"))

	in, calls := fakeApt(t, "")
	in.root = false
	_, err := in.find(missing, "daemon-package")
	if err == nil || !strings.Contains(err.Error(), "sudo apt-get install --no-install-recommends daemon-package") {
		t.Errorf("without root: error %v does not say what to run", err)
	}
	if got := calls(); got[0] != "" {
		t.Errorf("without root apt-get was called: %q", got)
	}

	in, _ = fakeApt(t, "")
	if _, err := in.find(missing, "daemon-package"); err == nil || !strings.Contains(err.Error(), "still not found") {
		t.Errorf("an install that brought nothing: error %v", err)
	}

	in.aptGet = "false"
	if _, err := in.find(missing, "daemon-package"); err == nil || !strings.Contains(err.Error(), "update: exit status 1") {
		t.Errorf("a failing apt-get: error %v", err)
	}
}
