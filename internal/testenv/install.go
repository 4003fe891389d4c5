package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// installer brings Debian's packages onto the machine.
type installer struct {
	aptGet string // the command
	lock   string // serialises the test processes of one machine
	root   bool   // whether we may install
}

var debian = installer{
	aptGet: "apt-get",
	lock:   filepath.Join(os.TempDir(), "testenv-install.lock"),
	root:   os.Geteuid() == 0,
}

// find returns the path that locate finds, and installs packages where it
// finds none. The caller of several processes at once that gets the lock first
// installs; the others then find what it brought.
func (in installer) find(locate func() (string, bool), packages ...string) (string, error) {
	if path, ok := locate(); ok {
		return path, nil
	}
	wanted := strings.Join(packages, " ")
	if !in.root {
		return "", fmt.Errorf("tests need the Debian packages %s: run `sudo apt-get install --no-install-recommends %[1]s`", wanted)
	}
	lock, err := os.OpenFile(in.lock, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock %s: %w", in.lock, err)
	}
	if path, ok := locate(); ok {
		return path, nil
	}
	fmt.Fprintln(os.Stderr, "testenv: installing", wanted)
	if err := in.apt("update"); err != nil {
		return "", err
	}
	if err := in.apt(append([]string{"install", "-y", "--no-install-recommends"}, packages...)...); err != nil {
		return "", err
	}
	if path, ok := locate(); ok {
		return path, nil
	}
	return "", fmt.Errorf("installed %s, but its program is still not found", wanted)
}

func (in installer) apt(args ...string) error {
	args = append([]string{"-q", "-o", "DPkg::Lock::Timeout=300"}, args...)
	cmd := exec.Command(in.aptGet, args...)
	cmd.Env = append(os.Environ(),
		// dpkg runs ldconfig and start-stop-daemon, which a bare PATH may lack.
		"PATH="+os.Getenv("PATH")+":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin",
		"DEBIAN_FRONTEND=noninteractive",
		"LC_ALL=C.UTF-8",
		"RUNLEVEL=1", // invoke-rc.d: do not start the service that was installed
	)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, tail(string(out), 4<<10))
	}
	return nil
}

// inPath locates the first of several programs, in PATH or where Debian keeps
// daemons.
func inPath(names ...string) func() (string, bool) {
	return func() (string, bool) {
		for _, name := range names {
			if path, err := exec.LookPath(name); err == nil {
				return path, true
			}
			for _, dir := range []string{"/usr/bin", "/usr/sbin", "/usr/local/sbin"} {
				if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
					return path, true
				}
			}
		}
		return "", false
	}
}

// Install brings what the three servers need, so that a later test does not
// spend its time on it.
func Install() error {
	for _, server := range []struct {
		locate func() (string, bool)
		pkg    string
	}{
		{postgresProgram("initdb"), postgresPackage},
		{inPath("redis-server"), redisPackage},
		{dovecotProgram, dovecotPackage},
	} {
		if _, err := debian.find(server.locate, server.pkg); err != nil {
			return err
		}
	}
	return nil
}

// Debian's packages of the three servers.
const (
	postgresPackage = "postgresql"
	redisPackage    = "redis-server"
	dovecotPackage  = "dovecot-imapd"
)
