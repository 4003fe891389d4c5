package testenv

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// RedisServer is an empty Redis server that keeps its data in memory only, so
// that a killed one comes back empty.
type RedisServer struct {
	// URL is redis://127.0.0.1:port/0, the same over Kill and Restart.
	URL string
	// Addr is the host and port of URL.
	Addr string

	as      *account
	program string
	dir     string
	release func()
	process *Process
}

// Redis returns the URL of a Redis server of this test's own.
func Redis(t testing.TB) string {
	t.Helper()
	return NewRedis(t).URL
}

// NewRedis starts a server of this test's own, which it may kill, empty with
// FLUSHALL and restart: publications and scripts of others never reach it.
func NewRedis(t testing.TB) *RedisServer {
	t.Helper()
	s, err := StartRedis()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Redis's log:\n%s", tail(s.process.Output(), 8<<10))
		}
		s.Stop()
	})
	return s
}

// StartRedis starts a server that lives until Stop, or else as long as this
// process.
func StartRedis() (*RedisServer, error) {
	program, err := debian.find(inPath("redis-server"), redisPackage)
	if err != nil {
		return nil, err
	}
	as, err := serverAccount()
	if err != nil {
		return nil, err
	}
	port, release, err := reservePort()
	if err != nil {
		return nil, err
	}
	dir, err := serverDir("redis", as)
	if err != nil {
		release()
		return nil, err
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	s := &RedisServer{URL: "redis://" + addr + "/0", Addr: addr, as: as, program: program, dir: dir, release: release}
	if err := s.Restart(); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// Restart starts the server again after Kill, on the same port, and waits until
// it answers.
func (s *RedisServer) Restart() error {
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return err
	}
	cmd := s.as.command(s.dir, s.program, "--bind", "127.0.0.1", "--port", port,
		"--dir", s.dir, "--save", "", "--appendonly", "no", "--daemonize", "no")
	process, err := start(cmd, filepath.Join(s.dir, "log"), syscall.SIGKILL)
	if err != nil {
		return err
	}
	s.process = process
	return ready("Redis", process, func() error { return s.command("PING", "+PONG") })
}

// Flush empties the server, as an operator's mistake or an eviction would.
func (s *RedisServer) Flush() error { return s.command("FLUSHALL", "+OK") }

// command sends one inline command and compares the first line of the answer.
func (s *RedisServer) command(command, want string) error {
	conn, err := net.DialTimeout("tcp", s.Addr, 5*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		return err
	}
	got, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if got = strings.TrimSpace(got); got != want {
		return fmt.Errorf("redis answered %s with %q", command, got)
	}
	return nil
}

// Kill ends the server at once. Its data is gone.
func (s *RedisServer) Kill() { s.process.Kill() }

// Stop ends the server.
func (s *RedisServer) Stop() {
	if s.process != nil {
		s.process.Kill()
	}
	s.release()
	os.RemoveAll(s.dir)
}
