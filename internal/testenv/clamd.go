package testenv

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Eicar is the harmless file that virus scanners agree to find.
const Eicar = `X5O!P%@AP[4\PZX54(P^)7CC)7}$` + `EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`

// ClamdMaxStream is the largest file that the server of Clamd takes.
const ClamdMaxStream = 1 << 20

// Clamd starts a virus scanner (ClamAV's) of this test's own, which knows Eicar
// and nothing else, and returns tcp://127.0.0.1:port.
func Clamd(t testing.TB) string {
	t.Helper()
	program, err := debian.find(inPath("clamd"), "clamav-daemon")
	if err != nil {
		t.Fatal(err)
	}
	as, err := serverAccount()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := serverDir("clamd", as)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	port, release, err := reservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	known := filepath.Join(dir, "known")
	conf := filepath.Join(dir, "clamd.conf")
	for _, err := range []error{
		os.Mkdir(known, 0o755),
		os.WriteFile(filepath.Join(known, "eicar.hdb"), []byte("44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test\n"), 0o644),
		os.WriteFile(conf, fmt.Appendf(nil, "Foreground yes\nTCPSocket %d\nTCPAddr 127.0.0.1\nDatabaseDirectory %s\nStreamMaxLength %d\nTemporaryDirectory %s\n", port, known, ClamdMaxStream, dir), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	process, err := start(as.command(dir, program, "--config-file", conf), filepath.Join(dir, "log"), syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.Kill)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	err = ready("clamd", process, func() error {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			conn.Close()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return "tcp://" + address
}
