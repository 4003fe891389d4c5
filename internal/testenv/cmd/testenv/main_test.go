package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/internal/testenv"
)

func TestCommand(t *testing.T) {
	program := filepath.Join(t.TempDir(), "testenv")
	// As the Makefile builds it, so that nothing is compiled again.
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run("its servers end with it: "+sig.String(), func(t *testing.T) { testServersEnd(t, program, sig) })
	}
	t.Run("runs a command beside a database", func(t *testing.T) { testRunsCommand(t, program) })
	t.Run("passes a signal on to the command and its children", func(t *testing.T) { testSignal(t, program) })
}

// folder makes one for the servers' files.
func folder(t *testing.T) string {
	t.Helper()
	// Not t.TempDir, through which other users do not get.
	tmp, err := os.MkdirTemp("", "testenv-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(tmp) })
	if err := os.Chmod(tmp, 0o711); err != nil {
		t.Fatal(err)
	}
	return tmp
}

func testServersEnd(t *testing.T, program string, sig syscall.Signal) {
	tmp := folder(t)
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	process := testenv.Start(t, cmd)
	var addrs []string
	lines := bufio.NewScanner(stdout)
	for len(addrs) < 3 && lines.Scan() {
		quoted := regexp.MustCompile(`^export ABUSEDESK_\w+='(.*)'$`).FindStringSubmatch(lines.Text())
		if quoted == nil {
			t.Fatalf("printed %q", lines.Text())
		}
		u, err := url.Parse(quoted[1])
		if err != nil {
			t.Fatal(err)
		}
		addrs = append(addrs, u.Host)
	}
	listens := func(addr string) bool {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}
	if len(addrs) != 3 {
		t.Fatalf("printed %d URLs\n%s", len(addrs), process.Output())
	}
	for _, addr := range addrs {
		if !listens(addr) {
			t.Errorf("nothing listens on %s", addr)
		}
	}

	if err := process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	for _, addr := range addrs {
		testenv.Eventually(t, 20*time.Second, func() bool { return !listens(addr) }, "the server on %s to end", addr)
	}
	testenv.Eventually(t, 20*time.Second, func() bool {
		left, err := os.ReadDir(tmp)
		if err != nil {
			t.Fatal(err)
		}
		// The lock of an install is all that stays.
		return len(left) == 0 || len(left) == 1 && left[0].Name() == "testenv-install.lock"
	}, "the servers' files to go")
	testenv.Eventually(t, 20*time.Second, func() bool { return len(processesBelow(t, tmp)) == 0 }, "the processes below %s to end", tmp)
}

// processesBelow returns the commands of processes that name the folder.
func processesBelow(t *testing.T, dir string) (found []string) {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if b, err := os.ReadFile(path); err == nil && bytes.Contains(b, []byte(dir)) {
			found = append(found, string(b))
		}
	}
	return found
}

func testRunsCommand(t *testing.T, program string) {
	cmd := exec.Command(program, "--", "sh", "-c", `case "$`+testenv.PostgresURL+`" in postgres://*) exit 3 ;; esac`)
	cmd.Env = append(os.Environ(), "TMPDIR="+folder(t))
	out, _ := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != 3 {
		t.Errorf("exit code %d, want the command's 3, which says that it has a database's URL\n%s", got, out)
	}
}

func testSignal(t *testing.T, program string) {
	tmp := folder(t)
	cmd := exec.Command(program, "--", "sh", "-c", `sleep 600 & echo $!; wait`)
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	process := testenv.Start(t, cmd)
	child, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, process.Output())
	}
	if err := process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, 20*time.Second, func() bool {
		// A zombie has ended; who reaps it is not ours to say.
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%s/stat", strings.TrimSpace(child)))
		return err != nil || bytes.Contains(stat, []byte(") Z "))
	}, "the command's child to end")
	if err := process.Wait(); err == nil {
		t.Error("a terminated command counts as success")
	}
}
