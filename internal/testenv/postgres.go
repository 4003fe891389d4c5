package testenv

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// startTimeout is generous: a machine with two cores may be compiling.
const startTimeout = time.Minute

// PostgresOptions are how a server differs from the usual one.
type PostgresOptions struct {
	// NoFsync trades durability for speed. Off by default, so that the tests
	// of what survives a crash mean something.
	NoFsync bool
}

// PostgresServer is a PostgreSQL server with nothing in it.
type PostgresServer struct {
	// URL is the superuser's, of the database postgres. It stays the same
	// over Kill and Restart.
	URL string

	options PostgresOptions
	as      *account
	bin     string // folder of the programs
	dir     string
	port    int
	release func()
	process *Process
}

// NewPostgres starts a server for one test alone, which may kill it.
// Tests that only need a database use [Postgres].
func NewPostgres(t testing.TB, options PostgresOptions) *PostgresServer {
	t.Helper()
	s, err := StartPostgres(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("PostgreSQL's log:\n%s", tail(s.process.Output(), 8<<10))
		}
		s.Stop()
	})
	return s
}

// StartPostgres starts a server that lives until Stop, or else as long as this
// process.
func StartPostgres(options PostgresOptions) (*PostgresServer, error) {
	initdb, err := debian.find(postgresProgram("initdb"), postgresPackage)
	if err != nil {
		return nil, err
	}
	as, err := serverAccount()
	if err != nil {
		return nil, err
	}
	dir, err := serverDir("postgres", as)
	if err != nil {
		return nil, err
	}
	s := &PostgresServer{options: options, as: as, bin: filepath.Dir(initdb), dir: dir}
	if err := s.init(initdb); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	if err := s.Restart(); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// postgresProgram locates a program of the newest PostgreSQL that Debian has
// installed. PATH is not asked: there they are other versions' wrappers.
func postgresProgram(name string) func() (string, bool) {
	return func() (string, bool) {
		found, _ := filepath.Glob("/usr/lib/postgresql/[0-9]*/bin/" + name)
		if len(found) == 0 {
			return "", false
		}
		return slices.MaxFunc(found, func(a, b string) int {
			if len(a) != len(b) {
				return len(a) - len(b) // 9 before 15
			}
			return strings.Compare(a, b)
		}), true
	}
}

func (s *PostgresServer) init(initdb string) error {
	password := rand.Text()
	passwordFile := filepath.Join(s.dir, "password")
	if err := os.WriteFile(passwordFile, []byte(password), 0o600); err != nil {
		return err
	}
	if err := s.as.own(passwordFile); err != nil {
		return err
	}
	// A password, because the machine may have other users; by MD5, because
	// SCRAM's thousands of rounds for each connection are felt in tests.
	cmd := s.as.command(s.dir, initdb, "--pgdata="+s.data(), "--username=postgres", "--pwfile="+passwordFile,
		"--auth=md5", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	var err error
	s.port, s.release, err = reservePort()
	if err != nil {
		return err
	}
	s.URL = fmt.Sprintf("postgres://postgres:%s@127.0.0.1:%d/postgres?sslmode=disable", password, s.port)
	return nil
}

func (s *PostgresServer) data() string { return filepath.Join(s.dir, "data") }

// Restart starts the server again after Kill, on the same port and data, and
// waits until it answers.
func (s *PostgresServer) Restart() error {
	fsync := "on"
	if s.options.NoFsync {
		fsync = "off"
	}
	args := []string{"-D", s.data()}
	for _, setting := range []string{
		"listen_addresses=127.0.0.1",
		fmt.Sprintf("port=%d", s.port),
		"unix_socket_directories=", // a test's folder may be too long for a socket
		"max_connections=300",      // the packages of one run share it
		"fsync=" + fsync,
		"max_wal_size=2GB", // no checkpoint in the middle of a short run
		"log_line_prefix=%m [%p] %d ",
		"timezone=UTC",
	} {
		args = append(args, "-c", setting)
	}
	cmd := s.as.command(s.dir, filepath.Join(s.bin, "postgres"), args...)
	// SIGQUIT is PostgreSQL's immediate shutdown: it takes its children along.
	process, err := start(cmd, filepath.Join(s.dir, "log"), syscall.SIGQUIT)
	if err != nil {
		return err
	}
	s.process = process
	return ready("PostgreSQL", process, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		conn, err := pgx.Connect(ctx, s.URL)
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	})
}

// Kill ends the server as a crash would: connections break, nothing is
// flushed, and what was not committed durably is lost.
func (s *PostgresServer) Kill() {
	// The immediate shutdown is a crash that also clears shared memory, which
	// after a SIGKILL of the first process stands in the way of a restart.
	s.process.Stop(syscall.SIGQUIT)
}

// Stop ends the server at once and removes its data.
func (s *PostgresServer) Stop() {
	if s.process != nil {
		s.Kill() // the data goes too: no need to write it down in order
	}
	if s.release != nil {
		s.release()
	}
	os.RemoveAll(s.dir)
}

// ready waits until probe succeeds and returns an error with the output if the
// process ends first.
func ready(name string, process *Process, probe func() error) error {
	var last error
	ended := false
	ok := poll(startTimeout, func() bool {
		select {
		case <-process.Done():
			ended = true
			return true
		default:
		}
		last = probe()
		return last == nil
	})
	switch {
	case ended:
		return fmt.Errorf("%s ended while starting: %v\n%s", name, process.Wait(), tail(process.Output(), 4<<10))
	case !ok:
		return errors.Join(fmt.Errorf("%s does not answer\n%s", name, tail(process.Output(), 4<<10)), last)
	}
	return nil
}
