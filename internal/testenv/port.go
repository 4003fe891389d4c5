package testenv

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Ports are taken from below the range that Linux gives to outgoing connections
// (32768 and up), so that a client's port never sits on that of a server that
// is being restarted.
const (
	firstPort = 10000
	lastPort  = 32000
)

// FreePort returns a loopback TCP port on which nothing listens, reserved among
// all test processes of this machine until the test ends.
func FreePort(t testing.TB) int {
	t.Helper()
	port, release, err := reservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return port
}

// reservePort finds a free port. The reservation is an abstract Unix socket with
// the port in its name: the kernel drops it with the process.
func reservePort() (port int, release func(), err error) {
	var last error
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		claim, err := net.Listen("unix", fmt.Sprintf("@testenv-port-%d", port))
		if err != nil {
			last = err
			continue
		}
		probe, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			claim.Close()
			last = err
			continue
		}
		probe.Close()
		return port, func() { claim.Close() }, nil
	}
	return 0, nil, errors.Join(errors.New("no free loopback port"), last)
}
