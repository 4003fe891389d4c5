// Command testenv starts the servers that abusedesk's tests use.
//
//	testenv -- go test ./...   one PostgreSQL for all packages of the run
//	testenv                    PostgreSQL, Redis and Dovecot until Ctrl-C, for people
//
// With a command it exits as the command did; the command has no standard
// input. Whatever way it ends, its servers end with it.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/abusedesk/abusedesk/internal/testenv"
)

// grace is what a command gets to end after a signal before it is killed.
const grace = 10 * time.Second

func main() {
	// Children get a signal when the thread that made them ends: stay on the
	// first thread, which ends last.
	runtime.LockOSThread()
	// `go run` passes no SIGTERM on when it is terminated: ask the kernel to.
	syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, uintptr(syscall.SIGTERM), 0)

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)

	command := os.Args[1:]
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	}
	serve := run
	if len(command) == 0 {
		serve = wait
	}
	code, err := serve(command, signals)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testenv:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

// run runs the command with a PostgreSQL server beside it.
func run(command []string, signals <-chan os.Signal) (code int, err error) {
	// Now rather than inside a package's test, whose time is limited.
	if err := testenv.Install(); err != nil {
		return 0, err
	}
	postgres, err := testenv.StartPostgres(testenv.PostgresOptions{})
	if err != nil {
		return 0, err
	}
	defer postgres.Stop()

	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), testenv.PostgresURL+"="+postgres.URL)
	// A group of its own, so that a signal reaches the test binaries as well as
	// the go command, which does not pass it on.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	group := -cmd.Process.Pid
	for {
		select {
		case sig := <-signals:
			syscall.Kill(group, sig.(syscall.Signal))
			time.AfterFunc(grace, func() { syscall.Kill(group, syscall.SIGKILL) })
		case err := <-ended:
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				if status := exit.Sys().(syscall.WaitStatus); status.Signaled() {
					return 128 + int(status.Signal()), nil
				}
				return exit.ExitCode(), nil
			}
			return 0, err
		}
	}
}

// wait prints what a person needs to run abusedesk on the servers, and keeps
// them until a signal.
func wait(_ []string, signals <-chan os.Signal) (code int, err error) {
	postgres, err := testenv.StartPostgres(testenv.PostgresOptions{})
	if err != nil {
		return 0, err
	}
	defer postgres.Stop()
	redis, err := testenv.StartRedis()
	if err != nil {
		return 0, err
	}
	defer redis.Stop()
	dovecot, err := testenv.StartDovecot()
	if err != nil {
		return 0, err
	}
	defer dovecot.Stop()
	if _, err := dovecot.AddUser("abuse"); err != nil {
		return 0, err
	}
	fmt.Printf("export ABUSEDESK_DATABASE_URL='%s'\n", postgres.URL)
	fmt.Printf("export ABUSEDESK_REDIS_URL='%s'\n", redis.URL)
	fmt.Printf("export ABUSEDESK_IMAP_URLS='%s?after=move:Filed'\n", dovecot.URL("abuse"))
	fmt.Printf("export %s='%s'\n", testenv.PostgresURL, postgres.URL)
	fmt.Println("# the last is for tests that shall not start their own; the servers run until Ctrl-C")
	<-signals
	return 0, nil
}
