package clamd_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/clamd"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

func client(t *testing.T, address string) *clamd.Client {
	t.Helper()
	c, err := clamd.New(address)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestScan(t *testing.T) {
	c := client(t, testenv.Clamd(t))
	large := strings.Repeat("0123456789abcdef", 40_000)
	for name, x := range map[string]struct {
		body io.Reader
		want cases.Scanned
	}{
		"clean":          {strings.NewReader("They called."), cases.Scanned{}},
		"nothing":        {strings.NewReader(""), cases.Scanned{}},
		"infected":       {strings.NewReader(testenv.Eicar), cases.Scanned{Found: "Eicar-Test.UNOFFICIAL"}},
		"piece by piece": {iotest.OneByteReader(strings.NewReader(testenv.Eicar)), cases.Scanned{Found: "Eicar-Test.UNOFFICIAL"}},
		"several chunks": {strings.NewReader(large), cases.Scanned{}},
		"too large":      {bytes.NewReader(make([]byte, testenv.ClamdMaxStream+1)), cases.Scanned{Skipped: "larger than clamd takes"}},
	} {
		if got, err := c.Scan(t.Context(), x.body); err != nil || got != x.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	lost := errors.New("the disk is gone")
	if _, err := c.Scan(t.Context(), io.MultiReader(strings.NewReader("half"), iotest.ErrReader(lost))); !errors.Is(err, lost) {
		t.Errorf("a source that fails: %v", err)
	}
}

// Whatever is no verdict is an error: nothing counts as clean by chance.
func TestNoVerdict(t *testing.T) {
	for _, answer := range []string{"", "PONG\x00", "stream: \x00", "UNKNOWN COMMAND\x00", "OK FOUND OK\x00"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			io.ReadFull(conn, make([]byte, len("zINSTREAM\x00")+4+5+4))
			io.WriteString(conn, answer)
			conn.Close()
		}()
		if got, err := client(t, "tcp://"+l.Addr().String()).Scan(t.Context(), strings.NewReader("words")); err == nil {
			t.Errorf("%q is %+v", answer, got)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "tcp://" + l.Addr().String()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := client(t, address).Scan(ctx, strings.NewReader("words")); err == nil {
		t.Error("one that says nothing has scanned")
	}
	l.Close()
	if _, err := client(t, address).Scan(t.Context(), strings.NewReader("words")); err == nil {
		t.Error("one that is away has scanned")
	}
}

func TestAddresses(t *testing.T) {
	for address, good := range map[string]bool{"tcp://127.0.0.1:3310": true, "unix:///run/clamav/clamd.ctl": true, "127.0.0.1:3310": false, "tcp://host": false, "unix://x": false, "http://h:1": false, "": false} {
		if _, err := clamd.New(address); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}
