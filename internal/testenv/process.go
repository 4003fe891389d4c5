package testenv

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// stopTimeout bounds an orderly stop, after which a process is killed.
const stopTimeout = 15 * time.Second

// Process is a running command that cannot outlive the process that started it.
// Its methods may be called from several goroutines.
type Process struct {
	cmd  *exec.Cmd
	log  string // path of the file that holds its output
	done chan struct{}
	err  error // of Wait; valid once done is closed
}

// Start runs cmd in a process group of its own until the test ends, when the
// group is killed. Output that cmd does not direct elsewhere goes to a file,
// which Output reads and which is shown when the test fails.
func Start(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p, err := start(cmd, filepath.Join(t.TempDir(), "output.log"), syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("output of %s:\n%s", filepath.Base(cmd.Path), tail(p.Output(), 8<<10))
		}
	})
	return p
}

// start runs cmd with its output in the file log. The kernel sends deathSignal
// when this process dies.
func start(cmd *exec.Cmd, log string, deathSignal syscall.Signal) (*Process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	if cmd.Stdout == nil {
		cmd.Stdout = out
	}
	if cmd.Stderr == nil {
		cmd.Stderr = out
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true // Ctrl-C is for us: we stop the servers in order
	cmd.SysProcAttr.Pdeathsig = deathSignal

	p := &Process{cmd: cmd, log: log, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The signal is bound to the thread that forks, not to the process:
		// keep that thread for as long as the child lives.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// Pid is the process id, which is also that of its group.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the end of the process and returns what exec.Cmd.Wait does.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// Signal sends sig to the process alone. It is no error if it has ended.
func (p *Process) Signal(sig os.Signal) error {
	err := p.cmd.Process.Signal(sig)
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Kill sends SIGKILL to the process and its group, and waits for the end.
func (p *Process) Kill() {
	// Once reaped, the group's id may be another's: then leave it alone.
	select {
	case <-p.done:
		return
	default:
	}
	syscall.Kill(-p.Pid(), syscall.SIGKILL)
	<-p.done
}

// Stop sends sig and waits; what has not ended after 15 seconds is killed.
func (p *Process) Stop(sig os.Signal) {
	p.Signal(sig)
	select {
	case <-p.done:
	case <-time.After(stopTimeout):
		p.Kill()
	}
}

// Output is what the process has written so far to the standard output and
// error that its command did not direct elsewhere.
func (p *Process) Output() string {
	b, _ := os.ReadFile(p.log)
	return string(b)
}

func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return "…" + s[len(s)-n:]
}

// reap removes what this process leaves when it ends: it waits on its standard
// input, which the kernel closes at any end of ours, then for processes whose
// working folder is below the given root, kills those that linger, and removes
// the root.
const reap = `cat >/dev/null
root=$1 tries=0
below() { find /proc/[0-9]*/cwd -prune -lname "$root/*" 2>/dev/null | cut -d/ -f3; }
while [ -n "$(below)" ] && [ $tries -lt 50 ]; do tries=$((tries + 1)); sleep 0.1; done
left=$(below)
[ -z "$left" ] || kill -9 $left 2>/dev/null
rm -rf -- "$root"`

// root makes the folder below which all servers of this process live, once.
var root = sync.OnceValues(func() (dir string, err error) {
	dir, err = os.MkdirTemp("", "testenv-")
	if err != nil {
		return "", err
	}
	// Servers run as other users when we are root: they must get through.
	if err := os.Chmod(dir, 0o711); err != nil {
		return "", err
	}
	dir, err = filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	reaper := exec.Command("/bin/sh", "-c", reap, "testenv-reaper", dir)
	reaper.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := reaper.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := reaper.Start(); err != nil {
		return "", fmt.Errorf("start reaper: %w", err)
	}
	reaperInput = in
	return dir, nil
})

// reaperInput is never closed: only the end of this process does that.
//
//lint:ignore U1000 it is assigned to outlive root, as the garbage collector would close it
var reaperInput io.Closer

// serverDir makes an empty folder for one server, owned by the user it runs as.
func serverDir(name string, owner *account) (string, error) {
	base, err := root()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(base, name+"-")
	if err != nil {
		return "", err
	}
	return dir, owner.own(dir)
}
